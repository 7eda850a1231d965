"""The stepper: conversations described as a small JSON, and the page that draws them and steps through them.

The script and its style stand in `stepper.js` and `stepper.css`. A page holds a still image as well, which is what
viewers without scripts show.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from html import escape
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from alesha_sim.conversation.diagram import Diagram
from alesha_sim.conversation.entries import RunLookup, amount_text
from alesha_sim.conversation.labels import arrow_style, carried, clock, format_duration, label, meaning
from alesha_sim.conversation.layout import Arrow, Box
from alesha_sim.conversation.steps import Step
from alesha_sim.conversation.svg import label_place

STILL = 100
"""How many steps the still image shows, so that a page stays small."""


class Pane(NamedTuple):
    """One conversation on the page: its diagram, and the run around it; without one balances are not shown."""

    diagram: Diagram
    run: RunLookup | None


class Stepper:
    """A page that goes through one conversation, or through several side by side in step.

    `difference` is the first step at which they differ, None if they do not; `still` the image for viewers without
    scripts. `html` is the whole page; it asks for nothing from outside.
    """

    def __init__(self, panes: Sequence[Pane], *, difference: int | None = None, still: str | None = None) -> None:
        self.panes = list(panes)
        self.difference = difference
        self.title = " | ".join(pane.diagram.title for pane in self.panes)
        self._still = still

    @cached_property
    def description(self) -> dict[str, Any]:
        """What the script draws from, as JSON takes it."""
        panes = [_described(pane) for pane in self.panes]
        _align(panes, self.difference)
        said = [step.message for pane in self.panes for step in pane.diagram.steps if step.message is not None]
        meanings = {kind: _meaning(kind) for kind in dict.fromkeys(message.kind for message in said)}
        return {"panes": panes, "meanings": meanings, "difference": self.difference, "style": _file("stepper.css")}

    @property
    def still(self) -> str:
        """The image that is shown where no script runs."""
        if self._still is not None:
            return self._still
        (pane,) = self.panes
        return pane.diagram.first(STILL).image

    @property
    def fragment(self) -> str:
        """The part of a page that holds the stepper."""
        described = json.dumps(self.description, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
        name = blake2b(described.encode(), digest_size=8).hexdigest()
        return (
            f'<div data-stepper="{name}" data-lm-suppress-shortcuts="true" role="region" '
            f'aria-label="Stepper: {escape(self.title)}">{self.still}'
            f'<script type="application/json">{described}</script></div>\n'
            f"<script>\n(() => {{\n{_file('stepper.js')}\n"
            f"document.querySelectorAll('[data-stepper=\"{name}\"]').forEach((host) => "
            "host.shadowRoot || steppedConversation(host));\n})();\n</script>\n"
        )

    @property
    def html(self) -> str:
        """The whole page."""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{escape(self.title)}</title>\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            '<link rel="icon" href="data:,">\n</head>\n<body style="margin: 0">\n'
            f"{self.fragment}</body>\n</html>\n"
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the whole page to a file."""
        Path(path).write_text(self.html, encoding="utf-8")

    def __repr__(self) -> str:
        return f"Stepper: {self.title}"

    def _repr_html_(self) -> str:
        return self.fragment


def _align(panes: Sequence[dict[str, Any]], difference: int | None) -> None:
    """Lower what is higher, so that the first difference stands at one height in all panes."""
    if difference is None:
        return
    reach = [pane for pane in panes if difference < len(pane["steps"])]
    tops = [pane["steps"][difference]["ends"][0] for pane in reach]
    for pane, top in zip(reach, tops, strict=True):
        pane["lower"] = max(tops) - top


def _described(pane: Pane) -> dict[str, Any]:
    """Describe one conversation: its drawing, and of each step what is shown beside it."""
    drawing = pane.diagram.drawing
    arrows = {arrow.step: arrow for arrow in drawing.arrows}
    boxes: dict[int, list[Box]] = {}
    for box in drawing.boxes:
        boxes.setdefault(box.step, []).append(box)
    owners = _owners(pane)
    standing = _Standing(pane.run, owners)
    steps = [
        {
            **_drawn(arrows.get(number), boxes.get(number, ())),
            **_told(step),
            **standing.around(step),
            "ends": drawing.ends[number],
        }
        for number, step in enumerate(pane.diagram.steps)
    ]
    return {
        "title": drawing.title,
        "width": drawing.width,
        "height": drawing.height,
        "lower": 0,
        "lanes": drawing.lanes,
        "instants": drawing.instants,
        "pauses": drawing.pauses,
        "owners": owners,
        "opening": standing.opening,
        "currency": pane.run.currency if pane.run else "",
        "steps": steps,
    }


