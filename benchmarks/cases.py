"""What is measured: the cases, and the scenario of each. Nothing is run here."""

from collections.abc import Callable
from typing import NamedTuple

from alesha_sim.scenarios import market_day
from alesha_sim.scenarios.scenario import Scenario

Figures = dict[str, float]
"""What was measured, by name."""

SEED = 11
CUSTOMERS = 1_000
"""How many users order where the others are idle."""

BUY_SHARE = 0.4
DAILY = 1_000
"""The most orders a day, which three workers of the supplier can handle; more orders take more days."""


class Case(NamedTuple):
    """One thing to measure: a market of this name in `MARKETS`, its `users`, and the `orders` to expect."""

    market: str
    users: int
    orders: int


def market(case: Case, buy_share: float, **settings: float) -> Scenario:
    """Return as many market days as the orders take, with users who have money enough for all their orders."""
    days = max(1.0, case.orders / DAILY)
    return market_day(
        users=case.users, visits_per_day=case.orders / buy_share / days, days=days, buy_share=buy_share,
        mean_balance=1e6, **settings,
    )  # fmt: skip


def day(case: Case) -> Scenario:
    """Return market days on which any user may come."""
    return market(case, BUY_SHARE)


def idle(case: Case) -> Scenario:
    """Return market days on which the same customers come for the same, whatever the number of other users."""
    few = day(case._replace(users=min(CUSTOMERS, case.users)))
    at, user, quantities, *_ = few.visits(SEED)
    columns = {"at": at, "user": user, **dict(zip(few.skus, quantities.T, strict=True))}
    visits = {name: column.tolist() for name, column in columns.items()}
    return few.with_settings({"users.count": case.users, "demand": {"kind": "replay", "visits": visits}})


def buyers(case: Case) -> Scenario:
    """Return market days on which every visitor orders and knows the secret."""
    return market(case, 1.0, wrong_secret=0.0)


def messages(case: Case) -> Scenario:
    """Return such days on which nothing but messages takes time, so that nobody queues."""
    parties = ("shop", "bank", "supplier")
    times = (
        "shop.page_time", "bank.authorisation_time", "supplier.handling_time", "supplier.lead_time",
        "supplier.delivery_time",
    )  # fmt: skip
    staff = {f"{party}.workers": None for party in parties}
    return buyers(case).with_settings({**staff, **dict.fromkeys(times, 0)})


def wary(case: Case) -> Scenario:
    """Return the same days on which everybody is ready to ask again, and never has to: what readiness costs."""
    return messages(case).with_settings({"network.default.timeout": 1_000_000})


BUILDERS = (day, idle, buyers, messages, wary)
MARKETS: dict[str, Callable[[Case], Scenario]] = {build.__name__: build for build in BUILDERS}
