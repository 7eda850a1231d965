"""Balances and stock over time."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import Account
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.books.owners import depositor, owner_of, owners
from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, equals, numbers, text_column
from alesha_sim.numeric.counts import repeat
from alesha_sim.tables import running_balance

Ints = npt.NDArray[np.int64]

ON_HAND = (Account.SUPPLIER_STOCK, Account.SUPPLIER_RESERVED)


class StepSeries(NamedTuple):
    """How numbers went: `values[i]` (one column each) held from `at[i]` (microseconds) until `at[i + 1]`."""

    at: npt.NDArray[np.int64]
    values: npt.NDArray[np.int64]

    def on_grid(self, every: int, end: int) -> "StepSeries":
        """Return the values at 0, `every`, 2 `every`, ... until the first instant not before `end`."""
        grid = np.arange(0, end + every, every, dtype=np.int64)
        return StepSeries(grid, self.values[np.searchsorted(self.at, grid, side="right") - 1])


def step_series(at: npt.NDArray[np.int64], changes: npt.NDArray[np.int64]) -> StepSeries:
    """Return the course of numbers that are zero before `changes` (one row each) happen to them.

    It begins at 0 and has one row per instant, with the values after all that happened then.
    """
    order = np.argsort(at, kind="stable")
    at = np.concatenate(([0], at[order]))
    values = np.concatenate((np.zeros((1, changes.shape[1]), np.int64), np.cumsum(changes[order], axis=0)))
    last = np.append(at[1:] != at[:-1], True)
    return StepSeries(at[last], values[last])


BALANCES = ("debit", "credit", "amount", "posted_at")
"""The columns of transfers that `balances` reads."""


def balances(
    transfers: Iterable[Columns], entity: str | None, roles: Mapping[str, str] = ONE_OF_EACH
) -> StepSeries:
    """Return the course of deposits in minor units: of users, shops and suppliers, or of one `entity`.

    `transfers` are batches whose texts have the same labels.
    """
    columns = {owner: place for place, owner in enumerate(owners(roles) if entity is None else (entity,))}
    one_user = entity not in (None, "users")

    def places(side: TextColumn) -> npt.NDArray[np.int8]:
        whose = depositor if one_user else owner_of
        return np.array([*(columns.get(whose(name, roles), -1) for name in side.labels), -1], np.int8)

    sides: list[npt.NDArray[np.int8]] = []
    at, changes = [np.zeros(0, np.int64)], [np.zeros((0, len(columns)), np.int64)]
    for batch in transfers:
        debit, credit = text_column(batch, "debit"), text_column(batch, "credit")
        sides = sides or [places(debit), places(credit)]
        debits, credits = sides[0][debit.codes], sides[1][credit.codes]
        touched = np.flatnonzero((debits >= 0) | (credits >= 0))
        amounts, rows = numbers(batch, "amount")[touched], np.arange(len(touched))
        change = np.zeros((len(touched), len(columns) + 1), np.int64)  # the last column takes what is nobody's
        change[rows, debits[touched]] -= amounts
        change[rows, credits[touched]] += amounts
        at.append(numbers(batch, "posted_at")[touched])
        changes.append(change[:, :-1])
    return step_series(np.concatenate(at), np.concatenate(changes))


def stocks(
    transfers: Columns, production_lots: Columns, orders: Columns, lines: Columns, skus: Sequence[str]
) -> list[StepSeries]:
    """Return the course of each product's units at the supplier: on hand, on order, backordered.

    Backordered are units of accepted orders that are neither reserved nor made for them. Replacements under
    warranty do not count. All products are read at once: a pass over the tables for each took minutes.
    """
    goods = _products(text_column(transfers, "commodity"), skus)
    parts = [
        _on_hand(transfers, goods),
        *_on_order(production_lots, _products(text_column(production_lots, "sku"), skus)),
        _backordered(transfers, goods, orders, lines, _products(text_column(lines, "sku"), skus), len(skus)),
    ]
    at, product, change = (np.concatenate(columns) for columns in zip(*(part[:3] for part in parts), strict=True))
    changes = np.zeros((len(at), 3), np.int64)
    changes[np.arange(len(at)), repeat(np.array([0, 1, 1, 2]), [len(part.at) for part in parts])] = change
    order = np.argsort(product, kind="stable")
    bounds = np.searchsorted(product[order], np.arange(len(skus) + 1)).tolist()
    return [step_series(at[rows], changes[rows]) for rows in (order[slice(*ends)] for ends in pairwise(bounds))]


class _Moves(NamedTuple):
    """When the numbers of which products change, and by how much."""

    at: Ints
    product: Ints
    change: Ints


def _products(text: TextColumn, skus: Sequence[str]) -> Ints:
    """Return the place of each row's product in the catalogue, -1 for what is none."""
    places = {sku: place for place, sku in enumerate(skus)}
    return np.array([*(places.get(label, -1) for label in text.labels), -1], np.int64)[text.codes]