def _owners(pane: Pane) -> list[str]:
    """Return the entities that have a balance."""
    if pane.run is None:
        return []
    return [lane for lane in pane.diagram.lanes if pane.run.balance(lane, 0) is not None]


def _drawn(arrow: Arrow | None, boxes: Sequence[Box]) -> dict[str, Any]:
    described: dict[str, Any] = {"boxes": [(box.x, box.y, box.width, box.height, box.lines) for box in boxes]}
    if arrow is not None:
        described["arrow"] = [round(place, 1) for place in (arrow.x1, arrow.y1, arrow.x2, arrow.y2)]
        described["at"] = [
            round(place, 1) for place in label_place(arrow)
        ]  # where its label stands, and how it is turned
    return described


def _told(step: Step) -> dict[str, Any]:
    """Describe a step in words, with the ledger lines that it caused."""
    rows = [(row.book, row.code, row.debit, row.credit, amount_text(row)) for row in step.transfers]
    said = step.message
    if said is None:
        codes = ", ".join(dict.fromkeys(row.code for row in step.transfers))
        text = f"{step.lane} by itself: {codes}"
        return {
            "style": "plain",
            "who": [step.lane],
            "label": "",
            "say": text,
            "when": clock(step.at),
            "rows": rows,
        }
    when = f"sent {clock(said.sent_at)}"
    if said.delivered_at is not None:
        when += f", arrived {format_duration(said.delivered_at - said.sent_at)} later"
    return {
        "style": arrow_style(said),
        "who": [said.sender, said.recipient],
        "label": label(said),
        "say": f"Message {label(said)}, {said.sender} to {said.recipient}",
        "when": f"{said.sender} to {said.recipient}, {when}",
        "kind": said.kind,
        "rows": rows,
    }


def _meaning(kind: str) -> str:
    """Say what messages of a kind mean and carry."""
    fields = carried(kind)
    return " ".join([meaning(kind), *([f"Carries {', '.join(fields)}."] if fields else [])]).strip()


class _Standing:
    """What everybody has before and after each step, in the order of the steps; given where it changes."""

    def __init__(self, run: RunLookup | None, owners: Sequence[str]) -> None:
        self._run = run
        self._owners = owners
        self._written = 0
        self._order: int | None = None
        self._totals: str | None = None
        self.opening = self._amounts = [_number(run.balance(name, 0)) for name in owners] if run else []

    def around(self, step: Step) -> dict[str, Any]:
        """Describe what changed until a step and by it, the order's status, and whether the books balance."""
        run = self._run
        if run is None:
            return {}
        if step.transfers:
            before = min(row.transfer for row in step.transfers)
            after = max(row.transfer for row in step.transfers) + 1
        else:
            before = after = max(self._written, run.written_before(step.at))
        self._written = max(self._written, after)
        found: dict[str, Any] = {"before": self._changes(run, before), "after": self._changes(run, after)}
        totals = run.totals(after)
        text = "; ".join(f"{book} {left:,} = {right:,}" for book, (left, right) in totals.items())
        if text != self._totals:
            self._totals = found["totals"] = text
            found["balanced"] = all(left == right for left, right in totals.values())
        found["status"] = self._status(step, run)
        return {name: value for name, value in found.items() if value not in ([], "")}

    def _changes(self, run: RunLookup, written: int) -> list[tuple[int, str]]:
        """Return whose balance is another than when last asked, by their place, and what it is now."""
        amounts = [_number(run.balance(name, written)) for name in self._owners]
        pairs = zip(amounts, self._amounts, strict=True)
        found = [(place, new) for place, (new, old) in enumerate(pairs) if new != old]
        self._amounts = amounts
        return found

    def _status(self, step: Step, run: RunLookup) -> str:
        orders = [entry.order for entry in (step.message, *step.transfers) if entry is not None]
        self._order = next((order for order in orders if order is not None), self._order)
        if self._order is None:
            return ""
        status = run.status(self._order, step.at)
        return f"Order {self._order}: {status}" if status else ""


def _number(amount: object) -> str:
    return "" if amount is None else f"{amount:,}"


def _file(name: str) -> str:
    """Return a file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
