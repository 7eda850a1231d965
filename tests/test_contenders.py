"""Programs that are timed beside the library do the same work, or are refused; how fast is no test's business."""

import importlib
import sys
from pathlib import Path

import pytest
from conftest import needed

from alesha_sim import Simulation

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
USERS, ORDERS = 60, 120
SLOW = {"shop.page_time": 40, "bank.authorisation_time": 100, "supplier.handling_time": 400}
BUSY = {f"{party}.workers": 2 for party in ("shop", "bank", "supplier")} | {
    name: {"kind": "gamma", "mean": mean, "cv": 0.7} for name, mean in SLOW.items()
}
"""Services so slow that there are queues everywhere, so that who does not queue gives himself away."""

PROGRAMS = sorted(path.stem for path in (BENCHMARKS / "contenders").glob("*_*.py") if path.stem != "__init__")


@pytest.fixture
def benchmark(monkeypatch):
    """Give a module of the benchmarks by its name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture
def entrants(benchmark):
    return benchmark("contenders.entrants")


@pytest.fixture
def flow(benchmark):
    return benchmark("contenders.flow").Flow(USERS, ORDERS, settings=BUSY)


@pytest.fixture
def expected(entrants, flow):
    """Give what comes of the flow in the library."""
    return entrants.outcome(entrants.prepared("library_all"), flow)


def test_all_programs_take_part(entrants):
    assert sorted(entrants.PEERS) == PROGRAMS


def test_the_packages_are_pinned_as_in_the_constraints(entrants):
    pins, constraints = (
        dict(line.lower().split("==") for line in path.read_text().splitlines() if "==" in line)
        for path in (BENCHMARKS / "requirements.txt", BENCHMARKS.parent / "constraints.txt")
    )
    assert pins.keys() == {contender.package for contender in entrants.PEERS.values()} - {"", "simpy"}
    assert pins.items() <= constraints.items()


# Ciw copies an iterator of the standard library, which Python 3.13 warns of.
@pytest.mark.filterwarnings("ignore:Pickle, copy, and deepcopy support will be removed from itertools")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_the_library_does(entrants, flow, expected, name):
    contender = entrants.contenders()[name]
    if contender.package:
        needed(contender.package, "bench")
    found = entrants.outcome(entrants.prepared(name), flow)
    entrants.compare(name, found, expected)
    assert (found.deposits, found.messages) == (expected.deposits, expected.messages)


def test_the_library_does_the_same_whatever_it_records(entrants, flow, expected):
    own = [name for name, one in entrants.contenders().items() if one.module == "library" and not one.is_compiled]
    assert own[0] == "library_all"
    for name in own:
        found = entrants.outcome(entrants.prepared(name), flow)
        entrants.compare(name, found, expected)
        assert (found.orders is None) == (name == "library_summary")
        assert (found.messages is None) == (name != "library_all")


def test_the_flow_declines_for_want_of_money_and_of_the_secret(flow, expected):
    reasons = {(order.status, order.reason) for order in expected.orders}
    assert reasons == {("completed", ""), ("declined", "wrong_secret"), ("declined", "insufficient_funds")}
    cheapest, everything = min(flow.prices.values()), sum(order.total for order in expected.orders)
    users = [amount for account, amount in flow.openings().items() if account >= 10_000_000]
    assert all(amount < cheapest or amount > everything for amount in users)


def test_there_are_queues_everywhere(flow):
    simulation = Simulation(flow.scenario, flow.seed)
    simulation.run()
    parties = simulation.shop, simulation.bank, simulation.supplier
    assert min(party.inbox.statistics().waited for party in parties) > ORDERS / 4


@pytest.mark.parametrize("party", ["shop", "bank", "supplier"])
def test_a_program_with_more_workers_is_refused(benchmark, entrants, flow, expected, party):
    module = benchmark("contenders.lean_simpy")
    market = module.Market(flow)
    getattr(market, party).free += 1
    market.environment.run()
    with pytest.raises(entrants.Refused, match=r"^lean_simpy: Placed\(.*closed_at=.* instead of"):
        entrants.compare("lean_simpy", market.outcome(), expected)


TAMPERED = {
    r"\d+ orders instead of": lambda found: {"orders": found.orders[:-1]},
    r"Placed\(.* instead of": lambda found: {"orders": [found.orders[0]._replace(total=1), *found.orders[1:]]},
    "0 orders instead of": lambda found: {"orders": None},
    "None messages instead of": lambda found: {"messages": None},
    "deposit of 9000001: 0 instead of": lambda found: {"deposits": found.deposits | {9_000_001: 0}},
    r"Placed\(.*closed_at=0.0": lambda found: {
        "orders": sorted(order._replace(closed_at=0.0) for order in found.orders)
    },
    "1 messages instead of": lambda found: {"messages": 1},
    "ended at 0.0 s instead of": lambda found: {"ended_at": 0.0},
}


@pytest.mark.parametrize("complaint", TAMPERED)
def test_a_tampered_program_is_refused_before_it_is_timed(benchmark, entrants, flow, monkeypatch, complaint):
    peers, honest = benchmark("peers"), entrants.prepared

    def tampered(flow):
        ready = honest("lean_simpy")(flow)

        def outcome():
            found = ready.outcome()
            return found._replace(**TAMPERED[complaint](found))

        return ready._replace(outcome=outcome)

    monkeypatch.setattr(peers, "prepared", lambda name: tampered if name == "lean_simpy" else honest(name))
    with pytest.raises(entrants.Refused, match=f"^lean_simpy: {complaint}"):
        peers.timed("lean_simpy", flow, lambda figures: pytest.fail("it was let in"))


def test_a_program_that_spares_itself_messages_is_refused(benchmark, entrants, flow, expected, monkeypatch):
    def verify(market, transaction):
        yield market.environment.timeout(0)
        return market.parties.verify(transaction)

    monkeypatch.setattr(benchmark("contenders.lean_simpy").Market, "verify", verify)
    with pytest.raises(entrants.Refused, match=r"^lean_simpy: \d+ messages instead of \d+$"):
        entrants.compare("lean_simpy", entrants.outcome(entrants.prepared("lean_simpy"), flow), expected)


def test_the_compiled_library_takes_part_where_it_is_compiled(benchmark, entrants, tmp_path, monkeypatch):
    monkeypatch.setattr(entrants, "SITE", tmp_path / "nowhere")
    names, absent = entrants.present()
    assert absent["compiled_all"] == "it is not compiled (`make compiled`)"
    monkeypatch.setattr(entrants, "SITE", tmp_path)
    assert set(entrants.present()[0]) - set(names) == {"compiled_all", "compiled_summary"}
    assert (entrants.site("library_all"), entrants.site("compiled_all")) == (None, tmp_path)
    if not entrants.library.is_compiled():
        with pytest.raises(entrants.Refused, match=r"^compiled_all: the library that is loaded is not"):
            entrants.prepared("compiled_all")


def test_a_program_is_timed_turn_by_turn(benchmark, flow, expected):
    peers, turns = benchmark("peers"), []

    def end_turn(figures):
        turns.append(figures)
        if len(turns) == 3:
            raise StopIteration

    with pytest.raises(StopIteration):
        peers.timed("lean_simpy", flow, end_turn)
    assert turns[0] is None
    for figures in turns[1:]:
        assert figures["messages"] == expected.messages
        assert figures["orders"] == len(expected.orders)
        assert min(figures["run"], figures["yardstick"], figures["events"]) > 0


def test_programs_take_turns_in_processes_of_their_own(benchmark, monkeypatch):
    peers = benchmark("peers")
    monkeypatch.setattr(peers, "present", lambda: (["library_all", "lean_simpy"], {"with_mesa": "gone"}))
    measured = peers.side_by_side(2, USERS, ORDERS)
    assert [list(times) for times in measured.rounds] == [["library_all", "lean_simpy"]] * 2
    assert measured.absent == {"with_mesa": "gone"}
    assert all(figures["run"] > 0 for times in measured.rounds for figures in times.values())


def test_a_program_that_fails_is_named(benchmark, monkeypatch):
    peers = benchmark("peers")
    monkeypatch.setattr(peers, "present", lambda: (["no_such_program"], {}))
    with pytest.raises(RuntimeError, match="no_such_program"):
        peers.side_by_side(1, USERS, ORDERS)


def test_a_program_without_its_package_is_left_out_by_name(entrants, monkeypatch):
    none = entrants.Contender("nobody", "nothing", "no-such-package")
    monkeypatch.setitem(entrants.PEERS, "with_nobody", none)
    names, absent = entrants.present()
    assert "with_nobody" not in names
    assert {"lean_simpy", "library_all"} <= set(names)
    assert absent["with_nobody"] == "no-such-package is not installed"


def test_the_section_shows_ratios_of_one_round(benchmark):
    def figures(run):
        return {"run": run, "yardstick": 1e-6, "orders": 100, "messages": 2_250, "events": 4_000}

    rounds = [
        {"library_all": figures(2 * n), "lean_simpy": figures(n), "event_simpy": figures(4 * n)}
        for n in (0.01, 0.03, 0.02)
    ]
    beside = benchmark("peers").Beside(60, 100, rounds, {"with_mesa": "mesa is not installed"})
    text = benchmark("peers_page").beside(beside)
    own, lean = "2.00 (2.00 to 2.00) | 0.50 (0.50 to 0.50)", "1.00 (1.00 to 1.00) | 0.25 (0.25 to 0.25)"
    assert f"| alesha_sim in Python | 22.5 | 40.0 | 400 (200 to 600) | {own} | 1.00 (1.00 to 1.00) |" in text
    assert f"| lean SimPy | 22.5 | 40.0 | 200 (100 to 300) | {lean} | 0.50 (0.50 to 0.50) |" in text
    assert "- **Mesa** is left out: mesa is not installed." in text
    assert "3 rounds" in text
    assert "time / alesha_sim compiled" not in text


def test_the_section_compares_with_the_compiled_library_where_there_is_one(benchmark):
    def figures(run):
        return {"run": run, "yardstick": 1e-6, "orders": 100, "messages": 2_250}

    seconds = {"compiled_all": 0.5, "lean_simpy": 0.25, "event_simpy": 1, "with_mesa": 2}
    times = {name: figures(run) for name, run in seconds.items()}
    text = benchmark("peers_page").beside(benchmark("peers").Beside(60, 100, [times], {}))
    assert "| time / lean SimPy | time / SimPy, messages on bare events | time / alesha_sim compiled |" in text
    row = next(line for line in text.splitlines() if line.startswith("| Mesa |"))
    assert [cell.split()[0] for cell in row.split("|")[-4:-1]] == ["8.0", "2.00", "4.00"]


def test_programs_are_timed_with_several_pythons_in_turn(benchmark, monkeypatch):
    versions = benchmark("versions")
    monkeypatch.setattr(versions, "PROGRAMS", {"lean_simpy": "lean SimPy", "library_all": "the library in Python"})
    (turn,) = versions.measured([sys.executable], 1, USERS, ORDERS)
    times = turn[sys.executable]
    assert list(times) == ["lean_simpy", "library_all"]
    doubled = {name: {figure: 2 * value for figure, value in told.items()} for name, told in times.items()}
    doubled["library_all"]["run"] *= 3
    monkeypatch.setattr(versions, "facts_of", lambda python: {"name": python})
    row = versions.rows([sys.executable, "other"], [{sys.executable: times, "other": doubled}])[1]
    assert [cell.split()[0] for cell in row] == ["other", "2.00", "2.00", "6.0", "3.00"]
