"""A queue whose customers give up: M/M/c with exponential patience (Erlang A)."""

from __future__ import annotations

from dataclasses import dataclass

from alesha_sim.theory.queues import erlang_b
from alesha_sim.theory.rules import positive, refuse, whole

_NEGLIGIBLE = 1e-17
_LARGE = 1e200


@dataclass(frozen=True, slots=True, kw_only=True)
class ErlangA:
    """A queue with Poisson arrivals, exponential service, `servers` servers and customers who wait only so long.

    A waiting customer leaves at the rate `abandon_rate`: patience is exponential with mean 1 / `abandon_rate`.
    Nobody leaves from service, so the queue is stable at any load. Raises ValueError unless all rates are
    positive. Source: Palm (1957), Research on telephone traffic carried by full availability groups, Tele 1; as in
    Garnett, Mandelbaum and Reiman (2002), Manufacturing & Service Operations Management 4(3), 208-227, and
    Mandelbaum and Zeltyn (2007), Service engineering in action: the Palm/Erlang-A queue.
    """

    arrival_rate: float
    service_rate: float
    abandon_rate: float
    servers: int = 1

    def __post_init__(self) -> None:
        refuse(
            positive("arrival_rate", self.arrival_rate),
            positive("service_rate", self.service_rate),
            positive("abandon_rate", self.abandon_rate),
            whole("servers", self.servers),
        )

    @property
    def wait_probability(self) -> float:
        """The share of arrivals that find no server idle, whether they stay or give up."""
        return self._waiting()[0]

    @property
    def abandon_probability(self) -> float:
        """The share of arrivals that give up before their service begins."""
        return self.abandon_rate * self.mean_wait

    @property
    def mean_wait(self) -> float:
        """The mean time from arrival to the start of service or to giving up, zeros included (Wq)."""
        return self.mean_waiting / self.arrival_rate

    @property
    def mean_waiting(self) -> float:
        """The mean number waiting, those in service not counted (Lq)."""
        return self._waiting()[1]

    @property
    def mean_present(self) -> float:
        """The mean number waiting or in service (L)."""
        return self.mean_waiting + self.arrival_rate * (1 - self.abandon_probability) / self.service_rate

    @property
    def utilisation(self) -> float:
        """The share of time that a server is busy."""
        return (self.mean_present - self.mean_waiting) / self.servers

    def _waiting(self) -> tuple[float, float]:
        """Return the probability of waiting and the mean number waiting.

        With j customers waiting they leave at the rate c mu + j theta, so the chance of j is to that of none, all
        servers being busy, as the product of lambda / (c mu + k theta) over k = 1 to j. The sum of these is Palm's
        A(c mu / theta, lambda / theta), and the chance that all servers are busy is A B / (1 - B + A B), B being
        Erlang's loss formula. What can grow beyond any float is scaled down as it goes.
        """
        none, term, total, waiting, j = 1.0, 1.0, 1.0, 0.0, 0
        while term > _NEGLIGIBLE * total or self._leaving(j + 1) < self.arrival_rate:
            j += 1
            term *= self.arrival_rate / self._leaving(j)
            total += term
            waiting += j * term
            if total > _LARGE:
                none, term, total, waiting = none / _LARGE, term / _LARGE, total / _LARGE, waiting / _LARGE
        blocked = erlang_b(self.servers, self.arrival_rate / self.service_rate)
        busy = blocked * total / (none * (1 - blocked) + blocked * total)
        return busy, busy * waiting / total

    def _leaving(self, waiting: int) -> float:
        return self.servers * self.service_rate + waiting * self.abandon_rate
