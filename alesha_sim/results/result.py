"""The result of a run: its tables, the views and metrics derived from them, and its place on disk.

Everything here is derived from the canonical columns that a simulation recorded; nothing is simulated or decided.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from html import escape
from operator import index
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from alesha_sim.books import owners
from alesha_sim.books.accounts import BOOKS
from alesha_sim.columns import Columns, TextColumn, text_column
from alesha_sim.conversation import Conversation
from alesha_sim.conversation.selection import ConversationSelection
from alesha_sim.numeric.counts import repeat
from alesha_sim.recording.levels import ALL, Tallies
from alesha_sim.recording.run_logs import InboxStatistics
from alesha_sim.recording.samples import Samples
from alesha_sim.results import difference, explanation, instants, lawful, metrics, snapshot, time_series
from alesha_sim.results.after_warmup import AfterWarmup
from alesha_sim.results.liquidity import BetweenBanks
from alesha_sim.results.reproduction import command
from alesha_sim.scenarios.errors import ScenarioError
from alesha_sim.storage import saved
from alesha_sim.storage.on_disk import Spooled
from alesha_sim.tables import canonical, frames
from alesha_sim.tables import digest as tables_digest
from alesha_sim.tables.every_order import KINDS
from alesha_sim.tables.schema import Tables
from alesha_sim.tables.source import Source, source_of
from alesha_sim.units import in_seconds, microseconds

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.scenarios.scenario import Scenario


class Result(BetweenBanks):
    """What a run left behind; `simulate` and `Simulation.result` return it.

    `scenario` and `seed` say what was run. The run stopped `ended_at` seconds after the start, after `events`
    kernel events, with nothing left to happen if `drained`; `inboxes` has statistics of each organisation's inbox.
    The tables are DataFrames made on first use, with the columns of `alesha_sim.tables.schema.SCHEMA`: amounts in
    major units, instants as timestamps, texts categorical, numbers that may be missing Int64. Raises ValueError
    for other columns. Whatever needs a table that the run did not `record` raises NotRecorded; metrics are the
    same at every level.
    """

    def __init__(
        self, scenario: "Scenario", seed: int, columns: Mapping[str, Columns], *, ended_at: float, drained: bool,
        events: int, inboxes: Mapping[str, InboxStatistics], record: str = ALL, tallies: Tallies | None = None,
        visits_cut: int = 0, versions: Mapping[str, str] | None = None,
        collected: Mapping[str, Samples] | None = None,
    ) -> None:  # fmt: skip
        self.scenario = scenario
        self.seed = seed
        self.ended_at = ended_at
        self.drained = drained
        self.events = events
        self.inboxes = dict(inboxes)
        self.record = record
        self.visits_cut = visits_cut
        self._versions = versions or {}
        self._samples = dict(collected or {})
        if isinstance(columns, Spooled):
            self._tables: Tables | Spooled = columns
        else:
            self._tables = Tables(columns, record, tallies)
            self._tables.update(
                {table: canonical.canonical(table, found) for table, found in self._tables.items()}
            )

    # Tables

    @cached_property
    def source(self) -> Source:
        """The canonical columns of all tables, to be read in batches or by orders."""
        return source_of(self._tables)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of all tables, the same for the same scenario and seed in every process."""
        if isinstance(self._tables, Spooled):
            return self._tables.digest
        return tables_digest.digest(self._tables, self.scenario.currency)

    def __eq__(self, other: object) -> bool:
        """Whether both ran the same scenario and seed to the same end, and recorded the same."""
        return isinstance(other, Result) and self._identity() == other._identity()

    def _identity(self) -> tuple[Any, ...]:
        own = (self.digest, self.seed, self.ended_at, self.drained, self.events, self.inboxes)
        samples = [(name, found.plain()) for name, found in self._samples.items()]
        return (*own, self.scenario, samples)

    # Metrics

    def closing_balances(self) -> dict[str, float]:
        """Return the deposits at the end of `users` together, each shop and each supplier, in major units."""
        scale = self.scenario.currency.scale
        return {
            owner: minor / scale for owner, minor in metrics.deposits(self._tables, self.scenario.roles).items()
        }

    def balance_texts(self) -> dict[str, str]:
        """Return the closing balances as they are written, such as `4,000.00 BDT`, to the last minor unit."""
        text = self.scenario.currency.text
        deposits = metrics.deposits(self._tables, self.scenario.roles)
        return {owner: text(minor) for owner, minor in deposits.items()}

    # Over time

    @property
    def samples(self) -> Mapping[str, Samples]:
        """What `Simulation.collect` sampled, as arrays; `collected` has it as frames."""
        return self._samples

    @property
    def collected(self) -> "dict[str, DataFrame]":
        """What `Simulation.collect` sampled, by collector: `at` and a column for each of its numbers."""
        return {name: frames.sampled(found, self.scenario.start) for name, found in self._samples.items()}

    def balances(self, entity: str | None = None, every: str | float | None = None) -> "DataFrame":
        """Return deposits at the bank over time, in major units, indexed by `time`.

        Columns `users` (all together), `shop`, `supplier`, in a market each firm by its name; or the one column of
        an `entity` such as `user:17` or `shop`. One row per instant of change, the first at the start; with
        `every` (seconds, or text such as "1h") the last values on a grid from the start to the first instant not
        before the end. Raises ValueError for an entity without a deposit and for an `every` that is no positive
        duration.
        """
        from pandas import DataFrame, DatetimeIndex

        if entity is not None:
            self._check_owner(entity)
        moved = self.source.batches("transfers", time_series.BALANCES)
        course = self._sampled(time_series.balances(moved, entity, self.scenario.roles), every)
        names = list(owners.owners(self.scenario.roles)) if entity is None else [entity]
        time = DatetimeIndex(frames.instants(course.at, self.scenario.start), name="at")
        return DataFrame(course.values / self.scenario.currency.scale, index=time, columns=names)

    def stock(self, every: str | float | None = None) -> "DataFrame":
        """Return the supplier's goods over time, in units: `sku, at, on_hand, on_order, backordered`.

        Products follow each other in the catalogue's order. `on_hand` counts free units and those reserved for
        orders; `on_order` the lots asked of production and not ready; `backordered` the units of accepted orders
        that are neither reserved nor made yet, also where they are being made to order. Rows and `every` are as in
        `balances`.
        """
        from pandas import DataFrame

        transfers, lots = self._tables["transfers"], self._tables["production_lots"]
        orders, lines = self.every_order(["accepted_at"]), self._tables["order_lines"]
        skus = [product.sku for product in self.scenario.catalogue]
        courses = [self._sampled(each, every) for each in time_series.stocks(transfers, lots, orders, lines, skus)]
        products = repeat(np.arange(len(skus)), [len(course.at) for course in courses])
        at = np.concatenate([course.at for course in courses])
        values = np.concatenate([course.values for course in courses])
        return DataFrame(
            {
                "sku": frames.categorical(TextColumn(products.astype(np.int32), skus)),
                "at": frames.instants(at, self.scenario.start),
                **dict(zip(("on_hand", "on_order", "backordered"), values.T, strict=True)),
            }
        )

    def _sampled(self, course: time_series.StepSeries, every: str | float | None) -> time_series.StepSeries:
        return course if every is None else course.on_grid(instants.step(every), microseconds(self.ended_at))

    def _check_owner(self, entity: str) -> None:
        names, roles = text_column(self._tables["accounts"], "account").labels, self.scenario.roles
        if entity != "users" and not any(name in names for name in owners.deposits_of(entity, roles)):
            last, known = self.scenario.users.count - 1, ", ".join(owners.owners(roles))
            raise ValueError(f"entity {entity}: must be {known}, or user:0 to user:{last}")

    def after(self, warmup: str | float) -> AfterWarmup:
        """Return the tables and metrics from an instant on: seconds after the start, or text such as "2 days".

        Raises ScenarioError for what is no such instant.
        """
        from alesha_sim.scenarios.fields import seconds

        begins = seconds(warmup)
        return AfterWarmup(self.scenario, self._tables, begins, seed=self.seed, ended_at=self.ended_at)

    # One book, one order

    def ledger(self, book: str) -> "DataFrame":
        """Return the transfers of one book: `bank`, `shop`, `supplier`, `users`, or your own; else ValueError."""
        books = BOOKS if not self.scenario.is_market else ()
        known = dict.fromkeys([*books, *text_column(self._tables["accounts"], "book").labels])
        if book not in known:
            raise ValueError(f"book {book}: must be one of {', '.join(known)}")
        return self.transfers[self.transfers["book"] == book].reset_index(drop=True)

    def follow(self, order: int | None = None, *, user: int | None = None) -> Conversation:
        """Return one purchase: its visit's messages up to the order, then the order's messages and transfers.

        Of a `user` instead, all that was said to and by them and about their orders. Raises ValueError for an
        order or user that does not exist, and unless one of the two is named.
        """
        if (order is None) == (user is None):
            raise ValueError("follow: must name either an order or a user")
        if order is not None:
            return self._conversations.about_order(self._known_order(order))
        assert user is not None
        return self._conversations.with_user(_known("user", user, 0, self.scenario.users.count - 1))

    def between(self, one: str, other: str) -> Conversation:
        """Return all that two entities said to each other, and what it moved; `users` stands for all users.

        Raises ValueError for an entity that neither sent nor received a message.
        """
        return self._conversations.between(one, other)

    def recent(self, count: int) -> Conversation:
        """Return the `count` messages sent last, and all that was written since the first of them."""
        return self._conversations.recent(count)

    def since(self, message: int, transfer: int) -> Conversation:
        """Return all that was said and written from a message's and a transfer's number on, but for openings."""
        return self._conversations.since(message, transfer)

    @cached_property
    def _conversations(self) -> ConversationSelection:
        return ConversationSelection(self._tables, self.scenario)

    def _known_order(self, order: int) -> int:
        return _known("order", order, 1, sum(self.source.rows(table) for table in KINDS))

    # Questions

    def why(self, order: int) -> str:
        """Say in one sentence why an order ended as it did, or what it waits for; ValueError if there is none."""
        number = self._known_order(order)
        return explanation.why(self._tables, number, self.scenario.start, self.scenario.currency)

    def at(self, instant: "float | str | datetime") -> snapshot.Snapshot:
        """Return balances, open orders and queues at an instant, after all that happened at it.

        The instant is seconds since the start, a duration such as "2 days", or a date and time. Raises ValueError
        for one before the start or after the end.
        """
        at = instants.seconds_since(instant, self.scenario.start)
        if not 0 <= at <= self.ended_at:
            raise ValueError(f"instant {instant}: must be from 0 to {self.ended_at} s after the start")
        start, currency = self.scenario.start, self.scenario.currency
        return snapshot.snapshot(self._tables, microseconds(at), start, currency, self.scenario.roles)

    def diff(self, other: "Result") -> str | None:
        """Name the first difference to another result in scenario, seed and what happened; None if none.

        What happened is looked for in the tables that both recorded, and in what both counted instead.
        """
        found = [
            (text := self.scenario.diff(other.scenario)) and f"scenario: {text}",
            f"seed: {self.seed} against {other.seed}" if self.seed != other.seed else None,
            f"recorded: {self.record} against {other.record}" if self.record != other.record else None,
            difference.first_difference(self._tables, other._tables, self.scenario.start),
        ]
        return "; ".join(filter(None, found)) or None

    def reproduce(self) -> None:
        """Print the command that gives the same digest, in Python where no command does.

        Where a reader played a user, only `Shopper.reproduce` can tell the clicks, and this says so.
        """
        if not difference.is_as_drawn(self._tables["visits"], self.scenario.visits(self.seed), self.ended_at):
            print("# a reader played a user: Shopper.reproduce() prints the clicks")
            return
        scenario, drain = self.scenario, self.scenario.drain
        is_whole = self.drained if drain is None else self.drained or self.ended_at >= scenario.horizon + drain
        try:
            if is_whole:
                print(command(scenario, self.seed, self.record))
                return
        except ScenarioError:  # a policy of your own, which no file holds
            pass
        record = "" if self.record == ALL else f", record={self.record!r}"
        print(f"simulation = alesha.Simulation(scenario, seed={self.seed}{record})")
        print("simulation.run()" if is_whole else f"simulation.run(until={self.ended_at!r})")
        print("assert simulation.result().digest == " + repr(self.digest))

    @property
    def is_checkable(self) -> bool:
        """Whether the transfers and orders that the laws are about were recorded."""
        return self.record == ALL

    def check(self) -> list[str]:
        """Return a line for each violation of a conservation law; none if all hold.

        Raises NotRecorded without transfers; what the ledger refuses at once is refused at every level.
        """
        return lawful.violations(self.scenario, self.source, drained=self.drained)

    # On disk

    def save(self, folder: str | PathLike[str], overwrite: bool = False) -> None:
        """Write one Parquet file a table and `manifest.json` into `folder`, all or nothing, and nowhere else.

        Raises FileExistsError for a folder with something in it; with `overwrite` an earlier result in it is
        replaced, and stays as it was if the new one cannot be written or the program is killed before it is
        complete. Other files there are kept.
        """
        if isinstance(self._tables, Spooled):
            self._tables.save(folder, overwrite=overwrite)
            return
        saved.save(folder, self._manifest(), self._tables, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | PathLike[str], scenario: "Scenario | None" = None) -> Self:
        """Read a result that `save` wrote; it equals the one saved.

        No code is read from a file, so a policy of your own comes back only with the `scenario` that was run.
        Raises FileNotFoundError if there is no result, and ValueError naming the file that is not as it was saved.
        """
        manifest, columns = saved.load(folder, scenario)
        return cls(
            manifest.scenario, manifest.seed, columns, ended_at=manifest.ended_at, drained=manifest.drained,
            events=manifest.events, inboxes=manifest.inboxes, record=manifest.recorded, tallies=manifest.tallies,
            visits_cut=manifest.visits_cut, versions=manifest.versions, collected=manifest.collected,
        )  # fmt: skip

    @property
    def manifest(self) -> dict[str, Any]:
        """What `manifest.json` says of the run: scenario, seed, digest, how it ended, what was recorded.

        `versions` names the program: alesha_sim, its form (`compiled` or `pure Python`), Python, NumPy, SimPy.
        """
        return saved.described_run(self._manifest())

    def _manifest(self) -> saved.Manifest:
        return saved.Manifest(
            self.scenario, self.seed, self.digest, self.ended_at, self.drained, self.events, self.inboxes,
            self.record, self._tables.tallies, self.visits_cut, self._versions, self._samples,
        )  # fmt: skip

    # How it shows itself

    @property
    def notes(self) -> list[str]:
        """What a reader of the metrics must know beside them, a line each; mostly nothing."""
        if not self.visits_cut:
            return []
        visits = "visit" if self.visits_cut == 1 else "visits"
        end = in_seconds(self.scenario.horizon)
        return [f"demand.cut: {self.visits_cut:,} recorded {visits} at or after the horizon, {end}, left out"]

    def __repr__(self) -> str:
        balances = ", ".join(f"{owner} {text}" for owner, text in self.balance_texts().items())
        return f"{self._headline()}\nbalances: {balances}\ndigest: {self.digest}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(owner)}</th><td style='text-align: right'>{escape(text)}</td></tr>"
            for owner, text in self.balance_texts().items()
        )
        head = "<tr><th>deposit of</th><th>at the end</th></tr>"
        return f"<p>{escape(self._headline())}</p><table>{head}{rows}</table>"

    def _headline(self) -> str:
        metrics = self.metrics()
        counts = ", ".join(f"{name.replace('_', ' ')} {metrics[name]:,}" for name in _SHOWN)
        end = "drained" if self.drained else "cut off"
        return f"Result of {self.scenario.name}, seed {self.seed}: {counts}; {end} after {_lasting(self.ended_at)}"


_SHOWN = ("visits", "orders", "completed", "declined", "cancelled", "open_orders")


def _lasting(seconds: float) -> str:
    days, rest = divmod(round(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{days} d {hours:02}:{minutes:02}:{rest:02}"


def _known(name: str, number: int, first: int, last: int) -> int:
    if not first <= index(number) <= last:
        known = f"must be from {first} to {last}" if last >= first else f"there are no {name}s"
        raise ValueError(f"{name} {number}: {known}")
    return index(number)
