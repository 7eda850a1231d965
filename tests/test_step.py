import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import needed_program

import alesha_sim as alesha
from alesha_sim.cli import keys, main, output
from alesha_sim.cli.keys import split
from alesha_sim.cli.step import Screen
from alesha_sim.simulation.stepping import Walk

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60  # seconds for a screen to come: only a failure waits so long


@pytest.fixture
def walk():
    return Walk(alesha.scenarios.first_purchase(), 7)


def screen(walk, keys=""):
    """Return a screen whose reader types the keys."""
    typed = iter(split(keys))
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
    assert "4,000.00 BDT  (was 5,000.00)" in text
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


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 15), (20, 8), (1, 1)])
def test_every_key_and_all_text_fit_any_terminal(walk, width, height):
    made = screen(walk)
    for key in ("o", "n", "home", "?", "page down", "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 30 + "\x1b[31m"):
        made.press(key)
        lines = made.text(width, height).splitlines()
        assert max(map(output.cells, lines)) <= max(1, width - 1)
        assert len(lines) <= height
        assert "\x1b" not in "".join(lines)
        assert ("q quit" in lines[-1]) == (width >= 20)


def test_a_wrapped_line_loses_nothing_but_spaces():
    for text in (
        "bank: payment 1,000.00 BDT, bank:deposits:user:0 / bank:deposits:shop",
        "x" * 50,
        "一二三 四五六" * 5,
    ):
        for width in range(2, 60):
            lines = output.wrapped(text, width)
            assert "".join(lines).replace(" ", "") == text.replace(" ", "")
            assert max(map(output.cells, lines)) <= width
    assert output.wrapped("", 10) == []


def test_at_80_columns_the_amounts_are_seen(walk):
    walk.run_to("Receipt")
    text = screen(walk).text(80, 24)
    assert "bank: payment 1,000.00 BDT" in text
    assert "q quit" in text


def test_the_screen_scrolls_between_the_first_message_and_the_last(walk):
    walk.finish()
    made = screen(walk)
    end = made.text(80, 24)
    assert "more above (Up)" in end
    made.press("up")
    assert "more below (Down)" in made.text(80, 24)
    for _ in range(100):
        made.press("page up")
        first = made.text(80, 24)
    assert "ViewHomepage" in first.splitlines()[3]
    assert "more above" not in first
    made.press("home")
    assert made.text(80, 24) == first
    made.press("end")
    assert made.text(80, 24) == end


@pytest.mark.parametrize("key", ["enter", " ", "right", "n"])
def test_enter_space_and_right_go_on_as_n_does_and_left_goes_back(walk, key):
    made = screen(walk)
    made.press(key)
    assert walk.last.kind == "ViewHomepage"
    while walk.events:
        made.press("left")
    made.press("left")
    assert "this is the start" in made.text(80, 24)


def test_help_opens_and_closes_and_an_unknown_key_names_it(walk):
    made = screen(walk)
    made.press("h")
    assert "q, Ctrl-D: quit" in made.text(80, 24)
    made.press("?")
    assert "nothing has been said yet" in made.text(80, 24)
    made.press("z")
    assert "no such key: z; ? explains the keys" in made.text(80, 24)


def test_escape_leaves_the_breakpoint_as_it_was(walk, capsys):
    made = screen(walk, "Receipt\nPay\x1b")
    made.press("b")
    made.press("b")
    assert "stops at: Receipt" in made.text(110, 40)


def test_keys_are_told_apart_however_many_come_at_once():
    assert split("n\x1b[A\x1bOBq") == ["n", "up", "down", "q"]
    assert split("\x1b[5~\x1b[6~\x1b\r") == ["page up", "page down", "escape", "enter"]
    assert split("\x1b[1;5C") == ["\x1b[1;5C"]


@pytest.mark.parametrize("ends", [{"TERM": "dumb"}, {"stdin": None}, {"stdout": None}])
def test_without_a_terminal_for_keys_there_are_none(monkeypatch, ends):
    with os.fdopen(os.openpty()[1], "r+b", buffering=0) as end:
        for name in ("stdin", "stdout"):
            monkeypatch.setattr(sys, name, ends.get(name, end))
        monkeypatch.setenv("TERM", "xterm")
        assert keys.are_there() == ("TERM" in ends)
        monkeypatch.setenv("TERM", ends.get("TERM", "xterm"))
        assert not keys.are_there()


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

    def __init__(self, folder, command, size="120x45"):
        self._tmux = [needed_program("tmux"), "-S", str(folder / "socket"), "-f", os.devnull]
        # A width that another test exported would be taken for that of this terminal.
        own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self._environment = {**own, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        width, height = size.split("x")
        self.do("new-session", "-d", "-x", width, "-y", height, command)

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
def terminal(tmp_path, request):
    command = f"{sys.executable} -m alesha_sim step first_purchase --seed 7; echo over: $?; cat"
    terminal = Terminal(tmp_path, command, getattr(request, "param", "120x45"))
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
    assert "4,000.00 BDT  (was 5,000.00)" in screen
    terminal.press("n", expect="> delivered: 18 Receipt")
    terminal.press("b", expect="stop at (kind")
    terminal.press("Enter", expect="messages\n")
    assert "10,240.00 BDT" in terminal.press("c", expect="nothing is left to happen")
    terminal.press("q", expect="over: 0")


@pytest.mark.parametrize("terminal", ["80x24", "40x15"], indirect=True)
def test_a_small_terminal_shows_the_amount_and_every_key_scrolls_and_explains(terminal):
    assert "q quit" in terminal.press(expect="nothing has been said yet")
    terminal.press("Enter", expect="> delivered: 0 ViewHomepage")
    terminal.press("Space", expect="> delivered: 1 Homepage")
    terminal.press("Right", expect="> delivered: 2 LogIn")
    terminal.press("Left", expect="> delivered: 1 Homepage")
    terminal.press("b", "Receipt", "Enter", expect="stops at:")
    terminal.press("c", expect="> delivered: 18 Receipt")
    terminal.press(*["Up"] * 6, expect="payment 1,000.00")
    assert "q quit" in terminal.press("Home", expect="ViewHomepage")
    terminal.press("End", expect="> delivered: 18 Receipt")
    terminal.press("?", expect="go on until")
    terminal.press("h", expect="> delivered: 18 Receipt")
    terminal.press("C-d", expect="over: 0")


def test_a_screen_is_drawn_again_when_the_terminal_changes_its_size(terminal):
    terminal.press(expect="event 0, 0 messages")
    terminal.press("o", expect="> delivered: 14 Checkout")
    terminal.do("resize-window", "-x", "60", "-y", "18")
    terminal.press(expect="o order  p back\n")
