"""The shop's order desk: which orders are open, in which status, and what a cart must hold. No processes here."""

from collections.abc import Sequence
from typing import NamedTuple

from alesha_sim.messages import Lines, Offer, OrderRejected, Reason
from alesha_sim.network import Answer
from alesha_sim.records import CANCELLED, COMPLETED, DECLINED, NO_ID, RECEIVED, STATUSES, OrderLog

RANK = (0, 1, 3, 4, 4, 4, 4, 2)
"""How far each status is: doubt gives way to better knowledge."""


class Article(NamedTuple):
    """A product as the shop knows it: `charge` is what its supplier takes for one, in minor units."""

    offer: Offer
    charge: int
    warranty_seconds: float
    return_window_seconds: float


class Order:
    """An order while it is open; amounts in minor units.

    `payment` and `charges_paid` are transaction numbers, `answer` what is owed to the user who is paying,
    `rejection` the supplier's, `tries` how often the bank declined for want of money. An order `is_begun` once the
    bank has been asked to pay for it: then it waits for no other order, for money may have moved already.
    """

    __slots__ = (
        "answer", "charges", "charges_paid", "is_begun", "lines", "number", "payment", "reason", "rejection",
        "status", "total", "tries", "user",
    )  # fmt: skip

    def __init__(self, number: int, user: int, lines: Lines, total: int, charges: int) -> None:
        self.number = number
        self.user = user
        self.lines = lines
        self.total = total
        self.charges = charges
        self.payment = NO_ID
        self.charges_paid = NO_ID
        self.status = RECEIVED
        self.reason = ""
        self.rejection: OrderRejected | None = None
        self.tries = 0
        self.is_begun = False
        self.answer: Answer | None = None


class OrderDesk:
    """Takes orders and follows their status, which only moves forward; every change is recorded in `log`."""

    def __init__(self, articles: Sequence[Article], log: OrderLog) -> None:
        self.articles = {article.offer.sku: article for article in articles}
        self.log = log
        self._products = {article.offer.sku: product for product, article in enumerate(articles)}
        self._open: dict[int, Order] = {}

    def objection(self, lines: Lines) -> Reason | None:
        """Say what is wrong with a cart, if anything: known products, each once, in positive whole numbers."""
        if not lines:
            return Reason.EMPTY_CART
        for sku, units in lines:
            if sku not in self.articles:
                return Reason.UNKNOWN_PRODUCT
            if isinstance(units, bool) or not isinstance(units, int) or units < 1:
                return Reason.INVALID_QUANTITY
        return Reason.REPEATED_PRODUCT if len({sku for sku, _ in lines}) < len(lines) else None

    def total(self, lines: Lines) -> int:
        """Return what a cart without objections costs."""
        return sum(self.articles[sku].offer.price * units for sku, units in lines)

    def place(self, at: float, user: int, lines: Lines) -> Order:
        """Take an order for a cart without objections."""
        articles = [(self.articles[sku], units) for sku, units in lines]
        total = self.total(lines)
        charges = sum(article.charge * units for article, units in articles)
        order = Order(self.log.placed(at, user, total, "account"), user, lines, total, charges)
        for (sku, units), (article, _) in zip(lines, articles, strict=True):
            self.log.line(order.number, self._products[sku], units, article.offer.price, article.charge)
        self._open[order.number] = order
        return order

    def payable(self, number: int, user: int) -> Order | Reason:
        """Return the order, if it is this user's to pay and nobody is paying it."""
        order = self._open.get(number)
        if order is None or order.user != user:
            return Reason.UNKNOWN_ORDER
        return Reason.NOT_PAYABLE if order.answer is not None or order.status != RECEIVED else order

    def all_open(self) -> list[Order]:
        """Return all orders that are not closed."""
        return list(self._open.values())

    def open_order(self, number: int) -> Order:
        """Return an order that is not closed; `KeyError` if it is."""
        return self._open[number]

    def advance(self, order: Order, status: int, at: float) -> None:
        """Move an order to a later status; news that comes late changes nothing."""
        if RANK[status] <= RANK[order.status]:
            return
        order.status = status
        self.log.status(order.number, status, order.reason)
        if status in (COMPLETED, CANCELLED, DECLINED):
            self.log.fill(order.number, "closed_at", at)
            del self._open[order.number]

    def describe(self, order: Order) -> str:
        """Return what was ordered, as a person reads it: `1 HP laptop, 2 Apple watch`."""
        return ", ".join(f"{units} {self.articles[sku].offer.name}" for sku, units in order.lines)


def status_name(order: Order) -> str:
    """Return an order's status as tables show it."""
    return STATUSES[order.status]


def is_unpaid(order: Order) -> bool:
    """Tell whether nobody has begun to pay an order."""
    return order.status == RECEIVED and order.answer is None
