"""How an organisation buys goods for its stock: from whom, when they are paid, and what comes of it.

A shop that keeps goods and a supplier that buys what it sells do it alike. The stock policy says when and how much
is ordered, the sources say from whom. A purchase is an order of the organisation itself in the log.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from alesha_sim.entities.debts import Debts
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.entities.shop.order_states import (
    ARRIVED,
    CANCELLATION_DONE,
    PAID,
    SENT,
    UNANSWERED,
    status_after,
)
from alesha_sim.entities.sources import Seller, Sources
from alesha_sim.entities.stock import Goods, Reservation, Warehouse
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.kernel.timers import Timer
from alesha_sim.messages import (
    Deliver,
    Lines,
    Method,
    OrderAccepted,
    OrderRejected,
    PlaceOrder,
    Receipt,
    Transfer,
)
from alesha_sim.network import NoReply
from alesha_sim.policies import Due, StockPosition
from alesha_sim.recording.order_log import OrderLog
from alesha_sim.vocabulary import CANCELLED, COMPLETED, IN_DOUBT, NO_ID, ON_THE_WAY, RECEIVED


class BuyersBook(Protocol):
    """What is written of purchases in a buyer's book."""

    def cash_balance(self) -> int:
        """Return the cash that the buyer knows it has."""

    def charges(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Charges paid."""

    def charges_returned(self, at: float, entry: int, order: int, amount: int, transport: int = 0) -> bool:
        """Charges returned."""

    def received(
        self, at: float, entry: int, order: int, lines: Goods, charges: Sequence[int], on_credit: bool = False
    ) -> bool:
        """Goods received into stock."""


class PurchaseDebts(Debts):
    """Purchases that wait for money, of an organisation that owes nothing else; `buy` pays and places one."""

    def __init__(self, party: Entity) -> None:
        super().__init__(party)
        self.buy: Callable[[Purchase], Asking[bool | None]] | None = None

    def settle(self, debt: Any) -> Asking[object]:
        """Pay the charges of a purchase."""
        assert self.buy is not None
        return self.buy(debt[0])


class Purchase:
    """What a buyer has on record of goods that it ordered; amounts in minor units.

    `seller` is who is to send them, after those `rejected` them whose codes are there. Charges are paid under
    `charges_paid`, after the bank declined them `tries` times for want of money; they have been asked for if it
    `is_begun`. `undelivered` are the units to come by SKU.
    """

    __slots__ = (
        "charges",
        "charges_paid",
        "goods",
        "is_begun",
        "lines",
        "number",
        "payment",
        "rejected",
        "seller",
        "sent_at",
        "status",
        "tries",
        "undelivered",
        "user",
    )

    def __init__(
        self, number: int, user: int, seller: Seller, lines: Lines, goods: Goods, charges: int, sent_at: float
    ) -> None:
        self.number = number
        self.user = user
        self.seller = seller
        self.lines = lines
        self.goods = goods
        self.charges = charges
        self.sent_at = sent_at
        self.status = RECEIVED
        self.payment = NO_ID  # no user pays for it
        self.charges_paid = NO_ID
        self.tries = 0
        self.is_begun = False
        self.rejected: frozenset[int] = frozenset()
        self.undelivered = dict(lines)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is to come any more."""
        return self.status in (COMPLETED, CANCELLED)


class Purchasing:
    """Keeps a `warehouse` filled, out of a wallet; what cannot be paid yet waits among the `debts`.

    `hand_out(given)` is called with what the reservations that waited get of goods that have come.
    """

    def __init__(
        self,
        party: Entity,
        wallet: Wallet,
        book: Any,
        log: OrderLog,
        warehouse: Warehouse,
        sources: Sources,
        debts: Debts,
        hand_out: Callable[[list[tuple[Reservation, int]]], None],
        order_seconds: float = 0.0,
    ) -> None:
        self.warehouse = warehouse
        self._party = party
        self._wallet = wallet
        self._book: BuyersBook = book
        self._log = log
        self._sources = sources
        self._debts = debts
        self._hand_out = hand_out
        self._order_seconds = order_seconds
        self._open: dict[int, Purchase] = {}
        self._reviews = Timer(party.clock, self._review)

    def open(self) -> None:
        """Order what is missing to the policy's level; a periodic policy is asked when it is time."""
        if self.warehouse.period is None:
            self.replenish(range(len(self._sources.skus)))
        self.set_review()

    def set_review(self) -> None:
        """Review the stock when it is time."""
        self._reviews.set(self.warehouse.next_review(self._party.clock.now))

    def all_open(self) -> list[Purchase]:
        """Return what is on order, in the order of its numbers."""
        return list(self._open.values())

    # What is ordered

    def _review(self) -> float:
        """Order what a periodic policy says and return when to review next."""
        now = self._party.clock.now
        if not self._party.inbox.is_up:
            return INFINITY
        wanted = dict(self.warehouse.review(now))
        for product in range(len(self._sources.skus)) if self._sources.looks_at_stock else wanted:
            self.order(product, wanted.get(product, 0))
        return self.warehouse.next_review(now)

    def replenish(self, products: Any) -> None:
        """Order what the policy says of each of these products."""
        for product in products:
            units = self.warehouse.to_order(product)
            if units or self._sources.looks_at_stock:
                self.order(product, units)

    def order(self, product: int, units: int) -> None:
        """Order units of a product, which count as on order, as the sources say: of whom, and more or fewer."""
        if self._sources.policy is None:
            self._place(self._sources.sellers[0], product, units, frozenset())
            return
        self.warehouse.expect(product, -units)
        for seller, part in self._sources.split(product, units, self._party.clock.now, self._position(product)):
            self.warehouse.expect(product, part)
            self._place(seller, product, part, frozenset())

    def _position(self, product: int) -> StockPosition:
        """Return what there is of a product, and what is on order with when it is expected."""
        warehouse, now, sku = self.warehouse, self._party.clock.now, self._sources.skus[product]
        due = [
            Due(units, max(0.0, purchase.sent_at + purchase.seller.lead_seconds[product] - now))
            for purchase in self._open.values()
            if (units := purchase.undelivered.get(sku, 0))
        ]
        return StockPosition(warehouse.available[product], warehouse.backordered[product], due)

    def _place(self, seller: Seller, product: int, units: int, rejected: frozenset[int]) -> None:
        now, charge = self._party.clock.now, seller.charges[product]
        number = self._log.placed(now, self._party.code, seller.code, charge * units, Method.REPLENISHMENT, 0)
        self._log.line(number, product, units, 0, charge)
        lines = ((self._sources.skus[product], units),)
        purchase = Purchase(
            number, self._party.code, seller, lines, [(product, units)], charge * units, now + self._order_seconds
        )
        purchase.rejected = rejected
        self._sources.count(seller, purchase.goods)
        self._open[number] = purchase
        self._note(purchase, PAID)
        self._party.run(self.supply(purchase))

    def resume(self, purchase: Purchase) -> None:
        """Go on after a crash with what no seller has accepted yet."""
        if purchase.status != ON_THE_WAY:
            self._party.run(self.supply(purchase))

    def resume_all(self) -> None:
        """Go on after a crash with all purchases."""
        for purchase in self.all_open():
            self.resume(purchase)

    # How it is paid and placed

    def supply(self, purchase: Purchase) -> Process:
        """Have a purchase supplied, now or when there is money."""
        clock = self._party.clock
        if purchase.sent_at > clock.now:
            yield clock.pause(purchase.sent_at - clock.now)
        waits_its_turn = not purchase.is_begun and self._debts.are_prior(to_postponed=True)
        if waits_its_turn or (yield from self.buy(purchase)) is None:
            self._debts.add((purchase, None), is_postponed=True)

    def buy(self, purchase: Purchase) -> Asking[bool | None]:
        """Pay the charges and place the order; None if there is not the money for it now."""
        is_due = purchase.charges_paid == NO_ID and not purchase.seller.on_credit
        if is_due and not (yield from self._pay(purchase)):
            return True if purchase.status == IN_DOUBT else None
        party = self._party
        place = PlaceOrder(purchase.lines, purchase.user, NO_ID, purchase.charges_paid)
        self._sources.asked(purchase.seller, purchase.number, party.clock.now)
        reply = yield from party.ask_until_answered(
            party.channel_to(purchase.seller.code), place, step="place", order=purchase.number
        )
        self._sources.heard(purchase.seller, purchase.number)
        if isinstance(reply, OrderRejected):
            self._cancel(purchase, reply)
        elif isinstance(reply, OrderAccepted):
            self._log.fill(purchase.number, "accepted_at", party.clock.now)
            self._note(purchase, SENT)
        else:
            self._note(purchase, UNANSWERED)
        return True

    def _pay(self, purchase: Purchase) -> Asking[bool]:
        """Pay the charges; False if they were not paid."""
        party = self._party
        if not purchase.is_begun and self._book.cash_balance() < purchase.charges:
            return False
        purchase.is_begun = True
        transfer = Transfer(*self._wallet, purchase.charges, purchase.seller.account)
        step = f"charges:{purchase.tries}"
        paid = yield from party.ask_until_answered(
            party.channels[party.bank], transfer, step=step, order=purchase.number
        )
        if isinstance(paid, Receipt):
            purchase.charges_paid = paid.transaction
            self._book.charges(party.clock.now, paid.transaction, purchase.number, paid.amount)
            self._log.fill(purchase.number, "charges_transaction", paid.transaction)
            return True
        if isinstance(paid, NoReply):
            self._note(purchase, UNANSWERED)
        else:  # try again under another key
            purchase.tries += 1
            purchase.is_begun = False
        return False

    def _cancel(self, purchase: Purchase, rejection: OrderRejected) -> None:
        """Strike a purchase off that its seller rejected, and order the goods from another, if there is one."""
        if rejection.transaction != NO_ID:
            self._book.charges_returned(
                self._party.clock.now, rejection.transaction, purchase.number, rejection.returned
            )
        self._note(purchase, CANCELLATION_DONE, rejection.reason)
        self._debts.money_in()
        rejected = purchase.rejected | {purchase.seller.code}
        for product, units in purchase.goods:
            other = self._sources.choose([(product, units)], self._party.clock.now, rejected)
            if other is None:
                self.warehouse.expect(product, -units)
            else:
                self._place(other, product, units, rejected)

    # What comes of it

    def note_received(self, parcel: Deliver, number: int) -> bool:
        """Take in what a seller sent; False if that is no news."""
        purchase, now = self._open.get(number), self._party.clock.now
        if purchase is None:
            return False
        goods = [(self._sources.products[sku], units) for sku, units in parcel.lines]
        charges = [purchase.seller.charges[product] * units for product, units in goods]
        if not self._book.received(now, parcel.entry, number, goods, charges, purchase.seller.on_credit):
            return False
        given = [each for product, units in goods for each in self.warehouse.arrived(product, units)]
        for sku, units in parcel.lines:
            purchase.undelivered[sku] -= units
        if not any(purchase.undelivered.values()):
            self._log.fill(number, "delivered_at", now)
            self._note(purchase, ARRIVED)
        self._hand_out(given)
        if self.warehouse.is_tight():
            self.replenish([product for product, _ in goods])
        return True

    def _note(self, purchase: Purchase, event: int, reason: str = "") -> None:
        """Note what happened to a purchase; one that is closed is forgotten."""
        status = status_after(event, purchase.status, purchase.number)
        if status == purchase.status:
            return
        purchase.status = status
        self._log.status(purchase.number, status, reason)
        if purchase.is_closed:
            self._log.fill(purchase.number, "closed_at", self._party.clock.now)
            self._open.pop(purchase.number, None)
