"""A demand, a distribution and policies of a reader's own, which worker processes import."""

import dataclasses

import numpy as np

from alesha_sim.distributions import Distribution
from alesha_sim.messages import FundsLocation
from alesha_sim.policies import SettlementTerms
from alesha_sim.scenarios.demand.base import Demand, Poisson, Purchases, spread


class SelfExciting(Demand):
    """A Hawkes process: each visit brings `brings` more in the mean, each a mean of `after` seconds later."""

    rate: float = 20.0
    brings: float = 0.5
    after: float = 600.0

    def purchases(self, market, streams):
        generator = streams.generator("own demand")
        found, parents = [], generator.uniform(0, market.horizon, generator.poisson(self.rate))
        while len(parents):
            found.append(parents)
            children = generator.poisson(self.brings, len(parents))
            parents = np.repeat(parents, children) + generator.exponential(self.after, children.sum())
            parents = parents[parents < market.horizon]
        at = np.concatenate([np.zeros(0), *found])
        user = generator.integers(market.users, size=len(at))
        return Purchases(at, user, spread(np.ones(len(at), np.int64), None, market.skus, streams))


class Derived(Poisson):
    """A shipped demand of which only one method is another."""

    def purchases(self, market, streams):
        found = super().purchases(market, streams)
        return found._replace(at=found.at / 2)


@dataclasses.dataclass(frozen=True)
class Coin(Distribution):
    """One of two durations."""

    one: float = 60.0
    other: float = 120.0

    @property
    def expected(self):
        return (self.one + self.other) / 2

    def draw(self, generator, size):
        return np.where(generator.random(size) < 0.5, self.one, self.other)


class Settle:
    """Holds everything in escrow."""

    needs_confirmation = True

    def terms(self, amount, paid_at, promised_at):
        return SettlementTerms(FundsLocation.ESCROW)


class Keep:
    """Keeps a few of everything."""

    period = None

    def __init__(self, units=5):
        self.units = units

    def accepts(self, lines):
        return True

    def opening(self, sku):
        return self.units

    def order(self, sku, position, demands):
        return self.units - position if position < self.units else 0


class Choose:
    """Buys what was meant to be bought."""

    def choose(self, offers, cart, draw):
        return cart


class Believe:
    """Trusts whatever happens."""

    start = 1.0

    def after(self, trust, event):
        return trust
