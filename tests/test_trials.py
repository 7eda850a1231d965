"""Trials of worlds: what counts as a failure, when a world is cut off, and what is counted."""

import pytest

from alesha_sim.books.ledger import LawBroken
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.shop.storefront import Storefront
from alesha_sim.recording.levels import SUMMARY
from alesha_sim.results.result import Result
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.verification.fuzz import trials
from alesha_sim.verification.fuzz.random_scenarios import SPOOL, World, draw
from alesha_sim.verification.fuzz.trials import Failure, Progress, survey, trial

CALM = World(
    Scenario.model_validate({"horizon": 60, "demand": {"kind": "single", "quantities": {"hp-laptop": 1}}}), 1
)
IMPATIENT = CALM.scenario.with_settings(
    {"network.default.timeout": 0.01, "network.default.backoff": 1, "shop.workers": 1, "shop.page_time": 1}
)
"""One who asks a hundred times before a page is served; each copy is served, and the queue only grows."""


# What is a failure


def test_a_world_without_faults_holds_and_is_counted():
    found = trial(CALM)
    assert (found.world, found.violations, found.law) == (CALM, [], "")
    assert found.counts["worlds", "drained"] == 1
    assert found.counts["orders", "completed"] == 1
    assert found.counts["visits", "bought"] == 1
    assert "attacks" not in {group for group, _ in found.counts}


def test_a_violation_names_its_law(monkeypatch):
    monkeypatch.setattr(Result, "check", lambda self: ["L3: entry 7: too much", "L4: order 1: open"])
    found = trial(CALM)
    assert (found.law, len(found.violations)) == ("L3", 2)


@pytest.mark.interpreted
@pytest.mark.parametrize(
    ("error", "law"), [(KeyError(5), "KeyError"), (LawBroken("L1: below zero: entry 3"), "L1")]
)
def test_whatever_is_raised_is_a_violation(monkeypatch, error, law):
    def fail(self, message, user):
        raise error

    monkeypatch.setattr(Storefront, "answer", fail)
    found = trial(CALM)
    assert (found.law, len(found.violations)) == (law, 1)
    assert "shop failed on ViewHomepage" in found.violations[0]
    assert found.counts == {trials.STOPPED: 1}


# Worlds of too many events


def test_a_world_of_too_many_events_is_cut_off_by_its_drain(monkeypatch):
    monkeypatch.setattr(trials, "EVENTS_MAX", 2000)
    found = trial(World(IMPATIENT, 1))
    scenario = found.world.scenario
    assert (found.violations, found.counts["worlds", "cut off"]) == ([], 1)
    assert 0 < scenario.horizon + scenario.drain < 60
    assert trial(found.world) == found
    simulation = Simulation(scenario, 1)
    simulation.run()
    assert 1900 < simulation.clock.events < 2100


def test_a_world_of_recorded_visits_is_cut_off_with_those_that_are_still_to_come(monkeypatch):
    monkeypatch.setattr(trials, "EVENTS_MAX", 2000)
    visits = {"at": [0, 1, 59], "user": [0, 0, 0], "hp-laptop": [1, 1, 1]}
    found = trial(World(IMPATIENT.with_settings({"demand": {"kind": "replay", "visits": visits}}), 1))
    assert (found.violations, found.counts["worlds", "cut off"]) == ([], 1)
    assert found.world.scenario.horizon < 59


def test_a_world_that_does_not_get_past_an_instant_is_a_failure(monkeypatch):
    monkeypatch.setattr(trials, "EVENTS_MAX", 2000)

    def run_on_the_spot(self):
        while True:
            yield self.clock.timeout(0)

    monkeypatch.setattr(Shop, "recover", run_on_the_spot)
    open_for_business = Shop.open_for_business
    monkeypatch.setattr(
        Shop, "open_for_business", lambda self: (open_for_business(self), self.run(self.recover()))
    )
    found = trial(CALM)
    assert found.violations == ["endless: it does not get past 0.0 s"]


def test_a_replay_that_is_cut_off_keeps_the_visits_before(monkeypatch):
    monkeypatch.setattr(trials, "EVENTS_MAX", 2000)
    columns = {"at": [0.0, 50.0], "user": [0, 0], "hp-laptop": [1, 1]}
    replayed = IMPATIENT.with_settings({"demand": {"kind": "replay", "visits": columns}})
    found = trial(World(replayed, 1))
    assert (found.violations, found.counts["worlds", "cut off"]) == ([], 1)
    assert found.world.scenario.visits(1).at.tolist() == [0.0]


