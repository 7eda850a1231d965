"""Samples that a reader's own function takes while a run goes."""

import numpy as np
import pytest

import alesha_sim as alesha
from alesha_sim.results.result import Result
from alesha_sim.scenarios.errors import ScenarioError

SCENARIO = alesha.scenarios.first_purchase()


def collecting(look=lambda simulation: simulation.now, every="12 h", scenario=SCENARIO, **options):
    simulation = alesha.Simulation(scenario, 7, **options)
    simulation.collect("seen", look, every=every)
    return simulation


def run(simulation, **options):
    simulation.run(**options)
    return simulation.result()


def test_samples_are_taken_on_the_grid_and_end_with_the_run():
    result = run(collecting())
    plain = alesha.simulate(SCENARIO, 7)
    seconds = np.arange(0, plain.ended_at, 43_200.0)
    assert result.samples["seen"].seconds.tolist() == seconds.tolist()
    assert result.samples["seen"].values[:, 0].tolist() == seconds.tolist()
    assert (result.ended_at, result.events, result.digest) == (plain.ended_at, plain.events, plain.digest)
    assert result.drained


def test_a_frame_has_the_instants_as_timestamps():
    frame = run(collecting(lambda simulation: {"orders": len(simulation.records.orders), "of": 1})).collected[
        "seen"
    ]
    assert list(frame.columns) == ["at", "orders", "of"]
    assert frame["at"].tolist()[1] == np.datetime64("2021-01-01T12:00:00")
    assert frame["orders"].tolist()[:2] == [0.0, 1.0]


@pytest.mark.parametrize("move", ["step", "run", "parts", "progress", "until"])
def test_it_does_not_matter_how_a_run_is_driven(move):
    simulation = collecting(lambda simulation: simulation.clock.events, every=30)
    match move:
        case "step":
            while simulation.step():
                pass
        case "parts":
            for hour in range(1, 200):
                simulation.run(until=hour * 1800.5)
        case "progress":
            simulation.run(progress=lambda _: None)
        case "until":
            simulation.run_until(lambda: False)
    simulation.run()
    found, expected = simulation.result().samples["seen"], run(collecting(lambda s: s.clock.events, every=30))
    assert found.plain() == expected.samples["seen"].plain()


def test_a_sample_sees_all_that_happened_at_its_instant():
    result = run(collecting(lambda simulation: simulation.records.messages.last_landed, every=0.05), until=0.07)
    assert result.messages["delivered_at"].min() == np.datetime64("2021-01-01T00:00:00.050000")
    assert result.samples["seen"].plain()["values"] == [[-1.0], [0.0]]


def test_a_run_that_is_cut_off_has_samples_up_to_its_end_and_one_that_is_over_has_no_more():
    cut = run(collecting(every=10), until=35)
    assert cut.samples["seen"].seconds.tolist() == [0.0, 10.0, 20.0, 30.0]
    simulation = collecting(every="12 h")
    simulation.run()
    before = len(simulation.result().samples["seen"].seconds)
    simulation.run(until="90 days")
    assert len(simulation.result().samples["seen"].seconds) == before


def test_what_is_collected_is_saved_with_a_result_and_in_a_spool(tmp_path):
    def look(simulation):
        return {"now": simulation.now, "none": float("nan")}

    result = run(collecting(look, every="1 h"))
    result.save(tmp_path / "saved")
    assert Result.load(tmp_path / "saved") == result
    assert result != alesha.simulate(SCENARIO, 7)
    spooled = run(collecting(look, every="1 h", spool=tmp_path / "spool"))
    assert spooled.samples["seen"].plain() == result.samples["seen"].plain()
    assert Result.load(tmp_path / "spool").samples["seen"].plain() == result.samples["seen"].plain()
    summary = run(collecting(look, every="1 h", record="summary"))
    assert summary.samples["seen"].plain() == result.samples["seen"].plain()


@pytest.mark.parametrize("every", [0, -1, "0 s", 1e-9, float("inf"), "soon", None])
def test_a_step_that_is_none_is_refused(every):
    with pytest.raises(ScenarioError):
        collecting(every=every)


@pytest.mark.parametrize("name", ["", "a b", "../x", "seen", 3])
def test_a_name_that_is_taken_or_none_is_refused(name):
    with pytest.raises(ScenarioError, match=r"^name: "):
        collecting().collect(name, len, every=1)
    with pytest.raises(ScenarioError, match=r"^function: 3: must be a function of a simulation$"):
        collecting().collect("other", 3, every=1)


@pytest.mark.parametrize("value", ["7", None, float("inf"), [1.0]])
def test_what_is_no_finite_number_stops_the_run_and_is_named(value):
    with pytest.raises(ValueError, match=r"^collector seen: seen .*: must be a finite number, or NaN$"):
        collecting(lambda simulation: value).run()


def test_names_do_not_change_within_a_run():
    with pytest.raises(ValueError, match=r"^collector seen: \('43200.0',\): must have the names of the first"):
        collecting(lambda simulation: {str(simulation.now): 1}).run()
