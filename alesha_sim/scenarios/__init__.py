"""Scenarios: what can be run, by name, from a file, or made in Python.

Contains the names and how they are found. Importing this package loads no scenario and no pydantic: the shipped
scenarios and `Scenario` itself are loaded when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.errors import Problem, ScenarioError
from alesha_sim.scenarios.registry import describe, function_of, load, names

if TYPE_CHECKING:
    from collections.abc import Callable

    from alesha_sim.scenarios.demand.base import Purchases as Purchases
    from alesha_sim.scenarios.demand.base import Visits as Visits
    from alesha_sim.scenarios.library.bank_failure import bank_failure
    from alesha_sim.scenarios.library.beer_game import beer_game
    from alesha_sim.scenarios.library.card_testing import card_testing
    from alesha_sim.scenarios.library.cash_on_delivery import cash_on_delivery
    from alesha_sim.scenarios.library.cdnow import cdnow
    from alesha_sim.scenarios.library.dual_sourcing import dual_sourcing
    from alesha_sim.scenarios.library.first_purchase import first_purchase
    from alesha_sim.scenarios.library.flash_sale import flash_sale
    from alesha_sim.scenarios.library.gridlock import gridlock
    from alesha_sim.scenarios.library.growth import growth
    from alesha_sim.scenarios.library.market_day import market_day
    from alesha_sim.scenarios.library.prepaid_campaigns import prepaid_campaigns
    from alesha_sim.scenarios.library.repeat_buyers import repeat_buyers
    from alesha_sim.scenarios.library.returns_season import returns_season
    from alesha_sim.scenarios.library.rival_shops import rival_shops
    from alesha_sim.scenarios.library.slow_bank import slow_bank
    from alesha_sim.scenarios.library.supplier_disruption import supplier_disruption
    from alesha_sim.scenarios.library.two_banks import two_banks
    from alesha_sim.scenarios.library.unreliable_network import unreliable_network
    from alesha_sim.scenarios.scenario import Scenario as Scenario


__all__ = [
    "Problem",
    "Purchases",
    "ScenarioError",
    "Visits",
    "bank_failure",
    "beer_game",
    "card_testing",
    "cash_on_delivery",
    "cdnow",
    "describe",
    "dual_sourcing",
    "first_purchase",
    "flash_sale",
    "gridlock",
    "growth",
    "load",
    "market_day",
    "names",
    "prepaid_campaigns",
    "repeat_buyers",
    "returns_season",
    "rival_shops",
    "slow_bank",
    "supplier_disruption",
    "two_banks",
    "unreliable_network",
]
_HOMES = {"Purchases": "demand.base", "Scenario": "scenario", "Visits": "demand.base"}


def checked(scenario: object) -> "Scenario":
    """Return what is a scenario; raises TypeError, saying how to get one, for anything else."""
    from alesha_sim.scenarios.errors import shown
    from alesha_sim.scenarios.scenario import Scenario

    if isinstance(scenario, Scenario):
        return scenario
    hint = f": scenarios.load({scenario!r}) makes one of a name or a file" if isinstance(scenario, str) else ""
    raise TypeError(f"scenario: {shown(scenario)}: must be a Scenario{hint}")


def with_extensions(scenario: object, setup: object) -> tuple["Scenario", "list[Callable[[Any], object]]"]:
    """Return a scenario with `setup` among its extensions, and the functions of all; ScenarioError for a fault."""
    found = checked(scenario)
    if setup is None and not found.extensions:
        return found, []
    from alesha_sim.scenarios import extensions

    found = extensions.with_setup(found, setup)
    return found, extensions.functions_of(found)


def __getattr__(name: str) -> object:
    if name in SHIPPED:
        return function_of(name)
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *SHIPPED, *_HOMES})
