"""Scenario files with slips in them: each is accepted and runs, or is refused line by line, never a traceback."""

import random
import re
from functools import cache
from importlib import resources

import pytest
from conftest import is_full_size

from alesha_sim import Simulation, scenarios
from alesha_sim.cli import main
from alesha_sim.policies import PolicyError
from alesha_sim.scenarios import ScenarioError, catalogue
from alesha_sim.scenarios.scenario import Scenario

FILES = 500 if is_full_size() else 60
EVENTS_MAX = 3000
LARGE = 5_000
"""Files with more users, or with larger numbers in their demand, are accepted or refused, but not run."""

VALUES = [
    "0", "-1", "1", "2", "0.5", "1e-6", "1e-308", "1e308", "1e15", "inf", "nan", str(2**31), str(2**53),
    str(2**63), "9" * 400, "9" * 5000, "1_0", "true", '""', '"x"', '"1_0"', '"285 years"', '"1 us"', "[]", "{}",
    '"92233720368547758.07"', "[1, 2]", '{ kind = "constant", value = 1e300 }', "[[[[1]]]]", "1979-05-27",
    '{ kind = "exponential", mean = 1e15 }', "07:32:00", "9999-12-31T23:59:59", "0001-01-01", '"\\u0000"',
    '"\\ud7ff"', '"' + "x" * 1000 + '"',
]  # fmt: skip


@cache
def texts():
    template = resources.files(scenarios).joinpath("template.toml").read_text("utf-8")
    return [scenarios.load(name).to_toml() for name in catalogue.SHIPPED] + [template]


def flip(dice, data):
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]


def on_lines(change):
    def mutate(dice, data):
        lines = data.split(b"\n")
        change(dice, lines)
        return b"\n".join(lines)

    return mutate


@on_lines
def delete(dice, lines):
    del lines[dice.randrange(len(lines))]


@on_lines
def double(dice, lines):
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))


def settings_of(lines):
    return [place for place, line in enumerate(lines) if b" = " in line]


@on_lines
def swap(dice, lines):
    one, other = (dice.choice(settings_of(lines)) for _ in range(2))
    (name, value), (other_name, other_value) = (lines[place].split(b" = ", 1) for place in (one, other))
    lines[one], lines[other] = name + b" = " + other_value, other_name + b" = " + value


@on_lines
def replace(dice, lines):
    place = dice.choice(settings_of(lines))
    lines[place] = lines[place].split(b" = ", 1)[0] + b" = " + dice.choice(VALUES).encode()


def cut(dice, data):
    return data[: dice.randrange(len(data))]


SLIPS = [flip, delete, double, swap, replace, replace, replace, replace, cut]


def mutated(number):
    """Return a shipped scenario's text, or the template's, with one to three slips in it."""
    dice = random.Random(number)
    data = dice.choice(texts()).encode()
    for _ in range(dice.choice([1, 1, 2, 3])):
        data = dice.choice(SLIPS)(dice, data) if data.count(b" = ") else data
    return data


def is_small(scenario):
    demand = re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?:e\+?\d+)?", str(scenario.demand))
    return scenario.users.count <= LARGE and all(float(number) < 1e6 for number in demand)


def run_a_little(scenario):
    """Run a scenario for some events and return the laws that it breaks; what it refuses by itself is well."""
    try:
        simulation = Simulation(scenario.with_settings({"horizon": min(scenario.horizon, 86_400.0)}), seed=1)
        simulation.run_until(lambda: simulation.clock.events > EVENTS_MAX)
    except (ScenarioError, PolicyError):
        return []
    return simulation.result().check()


@pytest.mark.parametrize("number", range(FILES))
def test_a_file_with_slips_is_refused_in_clear_lines_or_runs(number, tmp_path, capsys):
    path = tmp_path / "slips.toml"
    path.write_bytes(mutated(number))
    status = main(["show", str(path)])
    said = capsys.readouterr().err.splitlines()
    assert status == (2 if said else 0)
    for line in said:
        assert re.fullmatch(r"[^:]+(: .+)+", line), line
        assert len(line) < 600
    if status == 0 and is_small(scenario := Scenario.read(path)):
        assert run_a_little(scenario) == []
