"""Shrinking: what a failure does not need goes, what it needs stays, and the file shows it again."""

import pytest

from alesha_sim.distributions import Constant
from alesha_sim.results.result import Result
from alesha_sim.scenarios.injected_faults import Crash, Degradation, Outage
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.verification.fuzz.random_scenarios import World, draw
from alesha_sim.verification.fuzz.reductions import brief, shorter, spelt_out
from alesha_sim.verification.fuzz.shrink import shrink
from alesha_sim.verification.fuzz.trials import Counts, Trial, trial

WORLDS = [draw(1, number) for number in range(100)]


def plant(monkeypatch, condition, *more):
    """Let L9 fail in the worlds of which a condition holds, and other laws in all worlds."""
    lines = [f"{law}: everywhere" for law in more]
    check = lambda self: [*lines, *(["L9: planted"] if condition(self.scenario) else [])]  # noqa: E731
    monkeypatch.setattr(Result, "check", check)


def visits(scenario):
    return len(scenario.visits(1).at)


def has(kind, **fields):
    """Return the condition that there is a fault of a kind with certain fields."""
    return lambda scenario: any(
        isinstance(fault, kind) and all(getattr(fault, name) == value for name, value in fields.items())
        for fault in scenario.faults
    )


def shrunk(condition, **options):
    world = next(world for world in WORLDS if visits(world.scenario) > 20 and condition(world.scenario))
    return shrink(trial(world), **options)


CONDITIONS = {
    "nothing": lambda s: True,
    "two visits": lambda s: visits(s) >= 2,
    "two users": lambda s: s.users.count >= 2,
    "two products": lambda s: len(s.catalogue) >= 2,
    "loss": lambda s: s.network.default.loss > 0.01,
    "workers": lambda s: s.shop.workers is not None,
    "attacks": lambda s: s.users.attacks.tamper_total > 0,
    "another currency": lambda s: s.currency.code != "BDT",
    "a long run": lambda s: s.horizon + (s.drain or 0) > 50,
    "a crash": has(Crash, entity="bank"),
    "an outage": has(Outage),
    "a degradation": has(Degradation),
    "a slow link": lambda s: any(link.latency for link in s.network.links.values()),
}


@pytest.mark.parametrize("needed", CONDITIONS)
def test_only_what_the_failure_needs_stays(monkeypatch, needed):
    plant(monkeypatch, CONDITIONS[needed])
    found = shrunk(CONDITIONS[needed]).trial.world.scenario
    assert {name for name, condition in CONDITIONS.items() if condition(found)} == {"nothing", needed}
    assert len(found.faults) <= 1
    assert visits(found) == 1 + (needed == "two visits")
    assert found.users.opening_balance == 5000


def test_what_stays_becomes_simple(monkeypatch):
    plant(monkeypatch, lambda s: has(Degradation)(s) and s.bank.authorisation_time.expected > 1)
    found = shrunk(lambda s: has(Degradation)(s) and s.bank.authorisation_time.expected > 1).trial.world.scenario
    (degradation,) = found.faults
    assert (degradation.start, degradation.loss, degradation.duplication, degradation.latency) == (0, 0, 0, None)
    assert degradation.duration == float(f"{degradation.duration:.0e}")
    assert isinstance(found.bank.authorisation_time, Constant)
    assert (found.horizon, found.demand.kind) == (1, "single")


def test_the_law_that_failed_first_stays_the_same(monkeypatch):
    plant(monkeypatch, CONDITIONS["a crash"])
    world = next(world for world in WORLDS if CONDITIONS["a crash"](world.scenario))
    failed = trial(world)
    plant(monkeypatch, CONDITIONS["a crash"], "L2")
    found = shrink(failed)
    assert (found.law, found.violations) == ("L9", ["L9: planted"])
    assert CONDITIONS["a crash"](found.trial.world.scenario)


@pytest.mark.parametrize(("law", "kept"), [("L9: planted", "all"), ("record=summary: units", "summary")])
def test_another_way_of_running_stays_only_if_the_failure_needs_it(monkeypatch, law, kept):
    scenario = Scenario.model_validate({"horizon": 1, "demand": {"kind": "single"}})
    found = Trial(World(scenario, 1, "summary"), [law], Counts())
    fails = lambda world: [law] if kept in ("all", world.way) else []  # noqa: E731
    monkeypatch.setattr(
        "alesha_sim.verification.fuzz.shrink.trial", lambda w: found._replace(world=w, violations=fails(w))
    )
    assert shrink(found).trial.world.way == kept


def test_tries_are_bounded_and_told(monkeypatch):
    plant(monkeypatch, CONDITIONS["a crash"])
    seen = []
    found = shrunk(CONDITIONS["a crash"], tries=7, progress=seen.append)
    assert (found.tries, seen) == (7, [1, 2, 3, 4, 5, 6, 7])
    assert found.violations


def test_the_same_failure_shrinks_to_the_same_world(monkeypatch):
    plant(monkeypatch, CONDITIONS["two users"])
    assert shrunk(CONDITIONS["two users"]) == shrunk(CONDITIONS["two users"])


def test_visits_that_are_spelt_out_are_the_same_run():
    for world in WORLDS[:10]:
        drawn, spelt = trial(world), trial(World(Scenario.model_validate(spelt_out(world)), world.seed))
        assert drawn.counts == spelt.counts


def test_recorded_visits_that_end_by_themselves_get_a_horizon():
    columns = {"at": [2.0, 7.5], "user": [0, 0], "units": [1, 1]}
    scenario = Scenario.model_validate({"demand": {"kind": "replay", "visits": columns}, "drain": 3})
    trees = list(shorter(spelt_out(World(scenario, 1))))
    assert [(tree["horizon"], tree["drain"]) for tree in trees] == [
        (9, None), (9, 0), (9, 0), (9, 1), (9, 1.5),
    ]  # fmt: skip


def test_a_brief_file_gives_back_the_whole_scenario():
    for world in WORLDS[:30]:
        assert Scenario.from_toml(brief(world.scenario)) == world.scenario


def test_a_brief_file_names_only_what_is_special(monkeypatch):
    plant(monkeypatch, CONDITIONS["loss"])
    text = brief(shrunk(CONDITIONS["loss"]).trial.world.scenario)
    assert [line for line in text.splitlines() if line.startswith("[")] == [
        "[[catalogue]]", "[demand]", "[network.default]",
    ]  # fmt: skip
    assert len(text.splitlines()) < 25
