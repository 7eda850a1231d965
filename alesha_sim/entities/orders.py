"""The shop's order desk: which orders it remembers, in which status, what a cart must hold. No processes here."""

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

from alesha_sim.entities.courier import Parcel
from alesha_sim.messages import DEPOSIT, ESCROW, Lines, Method, Offer, Reason, Refusal
from alesha_sim.network import Answer
from alesha_sim.records import CANCELLED, COMPLETED, DECLINED, NO_ID, RECEIVED, RETURNED, OrderLog
from alesha_sim.units import Share

RANK = (0, 1, 3, 4, 4, 4, 5, 2)
"""How far each status is: doubt gives way to better knowledge, and only what was completed comes back."""

CLOSED = (COMPLETED, CANCELLED, DECLINED, RETURNED)

_ACCOUNT, _REPLENISHMENT = Method.ACCOUNT, Method.REPLENISHMENT


class Article(NamedTuple):
    """A product as the shop knows it: `charge` is what its supplier takes for one, in minor units."""

    offer: Offer
    charge: int
    warranty_seconds: float
    return_window_seconds: float


class Due:
    """A refund that is granted and not yet paid: `amount` of the payment or collection `transaction`.

    It is asked for under the step `name` and `tries`, which is how often the bank declined for want of money. It
    `is_begun` while the bank is asked: then it waits for no other debt, for money may have moved already.
    """

    __slots__ = ("amount", "is_begun", "name", "transaction", "tries")

    def __init__(self, name: str, transaction: int, amount: int) -> None:
        self.name = name
        self.transaction = transaction
        self.amount = amount
        self.tries = 0
        self.is_begun = False


class Claim(NamedTuple):
    """A warranty claim about which the supplier has not been heard yet: the goods, and the answer to the user."""

    lines: Lines
    answer: Answer


class Sequel:
    """What came after the sale: units returned and claimed by SKU, claims not yet answered."""

    __slots__ = ("claimed", "claims", "is_compensated", "returned", "returns")

    def __init__(self) -> None:
        self.returned: dict[str, int] = {}
        self.returns = 0
        self.claimed: dict[str, int] = {}
        self.claims: list[Claim] = []
        self.is_compensated = False


class Order:
    """What the shop has on record of an order; amounts in minor units, instants in seconds.

    `advance` is what is paid before delivery, into `pocket` under the transaction number `payment`, with `fee`
    taken from the user besides; `collected` came at the door under `collection`; `granted` of both together is
    given back or among the `dues`. The user who is paying is owed `answer`, one who asks what became of that
    `enquirer`, the one who cancels `canceller`.
    Charges are paid under `charges_paid`, after the bank declined them `tries` times for want of money.

    An order `is_begun` once the bank has been asked to pay for it: then it waits for no other order, for money may
    have moved already. It `is_accepted` by the supplier, or its `parcel` is sent from the shop's own stock. It
    `is_off` once it is cancelled for good, be it not refunded yet, and `is_recalled` while the supplier is asked
    not to send it. `undelivered` are the units to come by SKU, None for all of them.
    """

    __slots__ = (
        "advance", "answer", "canceller", "charges", "charges_paid", "collected", "collection", "delivered_at",
        "delivered_price", "dues", "enquirer", "fee", "granted", "is_accepted", "is_begun", "is_off",
        "is_recalled", "is_refunded_late", "is_settled", "lines", "number", "parcel", "payment", "pocket",
        "promised_at", "reason", "sequel", "status", "total", "tries", "undelivered", "user",
    )  # fmt: skip

    def __init__(  # the order's own terms; a tuple would hide them
        self, number: int, user: int, lines: Lines, total: int, charges: int, advance: int, promised_at: float
    ) -> None:  # fmt: skip
        self.number = number
        self.user = user
        self.lines = lines
        self.total = total
        self.charges = charges
        self.advance = advance
        self.promised_at = promised_at
        self.status = RECEIVED
        self.reason = ""
        self.answer: Answer | None = None
        self.enquirer: Answer | None = None
        self.canceller: Answer | None = None
        self.payment = self.collection = self.charges_paid = NO_ID
        self.pocket = DEPOSIT
        self.fee = self.collected = self.granted = self.tries = self.delivered_price = 0
        self.is_begun = self.is_accepted = self.is_off = self.is_recalled = False
        self.is_refunded_late = self.is_settled = False
        self.parcel: Parcel | None = None
        self.undelivered: dict[str, int] | None = None
        self.delivered_at = inf
        self.dues: tuple[Due, ...] = ()
        self.sequel: Sequel | None = None

    @property
    def is_paid(self) -> bool:
        """Whether all has been paid that is to be paid in advance."""
        return self.payment != NO_ID or (self.advance == 0 and self.status != RECEIVED)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is to be sent, received or called off any more."""
        return self.status in CLOSED

    @property
    def is_delivered(self) -> bool:
        """Whether all of it has arrived, be it back by now."""
        return self.status in (COMPLETED, RETURNED)

    @property
    def waits_for_money(self) -> bool:
        """Whether the user has done their part, and the shop has not begun to buy the goods."""
        return self.is_paid and not (self.is_begun or self.is_off or self.is_closed)

    @property
    def is_escrowed(self) -> bool:
        """Whether what was paid is still with the bank, which may give it back of its own accord."""
        return self.pocket is ESCROW and not self.is_settled and self.left > 0

    @property
    def needs_cash(self) -> bool:
        """Whether refunds of it come out of the shop's deposit, as far as the shop knows."""
        return self.pocket is DEPOSIT or self.is_settled

    @property
    def left(self) -> int:
        """What was paid in advance or at the door and not given back."""
        return (self.advance if self.payment != NO_ID else 0) + self.collected - self.granted

    def regret(self) -> Refusal:
        """Return why it is not supplied, and what was paid for it in vain."""
        paid = self.advance if self.payment != NO_ID else 0
        return Refusal(Reason(self.reason), self.number, self.payment, paid, self.fee)

    def grant(self, name: str, amount: int) -> tuple[Due, ...]:
        """Owe `amount` to the user, at most what is left: out of the payment first, then out of the collection."""
        from_payment = min(amount, max(self.left - self.collected, 0))
        parts = ((name, self.payment, from_payment), (f"{name}:door", self.collection, amount - from_payment))
        dues = tuple(Due(*part) for part in parts if part[2] > 0)
        self.granted += amount
        self.dues += dues
        return dues


