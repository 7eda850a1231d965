"""What shop and supplier have still to write, because the other learnt of an entry first (step C of a worksheet).

Each rule turns the rows that one book holds of an entry into those that the other will write of it. The
rules repeat section 2 of the posting rules on purpose, so that a run that was cut off can be consolidated, too;
where the other book did write later, both agree.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from alesha_sim.accounting.classification import GROUP
from alesha_sim.accounting.in_transit import InTransit, Message
from alesha_sim.accounting.journal_arrays import Ints, Journal, words
from alesha_sim.books.accounts import Account
from alesha_sim.columns import MISSING_TIME, numbers, text_column


class Row(NamedTuple):
    """A transfer on the worksheet; `amount` in minor units, or in units of a product."""

    debit: str
    credit: str
    amount: int
    commodity: str
    code: str
    order: int
    entry: int
    message: Message


class Held(NamedTuple):
    """A transfer that one book holds."""

    debit: str
    credit: str
    amount: int
    commodity: str
    code: str


Posting = tuple[str, str, int, str, str]
"""Debit, credit, amount, commodity, code."""


class CutOff:
    """Finds the entries that one of the two books holds and derives what the other has to write."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._in_transit = InTransit(journal.result)
        self._cost, self._charge, self._price = self._catalogue()
        money = journal.currency.code
        self._money = money
        self._escrow = self._orders_in_escrow()
        self._refunded = self._late_refunds()
        self._rows: dict[str, Ints] = {book: self._of_book(book) for book in GROUP}

    def rows(self, at: int) -> Iterator[Row]:
        """Yield what is to be written at an instant, in the order of the entries' first rows."""
        journal, last = self._journal, self._journal.until(at)
        held = {book: rows[: int(np.searchsorted(rows, last))] for book, rows in self._rows.items()}
        for book, other in zip(GROUP, reversed(GROUP), strict=True):
            entries = journal.entry[held[book]]
            alone = held[book][~np.isin(entries, journal.entry[held[other]])]
            yield from self._entries_missing(alone, other, at)

    def _entries_missing(self, alone: Ints, other: str, at: int) -> Iterator[Row]:
        """Yield what `other` has to write for the rows of entries that it lacks."""
        journal = self._journal
        entries = journal.entry[alone]
        for rows in np.split(alone, np.flatnonzero(entries[1:] != entries[:-1]) + 1) if len(alone) else ():
            first = int(rows[0])
            order, entry = int(journal.order[first]), int(journal.entry[first])
            held = [self._held(int(row)) for row in rows]
            postings = self._for_shop(held, order, at) if other == "shop" else self._for_supplier(held)
            if postings:
                message = self._in_transit.of(other, held[0].code, order, int(journal.posted_at[first]), at)
                yield from (Row(*posting, order, entry, message) for posting in postings)

    def _for_shop(self, held: list[Held], order: int, at: int) -> list[Posting]:
        """Return what the shop writes for what the supplier holds."""
        rows = {each.code: each for each in held}
        money = self._money
        if "collection" in rows:
            amount = rows["collection"].amount
            return [
                (
                    Account.SHOP_COLLECTIONS_RECEIVABLE,
                    Account.SHOP_CUSTOMER_PREPAYMENTS,
                    amount,
                    money,
                    "collection",
                )
            ]
        if "remittance" in rows:
            return [
                (
                    Account.SHOP_CASH,
                    Account.SHOP_COLLECTIONS_RECEIVABLE,
                    rows["remittance"].amount,
                    money,
                    "remittance",
                )
            ]
        if "charges-return" in rows or ("transport" in rows and "return-to-sender" not in rows):
            back = [("charges-return", Account.SHOP_CASH), ("transport", Account.SHOP_TRANSPORT)]
            return [
                (to, Account.SHOP_SUPPLIER_ADVANCES, rows[code].amount, money, code)
                for code, to in back
                if code in rows
            ]
        return self._sold(held, rows["sale"].amount, order, at) if "sale" in rows else []

    def _sold(self, held: list[Held], charge: int, order: int, at: int) -> list[Posting]:
        """Return the shop's sale of a parcel to its user."""
        units = [(each.commodity, each.amount) for each in held if each.code == "deliver"]
        price = sum(self._price.get((order, sku), 0) * amount for sku, amount in units)
        source = Account.SHOP_SETTLEMENT_DUE if order in self._escrow else Account.SHOP_CUSTOMER_PREPAYMENTS
        sold = [(source, Account.SHOP_SALES, price, self._money, "sale")]
        if self._refunded.get(order, at + 1) <= at:
            sold.append((Account.SHOP_SALES_RETURNS, source, price, self._money, "allowance"))
        return [*sold, (Account.SHOP_COST_OF_SALES, Account.SHOP_SUPPLIER_ADVANCES, charge, self._money, "cost")]

    def _for_supplier(self, held: list[Held]) -> list[Posting]:
        """Return what the supplier writes for what the shop holds."""
        rows = {each.code: each for each in held}
        money = self._money
        if "charges" in rows:
            return [
                (Account.SUPPLIER_CASH, Account.SUPPLIER_SHOP_ADVANCES, rows["charges"].amount, money, "charges")
            ]
        if rows.get("cost", held[0]).debit != Account.SHOP_STOCK or "deliver" not in rows:
            return []
        # Goods for the shop's own stock: the shop has answered `Deliver`, the supplier waits for the answer.
        units = [(each.commodity, each.amount) for each in held if each.code == "deliver"]
        charge = sum(self._charge[sku] * amount for sku, amount in units)
        cost = sum(self._cost[sku] * amount for sku, amount in units)
        handed: list[Posting] = [
            (Account.SUPPLIER_GOODS_CLEARING, Account.SUPPLIER_GOODS_IN_TRANSIT, amount, sku, "deliver")
            for sku, amount in units
        ]
        sold: list[Posting] = [
            (Account.SUPPLIER_SHOP_ADVANCES, Account.SUPPLIER_SALES, charge, money, "sale"),
            (Account.SUPPLIER_COST_OF_SALES, Account.SUPPLIER_GOODS_IN_TRANSIT, cost, money, "cost"),
        ]
        return handed + sold

    # What the rules need to know

    def _held(self, row: int) -> Held:
        journal = self._journal
        debit, credit = journal.accounts[journal.debit[row]], journal.accounts[journal.credit[row]]
        code = journal.code.labels[journal.code.codes[row]]
        return Held(debit.name, credit.name, int(journal.amount[row]), debit.commodity, code)

    def _of_book(self, book: str) -> Ints:
        labels = list(self._journal.book.labels)
        return np.flatnonzero(self._journal.book.codes == (labels.index(book) if book in labels else -2))

    def _catalogue(self) -> tuple[dict[str, int], dict[str, int], dict[tuple[int, str], int]]:
        """Return the cost and the charge of each product, and the price of each product of an order."""
        journal = self._journal
        minor, catalogue = journal.currency.minor, journal.result.scenario.catalogue
        lines = journal.result.columns("order_lines")
        keys = zip(numbers(lines, "order").tolist(), words(text_column(lines, "sku")), strict=True)
        prices = dict(zip(keys, numbers(lines, "unit_price").tolist(), strict=True))
        costs = {product.sku: minor(product.cost) for product in catalogue}
        return costs, {product.sku: minor(product.charge) for product in catalogue}, prices

    def _orders_in_escrow(self) -> set[int]:
        """Return the orders whose payments the bank keeps until they are delivered."""
        journal = self._journal
        escrow = journal.places(Account.BANK_ESCROW)
        return set(journal.order[np.isin(journal.credit, escrow)].tolist())

    def _late_refunds(self) -> dict[int, int]:
        """Return when the shop learnt that an order's payment went back out of escrow."""
        table = self._journal.result.columns("messages")
        kind, recipient = words(text_column(table, "kind")), words(text_column(table, "recipient"))
        orders, landed = numbers(table, "order").tolist(), numbers(table, "delivered_at").tolist()
        found: dict[int, int] = {}
        for each in zip(kind, recipient, orders, landed, strict=True):
            if each[:2] == ("Refunded", "shop") and each[3] != MISSING_TIME:
                found[each[2]] = min(each[3], found.get(each[2], each[3]))
        return found
