"""The shop's order desk: which orders it remembers, in which status, what a cart must hold. No processes here."""

from collections.abc import Sequence
from math import inf
from typing import Any

from alesha_sim.entities.price_lists import PriceLists
from alesha_sim.entities.shop.order import CLOSED, CatalogueItem, Order
from alesha_sim.entities.shop.order_states import ARRIVED, status_after
from alesha_sim.entities.shop.terms import ShopTerms
from alesha_sim.entities.sources import Seller, Sources
from alesha_sim.messages import Confirmation, Lines, Method, Offer, Reason
from alesha_sim.recording.order_log import OrderLog
from alesha_sim.vocabulary import CANCELLED, COMPLETED, DECLINED, NO_ID, RECEIVED, SHOP, STATUSES

_ACCOUNT = Method.ACCOUNT


class OrderDesk:
    """Takes orders and follows their status by the table in `order_states.py`; every change is recorded in `log`.

    Closed orders are forgotten once no news of them is awaited, unless the terms ask to keep them.
    """

    def __init__(self, terms: ShopTerms, log: OrderLog, sources: Sources) -> None:
        self.terms = terms
        self.catalogue = {item.offer.sku: item for item in terms.catalogue}
        self.log = log
        self.seller: int = SHOP
        """The shop's code."""
        self._prices = {
            item.offer.sku: (product, item.offer.price, charge)
            for product, (item, charge) in enumerate(zip(terms.catalogue, sources.sellers[0].charges, strict=True))
        }
        self.sources = sources
        # Asked at every message: an attribute of an object is found faster than one of a named tuple.
        self._promise_seconds, self._advance = terms.promise_seconds, terms.advance
        self._limit, self._keeps_orders = terms.purchase_limit, terms.keeps_orders
        self._price_list = 0
        self._price_lists = PriceLists(
            {item.offer.sku: item.offer.price for item in terms.catalogue}, terms.price_changes
        )
        self.pages_hold_until = min(self._price_lists.ends_after(0), terms.closes_at)
        self._orders: dict[int, Order] = {}
        self._ordered: dict[tuple[int, str], int] = {}

    def refusal_reason(self, lines: Sequence[tuple[Any, Any]]) -> Reason | None:
        """Say what is wrong with a cart, if anything: known products, each once, in positive whole numbers."""
        if not lines:
            return Reason.EMPTY_CART
        for sku, units in lines:
            if sku not in self.catalogue:
                return Reason.UNKNOWN_PRODUCT
            if type(units) is not int or units < 1:
                return Reason.INVALID_QUANTITY
        is_repeated = len(lines) > 1 and len({sku for sku, _ in lines}) < len(lines)
        return Reason.REPEATED_PRODUCT if is_repeated else None

    def allows(self, user: int, lines: Lines) -> bool:
        """Tell whether the user may order so much, on top of their orders that were not declined or cancelled."""
        limit, ordered = self._limit, self._ordered
        return limit is None or all(ordered.get((user, sku), 0) + units <= limit for sku, units in lines)

    def renew_prices(self, now: float) -> list[str]:
        """Ask the prices of this instant from now on, and return the products whose price changed."""
        number = self._price_lists.number_at(now)
        changed: dict[str, None] = {}
        for each in range(self._price_list + 1, number + 1):
            changed.update(dict.fromkeys(self._price_lists.changed(each)))
        self._price_list = number
        closes_at = self.terms.closes_at
        self.pages_hold_until = min(self._price_lists.ends_after(number), closes_at if now < closes_at else inf)
        for sku in changed:
            item = self.catalogue[sku]
            product, _, charge = self._prices[sku]
            price = self._price_lists.price(sku, number)
            offer = Offer(sku, item.offer.name, item.offer.marked_price, price)
            self.catalogue[sku] = CatalogueItem(offer, charge, item.warranty_seconds, item.return_window_seconds)
            self._prices[sku] = product, price, charge
        return list(changed)

    def value(self, lines: Lines) -> tuple[int, int]:
        """Return what a valid cart costs now, and what the supplier takes for these goods."""
        total = charges = 0
        for sku, units in lines:
            _, price, charge = self._prices[sku]
            total += price * units
            charges += charge * units
        return total, charges

    def charges(self, order: Order, lines: Lines) -> list[int]:
        """Return what the supplier of an order takes for each line of goods."""
        return [order.seller.charges[self._prices[sku][0]] * units for sku, units in lines]

    def products(self, lines: Lines) -> list[tuple[int, int]]:
        """Return goods as books know them: product index and units."""
        return [(self._prices[sku][0], units) for sku, units in lines]

    def place(self, at: float, user: int, lines: Lines, method: Method = _ACCOUNT) -> Order:
        """Take an order for a valid cart."""
        total, charges = self.value(lines)
        promised_at = at + self._promise_seconds
        advance = self._advance.of(total) if method is _ACCOUNT else 0
        number = self.log.placed(at, user, self.seller, total, method, advance, promised_at)
        order = Order(number, user, lines, total, charges, advance, promised_at, self.sources.sellers[0])
        order.price_list = self._price_list
        for sku, units in lines:
            product, price, charge = self._prices[sku]
            order.last_line = self.log.line(number, product, units, price, charge)
        self._orders[number] = order
        self._count(order, 1)
        return order

    def payable(self, number: int, user: int, *, at_door: bool = False) -> Order | Reason:
        """Return the order, if it is this user's to pay, now or at the door, and nobody is paying it."""
        order = self.find_for(number, user)
        if order is None or (order.status in CLOSED and not self._keeps_orders):
            return Reason.UNKNOWN_ORDER
        is_due = order.status == RECEIVED and order.answer is None and (order.advance == 0) == at_door
        return order if is_due else Reason.NOT_PAYABLE

    def find(self, number: int) -> Order | None:
        """Return an order, if it is remembered."""
        return self._orders.get(number)

    def find_for(self, number: int, user: int) -> Order | None:
        """Return an order, if it is remembered and this user's."""
        order = self._orders.get(number)
        return None if order is None or order.user != user else order

    def all_open(self) -> list[Order]:
        """Return all orders of which something is unfinished."""
        return [order for order in self._orders.values() if _is_unfinished(order)]

    def value_of(self, order: Order, lines: Lines) -> tuple[int, int]:
        """Return price and charge of goods of an order."""
        if lines == order.lines:
            return order.total, order.charges
        price, charge = self.value(lines)[0], sum(self.charges(order, lines))
        if order.price_list != self._price_list:
            price = sum([self._price_lists.price(sku, order.price_list) * units for sku, units in lines])
        return price, charge

    def sell_by(self, order: Order, seller: Seller) -> None:
        """Have an order supplied by a seller, at what that one takes."""
        if seller is order.seller:
            return
        order.seller = seller
        order.charges = sum(self.charges(order, order.lines))
        first = order.last_line - len(order.lines) + 1
        for row, (sku, _) in enumerate(order.lines, first):
            self.log.charge(row, seller.charges[self._prices[sku][0]])

    def receive(self, order: Order, lines: Lines, at: float) -> None:
        """Note that goods of an order have arrived; with the last of them it is completed."""
        order.undelivered = {} if lines == order.lines else self._still_to_come(order, lines)
        if not order.undelivered:
            order.delivered_at = at
            self.log.fill(order.number, "delivered_at", at)
            self.note(order, ARRIVED, at)

    def _still_to_come(self, order: Order, lines: Lines) -> dict[str, int]:
        """Return which units of an order are missing after these have arrived."""
        missing = order.undelivered or dict(order.lines)
        for sku, units in lines:
            missing[sku] -= units
        return {sku: units for sku, units in missing.items() if units > 0}

    def note(self, order: Order, event: int, at: float) -> None:
        """Note what happened to an order; raises ImpossibleTransition if that cannot happen in its status."""
        status = status_after(event, order.status, order.number)
        if status == order.status:
            return
        order.status = status
        self.log.status(order.number, status, order.reason)
        if status in (COMPLETED, CANCELLED, DECLINED):
            self.log.fill(order.number, "closed_at", at)
            if status != COMPLETED:
                self._count(order, -1)
            self.forget(order)

    def set_reason(self, order: Order, reason: Reason) -> None:
        """Record a reason for an order; its status stays."""
        order.reason = reason
        self.log.status(order.number, order.status, reason)

    def forget(self, order: Order) -> None:
        """Forget an order if it is closed, no news of it is awaited, and the shop does not keep such."""
        if order.status in CLOSED and not (self._keeps_orders or order.is_escrowed):
            self._orders.pop(order.number, None)

    def _count(self, order: Order, sign: int) -> None:
        """Count what users have ordered, where there is a limit to it."""
        if self._limit is None:
            return
        for sku, units in order.lines:
            key = order.user, sku
            self._ordered[key] = self._ordered.get(key, 0) + sign * units

    def confirmation(self, order: Order) -> Confirmation:
        """Return the success message."""
        paid = f"Your payment was received (transaction {order.payment})."
        if order.payment == NO_ID:
            paid = "Your order was received; it is to be paid at the door."
        text = f"{paid} The ordered products will be supplied: {self.describe(order)}."
        return Confirmation(order.number, order.payment, order.advance, STATUSES[order.status], text, order.fee)

    def describe(self, order: Order) -> str:
        """Return what was ordered, as a person reads it: `1 HP laptop, 2 Apple watch`."""
        return ", ".join([f"{units} {self.catalogue[sku].offer.name}" for sku, units in order.lines])


def _is_unfinished(order: Order) -> bool:
    return (
        not order.is_closed
        or bool(order.refunds_payable)
        or (order.after_sale_record is not None and bool(order.after_sale_record.claims))
    )


def is_unpaid(order: Order) -> bool:
    """Tell whether nobody has begun to pay an order."""
    return order.status == RECEIVED and order.answer is None
