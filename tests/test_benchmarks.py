"""Every benchmark runs once at its smallest size; how long it takes is no test's business."""

import importlib
import json
import sys
from os import environ
from pathlib import Path
from subprocess import CalledProcessError, run

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
    monkeypatch.setattr(studies, "market_day", lambda **knobs: market)
    monkeypatch.setattr(studies, "POINTS", 2)
    monkeypatch.setattr(studies, "in_a_process", lambda runs: studies.memory(runs) + runs)
    measured = studies.measure_all(4, 2, (2, 4))
    text = " ".join(studies.page(measured).split())
    assert all(f"| {name} |" in text for name in ("machine", "versions", "date", *studies.PLACES.values()))
    assert "medians of 2 turns" in text
    for case, turns in zip(studies.STUDIES, measured.seconds, strict=True):
        least, greatest = sorted(studies.ratios(turns))
        assert f"({least:.2f} to {greatest:.2f})** |" in text.partition(f"| {case.text} | {4 * case.times} |")[2]
    assert "MiB for 2 runs and" in text
    assert "nothing went before anything else" in text


def test_the_page_of_studies_tells_whether_they_went_before_all_else(benchmark, monkeypatch):
    studies = benchmark("studies")
    monkeypatch.setattr(studies.os, "sched_getscheduler", lambda process: studies.os.SCHED_RR)
    measured = studies.Measured(1, [], {}, {}, 7.25, studies.goes_first())
    assert studies.beside(measured) == (
        "The load of the machine was 7.2 when it began; what was timed went before all else."
    )


def test_two_workers_and_one_take_turns_at_being_first(benchmark, monkeypatch):
    studies, asked = benchmark("studies"), []
    monkeypatch.setattr(studies, "replicate", lambda market, **options: asked.append(options["jobs"]))
    turns = studies.speed(studies.STUDIES[0], runs=10, turns=2)
    assert asked == [2, 2, 1, 1, 2]  # the first starts the workers
    assert [set(turn) for turn in turns] == [{1, 2}] * 2


def test_a_study_that_is_timed_keeps_its_runs_in_a_new_folder_each_time(benchmark, monkeypatch):
    studies, asked = benchmark("studies"), []
    monkeypatch.setattr(studies, "replicate", lambda market, **options: asked.append(options))
    for case in studies.STUDIES:
        asked.clear()
        studies.speed(case, runs=10, turns=2)
        assert len({str(options.get("folder")) for options in asked[1:]}) == (4 if case.kept else 1)
        assert {options["runs"] for options in asked[1:]} == {10 * case.times}


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


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells it")
def test_the_peak_of_a_process_is_not_that_of_the_one_that_started_it(benchmark):
    measure = benchmark("measure")
    held = b"x" * (512 * 2**20)
    program = "import sys; sys.path[:] = eval(sys.argv[1]); from measure import peak; print(peak())"
    said = run([sys.executable, "-c", program, repr(sys.path)], capture_output=True, text=True, check=True)
    assert float(said.stdout) < len(held) < measure.peak()


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
    markets = benchmark("markets")
    cases = [markets.Case("idle", users, 10 * ORDERS) for users in USERS]  # enough for more than one turn
    figures = markets.timed_in_turns(cases)
    assert list(figures) == cases
    assert all(one["run"] > 0 and one["peak"] > 2**20 for one in figures.values())


def test_a_process_that_fails_is_named(benchmark):
    markets = benchmark("markets")
    with pytest.raises(RuntimeError, match="no_such_market"):
        markets.measured("traced", markets.Case("no_such_market", 1, 1))


@pytest.fixture
def market_figures(benchmark, monkeypatch):
    """Give what is measured of the markets, in this process."""
    markets, measure = benchmark("markets"), benchmark("measure")
    monkeypatch.setattr(markets, "timed_in_turns", lambda cases: {case: measure.timed(case) for case in cases})
    monkeypatch.setattr(markets, "measured", lambda name, case: getattr(measure, name)(case))
    return json.loads(json.dumps(markets.measure_all(USERS, ORDERS, 2).figures()))


def test_the_sections_on_markets_tell_every_figure(benchmark, market_figures):
    page, aims = benchmark("page"), benchmark("aims")
    text = page.section(market_figures)
    assert text.count(f"\n| {USERS[1]} |") == 2
    assert all(f"\n| {row} |" in text for row in (*page.TABLES, *page.MARKETS.values()))
    assert "Medians of 2 rounds" in " ".join(text.split())
    assert len(aims.readiness({"markets": market_figures})) == 2


