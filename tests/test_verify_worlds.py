"""`alesha verify --worlds`: what it prints, writes and asks for, and with which status it ends."""

import json
import re
import shlex
import sys
from functools import partial
from pathlib import Path

import pytest
from tqdm import tqdm

from alesha_sim.books.shop import ShopBook
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.verification.fuzz.trials import survey


@pytest.fixture
def call(call):
    """Give a function that calls `alesha verify` in an empty folder: `status`, `out` and `err`."""
    return lambda *argv, command="verify": call(command, *argv)


@pytest.fixture
def broken(monkeypatch):
    """Let the shop's book write the supplier's charges under a link of its own."""
    charges = ShopBook.charges

    def elsewhere(self, at, link, order, amount):
        return charges(self, at, self._ledger.new_entry(), order, amount)

    monkeypatch.setattr(ShopBook, "charges", elsewhere)


def on_a_broken_book(test):
    """Let a test run on a book whose method was replaced, which compiled code would not notice."""
    return pytest.mark.interpreted(pytest.mark.usefixtures("broken")(test))


BROKEN = ("--worlds", "12", "--seed", "2")


# When all laws hold


def test_what_was_met_is_counted(call):
    said = call("--worlds", "20", "--first", "1000", "--seed", "2")
    assert said.status == 0
    assert said.out.startswith("worlds 1,000 to 1,019 of seed 2\n\n")
    assert said.out.endswith("\n\nall laws hold in every world\n")
    assert re.search(
        r"^\d+ ms a world; the slowest, world 10\d\d, took [\d.]+ s and [\d,]+ events: alesha", said.out, re.M
    )
    assert re.search(r"^\d+ kinds of thing were met, \d+ were not that other worlds meet", said.out, re.M)
    assert re.search(r"^faults\n(  \S.*\n)*  crash of the bank +\d+$", said.out, re.MULTILINE)
    assert re.search(r"^messages\n(  \S.*\n)*  lost +[\d,]+$", said.out, re.MULTILINE)


def test_markets_are_drawn_on_demand_and_named_so_in_the_command(call):
    said = call("--worlds", "2", "--first", "2", "--markets", "--seed", "1")
    assert said.status == 0
    assert "alesha verify --worlds 1 --markets --first " in said.out


def test_json_is_one_object(call):
    found = json.loads(call("--worlds", "3", "--seed", "2", "--json").out)
    assert (found["seed"], found["first"], found["worlds"], found["passed"]) == (2, 0, 3, True)
    assert (found["failures"], found["smallest"]) == ([], None)
    assert sum(found["counts"]["worlds"].values()) == 3
    met = {(group, label): number for group, labels in found["counts"].items() for label, number in labels.items()}
    assert met == survey(2, 3).counts
    assert found["slowest"]["world"] in (0, 1, 2)
    assert "orders: in_doubt" in found["missed"]


def test_without_a_seed_one_is_drawn_and_named(call):
    seeds = [re.match(r"worlds 0 to 0 of seed (\d+)\n", call("--worlds", "1", "--quiet").out) for _ in "ab"]
    assert seeds[0][1] != seeds[1][1]


# When a law fails


@on_a_broken_book
def test_the_command_that_is_named_fails_again(call):
    said = call(*BROKEN)
    assert said.status == 1
    again, law = re.search(r"^world \d+ fails: (alesha verify .*)\n  (\w+):", said.out, re.MULTILINE).groups()
    once_more = call(*shlex.split(again)[2:])
    assert once_more.status == 1
    assert f"fails: {again}\n  {law}:" in once_more.out


@on_a_broken_book
def test_the_smallest_world_is_written_and_fails_when_it_is_run(call):
    said = call(*BROKEN, "--out", "small.toml")
    text = Path("small.toml").read_text()
    assert said.out.endswith(f"\n\n{text}")
    command, seed = re.search(r"^# .*: (alesha run world.toml --seed (\d+))$", text, re.MULTILINE).groups()
    assert shlex.split(command)[-1] == seed
    law = re.search(r"^#   (\w+): ", text, re.MULTILINE)[1]
    assert len(Scenario.read("small.toml").catalogue) == 1
    run = call("small.toml", "--seed", seed, command="run")
    assert run.status == 1
    assert f"\n{law}: " in run.out


