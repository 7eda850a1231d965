"""Distributions of durations and amounts: frozen values that know their mean and draw from a given generator.

None of them is ever negative. Nothing here owns a generator or keeps what was drawn.
"""

import math
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain, pairwise, repeat
from operator import mul
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from alesha_sim.numeric.elementary import exp, log, log1p
from alesha_sim.numeric.gammas import gammas
from alesha_sim.streams import Generator
from alesha_sim.units import MICROSECONDS, microseconds

PARAMETER_MAX = 2**53
"""The largest parameter: up to here a float64 holds every whole number, and no formula below overflows."""

RULE = f"must be a number from 0 to {PARAMETER_MAX}"


class Distribution(ABC):
    """What every distribution offers: a `kind` (its tag in a scenario), draws and a mean.

    Parameters are numbers from 0 to 2**53, kept as floats. Raises ValueError with one line for each fault,
    written `field: value: rule`.
    """

    __slots__ = ()
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        """Refuse parameters that break a rule and keep the rest as plain floats."""
        faults = self._settle()
        if faults:
            raise ValueError("\n".join(faults))

    @abstractmethod
    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw `size` independent values, in the order in which smaller draws would give them."""

    @property
    @abstractmethod
    def expected(self) -> float:
        """The mean."""

    @property
    def least(self) -> float:
        """The lower end of what can be drawn."""
        return 0.0

    def _settle(self) -> list[str]:
        """Turn the parameters into floats and return the faults of those that cannot be."""
        faults = []
        for name, value in _parameters(self):
            if _is_sound(value):
                _put(self, name, float(value))
            else:
                faults.append(f"{name}: {value!r}: {RULE}")
        return faults


@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """Always `value`; drawing consumes nothing."""

    kind: ClassVar[str] = "constant"
    value: float

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Repeat the value."""
        return np.full(size, self.value)

    @property
    def expected(self) -> float:
        """The value."""
        return self.value

    @property
    def least(self) -> float:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """Evenly spread from `low` to `high`, which is at least `low`."""

    kind: ClassVar[str] = "uniform"
    low: float
    high: float

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw between the bounds."""
        return generator.uniform(self.low, self.high, size)

    @property
    def expected(self) -> float:
        """Halfway between the bounds."""
        return (self.low + self.high) / 2

    @property
    def least(self) -> float:
        """The lower bound."""
        return self.low

    def _settle(self) -> list[str]:
        return Distribution._settle(self) + _disorder(self)


@dataclass(frozen=True, slots=True)
class Exponential(Distribution):
    """Exponential with the given mean; the times between the events of a Poisson process."""

    kind: ClassVar[str] = "exponential"
    mean: float

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw by NumPy's ziggurat."""
        return generator.exponential(self.mean, size)

    @property
    def expected(self) -> float:
        """The mean."""
        return self.mean


@dataclass(frozen=True, slots=True)
class Triangular(Distribution):
    """Rising straight from `low` to the `mode` and falling straight to `high`; low <= mode <= high.

    Mean (low + mode + high) / 3 (Kotz and van Dorp, "Beyond Beta", chapter 1).
    """

    kind: ClassVar[str] = "triangular"
    low: float
    mode: float
    high: float

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw between the bounds."""
        if self.low == self.high:
            # NumPy refuses a triangle without a base.
            return np.full(size, self.low)
        return generator.triangular(self.low, self.mode, self.high, size)

    @property
    def expected(self) -> float:
        """The mean of the three corners."""
        return (self.low + self.mode + self.high) / 3

    @property
    def least(self) -> float:
        """The lower corner."""
        return self.low

    def _settle(self) -> list[str]:
        return Distribution._settle(self) + _disorder(self)


@dataclass(frozen=True, slots=True)
class Lognormal(Distribution):
    """Lognormal by its own mean and `cv`, the standard deviation divided by the mean; cv = 0 is constant.

    Its logarithm is normal with variance sigma^2 = ln(1 + cv^2) and mean mu = ln(mean) - sigma^2 / 2, which
    follow from its mean exp(mu + sigma^2 / 2) and variance mean^2 (exp(sigma^2) - 1) (Johnson, Kotz and
    Balakrishnan, "Continuous Univariate Distributions", volume 1, chapter 14).
    """

    kind: ClassVar[str] = "lognormal"
    mean: float
    cv: float

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw the exponential of a normal variable."""
        if self.mean == 0 or _is_steady(self.cv):
            return np.full(size, self.mean)
        mu, sigma = _of_logarithm(self.mean, self.cv)
        normal = generator.standard_normal(size)  # `lognormal` draws the same, but leaves exp to the C library
        return exp(mu + sigma * normal)

    @property
    def expected(self) -> float:
        """The mean."""
        return self.mean


