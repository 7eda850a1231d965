"""Pictures of a result, `balances` and `funnel`, and of a study: `distribution`, `band`, `effects` and others.

Each draws into the `Axes` that it is given, or makes a figure of its own with `pyplot`, and returns the `Axes`.
None shows, saves or closes anything: that is up to the caller. `pyplot` is loaded only for a figure of its own.
"""

from alesha_sim.plots.balances import balances
from alesha_sim.plots.funnel import funnel
from alesha_sim.plots.studies import band, distribution, effects, heat_map, precision, warm_up

__all__ = ["balances", "band", "distribution", "effects", "funnel", "heat_map", "precision", "warm_up"]
