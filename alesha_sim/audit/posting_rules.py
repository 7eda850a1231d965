"""The posting rules as a table, for checking: which rows each kind of entry has in which book.

The books post by their own code and do not read this table, so that one checks the other; both take the accounts
from one chart. A kind of entry added to a book is added here too; until then `check` reports its rows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from alesha_sim.books.accounts import Account

ENTRY_KINDS = """
    opening of a user, of no order
        bank      opening         RESERVES / USER_DEPOSITS
        clearing  opening         BACKING / RESERVES
        users     opening         CASH / EQUITY
    opening of the shop, of no order
        bank      opening         RESERVES / SHOP_DEPOSIT
        clearing  opening         BACKING / RESERVES
        shop      opening         CASH / EQUITY
    opening of the supplier, of no order
        bank      opening         RESERVES / SUPPLIER_DEPOSIT
        clearing  opening         BACKING / RESERVES
        supplier  opening         CASH / EQUITY
    opening of the investment, of no order
        shop      opening         INVESTMENT / EQUITY
    opening stock, of no order
        supplier  opening units   STOCK / PRODUCTION
        supplier  opening         STOCK / EQUITY
    income, of no order
        bank      income          RESERVES / USER_DEPOSITS
        clearing  income          BACKING / RESERVES
        users     income          CASH / INCOME
    pending
        bank      pending         USER_DEPOSITS / USER_HOLDS
    void
        bank      void            USER_HOLDS / USER_DEPOSITS
    payment at once
        bank      payment         USER_DEPOSITS / SHOP_DEPOSIT
        bank      payment         USER_DEPOSITS / CLEARING_DUE
        bank      payment         CLEARING_CLAIM / SHOP_DEPOSIT
        bank      interchange     CLEARING_DUE / INTERCHANGE_INCOME
        bank      interchange     INTERCHANGE / CLEARING_CLAIM
        bank      fee             SHOP_DEPOSIT / FEES
        bank      retention       SHOP_DEPOSIT / ROLLING_RESERVE
        bank      fee             USER_DEPOSITS / FEES
        shop      payment         CASH / CUSTOMER_PREPAYMENTS
        shop      fee             PAYMENT_FEES / CASH
        shop      retention       ROLLING_RESERVE / CASH
        users     payment         ADVANCES / CASH
        users     fee             SPENDING / CASH
    payment at once, posted
        bank      payment         USER_HOLDS / SHOP_DEPOSIT
        bank      fee             SHOP_DEPOSIT / FEES
        bank      retention       SHOP_DEPOSIT / ROLLING_RESERVE
        bank      fee             USER_HOLDS / FEES
        bank      void            USER_HOLDS / USER_DEPOSITS
        shop      payment         CASH / CUSTOMER_PREPAYMENTS
        shop      fee             PAYMENT_FEES / CASH
        shop      retention       ROLLING_RESERVE / CASH
        users     payment         ADVANCES / CASH
        users     fee             SPENDING / CASH
    payment settled later
        bank      payment         USER_DEPOSITS / SETTLEMENT_DUE
        bank      payment         USER_DEPOSITS / CLEARING_DUE
        bank      payment         CLEARING_CLAIM / SETTLEMENT_DUE
        bank      interchange     CLEARING_DUE / INTERCHANGE_INCOME
        bank      interchange     INTERCHANGE / CLEARING_CLAIM
        bank      fee             USER_DEPOSITS / FEES
        shop      payment         SETTLEMENT_DUE / CUSTOMER_PREPAYMENTS
        users     payment         ADVANCES / CASH
        users     fee             SPENDING / CASH
    payment settled later, posted
        bank      payment         USER_HOLDS / SETTLEMENT_DUE
        bank      fee             USER_HOLDS / FEES
        bank      void            USER_HOLDS / USER_DEPOSITS
        shop      payment         SETTLEMENT_DUE / CUSTOMER_PREPAYMENTS
        users     payment         ADVANCES / CASH
        users     fee             SPENDING / CASH
    payment into escrow
        bank      payment         USER_DEPOSITS / ESCROW
        bank      payment         USER_DEPOSITS / CLEARING_DUE
        bank      payment         CLEARING_CLAIM / ESCROW
        bank      interchange     CLEARING_DUE / INTERCHANGE_INCOME
        bank      interchange     INTERCHANGE / CLEARING_CLAIM
        bank      fee             USER_DEPOSITS / FEES
        users     payment         ADVANCES / CASH
        users     fee             SPENDING / CASH
    payment into escrow, posted
        bank      payment         USER_HOLDS / ESCROW
        bank      fee             USER_HOLDS / FEES
        bank      void            USER_HOLDS / USER_DEPOSITS
        users     payment         ADVANCES / CASH
        users     fee             SPENDING / CASH
    settlement
        bank      settlement      SETTLEMENT_DUE / SHOP_DEPOSIT
        bank      fee             SHOP_DEPOSIT / FEES
        bank      retention       SHOP_DEPOSIT / ROLLING_RESERVE
        shop      settlement      CASH / SETTLEMENT_DUE
        shop      fee             PAYMENT_FEES / CASH
        shop      retention       ROLLING_RESERVE / CASH
    settlement of escrow
        bank      settlement      ESCROW / SHOP_DEPOSIT
        bank      fee             SHOP_DEPOSIT / FEES
        bank      retention       SHOP_DEPOSIT / ROLLING_RESERVE
        bank      refund          ESCROW / USER_DEPOSITS
        shop      settlement      CASH / SETTLEMENT_DUE
        shop      fee             PAYMENT_FEES / CASH
        shop      retention       ROLLING_RESERVE / CASH
        users     refund          CASH / ADVANCES
    reserve released
        bank      release         ROLLING_RESERVE / SHOP_DEPOSIT
        shop      release         CASH / ROLLING_RESERVE
    declined
        bank      fee             SHOP_DEPOSIT / FEES
        shop      fee             PAYMENT_FEES / CASH
    charges
        bank      charges         SHOP_DEPOSIT / SUPPLIER_DEPOSIT
        bank      charges         SHOP_DEPOSIT / CLEARING_DUE
        bank      charges         CLEARING_CLAIM / SUPPLIER_DEPOSIT
        shop      charges         SUPPLIER_ADVANCES / CASH
        supplier  charges         CASH / SHOP_ADVANCES
    charges returned
        bank      charges-return  SUPPLIER_DEPOSIT / SHOP_DEPOSIT
        bank      charges-return  SUPPLIER_DEPOSIT / CLEARING_DUE
        bank      charges-return  CLEARING_CLAIM / SHOP_DEPOSIT
        supplier  charges-return  SHOP_ADVANCES / CASH
        supplier  transport       SHOP_ADVANCES / TRANSPORT
        shop      charges-return  CASH / SUPPLIER_ADVANCES
        shop      transport       TRANSPORT / SUPPLIER_ADVANCES
    charges between suppliers
        bank      charges         SUPPLIER_DEPOSIT / SUPPLIER_DEPOSIT
        bank      charges         SUPPLIER_DEPOSIT / CLEARING_DUE
        bank      charges         CLEARING_CLAIM / SUPPLIER_DEPOSIT
        supplier  charges         SUPPLIER_ADVANCES / CASH
        supplier  charges         CASH / SHOP_ADVANCES
    charges returned between suppliers
        bank      charges-return  SUPPLIER_DEPOSIT / SUPPLIER_DEPOSIT
        bank      charges-return  SUPPLIER_DEPOSIT / CLEARING_DUE
        bank      charges-return  CLEARING_CLAIM / SUPPLIER_DEPOSIT
        supplier  charges-return  SHOP_ADVANCES / CASH
        supplier  transport       SHOP_ADVANCES / TRANSPORT
        supplier  charges-return  CASH / SUPPLIER_ADVANCES
        supplier  transport       TRANSPORT / SUPPLIER_ADVANCES
    cancelled
        shop      cancel          CUSTOMER_PREPAYMENTS / REFUNDS_PAYABLE
    refund
        bank      refund          SHOP_DEPOSIT / USER_DEPOSITS
        bank      refund          SHOP_DEPOSIT / CLEARING_DUE
        bank      refund          CLEARING_CLAIM / USER_DEPOSITS
        shop      refund          REFUNDS_PAYABLE / CASH
        users     refund          CASH / ADVANCES
    refund before settlement
        bank      refund          SETTLEMENT_DUE / USER_DEPOSITS
        bank      refund          SETTLEMENT_DUE / CLEARING_DUE
        bank      refund          CLEARING_CLAIM / USER_DEPOSITS
        shop      refund          REFUNDS_PAYABLE / SETTLEMENT_DUE
        users     refund          CASH / ADVANCES
    refund out of escrow
        bank      refund          ESCROW / USER_DEPOSITS
        bank      refund          ESCROW / CLEARING_DUE
        bank      refund          CLEARING_CLAIM / USER_DEPOSITS
        shop      allowance       SALES_RETURNS / SETTLEMENT_DUE
        users     refund          CASH / ADVANCES
        users     allowance       ADVANCES / SPENDING
    compensated
        shop      allowance       SALES_RETURNS / REFUNDS_PAYABLE
        users     allowance       ADVANCES / SPENDING
    made to stock, of no order
        supplier  make units      STOCK / PRODUCTION
        supplier  make            STOCK / PAYABLES
    made to order
        supplier  make units      RESERVED / PRODUCTION
        supplier  make            STOCK / PAYABLES
    reserved
        supplier  reserve units   RESERVED / STOCK
    reservation ended
        supplier  reserve units   STOCK / RESERVED
    shipped
        supplier  ship units      GOODS_IN_TRANSIT / RESERVED
        supplier  ship            GOODS_IN_TRANSIT / STOCK
    parcel lost
        supplier  loss units      LOSSES / GOODS_IN_TRANSIT
        supplier  loss            LOSSES / GOODS_IN_TRANSIT
    came back
        supplier  return-to-sender units STOCK / GOODS_IN_TRANSIT
        supplier  return-to-sender       STOCK / GOODS_IN_TRANSIT
        supplier  transport       TRANSPORT / PAYABLES
    delivered
        users     deliver units   GOODS / GOODS_CLEARING
        users     sale            SPENDING / ADVANCES
        supplier  deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        supplier  sale            SHOP_ADVANCES / SALES
        supplier  cost            COST_OF_SALES / GOODS_IN_TRANSIT
        shop      sale            CUSTOMER_PREPAYMENTS / SALES
        shop      cost            COST_OF_SALES / SUPPLIER_ADVANCES
    delivered, paid into escrow
        users     deliver units   GOODS / GOODS_CLEARING
        users     sale            SPENDING / ADVANCES
        users     allowance       ADVANCES / SPENDING
        supplier  deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        supplier  sale            SHOP_ADVANCES / SALES
        supplier  cost            COST_OF_SALES / GOODS_IN_TRANSIT
        shop      sale            SETTLEMENT_DUE / SALES
        shop      allowance       SALES_RETURNS / SETTLEMENT_DUE
        shop      cost            COST_OF_SALES / SUPPLIER_ADVANCES
    collected at the door
        bank      collection      USER_DEPOSITS / COURIER_DEPOSIT
        bank      collection      USER_DEPOSITS / CLEARING_DUE
        bank      collection      CLEARING_CLAIM / COURIER_DEPOSIT
        users     collection      ADVANCES / CASH
        supplier  collection      COLLECTIONS / COLLECTIONS_PAYABLE
        shop      collection      COLLECTIONS_RECEIVABLE / CUSTOMER_PREPAYMENTS
    remitted
        bank      remittance      COURIER_DEPOSIT / SHOP_DEPOSIT
        bank      remittance      COURIER_DEPOSIT / CLEARING_DUE
        bank      remittance      CLEARING_CLAIM / SHOP_DEPOSIT
        supplier  remittance      COLLECTIONS_PAYABLE / COLLECTIONS
        shop      remittance      CASH / COLLECTIONS_RECEIVABLE
    returned
        shop      return units    STOCK / GOODS_CLEARING
        shop      return          STOCK / COST_OF_SALES
        shop      return          SALES_RETURNS / REFUNDS_PAYABLE
        users     return units    GOODS_CLEARING / GOODS
        users     return          ADVANCES / SPENDING
    written off
        shop      write-off units LOSSES / STOCK
        shop      write-off       LOSSES / STOCK
    warranty swap
        users     replace units   GOODS / GOODS_CLEARING
        users     replace units   GOODS_CLEARING / GOODS
        supplier  replace units   GOODS_CLEARING / GOODS_IN_TRANSIT
        supplier  replace units   LOSSES / GOODS_CLEARING
        supplier  replace         LOSSES / GOODS_IN_TRANSIT
    own stock received
        shop      deliver units   STOCK / GOODS_CLEARING
        shop      cost            STOCK / SUPPLIER_ADVANCES
        supplier  deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        supplier  sale            SHOP_ADVANCES / SALES
        supplier  cost            COST_OF_SALES / GOODS_IN_TRANSIT
    own stock received on credit
        shop      deliver units   STOCK / GOODS_CLEARING
        shop      cost            STOCK / TRADE_PAYABLES
        supplier  deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        supplier  sale            RECEIVABLES / SALES
        supplier  cost            COST_OF_SALES / GOODS_IN_TRANSIT
    received from another supplier
        supplier  deliver units   STOCK / GOODS_CLEARING
        supplier  cost            STOCK / SUPPLIER_ADVANCES
        supplier  deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        supplier  sale            SHOP_ADVANCES / SALES
        supplier  cost            COST_OF_SALES / GOODS_IN_TRANSIT
    received from another supplier on credit
        supplier  deliver units   STOCK / GOODS_CLEARING
        supplier  cost            STOCK / TRADE_PAYABLES
        supplier  deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        supplier  sale            RECEIVABLES / SALES
        supplier  cost            COST_OF_SALES / GOODS_IN_TRANSIT
    own stock shipped
        shop      ship units      GOODS_IN_TRANSIT / STOCK
        shop      ship            GOODS_IN_TRANSIT / STOCK
    own stock lost
        shop      loss units      LOSSES / GOODS_IN_TRANSIT
        shop      loss            LOSSES / GOODS_IN_TRANSIT
    own stock delivered
        users     deliver units   GOODS / GOODS_CLEARING
        users     sale            SPENDING / ADVANCES
        shop      deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        shop      sale            CUSTOMER_PREPAYMENTS / SALES
        shop      cost            COST_OF_SALES / GOODS_IN_TRANSIT
    own stock delivered, paid into escrow
        users     deliver units   GOODS / GOODS_CLEARING
        users     sale            SPENDING / ADVANCES
        users     allowance       ADVANCES / SPENDING
        shop      deliver units   GOODS_CLEARING / GOODS_IN_TRANSIT
        shop      sale            SETTLEMENT_DUE / SALES
        shop      allowance       SALES_RETURNS / SETTLEMENT_DUE
        shop      cost            COST_OF_SALES / GOODS_IN_TRANSIT
    opening of reserves, of no order
        clearing  opening         BACKING / RESERVES
        clearing  opening         RESERVES / BACKING
        bank      opening         RESERVES / EQUITY
        bank      opening         LOANS / RESERVES
    settled
        clearing  settle          RESERVES / RESERVES
        bank      settle          CLEARING_DUE / RESERVES
        bank      settle          RESERVES / CLEARING_CLAIM
    settled in a cycle, of no order
        clearing  net             RESERVES / SETTLEMENT
        clearing  net             SETTLEMENT / RESERVES
        bank      settle          CLEARING_DUE / RESERVES
        bank      settle          RESERVES / CLEARING_CLAIM
        bank      loss-share      GUARANTEE_CLAIMS / RESERVES
        bank      loss-share      RESERVES / GUARANTEE_DUE
    share recovered, of no order
        clearing  recover         RESERVES / RESERVES
        bank      recover         RESERVES / GUARANTEE_CLAIMS
        bank      recover         GUARANTEE_DUE / RESERVES
    given back by the house
        bank      return          CLEARING_DUE / USER_DEPOSITS
        bank      return          CLEARING_DUE / SHOP_DEPOSIT
        bank      return          CLEARING_DUE / SUPPLIER_DEPOSIT
        bank      return          CLEARING_DUE / COURIER_DEPOSIT
        bank      return          CLEARING_DUE / SETTLEMENT_DUE
        bank      return          CLEARING_DUE / ESCROW
        bank      return          INTERCHANGE_INCOME / CLEARING_DUE
        bank      return          FEES / USER_DEPOSITS
    bank closed, of no order
        bank      write-off       CLEARING_DUE / UNSECURED_DEBTS
        bank      write-off       GUARANTEE_DUE / UNSECURED_DEBTS
        bank      write-off       LOSSES / CLEARING_CLAIM
        bank      write-off       LOSSES / GUARANTEE_CLAIMS
