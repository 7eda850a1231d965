"""Finished runs in little memory: metrics are columns of doubles, so that 10,000 runs weigh a few megabytes."""

from array import array
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alesha_sim.columns import NAN
from alesha_sim.experiments.job import Run

if TYPE_CHECKING:
    from pandas import DataFrame


class Rows:
    """The finished runs of a study: seed, digest and metrics of each, in the order in which they came in."""

    def __init__(self) -> None:
        self._places: dict[Run, int] = {}
        self._seeds = array("q")
        self._digests = bytearray()
        self._metrics: dict[str, array[float]] = {}
        self._first: dict[str, tuple[int, int, int]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, run: Run) -> bool:
        return run in self._places

    def add(self, run: Run, seed: int, digest: str, metrics: Mapping[str, float]) -> None:
        """Add a run; one that is there already stays as it was."""
        if run in self._places:
            return
        place = self._places[run] = len(self._places)
        self._seeds.append(seed)
        self._digests += bytes.fromhex(digest)
        point, replication = run
        for position, name in enumerate(metrics):
            if name not in self._metrics:
                self._metrics[name] = array("d", [NAN]) * place
            here = (replication, point, position)
            self._first[name] = min(self._first.get(name, here), here)
        for name, column in self._metrics.items():
            column.append(metrics.get(name, NAN))

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs."""
        return tuple(self._places)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all metrics, as the first run that has them names them, whichever came in first."""
        return tuple(sorted(self._metrics, key=self._first.__getitem__))

    def column(self, metric: str, runs: Iterable[Run]) -> NDArray[np.float64]:
        """Return a metric of some runs, NaN where there is no such run."""
        values = self._metrics[metric]
        places = [self._places.get(run, -1) for run in runs]
        return np.array([NAN if place < 0 else values[place] for place in places], dtype=np.float64)

    def frame(self, chosen: Iterable[Run] | None = None) -> "DataFrame":
        """Return the runs, all or the chosen ones that are there, sorted by point and replication."""
        from pandas import DataFrame

        runs = sorted(self._places if chosen is None else (run for run in chosen if run in self._places))
        places = np.array([self._places[run] for run in runs], dtype=np.int64)
        seeds = np.array(self._seeds, np.int64)
        metrics = {name: np.array(self._metrics[name], np.float64)[places] for name in self.metrics}
        return DataFrame(
            {
                "point": np.array([point for point, _ in runs], dtype=np.int64),
                "replication": np.array([replication for _, replication in runs], dtype=np.int64),
                "seed": seeds[places],
                "digest": [self._digests[32 * place : 32 * place + 32].hex() for place in places.tolist()],
                **metrics,
            }
        )
