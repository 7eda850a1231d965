"""What goes wrong for a while: outages of links, degradations of bad network, crashes of entities.

Contains declarations; what must hold between them is in `network_checks.py`, what they do in `network/faults.py`
and in the entities.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from alesha_sim.scenarios.channels import BOTH, link_name
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.scenarios.fields import Duration, Share
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.tagged_fields import Durations
from alesha_sim.vocabulary import ORGANISATIONS

ENTITIES = ORGANISATIONS
"""The roles whose entities can crash."""


def _party(value: Any) -> Any:
    if not isinstance(value, str):
        raise scenario_error("", value, f"must be one of {', '.join(map(repr, ENTITIES))}")
    return value


SomeLink = Annotated[
    str,
    BeforeValidator(link_name),
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
    entity: Annotated[str, BeforeValidator(_party)] = Field(
        examples=["bank"],
        description="Which entity stops: shop, bank or supplier; in a market by name, or all of a role.",
    )
    start: Start
    duration: Lasting


InjectedFault = Annotated[Outage | Degradation | Crash, Field(discriminator="kind")]


def directions(link: str) -> tuple[str, ...]:
    """Return the one-way links that a name means: one for `shop->bank`, two for `shop<->bank`."""
    if BOTH not in link:
        return (link,)
    one, other = link.split(BOTH)
    return f"{one}->{other}", f"{other}->{one}"