@pytest.mark.interpreted
def test_an_event_that_never_ends_is_a_failure(monkeypatch):
    monkeypatch.setattr(trials, "SECONDS_MAX", 0.2)

    def answer(self, message, user):
        while True:
            pass

    monkeypatch.setattr(Storefront, "answer", answer)
    found = trial(CALM)
    assert found.violations == ["endless: it is not over after 0.2 s"]
    assert found.counts == {trials.STOPPED: 1}


# The same run in another way


@pytest.mark.parametrize("way", [SPOOL, SUMMARY])
def test_a_world_is_compared_with_the_same_run_in_another_way(monkeypatch, way):
    assert trial(CALM._replace(way=way)).violations == []
    metrics = Result.metrics
    monkeypatch.setattr(
        Result, "metrics", lambda self: metrics(self) | ({"units_delivered": 7} if self.record == way else {})
    )
    monkeypatch.setattr(Result, "digest", property(lambda self: type(self._tables).__name__))
    (line,) = trial(CALM._replace(way=way)).violations
    assert line.startswith(
        "spool: " if way == SPOOL else f"record={way}: units_delivered is 7, with everything recorded 1"
    )


# Many worlds


def test_the_worlds_of_a_survey_are_those_of_the_seed_from_the_first_on(monkeypatch):
    monkeypatch.setattr(trials, "trial", lambda world: trials.Trial(world, [f"L1: {world.seed}"], trials.Counts()))
    found = survey(7, 3, first=5)
    assert found.failures == [Failure(n, [f"L1: {draw(7, n).seed}"]) for n in (5, 6, 7)]
    assert (found.seed, found.first, found.worlds) == (7, 5, 3)


def test_a_survey_goes_on_after_a_failure_and_tells_how_far_it_is(monkeypatch):
    broken = draw(7, 1)
    check = Result.check
    monkeypatch.setattr(
        Result, "check", lambda self: ["L2: x"] if self.scenario == broken.scenario else check(self)
    )
    seen = []
    found = survey(7, 3, progress=seen.append)
    assert found.failures == [Failure(1, ["L2: x"])]
    assert seen == [Progress(1, 3, 0), Progress(2, 3, 1), Progress(3, 3, 1)]
    assert sum(number for (group, _), number in found.counts.items() if group == "worlds") == 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_survey_that_is_told_to_stops_at_the_first_failure(monkeypatch, jobs):
    monkeypatch.setattr(trials, "_tried", Failing(3))
    found = survey(7, 400, jobs=jobs, stop=True)
    assert (found.worlds, [failure.number for failure in found.failures]) == (4, [3])
    assert found.counts["worlds", "drained"] == 4


class Failing:
    """Finds nothing but a failure in one world; a worker can be sent it."""

    def __init__(self, number):
        self.number = number

    def __call__(self, seed, markets, number):
        assert not markets
        violations = ["L1: x"] if number == self.number else []
        return trials.Slow(0.0, 0, number), violations, trials.Counts({("worlds", "drained"): 1})


def test_the_slowest_world_is_named():
    found = survey(7, 3, first=5)
    assert found.slowest.number in (5, 6, 7)
    assert found.slowest.events == trial(draw(7, found.slowest.number)).events > 0
    assert 0 < found.slowest.seconds <= found.seconds


def test_a_world_that_is_refused_is_a_failure(monkeypatch):
    monkeypatch.setattr(trials, "draw", lambda seed, number, **_: Scenario.model_validate({"horizon": 1}))
    assert survey(7, 1).failures == [Failure(0, ["ScenarioError: demand: missing: must be given"])]


def test_the_number_of_processes_changes_nothing():
    assert survey(7, 8, jobs=2) == survey(7, 8)


def test_faults_are_counted_that_came_before_the_end():
    crash = {"kind": "crash", "entity": "bank", "start": 30, "duration": 1}
    scenario = CALM.scenario.model_dump() | {
        "faults": [crash, crash | {"start": 1e8}], "network": {"default": {"timeout": 1}}
    }  # fmt: skip
    counts = trial(World(Scenario.model_validate(scenario), 1)).counts
    assert counts["faults", "crash of the bank"] == 2
    cut = trial(World(Scenario.model_validate(scenario | {"drain": 10}), 1)).counts
    assert cut["faults", "crash of the bank"] == 1
