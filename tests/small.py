"""Every scenario that there is, made small enough for a test: at most 2,000 orders, unless ALESHA_FULL=1."""

from functools import cache

from conftest import is_full_size

import alesha_sim as alesha
from alesha_sim import scenarios

ORDERS_MAX = 2000

KNOBS = {
    "market_day": {"users.count": 150, "demand.visits_per_day": 300},
    "repeat_buyers": {"users.count": 150},
    "cdnow": {"horizon": "20 days", "demand.cut": True},
    "growth": {"users.count": 60, "demand.visits_per_day": 1},
    "rival_shops": {"demand.visits_per_day": 12},
    "supplier_disruption": {"demand.visits_per_day": 12},
}
"""Settings by a scenario's name; one without an entry is small as it is."""

RETRY = {"loss": 0.2, "duplication": 0.2, "timeout": 2.0, "backoff": 1.5}


def scenario(name):
    """Return a scenario, small whatever is asked for."""
    return scenarios.load(name).with_settings(KNOBS.get(name, {}))


@cache
def result(name):
    """Return the result of a scenario, small unless full sizes are asked for."""
    found = alesha.simulate(scenarios.load(name) if is_full_size() else scenario(name), seed=7)
    assert is_full_size() or len(found.columns("orders")["order"]) <= ORDERS_MAX
    return found


@cache
def unreliable():
    """Return the result of the unreliable market."""
    return alesha.simulate(unreliable_market(), seed=5)


def unreliable_market():
    """Return a market day over links that lose and double messages, with a supplier that lacks a product."""
    links = [f"{one}->{two}" for one in ("shop", "bank", "supplier") for two in ("shop", "bank", "supplier")]
    places = ["default", *(f"links.{link}" for link in links if len(set(link.split("->"))) > 1)]
    settings = {f"network.{place}.{name}": value for place in places for name, value in RETRY.items()}
    return scenarios.market_day(
        users=60, visits_per_day=250, shop_workers=1, bank_workers=1, supplier_workers=1
    ).with_settings(settings | {"supplier.stock.unavailable": ["iphone-x"], "users.patience": 20.0})
