"""All tables as CSV or Parquet files with a data dictionary, `datapackage.json`.

Amounts are exact decimals in major units, goods in units; instants have no zone and six decimals; what is missing
is empty. Source: Frictionless Data, Data Package and Table Schema, version 1.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alesha_sim.columns import MISSING_TIME, Column, Columns, TextColumn, rows
from alesha_sim.exports.dictionary import KEYS, REFERENCES, TABLES, is_optional, meaning
from alesha_sim.exports.files import CHUNK, Progress, silent
from alesha_sim.storage.parquet import to_arrow
from alesha_sim.tables.frames import in_money, instants
from alesha_sim.tables.schema import SCHEMA, Type
from alesha_sim.tables.source import picked, pieces
from alesha_sim.units import Currency
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from pyarrow import Table

    from alesha_sim.results.result import Result

DICTIONARY = "datapackage.json"

_TYPES = {Type.TIME: "datetime", Type.AMOUNT: "number", Type.FLOAT: "number", Type.TEXT: "string"}

INSTANT = "%Y-%m-%dT%H:%M:%S.%f"


def write_csv(result: "Result", folder: Path, progress: Progress = silent) -> None:
    """Write one CSV file a table and the dictionary into a folder."""
    names = []
    for table in SCHEMA:
        names.append(f"{table}.csv")
        with (folder / names[-1]).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(SCHEMA[table])
            for part in parts(result, table, progress):
                writer.writerows(_texts(table, part, result))
    _describe(result, folder, names, "csv", "text/csv")


def write_parquet(result: "Result", folder: Path, progress: Progress = silent) -> None:
    """Write one Parquet file a table and the dictionary into a folder."""
    from pyarrow import parquet

    names = []
    for table in SCHEMA:
        names.append(f"{table}.parquet")
        schema = arrow(result, table, none(result, table)).schema
        with parquet.ParquetWriter(folder / names[-1], schema, compression="zstd") as writer:
            for part in parts(result, table, progress):
                writer.write_table(arrow(result, table, part))
    _describe(result, folder, names, "parquet", "application/vnd.apache.parquet")


def parts(result: "Result", table: str, progress: Progress) -> Iterator[Columns]:
    """Yield the rows of a table in parts, and tell how far all tables are."""
    sizes = {name: result.source.rows(name) for name in SCHEMA}
    before, total = sum(list(sizes.values())[: list(sizes).index(table)]), max(sum(sizes.values()), 1)
    done = 0
    for part in pieces(result.source, table, CHUNK):
        yield part
        done += rows(part)
        progress((before + done) / total, f"{table}, {done:,} of {sizes[table]:,} rows")


def none(result: "Result", table: str) -> Columns:
    """Return the columns of a table without any row, but with all labels."""
    first = next(result.source.batches(table), None)
    return result.columns(table) if first is None else picked(first, slice(0, 0))


def arrow(result: "Result", table: str, part: Columns) -> "Table":
    """Return some rows of a table as an Arrow table."""
    scenario = result.scenario
    return to_arrow(table, part, scenario.currency, scenario.start)


def _texts(table: str, columns: Columns, result: "Result") -> Iterable[tuple[Any, ...]]:
    """Return some rows of a table as values that `csv` writes exactly."""
    currency = result.scenario.currency
    money = in_money(columns, currency)

    def values(column: Column, kind: Type) -> list[Any]:
        if isinstance(column, TextColumn):
            labels = [*column.labels, ""]
            return [labels[code] for code in column.codes.tolist()]
        match kind:
            case Type.REFERENCE:
                return ["" if value == NO_ID else value for value in column.tolist()]
            case Type.TIME:
                texts = np.datetime_as_string(instants(column, result.scenario.start), unit="us").tolist()
                return [
                    "" if at == MISSING_TIME else text for at, text in zip(column.tolist(), texts, strict=True)
                ]
            case Type.AMOUNT:
                is_money = [True] * len(column) if money is None else money.tolist()
                return [_amount(*each, currency) for each in zip(column.tolist(), is_money, strict=True)]
        return list(column.tolist())

    return zip(*(values(column, SCHEMA[table][name]) for name, column in columns.items()), strict=True)


def _amount(value: int, is_money: bool, currency: Currency) -> str:
    if not is_money or not currency.decimals:
        return str(value)
    whole, rest = divmod(abs(value), currency.scale)
    return f"{'-' * (value < 0)}{whole}.{rest:0{currency.decimals}}"


# The dictionary


def _describe(result: "Result", folder: Path, names: list[str], form: str, media: str) -> None:
    scenario = result.scenario
    described = {
        "profile": "tabular-data-package" if form == "csv" else "data-package",
        "name": scenario.name.lower().replace("_", "-").replace(" ", "-"),
        "title": f"{scenario.name}, seed {result.seed}",
        "description": scenario.description,
        "version": sys.modules["alesha_sim"].__version__,
        "digest": result.digest,
        "currency": {"code": scenario.currency.code, "decimals": scenario.currency.decimals},
        "resources": [
            _resource(folder / name, table, form, media) for name, table in zip(names, SCHEMA, strict=True)
        ],
    }
    text = json.dumps(described, indent=2, ensure_ascii=False)
    (folder / DICTIONARY).write_text(text + "\n", encoding="utf-8", newline="\n")


def _resource(path: Path, table: str, form: str, media: str) -> dict[str, Any]:
    text = {}
    if form == "csv":
        # Of Parquet files Frictionless counts no bytes, and takes that for a fault.
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        text = {"bytes": path.stat().st_size, "hash": f"sha256:{digest}"}
    return {
        "name": table.replace("_", "-"),
        "path": path.name,
        **({"profile": "tabular-data-resource", "encoding": "utf-8"} if form == "csv" else {}),
        "format": form,
        "mediatype": media,
        "description": TABLES.get(table, ""),
        **text,
        "schema": _schema(table),
    }


def _schema(table: str) -> dict[str, Any]:
    references = [
        {
            "fields": list(each.columns),
            "reference": {"resource": each.other.replace("_", "-"), "fields": list(each.others)},
        }
        for each in REFERENCES
        if each.table == table
    ]
    return {
        "fields": [_field(table, name, kind) for name, kind in SCHEMA[table].items()],
        "missingValues": [""],
        "primaryKey": list(KEYS.get(table, ())),
        **({"foreignKeys": references} if references else {}),
    }


def _field(table: str, name: str, kind: Type) -> dict[str, Any]:
    return {
        "name": name,
        "type": _TYPES.get(kind, "integer"),
        **({"format": INSTANT} if kind is Type.TIME else {}),
        "description": meaning(table, name),
        **({} if is_optional(kind) else {"constraints": {"required": True}}),
    }
