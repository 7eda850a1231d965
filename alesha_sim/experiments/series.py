"""What is recorded of a run in addition to its metrics: time series on a common grid, and whole tables.

A series is read off a result through its public face; runs themselves are in `job.py`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alesha_sim.columns import MISSING_TIME, equals, numbers, text_column
from alesha_sim.numeric.counts import bincount
from alesha_sim.recording.levels import ALL
from alesha_sim.recording.samples import Samples
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, scenario_error
from alesha_sim.units import MICROSECONDS

if TYPE_CHECKING:
    from alesha_sim.results.after_warmup import AfterWarmup
    from alesha_sim.results.result import Result

STEPS = 200
"""How many steps of a horizon the common grid has unless set otherwise."""

SERVERS = ("shop", "bank", "supplier")


class Track(NamedTuple):
    """A run's series: `values[i]` (one column a name) at `seconds[i]` since the start."""

    names: tuple[str, ...]
    seconds: NDArray[np.float64]
    values: NDArray[np.float64]


class Recording(NamedTuple):
    """What is taken from every run.

    Metrics count after `warmup` seconds; `metrics` is a function that returns more of them, from the result, or
    with a warm-up from the window on it;
    `series` are recorded every `every` seconds (0: a 200th of the horizon) up to the horizon; `keep` are tables;
    `record` is the level of the run itself.
    """

    warmup: float = 0.0
    series: tuple[str, ...] = ()
    every: float = 0.0
    keep: tuple[str, ...] = ()
    metrics: Callable[["Result | AfterWarmup"], Mapping[str, float]] | None = None
    record: str = ALL


def track(result: "Result", name: str, every: float) -> Track:
    """Return a series of a result on the grid 0, `every`, ... up to the horizon.

    What holds at the end of a run goes on to hold, so that all runs have the same grid.
    """
    horizon = result.scenario.horizon
    sampled = None if name in SERIES else _sampled(result, name)
    step = sampled.every if sampled else every or horizon / STEPS
    step = max(round(step * MICROSECONDS), 1) / MICROSECONDS
    seconds = np.arange(max(int(horizon / step + 1e-9), 1) + 1).astype(np.float64) * step
    if sampled:
        return Track(sampled.names, seconds, _held(sampled.values, len(seconds)))
    names, values = SERIES[name](result, seconds)
    return Track(names, seconds, values)


def _sampled(result: "Result", name: str) -> Samples:
    """Return what a collector of the run sampled; ScenarioError if there was no such one, or nothing to sample."""
    if name not in result.samples:
        known = [*SERIES, *result.samples]
        raise ScenarioError([Problem("series", repr(name), f"unknown name: {nearest(name, known)}")])
    samples = result.samples[name]
    if not len(samples.seconds):
        raise scenario_error("series", name, "was never sampled: nothing happened in the run")
    return samples


Columns = tuple[tuple[str, ...], NDArray[np.float64]]


def _balances(result: "Result", seconds: NDArray[np.float64]) -> Columns:
    """Deposits at the bank of users together, shop and supplier, in major units."""
    frame = result.balances(every=float(seconds[1]))
    return tuple(frame.columns), _held(frame.to_numpy(np.float64), len(seconds))


def _stock(result: "Result", seconds: NDArray[np.float64]) -> Columns:
    """The supplier's goods: each product's units on hand, on order and backordered."""
    frame = result.stock(every=float(seconds[1]))
    measures = [name for name in frame.columns if name not in ("sku", "at")]
    names, columns = [], []
    for sku in result.scenario.skus:
        mine = frame[frame["sku"] == sku]
        for measure in measures:
            names.append(f"{sku} {measure}")
            columns.append(_held(mine[[measure]].to_numpy(np.float64), len(seconds)))
    return tuple(names), np.hstack(columns)


def _held(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return that many rows: later ones cut off, missing ones as the last."""
    rows = np.minimum(np.arange(length), len(values) - 1)
    return values[rows]


def _open_orders(result: "Result", seconds: NDArray[np.float64]) -> Columns:
    """The number of users' orders placed and not yet delivered or closed."""
    orders = result.columns("orders")
    placed, closed = numbers(orders, "placed_at"), numbers(orders, "closed_at")
    at = np.rint(seconds * MICROSECONDS).astype(np.int64)
    begun = np.searchsorted(np.sort(placed), at, side="right")
    ended = np.searchsorted(np.sort(closed[closed != MISSING_TIME]), at, side="right")
    return ("orders",), (begun - ended).astype(np.float64)[:, None]


def _waits(result: "Result", seconds: NDArray[np.float64]) -> Columns:
    """The mean wait for a worker, seconds, of the requests that came in the step up to each instant.

    NaN where none came, so at the start.
    """
    messages = result.columns("messages")
    delivered, started = (numbers(messages, name) for name in ("delivered_at", "started_at"))
    columns = []
    servers = tuple(dict.fromkeys([*SERVERS, *result.inboxes]))
    for server in servers:
        mine = equals(text_column(messages, "recipient"), server) & (started != MISSING_TIME)
        step = np.ceil(delivered[mine] / MICROSECONDS / seconds[1]).astype(np.int64)
        inside = (step >= 1) & (step < len(seconds))
        waits = ((started[mine] - delivered[mine]) / MICROSECONDS)[inside]
        count = bincount(step[inside], minlength=len(seconds))
        total = bincount(step[inside], waits, minlength=len(seconds))
        columns.append(np.divide(total, count, out=np.full(len(seconds), np.nan), where=count > 0))
    return servers, np.stack(columns, axis=1)


SERIES: Mapping[str, Callable[["Result", NDArray[np.float64]], Columns]] = {
    "balances": _balances,
    "stock": _stock,
    "open_orders": _open_orders,
    "waits": _waits,
}
"""The series that a study can record, by name."""


def table_bytes(result: "Result", table: str, labels: Mapping[str, Any]) -> bytes:
    """Return a table as a Parquet file, each row beginning with the labels of its run; texts are plain."""
    import pyarrow as pa
    from pyarrow import parquet

    from alesha_sim.storage.parquet import to_arrow

    scenario = result.scenario
    arrow = to_arrow(table, result.columns(table), scenario.currency, scenario.start)
    columns: dict[str, Any] = {name: pa.repeat(pa.scalar(value), len(arrow)) for name, value in labels.items()}
    for name, column in zip(arrow.column_names, arrow.columns, strict=True):
        is_text = pa.types.is_dictionary(column.type)
        columns[name] = column.cast(pa.string()) if is_text else column
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content
