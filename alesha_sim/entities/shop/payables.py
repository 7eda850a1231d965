"""What the shop owes: charges to its supplier, refunds to users. Here each debt waits for the money to pay it.

Debts are paid in order of arrival by one process, so that no worker waits for money: it would hold up the
payments that bring it. What the shop orders for its own stock waits behind all that it owes for its users' orders.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simpy.events import Event

from alesha_sim.entities.entity import Asking, Process
from alesha_sim.entities.shop.order import Due, Order
from alesha_sim.messages import Decline, Receipt, Refund
from alesha_sim.network import NoReply
from alesha_sim.vocabulary import CANCELLED, IN_DOUBT, SHOP

if TYPE_CHECKING:
    from alesha_sim.entities.shop.shop import Shop

Settle = Callable[[], Asking[object]]
"""Settles a debt; its value is None if there is not the money for it now."""


class Debts:
    """The queue of debts, and the refunds that may end up in it."""

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop
        self._owed: deque[Settle] = deque()
        self._postponed: deque[Settle] = deque()
        self._money_came: Event | None = None
        self._inflows = 0

    def __bool__(self) -> bool:
        """Whether anything waits for money."""
        return bool(self._owed or self._postponed)

    def go_before(self, order: Order) -> bool:
        """Whether other debts wait for money that are to be paid before those of an order."""
        return bool(self._owed) or (order.user == SHOP and bool(self._postponed))

    def owe(self, order: Order, settle: Settle) -> None:
        """Let a debt of an order wait for its turn and for money."""
        is_first = not self
        (self._postponed if order.user == SHOP else self._owed).append(settle)
        if is_first:
            self._shop.run(self._pay())
        elif len(self._owed) == 1 and self._money_came is not None:
            self.money_in()  # it goes before what is waited with, and there may be money for it by now

    def forget(self) -> None:
        """Drop the queue, as a crash does: what is owed is on record with each order."""
        self._owed.clear()
        self._postponed.clear()
        self._money_came = None

    def money_in(self) -> None:
        """Wake whoever waits for money."""
        self._inflows += 1
        if self._money_came is not None:
            self._money_came.succeed()
            self._money_came = None

    def _pay(self) -> Process:
        """Settle one debt after the other, waiting for money in between; ends when nothing is owed."""
        while self:
            queue, inflows = self._owed or self._postponed, self._inflows
            if (yield from queue[0]()) is not None:
                queue.popleft()
            elif inflows == self._inflows:  # none came while the bank was asked
                self._money_came = self._shop.clock.event()
                yield self._money_came

    # Refunds

    def give_back(self, order: Order, dues: tuple[Due, ...]) -> Process:
        """Pay refunds that are due, now or when it is their turn and there is money.

        After a crash the bank is asked again at once about those of which it was being asked: a debt that waits in
        front of them may lack the very money that they took.
        """
        for due in dues:
            if not due.is_begun and order.needs_cash and self.go_before(order):
                self.owe(order, partial(self.refund, order, due))
            else:
                yield from self.refund_at_once(order, due)

    def refund_at_once(self, order: Order, due: Due) -> Process:
        """Pay a refund that waits for no other debt, as long as there is money."""
        if (yield from self.refund(order, due)) is None:
            self.owe(order, partial(self.refund, order, due))

    def refund(self, order: Order, due: Due) -> Asking[Receipt | NoReply | Due | None]:
        """Pay a refund; None if there is not the money for it now."""
        if due not in order.dues:  # the bank has given the whole payment back in the meantime
            return due
        shop = self._shop
        refund = Refund(*shop.wallet, due.transaction, due.amount)
        step = f"{due.name}:{due.tries}"
        due.is_begun = True
        reply = yield from shop.insist(shop.bank, refund, step=step, order=order.number)
        if isinstance(reply, Receipt):
            self._note_refund(order, due, reply)
        elif isinstance(reply, Decline):
            due.tries += 1
            due.is_begun = False
            return None
        else:
            shop.desk.advance(order, IN_DOUBT, shop.clock.now)
        return reply

    def _note_refund(self, order: Order, due: Due, receipt: Receipt) -> None:
        shop = self._shop
        now = shop.clock.now
        shop.book.refund(now, receipt.transaction, order.number, receipt.amount, receipt.pocket)
        order.dues = tuple(other for other in order.dues if other is not due)
        if order.is_off and not order.dues:
            shop.desk.advance(order, CANCELLED, now)
