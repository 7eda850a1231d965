"""Dice: choices of a stream, in numbers short enough that a TOML file gives back exactly the same ones."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from alesha_sim.numeric.elementary import exp, log
from alesha_sim.streams import Generator

Tree = dict[str, Any]
Option = TypeVar("Option")


class Dice:
    """Choices of a stream; numbers come with at most three digits that count."""

    def __init__(self, generator: Generator) -> None:
        self._chance = generator

    def chance(self, probability: float) -> bool:
        """Tell whether something happens."""
        return bool(self._chance.random() < probability)

    def one_of(self, *options: Option) -> Option:
        """Choose one, all alike; name an option twice to favour it."""
        return options[self.whole(0, len(options) - 1)]

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number from `low` to `high`."""
        return int(self._chance.integers(low, high, endpoint=True))

    def evenly(self, low: float, high: float) -> float:
        """Draw a number, each as likely as the other."""
        return short(self._chance.uniform(low, high))

    def widely(self, low: float, high: float) -> float:
        """Draw a number, each order of magnitude as likely as the other."""
        return short(exp(self._chance.uniform(log(low), log(high))))

    def some(self, options: Sequence[Option], most: int) -> list[Option]:
        """Choose up to `most` different ones, in their order."""
        size = min(self.whole(0, most), len(options))
        places = self._chance.choice(len(options), size=size, replace=False)
        return [options[place] for place in sorted(places.tolist())]

    def weights(self, count: int) -> list[float]:
        """Draw relative weights, some of them zero and the last one never."""
        return [self.one_of(0.0, 1.0, 1.0, 2.5) for _ in range(count - 1)] + [1.0]

    def spread(self, mean: float) -> Tree | float:
        """Draw a distribution of about this mean, of any kind."""
        if mean == 0:
            return 0.0
        kinds: tuple[Tree, ...] = (
            {"kind": "exponential", "mean": mean},
            {"kind": "uniform", "low": self.one_of(0, short(mean / 2)), "high": short(2 * mean)},
            {
                "kind": "triangular",
                "low": self.one_of(0, short(mean / 2)),
                "mode": mean,
                "high": short(2.5 * mean),
            },
            {"kind": "lognormal", "mean": mean, "cv": self.evenly(0.2, 3)},
            {"kind": "gamma", "mean": mean, "cv": self.evenly(0.2, 2)},
            {"kind": "erlang", "mean": mean, "k": self.whole(1, 5)},
            {
                "kind": "empirical",
                "values": [0, mean, short(3 * mean)],
                "weights": self.one_of([1, 2, 1], [3, 1, 1]),
            },
            {"kind": "empirical", "values": [short(mean / 3), mean]},
        )
        return mean if self.chance(0.3) else self.one_of(*kinds)


class Outline(NamedTuple):
    """What every part of a world is drawn by; instants and durations in seconds.

    About `visits` visits of so many `users` come before the `horizon`. Amounts are thought of in units of which a
    product costs 1 to 1,000: each is `unit` minor units of a currency of so many `decimals`.
    """

    horizon: float
    visits: float
    users: int
    skus: list[str]
    decimals: int
    unit: float

    def money(self, amount: float, least: int = 0) -> str:
        """Return an amount in major units, of at least so many minor units."""
        return f"{Decimal(max(round(amount * self.unit), least)).scaleb(-self.decimals):f}"


HUGE = 2.0**38
"""From how many minor units a unit on amounts are beyond what a float holds exactly."""


def short(number: float) -> float:
    """Return a number with the three digits that count most."""
    return float(f"{number:.3g}")


def exact(number: float) -> float:
    """Return a number in 64ths, whose sums have no rounding errors, so that one crash may touch the next."""
    return round(number * 64) / 64
