"""What no run can hold, and what would never end: amounts beyond 64 bits, periods and waits without number.

Rules only, looked at once all parts of a scenario are sound. How many visits there may be is demand's matter.
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from operator import index
from typing import TYPE_CHECKING, Any

from alesha_sim.policies import StockPolicy
from alesha_sim.scenarios.channels import Link
from alesha_sim.scenarios.errors import Problem
from alesha_sim.scenarios.market import lead_times, link_keys, links, of_role
from alesha_sim.units import AMOUNT_MAX, DAY, in_seconds

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario_fields import ScenarioFields

# How often one thing may be repeated in a run, a review or a pay-day: some minutes of computing.
TIMES_MAX = 10_000_000

# The binary logarithm of how often one message may be asked while nobody answers: 8,388,608 times.
DOUBLINGS = 23

# Waits for replies are a day at the longest, as in `network/retry.py`.
LONGEST_WAIT = DAY

# The largest share of parcels that may be lost: each is sent once more until it arrives.
LOST_MAX = 0.999_999


def unbounded(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield what a run could not hold or would not end with."""
    yield from _opening_stock(scenario)
    if isinstance(scenario.users.opening_balance, Decimal):
        yield from money_problems(
            scenario, scenario.users.count * scenario.currency.minor(scenario.users.opening_balance)
        )
    yield from _periods(scenario)
    yield from _retries(scenario)
    if scenario.delivery.lost > LOST_MAX:
        rule = f"must be at most {LOST_MAX}: parcels would be sent forever"
        yield Problem("delivery.lost", str(scenario.delivery.lost), rule)


# Amounts


def _opening_stock(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield a problem for an opening stock whose cost the supplier's book cannot hold."""
    minor = scenario.currency.minor
    for each in of_role(scenario, "supplier"):
        supplier = each.terms
        cost = sum(minor(product.cost) * opening_of(supplier.stock, product.sku) for product in scenario.catalogue)
        if cost + minor(supplier.opening_balance) > AMOUNT_MAX:
            rule = f"must with {each.field}.opening_balance fit in 64 bits of minor units"
            yield Problem(f"{each.field}.stock", f"opening stock for {scenario.currency.text(cost)}", rule)


def opening_of(policy: StockPolicy, sku: str) -> int:
    """Return how many units of a product a policy opens with; what is no whole number the warehouse refuses."""
    given: Any = policy.opening(sku)
    return index(given) if hasattr(given, "__index__") else 0


def _earned(scenario: "ScenarioFields") -> int:
    """Return what all users together earn until the horizon, in minor units."""
    income = scenario.users.income
    if income is None or scenario.horizon == math.inf:
        return 0
    pay_days = max(0, math.ceil((scenario.horizon - income.first) / income.every))
    return scenario.currency.minor(income.amount) * scenario.users.count * pay_days


def money_problems(scenario: "ScenarioFields", opening: int) -> Iterator[Problem]:
    """Yield a problem if what users earn does not fit the bank's book beside all opening balances.

    `opening` is what all users together have at the start, in minor units.
    """
    currency, income = scenario.currency, scenario.users.income
    others = opening_of_organisations(scenario)
    earned = _earned(scenario)
    if income is not None and earned + opening + others > AMOUNT_MAX:
        rule = f"makes {currency.text(earned)} until the horizon: all money must fit in 64 bits of minor units"
        yield Problem("users.income.amount", str(income.amount), rule)


def opening_of_organisations(scenario: "ScenarioFields") -> int:
    """Return what all shops and suppliers together have in the bank at the start, in minor units."""
    owners = [each.terms for each in scenario.organisations if each.role != "bank"]
    return sum(scenario.currency.minor(owner.opening_balance) for owner in owners)


# What would never end


def _periods(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield periods that a run would have too many of: reviews, until all lots have come, and pay-days."""
    income, suppliers = scenario.users.income, [each.terms for each in of_role(scenario, "supplier")]
    horizon = 0.0 if scenario.horizon == math.inf else scenario.horizon
    travels = [zone.delivery_time.expected for zone in scenario.delivery.zones] or [
        supplier.delivery_time.expected for supplier in suppliers
    ]
    leads = [lead.expected for supplier in suppliers for lead in lead_times(supplier)]
    reviewed = horizon + max(leads) + max(travels)
    keepers = [*of_role(scenario, "supplier"), *of_role(scenario, "shop")]
    stocks = {f"{each.field}.stock.period": each.terms.stock for each in keepers}
    lasting = {field: (getattr(stock, "period", None), reviewed) for field, stock in stocks.items()}
    lasting["users.income.every"] = (None if income is None else income.every, horizon)
    for field, (period, length) in lasting.items():
        if period is not None and length / TIMES_MAX > period:
            rule = (
                f"must be at least {in_seconds(length / TIMES_MAX)}, so that a run has {TIMES_MAX:,} at the most"
            )
            yield Problem(field, in_seconds(period), rule)


def _retries(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield links on which somebody would ask forever, or so often that it comes to the same."""
    for name in links(scenario):
        there, back = name.split("->")
        asked, answered = scenario.link(name), scenario.link(f"{back}->{there}")
        if asked.timeout is None or (asked.attempts is not None and asked.attempts <= TIMES_MAX):
            continue
        arriving = (1 - asked.loss) * (1 - answered.loss)
        if arriving == 0 and scenario.drain is None:
            rule = "must not be 1 with a timeout and neither attempts nor drain: who asks would ask forever"
            lossy = name if asked.loss == 1 else f"{back}->{there}"
            yield Problem(_place(scenario, lossy, "loss"), "1", rule)
        elif 0 < arriving < 1 / TIMES_MAX:
            rule = f"must let more than one message in {TIMES_MAX:,} be answered, or have attempts"
            yield Problem(_place(scenario, name, "loss"), str(asked.loss), rule)
        elif _lasting(asked.timeout, asked.backoff) < _silence(scenario, asked, answered):
            rule = (
                f"makes more than {2**DOUBLINGS:,} attempts while nobody answers: must be longer, or have attempts"
            )
            yield Problem(_place(scenario, name, "timeout"), in_seconds(asked.timeout), rule)


_SERVING = {"shop": "page_time", "bank": "authorisation_time", "supplier": "handling_time"}
"""What says how long an organisation takes to serve a request."""


def _place(scenario: "ScenarioFields", link: str, field: str) -> str:
    """Return the path of what says a link's field: the default's, unless one of the link's names has its own."""
    for name in reversed(link_keys(scenario, link)):
        if getattr(scenario.network.links.get(name), field, None) is not None:
            return f"network.links.{name}.{field}"
    return f"network.default.{field}"


def _silence(scenario: "ScenarioFields", asked: Link, answered: Link) -> float:
    """Return about how long a message may go without an answer, seconds."""
    served = [getattr(each.terms, _SERVING[each.role]) for each in scenario.organisations]
    longest: float = max(asked.latency.expected + answered.latency.expected, *(each.expected for each in served))
    longest = max(longest, *(injected.duration for injected in scenario.faults), 0.0)
    if asked.loss == 1 or answered.loss == 1:
        longest = math.inf
    if scenario.drain is None:
        return longest
    return min(longest, scenario.drain + (0 if scenario.horizon == math.inf else scenario.horizon))


def _lasting(timeout: float, growth: float) -> float:
    """Return how long the most attempts last, seconds; infinity, far beyond any run, where waits grow."""
    lasting = min(timeout, LONGEST_WAIT)
    for _ in range(
        DOUBLINGS
    ):  # twice as many attempts: once more as many, each by the growth of all before longer
        lasting, growth = lasting * (1 + growth), growth * growth
    return lasting
