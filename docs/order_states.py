"""Draw the life of an order into the documentation: its two tables, and a picture of each.

`docs/generate.py` writes what this makes. Where a state stands in a picture is said here; which states there are,
and what leads from one to another, is read off `alesha_sim/entities/shop/order_states.py`.
"""

from collections.abc import Iterable, Sequence
from html import escape
from math import hypot
from typing import NamedTuple

from alesha_sim.entities.shop.order_states import (
    EVENTS,
    FULFILMENT_ROWS,
    FULFILMENTS,
    STATUS_ROWS,
    STEPS,
    Row,
)
from alesha_sim.vocabulary import IN_DOUBT, STATUSES

Point = tuple[float, float]

BOX_WIDTH, BOX_HEIGHT = 100, 32
WIDTH, HEIGHT = 860, 250
BEND = 16
"""By how many pixels an arrow is bent that has another one in the opposite direction."""

ORDERLY: dict[str, Point] = {
    "received": (80, 70), "processing": (300, 70), "on_the_way": (530, 70), "completed": (760, 70),
    "declined": (80, 200), "cancelled": (300, 200), "returned": (760, 200),
}  # fmt: skip
"""Where a status stands among those without doubt."""

BEFORE: dict[str, Point] = {"received": (130, 50), "processing": (130, 125), "on_the_way": (130, 200)}
DOUBT: Point = (430, 125)
AFTER: dict[str, Point] = {
    "declined": (730, 25), "processing": (730, 75), "on_the_way": (730, 125), "completed": (730, 175),
    "cancelled": (730, 225),
}  # fmt: skip
"""Where a status stands before doubt, and after it."""

FULFILMENT: dict[str, Point] = {
    "open": (80, 70), "begun": (310, 70), "placed": (550, 70), "recalled": (780, 70), "off": (430, 200)
}  # fmt: skip
WIDE = {("processing", "completed"): 45}
"""Arrows that go round a state between their ends, and by how far."""

STYLE = (
    "text{font:13px 'DejaVu Sans',sans-serif;text-anchor:middle;fill:#222222}"
    ".event{font-size:11px;fill:#0072b2;stroke:#ffffff;stroke-width:4px;paint-order:stroke}"
    ".head{font-weight:bold;text-anchor:start}"
    "rect.state{fill:#f4f4f4;stroke:#555555}path.way{fill:none;stroke:#555555;marker-end:url(#tip)}"
)


class Arrow(NamedTuple):
    """What leads from a point to another."""

    start: Point
    end: Point
    event: str
    bend: float = 0.0


def page() -> str:
    """Return the page about orders."""
    return f"""\
# The life of an order

Generated from `alesha_sim/entities/shop/order_states.py` by `python docs/generate.py --write`.

![The states of an order and what leads from one to another](order.svg)

What happens to an order follows two tables; whatever no row names raises `ImpossibleTransition`. A row that leads
to the same state names news that comes twice or is overtaken.

## Status

The shop's status of an order, which its user sees: {", ".join(f"`{name}`" for name in STATUSES)}.

The column `status` of the table `orders` differs in one point: it stays `in_doubt` once anybody has given up
asking about the order, whatever the shop learns afterwards, unless the order is declined.

{table(STATUS_ROWS, EVENTS, STATUSES)}

## Fulfilment

How far the shop has got with having the order supplied, which nobody else knows:
{", ".join(f"`{name}`" for name in FULFILMENTS)}.

{table(FULFILMENT_ROWS, STEPS, FULFILMENTS)}

## When the supplier rejects an order

1. `Supplier._supply` verifies the charges. If it does not accept the order, it sends the charges back to the shop
   (`Supplier._return_charges`) and answers `OrderRejected`.
2. `Fulfilment.buy` reads it and calls `_cancel_rejected`: the shop posts the charges that came back
   (`Cancellations.note_charges_returned`) and stops the order (`Cancellations.cancel_order`, step `stop`), whose
   user has a refund to get from now on.
3. `Payables.refund_at_once` sends `Refund` to the bank. `Bank.refund` moves the money, answers `Receipt` and
   sends the user `Refunded`. If the shop cannot pay, the refund waits in `Payables` until money comes in.
4. The user gets a `Refusal` with the reason. Once the last refund is paid, the order is `cancelled`; until then it
   stays `processing`.
"""


def table(rows: Iterable[Row], events: Sequence[str], states: Sequence[str]) -> str:
    """Return rows as a table in Markdown."""
    lines = ["| event | from | to | why |", "|---|---|---|---|"]
    for row in rows:
        before = ", ".join(f"`{states[state]}`" for state in row.states)
        after = "the same" if row.following is None else f"`{states[row.following]}`"
        lines.append(f"| {events[row.event]} | {before} | {after} | {row.why} |")
    return "\n".join(lines)


