"""Rows whose older ones are kept by column in less space: the same rows, read and changed by the same numbers."""

from random import Random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alesha_sim import Simulation, scenarios, simulate
from alesha_sim.recording.narrow_rows import Narrow, NarrowRows
from alesha_sim.recording.packed_rows import PackedRows

FIELDS = {"at": "d", "order": "i", "amount": "q", "attempt": "I", "kind": "B"}


def both(wide=8):
    return PackedRows(**FIELDS), NarrowRows(wide, **FIELDS)


def drawn(chance):
    order = chance.choice([-1, 70_000 + chance.randrange(9)])
    return chance.random(), order, chance.choice([0, 5, 2**40]), chance.randrange(3), chance.randrange(256)


def equal(plain, narrow):
    assert len(plain) == len(narrow)
    assert plain.array().tobytes() == narrow.array().tobytes()
    assert b"".join(block.tobytes() for _, block in narrow.blocks()) == plain.array().tobytes()
    assert [first for first, _ in narrow.blocks()] == [*range(0, narrow.base + 1, 8)]


def test_rows_of_any_age_are_read_and_changed_by_number():
    (plain, narrow), chance = both(), Random(3)
    parts = [(table.part("order"), table.part("attempt", "kind")) for table in (plain, narrow)]
    for number in range(60):
        values = drawn(chance)
        assert plain.append(*values) == narrow.append(*values) == number
        narrow.trim()
        row, order, kind = chance.randrange(number + 1), chance.choice([-1, -3, 2**31 - 1]), chance.randrange(256)
        for one, two in parts:
            one.fill(row, order)
            two.fill_two(row, 2**32 - 1, kind)
        assert plain.row(row) == narrow.row(row)
        equal(plain, narrow)
    assert narrow.base == 48


def test_only_rows_older_than_the_newest_become_narrow():
    _, narrow = both()
    for number in range(15):
        narrow.append(0.0, number, 1, 1, 1)
    narrow.trim()
    assert narrow.base == 0
    narrow.append(0.0, 15, 1, 1, 1)
    narrow.trim()
    assert (narrow.base, len(narrow.rows) // narrow.width, len(narrow)) == (8, 8, 16)
    narrow.clear()
    assert len(narrow) == 0 == len(narrow.array())
    assert narrow.append(0.0, 0, 1, 1, 1) == 0


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 300), min_size=1, max_size=9),
    st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 300),
    st.integers(0, 8),
)
@example([5, 6], 4, 0)
def test_any_whole_numbers_come_back_as_they_were(numbers, other, place):
    place %= len(numbers)
    column = Narrow(np.array(numbers, np.int64))
    assert column.whole().tolist() == numbers == [column.get(place) for place in range(len(numbers))]
    column.set(place, other)
    numbers[place] = other
    assert column.whole().tolist() == numbers == [column.get(place) for place in range(len(numbers))]
    assert column.whole().dtype == np.int64


@pytest.mark.parametrize(("span", "width"), [(250, 1), (255, 2), (65_530, 2), (65_535, 4), (2**32 - 1, 8)])
def test_a_column_takes_the_least_space_however_large_its_numbers_and_whether_some_are_none(span, width):
    column = Narrow(np.array([-1, 10**12, 10**12 + span], np.int64))
    assert column._numbers.itemsize == width


def test_a_run_whose_rows_become_narrow_on_the_way_has_the_same_digest(monkeypatch):
    scenario = scenarios.unreliable_network()
    monkeypatch.setattr(NarrowRows.__init__, "__defaults__", (20,))
    run = Simulation(scenario, 7)
    tables = run.records.messages._table, run.ledger._rows._table
    while run.step():
        run.records.messages.settle()
        for rows in tables:
            rows.trim()
    assert all(len(rows) - rows.base < 40 < rows.base for rows in tables)
    assert run.result().digest == simulate(scenario, 7).digest