def kept_figures(benchmark, parts):
    """Return parts as if they had been measured just now."""
    kept = benchmark("kept")
    return {name: kept.measured(lambda figures=figures: figures) for name, figures in parts.items()}


def test_figures_are_kept_part_by_part(benchmark, tmp_path):
    kept = benchmark("kept")
    one = kept.measured(lambda: {"runs": (1.23456789, 2), "name": "x"})
    assert one.figures == {"runs": [1.23457, 2], "name": "x"}
    kept.write(tmp_path / "new", "some", one)
    assert kept.read(tmp_path / "new", "some") == one
    assert kept.read(tmp_path / "new", "other") is None
    assert one.is_current
    assert not any(one._replace(**{name: "other"}).is_current for name in ("library", "build", "machine"))


def test_a_measurement_goes_on_where_it_was_interrupted(benchmark, tmp_path):
    run, kept = benchmark("run"), benchmark("kept")
    chosen = run.options(["--figures", str(tmp_path)])
    regular = [name for name, part in run.PARTS.items() if not part.is_long]
    assert run.to_measure(chosen) == regular
    for name, one in kept_figures(benchmark, {"call": 1, "peers": 2}).items():
        kept.write(tmp_path, name, one if name == "call" else one._replace(library="another"))
    assert run.to_measure(chosen) == regular[1:]
    assert run.to_measure(run.options(["--figures", str(tmp_path), "--again"])) == regular
    assert run.to_measure(run.options(["spooled", "call", "--figures", str(tmp_path)])) == ["call", "spooled"]
    assert run.to_measure(run.options(["page"])) == []


def test_a_part_that_fails_loses_no_other(benchmark, monkeypatch, tmp_path, capsys):
    run, kept = benchmark("run"), benchmark("kept")
    monkeypatch.setattr(run.compiled, "up_to_date", lambda: None)

    def fail(effort):
        raise RuntimeError("no luck")

    monkeypatch.setitem(run.PARTS, "call", run.PARTS["call"]._replace(measure=fail))
    monkeypatch.setitem(run.PARTS, "peers", run.PARTS["peers"]._replace(measure=lambda effort: effort.rounds))
    assert run.measure(["call", "peers"], run.SMALL, tmp_path) == ["call"]
    assert "call: failed: no luck" in capsys.readouterr().err
    assert (kept.read(tmp_path, "call"), kept.read(tmp_path, "peers").figures) == (None, 1)


def test_the_page_says_what_was_not_measured_and_what_is_of_another_library(benchmark):
    run = benchmark("run")
    found = kept_figures(benchmark, {"startup": {"import alesha_sim": {"own": [0.2], "base": [0.1]}}})
    found["startup"] = found["startup"]._replace(library="0123456789ab")
    text = "\n\n".join(run.whole_page(found))
    assert "| compiled / lean SimPy | at most 1.1 | not measured |  | not measured |" in text
    assert '| start-up | `make bench PARTS="startup"` |' in text
    assert "`0123456789ab`, before the last change |" in text
    assert '| other programs | `make bench PARTS="peers"` | not measured |  |  |' in text
    assert "## Start-up" in text
    assert "## Beside other programs" not in text


def test_an_aim_is_judged_by_the_median(benchmark):
    aims = benchmark("aims")
    at_most = aims.Aim("a", 1.1, True, lambda figures: figures)
    assert at_most.row([1.0, 1.1, 3.0])[1:] == ["at most 1.1", "1.10 (1.00 to 3.00)", "yes"]
    assert at_most.row([1.0, 1.11, 1.2])[3] == "no"
    assert at_most._replace(is_most=False, bound=1_900).row([1_900.0])[1:] == ["at least 1,900", "1,900", "yes"]
    assert at_most.row([])[2:] == ["not measured", ""]


def test_memory_of_an_order_is_the_slope_of_the_peaks(benchmark):
    memory = benchmark("memory")
    runs = [{"orders": orders, "peak": 5e7 + 1_900 * orders} for orders in (1_000, 2_000, 4_000)]
    figures = {"compiled": {"runs": runs, "held": {"orders": 100, "held": 170_000}}}
    assert memory.an_order(figures, "compiled") == pytest.approx(1_900)
    assert memory.an_order(figures, "python") is None
    assert "| compiled | 1,900 | 1,700 |" in memory.section(figures)
    assert memory.growth({"runs": [{"peak": 10}, {"peak": 20}, {"peak": 22}]}) == 1.1


