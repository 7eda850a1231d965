"""The command that runs a scenario again: by its name and settings, else with its file written out first."""

import json
from shlex import quote
from typing import TYPE_CHECKING, Any

from alesha_sim import scenarios
from alesha_sim.recording.levels import ALL
from alesha_sim.scenarios.errors import ScenarioError, scenario_error

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


def command(scenario: "Scenario", seed: int, record: str = ALL) -> str:
    """Return a shell command that runs the scenario with the seed and records the same.

    Raises ScenarioError for a scenario that no file can hold, such as one with a policy of the reader's own.
    """
    level = "" if record == ALL else f" --record {record}"
    settings = _settings(scenario)
    if settings is not None:
        texts = "".join(f" --set {quote(setting)}" for setting in settings)
        return f"alesha run {scenario.name} --seed {seed}{texts}{level}"
    file, text = f"{scenario.name}.toml", scenario.to_toml()
    if type(scenario).from_toml(text) != scenario:
        raise scenario_error("scenario", scenario.name, "holds something that a file does not")
    return f"cat > {file} <<'END'\n{text}END\nalesha run ./{file} --seed {seed}{level}"


def _settings(scenario: "Scenario") -> list[str] | None:
    """Return the settings that make a scenario of the one with its name; None if none do."""
    from alesha_sim.scenarios.settings import differences

    if scenario.name not in scenarios.names():
        return None
    try:
        named = scenarios.load(scenario.name)
        changes = {path: value for path, _, value in differences(named, scenario)}
        if any(value is None or isinstance(value, dict | list) for value in changes.values()):
            return None
        same = not changes or named.with_settings(changes) == scenario
    except ScenarioError:
        return None
    return [f"{path}={_toml(value)}" for path, value in changes.items()] if same else None


def _toml(value: Any) -> str:
    """Write a plain value as TOML reads it."""
    return json.dumps(value, ensure_ascii=False)
