"""The columns of users' orders and purchases that laws read, as one table by number."""

from collections.abc import Mapping

from alesha_sim.audit.reading import Mask, recoded
from alesha_sim.columns import Columns, equals, text_column
from alesha_sim.messages import Method
from alesha_sim.tables.every_order import KINDS, every_order
from alesha_sim.tables.schema import no_rows

_READ = (
    "order", "user", "total", "payment_method", "status", "payment_transaction", "charges_transaction", "advance",
    "buyer", "seller",
)  # fmt: skip
_NONE = {table: no_rows(table) for table in KINDS}


def order_columns(tables: Mapping[str, Columns], *, with_instants: bool) -> Columns:
    """Return the columns of orders; a table that is left out has no rows. `placed_at` only `with_instants`."""
    names = (*_READ, "placed_at") if with_instants else _READ
    return every_order({**_NONE, **tables}, names)


def replenishing(orders: Columns) -> Mask:
    """Tell by order whether an organisation buys."""
    return equals(text_column(orders, "payment_method"), Method.REPLENISHMENT)


def lacking_party(orders: Columns) -> Mask:
    """Tell by order whether it has no seller, or is a purchase with no buyer or one who is the seller."""
    buyer, seller = text_column(orders, "buyer"), text_column(orders, "seller")
    names = tuple(dict.fromkeys((*buyer.labels, *seller.labels)))
    bought_by, sold_by = recoded(buyer, names), recoded(seller, names)
    found: Mask = (sold_by < 0) | (replenishing(orders) & ((bought_by < 0) | (bought_by == sold_by)))
    return found
