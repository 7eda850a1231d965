"""How scenarios are found by name or path."""

from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alesha_sim.scenarios.catalogue import GROUP, SHIPPED
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, scenario_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoints

    from alesha_sim.scenarios.scenario import Scenario


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
        raise scenario_error("scenario", name_or_path, f"unknown name: {nearest(name_or_path, names())}")
    if knobs:
        rule = "a scenario from a file takes settings, not knobs"
        raise ScenarioError([Problem(knob, None, rule) for knob in knobs])
    from alesha_sim.scenarios.scenario import Scenario

    return Scenario.read(name_or_path)


def _is_path(text: str) -> bool:
    """Tell whether a text means a file rather than a name."""
    return text.endswith(".toml") or "/" in text or "\\" in text or Path(text).is_file()


def _called(name: str, knobs: dict[str, Any]) -> "Scenario":
    """Call the function of a scenario; its knobs are checked first."""
    from inspect import signature

    function = function_of(name)
    known = list(signature(function).parameters)
    unknown = [knob for knob in knobs if knob not in known]
    if unknown:
        found = [Problem(knob, None, f"unknown knob of {name}: {nearest(knob, known)}") for knob in unknown]
        raise ScenarioError(found)
    return function(**knobs)


def function_of(name: str) -> "Callable[..., Scenario]":
    """Return the function that makes a scenario which `names` lists."""
    if name in SHIPPED:
        function: Callable[..., Scenario] = getattr(import_module(f"alesha_sim.scenarios.library.{name}"), name)
        return function
    (point,) = [point for point in _points() if point.name == name][:1]
    loaded: Callable[..., Scenario] = point.load()
    return loaded


def _points() -> "EntryPoints":
    from importlib.metadata import entry_points  # takes as long to import as all of this package

    return entry_points(group=GROUP)
