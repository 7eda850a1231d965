"""What must hold between the parties of a scenario, the links of its network and what goes wrong on them.

Contains rules only. They are looked at once all parts of a scenario are sound.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alesha_sim.scenarios.channels import LINKS
from alesha_sim.scenarios.errors import NAMED, Problem, nearest
from alesha_sim.scenarios.injected_faults import ENTITIES, Crash, directions
from alesha_sim.scenarios.market import links, own_links

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario_fields import ScenarioFields


def problems(scenario: "ScenarioFields") -> list[Problem]:
    """Return what is wrong with links and injected faults; names first, since all that follows goes by them."""
    parties, is_extended = _parties(scenario), bool(scenario.extensions)
    stated = scenario.network.links
    found = list(_unknown(stated, scenario.faults, scenario.link_names, parties, may_be_own=is_extended))
    return found or [*_overlaps(scenario), *_timeouts(scenario)]


def unknown_in(given: Mapping[str, Any]) -> list[Problem]:
    """Return the unknown links and entities in the table of a scenario whose other faults keep it from being made.

    Only of one with one of each: who is there in a market is known once all of it is sound.
    """
    if any(given.get(name) for name in (*NAMED, "extensions")):
        return []
    network, faults = given.get("network"), given.get("faults")
    own = network.get("links") if isinstance(network, Mapping) else None
    found = _unknown(
        own if isinstance(own, Mapping) else {},
        faults if isinstance(faults, list | tuple) else (),
        LINKS,
        ENTITIES,
    )
    return list(found)


def _parties(scenario: "ScenarioFields") -> tuple[str, ...]:
    """Return all that may crash: the parties by their names, and the roles."""
    names = [name for name, role in scenario.roles.items() if role != "users"]
    return tuple(dict.fromkeys([*ENTITIES, *names]))


def _unknown(
    own: Any, faults: Any, known: Sequence[str], parties: tuple[str, ...], *, may_be_own: bool = False
) -> Iterator[Problem]:
    """Yield each link and each entity that is not there; what is no text its own field refuses.

    Where extensions may add entities, a link of one that nobody knows yet is looked at again once they have.
    """
    ends = {end for name in known for end in name.split("->")}

    def may_be(link: str) -> bool:
        return may_be_own and any(end not in ends for way in directions(link) for end in way.split("->"))

    for name in own:
        if isinstance(name, str) and name not in known and not may_be(name):
            yield Problem(f"network.links.{name}", None, _no_link(name, known))
    for place, fault in enumerate(faults):
        kind = _field(fault, "kind")
        link = _field(fault, "link") if kind in ("outage", "degradation") else None
        entity = _field(fault, "entity") if kind == "crash" else None
        if isinstance(link, str) and not {*directions(link)} <= {*known} and not may_be(link):
            yield Problem(f"faults[{place}].link", None, _no_link(link, known))
        if isinstance(entity, str) and entity not in parties:
            told = f"must be one of {', '.join(map(repr, parties))}"
            rule = told if parties == ENTITIES else f"unknown party: {nearest(entity, parties)}"
            yield Problem(f"faults[{place}].entity", repr(entity), rule)


def unconnected(scenario: "ScenarioFields", made: Mapping[str, None]) -> Iterator[Problem]:
    """Yield each link of one of one's own that no extension has made; `made` are those of the run."""
    named: dict[str, tuple[str, ...]] = {f"network.links.{name}": (name,) for name in scenario.network.links}
    for place, fault in enumerate(scenario.faults):
        if link := getattr(fault, "link", None):
            named[f"faults[{place}].link"] = directions(link)
    for field, ways in named.items():
        if missing := [way for way in ways if way not in made and way not in scenario.link_names]:
            yield Problem(
                field, None, f"unknown link: no extension makes {missing[0]}: {nearest(missing[0], list(made))}"
            )


def _no_link(link: str, known: Sequence[str]) -> str:
    """Return why there is no such link: its ends never talk, or one of them is nobody."""
    one, _, other = directions(link)[0].partition("->")
    peers = [name.split("->")[1] for name in known if name.split("->")[0] == one]
    if peers and any(name.endswith(f"->{other}") for name in known):
        return f"no such link: {one} never talks to {other}, only to {', '.join(peers)}"
    return f"unknown link: {nearest(link, known)}"


def _field(fault: Any, name: str) -> Any:
    return fault.get(name) if isinstance(fault, Mapping) else getattr(fault, name, None)


def _overlaps(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield crashes of a party that is down."""
    crashes = [(fault, place) for place, fault in enumerate(scenario.faults) if isinstance(fault, Crash)]
    for number, (crash, place) in enumerate(crashes):
        for other, _ in crashes[:number]:
            apart = crash.start >= other.start + other.duration or other.start >= crash.start + crash.duration
            both = {*scenario.called(crash.entity)} & {*scenario.called(other.entity)}
            if both and not apart:
                rule = f"must not be while the {crash.entity} is down"
                yield Problem(f"faults[{place}].start", str(crash.start), rule)


def _timeouts(scenario: "ScenarioFields") -> Iterator[Problem]:
    """Yield a problem if messages can be lost and somebody would wait for them forever."""
    found = [scenario.link(name) for name in (*links(scenario), *own_links(scenario))]
    lossy = bool(scenario.faults) or any(link.loss for link in found)
    if lossy and any(link.timeout is None for link in found):
        rule = "network.default.timeout: missing: must be given where messages can be lost"
        yield Problem("faults", None, rule)
