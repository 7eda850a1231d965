"""The terms on which a shop trades, in the units of a run: minor units, seconds, shares as exact fractions."""

from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from alesha_sim.entities.courier import Courier
from alesha_sim.entities.price_lists import Changes
from alesha_sim.entities.shop.order import CatalogueItem
from alesha_sim.entities.sources import PurchasingTerms
from alesha_sim.entities.stock import StockTerms
from alesha_sim.units import Share


class ShopTerms(NamedTuple):
    """What a shop sells and on which terms; `simulation/terms.py` makes it from a scenario.

    Serving a page takes one of `workers` (None: as many as it takes) `page_seconds()`. The share `advance` of an
    order is paid from an account before delivery, which is promised within `promise_seconds`; an order that nobody
    pays is cancelled after `unpaid_seconds`; one user may order `purchase_limit` units of a product in all.

    After the sale the share `restocking_fee` of the price is kept when goods come back, and of these the share
    `unfit` is written off, as `unfit_draw` has it; the share `compensation` of an order's price is given back for
    late delivery. A shop that does not keep closed orders (`keeps_orders`) grants none of this.

    It buys by `purchasing`. With `stock` the shop keeps goods of its own, by its policy, and a `courier` brings
    them; an order that it cannot serve from there waits if it `backorders`, and is a supplier's otherwise.

    `price_changes` say from which instants on (seconds) products cost something else than their offers say; from
    `closes_at` on it offers nothing and takes no order.
    """

    catalogue: Sequence[CatalogueItem]
    purchasing: PurchasingTerms
    page_seconds: Callable[[], float]
    workers: int | None = None
    unpaid_seconds: float | None = None
    promise_seconds: float = inf
    advance: Share = Share(1)
    purchase_limit: int | None = None
    keeps_orders: bool = False
    restocking_fee: Share = Share(0)
    unfit: float = 0.0
    unfit_draw: Callable[[], float] | None = None
    compensation: Share = Share(0)
    stock: StockTerms | None = None
    courier: Courier | None = None
    price_changes: Changes = ()
    backorders: bool = False
    closes_at: float = inf