@on_a_broken_book
def test_json_tells_failures_and_the_smallest_world(call):
    found = json.loads(call(*BROKEN, "--json").out)
    assert found["passed"] is False
    first = found["failures"][0]
    assert first["again"] == f"alesha verify --worlds 1 --first {first['world']} --seed 2"
    law = first["violations"][0].partition(":")[0]
    assert all(violation.startswith(law) for violation in found["smallest"]["violations"])
    assert Scenario.from_toml(found["smallest"]["toml"]).name == f"world-{first['world']}"


@on_a_broken_book
def test_many_failures_are_told_in_one_line_each(call, monkeypatch):
    monkeypatch.setattr("alesha_sim.cli.worlds.FAILURES_SHOWN", 2)
    said = call(*BROKEN)
    brief = re.findall(r"^world (\d+) fails L\d+: alesha verify --worlds 1 --first \1 --seed 2$", said.out, re.M)
    assert said.out.count("fails: ") == 2
    assert len(brief) + 2 == len(survey(2, 12).failures) > 2


@on_a_broken_book
def test_a_survey_can_stop_at_the_first_failure(call):
    found = json.loads(call(*BROKEN, "--stop", "--json").out)
    assert len(found["failures"]) == 1
    assert found["failures"][0]["world"] == found["worlds"] - 1


# Files and options


@on_a_broken_book
def test_a_file_is_overwritten_only_if_told_to(call):
    Path("small.toml").write_text("mine")
    said = call(*BROKEN, "--out", "small.toml")
    assert (said.status, said.out) == (2, "")
    assert said.err == "--out: 'small.toml': must not be there already (--force overwrites it)\n"
    assert call(*BROKEN, "--out", "small.toml", "--force").status == 1
    assert Path("small.toml").read_text().startswith("# The smallest of")


def test_nothing_is_written_when_all_laws_hold(call):
    assert call("--worlds", "2", "--seed", "2", "--out", "small.toml").status == 0
    assert not Path("small.toml").exists()


@pytest.mark.parametrize(
    ("argv", "lines"),
    [
        (["--worlds", "0"], ["--worlds: '0': must be a whole number from 1"]),
        (["--worlds", "1e3"], ["--worlds: '1e3': must be a whole number from 1"]),
        (["--worlds", "5", "--first", "-1"], ["--first: '-1': must be a whole number from 0"]),
        (["--worlds", "5", "--jobs", "0"], ["--jobs: '0': must be a whole number from 1"]),
        (["--worlds", "5", "--full"], ["--full: must not come with --worlds"]),
        (["--first", "0", "--out", "x"], ["--first: must come with --worlds", "--out: must come with --worlds"]),
        (["--jobs", "2"], ["--jobs: must come with --worlds"]),
        (["--markets"], ["--markets: must come with --worlds"]),
        (["--stop"], ["--stop: must come with --worlds"]),
        (["--worlds", "5", "--out", "no/such/x"], ["--out: 'no/such/x': must lie in a folder that is there"]),
        (["--wrlds", "5"], ["--wrlds: unknown option: nearest is --worlds"]),
        (["--oud", "5"], ["--oud: unknown option: nearest is --out"]),
    ],
)
def test_a_bad_call_is_a_line_for_each_fault(call, argv, lines):
    said = call(*argv)
    assert (said.status, said.out, said.err.splitlines()) == (2, "", lines)


# Progress


@on_a_broken_book
def test_without_a_terminal_a_line_is_printed_every_so_often(call):
    lines = call("--worlds", "30", "--seed", "2", "--json").err.splitlines()
    surveyed = [line for line in lines if re.fullmatch(r"\d+ of 30 worlds, \d+ failed", line)]
    assert (len(surveyed), surveyed[-1].split(",")[0]) == (11, "30 of 30 worlds")
    assert lines[len(surveyed)].startswith("1 smaller worlds like world ")


def test_quiet_is_quiet(call):
    assert call("--worlds", "2", "--seed", "2", "--quiet").err == ""


def test_a_terminal_shows_progress_all_the_time(call, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("tqdm.tqdm", partial(tqdm, mininterval=0))
    said = call("--worlds", "3", "--seed", "2")
    assert all(f"{done} of 3 worlds, 0 failed" in said.err for done in (1, 2, 3))
