"""Scenarios: what can be run, by name, from a file, or made in Python.

Here live the names and how they are found. Importing this package loads no scenario and no pydantic: the shipped
scenarios and `Scenario` itself are loaded when they are first asked for.
"""

from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alesha_sim.scenarios.errors import Fault, ScenarioError, nearest, refuse

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoints

    from alesha_sim.scenarios.scenario import Scenario
    from alesha_sim.scenarios.shipped.card_testing import card_testing
    from alesha_sim.scenarios.shipped.cash_on_delivery import cash_on_delivery
    from alesha_sim.scenarios.shipped.cdnow import cdnow
    from alesha_sim.scenarios.shipped.first_purchase import first_purchase
    from alesha_sim.scenarios.shipped.flash_sale import flash_sale
    from alesha_sim.scenarios.shipped.growth import growth
    from alesha_sim.scenarios.shipped.market_day import market_day
    from alesha_sim.scenarios.shipped.prepaid_campaigns import prepaid_campaigns
    from alesha_sim.scenarios.shipped.repeat_buyers import repeat_buyers
    from alesha_sim.scenarios.shipped.returns_season import returns_season
    from alesha_sim.scenarios.shipped.slow_bank import slow_bank
    from alesha_sim.scenarios.shipped.supplier_disruption import supplier_disruption
    from alesha_sim.scenarios.shipped.unreliable_network import unreliable_network

__all__ = [
    "ScenarioError",
    "card_testing",
    "cash_on_delivery",
    "cdnow",
    "describe",
    "first_purchase",
    "flash_sale",
    "growth",
    "load",
    "market_day",
    "names",
    "prepaid_campaigns",
    "repeat_buyers",
    "returns_season",
    "slow_bank",
    "supplier_disruption",
    "unreliable_network",
]

SHIPPED = {
    "first_purchase": "One user registers, buys a laptop and two watches, and waits for them.",
    "market_day": "Visitors by the hour of the day; some look, some buy, some cannot pay.",
    "repeat_buyers": "Customers enter over 12 weeks, buy again at their own rates and drop out (BG/NBD).",
    "cdnow": "Replays the purchases of 2,357 customers of CDNOW, 1997 to mid-1998.",
    "flash_sale": "Many come at once for a few phones at half price; who gets one?",
    "cash_on_delivery": "Part of the buyers pays at the door, and some refuse there.",
    "returns_season": "Goods come back, the more so when they came late.",
    "supplier_disruption": "The supplier closes for weeks; stock carries the shop over them, or does not.",
    "slow_bank": "Authorisations queue at the bank, and buyers hang up.",
    "unreliable_network": "Messages are lost, doubled and late; nobody is charged twice.",
    "card_testing": "Attackers try secrets and stolen accounts; none gets anything.",
    "growth": "Visits multiply from year to year; so do waiting and costs.",
    "prepaid_campaigns": "Campaigns sell below the supplier's charge; when does the money run out?",
}
"""The scenarios of this package, each with its description: the four plain ones, simplest first, then one for each
question. The descriptions stand here, so that a list of all scenarios need not make a single one."""

GROUP = "alesha_sim.scenarios"
"""The entry-point group in which other packages name functions that return a `Scenario`."""


def names() -> list[str]:
    """Return the names of all scenarios: the shipped ones, then those of other packages by name."""
    return [*SHIPPED, *sorted({point.name for point in _points()} - set(SHIPPED))]


def describe(name: str) -> str:
    """Return the description of a scenario that `names` lists; only one of another package is made for it."""
    return SHIPPED[name] if name in SHIPPED else load(name).description


def load(name_or_path: str | PathLike[str], **knobs: Any) -> "Scenario":
    """Return a scenario by its name, with the keyword arguments of its function, or from a TOML file.

    Raises ScenarioError for an unknown name or knob (naming the nearest), an unreadable file or a fault in it.
    """
    if name_or_path in SHIPPED or name_or_path in names():
        return _called(str(name_or_path), knobs)
    if isinstance(name_or_path, str) and not _is_path(name_or_path):
        raise refuse("scenario", name_or_path, f"unknown name: {nearest(name_or_path, names())}")
    if knobs:
        rule = "a scenario from a file takes settings, not knobs"
        raise ScenarioError([Fault(knob, None, rule) for knob in knobs])
    from alesha_sim.scenarios.scenario import Scenario

    return Scenario.read(name_or_path)


def checked(scenario: object) -> "Scenario":
    """Return what is a scenario; raises TypeError, saying how to get one, for anything else."""
    from alesha_sim.scenarios.errors import shown
    from alesha_sim.scenarios.scenario import Scenario

    if isinstance(scenario, Scenario):
        return scenario
    hint = f": scenarios.load({scenario!r}) makes one of a name or a file" if isinstance(scenario, str) else ""
    raise TypeError(f"scenario: {shown(scenario)}: must be a Scenario{hint}")


def _is_path(text: str) -> bool:
    """Tell whether a text means a file rather than a name."""
    return text.endswith(".toml") or "/" in text or "\\" in text or Path(text).is_file()


def _called(name: str, knobs: dict[str, Any]) -> "Scenario":
    """Call the function of a scenario; its knobs are checked first."""
    from inspect import signature

    function = _function(name)
    known = list(signature(function).parameters)
    unknown = [knob for knob in knobs if knob not in known]
    if unknown:
        found = [Fault(knob, None, f"unknown knob of {name}: {nearest(knob, known)}") for knob in unknown]
        raise ScenarioError(found)
    return function(**knobs)


def _function(name: str) -> "Callable[..., Scenario]":
    if name in SHIPPED:
        function: Callable[..., Scenario] = getattr(import_module(f"{__name__}.shipped.{name}"), name)
        return function
    (point,) = [point for point in _points() if point.name == name][:1]
    loaded: Callable[..., Scenario] = point.load()
    return loaded


def _points() -> "EntryPoints":
    from importlib.metadata import entry_points  # takes as long to import as all of this package

    return entry_points(group=GROUP)


def __getattr__(name: str) -> object:
    if name in SHIPPED:
        return _function(name)
    if name == "Scenario":
        return import_module(f"{__name__}.scenario").Scenario
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *SHIPPED, "Scenario"})
