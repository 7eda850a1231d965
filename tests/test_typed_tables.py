"""Rows in typed vectors, as the compiled library has them, are to the last bit those packed in Python."""

import subprocess
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from random import Random

import numpy as np
import pytest
import small
from hypothesis import given
from hypothesis import strategies as st

import alesha_sim as alesha
from alesha_sim import Simulation
from alesha_sim.books import chart, ledger
from alesha_sim.books.accounts import BANK, OPENING, PAYMENT, Account
from alesha_sim.books.counting import CountingLedger
from alesha_sim.books.ledger import LawBroken, Ledger
from alesha_sim.form import COMPILED
from alesha_sim.recording import message_log, packed_tables, run_logs
from alesha_sim.recording.spill_rows import SpooledRows
from alesha_sim.simulation import simulation
from alesha_sim.storage import spool
from alesha_sim.units import AMOUNT_MAX

if not COMPILED:
    pytest.importorskip("librt", reason="comes with the compiler; the library in Python has no use for it")
typed_tables = import_module("alesha_sim.recording.typed_tables")
FORMS = (packed_tables, typed_tables)
FILLED = ("landed", "taken_at_once", "served", "taken", "lost", "withdrawn")
ARGUMENTS = {"landed": 2, "taken_at_once": 1, "served": 1, "taken": 2, "lost": 0, "withdrawn": 0}


class Logs:
    """The rows of both forms, written to alike."""

    def __init__(self, new_rows=lambda form: packed_tables.in_memory):
        self.each = [form.MessageRows(new_rows(form)) for form in FORMS]

    def do(self, name, *arguments):
        packed, typed = (getattr(log, name)(*arguments) for log in self.each)
        assert packed == typed
        return packed

    def fill(self, name, row, chance):
        values = {"landed": (chance.random(), chance.randrange(6)), "taken": (chance.random(), 0.0)}
        others = (chance.random(),) if ARGUMENTS[name] else ()
        self.do(name, row, *values.get(name, others))

    def arrays(self):
        for log in self.each:
            log.settle()
        packed, typed = (log._table.array() for log in self.each)
        assert packed.dtype == typed.dtype
        assert packed.tobytes() == typed.tobytes()
        return packed


def sent(logs, chance):
    numbers = [chance.randrange(-3, 2**31) for _ in range(5)]
    kind, detail = chance.choice([int, str, float]), chance.randrange(256)
    return logs.do("sent", chance.random() * 1e6, *numbers, chance.randrange(9), kind, detail)


@pytest.mark.parametrize("reach", [3, 50, 6000], ids=["newest", "new", "any"])
def test_messages_are_the_same_rows_however_old_what_changes_is(reach):
    logs, chance = Logs(), Random(reach)
    for row in range(3 * typed_tables.WINDOW):
        assert sent(logs, chance) == row == len(logs.each[1]) - 1
        for _ in range(2):
            logs.fill(chance.choice(FILLED[:-1]), max(0, row - chance.randrange(reach)), chance)
        if row % 3000 == 2999:
            logs.fill("withdrawn", max(0, row - chance.randrange(reach)), chance)
            logs.arrays()
    assert len(logs.arrays()) == 3 * typed_tables.WINDOW


STEPS = st.lists(
    st.tuples(st.sampled_from(["sent", "sent_again", "settle", *FILLED]), st.integers(0, 9)), max_size=40
)


@given(STEPS, st.integers(0, 99))
def test_any_steps_leave_the_same_messages(steps, seed):
    logs, chance = Logs(), Random(seed)
    for name, back in steps:
        row = max(0, len(logs.each[0]) - 1 - back)
        if name in FILLED and len(logs.each[0]):
            logs.fill(name, row, chance)
        elif name == "settle":
            logs.arrays()
        elif name == "sent_again" and len(logs.each[0]):
            assert logs.do(name, row) == len(logs.each[0]) - 1 == len(logs.each[1]) - 1
        else:
            sent(logs, chance)
    assert len(logs.arrays()) == len(logs.each[0]) == len(logs.each[1])


def test_messages_that_left_memory_are_filled_in_on_disk(tmp_path):
    logs, chance = Logs(lambda form: lambda table, **fields: SpooledRows(tmp_path, 100, **fields)), Random(1)
    for row in range(1000):
        sent(logs, chance)
        if row in (300, 700):
            for log in logs.each:
                log.settle()
                log._table.flush()
        logs.fill(chance.choice(FILLED), chance.randrange(row + 1), chance)
    assert [log._table.base for log in logs.each] == [701, 701]
    assert len(logs.arrays()) == 1000


