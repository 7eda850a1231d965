"""A check in parts must say what a check of all rows at once says, whatever was tampered with."""

import numpy as np
import pytest
import trading
from hypothesis import given, settings
from hypothesis import strategies as st
from small import unreliable
from test_laws import CATALOGUE, TAMPERED, TOLD, World, with_column

from alesha_sim.audit import partition
from alesha_sim.audit.laws import Priced, check
from alesha_sim.results.result import Result
from alesha_sim.storage.on_disk import Spooled
from alesha_sim.tables.schema import SCHEMA
from alesha_sim.tables.source import InMemory

ALL = 10**9

CHANGES = {
    "amount": st.integers(0, 2000),
    "order": st.integers(-1, 7),
    "entry": st.integers(0, 60),
    "posted_at": st.integers(0, 10**7),
    "transfer": st.integers(0, 200),
    "code": st.sampled_from([None, "sale", "payment", "refund", "deliver", "pending"]),
    "debit": st.sampled_from([None, "users:advances", "bank:deposits:user:1", "shop:cash", "supplier:stock"]),
    "credit": st.sampled_from(
        [None, "users:cash:2", "bank:deposits:shop", "shop:sales", "supplier:goods-clearing"]
    ),
    "commodity": st.sampled_from([None, "BDT", "hp-laptop", "iphone-x"]),
}


def reports(tables, catalogue, *, drained, rows, batch):
    """Return the report of a check in parts and that of a check of all rows at once."""
    source = InMemory(tables, batch)
    return (
        check(source, catalogue, drained=drained, rows=rows),
        check(tables, catalogue, drained=drained, rows=ALL),
    )


@pytest.fixture(scope="module")
def honest():
    world = World()
    for _ in world.story():
        pass
    return world.tables()


@pytest.mark.parametrize("drained", [True, False])
@pytest.mark.parametrize(
    "tamper", [*(case[2] for case in TAMPERED), *(case[1] for case in TOLD), dict], ids=lambda _: ""
)
def test_parts_of_few_rows_find_what_all_rows_at_once_show(honest, tamper, drained):
    in_parts, at_once = reports(tamper(honest), CATALOGUE, drained=drained, rows=1, batch=11)
    assert in_parts == at_once


def known(tables, column, value):
    """Return a label that the column has, else none at all."""
    labels = getattr(tables["transfers"][column], "labels", None)
    return value if labels is None or value in labels else None


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 30), rows=st.sampled_from([1, 30, 90]), batch=st.integers(5, 60),
    changes=st.lists(
        st.sampled_from(list(CHANGES)).flatmap(
            lambda name: st.tuples(st.just(name), st.integers(0, 10**6), CHANGES[name])
        ),
        max_size=4,
    ),
    drained=st.booleans(),
)  # fmt: skip
def test_any_tampering_is_told_alike_in_parts_and_at_once(seed, rows, batch, changes, drained):
    tables = trading.World(seed).run(orders=6).tables()
    for column, place, value in changes:
        place %= len(tables["transfers"]["amount"])
        tables = with_column(tables, "transfers", column, place, known(tables, column, value))
    in_parts, at_once = reports(tables, trading.CATALOGUE, drained=drained, rows=rows, batch=batch)
    assert in_parts == at_once


def test_a_row_of_no_rule_does_not_repeat_the_last_rule_of_the_entry_before():
    tables = trading.World(0).run(orders=6).tables()
    place = 7199 % len(tables["transfers"]["amount"])
    tables = with_column(tables, "transfers", "code", place, known(tables, "code", "sale"))
    in_parts, at_once = reports(tables, trading.CATALOGUE, drained=False, rows=1, batch=5)
    assert in_parts == at_once
    assert not any("written before" in line for line in at_once)


@pytest.mark.parametrize("batch", [11, 10_000])
def test_orders_that_share_an_entry_are_checked_together(honest, batch):
    transfers = honest["transfers"]
    first, other = (np.flatnonzero(transfers["order"] == order)[0] for order in (1, 4))
    tables = with_column(honest, "transfers", "entry", other, transfers["entry"][first])
    in_parts, at_once = reports(tables, CATALOGUE, drained=True, rows=1, batch=batch)
    assert in_parts == at_once
    assert any("also has rows of another order" in line for line in in_parts)


@pytest.mark.parametrize("batch", [150, 4000])
def test_an_entry_that_orders_share_is_found_however_many_entries_there_are(batch):
    tables = trading.World(0).run(orders=800).tables()
    entries, orders = tables["transfers"]["entry"], tables["transfers"]["order"]
    assert entries.max() > 1500
    late = int(np.flatnonzero((entries > 1400) & (orders > 0))[0])
    other = int(np.flatnonzero(orders[late:] != orders[late])[0]) + late
    tables = with_column(tables, "transfers", "entry", other, entries[late])
    in_parts, at_once = reports(tables, trading.CATALOGUE, drained=True, rows=400, batch=batch)
    assert in_parts == at_once
    assert any(line.startswith(f"L0: entry {entries[late]} also has rows of another order") for line in in_parts)


def test_parts_hold_about_as_many_transfers_as_asked_for(honest, monkeypatch):
    sizes = []
    evidence = partition.Evidence

    def noted(tables, *others):
        sizes.append(len(tables["transfers"]["amount"]) if "transfers" in tables else 0)
        return evidence(tables, *others)

    monkeypatch.setattr(partition, "Evidence", noted)
    assert check(InMemory(honest, 11), CATALOGUE, drained=True, rows=30) == []
    assert len(sizes) > 8
    assert max(sizes) < len(honest["transfers"]["amount"]) / 2


def test_at_most_twenty_lines_a_law_are_kept_in_parts_too(honest):
    tables = with_column(honest, "transfers", "amount", slice(None), 0)
    in_parts, at_once = reports(tables, CATALOGUE, drained=True, rows=1, batch=11)
    assert in_parts == at_once
    assert [line for line in in_parts if "more" in line]


def test_visits_must_be_numbered_since_parts_name_them_by_their_numbers(honest):
    lines = check(with_column(honest, "visits", "visit", 2, 7), CATALOGUE, drained=True)
    assert lines == ["L0: row 2 of visits has number 7"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("amount", 7), ("entry", 40), ("order", 3), ("code", "sale"), ("debit", "users:advances")],
)
def test_tables_on_disk_are_checked_like_those_in_memory(tmp_path, column, value):
    run = unreliable()
    tables = {name: run.columns(name) for name in SCHEMA}
    for row in (400, 900, 901):
        tables = with_column(tables, "transfers", column, row, value)
    spoilt = Result(run.scenario, 1, tables, ended_at=run.ended_at, drained=True, events=1, inboxes={})
    spoilt.save(tmp_path)
    on_disk = Spooled(tmp_path, run.scenario.currency, run.scenario.start, spoilt.digest)
    minor = run.scenario.currency.minor
    catalogue = [
        Priced(each.sku, minor(each.price), minor(each.charge), minor(each.cost))
        for each in run.scenario.catalogue
    ]
    in_memory = spoilt.check()
    assert in_memory
    assert check(on_disk, catalogue, drained=True, rows=500) == in_memory
