"""A conversation in the notation of Mermaid's sequence diagrams: text only, drawn by the program that shows it."""

import json
from collections.abc import Iterable, Sequence

from alesha_sim.conversation.entries import amount_text
from alesha_sim.conversation.labels import arrow_style, label
from alesha_sim.conversation.steps import Step

ARROWS = {"plain": "->>", "refused": "-->>", "lost": "-x", "open": "-)", "idle": "--)"}


def mermaid(title: str, lanes: Sequence[str], steps: Iterable[Step]) -> str:
    """Return the notation: a participant for each lane, an arrow for each message, a note for what it moved."""
    names = {lane: f"p{place}" for place, lane in enumerate(lanes)}
    lines = [f"---\ntitle: {json.dumps(title)}\n---", "sequenceDiagram"]
    lines += [f"    participant {name} as {_plain(lane)}" for lane, name in names.items()]
    for step in steps:
        if step.message is not None:
            said = step.message
            arrow = ARROWS[arrow_style(said)]
            lines.append(f"    {names[said.sender]}{arrow}{names[said.recipient]}: {_plain(label(said))}")
        if step.transfers:
            moved = "<br/>".join(_plain(f"{row.code} {amount_text(row)}") for row in step.transfers)
            lines.append(f"    Note over {names[step.lane]}: {moved}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Return text without the signs that end a statement or begin an entity in Mermaid."""
    return text.replace("#", "no. ").replace(";", ",").replace(":", "#58;").replace("\n", " ")
