"""Experiments: replications, designs and comparisons of scenarios, on one core, all cores, or a cluster.

`replicate`, `sweep` and `compare` return a `Study`. Importing this package loads neither pandas, SciPy nor joblib:
workers start quickly, and each is loaded when it is first needed.
"""

from alesha_sim.experiments.designs import Design, grid, latin_hypercube, sobol
from alesha_sim.experiments.execution import Execution
from alesha_sim.experiments.output_analysis import BatchMeans, WarmUp, batch_means, mser5
from alesha_sim.experiments.selection import Decision, Selection, kim_nelson, select
from alesha_sim.experiments.sensitivity import Sensitivity, morris, sobol_indices
from alesha_sim.experiments.series import Track
from alesha_sim.experiments.studies import Options, compare, replicate, sweep
from alesha_sim.experiments.study import Study

__all__ = [
    "BatchMeans",
    "Decision",
    "Design",
    "Execution",
    "Options",
    "Selection",
    "Sensitivity",
    "Study",
    "Track",
    "WarmUp",
    "batch_means",
    "compare",
    "grid",
    "kim_nelson",
    "latin_hypercube",
    "morris",
    "mser5",
    "replicate",
    "select",
    "sobol",
    "sobol_indices",
    "sweep",
]
