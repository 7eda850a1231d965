"""What is sampled while a run goes: at instants of a grid, by functions that look at the simulation.

Samples are taken between the kernel's events and are none themselves, so they change nothing and keep no run
alive.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.recording.samples import Samples
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.units import MICROSECONDS

Look = Callable[[Any], float | Mapping[str, float]]
"""What a collector asks of a simulation: a number, or several by their names."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")


class Collector:
    """Samples taken by one function, `every` so many seconds; `due` is when the next one is taken."""

    def __init__(self, name: str, look: Look, every: float, now: float) -> None:
        self.name = name
        self.every = every
        self._look = look
        self._next = math.ceil(now / every)
        self._names: tuple[str, ...] | None = None
        self._seconds: list[float] = []
        self._values: list[list[float]] = []

    @property
    def due(self) -> float:
        """When the next sample is taken, seconds."""
        return round(self._next * self.every * MICROSECONDS) / MICROSECONDS

    def sample(self, simulation: Any) -> None:
        """Take a sample; raises ValueError for what is no finite number, and for other names than before."""
        found = self._look(simulation)
        named = found if isinstance(found, Mapping) else {self.name: found}
        names = tuple(named)
        if self._names is None:
            self._names = names
        if names != self._names:
            raise ValueError(f"collector {self.name}: {names}: must have the names of the first sample")
        for name, value in named.items():
            if not isinstance(value, int | float | np.number | np.bool_) or math.isinf(value):
                raise ValueError(f"collector {self.name}: {name} {value!r}: must be a finite number, or NaN")
        self._seconds.append(self.due)
        self._values.append([float(value) for value in named.values()])
        self._next += 1

    def pass_over(self, now: float) -> None:
        """Take the next sample not before an instant."""
        self._next = math.ceil(now / self.every)

    def samples(self) -> Samples:
        """Return all samples so far."""
        names = (self.name,) if self._names is None else self._names
        values = np.array(self._values, np.float64).reshape(len(self._seconds), len(names))
        return Samples(names, self.every, np.array(self._seconds, np.float64), values)


class Collectors:
    """The collectors of a run, by name."""

    def __init__(self) -> None:
        self._all: dict[str, Collector] = {}

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, name: str, look: Look, every: float | str, now: float) -> None:
        """Add a collector; raises ValueError for a name that is taken or none, and for no positive `every`."""
        from alesha_sim.scenarios.fields import seconds

        if not (isinstance(name, str) and NAME.fullmatch(name)) or name in self._all:
            rule = "must be letters, digits, dashes and underscores, a letter first, and not be taken"
            raise scenario_error("name", name, rule)
        if not callable(look):
            raise scenario_error("function", look, "must be a function of a simulation")
        step = seconds(every)
        if not 1 / MICROSECONDS <= step < INFINITY:
            raise scenario_error("every", every, "must be at least a microsecond")
        self._all[name] = Collector(name, look, step, now)

    @property
    def due(self) -> float:
        """When the next sample of any is taken, infinity where there are none."""
        return min((each.due for each in self._all.values()), default=INFINITY)

    def sample(self, simulation: Any) -> None:
        """Take the samples that are due next, at their instant; one that is past was none of the run's."""
        at = self.due
        simulation.clock.advance_to(at)
        for each in self._all.values():
            if each.due == at == simulation.now:
                each.sample(simulation)
            elif each.due < simulation.now:
                each.pass_over(simulation.now)

    def samples(self) -> dict[str, Samples]:
        """Return all samples so far, by collector."""
        return {name: each.samples() for name, each in self._all.items()}
