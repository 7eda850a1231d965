"""An entity's inbox: deliveries wait here for a worker, idle workers wait here for a delivery.

A worker is woken in place, inside the delivery's own kernel event, so receiving costs no event. This is safe
because waking happens only in a delivery's callback, never in running process code.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from simpy.events import Event

from alesha_sim.network.channel import Delivery
from alesha_sim.network.clock import Clock


class InboxStatistics(NamedTuple):
    """What an inbox counted: `mean_waiting` is the time-weighted mean number that waited since the start."""

    arrivals: int
    waited: int
    mean_waiting: float
    waiting_max: int


class Worker(Event):
    """One of an entity's hands: an event that happens again and again, each time with a delivery."""

    _ok = True

    def __init__(self, inbox: "Inbox") -> None:
        super().__init__(inbox.clock)
        self._inbox = inbox

    def receive(self) -> Event:
        """Return an event to yield: it is over at once if mail waits, else when some arrives."""
        inbox = self._inbox
        if inbox.waiting:
            # A processed event makes SimPy's process go on at once with the value: no kernel event.
            self.callbacks = None  # type: ignore[assignment]
            self._value = inbox.take()
        else:
            self.callbacks = []
            inbox.idle.append(self)
        return self

    def wake(self, delivery: Delivery) -> None:
        """Go on with `delivery` now, within the kernel event that brought it."""
        callbacks = self.callbacks
        self.callbacks = None  # type: ignore[assignment]
        self._value = delivery
        for callback in callbacks:
            callback(self)


class Inbox:
    """Where the deliveries for one entity arrive; `hire` brings one more worker, or is None for a fixed staff."""

    def __init__(self, clock: Clock, hire: Callable[[], None] | None = None) -> None:
        self.clock = clock
        self.waiting: deque[Delivery] = deque()
        self.idle: list[Worker] = []
        self.hire = hire
        self._arrivals = self._waited = self._waiting_max = 0
        self._waiting_seconds = self._changed_at = 0.0

    def employ(self) -> Worker:
        """Return a new worker for this inbox."""
        return Worker(self)

    def arrive(self, delivery: Delivery) -> None:
        """Record the delivery's arrival and wake an idle worker, or let it wait its turn."""
        now = self.clock.now
        delivery.log.landed(delivery.row, now)
        self._arrivals += 1
        while self.idle:
            worker = self.idle.pop()
            if worker.callbacks:  # nobody waits on the worker of a process that was stopped
                delivery.started_at = now
                worker.wake(delivery)
                return
        self._count(now)
        self._waited += 1
        self.waiting.append(delivery)
        self._waiting_max = max(self._waiting_max, len(self.waiting))
        if self.hire is not None:
            self.hire()

    def take(self) -> Delivery:
        """Return the delivery that has waited longest."""
        now = self.clock.now
        self._count(now)
        delivery = self.waiting.popleft()
        delivery.started_at = now
        return delivery

    def _count(self, now: float) -> None:
        self._waiting_seconds += len(self.waiting) * (now - self._changed_at)
        self._changed_at = now

    def statistics(self) -> InboxStatistics:
        """Return the counts since the start of the simulation."""
        now = self.clock.now
        area = self._waiting_seconds + len(self.waiting) * (now - self._changed_at)
        return InboxStatistics(
            self._arrivals, self._waited, area / now if now > 0 else 0.0, self._waiting_max
        )  # fmt: skip
