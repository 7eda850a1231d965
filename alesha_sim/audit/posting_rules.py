"""The posting rules as tables, for checking: which accounts there are, which rows each fact writes in which book.

The books post by their own code and do not read these tables, so that one checks the other. A fact added to a
book is added here too; until then `check` reports its rows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from alesha_sim.books.accounts import Kind


class Role(NamedTuple):
    """What an account is: its kind, whether it holds money or units or both, whether it has a floor at zero."""

    kind: Kind
    holds: str
    floor: bool = False


CHART = {
    "bank:reserves": Role(Kind.ASSET, "money", floor=True),
    "bank:deposits:user:": Role(Kind.LIABILITY, "money", floor=True),
    "bank:deposits:shop": Role(Kind.LIABILITY, "money", floor=True),
    "bank:deposits:supplier": Role(Kind.LIABILITY, "money", floor=True),
    "bank:deposits:courier": Role(Kind.LIABILITY, "money", floor=True),
    "bank:holds:user:": Role(Kind.LIABILITY, "money", floor=True),
    "bank:settlement-due": Role(Kind.LIABILITY, "money", floor=True),
    "bank:escrow": Role(Kind.LIABILITY, "money", floor=True),
    "bank:rolling-reserve": Role(Kind.LIABILITY, "money", floor=True),
    "bank:fees": Role(Kind.INCOME, "money"),
    "shop:investment": Role(Kind.ASSET, "money"),
    "shop:cash": Role(Kind.ASSET, "money"),
    "shop:settlement-due": Role(Kind.ASSET, "money"),
    "shop:rolling-reserve": Role(Kind.ASSET, "money"),
    "shop:collections-due": Role(Kind.ASSET, "money"),
    "shop:supplier-advances": Role(Kind.ASSET, "money"),
    "shop:stock": Role(Kind.ASSET, "money, units", floor=True),
    "shop:goods-in-transit": Role(Kind.ASSET, "money, units", floor=True),
    "shop:customer-prepayments": Role(Kind.LIABILITY, "money"),
    "shop:refunds-due": Role(Kind.LIABILITY, "money"),
    "shop:equity": Role(Kind.EQUITY, "money"),
    "shop:handovers": Role(Kind.EQUITY, "units"),
    "shop:sales": Role(Kind.INCOME, "money"),
    "shop:sales-returns": Role(Kind.INCOME, "money"),
    "shop:cost-of-sales": Role(Kind.EXPENSE, "money"),
    "shop:payment-fees": Role(Kind.EXPENSE, "money"),
    "shop:transport": Role(Kind.EXPENSE, "money"),
    "shop:losses": Role(Kind.EXPENSE, "money, units"),
    "supplier:cash": Role(Kind.ASSET, "money"),
    "supplier:collections": Role(Kind.ASSET, "money"),
    "supplier:stock": Role(Kind.ASSET, "money, units", floor=True),
    "supplier:reserved": Role(Kind.ASSET, "units", floor=True),
    "supplier:goods-in-transit": Role(Kind.ASSET, "money, units", floor=True),
    "supplier:shop-advances": Role(Kind.LIABILITY, "money"),
    "supplier:collections-owed": Role(Kind.LIABILITY, "money"),
    "supplier:payables": Role(Kind.LIABILITY, "money"),
    "supplier:equity": Role(Kind.EQUITY, "money"),
    "supplier:made": Role(Kind.EQUITY, "units"),
    "supplier:handovers": Role(Kind.EQUITY, "units"),
    "supplier:sales": Role(Kind.INCOME, "money"),
    "supplier:cost-of-sales": Role(Kind.EXPENSE, "money"),
    "supplier:transport": Role(Kind.EXPENSE, "money"),
    "supplier:losses": Role(Kind.EXPENSE, "money, units"),
    "users:cash:": Role(Kind.ASSET, "money"),
    "users:advances": Role(Kind.ASSET, "money"),
    "users:goods": Role(Kind.ASSET, "units", floor=True),
    "users:equity": Role(Kind.EQUITY, "money"),
    "users:handovers": Role(Kind.EQUITY, "units"),
    "users:income": Role(Kind.INCOME, "money"),
    "users:spending": Role(Kind.EXPENSE, "money"),
}
"""Every account by its name; of a family of accounts the name before the number."""

ROLES = tuple(CHART)

FACTS = """
    opening of a user, of no order
        bank      opening         reserves / deposits:user:
        users     opening         cash: / equity
    opening of the shop, of no order
        bank      opening         reserves / deposits:shop
        shop      opening         cash / equity
    opening of the supplier, of no order
        bank      opening         reserves / deposits:supplier
        supplier  opening         cash / equity
    opening of the investment, of no order
        shop      opening         investment / equity
    opening stock, of no order
        supplier  opening units   stock / made
        supplier  opening         stock / equity
    income, of no order
        bank      income          reserves / deposits:user:
        users     income          cash: / income
    pending
        bank      pending         deposits:user: / holds:user:
    void
        bank      void            holds:user: / deposits:user:
    payment at once
        bank      payment         deposits:user: / deposits:shop
        bank      fee             deposits:shop / fees
        bank      retention       deposits:shop / rolling-reserve
        bank      fee             deposits:user: / fees
        shop      payment         cash / customer-prepayments
        shop      fee             payment-fees / cash
        shop      retention       rolling-reserve / cash
        users     payment         advances / cash:
        users     fee             spending / cash:
    payment at once, posted
        bank      payment         holds:user: / deposits:shop
        bank      fee             deposits:shop / fees
        bank      retention       deposits:shop / rolling-reserve
        bank      fee             holds:user: / fees
        bank      void            holds:user: / deposits:user:
        shop      payment         cash / customer-prepayments
        shop      fee             payment-fees / cash
        shop      retention       rolling-reserve / cash
        users     payment         advances / cash:
        users     fee             spending / cash:
    payment settled later
        bank      payment         deposits:user: / settlement-due
        bank      fee             deposits:user: / fees
        shop      payment         settlement-due / customer-prepayments
        users     payment         advances / cash:
        users     fee             spending / cash:
    payment settled later, posted
        bank      payment         holds:user: / settlement-due
        bank      fee             holds:user: / fees
        bank      void            holds:user: / deposits:user:
        shop      payment         settlement-due / customer-prepayments
        users     payment         advances / cash:
        users     fee             spending / cash:
    payment into escrow
        bank      payment         deposits:user: / escrow
        bank      fee             deposits:user: / fees
        users     payment         advances / cash:
        users     fee             spending / cash:
    payment into escrow, posted
        bank      payment         holds:user: / escrow
        bank      fee             holds:user: / fees
        bank      void            holds:user: / deposits:user:
        users     payment         advances / cash:
        users     fee             spending / cash:
    settlement
        bank      settlement      settlement-due / deposits:shop
        bank      fee             deposits:shop / fees
        bank      retention       deposits:shop / rolling-reserve
        shop      settlement      cash / settlement-due
        shop      fee             payment-fees / cash
        shop      retention       rolling-reserve / cash
    settlement of escrow
        bank      settlement      escrow / deposits:shop
        bank      fee             deposits:shop / fees
        bank      retention       deposits:shop / rolling-reserve
        bank      refund          escrow / deposits:user:
        shop      settlement      cash / settlement-due
        shop      fee             payment-fees / cash
        shop      retention       rolling-reserve / cash
        users     refund          cash: / advances
    reserve released
        bank      release         rolling-reserve / deposits:shop
        shop      release         cash / rolling-reserve
    declined
        bank      fee             deposits:shop / fees
        shop      fee             payment-fees / cash
    charges
        bank      charges         deposits:shop / deposits:supplier
        shop      charges         supplier-advances / cash
        supplier  charges         cash / shop-advances
    charges returned
        bank      charges-return  deposits:supplier / deposits:shop
        supplier  charges-return  shop-advances / cash
        supplier  transport       shop-advances / transport
        shop      charges-return  cash / supplier-advances
        shop      transport       transport / supplier-advances
    cancelled
        shop      cancel          customer-prepayments / refunds-due
    refund
        bank      refund          deposits:shop / deposits:user:
        shop      refund          refunds-due / cash
        users     refund          cash: / advances
    refund before settlement
        bank      refund          settlement-due / deposits:user:
        shop      refund          refunds-due / settlement-due
        users     refund          cash: / advances
    refund out of escrow
        bank      refund          escrow / deposits:user:
        shop      allowance       sales-returns / settlement-due
        users     refund          cash: / advances
        users     allowance       advances / spending
    compensated
        shop      allowance       sales-returns / refunds-due
        users     allowance       advances / spending
    made to stock, of no order
        supplier  make units      stock / made
        supplier  make            stock / payables
    made to order
        supplier  make units      reserved / made
        supplier  make            stock / payables
    reserved
        supplier  reserve units   reserved / stock
    reservation ended
        supplier  reserve units   stock / reserved
    shipped
        supplier  ship units      goods-in-transit / reserved
        supplier  ship            goods-in-transit / stock
    parcel lost
        supplier  loss units      losses / goods-in-transit
        supplier  loss            losses / goods-in-transit
    came back
        supplier  come-back units stock / goods-in-transit
        supplier  come-back       stock / goods-in-transit
        supplier  transport       transport / payables
    delivered
        users     deliver units   goods / handovers
        users     sale            spending / advances
        supplier  deliver units   handovers / goods-in-transit
        supplier  sale            shop-advances / sales
        supplier  cost            cost-of-sales / goods-in-transit
        shop      sale            customer-prepayments / sales
        shop      cost            cost-of-sales / supplier-advances
    delivered, paid into escrow
        users     deliver units   goods / handovers
        users     sale            spending / advances
        users     allowance       advances / spending
        supplier  deliver units   handovers / goods-in-transit
        supplier  sale            shop-advances / sales
        supplier  cost            cost-of-sales / goods-in-transit
        shop      sale            settlement-due / sales
        shop      allowance       sales-returns / settlement-due
        shop      cost            cost-of-sales / supplier-advances
    collected at the door
        bank      collection      deposits:user: / deposits:courier
        users     collection      advances / cash:
        supplier  collection      collections / collections-owed
        shop      collection      collections-due / customer-prepayments
    remitted
        bank      remittance      deposits:courier / deposits:shop
        supplier  remittance      collections-owed / collections
        shop      remittance      cash / collections-due
    returned
        shop      return units    stock / handovers
        shop      return          stock / cost-of-sales
        shop      return          sales-returns / refunds-due
        users     return units    handovers / goods
        users     return          advances / spending
    written off
        shop      write-off units losses / stock
        shop      write-off       losses / stock
    warranty swap
        users     replace units   goods / handovers
        users     replace units   handovers / goods
        supplier  replace units   handovers / goods-in-transit
        supplier  replace units   losses / handovers
        supplier  replace         losses / goods-in-transit
    own stock received
        shop      deliver units   stock / handovers
        shop      cost            stock / supplier-advances
        supplier  deliver units   handovers / goods-in-transit
        supplier  sale            shop-advances / sales
        supplier  cost            cost-of-sales / goods-in-transit
    own stock shipped
        shop      ship units      goods-in-transit / stock
        shop      ship            goods-in-transit / stock
    own stock lost
        shop      loss units      losses / goods-in-transit
        shop      loss            losses / goods-in-transit
    own stock delivered
        users     deliver units   goods / handovers
        users     sale            spending / advances
        shop      deliver units   handovers / goods-in-transit
        shop      sale            customer-prepayments / sales
        shop      cost            cost-of-sales / goods-in-transit
    own stock delivered, paid into escrow
        users     deliver units   goods / handovers
        users     sale            spending / advances
        users     allowance       advances / spending
        shop      deliver units   handovers / goods-in-transit
        shop      sale            settlement-due / sales
        shop      allowance       sales-returns / settlement-due
        shop      cost            cost-of-sales / goods-in-transit
