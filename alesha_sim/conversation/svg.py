"""A laid-out diagram as SVG text. It asks for nothing from outside, so that it shows wherever an image does."""

from collections.abc import Iterator
from html import escape
from math import atan2, degrees, hypot

from alesha_sim.conversation.layout import LINE, Arrow, Box, Drawing, Lane

STYLE_COLOURS = {"plain": "#333333", "refused": "#B33C00", "lost": "#B33C00", "open": "#666666", "idle": "#666666"}
DASHES = {"refused": "7 3", "open": "2 4", "idle": "4 4"}
FONT = "font-family=\"'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif\""
STEEP = 20.0
"""From how many degrees on a label is not turned along its arrow."""

HALO = 'stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'


def svg(drawing: Drawing) -> str:
    """Return the diagram as an SVG document on white ground."""
    width, height = f"{drawing.width:g}", f"{drawing.height:g}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" {FONT} font-size="12">',
            f"<title>{escape(drawing.title)}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            f'<text x="16" y="22" font-size="14" font-weight="bold" fill="#222222">{escape(drawing.title)}</text>',
            *_inside(drawing),
            "</svg>",
        ]
    )


def _inside(drawing: Drawing) -> Iterator[str]:
    for lane in drawing.lanes:
        yield _line(lane, drawing.height)
    for mark in drawing.instants:
        yield f'<text x="12" y="{mark.y + 4:g}" font-size="10.5" fill="#767676">{mark.text}</text>'
    for mark in drawing.pauses:
        yield (
            f'<path d="M12 {mark.y - 4:g}H{drawing.width - 12:g}" stroke="#bbbbbb" stroke-dasharray="1 5"/>'
            f'<text x="{drawing.width / 2:g}" y="{mark.y:g}" text-anchor="middle" font-style="italic" '
            f'fill="#666666" {HALO}>{mark.text}</text>'
        )
    yield from map(_arrow, drawing.arrows)
    yield from map(_box, drawing.boxes)
    yield from map(_head, drawing.lanes)
    yield from map(_label, drawing.arrows)


def _line(lane: Lane, height: float) -> str:
    return f'<path d="M{lane.x:g} 60V{height - 12:g}" stroke="{lane.colour}" stroke-width="2" opacity="0.55"/>'


def _head(lane: Lane) -> str:
    return (
        f'<rect x="{lane.x - 52:g}" y="36" width="104" height="26" rx="5" fill="#ffffff" '
        f'stroke="{lane.colour}" stroke-width="2.5"/><text x="{lane.x:g}" y="53.5" text-anchor="middle" '
        f'font-size="13" font-weight="bold" fill="#222222">{escape(lane.name)}</text>'
    )


def _arrow(arrow: Arrow) -> str:
    colour = STYLE_COLOURS[arrow.style]
    dashes = f' stroke-dasharray="{DASHES[arrow.style]}"' if arrow.style in DASHES else ""
    line = f"M{arrow.x1:g} {arrow.y1:g}L{arrow.x2:g} {arrow.y2:g}"
    return f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>' + _tip(arrow, colour)


def _tip(arrow: Arrow, colour: str) -> str:
    x, y = arrow.x2, arrow.y2
    if arrow.style == "lost":
        return f'<path d="M{x - 6:g} {y - 6:g}l12 12m0 -12l-12 12" stroke="{colour}" stroke-width="3"/>'
    (x3, y3), (x4, y4) = barbs(arrow)
    return f'<path d="M{x3:g} {y3:g}L{x:g} {y:g}L{x4:g} {y4:g}z" fill="{colour}"/>'


def barbs(arrow: Arrow) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two points behind an arrow's tip."""
    dx, dy = arrow.x2 - arrow.x1, arrow.y2 - arrow.y1
    length = hypot(dx, dy) or 1.0
    ux, uy = dx / length, dy / length
    x, y = arrow.x2 - 10 * ux, arrow.y2 - 10 * uy
    return (round(x - 4 * uy, 2), round(y + 4 * ux, 2)), (round(x + 4 * uy, 2), round(y - 4 * ux, 2))


def label_place(arrow: Arrow) -> tuple[float, float, float]:
    """Return the foot of an arrow's label, in its middle, and its turn in degrees: along the arrow if flat."""
    dx, dy = arrow.x2 - arrow.x1, arrow.y2 - arrow.y1
    share = 0.8 if arrow.style in ("lost", "open") else 0.5
    turn = degrees(atan2(dy, abs(dx))) * (1 if dx > 0 else -1)
    if abs(turn) > STEEP:
        share, turn = 0.5, 0.0
    return arrow.x1 + dx * share, arrow.y1 + dy * share - 5, round(turn, 1)


def _label(arrow: Arrow) -> str:
    x, y, turn = label_place(arrow)
    turned = f' transform="rotate({turn:g} {x:g} {y:g})"' if turn else ""
    weight = ' font-weight="bold"' if arrow.style in ("refused", "lost") else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="middle" fill="{STYLE_COLOURS[arrow.style]}"'
        f"{weight}{turned} {HALO}>"
        f"{escape(arrow.label)}</text>"
    )


def _box(box: Box) -> str:
    lines = "".join(
        f'<text x="{box.x + box.width / 2:g}" y="{box.y + 14 + LINE * place:g}" text-anchor="middle" '
        f'font-size="11.5" fill="#222222">{escape(line)}</text>'
        for place, line in enumerate(box.lines)
    )
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="3" '
        f'fill="#FFF8DC" stroke="#A08A3C"/>{lines}'
    )
