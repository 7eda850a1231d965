"""A DuckDB file: every table with its data dictionary as comments, and views that add the books up.

Texts are of enumerated types, named by table and column.

The same run gives the same bytes, which takes four things of DuckDB's storage: a format without the random
identifier of newer ones; nothing that leaves remains of memory in what a block does not use, as packed integers
and all texts do; one transaction a table, since the tables of one are written in the order of their addresses
in memory; and one thread.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim.books.accounts import OF_DEPOSITS
from alesha_sim.columns import Columns, TextColumn
from alesha_sim.exports.dictionary import TABLES, meaning
from alesha_sim.exports.files import Progress, silent
from alesha_sim.exports.package import arrow, none, parts
from alesha_sim.tables.schema import SCHEMA

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from alesha_sim.results.result import Result

VIEWS = {
    "entries": (
        "Both sides of every transfer, debits positive.",
        """
        SELECT transfer, posted_at, book, debit AS account, credit AS contra, commodity, amount AS change, code,
            "order", entry
        FROM transfers
        UNION ALL
        SELECT transfer, posted_at, book, credit, debit, commodity, -amount, code, "order", entry FROM transfers
        """,
    ),
    "general_ledger": (
        "Entries by account with the balance after each, debits positive.",
        """
        SELECT *, sum(change) OVER (PARTITION BY account, commodity ORDER BY transfer) AS balance FROM entries
        """,
    ),
    "trial_balance": (
        "The balance of every account at the end, in the debit or the credit column.",
        """
        SELECT book, account, kind, commodity, greatest(balance, 0) AS debit, greatest(-balance, 0) AS credit
        FROM (
            SELECT a.book, a.account, a.kind, a.commodity, coalesce(sum(e.change), 0) AS balance
            FROM accounts AS a LEFT JOIN entries AS e ON e.account = a.account AND e.commodity = a.commodity
            GROUP BY ALL
        )
        ORDER BY book, account, commodity
        """,
    ),
    "bank_statements": (
        "What the bank shows each owner of a deposit: debits go out, credits come in.",
        f"""
        SELECT substr(account, strpos(account, '{OF_DEPOSITS}') + {len(OF_DEPOSITS)}) AS owner, transfer,
            posted_at AS date, code AS text, "order", entry, greatest(change, 0) AS debit,
            greatest(-change, 0) AS credit, -balance AS balance
        FROM general_ledger WHERE contains(account, '{OF_DEPOSITS}')
        """,
    ),
    "order_times": (
        "Seconds from placing an order to each later step.",
        """
        SELECT "order", status, total, epoch(paid_at - placed_at) AS paid_after,
            epoch(accepted_at - placed_at) AS accepted_after, epoch(delivered_at - placed_at) AS delivered_after
        FROM orders
        """,
    ),
    "message_delays": (
        "Copies of each kind of message, lost copies, and mean seconds on the way and in the inbox.",
        """
        SELECT kind, count(*) AS copies, count(*) FILTER (fate = 'lost') AS lost,
            avg(epoch(delivered_at - sent_at)) AS mean_way, avg(epoch(started_at - delivered_at)) AS mean_wait
        FROM messages GROUP BY kind
        """,
    ),
}
"""By name, what a view shows and how."""

STORAGE = "v1.0.0"
"""The oldest DuckDB that can read the file; from 1.4 on the format has a random identifier."""

LEAKY = "bitpacking"
"""The way to compress integers that writes memory as it finds it, probably where a value is missing.

Texts leave such remains under each way to compress them, and under none, so that no block holds any.
Source: issue 23382 of duckdb/duckdb for one of the ways with texts; comparing files for the others.
"""


def write(result: "Result", path: Path, progress: Progress = silent) -> None:
    """Write all tables and views into a new DuckDB file; needs the package `duckdb`."""
    import duckdb

    base = duckdb.connect(config={"threads": 1})
    try:
        base.execute(f"ATTACH {_quoted(str(path))} AS written (STORAGE_VERSION '{STORAGE}')")
        base.execute("USE written")
        base.execute(f"SET disabled_compression_methods = '{LEAKY}'")
        base.execute("SET checkpoint_threshold = '1TB'")  # all is written in its place once, at the end
        for table in SCHEMA:
            base.execute("BEGIN")
            _fill(base, result, table, progress)
            base.execute("COMMIT")
        for name, (comment, query) in VIEWS.items():
            base.execute(f"CREATE VIEW {name} AS {query}")
            base.execute(f"COMMENT ON VIEW {name} IS {_quoted(comment)}")
        base.execute("CHECKPOINT")
        base.execute("USE memory")
        base.execute("DETACH written")  # which writes the file to its end and removes the log beside it
    except duckdb.Error as error:
        raise OSError(f"{path.name}: {error}") from error
    finally:
        base.close()


def _fill(base: "DuckDBPyConnection", result: "Result", table: str, progress: Progress) -> None:
    """Make a table and copy its rows, some thousands at a time."""
    nothing = none(result, table)
    chosen = f"SELECT {_chosen(base, table, nothing)} FROM piece"
    _take(base, result, table, nothing)
    base.execute(f"CREATE TABLE {table} AS {chosen}")
    for part in parts(result, table, progress):
        _take(base, result, table, part)
        base.execute(f"INSERT INTO {table} {chosen}")
    base.unregister("piece")
    base.execute(f"COMMENT ON TABLE {table} IS {_quoted(TABLES.get(table, ''))}")
    for column in SCHEMA[table]:
        base.execute(f'COMMENT ON COLUMN {table}."{column}" IS {_quoted(meaning(table, column))}')


def _chosen(base: "DuckDBPyConnection", table: str, columns: Columns) -> str:
    """Make a type of each column of texts, and return the columns with them."""
    names = []
    for name, column in columns.items():
        if isinstance(column, TextColumn) and column.labels:
            labels = ", ".join(map(_quoted, column.labels))
            base.execute(f"CREATE TYPE {table}_{name} AS ENUM ({labels})")
            names.append(f'"{name}"::{table}_{name} AS "{name}"')
        else:
            names.append(f'"{name}"')
    return ", ".join(names)


def _take(base: "DuckDBPyConnection", result: "Result", table: str, part: Columns) -> None:
    """Show some rows to DuckDB as the table `piece`, texts as plain strings."""
    import pyarrow as pa

    rows = arrow(result, table, part)
    plain = pa.schema(
        [(each.name, pa.string() if pa.types.is_dictionary(each.type) else each.type) for each in rows.schema]
    )
    base.register("piece", rows.cast(plain))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
