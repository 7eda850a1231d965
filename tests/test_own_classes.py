"""Classes of one's own: policies, distributions, demands survive every change of a scenario; parts are refused."""

from dataclasses import dataclass

import pytest

from alesha_sim.distributions import Constant
from alesha_sim.policies import BaseStock
from alesha_sim.scenarios import ScenarioError
from alesha_sim.scenarios.channels import LinkOverride
from alesha_sim.scenarios.demand.base import Poisson
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.scenarios.sections import Users
from alesha_sim.units import Currency


def made(**fields):
    return Scenario.model_validate({"horizon": 100, "demand": {"kind": "single"}} | fields)


class OwnPoisson(Poisson):
    def purchases(self, market, streams):
        return super().purchases(market, streams)


class OwnUsers(Users):
    pass


class OwnOverride(LinkOverride):
    pass


OWN = OwnPoisson(visits_per_day=3)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"users": OwnUsers()}, "users: OwnUsers: must be of a class of the package itself: Users"),
        (
            {"network": {"links": {"user->shop": OwnOverride()}}},
            "network.links.user->shop: OwnOverride: must be of",
        ),
        (
            {"currency": type("OwnCurrency", (Currency,), {})()},
            "currency: 'OwnCurrency': must be of the package's",
        ),
    ],
)
def test_a_part_of_a_class_of_ones_own_is_refused_and_never_replaced(fields, line):
    with pytest.raises(ScenarioError) as error:
        made(**fields)
    (found,) = error.value.problems
    assert found.startswith(line)


@pytest.mark.parametrize("demand", [OWN, {"kind": "mixture", "parts": [Poisson(visits_per_day=3), OWN]}])
def test_a_demand_of_ones_own_stays_what_it_is_when_the_scenario_changes(demand):
    scenario = made(demand=demand)
    changed = scenario.with_settings({"bank.workers": 3})
    for each in (scenario, changed):
        found = getattr(each.demand, "parts", (None, each.demand))[1]
        assert found == OWN
        assert type(found) is OwnPoisson
    assert "OwnPoisson" in str(scenario.model_dump(mode="json")["demand"])
    with pytest.raises(ScenarioError, match="an object of Python cannot be written to a file"):
        scenario.to_toml()


class Sometimes(Constant):
    """A constant of a class of one's own."""


class Cautious(BaseStock):
    """A policy of a class of one's own, derived from one of the package."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A policy of one's own that pydantic would take for a table of the package's kind."""

    level: int
    kind: str = "base_stock"
    period: None = None

    def accepts(self, lines):
        return True

    def opening(self, sku):
        return self.level

    def order(self, sku, position, demands):
        return 0


def test_policies_and_distributions_of_ones_own_survive_any_change():
    scenario = made(
        supplier={"stock": Cautious(3), "lead_time": Sometimes(5)},
        users={"opening_balance": Sometimes(7)},
        shop={"stock": Plain(3)},
    ).with_settings({"bank.workers": 3})
    assert type(scenario.supplier.stock) is Cautious
    assert scenario.shop.stock == Plain(3)
    assert type(scenario.supplier.lead_time) is type(scenario.users.opening_balance) is Sometimes
    with pytest.raises(ScenarioError, match="cannot be written"):
        scenario.to_toml()


def test_another_currencys_code_brings_its_own_decimals():
    yen = made().with_settings({"currency.code": "JPY"})
    assert yen.currency == Currency("JPY", 0)
    assert yen.with_settings({"currency.code": "JPY", "currency.decimals": 2}).currency == Currency("JPY", 2)
    assert (
        made(currency={"code": "EUR", "decimals": 3}).with_settings({"currency.code": "EUR"}).currency.decimals
        == 3
    )
