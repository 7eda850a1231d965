"""What the bank does by the calendar."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import count

from alesha_sim.books.bank import BankBook
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.messages import Credited, Refunded
from alesha_sim.policies.settlement import amount_faults, refuse, seconds_faults
from alesha_sim.vocabulary import NO_ID

Notify = Callable[[Refunded | Credited, str, int, int], None]
"""Sends the shop or a user a notice until it is noted: notice, step, order, recipient."""

SHORTEST_PERIOD = 1e-6


class Calendar:
    """What is to be done later, in the order of its instants; `expect(at)` sees to it that `run_due` is called."""

    def __init__(self, clock: Clock, expect: Callable[[float], None]) -> None:
        self.clock = clock
        self._expect = expect
        self._acts: dict[int, Callable[[], None]] = {}
        self._instants: list[tuple[float, int]] = []
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._acts)

    def add(self, at: float, act: Callable[[], None]) -> int:
        """Let something be done at an instant, now if that has passed; return its number."""
        number, at = next(self._numbers), max(at, self.clock.now)
        self._acts[number] = act
        heappush(self._instants, (at, number))
        self._expect(at)
        return number

    def drop(self, number: int) -> None:
        """Let something not be done, if that has not happened yet."""
        self._acts.pop(number, None)

    def next_at(self) -> float:
        """Return when the next thing is to be done, infinity if there is none."""
        instants, acts = self._instants, self._acts
        while instants and instants[0][1] not in acts:
            heappop(instants)
        return instants[0][0] if instants else INFINITY

    def run_due(self) -> None:
        """Do whatever is due by now."""
        while self.next_at() <= self.clock.now:
            self._acts.pop(heappop(self._instants)[1])()


@dataclass(frozen=True, slots=True)
class Income:
    """`amount` minor units from outside for each user at `first`, `first` + `every`, ... before `until` (seconds).

    Raises ValueError with one line for each field that breaks its rule.
    """

    amount: int
    every: float
    first: float
    until: float = INFINITY

    def __post_init__(self) -> None:
        """Refuse what is no amount, and periods that never end."""
        refuse(
            [
                *amount_faults(least=1, amount=self.amount),
                *seconds_faults(least=SHORTEST_PERIOD, every=self.every),
                *seconds_faults(first=self.first),
            ]
        )


class Payroll:
    """Pays these users their income on every pay-day."""

    def __init__(self, calendar: Calendar, book: BankBook, notify: Notify, income: Income, users: range) -> None:
        self._calendar = calendar
        self._book = book
        self._notify = notify
        self._income = income
        self._users = users
        self._plan(0)

    def _plan(self, number: int) -> None:
        at = self._income.first + number * self._income.every
        if at < self._income.until:
            self._calendar.add(at, partial(self._pay, number))

    def _pay(self, number: int) -> None:
        amount = self._income.amount
        for user in self._users:
            entry = self._book.income(self._calendar.clock.now, user, amount)
            self._notify(Credited(entry, amount, "income"), f"income:{entry}", NO_ID, user)
        self._plan(number + 1)
