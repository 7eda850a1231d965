"""The tables of a result that stay on disk: read whole, column by column, in batches or by orders.

A batch is a row group, and nothing that is read is kept but the labels of texts. How a table becomes Parquet and
back is in `storage/`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from os import PathLike
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import Column, Columns, TextColumn, codes, numbers, text_column
from alesha_sim.files import folders
from alesha_sim.recording.levels import ALL, NotRecorded, Tallies, is_on
from alesha_sim.storage import parquet as storage_parquet
from alesha_sim.storage.target import refuse_to_overwrite, remove_unrecorded
from alesha_sim.tables.canonical import by_appearance, one_form
from alesha_sim.tables.digest import begun_digest, heading, little_endian
from alesha_sim.tables.schema import SCHEMA, Tables, Type, recorded
from alesha_sim.tables.source import OF_ORDERS, picked
from alesha_sim.units import Currency
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile


class Spooled(Mapping[str, Columns]):
    """The tables in a folder of Parquet files as a `Source`, and as a mapping of columns read when asked for.

    `digest` is that of all tables, as their manifest has it. What the run did not record at the level `record`
    raises NotRecorded; `tallies` has what metrics need of it.
    """

    def __init__(
        self,
        folder: Path,
        currency: Currency,
        start: datetime,
        digest: str,
        record: str = ALL,
        tallies: Tallies | None = None,
    ) -> None:
        self.digest = digest
        self.record = record
        self.tallies = dict(tallies or {})
        self.folder = folder
        self._currency = currency
        self._start = start
        self._labels: dict[tuple[str, str], pa.Array] = {}

    # As a mapping

    def __getitem__(self, table: str) -> Columns:
        if not is_on(table, self.record):
            raise NotRecorded(table, self.record)
        return _Columns(self, table, list(SCHEMA[table]))

    def __contains__(self, table: object) -> bool:
        return table in recorded(self.record)

    def __iter__(self) -> Iterator[str]:
        return iter(recorded(self.record))

    def __len__(self) -> int:
        return len(recorded(self.record))

    # As a source

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""
        with self._open(table) as file:
            return int(file.metadata.num_rows)

    def whole(self, table: str) -> Columns:
        """Return all columns of a table, read into memory."""
        return self.columns(table, list(SCHEMA[table]))

    def columns(self, table: str, names: Sequence[str]) -> Columns:
        """Return some columns of a table, read into memory."""
        height = self.rows(table)
        labels = {name: self.labels(table, name) for name in names if SCHEMA[table][name] is Type.TEXT}
        found = {name: np.empty(height, _DTYPES.get(SCHEMA[table][name], np.int64)) for name in names}
        place = 0
        for batch in self.batches(table, names):
            size = len(codes(batch[names[0]]))
            for name in names:
                found[name][place : place + size] = codes(batch[name])
            place += size
        return {
            name: TextColumn(_sealed(column), labels[name]) if name in labels else _sealed(column)
            for name, column in found.items()
        }

    def batches(self, table: str, names: Sequence[str] | None = None) -> Iterator[Columns]:
        """Yield the columns `names` (default: all) of a table, a row group at a time, in the order of rows.

        The text columns of all batches have the same labels, those of the whole table in their first order.
        """
        names = list(SCHEMA[table]) if names is None else names
        recode = {name: self._recoder(table, name) for name in names if SCHEMA[table][name] is Type.TEXT}
        for columns in self._groups(table, names):
            yield {
                name: recode[name](text_column(columns, name)) if name in recode else columns[name]
                for name in names
            }

    def of_orders(self, first: int, last: int) -> Mapping[str, Columns]:
        """Return the rows of `OF_ORDERS` whose `order` is from `first` to `last`, in the order of rows.

        Only row groups are read that may have such rows.
        """
        return {table: self._of_orders(table, first, last) for table in OF_ORDERS}

    def _of_orders(self, table: str, first: int, last: int) -> Columns:
        groups = self._groups(
            table, list(SCHEMA[table]), lambda file, group: _may_hold(file, group, "order", first, last)
        )
        found = ((columns, numbers(columns, "order")) for columns in groups)
        return _joined(table, [picked(rows, (order >= first) & (order <= last)) for rows, order in found])

    def holding(self, table: str, name: str, values: Sequence[int]) -> Columns:
        """Return the rows of a table whose number `name` is one of `values`, in the order of rows.

        Only row groups are read that have such rows; of those that may have some, this one column first.
        """

        def has_rows(file: "ParquetFile", group: int) -> bool:
            return any(_may_hold(file, group, name, value, value) for value in values) and bool(
                np.isin(file.read_row_group(group, [name], use_threads=False)[name].fill_null(NO_ID), values).any()
            )

        groups = self._groups(table, list(SCHEMA[table]), has_rows)
        return _joined(table, [picked(columns, np.isin(numbers(columns, name), values)) for columns in groups])

    # Texts

    def labels(self, table: str, name: str) -> tuple[str, ...]:
        """Return the labels of a text in the order of their first appearance."""
        return tuple(self._known(table, name).to_pylist())

    def _known(self, table: str, name: str) -> "pa.Array":
        """Return the labels of a text as an Arrow array, which takes a fifth of the memory of strings."""
        import pyarrow as pa

        known = self._labels.get((table, name))
        if known is None:
            known = pa.array([], pa.string())
            for columns in self._groups(table, [name]):
                met = pa.array(text_column(columns, name).labels, pa.string())
                new = met.filter(_places(met, known) == NO_ID)
                known = pa.concat_arrays([known, new]) if len(new) else known
            self._labels[table, name] = known
        return known

    def _recoder(self, table: str, name: str) -> Callable[[TextColumn], TextColumn]:
        """Return what gives a row group's text the labels of the whole table."""
        import pyarrow as pa

        known, labels = self._known(table, name), self.labels(table, name)

        def recode(text: TextColumn) -> TextColumn:
            places = np.append(_places(pa.array(text.labels, pa.string()), known), np.int32(NO_ID))
            return TextColumn(_sealed(places[text.codes]), labels)

        return recode

    # Files

    def path(self, table: str) -> Path:
        """Return the file of a table."""
        if not is_on(table, self.record):
            raise NotRecorded(table, self.record)
        return folders.place(self.folder, table + storage_parquet.SUFFIX)

    @contextmanager
    def _open(self, table: str) -> "Iterator[ParquetFile]":
        from pyarrow import parquet

        with parquet.ParquetFile(self.path(table)) as file:
            yield file

    def _groups(
        self, table: str, names: Sequence[str], wanted: "Callable[[ParquetFile, int], bool] | None" = None
    ) -> Iterator[Columns]:
        """Yield columns of row groups, those that are `wanted`, each in the canonical form of its own."""
        schema = SCHEMA[table]
        needed = list(names)
        if "commodity" in schema and any(schema[name] is Type.AMOUNT for name in names):
            needed = list(dict.fromkeys(["commodity", *names]))
        with self._open(table) as file:
            for group in range(file.num_row_groups):
                if wanted is not None and not wanted(file, group):
                    continue
                arrow = file.read_row_group(group, columns=needed, use_threads=False)
                columns = storage_parquet.read_columns(table, arrow, self._currency, self._start)
                yield {name: one_form(columns[name], schema[name]) for name in names}

    def save(self, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Copy the result, all or nothing; FileExistsError as `saved.save` raises it."""
        target = Path(folder).resolve()
        refuse_to_overwrite(target, overwrite=overwrite)
        with folders.replacing(target) as ready:
            refuse_to_overwrite(target, overwrite=overwrite)  # now that nobody else can fill it
            for name in (folders.MANIFEST, *(table + storage_parquet.SUFFIX for table in self)):
                copyfile(folders.place(self.folder, name), ready / name)
        remove_unrecorded(target, self.record, storage_parquet.SUFFIX)

    def digests(self) -> tuple[str, dict[str, str]]:
        """Return the digest of all tables and that of each, as `tables.digest` and `table_digest` define them."""
        from hashlib import sha256

        total, each = begun_digest(self._currency, self.record, self.tallies), {}
        for table in self:
            own = sha256()
            for piece in self._pieces(table):
                total.update(piece)
                own.update(piece)
            each[table] = own.hexdigest()
        return total.hexdigest(), each

    def _pieces(self, table: str) -> Iterator[bytes | memoryview]:
        height = self.rows(table)
        for name, kind in SCHEMA[table].items():
            yield heading(table, name, height, self.labels(table, name) if kind is Type.TEXT else None)
            for batch in self.batches(table, [name]):
                yield little_endian(codes(batch[name]))


def tallies_of(tables: Mapping[str, Columns]) -> Tallies:
    """Return what was counted in the place of tables that are off."""
    return tables.tallies if isinstance(tables, Spooled | Tables) else {}


class _Columns(dict[str, Column]):
    """Columns of a table, each read when it is asked for and not kept."""

    def __init__(self, source: Spooled, table: str, names: Sequence[str]) -> None:
        super().__init__()
        self._source, self._table, self._names = source, table, names

    def __getitem__(self, name: str) -> Column:
        if name not in self._names:
            raise KeyError(name)
        return self._source.columns(self._table, [name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def keys(self) -> Any:
        """Return the names of the columns, without reading any."""
        return dict.fromkeys(self._names).keys()

    def values(self) -> Any:
        """Read one column after the other."""
        return (self[name] for name in self._names)

    def items(self) -> Any:
        """Read one column after the other."""
        return ((name, self[name]) for name in self._names)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a column, or the default if the table has none of that name."""
        return self[name] if name in self._names else default


_DTYPES: Mapping[Type, type[np.generic]] = {Type.TEXT: np.int32, Type.FLOAT: np.float64}


def _may_hold(file: "ParquetFile", group: int, name: str, first: int, last: int) -> bool:
    """Tell whether a row group may have rows whose number `name` is from `first` to `last`, by its statistics."""
    metadata = file.metadata.row_group(group)
    place = file.schema_arrow.names.index(name)
    statistics = metadata.column(place).statistics
    if statistics is None or not statistics.has_null_count:
        return True
    if first == NO_ID and statistics.null_count:
        return True
    return bool(statistics.has_min_max and statistics.min <= last and statistics.max >= first)


def _joined(table: str, parts: Sequence[Columns]) -> Columns:
    """Return rows of several row groups as one table."""
    found: Columns = {}
    for name, kind in SCHEMA[table].items():
        columns = [part[name] for part in parts]
        if kind is Type.TEXT:
            found[name] = _joined_text([text_column(part, name) for part in parts])
        else:
            found[name] = np.concatenate([np.empty(0, _DTYPES.get(kind, np.int64)), *map(codes, columns)])
    return found


def _joined_text(texts: Sequence[TextColumn]) -> TextColumn:
    labels: dict[str, int] = {}
    joined = [np.empty(0, np.int32)]
    for text in map(by_appearance, texts):
        places = [labels.setdefault(label, len(labels)) for label in text.labels]
        joined.append(np.array([*places, NO_ID], np.int32)[text.codes])
    return TextColumn(np.concatenate(joined), tuple(labels))


def _places(met: "pa.Array", known: "pa.Array") -> npt.NDArray[np.int32]:
    """Return where each text is among the known ones, -1 for nowhere."""
    from pyarrow import compute

    found: npt.NDArray[np.int32] = compute.index_in(met, value_set=known).fill_null(NO_ID).to_numpy()
    return found


def _sealed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