@dataclass(frozen=True, slots=True)
class Gamma(Distribution):
    """Gamma by its mean and `cv`, the standard deviation divided by the mean; cv = 0 is constant.

    Its shape is 1 / cv^2 and its scale mean * cv^2, which follow from its mean shape * scale and variance
    shape * scale^2 (Johnson, Kotz and Balakrishnan, "Continuous Univariate Distributions", volume 1,
    chapter 17).
    """

    kind: ClassVar[str] = "gamma"
    mean: float
    cv: float

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw gamma variables of scale 1, and stretch them."""
        if _is_steady(self.cv):
            return np.full(size, self.mean)
        square = self.cv * self.cv
        return gammas(generator, 1 / square, size) * (self.mean * square)

    @property
    def expected(self) -> float:
        """The mean."""
        return self.mean


@dataclass(frozen=True, slots=True)
class Erlang(Distribution):
    """The sum of `k` independent exponential stages, a positive whole number, with the given mean in all.

    A gamma of shape k and scale mean / k; its coefficient of variation is 1 / sqrt(k).
    """

    kind: ClassVar[str] = "erlang"
    k: int
    mean: float

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw all stages at once, as a gamma."""
        return gammas(generator, self.k, size) * (self.mean / self.k)

    @property
    def expected(self) -> float:
        """The mean."""
        return self.mean

    def _settle(self) -> list[str]:
        faults = Distribution._settle(self)
        if _is_sound(self.k):
            if self.k < 1 or self.k % 1:
                faults.insert(0, f"k: {self.k!r}: must be a positive whole number")
            _put(self, "k", int(self.k))
        return faults


@dataclass(frozen=True, slots=True)
class Empirical(Distribution):
    """One of the `values`, each with probability in proportion to its weight; equally likely without weights.

    As many weights as values, none negative, with a positive sum.
    """

    kind: ClassVar[str] = "empirical"
    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def draw(self, generator: Generator, size: int) -> NDArray[np.float64]:
        """Draw by inverting the distribution function, one uniform number a value."""
        heights = np.cumsum(self._weights())
        # The last height divides to exactly 1, which a uniform number in [0, 1) never reaches.
        chosen = np.searchsorted(heights / heights[-1], generator.random(size), side="right")
        return np.array(self.values)[chosen]

    @property
    def expected(self) -> float:
        """The weighted mean of the values."""
        weights = self._weights().tolist()
        return math.fsum(map(mul, self.values, weights)) / math.fsum(weights)

    @property
    def least(self) -> float:
        """The least value that has any weight."""
        return float(np.array(self.values)[self._weights() > 0].min())

    def _weights(self) -> NDArray[np.float64]:
        return np.ones(len(self.values)) if self.weights is None else np.array(self.weights)

    def _settle(self) -> list[str]:
        faults = _settle_list(self, "values")
        if self.weights is None:
            return faults
        faults += _settle_list(self, "weights")
        if faults:
            return faults
        if len(self.weights) != len(self.values):
            return [f"weights: {reprlib.repr(self.weights)}: must be as many as values, {len(self.values)}"]
        if not any(self.weights):
            return [f"weights: {reprlib.repr(self.weights)}: must have a positive sum"]
        return []


