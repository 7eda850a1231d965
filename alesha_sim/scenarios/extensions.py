"""Extensions of a run: functions that are handed the simulation before its first event.

A file names them and never imports them: a name works only where an installed package registers it in the
entry-point group "alesha_sim.extensions", or where the call hands over the function of that name.
"""

import os
import re
import site
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import PlainSerializer, PlainValidator, SerializationInfo, WithJsonSchema

from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, scenario_error
from alesha_sim.scenarios.fields import Written
from alesha_sim.scenarios.model import Kept, Part

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Scenario = TypeVar("Scenario", bound=Part)  # one with `extensions`: its own module imports this one

GROUP = "alesha_sim.extensions"

_NAME = r"[A-Za-z][A-Za-z0-9_.-]*(:[A-Za-z0-9_.<>]+)?"
_RULE = "must be the name of an extension, or in Python a function"


def name_of(extension: object) -> str:
    """Return what a file calls an extension: its name, or of a function `module:function`."""
    if isinstance(extension, str):
        return extension
    named = extension if hasattr(extension, "__qualname__") else type(extension)
    return f"{named.__module__}:{named.__qualname__}"


def with_setup(scenario: Scenario, setup: object) -> Scenario:
    """Return the scenario with a function among its extensions: in the place of its name, or as the last."""
    if setup is None:
        return scenario
    if not callable(setup) or isinstance(setup, type):
        raise scenario_error("setup", setup, "must be a function of a simulation")
    given = [setup if each == name_of(setup) else each for each in _named_in(scenario)]
    given += [] if setup in given else [setup]
    return scenario.model_copy(update={"extensions": tuple(given)})


def functions_of(scenario: Part) -> list[Callable[[Any], object]]:
    """Return the functions of a scenario's extensions; raises ScenarioError for a name that nobody registered."""
    return [each if callable(each) else _registered(place, each) for place, each in enumerate(_named_in(scenario))]


def _named_in(scenario: Part) -> tuple[Any, ...]:
    found: tuple[Any, ...] = vars(scenario)["extensions"]
    return found


def _registered(place: int, name: str) -> Callable[[Any], object]:
    """Return the function that an installed package registers under a name."""
    from importlib.metadata import entry_points

    points = {point.name: point for point in entry_points(group=GROUP) if _is_installed(point)}
    field = f"extensions[{place}]"
    if name not in points:
        rule = "no installed package registers it, and the call does not hand it over (setup=, --setup)"
        rule += f"; {nearest(name, list(points))}" if points else ""
        raise ScenarioError([Problem(field, repr(name), rule)])
    try:
        loaded = points[name].load()
    except Exception as error:
        rule = f"cannot be loaded: {type(error).__name__}: {error}"
        raise ScenarioError([Problem(field, repr(name), rule)]) from error
    if not callable(loaded):
        raise ScenarioError([Problem(field, repr(name), "must be a function of a simulation")])
    function: Callable[[Any], object] = loaded
    return function


def _is_installed(point: "EntryPoint") -> bool:
    """Tell whether an installer put a package where it is, or the one who set PYTHONPATH.

    The current folder is on Python's path in a notebook and after `python -m`: what merely lies there beside a
    scenario file is not installed.
    """
    if point.dist is None:
        return False
    places = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages()]
    places += site.getsitepackages()
    places += [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if Path(each).is_absolute()]
    return Path(str(point.dist.locate_file(""))).resolve() in [Path(place).resolve() for place in places]


def _read(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(_NAME, value):
            raise scenario_error("", value, _RULE)
        return value
    if not callable(value) or isinstance(value, type):
        raise scenario_error("", value, _RULE)
    return value


def _written(value: object, info: SerializationInfo) -> object:
    """Write a function as JSON by its name, which tells what ran and cannot be read as code."""
    if isinstance(value, str):
        return value
    return name_of(value) if info.mode_is_json() else Kept(value)


Extension = Annotated[
    Any,
    PlainValidator(_read),
    PlainSerializer(_written),
    WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"}),
    Written("name"),
]
