"""After the sale, as the shop sees it: goods that come back, complaints about lateness, claims under warranty.

What is granted here is owed to the user from then on; it is paid by `entities/shop/payables.py`.
"""

from collections.abc import Callable

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.entities.shop.order import Article, Claim, Due, Order, Sequel
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.entities.shop.order_states import CAME_BACK
from alesha_sim.entities.shop.own_stock import OwnStock
from alesha_sim.entities.shop.payables import Payables
from alesha_sim.messages import (
    ClaimAccepted,
    Compensated,
    Lines,
    OrderRejected,
    Reason,
    Refusal,
    Replace,
    ReturnReceived,
)
from alesha_sim.network import Answer, Delivery, NoReply


class AfterSale:
    """Takes goods back, compensates and has goods replaced, for orders that were delivered."""

    def __init__(
        self,
        party: Entity,
        desk: OrderDesk,
        book: ShopBook,
        payables: Payables,
        stock: OwnStock | None,
    ) -> None:
        self._party = party
        self._desk = desk
        self._book = book
        self._terms = desk.terms
        self._payables = payables
        self._stock = stock

    # Returns

    def take_back(self, delivery: Delivery) -> Process:
        """Answer `ReturnGoods`: take goods back within their window, and give their price back."""
        lines = delivery.message.lines
        order = self._desk.belonging(delivery.order, delivery.sender)
        objection = Reason.UNKNOWN_ORDER if order is None else self.objection_to_return(order, lines)
        if order is None or objection is not None:
            delivery.answer(Refusal(objection or Reason.UNKNOWN_ORDER, delivery.order))
            return
        received, dues = self._receive(order, lines)
        delivery.answer(received)
        yield from self._payables.give_back(order, dues)

    def objection_to_return(self, order: Order, lines: Lines) -> Reason | None:
        """Say why goods are not taken back, if they are not."""
        objection = self._objection(order, lines)
        if objection is not None:
            return objection
        if not self._is_within(order, lines, lambda article: article.return_window_seconds):
            return Reason.WINDOW_OVER
        if order.is_refunded_late:
            return Reason.ESCROW_CLOSED
        return Reason.NOT_SETTLED if order.is_escrowed else None

    def _receive(self, order: Order, lines: Lines) -> tuple[ReturnReceived, tuple[Due, ...]]:
        """Write down that goods are back and what is given back for them; not more than is left of the payment."""
        desk, sequel = self._desk, _sequel(order)
        now, (price, charge) = self._party.clock.now, desk.value(lines)
        amount = min(price - self._terms.restocking_fee.of(price), order.left)
        link = self._book.returned(now, order.number, desk.products(lines), charge, amount)
        for sku, units in lines:
            sequel.returned[sku] = sequel.returned.get(sku, 0) + units
        sequel.returns += 1
        dues = order.grant(f"return:{sequel.returns}", amount)
        self._sort_out(order, lines)
        if sequel.returned == dict(order.lines):
            desk.note(order, CAME_BACK, now)
        return ReturnReceived(link, lines, amount), dues

    def _sort_out(self, order: Order, lines: Lines) -> None:
        """Write off what came back unfit to be sold; the rest is in the shop's stock."""
        unfit = self._unfit_of(lines)
        if unfit:
            goods, (_, charge) = self._desk.products(unfit), self._desk.value(unfit)
            self._book.written_off(self._party.clock.now, order.number, goods, charge)
        if self._stock is not None:
            bad = dict(unfit)
            self._stock.put_in(tuple((sku, units - bad.get(sku, 0)) for sku, units in lines))

    def _unfit_of(self, lines: Lines) -> Lines:
        """Return which of the goods that came back cannot be sold again: each unit has a draw of its own."""
        unfit, draw = self._terms.unfit, self._terms.unfit_draw
        if not unfit or draw is None:
            return ()
        drawn = [(sku, sum(draw() < unfit for _ in range(units))) for sku, units in lines]
        return tuple(line for line in drawn if line[1])

    # Complaints

    def hear(self, delivery: Delivery) -> Process:
        """Answer `Complain`: compensate, once, for a delivery that was late by the shop's record."""
        order = self._desk.belonging(delivery.order, delivery.sender)
        objection = Reason.UNKNOWN_ORDER if order is None else self._too_early(order)
        if order is None or objection is not None:
            delivery.answer(Refusal(objection or Reason.UNKNOWN_ORDER, delivery.order))
            return
        amount = self.compensation(order)
        if not amount:
            delivery.answer(Compensated())
            return
        _sequel(order).is_compensated = True
        link = self._book.compensated(self._party.clock.now, order.number, amount)
        dues = order.grant("compensation", amount)
        delivery.answer(Compensated(link, amount))
        yield from self._payables.give_back(order, dues)

    def _too_early(self, order: Order) -> Reason | None:
        """Say why it cannot be told yet whether a complaint is justified, or from what to compensate."""
        if not self._terms.compensation.numerator or order.is_off:
            return None
        if not order.is_delivered:
            return Reason.NOT_DELIVERED
        return Reason.NOT_SETTLED if order.is_escrowed else None

    def compensation(self, order: Order) -> int:
        """Return what is given back for lateness, at most what is left of the payment."""
        is_due = order.is_delivered and order.delivered_at > order.promised_at and not order.is_refunded_late
        if not is_due or _sequel(order).is_compensated:
            return 0
        return min(self._terms.compensation.of(order.total), order.left)

    # Claims

    def claim(self, delivery: Delivery) -> Process:
        """Answer `ClaimWarranty`: have broken goods replaced by the supplier, each order line at most once."""
        lines = delivery.message.lines
        order = self._desk.belonging(delivery.order, delivery.sender)
        objection = Reason.UNKNOWN_ORDER if order is None else self.objection_to_claim(order, lines)
        if order is None or objection is not None:
            delivery.answer(Refusal(objection or Reason.UNKNOWN_ORDER, delivery.order))
            return
        claim = Claim(lines, Answer(delivery))
        sequel = _sequel(order)
        sequel.claims.append(claim)
        sequel.claimed.update(lines)
        yield from self._replace(order, claim)

    def objection_to_claim(self, order: Order, lines: Lines) -> Reason | None:
        """Say why goods are not replaced, if they are not."""
        objection = self._objection(order, lines)
        if objection is not None:
            return objection
        if any(sku in _sequel(order).claimed for sku, _ in lines):
            return Reason.MORE_THAN_BOUGHT
        is_within = self._is_within(order, lines, lambda article: article.warranty_seconds)
        return None if is_within else Reason.WARRANTY_OVER

    def _replace(self, order: Order, claim: Claim) -> Process:
        """Have the supplier send new goods, and tell the user whether it does."""
        party = self._party
        step = "replace:" + ",".join(sku for sku, _ in claim.lines)
        replace = Replace(claim.lines, order.user)
        reply = yield from party.insist(party.supplier, replace, step=step, order=order.number)
        if isinstance(reply, NoReply):
            return
        _sequel(order).claims.remove(claim)
        if isinstance(reply, OrderRejected):
            claim.answer.give(Refusal(reply.reason, order.number))
        else:
            claim.answer.give(ClaimAccepted())

    def resume(self, order: Order) -> None:
        """Go on after a crash with claims about which the supplier has not been heard."""
        for claim in () if order.sequel is None else tuple(order.sequel.claims):
            claim.answer.resume(self._party.inbox)
            self._party.run(self._replace(order, claim))

    # What returns and claims have in common

    def _objection(self, order: Order, lines: Lines) -> Reason | None:
        """Say why these goods can be neither returned nor claimed: not there, no such goods, or too many."""
        if not order.is_delivered:
            return Reason.NOT_DELIVERED
        objection = self._desk.objection(lines)
        if objection is not None:
            return objection
        bought, returned = dict(order.lines), _sequel(order).returned
        is_more = any(units + returned.get(sku, 0) > bought.get(sku, 0) for sku, units in lines)
        return Reason.MORE_THAN_BOUGHT if is_more else None

    def _is_within(self, order: Order, lines: Lines, seconds: Callable[[Article], float]) -> bool:
        """Tell whether the delivery is as recent as the term of every product asks for."""
        age, articles = self._party.clock.now - order.delivered_at, self._desk.articles
        return all(age <= seconds(articles[sku]) for sku, _ in lines)


def _sequel(order: Order) -> Sequel:
    """Return what came after the sale; most orders have none, and no record of it."""
    if order.sequel is None:
        order.sequel = Sequel()
    return order.sequel