KINDS: dict[str, type[Distribution]] = {
    kind.kind: kind for kind in (Constant, Uniform, Exponential, Triangular, Lognormal, Gamma, Erlang, Empirical)
}
"""Every distribution of this module by its `kind`."""


@lru_cache(maxsize=1024)
def _of_logarithm(mean: float, cv: float) -> tuple[float, float]:
    # The mean and the standard deviation of the variable's logarithm.
    variance = log1p(cv * cv)
    return log(mean) - variance / 2, math.sqrt(variance)


def durations(distribution: Distribution, generator: Generator | None, block: int = 512) -> Callable[[], float]:
    """Return a function that gives the next duration in seconds, rounded to one microsecond when drawn.

    Values are drawn `block` at a time, later up to four times as many where the distribution is of this module,
    which changes their cost and not their sequence. A `Constant` needs no
    generator and consumes nothing. Raises ValueError when another distribution has none, and when a
    distribution of the caller's own draws a value that is negative or not finite.
    """
    if isinstance(distribution, Constant):
        return repeat(microseconds(distribution.value) / MICROSECONDS).__next__
    if generator is None:
        raise ValueError(f"generator: None: must be given for {distribution}")
    return chain.from_iterable(_blocks(distribution, generator, block)).__next__


def _blocks(distribution: Distribution, generator: Generator, block: int) -> Iterator[list[float]]:
    """Yield rounded draws, a list at a time, without end."""
    # A distribution of the reader's own may use its generator otherwise for other sizes.
    grown = [block, 2 * block] if type(distribution) in KINDS.values() else []
    for size in chain(grown, repeat(4 * block if grown else block)):
        drawn = distribution.draw(generator, size)
        # A NaN makes both comparisons false.
        if not (drawn.min() >= 0 and drawn.max() < math.inf):
            raise ValueError(f"{distribution}: drew a duration that is negative or not finite")
        yield (np.rint(drawn * MICROSECONDS) / MICROSECONDS).tolist()


def _is_sound(value: object) -> bool:
    """Tell whether a value may be a parameter: a number (NumPy's too, no bool) within the range."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return bool(0 <= value <= PARAMETER_MAX)


def _is_steady(cv: float) -> bool:
    """Tell whether a coefficient of variation is too small to move a float; 1 / cv^2 might overflow."""
    return 1 + cv == 1


def _parameters(distribution: Distribution) -> list[tuple[str, Any]]:
    """Return the names and values of a distribution's parameters, in order."""
    # Every distribution that comes here is a dataclass; the abstract one alone is not.
    return [(field.name, getattr(distribution, field.name)) for field in fields(distribution)]  # type: ignore[arg-type]


def _put(distribution: Distribution, name: str, value: object) -> None:
    """Set a field of a frozen distribution while it is being made."""
    object.__setattr__(distribution, name, value)


def _disorder(distribution: Distribution) -> list[str]:
    """Return a fault for each sound parameter that is smaller than the sound one before it."""
    sound = [(name, value) for name, value in _parameters(distribution) if _is_sound(value)]
    return [
        f"{name}: {value!r}: must be at least {below}, {bound!r}"
        for (below, bound), (name, value) in pairwise(sound)
        if value < bound
    ]


def _settle_list(distribution: Distribution, name: str) -> list[str]:
    """Turn a list of parameters into a tuple of floats and return the faults of those that cannot be."""
    given = getattr(distribution, name)
    listed = tuple(given) if isinstance(given, Iterable) else ()
    if not listed or isinstance(given, str):
        return [f"{name}: {given!r}: must be a list of at least one number"]
    faults = [f"{name}[{n}]: {value!r}: {RULE}" for n, value in enumerate(listed) if not _is_sound(value)]
    if not faults:
        _put(distribution, name, tuple(float(value) for value in listed))
    return faults