"""
"""Each fact, below it the rows that it writes: book, code (`units` if of goods), account debited / credited.

A row whose amount is zero is not written, and a book writes nothing of a fact that its owner never hears of.
"""


class Rule(NamedTuple):
    """One row of a fact."""

    book: str
    code: str
    units: bool
    debit: str
    credit: str


class Fact(NamedTuple):
    """What can happen: whether it belongs to an order, and the rows that it writes."""

    name: str
    of_order: bool
    rules: tuple[Rule, ...]


def facts() -> list[Fact]:
    """Return the facts of the posting rules."""
    found: list[Fact] = []
    for line in FACTS.strip().splitlines():
        words = line.split()
        if "/" in words:
            found[-1] = found[-1]._replace(rules=(*found[-1].rules, _rule(words)))
        else:
            name = line.strip().removesuffix(", of no order")
            found.append(Fact(name, name == line.strip(), ()))
    return found


def permitted() -> Iterator[Rule]:
    """Yield every row that some fact writes, each once."""
    return iter(dict.fromkeys(rule for fact in facts() for rule in fact.rules))


def _rule(words: list[str]) -> Rule:
    book, code, debit, credit = words[0], words[1], words[-3], words[-1]
    return Rule(book, code, words[2] == "units", f"{book}:{debit}", f"{book}:{credit}")