def _on_hand(transfers: Columns, goods: Ints) -> _Moves:
    """Return how free and reserved units changed."""
    rows, change = running_balance.changes(transfers, ON_HAND)
    return _Moves(numbers(transfers, "posted_at")[rows], goods[rows], change)


def _on_order(lots: Columns, goods: Ints) -> tuple[_Moves, _Moves]:
    """Return how the units asked of production grew with each lot, and shrank when it was ready."""
    quantity, arrived = numbers(lots, "quantity"), numbers(lots, "arrived_at")
    asked, ready = goods >= 0, (goods >= 0) & (arrived != MISSING_TIME)
    return (
        _Moves(numbers(lots, "ordered_at")[asked], goods[asked], quantity[asked]),
        _Moves(arrived[ready], goods[ready], -quantity[ready]),
    )


def _backordered(
    transfers: Columns, goods: Ints, orders: Columns, lines: Columns, ordered: Ints, products: int
) -> _Moves:
    """Return how the backordered units changed.

    An order's units are asked for when the supplier takes its charges, and again when they are lost; they are
    there when they are reserved or made, and asked for no more when the charges are returned. Each product of an
    order is followed for itself: a pair is an order's number times the number of products, plus the product.
    """
    order, code = numbers(transfers, "order"), text_column(transfers, "code")
    mine = equals(text_column(transfers, "book"), "supplier") & (order > 0)
    came = mine & (goods >= 0) & equals(text_column(transfers, "debit"), Account.SUPPLIER_RESERVED)
    lost = mine & (goods >= 0) & equals(code, "loss")
    charged, returned = (mine & equals(code, name) for name in ("charges", "charges-return"))
    of_goods, of_money = np.flatnonzero(came | lost), np.flatnonzero(charged | returned)
    row, pair, units = _paired(order[of_money], lines, ordered, products)
    row = np.concatenate((of_goods, of_money[row]))
    pair = np.concatenate((order[of_goods] * products + goods[of_goods], pair))
    units = np.concatenate((numbers(transfers, "amount")[of_goods], units))
    # Who was rejected never waited: the charges came back and nothing was kept for the order.
    rejected = np.isin(order[row], order[returned]) & ~np.isin(pair, pair[came[row]])
    rejected &= numbers(orders, "accepted_at")[order[row] - 1] == MISSING_TIME
    kept = np.flatnonzero(~rejected)
    kept = kept[np.lexsort((row[kept], pair[kept]))]
    row, pair = row[kept], pair[kept]
    change = units[kept] * ((lost | charged)[row].astype(np.int64) - came[row])
    first = running_balance.begins(pair)
    waiting = np.where(returned[row], 0, np.maximum(running_balance.running(change, first), 0))
    before = np.where(first, 0, np.append(0, waiting[:-1])[: len(row)])
    return _Moves(numbers(transfers, "posted_at")[row], pair % products, waiting - before)


def _paired(order: Ints, lines: Columns, ordered: Ints, products: int) -> tuple[Ints, Ints, Ints]:
    """Return for every product of each order the order's place, the pair and the units that were ordered."""
    known = ordered >= 0
    pairs, places = np.unique(numbers(lines, "order")[known] * products + ordered[known], return_inverse=True)
    units = np.zeros(len(pairs), np.int64)
    np.add.at(units, places, numbers(lines, "quantity")[known])
    first, last = (np.searchsorted(pairs, (order + more) * products) for more in (0, 1))
    times = last - first
    place = repeat(np.arange(len(order)), times)
    which = np.arange(len(place)) - repeat(np.cumsum(times) - times - first, times)
    return place, pairs[which], units[which]
