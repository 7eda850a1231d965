"""Every benchmark runs once at its smallest size; how long it takes is no test's business."""

import importlib
from os import environ
from pathlib import Path
from subprocess import CalledProcessError

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
USERS, ORDERS = (40, 60), 20


@pytest.fixture
def benchmark(monkeypatch):
    """Give a module of the benchmarks by its name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_the_yardstick_measures_something(benchmark):
    assert benchmark("yardstick").seconds_per_event(1000) > 0


@pytest.mark.parametrize("market", ["day", "idle", "buyers", "messages", "wary"])
def test_each_market_is_timed_part_by_part(benchmark, monkeypatch, market):
    measure, turns = benchmark("measure"), []
    monkeypatch.setattr(measure, "PART", 100)
    figures = measure.timed(measure.Case(market, USERS[0], ORDERS), lambda: turns.append(1))
    assert figures["orders"] == pytest.approx(ORDERS, rel=0.5)
    assert 3 < len(turns) <= figures["events"] / 100 + 1
    assert all(value > 0 for value in figures.values())


def test_idle_users_change_nothing_that_happens(benchmark, monkeypatch):
    cases, measure = benchmark("cases"), benchmark("measure")
    monkeypatch.setattr(cases, "CUSTOMERS", USERS[0])
    few, many = (measure.timed(cases.Case("idle", users, ORDERS)) for users in USERS)
    counted = ("visits", "orders", "messages", "transfers", "events")
    assert [many[name] for name in counted] == [few[name] for name in counted]


def test_only_messages_take_time_where_that_is_said(benchmark):
    cases, measure = benchmark("cases"), benchmark("measure")
    quick, slow = (measure.timed(cases.Case(market, USERS[0], ORDERS)) for market in ("messages", "buyers"))
    assert quick["messages"] == slow["messages"]
    assert quick["events"] < 0.8 * slow["events"]


def test_the_memory_of_a_run_is_traced(benchmark):
    measure = benchmark("measure")
    figures = measure.traced(measure.Case("idle", USERS[0], ORDERS))
    assert 0 < figures["run"] <= figures["run_most"]
    assert figures["setup"] > 0


def test_what_is_recorded_is_weighed_without_openings(benchmark):
    measure = benchmark("measure")
    figures = measure.recorded(measure.Case("day", USERS[0], ORDERS))
    assert [figures[f"{table}_rows"] for table in ("orders", "visits", "messages", "transfers")] == [
        figures[name] for name in ("orders", "visits", "messages", "transfers")
    ]
    for table in benchmark("page").TABLES:
        assert figures[f"{table}_bytes"] > figures[f"{table}_rows"] > 0
        assert figures[f"{table}_file"] > 0


def test_what_studies_cost_is_measured_and_told(benchmark, monkeypatch):
    studies = benchmark("studies")
    market = studies.market_day(users=20, visits_per_day=30)
    monkeypatch.setattr(studies, "market_day", lambda: market)
    monkeypatch.setattr(studies, "POINTS", 2)
    monkeypatch.setattr(studies, "in_a_process", lambda runs: studies.memory(runs) + runs)
    measured = studies.measure_all(4, 2, (2, 4))
    text = " ".join(studies.page(measured).split())
    assert all(f"| {name} |" in text for name in ("machine", "versions", "date", *studies.PLACES.values()))
    assert "medians of 2 turns" in text
    least, greatest = sorted(measured.ratios)
    assert f"({least:.2f} to {greatest:.2f}) of the time** that it takes on one" in text
    assert "MiB for 2 runs and" in text


def test_two_workers_and_one_take_turns_at_being_first(benchmark, monkeypatch):
    studies, asked = benchmark("studies"), []
    monkeypatch.setattr(studies, "replicate", lambda market, **options: asked.append(options["jobs"]))
    turns = studies.speed(runs=10, turns=2)
    assert asked == [2, 2, 1, 1, 2]  # the first starts the workers
    assert [set(turn) for turn in turns] == [{1, 2}] * 2


def test_the_time_beyond_the_simulation_is_all_but_that_in_it(benchmark, monkeypatch):
    studies, clock = benchmark("studies"), [0.0]

    def takes(seconds, result):
        clock[0] += seconds
        return result

    market, simulate, figures = studies.first_purchase(), studies.simulate, studies.job.figures_of
    monkeypatch.setattr(studies, "process_time", lambda: clock[0])
    monkeypatch.setattr(studies, "simulate", lambda *given, **named: takes(3.0, simulate(*given, **named)))
    monkeypatch.setattr(studies.job, "figures_of", lambda *given: takes(0.5, figures(*given)))
    assert studies.beyond_simulate(market, {"runs": 4, "seed": 1, "jobs": 1}) == (2.0, 12.0)


def test_the_memory_of_a_sweep_is_that_of_a_process_of_its_own(benchmark):
    studies = benchmark("studies")
    assert studies.in_a_process(100) > 2**20


def test_the_whole_call_is_measured_by_part_and_told(benchmark, monkeypatch):
    whole_call = benchmark("whole_call")
    monkeypatch.setattr(whole_call, "forms", lambda: {"Python": None})
    (rounds,) = whole_call.measured(rounds=2).values()
    parts = {*whole_call.CALL, *whole_call.AFTER, whole_call.WHOLE}
    assert [set(figures) for figures in rounds] == [parts, parts]
    assert all(figures["run"] > figures["laws"] > 0 for figures in rounds)
    halved = [{part: seconds / 2 for part, seconds in figures.items()} for figures in rounds]
    both = {"Python": rounds, "compiled": halved}
    assert whole_call.ratios(both) == [0.5, 0.5]
    assert whole_call.section(both).count("| 0.50 (0.50 to 0.50) |") == len(parts)


def test_starting_is_measured_in_pairs_and_told(benchmark):
    startup = benchmark("startup")
    pairs = (startup.PAIRS[0], startup.Pair("nothing", ("-c", "pass"), ("-c", "pass")))
    found = startup.measured(rounds=2, pairs=pairs)
    assert all(
        len(turns.own) == len(turns.base) == 2 and min(*turns.own, *turns.base) > 0 for turns in found.values()
    )
    text = startup.section({startup.PAIRS[0]: startup.Turns([0.1, 0.3, 0.2], [0.1, 0.1, 0.1])})
    row = "| `import alesha_sim` | 200 | `import simpy, numpy` | 100 | 2.00 | 1.00 to 3.00 | at most 1.5 |"
    assert row in text.splitlines()


def test_every_command_that_is_timed_at_the_start_runs(benchmark):
    startup = benchmark("startup")
    assert list(startup.measured(rounds=1)) == list(startup.PAIRS)
    with pytest.raises(CalledProcessError):
        startup.seconds(("-m", "alesha_sim", "no_such_command"), {**environ})


def test_processes_take_turns_until_all_are_measured(benchmark):
    run = benchmark("run")
    cases = [run.Case("idle", users, 10 * ORDERS) for users in USERS]  # enough for more than one turn
    figures = run.timed_in_turns(cases)
    assert list(figures) == cases
    assert all(one["run"] > 0 and one["peak"] > 2**20 for one in figures.values())


def test_a_process_that_fails_is_named(benchmark):
    run = benchmark("run")
    with pytest.raises(RuntimeError, match="no_such_market"):
        run.measured("traced", run.Case("no_such_market", 1, 1))


def test_the_page_tells_every_figure(benchmark, monkeypatch):
    run, page, measure = benchmark("run"), benchmark("page"), benchmark("measure")
    monkeypatch.setattr(run, "timed_in_turns", lambda cases: {case: measure.timed(case) for case in cases})
    monkeypatch.setattr(run, "measured", lambda name, case: getattr(measure, name)(case))
    some = {"run": 1.0, "yardstick": 1.0, "orders": 1, "messages": 1}
    peers = {"library_all": some, "lean_simpy": some, "event_simpy": some}
    monkeypatch.setattr(run, "side_by_side", lambda rounds: benchmark("peers").Beside(1, 1, [peers] * rounds, {}))
    text = page.page(run.measure_all(USERS, ORDERS, 2))
    assert text.count(f"\n| {USERS[1]} |") == 2
    assert all(f"\n| {row} |" in text for row in (*page.TABLES, *page.MARKETS.values(), "machine", "versions"))
    assert "\n| lean SimPy |" in text
    assert "medians of 2 rounds" in " ".join(text.split())


def test_growth_is_measured_in_processes_and_told(benchmark, tmp_path):
    growth = benchmark("growth")
    found = growth.measured((20, 40), (1_000, 1_100))
    assert [(case.orders, case.users, case.spooled) for case in found] == [
        (20, 1_000, False), (20, 1_000, True), (40, 1_000, False), (40, 1_000, True), (20, 1_100, False),
    ]  # fmt: skip
    assert all(figures["events"] > 20 * figures["orders"] > 0 for figures in found.values())
    assert all(figures["check_peak"] >= figures["run_peak"] >= figures["start_peak"] for figures in found.values())
    text = growth.section(found)
    assert text.count("| spooled |") == 2
    assert "| 20 | 1,100 | in memory |" in text
    growth.draw(found, tmp_path / "growth.svg")
    assert "<svg" in (tmp_path / "growth.svg").read_text()
