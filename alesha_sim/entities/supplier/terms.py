"""The terms on which a supplier delivers, in the units of a run: minor units, seconds, exact shares."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from alesha_sim.entities.courier import Courier
from alesha_sim.entities.sources import PurchasingTerms
from alesha_sim.entities.stock import StockTerms
from alesha_sim.units import Share
from alesha_sim.vocabulary import SHOP

NO_LEAD_TIMES: Mapping[int, Callable[[], float]] = {}


class SupplierTerms(NamedTuple):
    """What a supplier makes and on which terms; `simulation/terms.py` makes it from a scenario.

    `charges` maps each SKU to (product index, charge in minor units), the indices counting from 0. To look at an
    order takes one of `workers` (None: as many as it takes) `handling_seconds()`, to make its goods
    `lead_seconds()`; then the `courier` brings them. Goods are kept by `stock`; `unmet_demand` waits or is
    rejected. Under `partial` every line is shipped as soon as it is complete, except where something is collected
    at the door.

    A parcel that was refused costs `return_transport`, minor units, of which the share `transport_charged` is kept
    back from the charges returned. What is paid at doors goes to the shop after `remit_seconds`.

    Only the `buyers`, by their codes, can order. Goods for a buyer's stock go in `parts`, as far as there are any;
    `on_credit` they are paid after a run, or else before they are sent.

    A product in `lead_by_product`, by its index, takes that time and not `lead_seconds()`. With `purchasing` the
    supplier makes nothing: it buys what it sells.
    """

    charges: Mapping[str, tuple[int, int]]
    handling_seconds: Callable[[], float]
    lead_seconds: Callable[[], float]
    courier: Courier
    stock: StockTerms
    workers: int | None = None
    unmet_demand: Literal["backordered", "rejected"] = "backordered"
    partial: bool = False
    return_transport: int = 0
    transport_charged: Share = Share(1)
    remit_seconds: float = 0.0
    buyers: frozenset[int] = frozenset({SHOP})
    parts: bool = False
    on_credit: bool = False
    lead_by_product: Mapping[int, Callable[[], float]] = NO_LEAD_TIMES
    purchasing: PurchasingTerms | None = None
