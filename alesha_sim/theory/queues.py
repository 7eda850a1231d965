"""Queues whose customers wait as long as it takes: M/M/c, Erlang B, M/G/1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from alesha_sim.theory.rules import below_one, not_negative, positive, refuse, whole


def erlang_b(servers: int, load: float) -> float:
    """Return the share of arrivals lost by `servers` servers without a queue, offered `load` Erlang.

    `load` is arrival rate times mean service time; the shape of the service time does not matter. Source:
    Erlang (1917) in the recursion B(k) = load B(k - 1) / (k + load B(k - 1)), which is stable for any size.
    """
    refuse(whole("servers", servers), positive("load", load))
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = load * blocked / (busy + load * blocked)
    return blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class MMc:
    """A queue with Poisson arrivals, exponential service and `servers` servers, first come first served.

    Raises ValueError unless the rates are positive and the utilisation below 1. Source: Erlang C as in Gross
    and Harris, Fundamentals of Queueing Theory.
    """

    arrival_rate: float
    service_rate: float
    servers: int = 1

    def __post_init__(self) -> None:
        refuse(
            positive("arrival_rate", self.arrival_rate),
            positive("service_rate", self.service_rate),
            whole("servers", self.servers),
        )
        refuse(_stable(self.utilisation))

    @property
    def utilisation(self) -> float:
        """The share of time that a server is busy (rho)."""
        return self.arrival_rate / (self.servers * self.service_rate)

    @property
    def wait_probability(self) -> float:
        """The share of arrivals that find no server idle (Erlang C)."""
        blocked = erlang_b(self.servers, self.arrival_rate / self.service_rate)
        return blocked / (1 - self.utilisation * (1 - blocked))

    @property
    def mean_wait(self) -> float:
        """The mean time from arrival to the start of service, zeros included (Wq)."""
        return self.wait_probability / self._slack

    @property
    def mean_stay(self) -> float:
        """The mean time from arrival to the end of service (W)."""
        return self.mean_wait + 1 / self.service_rate

    @property
    def mean_waiting(self) -> float:
        """The mean number waiting, those in service not counted (Lq)."""
        return self.arrival_rate * self.mean_wait

    @property
    def mean_present(self) -> float:
        """The mean number waiting or in service (L)."""
        return self.arrival_rate * self.mean_stay

    def mean_wait_of_first(self, customers: int) -> float:
        """Return the mean wait of the first customers of a queue with one server that starts empty.

        Source: Spitzer's formula, E[W of customer n] = sum over k < n of E[max(0, S_k)] / k, with S_k the sum of k
        services less k intervals (Asmussen, Applied Probability and Queues). Raises ValueError for more servers.
        """
        refuse(whole("customers", customers), None if self.servers == 1 else "servers: must be 1")
        overshoots = [self._overshoot(k) / k for k in range(1, customers)]
        return float(np.cumsum([0.0, *overshoots]).mean())

    def _overshoot(self, steps: int) -> float:
        """Return E[max(0, S)]: if the last of `steps` intervals ends after j services, steps - j are left."""
        served = np.arange(steps)
        together = self.arrival_rate + self.service_rate
        ways = np.concatenate(([0.0], np.cumsum(np.log((steps + served[1:] - 1) / served[1:]))))
        log = steps * math.log(self.arrival_rate / together) + served * math.log(self.service_rate / together)
        return float((np.exp(ways + log) * (steps - served)).sum() / self.service_rate)

    def wait_exceeds(self, time: float) -> float:
        """Return the probability of waiting longer than `time`, which is not negative."""
        refuse(not_negative("time", time))
        return self.wait_probability * math.exp(-self._slack * time)

    def wait_quantile(self, share: float) -> float:
        """Return the time within which `share` (0 to below 1) of the arrivals begin their service."""
        refuse(below_one("share", share))
        return max(0.0, math.log(self.wait_probability / (1 - share)) / self._slack)

    @property
    def _slack(self) -> float:
        return self.servers * self.service_rate - self.arrival_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class MG1:
    """A queue with Poisson arrivals, one server and service of any shape, first come first served.

    `service_cv` is the coefficient of variation of the service time: 0 constant, 1 exponential. Raises
    ValueError unless the utilisation is below 1. Source: the Pollaczek-Khinchine formula.
    """

    arrival_rate: float
    service_mean: float
    service_cv: float

    @classmethod
    def constant(cls, *, arrival_rate: float, service_mean: float) -> Self:
        """Return the queue in which every service takes the same time (M/D/1)."""
        return cls(arrival_rate=arrival_rate, service_mean=service_mean, service_cv=0.0)

    @classmethod
    def erlang(cls, *, arrival_rate: float, service_mean: float, k: int) -> Self:
        """Return the queue in which a service is `k` exponential phases (M/E_k/1)."""
        refuse(whole("k", k))
        return cls(arrival_rate=arrival_rate, service_mean=service_mean, service_cv=1 / math.sqrt(k))

    def __post_init__(self) -> None:
        refuse(
            positive("arrival_rate", self.arrival_rate),
            positive("service_mean", self.service_mean),
            not_negative("service_cv", self.service_cv),
        )
        refuse(_stable(self.utilisation))

    @property
    def utilisation(self) -> float:
        """The share of time that the server is busy (rho)."""
        return self.arrival_rate * self.service_mean

    @property
    def wait_probability(self) -> float:
        """The share of arrivals that find the server busy."""
        return self.utilisation

    @property
    def mean_wait(self) -> float:
        """The mean time from arrival to the start of service, zeros included (Wq)."""
        return self.mean_waiting / self.arrival_rate

    @property
    def mean_stay(self) -> float:
        """The mean time from arrival to the end of service (W)."""
        return self.mean_wait + self.service_mean

    @property
    def mean_waiting(self) -> float:
        """The mean number waiting, the one in service not counted (Lq)."""
        return self.utilisation**2 * (1 + self.service_cv**2) / (2 * (1 - self.utilisation))

    @property
    def mean_present(self) -> float:
        """The mean number waiting or in service (L)."""
        return self.arrival_rate * self.mean_stay


def _stable(utilisation: float) -> str | None:
    return None if utilisation < 1 else f"utilisation: {utilisation:g}: must be below 1"
