import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import needed_program

import alesha_sim as alesha
from alesha_sim.cli import main
from alesha_sim.cli.step import Screen
from alesha_sim.stepping import Walk

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60  # seconds for a screen to come: only a failure waits so long


@pytest.fixture
def walk():
    return Walk(alesha.scenarios.first_purchase(), 7)


def screen(walk, keys=""):
    """Return a screen whose reader types the keys."""
    typed = iter(keys)
    return Screen(walk, lambda: next(typed, ""))


def shown(walk, keys):
    made = screen(walk)
    for key in keys:
        made.press(key)
    return made.text(110, 40)


def test_each_key_goes_as_far_as_it_says(walk):
    assert "event 0, 0 messages" in shown(walk, "")
    assert "> delivered: 0 ViewHomepage, user:0 to shop" in shown(walk, "n" if walk.last is None else "")
    assert "> delivered: 14 Checkout, user:0 to shop" in shown(walk, "o")
    assert "> delivered: 13 ProductPage, shop to user:0" in shown(walk, "p")
    assert "nothing is left to happen" in shown(walk, "c")


def test_the_screen_tells_balances_who_waits_and_an_unknown_key(walk):
    text = shown(walk, "onnn")
    assert "user:0 waits for shop: 16 Pay" in text
    assert "shop waits for bank: 17 Authorise" in text
    assert "4,000.00 BDT  (was 5,000.00 BDT)" in text
    assert "no such key: z" in shown(walk, "z")


def test_a_breakpoint_is_typed_corrected_and_stopped_at(walk):
    made = screen(walk, "Authorisx\x7fe\n")
    made.press("b")
    made.press("c")
    assert "stops at: Authorise" in made.text(110, 40)
    assert walk.last.kind == "Authorise"


def test_a_breakpoint_that_means_nothing_is_refused_and_changes_nothing(walk, capsys):
    made = screen(walk, "Autorise\n")
    made.press("b")
    assert "breakpoint: 'Autorise': must be a kind of message" in made.text(160, 40)
    assert "stops at" not in made.text(160, 40)


def test_no_line_is_wider_and_no_screen_higher_than_the_terminal(walk):
    walk.finish()
    lines = screen(walk).text(60, 30).splitlines()
    assert max(map(len, lines)) < 60
    assert len(lines) <= 30


def test_plain_prints_every_message_and_transfer_and_the_end(capsys):
    assert main(["step", "first_purchase", "--seed", "7", "--plain"]) == 0
    out = capsys.readouterr().out
    result = alesha.simulate(alesha.scenarios.first_purchase(), seed=7)
    assert sum(" -> " in line for line in out.splitlines()) == len(result.messages)
    assert "10,240.00 BDT" in out
    assert out.splitlines()[-1] == "all laws hold"


def test_a_pipe_is_given_the_plain_text(capsys):
    assert main(["step", "first_purchase", "--seed", "7", "--set", "users.opening_balance=1"]) == 0
    assert "insufficient_funds" in capsys.readouterr().out


# On a terminal


class Terminal:
    """A terminal of tmux with a server of its own, in which a command runs."""

    def __init__(self, folder, command):
        self._tmux = [needed_program("tmux"), "-S", str(folder / "socket"), "-f", os.devnull]
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        self.do("new-session", "-d", "-x", "120", "-y", "45", command)

    def do(self, *arguments):
        command = [*self._tmux, *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True).stdout

    def press(self, *keys, expect):
        """Press keys, and wait until the screen shows a text."""
        if keys:
            self.do("send-keys", *keys)
        until = time.monotonic() + PATIENCE
        while expect not in (text := self.do("capture-pane", "-p")):
            assert time.monotonic() < until, f"{expect!r} does not come; the screen:\n{text}"
            time.sleep(0.05)
        return text


@pytest.fixture
def terminal(tmp_path):
    command = f"{sys.executable} -m alesha_sim step first_purchase --seed 7; echo over: $?; cat"
    terminal = Terminal(tmp_path, command)
    yield terminal
    terminal.do("kill-server")


def test_a_purchase_is_gone_through_by_keys(terminal):
    terminal.press(expect="event 0, 0 messages")
    terminal.press("n", expect="> delivered: 0 ViewHomepage, user:0 to shop")
    terminal.press("n", expect="> delivered: 1 Homepage, shop to user:0")
    terminal.press("p", expect="> delivered: 0 ViewHomepage, user:0 to shop")
    terminal.press("o", expect="> delivered: 14 Checkout, user:0 to shop")
    terminal.press("b", expect="stop at (kind")
    terminal.press("Authorise", "Enter", expect="stops at: Authorise")
    terminal.press("c", expect="> delivered: 17 Authorise, shop to bank")
    screen = terminal.press(expect="user:0 waits for shop")
    assert "shop waits for bank" in screen
    assert "4,000.00 BDT  (was 5,000.00 BDT)" in screen
    terminal.press("n", expect="> delivered: 18 Receipt")
    terminal.press("b", expect="stop at (kind")
    terminal.press("Enter", expect="messages\n")
    assert "10,240.00 BDT" in terminal.press("c", expect="nothing is left to happen")
    terminal.press("q", expect="over: 0")
