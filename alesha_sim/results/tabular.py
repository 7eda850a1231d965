"""What a result and a window on it have in common: tables as DataFrames, and their metrics."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

from alesha_sim.columns import Columns
from alesha_sim.results import metrics
from alesha_sim.results.by_party import by_party
from alesha_sim.tables import frames, schema
from alesha_sim.tables.every_order import every_order

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from alesha_sim.scenarios.scenario import Scenario


class TableAccess:
    """Canonical columns of all tables of a scenario; each becomes a DataFrame once, when it is first asked for."""

    scenario: "Scenario"
    _tables: Mapping[str, Columns]

    def columns(self, table: str) -> Columns:
        """Return a table's canonical columns, as `alesha_sim.tables` describes.

        Raises ValueError if there is none, and NotRecorded, which says how to switch it on, if it is off.
        """
        if table not in schema.SCHEMA:
            raise ValueError(f"table {table}: must be one of {', '.join(schema.SCHEMA)}")
        return self._tables[table]

    def every_order(self, names: Sequence[str] | None = None) -> Columns:
        """Return users' orders and purchases by number as `alesha_sim.tables.every_order` does."""
        return every_order(self._tables, names)

    @cached_property
    def orders(self) -> "DataFrame":
        """One row per order of a user."""
        return self._frame("orders")

    @cached_property
    def purchases(self) -> "DataFrame":
        """One row per order of an organisation, such as what a shop orders for its stock."""
        return self._frame("purchases")

    @cached_property
    def order_lines(self) -> "DataFrame":
        """One row per order and product."""
        return self._frame("order_lines")

    @cached_property
    def visits(self) -> "DataFrame":
        """One row per visit."""
        return self._frame("visits")

    @cached_property
    def messages(self) -> "DataFrame":
        """One row per sent copy of a message."""
        return self._frame("messages")

    @cached_property
    def transfers(self) -> "DataFrame":
        """One row per transfer; money in major units, goods in units."""
        return self._frame("transfers")

    @cached_property
    def accounts(self) -> "DataFrame":
        """One row per account and commodity; balances in the account's natural direction."""
        return self._frame("accounts")

    @cached_property
    def production_lots(self) -> "DataFrame":
        """One row per lot of a product that was asked of production."""
        return self._frame("production_lots")

    @cached_property
    def users(self) -> "DataFrame":
        """One row per user; balances are deposits at the bank."""
        return self._frame("users")

    def metrics(self) -> dict[str, float]:
        """Return the named metrics of `summary` as a dictionary, without pandas."""
        return metrics.metrics(self._tables, self.scenario.currency, self.scenario.roles)

    def exact_metrics(self) -> dict[str, float]:
        """Return the metrics of `summary` with amounts in whole minor units, which no float has rounded."""
        return metrics.exact_metrics(self._tables, self.scenario.currency, self.scenario.roles)

    @overload
    def summary(self) -> "Series[float]": ...

    @overload
    def summary(self, by: Literal["party"]) -> "DataFrame": ...

    def summary(self, by: str | None = None) -> "Series[float] | DataFrame":
        """Return the named metrics, the same in every study; `alesha_sim.results.metrics.metrics` defines each.

        By "party" it is a frame with a row for the users and each organisation, whose columns
        `alesha_sim.results.by_party.by_party` defines. Raises ValueError for another `by`.
        """
        from pandas import Series

        if by is not None:
            if by != "party":
                raise ValueError(f"by: {by!r}: must be 'party', or left out")
            return by_party(self.scenario, self._tables)
        return Series(self.metrics(), name=self.scenario.name, dtype="float64")

    def _frame(self, table: str) -> "DataFrame":
        return frames.frame(table, self.columns(table), self.scenario.currency, self.scenario.start)