@pytest.mark.parametrize(("number", "detail"), [(2**31, 0), (-(2**31) - 1, 0), (2**40, 0), (1, 256), (1, -1)])
def test_a_number_that_its_field_cannot_hold_is_never_cut_short(number, detail):
    for form in FORMS:
        with pytest.raises((OverflowError, packed_tables.struct.error)):
            form.MessageRows().sent(0.0, number, 1, 1, 1, 1, 1, int, detail)


# The ledger on either form


@pytest.fixture(params=["packed", "typed"])
def form(request, monkeypatch):
    """Let ledgers be of each form in turn; compiled, there is one."""
    if COMPILED and request.param == "packed":
        pytest.skip("only the typed form is compiled")
    if not COMPILED:
        ledgers_on(getattr(sys.modules[__name__], f"{request.param}_tables"), monkeypatch)
    return request.param


def ledgers_on(tables, patch):
    """Let new ledgers write in one form, wherever this runs."""
    patch.setattr(ledger, "tables", tables)
    patch.setattr(chart, "tables", tables)
    patch.setattr(ledger, "COMPILED", tables is typed_tables)


class Books:
    """A ledger with three deposits and cash that has no floor."""

    def __init__(self, kind=Ledger):
        self.ledger = kind("BDT", ("laptop",))
        self.reserves = self.ledger.account(Account.BANK_RESERVES)
        self.users = self.ledger.family(Account.BANK_USER_DEPOSITS, 3)
        self.shop = self.ledger.account(Account.BANK_SHOP_DEPOSIT)
        self.free = [self.ledger.open(f"bank:{name}", Account.BANK_RESERVES.kind).start for name in "ab"]

    def state(self):
        every = range(len(self.ledger.chart.places))
        return self.ledger.array().tobytes(), [self.ledger.balance(account) for account in every]


@pytest.mark.parametrize("amount", [AMOUNT_MAX + 1, 2**64, 2**64 + 5, 10**30])
def test_an_amount_beyond_64_bits_is_refused_in_one_line(form, amount):
    books = Books()
    one, other = books.free
    state, entry = books.state(), books.ledger.new_entry()
    for write in (
        lambda: books.ledger.transfer(1.0, BANK, entry, 1, one, other, amount, PAYMENT),
        lambda: books.ledger.post(1.0, BANK, entry, 1, [(one, other, 7, PAYMENT), (one, other, amount, PAYMENT)]),
    ):
        with pytest.raises(LawBroken, match=r"^L0: ") as told:
            write()
        assert len(str(told.value).splitlines()) == 1
        assert books.state() == state
        assert not books.ledger.holds(BANK, entry)


def test_a_balance_beyond_64_bits_does_not_wrap(form):
    books = Books()
    one, other = books.free
    assert books.ledger.new_transfer(1.0, BANK, 1, one, other, AMOUNT_MAX, PAYMENT) == 1
    state = books.state()
    for debit, credit in ((one, books.shop), (books.shop, other), (one, other)):
        with pytest.raises(LawBroken, match=r"^L0: "):
            books.ledger.new_transfer(2.0, BANK, 1, debit, credit, 1, PAYMENT)
    assert books.state() == state
    assert books.ledger.balance(one) == AMOUNT_MAX
    books.ledger.new_transfer(3.0, BANK, 1, other, one, AMOUNT_MAX, PAYMENT)
    assert [books.ledger.balance(account) for account in books.free] == [0, 0]


@pytest.mark.parametrize("order", [2**31, -(2**31) - 1, 2**33 + 1])
def test_an_order_that_does_not_fit_its_field_is_refused(form, order):
    books = Books()
    state = books.state()
    with pytest.raises(LawBroken, match=r"^L0: "):
        books.ledger.new_transfer(1.0, BANK, order, *books.free, 1, PAYMENT)
    with pytest.raises(LawBroken, match=r"^L0: "):
        books.ledger.post_new(1.0, BANK, order, [(*books.free, 1, PAYMENT)])
    assert books.state() == state


