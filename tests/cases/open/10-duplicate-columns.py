"""Two columns of one name (two listings of one product) must be one clear ScenarioError, not a traceback."""

import pandas as pd

from alesha_sim.scenarios.errors import ScenarioError
from alesha_sim.scenarios.replay import Replay

try:
    Replay.of(pd.DataFrame([[0, 0, 1, 1]], columns=["at", "user", "mug", "mug"]))
except ScenarioError as error:
    print(error)