class OrderDesk:
    """Takes orders and follows their status, which only moves forward; every change is recorded in `log`.

    `advance` is the share of an order that is paid from an account before delivery, goods are promised within
    `promise_seconds`, and a user may order `limit` units of a product in all. Closed orders are forgotten once no
    news of them is awaited, unless the shop `keeps_orders` for what comes after the sale.
    """

    def __init__(
        self, articles: Sequence[Article], log: OrderLog, *, promise_seconds: float = inf, advance: float = 1.0,
        limit: int | None = None, keeps_orders: bool = False,
    ) -> None:  # fmt: skip
        self.articles = {article.offer.sku: article for article in articles}
        self.log = log
        self._terms = {
            article.offer.sku: (product, article.offer.price, article.charge)
            for product, article in enumerate(articles)
        }
        self._promise_seconds = promise_seconds
        self._advance = Share.read(advance)
        self._limit = limit
        self._keeps_orders = keeps_orders
        self._orders: dict[int, Order] = {}
        self._ordered: dict[tuple[int, str], int] = {}

    def objection(self, lines: Sequence[tuple[Any, Any]]) -> Reason | None:
        """Say what is wrong with a cart, if anything: known products, each once, in positive whole numbers."""
        if not lines:
            return Reason.EMPTY_CART
        for sku, units in lines:
            if sku not in self.articles:
                return Reason.UNKNOWN_PRODUCT
            if type(units) is not int or units < 1:
                return Reason.INVALID_QUANTITY
        is_repeated = len(lines) > 1 and len({sku for sku, _ in lines}) < len(lines)
        return Reason.REPEATED_PRODUCT if is_repeated else None

    def allows(self, user: int, lines: Lines) -> bool:
        """Tell whether the user may order so much, besides orders that were not declined or cancelled."""
        limit, ordered = self._limit, self._ordered
        return limit is None or all(ordered.get((user, sku), 0) + units <= limit for sku, units in lines)

    def value(self, lines: Lines) -> tuple[int, int]:
        """Return what a cart without objections costs, and what the supplier takes for these goods."""
        total = charges = 0
        for sku, units in lines:
            _, price, charge = self._terms[sku]
            total += price * units
            charges += charge * units
        return total, charges

    def products(self, lines: Lines) -> list[tuple[int, int]]:
        """Return goods as books know them: product index and units."""
        return [(self._terms[sku][0], units) for sku, units in lines]

    def place(self, at: float, user: int, lines: Lines, method: Method = _ACCOUNT) -> Order:
        """Take an order for a cart without objections; the shop's own asks nobody for a price."""
        total, charges = self.value(lines)
        promised_at = at + self._promise_seconds
        if method is _REPLENISHMENT:
            total, promised_at = 0, inf
        advance = self._advance.of(total) if method is _ACCOUNT else 0
        number = self.log.placed(at, user, total, method, advance, promised_at)
        order = Order(number, user, lines, total, charges, advance, promised_at)
        for sku, units in lines:
            product, price, charge = self._terms[sku]
            self.log.line(number, product, units, price if total else 0, charge)
        self._orders[number] = order
        self._count(order, 1)
        return order

    def payable(self, number: int, user: int, *, at_door: bool = False) -> Order | Reason:
        """Return the order, if it is this user's to pay, now or at the door, and nobody is paying it."""
        order = self.belonging(number, user)
        if order is None or (order.status in CLOSED and not self._keeps_orders):
            return Reason.UNKNOWN_ORDER
        is_due = order.status == RECEIVED and order.answer is None and (order.advance == 0) == at_door
        return order if is_due else Reason.NOT_PAYABLE

    def find(self, number: int) -> Order | None:
        """Return an order, if it is remembered."""
        return self._orders.get(number)

    def belonging(self, number: int, user: int) -> Order | None:
        """Return an order, if it is remembered and this user's."""
        order = self._orders.get(number)
        return None if order is None or order.user != user else order

    def all_open(self) -> list[Order]:
        """Return all orders of which something is unfinished."""
        return [order for order in self._orders.values() if _is_unfinished(order)]

    def worth(self, order: Order, lines: Lines) -> tuple[int, int]:
        """Return price and charge of goods of an order."""
        if lines == order.lines:
            return order.total, order.charges
        return self.value(lines)

    def receive(self, order: Order, lines: Lines, at: float) -> None:
        """Note that goods of an order have arrived; with the last of them it is completed."""
        order.undelivered = {} if lines == order.lines else self._still_to_come(order, lines)
        if not order.undelivered:
            order.delivered_at = at
            self.log.fill(order.number, "delivered_at", at)
            self.advance(order, COMPLETED, at)

    def _still_to_come(self, order: Order, lines: Lines) -> dict[str, int]:
        """Return which units of an order are missing after these have arrived."""
        missing = order.undelivered or dict(order.lines)
        for sku, units in lines:
            missing[sku] -= units
        return {sku: units for sku, units in missing.items() if units > 0}

    def advance(self, order: Order, status: int, at: float) -> None:
        """Move an order to a later status; news that comes late changes nothing."""
        if RANK[status] <= RANK[order.status]:
            return
        order.status = status
        self.log.status(order.number, status, order.reason)
        if status in (COMPLETED, CANCELLED, DECLINED):
            self.log.fill(order.number, "closed_at", at)
            if status != COMPLETED:
                self._count(order, -1)
            self.forget(order)

    def excuse(self, order: Order, reason: Reason) -> None:
        """Record why an order will not end as it should; its status stays."""
        order.reason = reason
        self.log.status(order.number, order.status, reason)

    def forget(self, order: Order) -> None:
        """Forget an order if it is closed, no news of it is awaited, and the shop does not keep such."""
        is_kept = self._keeps_orders and order.user >= 0
        if order.status in CLOSED and not (is_kept or order.is_escrowed):
            self._orders.pop(order.number, None)

    def _count(self, order: Order, sign: int) -> None:
        """Count what users have ordered, where there is a limit to it."""
        if self._limit is None or order.user < 0:
            return
        for sku, units in order.lines:
            key = order.user, sku
            self._ordered[key] = self._ordered.get(key, 0) + sign * units

    def describe(self, order: Order) -> str:
        """Return what was ordered, as a person reads it: `1 HP laptop, 2 Apple watch`."""
        return ", ".join([f"{units} {self.articles[sku].offer.name}" for sku, units in order.lines])


def _is_unfinished(order: Order) -> bool:
    return not order.is_closed or bool(order.dues) or (order.sequel is not None and bool(order.sequel.claims))


def is_unpaid(order: Order) -> bool:
    """Tell whether nobody has begun to pay an order."""
    return order.status == RECEIVED and order.answer is None
