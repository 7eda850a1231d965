"""Two columns of one name (two listings of one product) must be one clear ScenarioError, not a traceback."""

import pandas as pd

from alesha_sim.scenarios.demand.replay import Replay
from alesha_sim.scenarios.errors import ScenarioError

try:
    Replay.of(pd.DataFrame([[0, 0, 1, 1]], columns=["at", "user", "mug", "mug"]))
except ScenarioError as error:
    print(error)
