"""Signals are no events of SimPy's, and whatever runs on the clock can wait for them as if they were."""

import pytest
from simpy import Interrupt, Process

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.signal import Signal
from alesha_sim.kernel.task import Task, begin


def waiting(clock, log, name, signal):
    value = yield signal
    log.append((clock.now, name, value))
    return name


def test_those_who_wait_for_one_signal_go_on_in_the_order_in_which_they_came():
    clock, log = Clock(), []
    signal = Signal(clock)
    begin(clock, waiting(clock, log, "first", signal))
    clock.process(waiting(clock, log, "SimPy's", signal))
    clock.run_to()
    Task(clock, waiting(clock, log, "last", signal))
    signal.happen("now")
    assert log == [(0, name, "now") for name in ("first", "SimPy's", "last")]
    begin(clock, waiting(clock, log, "afterwards", signal))
    assert log[3] == (0, "afterwards", "now")


def test_a_signal_tells_its_state_as_an_event_does():
    clock = Clock()
    signal = Signal(clock)
    assert (signal.triggered, signal.processed, signal.callbacks) == (False, False, [])
    with pytest.raises(AttributeError, match=r"is not yet available$"):
        _ = signal.value
    signal.happen(7)
    assert (signal.triggered, signal.processed, signal.callbacks) == (True, True, None)
    assert (signal.ok, signal.value) == (True, 7)


def test_a_signal_is_awaited_until_the_last_who_waits_has_gone():
    clock, log = Clock(), []
    signal = Signal(clock)
    assert not signal.is_awaited
    first = Task(clock, waiting(clock, log, "first", signal | clock.timeout(1)))
    assert signal.is_awaited
    clock.run_to()
    assert not signal.is_awaited
    assert not first.is_alive
    begin(clock, waiting(clock, log, "second", signal))
    assert signal.is_awaited


def test_conditions_of_signals_and_events_are_those_of_simpy():
    clock, got = Clock(), []

    def work():
        quick, slow = clock.pause(1), clock.timeout(3, "slow")
        first = yield quick | slow
        got.append((clock.now, list(first.values())))
        both = yield slow & quick
        got.append((clock.now, list(both.values())))
        either = yield clock.pause(9) & clock.pause(2)
        got.append((clock.now, list(either.values())))

    clock.process(work())
    clock.run()
    assert got == [(1, [None]), (3, ["slow", None]), (12, [None, None])]


def test_a_run_until_a_signal_ends_with_its_value():
    clock = Clock()
    signal = Signal(clock)
    clock.timeout(2).callbacks.append(lambda _: signal.happen("here"))
    clock.timeout(5)
    assert (clock.run(until=signal), clock.now) == ("here", 2)
    assert (clock.run(until=signal), clock.now) == ("here", 2)
    with pytest.raises(RuntimeError, match="No scheduled events left"):
        clock.run(until=Signal(clock))


def test_whoever_is_at_work_is_a_process_that_others_can_join_and_interrupt():
    clock, log, seen = Clock(), [], []

    def work():
        seen.append(clock.active_process)
        try:
            yield clock.pause(10)
        except Interrupt as interrupt:
            log.append((clock.now, interrupt.cause))
        seen.append(clock.active_process)
        yield clock.pause(1)
        return "done"

    begin(clock, work())
    (process,) = seen
    clock.process(waiting(clock, log, "joined", process))
    clock.timeout(3).callbacks.append(lambda _: process.interrupt("enough"))
    clock.run()
    assert isinstance(process, Process)
    assert seen == [process, process]
    assert log == [(3, "enough"), (4, "joined", "done")]
    assert (process.is_alive, process.value, clock.active_process) == (False, "done", None)
