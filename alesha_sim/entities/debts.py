"""What an organisation owes and has not the money for: each debt waits here until there is.

Debts are paid in order of arrival by one process, so that no worker waits for money: it would hold up the
payments that bring it. Debts that can be postponed wait behind all others.
"""

from collections import deque
from typing import Any

from mypy_extensions import mypyc_attr
from simpy.events import Event

from alesha_sim.entities.entity import Asking, Entity, Process


@mypyc_attr(allow_interpreted_subclasses=True)
class Debts:
    """A queue of debts; a subclass says how one is settled."""

    def __init__(self, party: Entity) -> None:
        self._party = party
        self._owed: deque[Any] = deque()
        self._postponed: deque[Any] = deque()
        self._money_came: Event | None = None
        self._inflows = 0

    def __bool__(self) -> bool:
        """Whether anything waits for money."""
        return bool(self._owed or self._postponed)

    def are_prior(self, *, to_postponed: bool) -> bool:
        """Whether any waits that is paid before a new one, which can be postponed or not."""
        return bool(self._owed) or (to_postponed and bool(self._postponed))

    def add(self, debt: Any, *, is_postponed: bool) -> None:
        """Let a debt wait for its turn and for money."""
        is_first = not self
        (self._postponed if is_postponed else self._owed).append(debt)
        if is_first:
            self._party.run(self._pay())
        elif len(self._owed) == 1 and self._money_came is not None:
            self.money_in()  # it goes before what is waited with, and there may be money for it by now

    def forget(self) -> None:
        """Drop the queue, as a crash does: what is owed is on record elsewhere."""
        self._owed.clear()
        self._postponed.clear()
        self._money_came = None

    def money_in(self) -> None:
        """Wake the debts that wait for money."""
        self._inflows += 1
        if self._money_came is not None:
            self._money_came.succeed()
            self._money_came = None

    def settle(self, debt: Any) -> Asking[object]:
        """Pay a debt; None if there is not the money for it now."""
        raise NotImplementedError

    def _pay(self) -> Process:
        """Settle one debt after the other, waiting for money in between; ends when nothing is owed."""
        while self:
            queue, inflows = self._owed or self._postponed, self._inflows
            if (yield from self.settle(queue[0])) is not None:
                queue.popleft()
            elif inflows == self._inflows:  # none came while the bank was asked
                self._money_came = self._party.clock.event()
                yield self._money_came
