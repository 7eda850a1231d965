"""An entity's inbox: deliveries wait here for a worker, idle workers wait here for a delivery.

A worker is woken in place, inside the delivery's own kernel event, so receiving costs no event. This is safe
because waking happens only in a delivery's callback, never in running process code.
"""

from collections import deque
from collections.abc import Callable

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.signal import Signal
from alesha_sim.network.channel import Delivery, Receiver
from alesha_sim.network.idempotency import IdempotencyStore, Key, Stored
from alesha_sim.network.request import Conflict
from alesha_sim.recording.run_logs import InboxStatistics
from alesha_sim.vocabulary import DUPLICATE, WITHDRAWN


class Worker(Signal):
    """One of an entity's workers: a signal that happens again and again, each time with a delivery.

    It is over while the worker waits for nothing. If its process was interrupted, it still waits, and a
    stand-in serves the process until that wait is over.
    """

    __slots__ = ("_inbox",)

    def __init__(self, inbox: "Inbox") -> None:
        super().__init__(inbox.clock)
        self.is_over = True
        self._inbox = inbox

    def receive(self) -> Signal:
        """Return a signal to yield: it is over at once if mail waits, else when some arrives."""
        inbox = self._inbox
        if not self.is_over:
            return Worker(inbox).receive()
        if inbox.waiting:
            self._value = inbox.take()  # who yields what is over goes on at once with its value: no kernel event
        else:
            self.is_over = False
            inbox.idle.append(self)
        return self

    def serve_for(self, seconds: float) -> Signal:
        """Return a signal to yield, over after so many seconds; the worker waits for no other until then."""
        clock = self._inbox.clock
        if not self.is_over:
            return clock.pause(seconds)
        self._value, self.is_over = None, False
        clock.calendar.put(self, clock.now + seconds)
        return self


class Inbox(Receiver):
    """Where the deliveries for one entity arrive; `add_worker` adds one, or is None if the number is fixed."""

    def __init__(self, clock: Clock, add_worker: Callable[[], None] | None = None) -> None:
        self.clock = clock
        self.idempotency: IdempotencyStore | None = None
        self.waiting: deque[Delivery] = deque()
        self.idle: list[Worker] = []
        self.add_worker = add_worker
        self._withdrawn: set[int] = set()
        self._checks_arrivals = False
        self._arrivals = self._waited = self._waiting_max = 0
        self._waiting_seconds = self._changed_at = 0.0

    def new_worker(self) -> Worker:
        """Return a new worker for this inbox."""
        return Worker(self)

    def arrive(self, delivery: Delivery) -> None:
        """Record the delivery's arrival and wake an idle worker, or let it wait its turn."""
        now = self.clock.now
        if self._checks_arrivals and self._is_discarded(delivery):
            return
        self._arrivals += 1
        while self.idle:
            worker = self.idle.pop()
            waiter = worker.waiter
            # Nobody waits on the worker of a process that was stopped.
            if waiter is not None and (waiter.functions is None or waiter.functions):
                delivery.channel.log.taken_at_once(delivery.row, now)
                # The body of `Signal.happen`, one call less for every delivery.
                worker.waiter, worker.is_over, worker._value = None, True, delivery
                waiter.wake(delivery)
                return
        delivery.channel.log.landed(delivery.row, now)
        delivery.waits_since = now
        self._count(now)
        self._waited += 1
        self.waiting.append(delivery)
        self._waiting_max = max(self._waiting_max, len(self.waiting))
        if self.add_worker is not None:
            self.add_worker()

    def withdraw(self, notice: Delivery) -> None:
        """Drop a request whose sender has given up, unless a worker has begun with it."""
        if not self.is_up:
            notice.channel.log.lost(notice.row)
            return
        now = self.clock.now
        notice.channel.log.landed(notice.row, now)
        left = [delivery for delivery in self.waiting if delivery.number == notice.number]
        self._count(now)
        for delivery in left:
            self.waiting.remove(delivery)
            delivery.channel.log.withdrawn(delivery.row)
            if self.idempotency is not None and delivery.key is not None:
                self.idempotency.forget(delivery.key)
        # The request may have been overtaken by its withdrawal, or have copies under way.
        self._withdrawn.add(notice.number)
        self._checks_arrivals = True

    @property
    def is_up(self) -> bool:
        """Whether messages can be received now."""
        return self.idempotency is None or self.idempotency.is_up

    def deduplicate(self) -> None:
        """Discard copies of requests from now on, and whatever arrives while the entity is down."""
        self.idempotency = IdempotencyStore()
        self._checks_arrivals = True

    def _is_discarded(self, delivery: Delivery) -> bool:
        """Deal with a delivery that nobody is to serve: withdrawn, a duplicate, or the entity is down.

        A request that was served before is answered again; one that is new is noted.
        """
        idempotency, key = self.idempotency, delivery.key
        if idempotency is not None and not idempotency.is_up:
            delivery.channel.log.lost(delivery.row)
            return True
        if self._withdrawn and delivery.number in self._withdrawn:
            delivery.channel.log.landed(delivery.row, self.clock.now, WITHDRAWN)
            return True
        if idempotency is None or key is None:
            return False
        content = idempotency.content(delivery.message)
        known = idempotency.admit(key, content)
        if known is None:
            delivery.content = content
            return False
        delivery.channel.log.landed(delivery.row, self.clock.now, DUPLICATE)
        is_served = isinstance(known, Stored)
        before = known.content if is_served else known
        if before is not None and before != content:
            delivery.reply(Conflict())
        elif is_served:
            delivery.reply(known.reply)
        return True

    def begin(self, key: Key, content: object) -> None:
        """Turn copies of a request away from now on, until its reply is stored."""
        if self.idempotency is not None:
            self.idempotency.begin(key, content)

    def store_under(self, key: Key, content: object, reply: object) -> None:
        """Keep the reply to a request that carries a key, in the same step as its effect."""
        if self.idempotency is not None:
            self.idempotency.store(key, content, reply)

    def stored(self, key: Key | None) -> Stored | None:
        """Return the reply that is kept under a key."""
        return None if self.idempotency is None or key is None else self.idempotency.served(key)

    def crash(self) -> None:
        """Lose what waits, and whatever comes from now on."""
        assert self.idempotency is not None
        self.idempotency.crash()
        self._count(self.clock.now)
        for delivery in self.waiting:
            delivery.channel.log.lost(delivery.row)
        self.waiting.clear()
        self.idle.clear()

    def take(self) -> Delivery:
        """Return the delivery that has waited longest."""
        now = self.clock.now
        self._count(now)
        delivery = self.waiting.popleft()
        delivery.channel.log.taken(delivery.row, now, delivery.waits_since)
        return delivery

    def _count(self, now: float) -> None:
        self._waiting_seconds += len(self.waiting) * (now - self._changed_at)
        self._changed_at = now

    def statistics(self) -> InboxStatistics:
        """Return the counts since the start of the simulation."""
        now = self.clock.now
        area = self._waiting_seconds + len(self.waiting) * (now - self._changed_at)
        return InboxStatistics(self._arrivals, self._waited, area / now if now > 0 else 0.0, self._waiting_max)