def test_memory_is_measured_in_processes(benchmark):
    memory = benchmark("memory")
    found = memory.of_forms((20, 40), ("python",))
    assert found["python"]["held"]["held"] > 1_000 * found["python"]["held"]["orders"] > 0
    assert all(run["peak"] >= run["before"] > 2**20 for run in found["python"]["runs"])
    spools = memory.of_spools((20, 40), "python")
    assert "| 20 |" not in memory.section_of_spools(spools)  # so many come as the draw gives
    assert [run["orders"] > 0 for run in spools["runs"]] == [True, True]


def facts(**changes):
    """Return what a plain build reports, with changes."""
    plain = {"name": "CPython 3.12.1", "version": [3, 12], "compiler": "GCC 12.2.0", "level": "-O3"}
    flags = {
        "profile": False,
        "link_time": False,
        "free_threaded": False,
        "prefix": "/opt/python",
        "headers": True,
    }
    return plain | flags | changes


BUILDS = [
    ({}, "not profile-guided, not link-time optimised"),
    ({"profile": True, "link_time": True}, "profile-guided, link-time optimised"),
    ({"prefix": "/usr"}, "a distribution's package, which does not report whether it was optimised (Debian's is)"),
    ({"prefix": "/usr", "profile": True}, "profile-guided, not link-time optimised"),
    ({"free_threaded": True}, "not profile-guided, not link-time optimised, free-threaded"),
]


@pytest.mark.parametrize(("changes", "told"), BUILDS)
def test_a_build_of_python_is_told_in_words(benchmark, changes, told):
    assert benchmark("builds").sentence(facts(**changes)) == f"CPython 3.12.1, GCC 12.2.0, -O3, {told}"


def test_the_flags_of_a_build_are_read(benchmark, monkeypatch):
    builds = benchmark("builds")
    said = {"PY_CFLAGS": "-Wall -O2 -g -O3", "CONFIG_ARGS": "'--enable-optimizations' '--with-lto=no'"}
    monkeypatch.setattr(builds.sysconfig, "get_config_var", said.get)
    found = builds.facts()
    assert (found["level"], found["profile"], found["link_time"]) == ("-O3", True, False)


def test_the_second_build_is_the_first_other_python_that_is_new_enough(benchmark, monkeypatch, tmp_path):
    builds, own = benchmark("builds"), sys.base_prefix
    pythons = {"old": facts(version=[3, 10]), "own": facts(prefix=own), "good": facts()}
    monkeypatch.setattr(builds.shutil, "which", lambda path: None if path == "none" else path)
    monkeypatch.setattr(builds, "facts_of", pythons.__getitem__)
    monkeypatch.setattr(builds, "PLACES", ("none", "old", "own", "good"))
    assert (builds.second(), builds.second("own"), builds.second("old")) == ("good", "own", None)


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


def test_a_second_build_gets_what_the_compiled_library_needs(benchmark, monkeypatch, tmp_path):
    second_build = benchmark("second_build")
    monkeypatch.setattr(second_build.compiled, "SITE", tmp_path)
    plain = second_build.needed()
    assert "simpy>=4.1" in plain
    (tmp_path / "x.dist-info").mkdir()
    said = "Requires-Dist: simpy>=4.1\nRequires-Dist: only_compiled\nRequires-Dist: x; extra == 'dev'\n"
    (tmp_path / "x.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.4\n{said}\n", "utf-8")
    assert second_build.needed() == ["simpy>=4.1", "only_compiled"]


def test_statements_are_timed_with_each_python_in_turn_and_the_best_turn_counts(benchmark, monkeypatch):
    statements = benchmark("statements")
    assert statements.nanoseconds(sys.executable, *statements.STATEMENTS["`x + 7.0`"], loops=1) > 0
    times = {"a": iter([4.0, 2.0] * 9), "b": iter([3.0, 5.0] * 9)}
    monkeypatch.setattr(statements, "nanoseconds", lambda python, *_: next(times[python]))
    monkeypatch.setattr(statements, "facts_of", lambda python: {"name": f"CPython 3.{python}"})
    lines = statements.section(["a", "b"], turns=2).splitlines()
    assert lines[0] == "| statement | 3.b |"
    assert [line.rpartition(" | ")[0][2:] for line in lines[2:]] == list(statements.STATEMENTS)
    odd = [line.split()[-2] for line in lines[2:]]
    assert odd == ["1.50"] * 9


def test_every_statement_of_the_page_is_one_that_is_timed(benchmark):
    page = (benchmark("run").TRIED).read_text("utf-8")
    rows = page.partition("| statement | 3.12.1 | 3.13.0 |")[2].split("\n\n")[0].splitlines()[2:]
    assert [row.split(" | ")[0][2:] for row in rows] == list(benchmark("statements").STATEMENTS)
