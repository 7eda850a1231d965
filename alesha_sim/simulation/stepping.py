"""Stepping through a run: to the next message, event, order, instant or breakpoint, and back by replay.

A simulation cannot be copied, so going back builds it again from scenario and seed and runs it up to there.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np

from alesha_sim import messages
from alesha_sim.columns import equals, numbers, text_column
from alesha_sim.conversation import Conversation
from alesha_sim.network import Conflict, Withdraw
from alesha_sim.results.result import Result
from alesha_sim.simulation.simulation import MessageSeen, Simulation
from alesha_sim.units import MICROSECONDS
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

Condition = Callable[[MessageSeen], bool]
FIELDS = {"kind": "kind", "from": "sender", "to": "recipient", "order": "order", "message": "message"}
PARTIES = ("shop", "bank", "supplier", "users")


class Waiting(NamedTuple):
    """Who waits for whom: the `kind` of request, its number, its order if it has one, and since when (seconds)."""

    asker: str
    answerer: str
    kind: str
    message: int
    order: int | None
    since: float

    def __str__(self) -> str:
        return f"{self.asker} waits for {self.answerer}: {self.message} {self.kind}, since {self.since:,.3f} s"


class Walk:
    """A run that is stepped through; `simulation` is its present state, and can be looked at.

    Without a seed one is drawn. After each move the receiver of the last message has acted up to its next wait.
    """

    def __init__(self, scenario: "Scenario", seed: int | None = None) -> None:
        self.simulation = Simulation(scenario, seed)
        self.scenario = scenario
        self.seed = self.simulation.seed

    @property
    def events(self) -> int:
        """How many kernel events have happened."""
        return self.simulation.clock.events

    @property
    def last(self) -> MessageSeen | None:
        """The message that was delivered last; None before the first."""
        return self.simulation.last_message

    # Moves: each tells whether, or to what, it got

    def next_event(self) -> bool:
        """Go on by one kernel event; False if there is none."""
        return self.simulation.step()

    def next_message(self) -> MessageSeen | None:
        """Go on until a message has been delivered; None if none was any more."""
        return self.simulation.next_message()

    def next_order(self) -> int | None:
        """Go on until an order has been placed, and return its number; None if none was any more."""
        orders = self.simulation.records.orders
        placed = len(orders)
        return len(orders) if self.simulation.run_until(lambda: len(orders) > placed) else None

    def next_instant(self) -> bool:
        """Let everything happen that happens at the next instant; False if nothing does."""
        clock = self.simulation.clock
        at = clock.peek()
        return not self.simulation.drained and self.simulation.run_until(lambda: clock.peek() > at)

    def run_to(self, breakpoint: "Condition | str") -> MessageSeen | None:
        """Go on until a message has been delivered for which the breakpoint holds; None if none was any more.

        A breakpoint is a function of a message, or words that must all hold: a kind (`Authorise`), who takes part
        (`bank`, `user:3`), a message's number, or `kind=`, `from=`, `to=`, `order=`, `message=` with a value.
        Raises ValueError for words that mean nothing.
        """
        condition = self.condition(breakpoint) if isinstance(breakpoint, str) else breakpoint
        while (seen := self.next_message()) is not None:
            if condition(seen):
                return seen
        return None

    def back(self, events: int = 1) -> None:
        """Go back by so many kernel events, at most to the start, by replaying the run up to there."""
        target = max(0, self.events - events)
        self.simulation = Simulation(self.scenario, self.seed)
        self.simulation.run_until(lambda: self.events >= target)

    def finish(self) -> Result:
        """Run to the end and return the result."""
        self.simulation.run()
        return self.simulation.result()

    def condition(self, text: str) -> Condition:
        """Read a breakpoint's words; raises ValueError for one that means nothing, and for none at all."""
        words = text.split()
        if not words:
            raise ValueError("breakpoint: must name a kind of message, an entity or an order=NUMBER")
        tests = [self._test(word) for word in words]
        return lambda seen: all(test(seen) for test in tests)

    def _test(self, word: str) -> Condition:
        name, equals_sign, value = word.partition("=")
        if equals_sign and name in FIELDS:
            return _field_is(FIELDS[name], value)
        if word.isdecimal():
            return _field_is("message", word)
        if word in self._kinds():
            return _field_is("kind", word)
        if word in PARTIES or word in self.simulation.records.messages.organisations or word.startswith("user:"):
            return lambda seen: _is_party(word, (seen.sender, seen.recipient))
        known = (
            "a kind of message such as Authorise, an entity, or kind=, from=, to=, order=, message= with a value"
        )
        raise ValueError(f"breakpoint: {word!r}: must be {known}")

    def _kinds(self) -> set[str]:
        declared = get_args(messages.Request | messages.Reply | messages.Notice)
        return {
            *(kind.__name__ for kind in declared),
            Withdraw.__name__,
            Conflict.__name__,
            *self.simulation.records.messages.kinds.words,
        }

    # What can be seen

    def balances(self) -> dict[str, float]:
        """Return the deposits of all users together, of the shop and of the supplier, in major units."""
        return self.simulation.balances()

    def waiting(self) -> list[Waiting]:
        """Return who waits for a reply to what, longest first."""
        log = self.simulation.records.messages.columns()
        request, sender, kind = numbers(log, "request"), text_column(log, "sender"), text_column(log, "kind")
        asks = np.flatnonzero(request != NO_ID)
        _, first = np.unique(request[asks], return_index=True)
        first = asks[first]
        asker = np.full(int(request.max(initial=0)) + 1, NO_ID)
        asker[request[first]] = sender.codes[first]
        known = np.where(request == NO_ID, 0, request)
        answers = (
            (request != NO_ID) & (sender.codes != asker[known]) & equals(text_column(log, "fate"), "delivered")
        )
        closed = np.unique(request[answers | equals(kind, "Withdraw")])
        recipient, sent, order = text_column(log, "recipient"), numbers(log, "sent_at"), numbers(log, "order")
        return [
            Waiting(
                sender.labels[sender.codes[row]],
                recipient.labels[recipient.codes[row]],
                kind.labels[kind.codes[row]],
                row,
                None if order[row] == NO_ID else int(order[row]),
                int(sent[row]) / MICROSECONDS,
            )
            for row in first[~np.isin(request[first], closed)].tolist()
        ]

    def parties(self) -> list[str]:
        """Return all organisations and, once a user has sent a message, the user who sent the last."""
        log = self.simulation.records.messages
        sender = text_column(log.columns(), "sender")
        is_user = np.array([label.startswith("user:") for label in sender.labels], np.bool_)
        sent = np.flatnonzero(is_user[sender.codes])
        organisations = [member.name for member in self.simulation.parties.organisations]
        return [*organisations, *(sender.labels[sender.codes[row]] for row in sent[-1:].tolist())]

    def recent(self, count: int = 12) -> Conversation:
        """Return the messages sent last and what was written since the first of them."""
        return self.simulation.result().recent(count)


def _field_is(field: str, value: str) -> Condition:
    if field in ("sender", "recipient"):
        return lambda seen: _is_party(value, (getattr(seen, field),))
    return lambda seen: str(getattr(seen, field)) == value


def _is_party(name: str, parties: Iterable[str]) -> bool:
    """Tell whether an entity is one of some; `users` stands for all users."""
    return any(party == name or (name == "users" and party.startswith("user:")) for party in parties)