def picture() -> str:
    """Return the pictures of both tables, one below the other, as an SVG document."""
    panels = [
        panel("Status, as long as somebody answers", ORDERLY.items(), orderly()),
        panel(
            "Status, when nobody answers: doubt, and what ends it",
            [*BEFORE.items(), (STATUSES[IN_DOUBT], DOUBT), *AFTER.items()],
            doubtful(),
        ),
        panel("Fulfilment", FULFILMENT.items(), arrows(FULFILMENT_ROWS, STEPS, FULFILMENTS, FULFILMENT)),
    ]
    placed = "".join(f'<g transform="translate(0 {n * (HEIGHT + 30)})">{one}</g>' for n, one in enumerate(panels))
    size = f'width="{WIDTH}" height="{len(panels) * (HEIGHT + 30)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>The states of an order</title>'
        f"<style>{STYLE}</style>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#555555"/></marker></defs>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{placed}</svg>\n'
    )


def orderly() -> list[Arrow]:
    """Return what leads from a status to another without any doubt."""
    rows = [row._replace(states=tuple(each for each in row.states if each != IN_DOUBT)) for row in STATUS_ROWS]
    return arrows((row for row in rows if row.following != IN_DOUBT), EVENTS, STATUSES, ORDERLY)


def doubtful() -> list[Arrow]:
    """Return what leads into doubt and out of it."""
    found = []
    for row in STATUS_ROWS:
        if row.following == IN_DOUBT:
            found += [Arrow(BEFORE[STATUSES[state]], DOUBT, EVENTS[row.event]) for state in row.states]
        elif row.following is not None and IN_DOUBT in row.states:
            found.append(Arrow(DOUBT, AFTER[STATUSES[row.following]], EVENTS[row.event]))
    return found


def arrows(
    rows: Iterable[Row], events: Sequence[str], states: Sequence[str], places: dict[str, Point]
) -> list[Arrow]:
    """Return an arrow for each state that is left and the one that follows."""
    ways = [
        (states[state], states[row.following], events[row.event])
        for row in rows
        if row.following is not None
        for state in row.states
    ]
    pairs = {(before, after) for before, after, _ in ways}
    return [
        Arrow(places[before], places[after], event, WIDE.get((before, after), BEND * ((after, before) in pairs)))
        for before, after, event in ways
    ]


def panel(title: str, states: Iterable[tuple[str, Point]], ways: Iterable[Arrow]) -> str:
    """Return one picture as SVG elements below its title."""
    boxes = "".join(
        f'<rect class="state" x="{x - BOX_WIDTH / 2:g}" y="{y - BOX_HEIGHT / 2:g}" width="{BOX_WIDTH}" '
        f'height="{BOX_HEIGHT}" rx="6"/><text x="{x:g}" y="{y + 5:g}">{escape(name.replace("_", " "))}</text>'
        for name, (x, y) in states
    )
    drawn = [way(each) for each in ways]
    lines, labels = "".join(line for line, _ in drawn), "".join(label for _, label in drawn)
    head = f'<text class="head" x="20" y="20">{escape(title)}</text>'
    return f'{head}<g transform="translate(0 25)">{lines}{boxes}{labels}</g>'


def way(arrow: Arrow) -> tuple[str, str]:
    """Return an arrow's line and its label, both as SVG elements."""
    (x1, y1), (x2, y2) = arrow.start, arrow.end
    length = hypot(x2 - x1, y2 - y1)
    turn = 2 * arrow.bend / length
    control = (x1 + x2) / 2 + turn * (y2 - y1), (y1 + y2) / 2 - turn * (x2 - x1)
    start, end = edge(arrow.start, control), edge(arrow.end, control)
    line = f'<path class="way" d="M{_at(start)}Q{_at(control)} {_at(end)}"/>'
    x, y = (0.25 * one + 0.5 * two + 0.25 * three for one, two, three in zip(start, control, end, strict=True))
    return line, f'<text class="event" x="{x:.1f}" y="{y + 4:.1f}">{escape(arrow.event)}</text>'


def edge(center: Point, towards: Point) -> Point:
    """Return where a line from a box's centre leaves the box."""
    dx, dy = towards[0] - center[0], towards[1] - center[1]
    scale = min(BOX_WIDTH / 2 / abs(dx) if dx else float("inf"), BOX_HEIGHT / 2 / abs(dy) if dy else float("inf"))
    return center[0] + scale * dx, center[1] + scale * dy


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
