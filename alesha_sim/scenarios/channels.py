"""The network of a scenario: how long messages take, what can happen to them, and how often askers ask.

Contains declarations; what a channel does with them is in `network/`.
"""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from alesha_sim.distributions import Constant
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest
from alesha_sim.scenarios.fields import Duration, Number, Share, Whole
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.tagged_fields import Durations
from alesha_sim.vocabulary import CONNECTED

LINKS = tuple(f"{one}->{other}" for pair in CONNECTED for one, other in (pair, pair[::-1]))
"""The names of all one-way links by role; all users share theirs."""

BOTH = "<->"

_NAMES = re.compile("[A-Za-z][A-Za-z0-9-]*<?->[A-Za-z][A-Za-z0-9-]*")


def link_name(value: Any) -> Any:
    """Read the name of a link, of a market's parties too; whether there is such a link, the scenario knows."""
    if not isinstance(value, str) or not _NAMES.fullmatch(value):
        raise ScenarioError([Problem("", None, f"unknown link: {nearest(value, LINKS)}")])
    return value


def _one_way(value: Any) -> Any:
    if isinstance(value, str) and BOTH in value:
        raise ScenarioError([Problem("", None, f"unknown link: {nearest(value, LINKS)}")])
    return link_name(value)


class Link(Part):
    """A one-way link from one entity to another, and how requests over it are retried.

    Attempt k waits `timeout * backoff ** (k - 1)` for a reply, from the second on times 1 - `jitter` to
    1 + `jitter`.
    """

    latency: Durations = Field(default=Constant(0.05), description="How long a message takes.")
    loss: Share = Field(default=0.0, description="Probability that a message is lost.")
    duplication: Share = Field(default=0.0, description="Probability that one not lost arrives twice.")
    timeout: Annotated[Duration, Field(gt=0)] | None = Field(
        default=None,
        examples=["5 s"],
        description="How long the first attempt waits for a reply; left out, forever.",
    )
    attempts: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, examples=[5], description="How often is asked; left out, until a reply comes."
    )
    backoff: Annotated[Number, Field(ge=1)] = Field(
        default=2.0, description="By what each wait is longer than the one before: 1 constant, 2 doubling."
    )
    jitter: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=0.0, description="How far later waits are spread, as a share of themselves, 0 to below 1."
    )

    @property
    def is_hostile(self) -> bool:
        """Whether messages can be lost, doubled or sent again."""
        return bool(self.loss or self.duplication or self.timeout is not None)


class LinkOverride(Part):
    """What is different on one link; what is left out is as in the network's default."""

    latency: Durations | None = Field(
        default=None,
        examples=[{"kind": "lognormal", "mean": 0.08, "cv": 0.8}],
        description="How long a message takes here; left out, as in network.default.",
    )
    loss: Share | None = Field(
        default=None,
        examples=[0.1],
        description="Probability that a message is lost here; left out, as in network.default.",
    )
    duplication: Share | None = Field(
        default=None,
        examples=[0.1],
        description="Probability that one not lost arrives twice here; left out, as in network.default.",
    )
    timeout: Annotated[Duration, Field(gt=0)] | None = Field(
        default=None,
        examples=["2 s"],
        description="How long the first attempt waits here; left out, as in network.default.",
    )
    attempts: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, examples=[3], description="How often is asked here; left out, as in network.default."
    )
    backoff: Annotated[Number, Field(ge=1)] | None = Field(
        default=None,
        examples=[1],
        description="By what each wait here is longer than the one before; left out, as in network.default.",
    )
    jitter: Annotated[Number, Field(ge=0, lt=1)] | None = Field(
        default=None,
        examples=[0.2],
        description="How far later waits here are spread; left out, as in network.default.",
    )


class Network(Part):
    """The links between the entities."""

    default: Link = Field(default=Link(), description="Every link; network.links says what is different on one.")
    links: dict[Annotated[str, BeforeValidator(_one_way)], LinkOverride] = Field(
        default={},
        examples=[{"user->shop": {}}],
        description="What is different on one link; the rest is as in network.default. Links: "
        f"{', '.join(LINKS)}; in a market of named parties too, daraz->city.",
    )

    def link(self, *names: str) -> Link:
        """Return the link of a name such as `shop->bank`, after its overrides; of several names the last wins."""
        found = self.default
        for key in names:
            if override := self.links.get(key):
                changed = {field: getattr(override, field) for field in LinkOverride.model_fields}
                found = found.model_copy(update={field: v for field, v in changed.items() if v is not None})
        return found
