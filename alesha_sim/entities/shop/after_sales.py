"""After the sale, as the shop sees it: goods that come back, complaints about lateness, claims under warranty.

What is granted here is owed to the user from then on; it is paid by `entities/shop/payables.py`.
"""

from collections.abc import Callable

from alesha_sim.books.goods_value import part_of
from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.entities.shop.order import AfterSaleRecord, CatalogueItem, Order, RefundPayable, WarrantyClaim
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
        order = self._desk.find_for(delivery.order, delivery.sender)
        refusal_reason = Reason.UNKNOWN_ORDER if order is None else self.return_refusal_reason(order, lines)
        if order is None or refusal_reason is not None:
            delivery.answer(Refusal(refusal_reason or Reason.UNKNOWN_ORDER, delivery.order))
            return
        received, refunds_payable = self._receive(order, lines)
        delivery.answer(received)
        yield from self._payables.give_back(order, refunds_payable)

    def return_refusal_reason(self, order: Order, lines: Lines) -> Reason | None:
        """Say why goods are not taken back, if they are not."""
        refusal_reason = self._refusal_reason(order, lines)
        if refusal_reason is not None:
            return refusal_reason
        if not self._is_within(order, lines, lambda item: item.return_window_seconds):
            return Reason.RETURN_WINDOW_OVER
        if order.is_refunded_late:
            return Reason.ESCROW_CLOSED
        return Reason.NOT_SETTLED if order.is_escrowed else None

    def _receive(self, order: Order, lines: Lines) -> tuple[ReturnReceived, tuple[RefundPayable, ...]]:
        """Write down that goods are back and what is given back for them; not more than is left of the payment."""
        desk, after_sale_record = self._desk, _record_of(order)
        now, (price, _) = self._party.clock.now, desk.value_of(order, lines)
        amount = min(price - self._terms.restocking_fee.of(price), order.left)
        entry = self._book.returned(now, order.number, desk.products(lines), self._costs(order, lines), amount)
        for sku, units in lines:
            after_sale_record.returned[sku] = after_sale_record.returned.get(sku, 0) + units
        after_sale_record.returns += 1
        refunds_payable = order.grant(f"return:{after_sale_record.returns}", amount)
        self._sort_out(order, lines)
        if after_sale_record.returned == dict(order.lines):
            desk.note(order, CAME_BACK, now)
        return ReturnReceived(entry, lines, amount), refunds_payable

    def _costs(self, order: Order, lines: Lines) -> list[int]:
        """Return what each line that came back was worth when it left, so that all portions are worth it all."""
        if order.costs is None:
            return self._desk.charges(order, lines)
        before = _record_of(order).returned
        costs = {sku: (units, cost) for (sku, units), cost in zip(order.lines, order.costs, strict=True)}
        return [part_of(costs[sku][1], costs[sku][0], before.get(sku, 0), units) for sku, units in lines]

    def _sort_out(self, order: Order, lines: Lines) -> None:
        """Write off what came back unfit to be sold; the rest is in the shop's stock."""
        unfit = self._unfit_of(lines)
        if unfit:
            self._book.written_off(self._party.clock.now, order.number, self._desk.products(unfit))
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

    def answer_complaint(self, delivery: Delivery) -> Process:
        """Answer `Complain`: compensate, once, for a delivery that was late by the shop's record."""
        order = self._desk.find_for(delivery.order, delivery.sender)
        refusal_reason = Reason.UNKNOWN_ORDER if order is None else self._too_early(order)
        if order is None or refusal_reason is not None:
            delivery.answer(Refusal(refusal_reason or Reason.UNKNOWN_ORDER, delivery.order))
            return
        amount = self.compensation(order)
        if not amount:
            delivery.answer(Compensated())
            return
        _record_of(order).is_compensated = True
        entry = self._book.compensated(self._party.clock.now, order.number, amount)
        refunds_payable = order.grant("compensation", amount)
        delivery.answer(Compensated(entry, amount))
        yield from self._payables.give_back(order, refunds_payable)

    def _too_early(self, order: Order) -> Reason | None:
        """Say why it is not known yet whether a complaint is justified, or from what to compensate."""
        if not self._terms.compensation.numerator or order.is_off:
            return None
        if not order.is_delivered:
            return Reason.NOT_DELIVERED
        return Reason.NOT_SETTLED if order.is_escrowed else None

    def compensation(self, order: Order) -> int:
        """Return what is given back for lateness, at most what is left of the payment."""
        is_due = order.is_delivered and order.delivered_at > order.promised_at and not order.is_refunded_late
        if not is_due or _record_of(order).is_compensated:
            return 0
        return min(self._terms.compensation.of(order.total), order.left)

    # Claims

    def answer_claim(self, delivery: Delivery) -> Process:
        """Answer `ClaimWarranty`: have broken goods replaced by the supplier, each order line at most once."""
        lines = delivery.message.lines
        order = self._desk.find_for(delivery.order, delivery.sender)
        refusal_reason = Reason.UNKNOWN_ORDER if order is None else self.claim_refusal_reason(order, lines)
        if order is None or refusal_reason is not None:
            delivery.answer(Refusal(refusal_reason or Reason.UNKNOWN_ORDER, delivery.order))
            return
        claim = WarrantyClaim(lines, Answer(delivery))
        after_sale_record = _record_of(order)
        after_sale_record.claims.append(claim)
        after_sale_record.claimed.update(lines)
        yield from self._replace(order, claim)

    def claim_refusal_reason(self, order: Order, lines: Lines) -> Reason | None:
        """Say why goods are not replaced, if they are not."""
        refusal_reason = self._refusal_reason(order, lines)
        if refusal_reason is not None:
            return refusal_reason
        if any(sku in _record_of(order).claimed for sku, _ in lines):
            return Reason.MORE_THAN_BOUGHT
        is_within = self._is_within(order, lines, lambda item: item.warranty_seconds)
        return None if is_within else Reason.WARRANTY_OVER

    def _replace(self, order: Order, claim: WarrantyClaim) -> Process:
        """Have the supplier send new goods, and tell the user whether it does."""
        party = self._party
        step = "replace:" + ",".join(sku for sku, _ in claim.lines)
        replace = Replace(claim.lines, order.user)
        reply = yield from party.ask_until_answered(
            party.channel_to(order.seller.code), replace, step=step, order=order.number
        )
        if isinstance(reply, NoReply):
            return
        _record_of(order).claims.remove(claim)
        if isinstance(reply, OrderRejected):
            claim.answer.give(Refusal(reply.reason, order.number))
        else:
            claim.answer.give(ClaimAccepted())

    def resume(self, order: Order) -> None:
        """Go on after a crash with claims about which the supplier has not been heard."""
        for claim in () if order.after_sale_record is None else tuple(order.after_sale_record.claims):
            claim.answer.resume(self._party.inbox)
            self._party.run(self._replace(order, claim))

    # What returns and claims have in common

    def _refusal_reason(self, order: Order, lines: Lines) -> Reason | None:
        """Say why these goods can be neither returned nor claimed: not there, no such goods, or too many."""
        if not order.is_delivered:
            return Reason.NOT_DELIVERED
        refusal_reason = self._desk.refusal_reason(lines)
        if refusal_reason is not None:
            return refusal_reason
        bought, returned = dict(order.lines), _record_of(order).returned
        is_more = any(units + returned.get(sku, 0) > bought.get(sku, 0) for sku, units in lines)
        return Reason.MORE_THAN_BOUGHT if is_more else None

    def _is_within(self, order: Order, lines: Lines, seconds: Callable[[CatalogueItem], float]) -> bool:
        """Tell whether the delivery is as recent as the term of every product asks for."""
        age, catalogue = self._party.clock.now - order.delivered_at, self._desk.catalogue
        return all(age <= seconds(catalogue[sku]) for sku, _ in lines)


def _record_of(order: Order) -> AfterSaleRecord:
    """Return what came after the sale; most orders have none, and no record of it."""
    if order.after_sale_record is None:
        order.after_sale_record = AfterSaleRecord()
    return order.after_sale_record
