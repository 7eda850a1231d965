"""What a reader adds to a run: entities, channels, collectors. A simulation has these methods."""

from collections.abc import Mapping
from typing import TypeVar

from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.entity import Entity
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.supplier.supplier import Supplier
from alesha_sim.kernel.clock import Clock
from alesha_sim.simulation.collecting import Collectors, Look
from alesha_sim.simulation.parties import Parties

Member = TypeVar("Member", bound=Entity)


class Doors:
    """The part of a simulation by which something of one's own comes in, and its entities are found."""

    clock: Clock
    parties: Parties
    shops: Mapping[str, Shop]
    banks: Mapping[str, Bank]
    suppliers: Mapping[str, Supplier]
    _collectors: Collectors

    @property
    def firms(self) -> list[Shop | Supplier]:
        """The shops, then the suppliers."""
        return [*self.shops.values(), *self.suppliers.values()]

    @property
    def shop(self) -> Shop:
        """The shop; AttributeError where there are several, which are in `shops`."""
        return _only("shops", self.shops)

    @property
    def bank(self) -> Bank:
        """The bank; AttributeError where there are several, which are in `banks`."""
        return _only("banks", self.banks)

    @property
    def supplier(self) -> Supplier:
        """The supplier; AttributeError where there are several, which are in `suppliers`."""
        return _only("suppliers", self.suppliers)

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
        can happen to messages. What `network.links` says of `courier->bank` goes before both. Raises ValueError
        for entities that were not added, or are connected.
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


def _only(field: str, members: Mapping[str, Member]) -> Member:
    """Return the only one of a role."""
    if len(members) > 1:
        first = next(iter(members))
        raise AttributeError(
            f"{field[:-1]}: there are several: {', '.join(members)}; take one: {field}['{first}']"
        )
    return next(iter(members.values()))
