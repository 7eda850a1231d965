"""The plot of how far visits got, and why the others were lost on the way."""

import textwrap
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, isin, numbers, text_column
from alesha_sim.plots import style
from alesha_sim.tables.every_order import row_of
from alesha_sim.vocabulary import NO_ID, STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

    from alesha_sim.results.result import Result

NAMES = ("Home page", "Registered or logged in", "Checked out", "Paid", "Delivered")
TOLD: Mapping[str, str] = {
    "declined": "were declined",
    "cancelled": "were cancelled",
    "still open": "are still open",
    "unanswered": "got no answer",
    "abandoned": "gave up",
}
PAD = 5.0  # points between a text and what it belongs to
LETTER_WIDTH, LINE_HEIGHT = 0.6, 1.3  # of the font that comes with Matplotlib, as shares of its size
CLOSED = ("declined", "cancelled", "returned")


class Stage(NamedTuple):
    """How many visits came at least this far, and why some came no further: visits by reason."""

    name: str
    visits: int
    losses: Mapping[str, int]


def funnel(result: "Result", *, ax: "Axes | None" = None) -> "Axes":
    """Plot how many visits came how far, from the home page to delivery, and name what the others were lost to.

    Each stage has a bar, a count and its share of all visits; the reasons for the losses stand between the bars,
    most frequent first, also as shares of all visits, so that shares add up down the page.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    ax = style.bare_axes(ax)
    ax.set_axis_off()
    stages = funnel_stages(result)
    style.caption(ax, _finding(stages), result, "Counts are visits, shares are of all visits.")
    style.lay_out(ax)
    _draw(ax, stages)
    return ax


def funnel_stages(result: "Result") -> list[Stage]:
    """Return the stages of the funnel in their order; what one loses is missing from the next.

    So `stage.visits - sum(stage.losses.values())` is the count of the stage that follows, and what counts is what
    is known at the end of the run. The last stage loses nothing. Reasons are `only looked`; `declined: ` and
    `cancelled: ` with the reason in the tables; `abandoned`; `unanswered`; and, for visits and orders that were
    not over when the run ended, `still open: ` with the order's status, or `visiting`.
    """
    found, visits = _kinds(result)
    stages = []
    for place, name in enumerate(NAMES):
        losses: Counter[str] = Counter()
        for kind, count in zip(found, visits, strict=True):
            if kind.depth == place < len(NAMES) - 1:
                losses[_reason(kind)] += count
        count = sum(count for kind, count in zip(found, visits, strict=True) if kind.depth >= place)
        stages.append(Stage(name, count, dict(sorted(losses.items(), key=lambda loss: (-loss[1], loss[0])))))
    return stages


class _Kind(NamedTuple):
    """What decides the place of a visit: its last stage, and the texts that tell why it went no further."""

    depth: int
    outcome: str
    status: str
    reason: str
    refusal: str


def _kinds(result: "Result") -> tuple[list[_Kind], list[int]]:
    """Return the kinds of visits that there were, and how many visits were of each."""
    visits, orders = result.columns("visits"), result.columns("orders")
    order = numbers(visits, "order")
    row = row_of(orders, order)
    texts = (
        text_column(visits, "outcome"),
        _of_visits(text_column(orders, "status"), row),
        _of_visits(text_column(orders, "reason"), row),
        _last_refusals(result.columns("messages"), len(order)),
    )
    table = np.column_stack([_depths(visits, orders, row), *(text.codes for text in texts)])
    kinds, counts = np.unique(table, axis=0, return_counts=True)
    words = [(*text.labels, "") for text in texts]  # the code -1 of a missing text finds the last
    found = [_Kind(row[0], *(words[i][code] for i, code in enumerate(row[1:]))) for row in kinds.tolist()]
    return found, counts.tolist()


def _of_visits(text: TextColumn, row: npt.NDArray[np.int64]) -> TextColumn:
    """Return a text of orders as one of the visits that placed those in rows `row`, missing where none was."""
    return TextColumn(np.append(text.codes, np.int32(NO_ID))[row], text.labels)


def _last_refusals(messages: Columns, visits: int) -> TextColumn:
    """Return for each visit the reason of the last refusal that it got."""
    details, visit = text_column(messages, "reason"), numbers(messages, "visit")
    refused = (details.codes != NO_ID) & (visit != NO_ID)
    codes = np.full(visits, NO_ID, np.int32)
    codes[visit[refused]] = details.codes[refused]  # of several values for one place the last one stays
    return TextColumn(codes, details.labels)


def _depths(visits: Columns, orders: Columns, row: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how far each visit got, as the place of its last stage; `row` is that of its order."""
    depth = np.zeros(len(row), np.int64)
    for place, stage in ((1, "logged_in"), (2, "checked_out")):
        depth[isin(text_column(visits, "stage"), STAGES[STAGES.index(stage) :])] = place
    ordered = np.flatnonzero(row != NO_ID)
    for place, instant in ((3, "paid_at"), (4, "delivered_at")):
        happened = numbers(orders, instant)[row[ordered]] != MISSING_TIME
        depth[ordered[happened]] = place
    return depth


