"""A DuckDB file: every table with its data dictionary as comments, and views that add the books up.

DuckDB gives each file a random identifier, so that two files of the same run have equal tables, not equal bytes.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim.exports.dictionary import TABLES, meaning
from alesha_sim.exports.files import Progress, silent
from alesha_sim.exports.package import arrow, none, parts
from alesha_sim.records import Columns
from alesha_sim.tables import SCHEMA

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from alesha_sim.result import Result

VIEWS = {
    "entries": (
        "Both sides of every transfer, debits positive.",
        """
        SELECT transfer, time, book, debit AS account, credit AS contra, commodity, amount AS change, code,
            "order", link
        FROM transfers
        UNION ALL
        SELECT transfer, time, book, credit, debit, commodity, -amount, code, "order", link FROM transfers
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
        """
        SELECT replace(account, 'bank:deposits:', '') AS owner, transfer, time AS date, code AS text,
            "order", link, greatest(change, 0) AS debit, greatest(-change, 0) AS credit, -balance AS balance
        FROM general_ledger WHERE starts_with(account, 'bank:deposits:')
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


def write(result: "Result", path: Path, progress: Progress = silent) -> None:
    """Write all tables and views into a new DuckDB file; needs the package `duckdb`."""
    import duckdb

    base = duckdb.connect(str(path), config={"threads": 1})
    try:
        for table in SCHEMA:
            _fill(base, result, table, progress)
        for name, (comment, query) in VIEWS.items():
            base.execute(f"CREATE VIEW {name} AS {query}")
            base.execute(f"COMMENT ON VIEW {name} IS {_quoted(comment)}")
        base.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise OSError(f"{path.name}: {error}") from error
    finally:
        base.close()


def _fill(base: "DuckDBPyConnection", result: "Result", table: str, progress: Progress) -> None:
    """Make a table and copy its rows, some thousands at a time."""
    _take(base, result, table, none(result, table))
    base.execute(f"CREATE TABLE {table} AS SELECT * FROM piece")
    for part in parts(result, table, progress):
        _take(base, result, table, part)
        base.execute(f"INSERT INTO {table} SELECT * FROM piece")
    base.unregister("piece")
    base.execute(f"COMMENT ON TABLE {table} IS {_quoted(TABLES.get(table, ''))}")
    for column in SCHEMA[table]:
        base.execute(f'COMMENT ON COLUMN {table}."{column}" IS {_quoted(meaning(table, column))}')


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