"""
"""Each kind of entry, below it the rows that it has: book, code (`units` if of goods), account debited / credited.

Accounts are named as the members of `Account`, without the book. A row whose amount is zero is not written, and a
book writes nothing of a fact that its owner never hears of.
"""


class Rule(NamedTuple):
    """One row of an entry."""

    book: str
    code: str
    units: bool
    debit: Account
    credit: Account


class EntryKind(NamedTuple):
    """What can happen: whether it belongs to an order, and the rows that it writes."""

    name: str
    of_order: bool
    rules: tuple[Rule, ...]


def entry_kinds() -> list[EntryKind]:
    """Return the kinds of entry of the posting rules."""
    found: list[EntryKind] = []
    for line in ENTRY_KINDS.strip().splitlines():
        words = line.split()
        if "/" in words:
            found[-1] = found[-1]._replace(rules=(*found[-1].rules, _rule(words)))
        else:
            name = line.strip().removesuffix(", of no order")
            found.append(EntryKind(name, name == line.strip(), ()))
    return found


def permitted() -> Iterator[Rule]:
    """Yield every row that some kind of entry has, each once."""
    return iter(dict.fromkeys(rule for kind in entry_kinds() for rule in kind.rules))


def _rule(words: list[str]) -> Rule:
    book = words[0]
    sides = (Account[f"{book.upper()}_{side}"] for side in (words[-3], words[-1]))
    return Rule(book, words[1], words[2] == "units", *sides)
