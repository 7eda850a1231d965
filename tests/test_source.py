"""What reads through a source says the same in whatever batches the rows come."""

from copy import copy

import numpy as np
import pytest
from small import unreliable

from alesha_sim import accounting, exports
from alesha_sim.columns import TextColumn
from alesha_sim.tables.source import OF_ORDERS, InMemory, joined, pieces


@pytest.fixture(scope="module")
def in_batches():
    """Return the unreliable market once more, whose source yields few rows at once."""
    found = copy(unreliable())
    found.source = InMemory({table: found.columns(table) for table in ("transfers", *_OTHERS)}, 997)
    return found


_OTHERS = ("orders", "purchases", "order_lines", "visits", "messages", "accounts", "production_lots", "users")


def plain(columns):
    return {
        name: np.array([*column.labels, None], object)[column.codes].tolist()
        if isinstance(column, TextColumn) else column.tolist()
        for name, column in columns.items()
    }  # fmt: skip


@pytest.mark.parametrize("table", OF_ORDERS)
def test_rows_of_orders_are_those_of_the_table_in_their_order(table):
    run = unreliable()
    columns = run.columns(table)
    order = columns["order"]
    for first, last in ((1, 3), (5, 5), (-1, -1)):
        found = plain(InMemory({name: run.columns(name) for name in OF_ORDERS}).of_orders(first, last)[table])
        mine = np.flatnonzero((order >= first) & (order <= last)).tolist()
        whole = plain(columns)
        assert found == {name: [values[row] for row in mine] for name, values in whole.items()}


@pytest.mark.parametrize("size", [1, 996, 998, 10**6])
def test_pieces_have_the_size_asked_for_whatever_the_batches(in_batches, size):
    found = list(pieces(in_batches.source, "orders", size))
    lengths = [len(part["order"]) for part in found]
    assert set(lengths[:-1]) <= {size}
    assert 0 < lengths[-1] <= size
    assert plain(joined(found)) == plain(in_batches.columns("orders"))


def test_batches_have_the_columns_asked_for_and_labels_of_the_whole_table(in_batches):
    for batch in in_batches.source.batches("transfers", ("amount", "code")):
        assert list(batch) == ["amount", "code"]
        assert batch["code"].labels == in_batches.columns("transfers")["code"].labels


STATEMENTS = {
    "trial balance": lambda run: accounting.trial_balance(run, "shop", at="6 hours"),
    "income statement": lambda run: accounting.income_statement(run, "supplier", start="3 hours", end="9 hours"),
    "balance sheet": lambda run: accounting.balance_sheet(run, "users"),
    "cash flow": lambda run: accounting.cash_flow(run, "shop", start="1 hour"),
    "group": lambda run: accounting.consolidated(run, at="8 hours").cash_flow(),
    "general ledger": lambda run: accounting.general_ledger(run, "bank", start="2 hours"),
    "bank statement": lambda run: accounting.bank_statement(run, "shop", start="2 hours"),
    "aging": lambda run: accounting.aging(run, at="8 hours"),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_statements_are_the_same_in_whatever_batches(in_batches, name):
    at_once, found = (STATEMENTS[name](run) for run in (unreliable(), in_batches))
    assert len(found)
    assert found.equals(at_once)


@pytest.mark.parametrize("form", ["beancount", "hledger", "csv", "parquet"])
def test_exports_have_the_same_bytes_in_whatever_batches(in_batches, tmp_path, form):
    for name, run in (("at once", unreliable()), ("in batches", in_batches)):
        exports.write(run, form, tmp_path / name)
    files = [sorted(path.rglob("*")) or [path] for path in (tmp_path / "at once", tmp_path / "in batches")]
    one, other = ([path.read_bytes() for path in found] for found in files)
    assert one
    assert one == other


def test_check_of_a_result_reads_its_source(in_batches):
    assert in_batches.check() == []
