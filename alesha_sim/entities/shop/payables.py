"""What the shop owes: charges to its suppliers, refunds to users. Each debt waits here for the money to pay it.

What the shop orders for its own stock waits behind all that it owes for its users' orders.
"""

from collections.abc import Callable
from typing import Any

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.debts import Debts
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.entities.shop.order import Order, RefundPayable
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.entities.shop.order_states import CANCELLATION_DONE, UNANSWERED
from alesha_sim.messages import Decline, Receipt, Refund
from alesha_sim.network import NoReply


class Payables(Debts):
    """The queue of debts, and the refunds that may end up in it; `buy` pays an order's charges.

    A debt is an order and the refund that is due for it, or None for the charges of its goods. What `buy` and
    `refund` come to is None if there is not the money for it now.
    """

    def __init__(
        self,
        party: Entity,
        desk: OrderDesk,
        book: ShopBook,
        wallet: Wallet,
        buy: Callable[[Any], Asking[object]],
    ) -> None:
        super().__init__(party)
        self._desk = desk
        self._book = book
        self.wallet = wallet
        self._buy = buy

    def has_prior_debts(self, order: Order) -> bool:
        """Whether other debts wait for money that are paid before those of an order."""
        return self.are_prior(to_postponed=order.user < 0)

    def enqueue(self, order: Order, payable: RefundPayable | None = None) -> None:
        """Let a refund, or an order's charges, wait for their turn and for money."""
        self.add((order, payable), is_postponed=order.user < 0)

    def settle(self, debt: Any) -> Asking[object]:
        """Pay a refund, or the charges of an order."""
        order, payable = debt
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
