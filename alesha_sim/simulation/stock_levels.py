"""What the organisations of a simulation have in stock, owe and have ordered, as a collector samples it."""

from collections.abc import Iterator

from alesha_sim.entities.stock import Warehouse
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.units import DAY

COLLECTED = "stock"
"""The name under which `watch_weekly` collects."""


def stock_levels(simulation: Simulation) -> dict[str, float]:
    """Return the units of each keeper of goods and product: free, back-ordered, on order, ordered in all.

    With `simulation.collect("stock", stock_levels, every="7 days")` they are sampled each week; a column is called
    `wholesaler beer free`, for example.
    """
    found: dict[str, float] = {}
    for name, warehouse in _warehouses(simulation):
        for product, sku in enumerate(simulation.skus):
            found[f"{name} {sku} free"] = warehouse.available[product]
            found[f"{name} {sku} backordered"] = warehouse.backordered[product]
            found[f"{name} {sku} on order"] = warehouse.on_order[product]
            found[f"{name} {sku} ordered"] = warehouse.ordered[product]
    return found


def watch_weekly(simulation: Simulation) -> None:
    """Sample `stock_levels` each week into `result.collected["stock"]`: a `setup` of a run."""
    simulation.collect(COLLECTED, stock_levels, every=7 * DAY)


def _warehouses(simulation: Simulation) -> Iterator[tuple[str, Warehouse]]:
    """Yield the warehouse of each shop that keeps goods, then of each supplier."""
    for name, shop in simulation.shops.items():
        if shop.stock is not None:
            yield name, shop.stock.warehouse
    for name, supplier in simulation.suppliers.items():
        yield name, supplier.production.warehouse
