"""One colour an entity: those of Okabe and Ito (2008), which colour-blind readers tell apart."""

from collections.abc import Mapping

COLOURS: Mapping[str, str] = {"users": "#0072B2", "shop": "#D55E00", "supplier": "#009E73", "bank": "#CC79A7"}
"""The colours of the four parties."""

OTHERS = ("#E69F00", "#56B4E9", "#8C6D31", "#525252")
"""The colours of all others, in the order of their lanes."""


def colours(lanes: list[str]) -> list[str]:
    """Return a colour for each entity; all users share theirs."""
    names = ["users" if lane.startswith("user:") else lane for lane in lanes]
    strangers = list(dict.fromkeys(name for name in names if name not in COLOURS))
    return [COLOURS.get(name) or OTHERS[strangers.index(name) % len(OTHERS)] for name in names]
