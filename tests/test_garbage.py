"""A run lets Python's collector of cycles look less often, leaves it as it was, and makes no cycles itself."""

import gc

import pytest
import small

from alesha_sim.scenarios import first_purchase
from alesha_sim.simulation.gc_tuning import RELAXED, relaxed_collector
from alesha_sim.simulation.simulation import Simulation

USUAL = (700, 10, 10)


@pytest.fixture(autouse=True)
def usual():
    """Begin with Python's own thresholds, and put back what there was."""
    before, enabled = gc.get_threshold(), gc.isenabled()
    gc.set_threshold(*USUAL)
    yield
    gc.set_threshold(*before)
    (gc.enable if enabled else gc.disable)()


def test_thresholds_are_raised_and_put_back():
    with relaxed_collector():
        assert gc.get_threshold() == RELAXED
    assert gc.get_threshold() == USUAL


def test_an_exception_puts_them_back_and_passes():
    with pytest.raises(KeyError), relaxed_collector():
        raise KeyError
    assert gc.get_threshold() == USUAL


def test_the_inner_of_two_leaves_the_outer_as_it_was():
    with relaxed_collector():
        with relaxed_collector():
            assert gc.get_threshold() == RELAXED
        assert gc.get_threshold() == RELAXED
    assert gc.get_threshold() == USUAL


@pytest.mark.parametrize(("before", "during"), [((10**6, 5, 0), (10**6, 20, 0)), ((0, 0, 0), (0, 0, 0))])
def test_what_is_laxer_already_stays(before, during):
    gc.set_threshold(*before)
    with relaxed_collector():
        assert gc.get_threshold() == during
    assert gc.get_threshold() == before


def test_thresholds_that_somebody_sets_meanwhile_stay():
    with relaxed_collector():
        gc.set_threshold(99, 9, 9)
    assert gc.get_threshold() == (99, 9, 9)


@pytest.mark.parametrize("switch", [gc.enable, gc.disable])
def test_a_collector_that_is_off_stays_off_and_one_that_is_on_stays_on(switch):
    switch()
    was = gc.isenabled()
    with relaxed_collector():
        assert gc.isenabled() is was
    assert gc.isenabled() is was


def test_a_run_is_relaxed_and_restores_also_when_it_fails():
    seen = []
    simulation = Simulation(first_purchase(), 7)
    simulation.run_until(lambda: bool(seen.append(gc.get_threshold()) or len(seen) == 3))
    simulation.run(10, progress=lambda _: seen.append(gc.get_threshold()))
    assert (set(seen), gc.get_threshold()) == ({RELAXED}, USUAL)
    with pytest.raises(ZeroDivisionError):
        simulation.run(progress=lambda _: 1 / 0)
    assert gc.get_threshold() == USUAL


@pytest.mark.parametrize("scenario", [lambda: small.scenario("market_day"), small.unreliable_market])
def test_a_run_makes_no_reference_cycles(scenario):
    def cycles():
        simulation = Simulation(scenario(), 7)
        gc.collect()
        gc.disable()
        simulation.run()
        return gc.collect()

    # A cycle of a run is there in each run; one alone may meet what a thread of another test leaves meanwhile.
    assert min(cycles() for _ in range(3)) == 0
