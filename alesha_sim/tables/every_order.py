"""Users' orders and organisations' purchases as one table, in the order of their numbers."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import MISSING_TIME, Column, Columns, TextColumn, codes, numbers, rows, text_column
from alesha_sim.messages import Method
from alesha_sim.tables.schema import SCHEMA, Type
from alesha_sim.tables.source import picked
from alesha_sim.vocabulary import NO_ID

KINDS = ("orders", "purchases")
"""The tables whose rows are orders; their numbers are one sequence."""

_FILLERS = {Type.TIME: MISSING_TIME, Type.AMOUNT: 0}


def every_order(tables: Mapping[str, Columns], names: Sequence[str] | None = None) -> Columns:
    """Return columns (default: all) of users' orders and purchases together, as in `orders`, and the `buyer`.

    Rows stand by number. A purchase is no user's (-1) and a replenishment; it has no advance, payment or promise.
    The buyer of a user's order is not named.
    """
    orders, purchases = (tables[table] for table in KINDS)
    names = [*orders, "buyer"] if names is None else names
    nobody = TextColumn(np.full(rows(orders), NO_ID, np.int32), ())
    found = {name: nobody if name == "buyer" else orders[name] for name in names}
    if not rows(purchases):
        return found
    rank = np.argsort(np.concatenate([numbers(each, "order") for each in (orders, purchases)]), kind="stable")
    return picked({name: _both(name, column, purchases) for name, column in found.items()}, rank)


def row_of(orders: Columns, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the row that each order has in a table of orders by its number; -1 for those that are not there."""
    known = numbers(orders, "order")
    places = np.searchsorted(known, wanted)
    is_there = np.append(known, NO_ID - 1)[places] == wanted
    return np.where(is_there, places, NO_ID)


def _both(name: str, column: Column, purchases: Columns) -> Column:
    """Return a column of `orders` with the values of purchases behind it, or what stands for none of them."""
    if isinstance(column, TextColumn):
        more = text_column(purchases, name) if name in purchases else _replenishment(rows(purchases))
        places = {label: place for place, label in enumerate(dict.fromkeys((*column.labels, *more.labels)))}
        recode = [
            np.array([*(places[label] for label in text.labels), NO_ID], np.int32) for text in (column, more)
        ]
        return TextColumn(np.concatenate([recode[0][column.codes], recode[1][more.codes]]), tuple(places))
    if name in purchases:
        return np.concatenate([column, codes(purchases[name])])
    filler = _FILLERS.get(SCHEMA["orders"][name], NO_ID)
    return np.concatenate([column, np.full(rows(purchases), filler, np.int64)])


def _replenishment(count: int) -> TextColumn:
    return TextColumn(np.zeros(count, np.int32), (str(Method.REPLENISHMENT),))
