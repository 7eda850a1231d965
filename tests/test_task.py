"""Tasks begin at once, end without an event, and tell what went wrong in them."""

import pytest
from simpy import Interrupt

from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.task import Task


class Explained(RuntimeError):
    pass


def explain(error):
    return Explained(f"explained: {error}")


def test_a_task_begins_in_the_event_that_causes_it_and_ends_without_one():
    clock, seen = Clock(), []

    def work():
        seen.append(clock.now)
        yield clock.timeout(2)
        seen.append(clock.now)

    Task(clock, work())
    assert seen == [0.0]
    clock.run_to()
    assert seen == [0.0, 2.0]
    assert clock.events == 1


def test_whoever_waits_for_a_task_gets_its_value_before_and_after_its_end():
    clock, got = Clock(), []

    def work():
        yield clock.timeout(2)
        return "done"

    def wait(at, task):
        yield clock.timeout(at)
        value = yield task
        got.append((clock.now, value))

    task = Task(clock, work())
    for at in (1, 5):
        Task(clock, wait(at, task))
    clock.run_to()
    assert got == [(2.0, "done"), (5.0, "done")]
    assert not task.is_alive


def test_whoever_waits_for_a_task_that_ended_unawaited_gets_its_value_at_once():
    clock, got = Clock(), []

    def work():
        yield clock.timeout(2)
        return "done"

    def wait(task):
        yield clock.timeout(5)
        got.append(((yield task), clock.now))

    Task(clock, wait(Task(clock, work())))
    clock.run_to()
    assert got == [("done", 5.0)]


def test_a_failure_surfaces_explained_and_keeps_its_cause():
    clock = Clock()

    def work():
        yield clock.timeout(1)
        raise KeyError("goods")

    Task(clock, work(), explain)
    with pytest.raises(Explained, match=r"explained: 'goods'") as caught:
        clock.run_to()
    causes = [caught.value.__cause__, caught.value.__cause__.__cause__]
    assert [type(cause) for cause in causes] == [Explained, KeyError]


def test_a_failed_event_is_thrown_into_the_task_as_a_copy():
    clock, caught, failure = Clock(), [], ValueError("no")
    event = clock.event()

    def work():
        try:
            yield event
        except ValueError as error:
            caught.append(error)

    Task(clock, work())
    event.fail(failure)
    clock.run_to()
    assert caught[0].args == ("no",)
    assert caught[0] is not failure
    assert caught[0].__cause__ is failure


def test_what_is_no_event_is_named():
    clock = Clock()

    def work():
        yield clock.timeout(1)
        yield 17

    Task(clock, work())
    with pytest.raises(RuntimeError, match=r"^work: yielded 17: must be an event$"):
        clock.run_to()


def test_a_task_begun_by_another_leaves_that_one_the_active_process():
    clock, active = Clock(), []

    def inner():
        active.append(clock.active_process)
        yield clock.timeout(1)

    def outer():
        active.append(clock.active_process)
        active.append(Task(clock, inner()))
        active.append(clock.active_process)
        yield clock.timeout(1)

    outside = Task(clock, outer())
    assert active == [outside, active[2], active[2], outside]
    assert clock.active_process is None


def test_a_task_can_be_interrupted():
    clock, caught = Clock(), []

    def work():
        try:
            yield clock.timeout(10)
        except Interrupt as interrupt:
            caught.append((clock.now, interrupt.cause))

    task = Task(clock, work())
    clock.run_to(0)
    task.interrupt("enough")
    clock.run_to(5)
    assert caught == [(0.0, "enough")]