@pytest.mark.parametrize("before", [0, 1, 1500, 2047, 2048, 5000])
def test_a_half_written_entry_is_undone_wherever_its_rows_are(form, before):
    books = Books()
    for _ in range(before):
        books.ledger.new_transfer(1.0, BANK, 1, *books.free, 1, PAYMENT)
    entry = books.ledger.new_entry()

    def rows():
        for _ in range(before + 3):
            yield (*books.free, 2, PAYMENT)
        raise RuntimeError("the book failed")

    with pytest.raises(RuntimeError, match="the book failed"):
        books.ledger.post(2.0, BANK, entry, 1, rows())
    assert len(books.ledger) == len(books.ledger.array()) == before
    assert books.ledger.balance(books.free[0]) == before
    assert books.ledger.post(3.0, BANK, entry, 1, [(*books.free, 5, PAYMENT)])
    assert books.ledger.first(entry) == (3.0, *books.free, 5, 1, entry, PAYMENT)
    assert books.ledger.array()["amount"].tolist() == [1] * before + [5]


def test_an_account_that_opens_while_an_entry_is_read_keeps_its_balance(form):
    books, opened = Books(), []

    def rows():
        yield (*books.free, 2, PAYMENT)
        opened.extend(books.ledger.open("bank:more", Account.BANK_RESERVES.kind, count=5000))
        yield opened[0], books.free[1], 3, PAYMENT

    assert books.ledger.post_new(1.0, BANK, 1, rows()) == 1
    assert [books.ledger.balance(each) for each in (*books.free, opened[0])] == [2, -5, 3]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), max_size=30))
@pytest.mark.skipif(COMPILED, reason="only the typed form is compiled")
def test_any_entries_leave_the_same_books(rows):
    states = []
    with pytest.MonkeyPatch.context() as patch:
        for form in FORMS:
            ledgers_on(form, patch)
            for kind in (Ledger, CountingLedger):
                books, told = Books(kind), []
                entries = books.ledger.new_entries(3)
                amounts = np.array([5, 0, 2])
                books.ledger.open_many(0.0, BANK, entries, books.reserves, books.users, amounts, OPENING)
                for debit, credit, amount in rows:
                    try:
                        told.append(books.ledger.post_new(1.0, BANK, 1, [(debit, credit, amount, PAYMENT)] * 2))
                    except LawBroken as refused:
                        told.append(str(refused))
                states.append((books.state(), told, [books.ledger.holds(BANK, entry) for entry in range(40)]))
    assert states[:2] == states[2:]


# Whole runs on typed rows, which only the compiled library makes otherwise


@pytest.fixture
def typed_run(form, monkeypatch):
    """Let runs be on rows of each form, with few rows in the vectors, so that they fill up often."""
    if form == "typed" and not COMPILED:
        monkeypatch.setattr(typed_tables, "WINDOW", 16)
        spec = spec_from_file_location("typed_message_log", message_log.__file__)
        again = module_from_spec(spec)
        monkeypatch.setattr("alesha_sim.form.COMPILED", True)
        spec.loader.exec_module(again)
        monkeypatch.setattr(run_logs, "MessageLog", again.MessageLog)


@pytest.mark.parametrize("name", ["unreliable_network", "first_purchase"])
def test_a_run_on_either_form_has_the_same_digest_on_disk_too(name, form, typed_run, tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "BLOCK", 500)
    monkeypatch.setattr(simulation, "_RELIEVED", 40)
    expected = small.result(name).digest
    for folder in (None, tmp_path):
        run = Simulation(small.scenario(name), 7, spool=folder)
        run.run()
        written = getattr(sys.modules[__name__], f"{form}_tables")
        assert type(run.ledger._rows) is written.TransferRows
        assert isinstance(run.records.messages, written.MessageRows)
        assert run.result().digest == expected


def test_a_summary_on_either_form_has_the_same_figures(typed_run):
    found = alesha.simulate(small.scenario("unreliable_network"), 7, record="summary").metrics()
    expected = small.result("unreliable_network").metrics()
    assert found == {name: expected[name] for name in found}


@pytest.mark.interpreted
def test_the_library_in_python_never_imports_what_only_machine_code_needs():
    program = "import sys, alesha_sim; alesha_sim.simulate(alesha_sim.scenarios.first_purchase(), 1); "
    program += "print([name for name in sys.modules if 'librt' in name or 'typed_tables' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
