"""Who takes part in a run: the registry of its entities, which hands out codes, and their channels."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from alesha_sim.distributions import durations
from alesha_sim.entities.entity import Entity
from alesha_sim.kernel.clock import Clock
from alesha_sim.network import Channel, Relay
from alesha_sim.recording.run_logs import Records
from alesha_sim.simulation.fault_injection import make_hostile
from alesha_sim.streams import Streams
from alesha_sim.vocabulary import COURIER, NO_ID

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

USER, USERS = "user", "users"
"""The role of the users, and the name of the one entity that all of them are."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_RULE = "must be letters and digits, a letter first, dashes inside"


class Member(NamedTuple):
    """One who takes part: `code` is how messages name it, `NO_ID` that of the users together."""

    name: str
    role: str
    code: int
    entity: Entity


class Parties:
    """The entities of a run by name, in the order in which they were added."""

    def __init__(self, clock: Clock, records: Records, scenario: "Scenario", streams: Streams) -> None:
        self._clock = clock
        self._records = records
        self._scenario = scenario
        self._streams = streams
        self._is_hostile = scenario.is_hostile
        self._roles = scenario.roles
        self._members: dict[str, Member] = {}
        self._links: dict[str, None] = {}

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __getitem__(self, name: str) -> Entity:
        return self._members[name].entity

    @property
    def organisations(self) -> list[Member]:
        """All but the users."""
        return [member for member in self if member.role != USER]

    def add(self, entity: Entity, name: str, role: str) -> None:
        """Give an entity its name and its code; ValueError for one that is here, and for a name that cannot be."""
        self._check(entity, name, role)
        entity.name, entity.code = name, NO_ID if role == USER else self._new_code(name)
        entity.names = self._records.organisations
        self._members[name] = Member(name, role, entity.code, entity)
        if self._is_hostile:
            entity.inbox.deduplicate()
            entity.mark_in_doubt = self._records.orders.mark_in_doubt

    def _check(self, entity: Entity, name: str, role: str) -> None:
        if not isinstance(entity, Entity):
            raise TypeError(f"entity: {entity!r}: must be an Entity")
        if entity.clock is not self._clock:
            raise ValueError(f"entity {name!r}: must be made with the clock of this simulation")
        if any(member.entity is entity for member in self):
            raise ValueError(f"entity {name!r}: must not be added twice")
        for field, word in (("name", name), ("role", role)):
            if not (isinstance(word, str) and _NAME.fullmatch(word)):
                raise ValueError(f"{field}: {word!r}: {_RULE}")
        if name in self._members:
            raise ValueError(f"name: {name!r}: must not be given twice")
        if (role == USER or name.startswith(USER)) and (role != USER or name != USERS):
            raise ValueError(f"name: {name!r}, role: {role!r}: must not be those of users")

    def _new_code(self, name: str) -> int:
        """Return the code of a name; that of the courier, who has an account at the bank, is nobody else's."""
        names = self._records.organisations
        if name not in names:
            if name != "courier" and len(names) < -COURIER:
                names.append("courier")
            names.append(name)
        return -1 - names.index(name)

    # Channels

    def connect(self, one: Entity, other: Entity, latency: Any = None) -> None:
        """Give two entities a channel to each other; their latency is that of the link, unless one is given.

        What the scenario says of a link by its name goes before that.
        """
        first, second = self.member(one), self.member(other)
        if second.name in one.channels or one is other:
            raise ValueError(f"{first.name} and {second.name}: must be two that are not connected yet")
        there, back = self._channel(first, second, latency), self._channel(second, first, latency)
        there.connect(other.inbox, back)
        back.connect(one.inbox, there)
        one.channels[second.name], other.channels[first.name] = there, back

    def reroute(self, one: Entity, other: Entity, via: Entity) -> None:
        """Let whatever `one` sends to `other` be taken in by `via`, to whom both are connected."""
        first, last, between = self.member(one), self.member(other), self.member(via)
        for name, peer in ((first.name, via), (last.name, one), (last.name, via)):
            if name not in peer.channels:
                raise ValueError(f"{peer.name}: must be connected to {name} before anything is rerouted")
        direct = one.channels[between.name]
        relay = Relay(self._clock, direct.log, direct.latency, between.code)
        relay.connect(via.inbox, direct.back)
        self._make_hostile(relay, f"{first.name}->{between.name}->{last.name}", f"{first.name}->{between.name}")
        one.channels[last.name] = relay

    def member(self, entity: Entity) -> Member:
        """Return what is registered of an entity; ValueError if it was not added."""
        found = self._members.get(entity.name) if isinstance(entity, Entity) else None
        if found is None or found.entity is not entity:
            raise ValueError(f"entity {getattr(entity, 'name', entity)!r}: must be added before it is connected")
        return found

    def _channel(self, sender: Member, recipient: Member, latency: Any) -> Channel:
        one, other = (USER if member.role == USER else member.name for member in (sender, recipient))
        name = f"{one}->{other}"
        self._links[name] = None
        stated = self._scenario.network.links.get(name)
        is_given = latency is not None and (stated is None or stated.latency is None)
        drawn = _distribution(latency) if is_given else self._scenario.link(name).latency
        draws = durations(drawn, self._streams.generator(f"channel:{name}"))
        counted_as = self._roles.get(other, other)
        channel = Channel(self._clock, self._records.messages_to(counted_as), draws, recipient.code)
        self._make_hostile(channel, name)
        return channel

    def _make_hostile(self, channel: Channel, name: str, over: str | None = None) -> None:
        if self._is_hostile:
            make_hostile(channel, name, self._scenario, self._streams, over=over)

    def check_links(self) -> None:
        """Raise ScenarioError if the scenario says something of a link that nobody has made."""
        from alesha_sim.scenarios.errors import ScenarioError
        from alesha_sim.scenarios.network_checks import unconnected

        if found := list(unconnected(self._scenario, self._links)):
            raise ScenarioError(found)


def _distribution(latency: Any) -> Any:
    """Read a latency as scenarios read durations."""
    from alesha_sim.scenarios.errors import ScenarioError
    from alesha_sim.scenarios.tagged_fields import duration_distribution

    try:
        return duration_distribution(latency)
    except ScenarioError as error:
        raise ScenarioError(problem.prefixed("latency") for problem in error.found) from None
