"""The folder that a run's records go into: packed rows first, Parquet row groups after them, at last a result.

Rows change for a while after they were written: a message is answered, an order delivered. So a row group is
written only when `LAG` newer blocks have left memory, and a table of which an older row changed all the same is
written once more from its packed rows when the run is over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.books.ledger import Ledger
from alesha_sim.columns import Columns
from alesha_sim.files import folders
from alesha_sim.recording.run_logs import Records
from alesha_sim.recording.spill_rows import SpooledRows
from alesha_sim.storage import parquet as storage_parquet
from alesha_sim.storage import saved
from alesha_sim.storage.on_disk import Spooled
from alesha_sim.storage.target import refuse_to_overwrite
from alesha_sim.tables.canonical import canonical

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

BLOCK = 2**17
"""Rows that leave memory together, and the rows of a row group."""

LAG = 4
"""Blocks that have left memory after a row before its row group is written."""

Shown = Callable[[int, npt.NDArray[np.void]], Columns]
"""Makes columns of packed rows and the number of the first of them."""


class Spool:
    """An empty or new folder that a run's records go into; `finish` makes a result of it, and nothing else does.

    Raises FileExistsError for a folder with something in it, and OSError, naming the folder, whenever it cannot be
    written. Until it is finished the folder holds only a hidden one, which goes if the run fails.
    """

    def __init__(self, folder: str | PathLike[str], scenario: "Scenario") -> None:
        self.folder = Path(folder).resolve()
        self._scenario = scenario
        self._block, self._lag = BLOCK, LAG
        self._rows: dict[str, SpooledRows] = {}
        self._settle: list[Callable[[], None]] = []
        self._writers: dict[str, _Writer] = {}
        self._stack = ExitStack()
        refuse_to_overwrite(self.folder)
        with self._named():
            self._ready = self._stack.enter_context(folders.replacing(self.folder))
            refuse_to_overwrite(self.folder)  # now that nobody else can fill it

    # What a market records into

    def records(self, skus: Sequence[str], users: int) -> Records:
        """Return the logs of a run that records everything."""
        with self._named():
            records = Records(skus, users, self._new_rows)
        self._settle.append(records.messages.settle)
        orders = {"orders": records.orders.order_columns, "purchases": records.orders.purchase_columns}
        self._writers["orders"] = _Writer(self._ready, self._rows["orders"], orders, self._scenario)
        shown: dict[str, Shown] = {
            "order_lines": records.orders.line_columns,
            "visits": records.visits.columns,
            "production_lots": records.production_lots.columns,
            "messages": records.messages.columns,
        }
        for table, columns in shown.items():
            self._write(table, columns)
        return records

    def ledger(self, currency_code: str, skus: Sequence[str], books: Mapping[str, str] = ONE_OF_EACH) -> Ledger:
        """Return the ledger of a run."""
        with self._named():
            ledger = Ledger(currency_code, skus, self._new_rows, books)
        self._settle.append(ledger.settle)
        self._write("transfers", ledger.columns)
        return ledger

    def _new_rows(self, table: str, /, **fields: str) -> SpooledRows:
        rows = self._rows[table] = SpooledRows(self._ready, self._block, **fields)
        return rows

    def _write(self, table: str, shown: Shown) -> None:
        self._writers[table] = _Writer(self._ready, self._rows[table], {table: shown}, self._scenario)

    # While the run goes, and after it

    def flush(self) -> None:
        """Let full blocks leave memory, and write the row groups that are due."""
        for table, rows in self._rows.items():
            if rows.in_memory >= self._block:
                with self._named():
                    rows.flush()
                    self._writers[table].write_up_to(rows.base - self._lag * self._block)

    def finish(self, others: Mapping[str, Columns], manifest: saved.Manifest) -> Spooled:
        """Write what is left, the tables that were not spooled, and the manifest; return the tables."""
        scenario = self._scenario
        for settle in self._settle:
            settle()
        with self._named():
            for table, rows in self._rows.items():
                rows.flush()
                self._writers[table].finish()
            for table, columns in others.items():
                storage_parquet.write_table(self._ready, table, canonical(table, columns), scenario)
            kept = scenario.currency, scenario.start
            spooled = Spooled(self._ready, *kept, "", manifest.recorded, manifest.tallies)
            total, each = spooled.digests()
            heights = {table: spooled.rows(table) for table in spooled}
            saved.write_manifest(self._ready, manifest._replace(digest=total), heights, each, spooled=True)
            self._stack.close()
        return Spooled(self.folder, *kept, total, manifest.recorded, manifest.tallies)

    def abandon(self, error: Exception) -> None:
        """Remove all that was written, since the run failed."""
        self._stack.__exit__(type(error), error, error.__traceback__)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the folder in what the operating system refuses."""
        try:
            yield
        except FileExistsError:
            raise
        except OSError as error:
            reason = error.strerror or "; ".join(str(error).splitlines())
            raise OSError(error.errno, f"spool {self.folder}: cannot be written: {reason}") from error


class _Writer:
    """Writes the row groups of the tables that packed rows show, in their order."""

    def __init__(self, folder: Path, rows: SpooledRows, shown: Mapping[str, Shown], scenario: "Scenario") -> None:
        self._folder = folder
        self._rows = rows
        self._shown = shown
        self._scenario = scenario
        self._files: dict[str, Any] = {}

    def write_up_to(self, end: int) -> None:
        """Write the whole blocks before row `end` that are not written yet."""
        rows = self._rows
        while rows.copied + rows.block <= end:
            self._write(rows.copied + rows.block)

    def finish(self) -> None:
        """Write the rest, or everything once more if a row changed after it had been written."""
        rows = self._rows
        if rows.is_stale:
            self._close()
            rows.copied, rows.is_stale = 0, False
        self.write_up_to(rows.base)
        if rows.copied < rows.base or not self._files:
            self._write(rows.base)
        self._close()

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _write(self, end: int) -> None:
        from pyarrow import default_memory_pool

        rows = self._rows
        packed = rows.on_disk(rows.copied, end)
        for table, shown in self._shown.items():
            self._write_group(table, canonical(table, shown(rows.copied, packed)))
        rows.copied = end
        del packed
        default_memory_pool().release_unused()  # 30 MB less, measured over 50 row groups

    def _write_group(self, table: str, columns: Columns) -> None:
        from pyarrow import parquet

        scenario = self._scenario
        arrow = storage_parquet.to_arrow(table, columns, scenario.currency, scenario.start)
        file = self._files.get(table)
        if file is None:
            path = self._folder / (table + storage_parquet.SUFFIX)
            file = parquet.ParquetWriter(path, arrow.schema, compression=storage_parquet.COMPRESSION)
            self._files[table] = file
        file.write_table(arrow, row_group_size=max(1, len(arrow)))
