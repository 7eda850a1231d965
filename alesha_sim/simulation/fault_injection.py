"""From a scenario's faults to channels that misbehave and entities that crash. The happy path never comes here."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from alesha_sim.distributions import durations
from alesha_sim.entities.entity import Entity
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Schedule
from alesha_sim.network import Channel, Faults, RetryPolicy, Window
from alesha_sim.streams import Streams

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

_BLOCK = 512


def make_hostile(
    channel: Channel, name: str, scenario: "Scenario", streams: Streams, *, over: str | None = None
) -> None:
    """Give a channel the faults of its link, those of the scenario's outages and degradations, and its retries.

    It goes `over` the link of another name if that is given.
    """
    link = scenario.link(over or name)
    windows = _windows(name, over or name, scenario, streams)
    if link.loss or link.duplication or windows:
        lose, double = (uniform(streams, f"channel:{name}:{what}") for what in ("loss", "duplication"))
        again = durations(link.latency, streams.generator(f"channel:{name}:copy"))
        channel.faults = Faults(link.loss, link.duplication, windows, lose, double, again)
    channel.is_keyed = True
    if link.timeout is not None:
        policy = RetryPolicy(link.timeout, link.attempts, link.backoff, link.jitter)
        channel.retry_with(policy, uniform(streams, f"channel:{name}:jitter"))


def _windows(name: str, over: str, scenario: "Scenario", streams: Streams) -> list[Window]:
    from alesha_sim.scenarios.injected_faults import Crash, Degradation, directions
    from alesha_sim.scenarios.market import link_keys

    windows, names = [], {*link_keys(scenario, over)}
    for number, injected in enumerate(scenario.faults):
        if isinstance(injected, Crash) or not names & {*directions(injected.link)}:
            continue
        end = injected.start + injected.duration
        if not isinstance(injected, Degradation):
            windows.append(Window(injected.start, end, 1.0, 0.0, None))
            continue
        delay = None
        if injected.latency is not None:
            delay = durations(injected.latency, streams.generator(f"channel:{name}:degradation:{number}"))
        windows.append(Window(injected.start, end, injected.loss, injected.duplication, delay))
    return windows


def uniform(streams: Streams, name: str) -> Callable[[], float]:
    """Return a function that gives the next number from 0 to 1 of a stream."""
    generator = streams.generator(name)
    blocks = (generator.random(_BLOCK).tolist() for _ in iter(int, 1))
    return chain.from_iterable(blocks).__next__


def schedule_crashes(clock: Clock, scenario: "Scenario", entities: Mapping[str, Entity]) -> None:
    """Let entities crash and restart when the scenario says so."""
    from alesha_sim.scenarios.injected_faults import Crash

    acts: list[tuple[float, bool, Callable[[], None]]] = []
    for crash in scenario.faults:
        if isinstance(crash, Crash):
            for name in scenario.called(crash.entity):
                entity = entities[name]
                entity.track_processes()
                acts += [(crash.start, True, entity.crash), (crash.start + crash.duration, False, entity.restart)]
    acts.sort(key=lambda act: act[:2])  # at one instant a restart comes before the next crash
    Schedule(clock, [at for at, _, _ in acts], lambda number: acts[number][2]())
