"""The clock keeps SimPy's semantics: random programs run on plain SimPy and on it, side by side.

A program is a list of processes, each a list of steps `(patient, kind, ...)`: who is patient goes on after an
exception, anybody else fails of it. What must be equal is the whole trace, every exception that surfaces with its
cause, the instants, and what is left in the calendar.
"""

from functools import partial
from itertools import product

import pytest
from calendars import CALENDARS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from simpy import Environment, Interrupt, Resource, Store

from alesha_sim.kernel import tuple_calendar
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import INFINITY

SIGNALS, PROCESSES = 3, 4
CLOCKS = [partial(Clock, calendar) for calendar in CALENDARS]


@pytest.fixture(autouse=True, scope="module")
def _far_is_near():
    """Let a second be far, so that the programs' events are in both heaps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuple_calendar, "NEAR_SECONDS", 1.0)
        yield


class Oops(Exception):
    """A failure of the program's own."""


Expected = (Oops, Interrupt, RuntimeError)


def told(error):
    """Return what can be compared of an exception; texts of SimPy's own hold addresses."""
    return type(error).__name__, error.args if isinstance(error, Oops | Interrupt) else ()


def comparable(value):
    """Return what can be compared of an event's value: two exceptions are never equal themselves."""
    return told(value) if isinstance(value, Exception) else value


class World:
    """A program on an environment, and the trace that it leaves."""

    def __init__(self, environment, program):
        self.environment = environment
        self.trace = []
        self.signals = [environment.event() for _ in range(SIGNALS)]
        self.desk, self.shelf = Resource(environment), Store(environment, capacity=1)
        self.processes = [environment.process(self.live(number, steps)) for number, steps in enumerate(program)]

    def live(self, number, steps):
        for patient, kind, *details in steps:
            try:
                value = yield from getattr(self, kind)(number, *details)
            except (*Expected, AttributeError) as error:  # the latter where SimPy itself falls over an interrupt
                self.trace.append((self.environment.now, number, kind, told(error)))
                if not patient:
                    raise
            else:
                self.trace.append((self.environment.now, number, kind, value))
        return number

    def wait(self, number, seconds):
        return (yield self.environment.timeout(seconds, number))

    def pause(self, _, seconds):
        """Wait by the clock's own event where there is one."""
        return (yield self.paused(seconds))

    def paused(self, seconds):
        return getattr(self.environment, "pause", self.environment.timeout)(seconds)

    def first(self, _, delays, signal):
        return (yield from self.gathered(self.environment.any_of, delays, signal))

    def all(self, _, delays, signal):
        return (yield from self.gathered(self.environment.all_of, delays, signal))

    def gathered(self, condition, delays, signal):
        waits = self.paused, lambda seconds: self.environment.timeout(seconds, seconds)
        timeouts = [waits[place % 2](seconds) for place, seconds in enumerate(delays)]
        found = yield condition([*timeouts, self.signals[signal]] if signal < SIGNALS else timeouts)
        return [comparable(value) for value in found.values()]

    def succeed(self, number, signal):
        self.signals[signal].succeed(number)  # a second time it is a RuntimeError
        yield from ()

    def fail(self, number, signal, defused):
        self.signals[signal].fail(Oops(number, signal))
        if defused:
            self.signals[signal].defused = True
        yield from ()

    def hear(self, _, signal):
        return comparable((yield self.signals[signal]))

    def join(self, _, other):
        return (yield self.processes[other % len(self.processes)])

    def interrupt(self, number, other):
        self.processes[other % len(self.processes)].interrupt(number)
        yield from ()

    def collapse(self, number):
        yield from ()
        raise Oops(number)

    def occupy(self, _, seconds):
        with self.desk.request() as turn:
            yield turn
            yield self.environment.timeout(seconds)

    def put(self, number):
        with self.shelf.put(number) as done:
            yield done

    def take(self, _):
        with self.shelf.get() as got:
            return (yield got)

    def spawn(self, number, seconds):
        child = self.environment.process(self.live(number, [(False, "wait", seconds)]))
        return (yield child)


def left(environment):
    """Count what is left in a calendar."""
    return sum(1 for _ in environment.calendar) if isinstance(environment, Clock) else len(environment._queue)


def observed(environment, program, *drives):
    """Drive a program by each of `drives` in turn, on after every failure; return all that can be seen."""
    world, outcomes = World(environment, program), []
    for drive in drives:
        going = True
        while going:
            try:
                outcomes.append((drive(world), environment.now))
                going = False
            except (*Expected, AttributeError) as error:  # the latter where SimPy itself falls over an interrupt
                cause = None if error.__cause__ is error else error.__cause__  # SimPy raises a copy
                outcomes.append((told(error), told(cause), environment.now))
                going = environment.peek() < INFINITY  # every failure has used an event up
    return (
        world.trace,
        outcomes,
        environment.now,
        environment.peek(),
        left(environment),
    )


def run(world):
    return world.environment.run()


