"""The shop's book: the seller's prepayments, advances and earnings, and its cash as far as it knows."""

from alesha_sim.books.accounts import (
    CANCEL,
    CHARGES,
    CHARGES_RETURN,
    COST,
    OPENING,
    PAYMENT,
    REFUND,
    SALE,
    SHOP,
    TRANSPORT,
    Kind,
)
from alesha_sim.books.ledger import Ledger
from alesha_sim.records import NO_ID


class ShopBook:
    """Posts the shop's part of each fact when the shop learns of it.

    `at` in seconds, amounts in minor units. A method tells whether it wrote: not if the book holds the link.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._investment = ledger.account("shop:investment", Kind.ASSET)
        self.cash = ledger.account("shop:cash", Kind.ASSET)
        self._advances = ledger.account("shop:supplier-advances", Kind.ASSET)
        self._prepayments = ledger.account("shop:customer-prepayments", Kind.LIABILITY)
        self._refunds_due = ledger.account("shop:refunds-due", Kind.LIABILITY)
        self._equity = ledger.account("shop:equity", Kind.EQUITY)
        self._sales = ledger.account("shop:sales", Kind.INCOME)
        self._cost_of_sales = ledger.account("shop:cost-of-sales", Kind.EXPENSE)
        self._transport = ledger.account("shop:transport", Kind.EXPENSE)

    def open(self, at: float, link: int, amount: int) -> bool:
        """Opening: cash / equity."""
        return self._ledger.transfer(at, SHOP, link, NO_ID, self.cash, self._equity, amount, OPENING)

    def invest(self, at: float, amount: int) -> int:
        """Opening of its holding in the supplier, at the supplier's opening capital: investment / equity."""
        link = self._ledger.new_link()
        self._ledger.transfer(at, SHOP, link, NO_ID, self._investment, self._equity, amount, OPENING)
        return link

    def cash_balance(self) -> int:
        """Return the cash that the shop knows it has."""
        return self._ledger.balance(self.cash)

    def payment(self, at: float, link: int, order: int, total: int) -> bool:
        """Payment at once: cash / customer-prepayments."""
        return self._ledger.transfer(at, SHOP, link, order, self.cash, self._prepayments, total, PAYMENT)

    def charges(self, at: float, link: int, order: int, amount: int) -> bool:
        """Charges: supplier-advances / cash."""
        return self._ledger.transfer(at, SHOP, link, order, self._advances, self.cash, amount, CHARGES)

    def charges_returned(self, at: float, link: int, order: int, amount: int, transport: int = 0) -> bool:
        """Charges returned, less transport: cash / supplier-advances; transport / supplier-advances."""
        rows = (
            (self.cash, self._advances, amount, CHARGES_RETURN),
            (self._transport, self._advances, transport, TRANSPORT),
        )
        return self._ledger.linked(at, SHOP, link, order, rows)

    def cancelled(self, at: float, order: int, amount: int) -> int:
        """Cancelled, so that a refund is due: customer-prepayments / refunds-due. Returns the link."""
        link = self._ledger.new_link()
        self._ledger.transfer(at, SHOP, link, order, self._prepayments, self._refunds_due, amount, CANCEL)
        return link

    def refund(self, at: float, link: int, order: int, amount: int) -> bool:
        """Refund: refunds-due / cash."""
        return self._ledger.transfer(at, SHOP, link, order, self._refunds_due, self.cash, amount, REFUND)

    def delivered(self, at: float, link: int, order: int, price: int, charge: int) -> bool:
        """Delivered: customer-prepayments / sales at price; cost-of-sales / supplier-advances at charge."""
        rows = (
            (self._prepayments, self._sales, price, SALE),
            (self._cost_of_sales, self._advances, charge, COST),
        )
        return self._ledger.linked(at, SHOP, link, order, rows)
