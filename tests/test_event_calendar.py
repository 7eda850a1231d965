"""Both calendars fire in the order of instants, priorities and arrival, as a list sorted each time does."""

from functools import partial

import pytest
from calendars import CALENDARS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from simpy.core import EmptySchedule

from alesha_sim.kernel import tuple_calendar
from alesha_sim.kernel.clock import Clock, SimpyEvent
from alesha_sim.kernel.scheduled import INFINITY

both = pytest.mark.parametrize("calendar", CALENDARS)


@pytest.fixture(autouse=True, scope="module")
def _far_is_near():
    """Let a second be far, so that entries are in both heaps of Python's form."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuple_calendar, "NEAR_SECONDS", 1.0)
        yield


class Sorted:
    """What a calendar is compared with: a list that is sorted for each event."""

    def __init__(self):
        self.now, self.fired, self.count, self.entries = 0.0, [], 0, []

    def put(self, name, again, delay, priority):
        self.entries.append((self.now + delay, priority, self.count, name, again))
        self.count += 1

    def run(self, until, most):
        for _ in range(most):
            self.entries.sort(key=lambda entry: entry[:3])
            if not self.entries or self.entries[0][0] > until:
                break
            self.now, _, _, name, again = self.entries.pop(0)
            self.fired.append((self.now, name))
            if again:
                self.put(name, again[1:], *again[0])

    def seen(self):
        at = min((entry[0] for entry in self.entries), default=INFINITY)
        return self.fired, self.now, at, len(self.fired), sorted(entry[3] for entry in self.entries)


class Real:
    """The same on a clock; an entry is put in again from its own firing."""

    def __init__(self, calendar):
        self.clock, self.fired, self.names = Clock(calendar), [], {}

    def put(self, name, again, delay, priority):
        event = self.clock.event()
        event._ok, event._value = True, None
        self.arm(SimpyEvent(event), name, again, delay, priority)

    def arm(self, entry, name, again, delay, priority):
        self.names[entry] = name
        entry.event.callbacks = [partial(self.fire, entry, again)]
        self.clock.calendar.put(entry, self.clock.now + delay, priority)

    def fire(self, entry, again, _):
        self.fired.append((self.clock.now, self.names[entry]))
        if again:
            self.arm(entry, self.names[entry], again[1:], *again[0])

    def run(self, until, most):
        self.clock.run_to(until, most)

    def seen(self):
        left = sorted(self.names[entry] for entry in self.clock.calendar)
        return self.fired, self.clock.now, self.clock.peek(), self.clock.events, left


delays = st.sampled_from((0.0, 0.0, 0.25, 0.5, 1.0, 2.0, 7.0, INFINITY))
places = st.tuples(delays, st.integers(-1, 2))
entries = st.lists(st.tuples(places, st.lists(places, max_size=3)), max_size=25)
moves = st.lists(st.tuples(st.sampled_from((0.0, 0.5, 2.0, 1e9, INFINITY)), st.integers(0, 30)), max_size=4)


@both
@settings(deadline=None, max_examples=100)
@example(batches=[([((1.0, 1), [(0.0, 0)]), ((1.0, 1), [])], [(INFINITY, 1)])])
@given(batches=st.lists(st.tuples(entries, moves), max_size=3))
def test_a_calendar_fires_what_a_sorted_list_would(calendar, batches):
    real, model = Real(calendar), Sorted()
    for number, (batch, drives) in enumerate(batches):
        for place, ((delay, priority), again) in enumerate(batch):
            for each in (real, model):
                each.put(f"{number}.{place}", again, delay, priority)
        assert real.seen() == model.seen()
        for ahead, most in drives:
            for each in (real, model):
                each.run(model.now + ahead if each is real else each.now + ahead, most)
            assert real.seen() == model.seen()


@both
def test_what_happens_at_one_instant_happens_in_the_order_of_arrival(calendar):
    real = Real(calendar)
    for number in range(3_000):
        real.put(number, [], 5.0, 1)
    real.run(INFINITY, 10_000)
    assert [name for _, name in real.fired] == list(range(3_000))


@both
def test_thousands_that_wait_far_away_keep_their_order_under_traffic(calendar):
    real, model = Real(calendar), Sorted()
    for number in range(2_000):
        for each in (real, model):
            each.put(f"parcel {number}", [], 100.0 + (number * 7_919) % 2_003, 1)
            each.put(f"message {number}", [(0.25, 1)], 0.25 * (number % 3), 1)
            each.run(INFINITY, 2)
    for each in (real, model):
        each.run(INFINITY, 100_000)
    assert real.seen() == model.seen()


@both
def test_a_clock_with_very_many_entries_left_can_be_dropped(calendar):
    clock = Clock(calendar)
    for number in range(100_000):
        clock.timeout(number % 7)
    clock.run_to(3, 10)
    del clock  # a chain of objects that free each other must not exhaust the stack


@both
def test_first_is_the_next_entry_and_none_is_left_at_the_end(calendar):
    clock = Clock(calendar)
    assert clock.calendar.first() is None
    with pytest.raises(EmptySchedule):
        clock.step()
    late, soon = clock.timeout(20), clock.timeout(0.5)
    assert clock.calendar.first().event is soon
    clock.step()
    assert clock.calendar.first().event is late
    clock.step()
    assert (clock.now, clock.peek(), clock.events) == (20, INFINITY, 2)


@both
def test_an_error_leaves_the_run_and_the_next_run_goes_on_after_it(calendar):
    clock, seen = Clock(calendar), []
    for at in (1, 2, 3):
        clock.timeout(at).callbacks.append(lambda event: seen.append((clock.now, 1 / (event._delay - 2))))
    with pytest.raises(ZeroDivisionError):
        clock.run_to()
    assert (clock.now, clock.events) == (2, 2)
    clock.run_to()
    assert seen == [(1, -1), (3, 1)]
    assert clock.events == 3
