"""The machine's yardstick: how fast SimPy processes plain time-outs, and nothing else."""

from collections.abc import Iterator
from time import process_time

from simpy import Environment, Timeout


def ticking(environment: Environment) -> Iterator[Timeout]:
    """Let one second after the other pass, for ever."""
    while True:
        yield environment.timeout(1)


def seconds_per_event(events: int = 10_000) -> float:
    """Return the CPU seconds that SimPy takes for each time-out of one process that does nothing else."""
    environment = Environment()
    environment.process(ticking(environment))
    started = process_time()
    environment.run(until=events)
    return (process_time() - started) / events
