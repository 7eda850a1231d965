"""A run: assembled from a scenario, stepped, finished."""

from alesha_sim.simulation.simulation import MessageSeen, Simulation, simulate
from alesha_sim.simulation.stepping import Waiting, Walk

__all__ = [
    "MessageSeen",
    "Simulation",
    "Waiting",
    "Walk",
    "simulate",
]
