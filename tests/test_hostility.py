"""From a scenario's faults to what happens: crashes that follow each other at once."""

import pytest

from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation

FIRST = {"kind": "crash", "entity": "shop", "start": 10, "duration": 20}
SECOND = {"kind": "crash", "entity": "shop", "start": 30, "duration": 20}
BOTH = {"kind": "crash", "entity": "shop", "start": 10, "duration": 40}


def messages(*faults):
    """Return what became of each message of a purchase that a shop of one worker is at."""
    scenario = Scenario.model_validate(
        {
            "horizon": 100,
            "demand": {"kind": "single", "quantities": {"hp-laptop": 1}},
            "shop": {"workers": 1, "page_time": 2},
            "network": {"default": {"latency": 1, "timeout": 3, "backoff": 1}},
            "faults": faults,
        }
    )
    simulation = Simulation(scenario, 1)
    simulation.run()
    return simulation.result().messages


@pytest.mark.parametrize("faults", [(FIRST, SECOND), (SECOND, FIRST)], ids=["in order", "the later one first"])
def test_a_crash_at_the_instant_of_a_restart_is_as_one_long_crash(faults):
    assert messages(*faults).equals(messages(BOTH))
