"""What runs rest on, as digests: every processor must give the same ones.

`python tests/portable.py` prints as JSON what NumPy chooses its code by here, the digests of all golden runs, and
those of draws that are many and sensitive, the last bit of each included. The seeds are arguments, 7 by default.
"""

import json
import sys
from hashlib import sha256

import golden
import numpy as np

from alesha_sim import scenarios
from alesha_sim.distributions import Gamma, Lognormal
from alesha_sim.numeric.gammas import betas
from alesha_sim.policies.users import Logit, Priced
from alesha_sim.streams import Streams
from alesha_sim.verification.fuzz import random_scenarios

PARETO = {"demand.kind": "pareto_nbd", "demand.weeks": 78, "demand.r": 0.55, "demand.alpha": 10.6, "demand.s": 0.6}
DEMANDS = {
    "growth of 40": lambda: scenarios.growth(users=40),
    "repeat_buyers": scenarios.repeat_buyers,
    "pareto_nbd": lambda: scenarios.repeat_buyers().with_settings(PARETO | {"demand.beta": 11.7}),
}
OFFERS = [Priced("a", 20.0, 19.0), Priced("b", 40.0, 12.5), Priced("c", 7.0, 7.0)]


def features():
    """Return what NumPy has found of the processor's features that it chooses its code by."""
    return np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])


def digest(*columns):
    """Return a digest of arrays, to the last bit."""
    return sha256(b"".join(np.ascontiguousarray(column).tobytes() for column in columns)).hexdigest()


def demand(scenario, seed):
    """Return a digest of a scenario's visits."""
    drawn = scenario.visits(seed)
    return digest(drawn.at, drawn.user, drawn.quantities, *drawn.draws.values())


def draws(seed):
    """Yield the names and digests of draws that no demand shows to the last bit."""
    generator = Streams(seed).generator("portable")
    yield "lognormal", digest(Lognormal(0.7, 1.3).draw(generator, 20_000))
    for cv in (0.6, 2.0):
        yield f"gamma of cv {cv}", digest(Gamma(3.0, cv).draw(generator, 20_000))
    for a, b in ((0.8, 2.4), (0.5, 0.7)):
        yield f"beta of {a} and {b}", digest(betas(generator, a, b, 20_000))
    prices = generator.uniform(0, 30, 500)
    shares = [Logit(0.31).shares([*OFFERS, Priced("d", price, price)]) for price in prices.tolist()]
    yield "logit", digest(np.array(shares))
    yield (
        "worlds",
        sha256(repr([random_scenarios.draw(seed, number) for number in range(40)]).encode()).hexdigest(),
    )


def everything(seeds):
    """Return all digests by what they are of."""
    found = {f"{name} {seed}": golden.run(name, seed).digest for name in golden.NAMES for seed in seeds}
    found |= {f"demand {name} {seed}": demand(make(), seed) for name, make in DEMANDS.items() for seed in seeds}
    return found | {f"{name} {seed}": drawn for seed in seeds for name, drawn in draws(seed)}


if __name__ == "__main__":
    print(json.dumps({"features": features(), "digests": everything(list(map(int, sys.argv[1:])) or [7])}))
