"""The storefront: shows products, registers users and logs them in, validates carts; one method a request."""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.entities.shop.order import Order
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import (
    Checkout,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
    Method,
    ProductPage,
    Reason,
    Refusal,
    Register,
    Registered,
    Reply,
    Secret,
    ViewHomepage,
    ViewProduct,
)

_REGISTERED, _LOGGED_IN, _REPLENISHMENT = Registered(), LoggedIn(), Method.REPLENISHMENT
_NOT_REGISTERED = Refusal(Reason.NOT_REGISTERED)


class Storefront:
    """Answers users who look, register, log in or check out; `placed(order)` is called for each new order.

    `registered_at` takes the instant, seconds, at which each user registered first, here or at another shop.
    """

    def __init__(
        self,
        clock: Clock,
        desk: OrderDesk,
        registered_at: npt.NDArray[np.float64],
        placed: Callable[[Order], None],
    ) -> None:
        self._clock = clock
        self._desk = desk
        self._products: dict[str, ProductPage] = {}
        self._homepage = self._printed(desk.catalogue)
        self._registered_at = registered_at
        self._placed = placed
        self._pages: dict[type, Callable[[Any, int], Reply]] = {
            ViewHomepage: lambda _, __: self._homepage,
            Register: lambda register, user: self.register(user, register.password),
            LogIn: lambda log_in, user: self.log_in(user, log_in.password),
            ViewProduct: lambda view, _: self.product(view.sku),
            Checkout: self.check_out,
        }
        self._passwords: dict[int, bytes] = {}
        self._logged_in: set[int] = set()

    def answer(self, message: object, user: int) -> Reply:
        """Answer a request for a page, by the prices of now."""
        if self._clock.now >= self._desk.pages_hold_until:
            self._homepage = self._printed(self._desk.renew_prices(self._clock.now))
        page = self._pages.get(type(message))
        if page is None:
            raise TypeError(f"the shop does not understand {type(message).__name__}")
        return page(message, user)

    def _printed(self, changed: Iterable[str]) -> Homepage:
        """Make the pages of products that changed, and return the home page."""
        catalogue = self._desk.catalogue
        for sku in changed:
            item = catalogue[sku]
            self._products[sku] = ProductPage(item.offer, item.warranty_seconds, item.return_window_seconds)
        offers = [] if self._is_closed else [item.offer for item in catalogue.values()]
        return Homepage(tuple(offers), self._desk.terms.promise_seconds)

    @property
    def _is_closed(self) -> bool:
        return self._clock.now >= self._desk.terms.closes_at

    def register(self, user: int, password: Secret) -> Registered | Refusal:
        """Give a user a login, once."""
        if user in self._passwords:
            return Refusal(Reason.ALREADY_REGISTERED)
        self._passwords[user] = _digest(password)
        if isnan(self._registered_at[user]):  # another shop may know the user
            self._registered_at[user] = self._clock.now
        return _REGISTERED

    def log_in(self, user: int, password: Secret) -> LoggedIn | Refusal:
        """Let a registered user in who knows the password."""
        known = self._passwords.get(user)
        if known is None:
            return _NOT_REGISTERED
        if known != _digest(password):
            return Refusal(Reason.WRONG_PASSWORD)
        self._logged_in.add(user)
        return _LOGGED_IN

    def product(self, sku: str) -> ProductPage | Refusal:
        """Show one product."""
        return self._products.get(sku) or Refusal(Reason.UNKNOWN_PRODUCT)

    def check_out(self, checkout: Checkout, user: int) -> Invoice | Refusal:
        """Take the order of a user who is logged in, and say what it costs."""
        refusal_reason = self._refusal_reason(checkout, user)
        if refusal_reason is not None:
            return Refusal(refusal_reason)
        order = self._desk.place(self._clock.now, user, checkout.lines, checkout.method)
        self._placed(order)
        return Invoice(order.number, order.total, order.advance, order.promised_at, order.price_list)

    def _refusal_reason(self, checkout: Checkout, user: int) -> Reason | None:
        """Say why an order is not taken, if it is not."""
        if user not in self._logged_in:
            return Reason.NOT_LOGGED_IN
        if self._is_closed:
            return Reason.SHOP_CLOSED
        refusal_reason = self._desk.refusal_reason(checkout.lines)
        if refusal_reason is not None:
            return refusal_reason
        if checkout.total is not None and checkout.total != self._desk.value(checkout.lines)[0]:
            return Reason.WRONG_TOTAL
        if checkout.method is _REPLENISHMENT:
            return Reason.METHOD_NOT_OFFERED
        return None if self._desk.allows(user, checkout.lines) else Reason.PURCHASE_LIMIT_REACHED


def _digest(password: Secret) -> bytes:
    """Return what the shop keeps of a password."""
    return blake2b(password.encode(), digest_size=16).digest()
