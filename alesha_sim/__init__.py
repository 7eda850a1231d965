"""alesha_sim: a discrete-event simulation of an online shop, its bank, its supplier and their customers.

`simulate(scenarios.first_purchase(), seed=7)` runs a scenario and returns a `Result` with every message, every
order and every double-entry transfer. Names are loaded when first used, so that importing the package loads
neither pydantic, pandas nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alesha_sim import accounting, distributions, entities, exports, notebook, plots, policies, scenarios
    from alesha_sim.experiments import Study, compare, replicate, sweep
    from alesha_sim.results.result import Result
    from alesha_sim.scenarios.scenario import Scenario
    from alesha_sim.simulation.simulation import Simulation, simulate

__version__ = "0.2.0"
__all__ = [
    "Result",
    "Scenario",
    "Simulation",
    "Study",
    "accounting",
    "compare",
    "distributions",
    "entities",
    "exports",
    "notebook",
    "plots",
    "policies",
    "replicate",
    "scenarios",
    "simulate",
    "sweep",
]
_HOMES = {
    "Result": "results.result",
    "Scenario": "scenarios.scenario",
    "Simulation": "simulation.simulation",
    "simulate": "simulation.simulation",
    "Study": "experiments",
    "compare": "experiments",
    "replicate": "experiments",
    "sweep": "experiments",
}


def __getattr__(name: str) -> Any:
    """Load a public name's module when the name is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