def step_up_to(until):
    """Drive by single steps, up to and including an instant."""

    def drive(world):
        while world.environment.peek() <= until and world.environment.peek() < INFINITY:
            world.environment.step()

    return drive


def run_to(until):
    return lambda world: world.environment.run_to(until)


def run_until(until):
    """Drive with SimPy's `until`: an instant, a signal by its number or the first process."""

    def drive(world):
        event = {"process": lambda: world.processes[0], "signal": lambda: world.signals[0]}.get(until)
        if event is None and until <= world.environment.now:
            return "over"
        return comparable(world.environment.run(until if event is None else event()))

    return drive


seconds = st.sampled_from((0, 0, 1, 1, 2, 0.5, 0.1))
signals, others = st.integers(0, SIGNALS - 1), st.integers(0, PROCESSES - 1)
delays = st.lists(seconds, max_size=3)
KINDS = (
    ("wait", seconds), ("pause", seconds),
    ("first", delays, st.integers(0, SIGNALS)), ("all", delays, st.integers(0, SIGNALS)),
    ("succeed", signals), ("fail", signals, st.booleans()), ("hear", signals), ("join", others),
    ("interrupt", others), ("collapse",), ("occupy", seconds), ("put",), ("take",), ("spawn", seconds),
)  # fmt: skip
step = st.one_of([st.tuples(st.booleans(), st.just(kind), *details) for kind, *details in KINDS])
programs = st.lists(st.lists(step, max_size=6), min_size=1, max_size=PROCESSES)
instants = st.sampled_from((0, 0.5, 1, 1.1, 2, 3))

INTERRUPTED = [[(True, "wait", 2), (False, "wait", 1)], [(True, "wait", 1), (True, "interrupt", 0)]]
PAUSED = [[(True, "pause", 2), (False, "pause", 1)], [(True, "pause", 1), (True, "interrupt", 0)]]
FAILED = [[(False, "wait", 1), (False, "collapse")], [(False, "wait", 2), (True, "fail", 0, False)]]
DEFUSED = [[(True, "fail", 0, True), (True, "hear", 0)], [(True, "all", [1, 0], 0), (True, "join", 0)]]
SHARED = [[(False, "occupy", 1), (False, "put")], [(False, "occupy", 1), (False, "put")], [(False, "take")]]
many = settings(deadline=None, max_examples=250)


@many
@example(INTERRUPTED)
@example(PAUSED)
@example(FAILED)
@example(DEFUSED)
@example(SHARED)
@given(programs)
def test_a_program_runs_to_its_end_as_on_plain_simpy(program):
    plain = observed(Environment(0.0), program, run)
    for new, drive in product(CLOCKS, (run, step_up_to(INFINITY), run_to(INFINITY))):
        assert observed(new(), program, drive) == plain


@many
@example(INTERRUPTED, 1)
@example(FAILED, 1)
@example([[(False, "fail", 0, False), (False, "wait", 0), (False, "interrupt", 1)], [(False, "hear", 0)]], 0)
@given(programs, instants)
def test_running_until_an_instant_or_event_is_that_of_plain_simpy(program, until):
    for end in (until, "process", "signal"):
        plain, *clocks = (observed(each(), program, run_until(end), run) for each in (Environment, *CLOCKS))
        assert clocks == [plain] * len(clocks)


@many
@example(INTERRUPTED, 1)
@example(FAILED, 1)
@given(programs, instants)
def test_running_to_an_instant_is_stepping_plain_simpy_through_its_events_too(program, until):
    drives = step_up_to(until), step_up_to(INFINITY)
    plain = observed(Environment(0.0), program, *drives)
    for new, ways in product(CLOCKS, (drives, (run_to(until), run_to(INFINITY)), (run_to(until), run))):
        assert observed(new(), program, *ways) == plain


@many
@example(FAILED)
@given(programs)
def test_events_are_counted_alike_by_steps_and_by_running_failures_included(program):
    counts = []
    for new, drive in product(CLOCKS, (run, step_up_to(INFINITY), run_to(INFINITY))):
        clock = new()
        observed(clock, program, drive)
        counts.append(clock.events)
    assert len(set(counts)) == 1
    assert counts[0] >= len(program)


def test_each_kind_of_step_leaves_its_mark():
    trace = [what for _, _, *what in observed(Environment(0.0), INTERRUPTED, run)[0]]
    assert ["wait", ("Interrupt", (1,))] in trace
    assert observed(Environment(0.0), FAILED, run)[1] == [
        (("Oops", (0,)), ("Oops", (0,)), 1.0), (("Oops", (1, 0)), ("Oops", (1, 0)), 2.0), (None, 2.0),
    ]  # fmt: skip
    assert ["hear", ("Oops", (0, 0))] in [what for _, _, *what in observed(Environment(0.0), DEFUSED, run)[0]]
    assert (1.0, 2, "take", 0) in observed(Environment(0.0), SHARED, run)[0]


def test_a_pause_is_not_negative():
    with pytest.raises(ValueError, match=r"^seconds: -0.5: must not be negative$"):
        Clock().pause(-0.5)
