"""What a request declares as its replies is what it is answered with, and the type checker reads it."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import small
from conftest import needs

import alesha_sim
from alesha_sim import messages
from alesha_sim.verification.fuzz.random_scenarios import draw

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = (
    "market_day", "cash_on_delivery", "returns_season", "slow_bank", "card_testing", "prepaid_campaigns",
    "supplier_disruption",
)  # fmt: skip


def declared():
    """Return, by the name of each request and notice, the names of its replies."""
    found = {}
    for kind in messages.Asks.__subclasses__():
        if not kind.__module__.startswith(messages.__name__):
            continue  # of another test
        (replies,) = get_args(*kind.__orig_bases__)
        names = getattr(replies, "__forward_arg__", None) or replies.__name__
        found[kind.__name__] = set(names.split(" | "))
    return found


def test_every_request_and_notice_declares_its_replies():
    asked = {kind.__name__ for kind in (*get_args(messages.Request), *get_args(messages.Notice))}
    between_banks = {"Advise", "Clear", "Settled", "Unsettled", "Closed", "PayDay"}
    assert asked | between_banks == set(declared())


def undeclared(told):
    """Return the pairs of a request and its reply among messages, and those of them that no class declares."""
    told = told[told["request"].notna() & (told["kind"] != "Withdraw")]
    pairs = told.groupby("request")["kind"].agg(["first", "last"])
    pairs = pairs[pairs["first"] != pairs["last"]].drop_duplicates()
    pairs, known = {*pairs.itertuples(index=False, name=None)}, declared()
    return pairs, {(request, reply) for request, reply in pairs if reply not in known[request]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_real_replies_are_among_the_declared(name):
    pairs, strange = undeclared(small.result(name).messages)
    assert len(pairs) > 5
    assert strange == set()


def test_real_replies_in_random_worlds_are_among_the_declared():
    results = (alesha_sim.simulate(draw(6, number).scenario, number) for number in range(60))
    found = [undeclared(result.messages) for result in results]
    assert len(set().union(*(pairs for pairs, _ in found))) > 40
    assert set().union(*(strange for _, strange in found)) == set()


SNIPPETS = """
from typing import assert_never
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.messages import Authorise, Decline, Receipt, Secret
from alesha_sim.network import NoReply

PAYMENT = Authorise(1, Secret("x"), 5, 2)

class Asker(Entity):
    def tell_the_type(self) -> Process:
        reply = yield from self.ask(self.channels["bank"], PAYMENT)
        reveal_type(reply)

    def forget_a_reply(self) -> Process:
        reply = yield from self.ask_until_answered(self.channels["bank"], PAYMENT, step="pay", order=1)
        match reply:
            case Receipt() | NoReply():
                pass
            case _:
                assert_never(reply)

    def remember_all(self) -> Process:
        reply = yield from self.ask(self.channels["bank"], PAYMENT)
        match reply:
            case Receipt() | Decline() | NoReply():
                pass
            case _:
                assert_never(reply)

    def misspell_a_field(self) -> Process:
        yield from self.ask(self.channels["bank"], Authorise(1, Secret("x"), amuont=5, payee=2))

    def ask_with_a_reply(self) -> Process:
        yield from self.ask(self.channels["bank"], Receipt(1, 5))
"""


def test_the_type_checker_knows_replies(tmp_path):
    needs("mypy")
    (tmp_path / "asker.py").write_text(SNIPPETS, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", tmp_path / "asker.py"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    revealed, *errors = [line for line in told.splitlines() if '" defined in "' not in line]
    kinds = ("messages.payments.Receipt", "messages.payments.Decline", "network.request.NoReply")
    assert '"' + " | ".join(f"alesha_sim.{kind}" for kind in kinds) + '"' in revealed
    expected = ('incompatible type "Decline"', "amuont", 'incompatible type "Receipt"', "Found 3 errors")
    assert all(part in line for part, line in zip(expected, errors, strict=True))
