"""What a reader adds to a run: entities, channels, collectors. A simulation has these methods."""

from alesha_sim.entities.entity import Entity
from alesha_sim.kernel.clock import Clock
from alesha_sim.simulation.collecting import Collectors, Look
from alesha_sim.simulation.parties import Parties


class Doors:
    """The part of a simulation by which something of one's own comes in."""

    clock: Clock
    parties: Parties
    _collectors: Collectors

    def add_entity(self, entity: Entity, *, name: str, role: str) -> None:
        """Let an entity take part under a name (letters, digits, dashes) and in a role, and open for business.

        It is given a code of its own, by which messages name it. Raises ValueError for a name that is taken or
        begins with `user`, and for an entity that is here or was made with the clock of another simulation.
        """
        self.parties.add(entity, name, role)
        entity.open_for_business()

    def connect(self, one: Entity, other: Entity, *, latency: object = None) -> None:
        """Give two entities a channel to each other, which each finds in its `channels` by the other's name.

        `latency` is a distribution, seconds, or text such as "1 s"; left out, it is the network's, as is all that
        can happen to messages. Raises ValueError for entities that were not added, or are connected.
        """
        self.parties.connect(one, other, latency)

    def reroute(self, one: Entity, other: Entity, *, via: Entity) -> None:
        """Let `via` take in whatever `one` sends to `other` from now on; `Entity.pass_on` sends it further.

        What `other` sends to `one` goes as before. Raises ValueError unless both are connected to `via`.
        """
        self.parties.reroute(one, other, via)

    def collect(self, name: str, function: Look, *, every: float | str) -> None:
        """Sample a function of the simulation at 0, `every`, twice `every`, ... (seconds, or text such as "1 h").

        It returns a number, or several by their names, after all that happened at the instant, and must change
        nothing. Samples are taken as long as anything is left to happen, and are in `Result.collected`. Raises
        ValueError for a name that is taken or none, and for an `every` that is not positive.
        """
        self._collectors.add(name, function, every, self.clock.now)
