"""What goes wrong for a while: outages of links, degradations of bad network, crashes of entities.

Contains declarations and the rules between them; what they do is in `network/faults.py` and in the entities.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from alesha_sim.scenarios.channels import LINKS, Network
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest
from alesha_sim.scenarios.fields import Duration, Share
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.tagged_fields import Durations

BOTH = "<->"
ENTITIES = ("shop", "bank", "supplier")
_BOTH_WAYS = tuple(link.replace("->", BOTH) for link in LINKS)


def _some_link(value: Any) -> Any:
    if value not in LINKS + _BOTH_WAYS:
        raise ScenarioError([Problem("", None, f"unknown link: {nearest(value, LINKS)}")])
    return value


SomeLink = Annotated[
    str,
    BeforeValidator(_some_link),
    Field(examples=["shop->bank"], description='A link such as "shop->bank", or "shop<->bank" for both ways.'),
]
Start = Annotated[Duration, Field(examples=["2 hours"], description="When it begins, from the start.")]
Lasting = Annotated[Duration, Field(gt=0, examples=["10 min"], description="How long it lasts.")]


class Outage(Part):
    """A link on which every message is lost for a while."""

    kind: Literal["outage"] = "outage"
    link: SomeLink
    start: Start
    duration: Lasting


class Degradation(Part):
    """A link that is worse for a while: more loss, more duplication, more latency than usual."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"link": "user<->shop", "start": "4 hours", "duration": "1 hour"}]}
    )

    kind: Literal["degradation"] = "degradation"
    link: SomeLink
    start: Start
    duration: Lasting
    loss: Share = Field(default=0.0, examples=[0.3], description="Probability of a loss, added to the link's own.")
    duplication: Share = Field(
        default=0.0, examples=[0.1], description="Probability of a copy, added to the link's own."
    )
    latency: Durations | None = Field(
        default=None,
        examples=[{"kind": "exponential", "mean": 2}],
        description="Added to each latency; left out, nothing.",
    )


class Crash(Part):
    """An entity that stops at an instant and is restarted: what runs in it is gone, its records stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"start": "6 hours", "duration": "5 min"}]})

    kind: Literal["crash"] = "crash"
    entity: Literal["shop", "bank", "supplier"] = Field(examples=["bank"], description="Which entity stops.")
    start: Start
    duration: Lasting


InjectedFault = Annotated[Outage | Degradation | Crash, Field(discriminator="kind")]


def directions(link: str) -> tuple[str, ...]:
    """Return the one-way links that a name means: one for `shop->bank`, two for `shop<->bank`."""
    if BOTH not in link:
        return (link,)
    one, other = link.split(BOTH)
    return f"{one}->{other}", f"{other}->{one}"


def contradictions(injected_faults: Sequence[InjectedFault], network: Network) -> Iterator[Problem]:
    """Yield the faults of injected_faults that do not go together, or not with the network."""
    crashes = [(injected, place) for place, injected in enumerate(injected_faults) if isinstance(injected, Crash)]
    for number, (crash, place) in enumerate(crashes):
        for other, _ in crashes[:number]:
            apart = crash.start >= other.start + other.duration or other.start >= crash.start + crash.duration
            if crash.entity == other.entity and not apart:
                yield Problem(
                    f"[{place}].start", str(crash.start), f"must not be while the {crash.entity} is down"
                )
    lossy = bool(injected_faults) or any(network.link(name).loss for name in LINKS)
    if lossy and any(network.link(name).timeout is None for name in LINKS):
        yield Problem("", None, "network.default.timeout: missing: must be given where messages can be lost")
