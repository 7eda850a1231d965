"""A window on a result: its tables and metrics from an instant on, for steady states. Only arithmetic on tables.

What began earlier is left out, an order's later messages and transfers are not; the laws, which hold for whole
runs only, are not asked here.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, codes, equals, isin, numbers, text_column
from alesha_sim.recording.levels import ALL
from alesha_sim.results.tabular import TableAccess
from alesha_sim.storage.on_disk import Spooled
from alesha_sim.tables import canonical
from alesha_sim.tables.every_order import KINDS
from alesha_sim.tables.schema import Tables
from alesha_sim.units import MICROSECONDS

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

BEGINS: Mapping[str, str] = {
    "orders": "placed_at",
    "purchases": "placed_at",
    "visits": "arrived_at",
    "messages": "sent_at",
    "transfers": "posted_at",
    "production_lots": "ordered_at",
}
"""The column that says when a row began."""

FLOWS = ("income", "expense")
"""The kinds of account that begin a window at nothing."""


class AfterWarmup(TableAccess):
    """A result from `seconds` after its start on; `Result.after` returns it.

    It has the tables and metrics of a result, its `seed` and `ended_at`, and nothing else. Accounts of assets,
    liabilities and equity open with what they held then, those of income and expenses with nothing; users who
    registered earlier have no `registered_at`.
    """

    def __init__(
        self, scenario: "Scenario", columns: Mapping[str, Columns], seconds: float, *, seed: int, ended_at: float
    ) -> None:
        self.scenario = scenario
        self.seconds = seconds
        self.seed = seed
        self.ended_at = ended_at
        self._begins = round(seconds * MICROSECONDS)
        record = columns.record if isinstance(columns, Tables | Spooled) else ALL
        # Without tallies, which are those of the whole run.
        self._tables = Tables({table: self._later(table, columns[table]) for table in columns}, record)
        kept = np.concatenate([numbers(self._tables[table], "order") for table in KINDS])
        lines = columns["order_lines"]
        self._tables["order_lines"] = _rows("order_lines", lines, np.isin(numbers(lines, "order"), kept))
        self._tables["accounts"] = self._opened(columns)

    def __getattr__(self, name: str) -> Any:
        """Say of what only a whole result has why it is not here."""
        raise AttributeError(
            f"{name}: a result after its warm-up has tables and metrics only", name=name, obj=self
        )

    def __repr__(self) -> str:
        return f"{self.scenario.name} from {self.seconds:g} s on"

    def _later(self, table: str, columns: Columns) -> Columns:
        """Return the rows that began in the window; of users all, but only the window's registrations."""
        if table == "users":
            at = numbers(columns, "registered_at")
            later = np.where(at >= self._begins, at, MISSING_TIME)
            return canonical.canonical(table, {**columns, "registered_at": later})
        if table not in BEGINS:
            return columns
        return _rows(table, columns, numbers(columns, BEGINS[table]) >= self._begins)

    def _opened(self, columns: Mapping[str, Columns]) -> Columns:
        accounts = columns["accounts"]
        opening, closing = numbers(accounts, "opening"), numbers(accounts, "closing")
        then = opening + self._changed_before(columns)
        flow = isin(text_column(accounts, "kind"), FLOWS)
        shown = {"opening": np.where(flow, 0, then), "closing": np.where(flow, closing - then, closing)}
        return canonical.canonical("accounts", {**accounts, **shown})

    def _changed_before(self, columns: Mapping[str, Columns]) -> npt.NDArray[np.int64]:
        """Return by how much each account's natural balance changed from its opening to the window's begin."""
        accounts, transfers = columns["accounts"], columns["transfers"]
        early = numbers(transfers, "posted_at") < self._begins
        early &= ~equals(text_column(transfers, "code"), "opening")
        amounts = numbers(transfers, "amount")[early]
        commodity = text_column(transfers, "commodity")
        place = {name: row for row, name in enumerate(_names(text_column(accounts, "account"), accounts))}
        debited = np.zeros(len(place) + 1, np.int64)  # the last one takes accounts that the table does not have
        for side, sign in (("debit", 1), ("credit", -1)):
            keys = _keys(text_column(transfers, side), commodity, early, place)
            np.add.at(debited, keys, sign * amounts)
        natural = isin(text_column(accounts, "kind"), ("asset", "expense"))
        return np.where(natural, debited[:-1], -debited[:-1])


def _rows(table: str, columns: Columns, mask: npt.NDArray[np.bool_]) -> Columns:
    return canonical.canonical(
        table,
        {
            name: TextColumn(column.codes[mask], column.labels) if isinstance(column, TextColumn) else column[mask]
            for name, column in columns.items()
        },
    )


def _names(account: TextColumn, accounts: Columns) -> list[tuple[str, str]]:
    commodity, labels = text_column(accounts, "commodity"), tuple(account.labels)
    return [
        (labels[one], commodity.labels[other])
        for one, other in zip(codes(account).tolist(), codes(commodity).tolist(), strict=True)
    ]


def _keys(
    account: TextColumn, commodity: TextColumn, mask: npt.NDArray[np.bool_], place: Mapping[tuple[str, str], int]
) -> npt.NDArray[np.int64]:
    """Return the row in the table of accounts that each transfer touches on one side, -1 for none."""
    found = np.array(
        [place.get((name, goods), -1) for name in account.labels for goods in commodity.labels], dtype=np.int64
    )
    keys: npt.NDArray[np.int64] = found[account.codes[mask] * len(commodity.labels) + commodity.codes[mask]]
    return keys
