"""What the organisations of a simulation have in stock, owe and have on order, as a collector samples it."""

from collections.abc import Iterator

from alesha_sim.entities.stock import Warehouse
from alesha_sim.simulation.simulation import Simulation


def stock_levels(simulation: Simulation) -> dict[str, float]:
    """Return the units of each keeper of goods and product: free, back-ordered, on order, by such names.

    With `simulation.collect("stock", stock_levels, every="7 days")` they are sampled each week; a column is called
    `wholesaler beer free`, for example.
    """
    found: dict[str, float] = {}
    for name, warehouse in _warehouses(simulation):
        for product, sku in enumerate(simulation.skus):
            found[f"{name} {sku} free"] = warehouse.available[product]
            found[f"{name} {sku} backordered"] = warehouse.backordered[product]
            found[f"{name} {sku} on order"] = warehouse.on_order[product]
    return found


def _warehouses(simulation: Simulation) -> Iterator[tuple[str, Warehouse]]:
    """Yield the warehouse of each shop that keeps goods, then of each supplier."""
    for name, shop in simulation.shops.items():
        if shop.stock is not None:
            yield name, shop.stock.warehouse
    for name, supplier in simulation.suppliers.items():
        yield name, supplier.production.warehouse