def _reason(kind: _Kind) -> str:
    """Return why visits of a kind went no further."""
    if kind.status in CLOSED:
        return f"{kind.status}: {kind.reason}".removesuffix(": ")
    if kind.status not in ("", "received"):
        return f"still open: {kind.status}"
    match kind.outcome:
        case "looked":
            return "only looked"
        case "declined":
            return f"declined: {kind.refusal}".removesuffix(": ")
        case "abandoned" | "unanswered":
            return kind.outcome
    return f"still open: {kind.status or 'visiting'}"


def _draw(ax: "Axes", stages: list[Stage]) -> None:
    """Draw bars, the slopes between them, and all texts inside the axes, so that no layout cuts them off.

    The horizontal axis counts visits, with the names left of 0; the vertical one points of the page, downwards.
    """
    width, height = style.size_in_points(ax)
    visits = stages[0].visits
    names = [_text(ax, stage.name.replace(" or", "\nor"), 0, -PAD, ha="right") for stage in stages]
    counts = [_text(ax, _count_text(stage, visits), stage.visits, PAD, fontweight="bold") for stage in stages]
    left = max(map(style.width_in_points, names)) + 2 * PAD
    # Every count must fit beside its bar; the first bar is the longest.
    right = style.width_in_points(counts[0]) + 2 * PAD
    scale = max(visits, 1) / max(width - left - right, 0.2 * width)
    ax.set_xlim(-left * scale, (width - left) * scale)
    letter = style.points("medium")
    rows = _rows(stages, height, int((width - left) / (LETTER_WIDTH * letter)), letter)
    ax.set_ylim(max(height, rows[-1].top + rows[-1].bar), 0)
    for row, name, count in zip(rows, names, counts, strict=True):
        name.xy, count.xy = (0, row.middle), (row.visits, row.middle)
    ax.barh([row.middle for row in rows], [row.visits for row in rows], rows[0].bar, color=style.COLOURS["users"])
    for row, after in pairwise(rows):
        begin, end = row.top + row.bar, after.top
        ax.fill((0, row.visits, after.visits, 0), (begin, begin, end, end), color=style.PALE, linewidth=0)
        _text(ax, "\n".join(row.lost), 0, PAD).xy = (0, (begin + end) / 2)


class _Row(NamedTuple):
    """Where a stage is drawn: the top and the thickness of its bar, and the lines of text below it."""

    top: float
    bar: float
    visits: int
    lost: list[str]

    @property
    def middle(self) -> float:
        return self.top + self.bar / 2


def _rows(stages: list[Stage], height: float, characters: int, letter: float) -> list[_Row]:
    """Divide `height` points among the bars and the texts between them; a text gets the room that it needs."""
    lost = [_losses_lines(stage.losses, stages[0].visits, characters) for stage in stages]
    gaps = [LINE_HEIGHT * letter * (len(lines) + 0.4) for lines in lost[:-1]]
    spare = max((height - sum(gaps)) / len(stages), LINE_HEIGHT * letter)
    bar = min(spare, 2.4 * letter)
    rest = (spare - bar) * len(stages) / len(gaps)
    tops = [0.0, *accumulate(bar + gap + rest for gap in gaps)]
    return [_Row(top, bar, stage.visits, lines) for top, stage, lines in zip(tops, stages, lost, strict=True)]


def _text(ax: "Axes", text: str, count: int, offset: float, **look: Any) -> "Annotation":
    return ax.annotate(
        text,
        (count, 0),
        (offset, 0),
        textcoords="offset points",
        va="center",
        color=style.DARK,
        annotation_clip=False,
        **look,
    )


def _count_text(stage: Stage, visits: int) -> str:
    unit = "" if stage.name != NAMES[0] else " visit" if stage.visits == 1 else " visits"
    return f"{stage.visits:,}{unit}" + (f" ({_share(stage.visits, visits)})" if visits else "")


def _share(part: int, whole: int) -> str:
    """Write a share of all visits as a percentage."""
    percent = 100 * part / whole
    return f"{percent:.{0 if percent in (0, 100) else 1}f}\N{NO-BREAK SPACE}%"


def _losses_lines(losses: Mapping[str, int], visits: int, characters: int) -> list[str]:
    """Write the reasons of a loss in at most three lines, those of one group together."""
    groups: dict[str, list[str]] = {}
    for reason, count in losses.items():
        group, _, detail = reason.replace("_", " ").rpartition(": ")
        loss = f"\N{MINUS SIGN}{count:,} {detail} ({_share(count, visits)})"
        groups.setdefault(group, []).append(loss.replace(" ", "\N{NO-BREAK SPACE}"))
    text = "; ".join(f"{group}: {', '.join(parts)}".removeprefix(": ") for group, parts in groups.items())
    return textwrap.wrap(text, max(characters, 20), max_lines=3, placeholder=" and others")


def _finding(stages: list[Stage]) -> str:
    """Return the title: how many visits end in a delivery, and what most of the others were lost to."""
    visits, delivered = stages[0].visits, stages[-1].visits
    if not visits:
        return "Nobody visits the shop"
    if delivered == visits:
        return f"{'The only visit ends' if visits == 1 else f'All {visits:,} visits end'} in a delivery"
    losses: Counter[str] = Counter()
    for stage in stages:
        for reason, count in stage.losses.items():
            losses[reason.partition(":")[0]] += count
    reason, count = losses.most_common(1)[0]
    ends = "ends" if delivered == 1 else "end"
    return f"{delivered:,} of {visits:,} visits {ends} in a delivery; {count:,} {TOLD.get(reason, reason)}"
