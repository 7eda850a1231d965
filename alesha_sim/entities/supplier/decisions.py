"""What a supplier decides about an order: whether it is paid, whose it is, and whether it is taken on."""

from typing import Any

from alesha_sim.entities.stock import Goods, Warehouse
from alesha_sim.entities.supplier.terms import SupplierTerms
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import Decline, Lines, PlaceOrder, Reason, Replace, Verification
from alesha_sim.vocabulary import NO_ID


class Decisions:
    """Decides by the supplier's terms and its warehouse; charges are paid into its `account`."""

    def __init__(self, clock: Clock, warehouse: Warehouse, account: int, terms: SupplierTerms) -> None:
        self._clock = clock
        self._warehouse = warehouse
        self._account = account
        self._terms = terms
        self._charges = terms.charges
        self._stock: Any = terms.stock.policy  # one of somebody's own may answer with anything

    def accepts(self, lines: Lines) -> bool:
        """Tell whether an order is taken: the policy takes it, and what is not there may be waited for."""
        if not self._stock.accepts(lines):
            return False
        if self._terms.unmet_demand == "backordered":
            return True
        goods = self.products(lines)
        served = self._warehouse.can_serve(goods)
        if not served:
            self._warehouse.demand(goods, self._clock.now)
        return served

    def is_on_credit(self, message: PlaceOrder, sender: int) -> bool:
        """Tell whether a buyer orders for its own stock, and owes the charges."""
        return (
            self._terms.on_credit
            and message.user == sender
            and sender in self._terms.buyers
            and message.charges == NO_ID
            and all(sku in self._charges for sku, _ in message.lines)
        )

    def refusal_reason(self, message: PlaceOrder, payment: Verification | Decline, order: int) -> Reason | None:
        """Say why the named transaction does not pay for this order, if it does not."""
        try:
            due = self.due(message.lines)
        except KeyError:
            return Reason.UNKNOWN_PRODUCT
        if isinstance(payment, Decline):
            return payment.reason
        is_paid = payment.order == order and payment.payee == self._account and payment.amount == due
        return None if is_paid else Reason.TRANSACTION_MISMATCH

    def replacement_refusal_reason(self, message: Replace, sender: int) -> Reason | None:
        """Say why broken goods are not replaced, if they are not."""
        if sender not in self._terms.buyers:
            return Reason.NOT_THE_SHOP
        if any(sku not in self._charges for sku, _ in message.lines):
            return Reason.UNKNOWN_PRODUCT
        return None if self.accepts(message.lines) else Reason.OUT_OF_STOCK

    def due(self, lines: Lines) -> int:
        """Return what the supplier takes for goods, in minor units."""
        return sum(self._charges[sku][1] * units for sku, units in lines)

    def products(self, lines: Lines) -> Goods:
        """Return goods as books know them: product index and units."""
        return [(self._charges[sku][0], units) for sku, units in lines]
