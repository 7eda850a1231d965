"""What the shop owes: charges to its supplier, refunds to users. Each debt waits here for the money to pay it.

Debts are paid in order of arrival by one process, so that no worker waits for money: it would hold up the
payments that bring it. What the shop orders for its own stock waits behind all that it owes for its users' orders.
"""

from collections import deque
from collections.abc import Callable

from simpy.events import Event

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.entities.shop.order import Order, RefundPayable
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.entities.shop.order_states import CANCELLATION_DONE, UNANSWERED
from alesha_sim.messages import Decline, Receipt, Refund
from alesha_sim.network import NoReply

Debt = tuple[Order, RefundPayable | None]
"""An order, and the refund that is due for it; None for the charges of its goods."""


class Payables:
    """The queue of debts, and the refunds that may end up in it; `buy` pays an order's charges.

    What `buy` and `refund` come to is None if there is not the money for it now.
    """

    def __init__(
        self,
        party: Entity,
        desk: OrderDesk,
        book: ShopBook,
        wallet: Wallet,
        buy: Callable[[Order], Asking[object]],
    ) -> None:
        self._party = party
        self._desk = desk
        self._book = book
        self.wallet = wallet
        self._buy = buy
        self._owed: deque[Debt] = deque()
        self._postponed: deque[Debt] = deque()
        self._money_came: Event | None = None
        self._inflows = 0

    def __bool__(self) -> bool:
        """Whether anything waits for money."""
        return bool(self._owed or self._postponed)

    def has_prior_debts(self, order: Order) -> bool:
        """Whether other debts wait for money that are paid before those of an order."""
        return bool(self._owed) or (order.user < 0 and bool(self._postponed))

    def enqueue(self, order: Order, payable: RefundPayable | None = None) -> None:
        """Let a refund, or an order's charges, wait for their turn and for money."""
        is_first = not self
        (self._postponed if order.user < 0 else self._owed).append((order, payable))
        if is_first:
            self._party.run(self._pay())
        elif len(self._owed) == 1 and self._money_came is not None:
            self.money_in()  # it goes before what is waited with, and there may be money for it by now

    def forget(self) -> None:
        """Drop the queue, as a crash does: what is owed is on record with each order."""
        self._owed.clear()
        self._postponed.clear()
        self._money_came = None

    def money_in(self) -> None:
        """Wake the debts that wait for money."""
        self._inflows += 1
        if self._money_came is not None:
            self._money_came.succeed()
            self._money_came = None

    def _pay(self) -> Process:
        """Settle one debt after the other, waiting for money in between; ends when nothing is owed."""
        while self:
            queue, inflows = self._owed or self._postponed, self._inflows
            if (yield from self._settle(*queue[0])) is not None:
                queue.popleft()
            elif inflows == self._inflows:  # none came while the bank was asked
                self._money_came = self._party.clock.event()
                yield self._money_came

    def _settle(self, order: Order, payable: RefundPayable | None) -> Asking[object]:
        return self._buy(order) if payable is None else self.refund(order, payable)

    # Refunds

    def give_back(self, order: Order, refunds_payable: tuple[RefundPayable, ...]) -> Process:
        """Pay refunds that are due, now or when it is their turn and there is money.

        After a crash the bank is asked again at once about those of which it was being asked: a debt that waits in
        front of them may lack the very money that they took.
        """
        for payable in refunds_payable:
            if not payable.is_begun and order.needs_cash and self.has_prior_debts(order):
                self.enqueue(order, payable)
            else:
                yield from self.refund_at_once(order, payable)

    def refund_at_once(self, order: Order, payable: RefundPayable) -> Process:
        """Pay a refund that waits for no other debt, as long as there is money."""
        if (yield from self.refund(order, payable)) is None:
            self.enqueue(order, payable)

    def refund(self, order: Order, payable: RefundPayable) -> Asking[Receipt | NoReply | RefundPayable | None]:
        """Pay a refund; None if there is not the money for it now."""
        if payable not in order.refunds_payable:  # the bank has given the whole payment back in the meantime
            return payable
        party = self._party
        refund = Refund(*self.wallet, payable.transaction, payable.amount)
        step = f"{payable.name}:{payable.tries}"
        payable.is_begun = True
        reply = yield from party.ask_until_answered(
            party.channels[party.bank], refund, step=step, order=order.number
        )
        if isinstance(reply, Receipt):
            self._note_refund(order, payable, reply)
        elif isinstance(reply, Decline):
            payable.tries += 1
            payable.is_begun = False
            return None
        else:
            self._desk.note(order, UNANSWERED, party.clock.now)
        return reply

    def _note_refund(self, order: Order, payable: RefundPayable, receipt: Receipt) -> None:
        now = self._party.clock.now
        self._book.refund(now, receipt.transaction, order.number, receipt.amount, receipt.held_in)
        order.refunds_payable = tuple(other for other in order.refunds_payable if other is not payable)
        if order.is_off and not order.refunds_payable:
            self._desk.note(order, CANCELLATION_DONE, now)
