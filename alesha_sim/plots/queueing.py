"""The plots of how many requests wait for a worker of each organisation, and of how long they wait."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import MaxNLocator, PercentFormatter

from alesha_sim.columns import MISSING_TIME, equals, numbers, text_column
from alesha_sim.conversation import palette
from alesha_sim.plots import style, times
from alesha_sim.results import time_series
from alesha_sim.results.snapshot import queued
from alesha_sim.units import MICROSECONDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result

Floats = npt.NDArray[np.float64]
OTHER_STYLE, OTHER_WIDTH = "-.", 1.6
"""The lines of a reader's own entities."""

CHANGES_MAX, BINS = 400, 160
"""A line with more changes than the first is drawn as means over so many spans of equal length."""


class Queue(NamedTuple):
    """Who waited for a worker of an organisation: `waits` are seconds of all who were served, if only zero.

    `waiting[i]` were waiting from `seconds[i]` on; `mean_waiting` is their mean over the whole run.
    """

    name: str
    waits: Floats
    seconds: Floats
    waiting: npt.NDArray[np.int64]
    mean_waiting: float

    @property
    def has_waited(self) -> bool:
        """Whether anybody ever waited for any time."""
        return bool(self.waiting.any())


def queues(result: "Result", *, ax: "Axes | None" = None) -> "Axes":
    """Plot how many requests wait for a worker of shop, bank and supplier over time, and how long they wait.

    A line with more than 400 changes is drawn as the mean over 160 spans of time.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    ax = style.bare_axes(ax)
    found = queues_of(result)
    last = max((float(queue.seconds[-1]) for queue in found if queue.has_waited), default=0.0)
    until = times.shown_until(result, last)
    unit = times.time_unit(until)
    ends_at = until / unit.seconds
    lines = [_line(queue, until) for queue in found]
    colours = palette.colours([queue.name for queue in found])
    for queue, colour, (at, waiting) in zip(found, colours, lines, strict=True):
        width = style.LINE_WIDTHS.get(queue.name, OTHER_WIDTH)
        ax.plot(
            at / unit.seconds,
            waiting,
            drawstyle="steps-post",
            color=colour,
            linestyle=style.LINE_STYLES.get(queue.name, OTHER_STYLE),
            linewidth=0.75 * width,
            zorder=3 - width / 10,
            label=queue.name,
        )
    averaged = any(len(queue.seconds) > CHANGES_MAX for queue in found)
    times.set_time_axis(ax, result, unit, ends_at)
    ax.set_ylabel("Requests waiting for a worker")
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=not averaged))
    if not any(queue.has_waited for queue in found):
        ax.set(ylim=(-0.05, 1), yticks=(0, 1))
    remark = f"Lines are means over {times.lasting(until / BINS)} each." if averaged else ""
    style.caption(ax, _longest(found), result, remark)
    style.lay_out(ax)
    labels = [
        style.EndLabel(colour, float(waiting[-1]), _head(queue), _foot(queue))
        for queue, colour, (_, waiting) in zip(found, colours, lines, strict=True)
    ]
    style.label_ends(ax, labels, ends_at)
    return ax


def waiting(result: "Result", *, ax: "Axes | None" = None) -> "Axes":
    """Plot which share of requests waited longer than a time for a worker of shop, bank and supplier.

    Counted are requests that were served and notices that were read. The axis ends where one in a thousand of
    those that wait longest is left.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    ax = style.bare_axes(ax)
    found = queues_of(result)
    last = max((float(np.quantile(queue.waits, 0.999)) for queue in found if len(queue.waits)), default=0.0)
    unit = times.time_unit(last)
    ends_at = (last or 1.0) / unit.seconds
    colours = palette.colours([queue.name for queue in found])
    for queue, colour in zip(found, colours, strict=True):
        waits = np.sort(queue.waits)
        at = np.append(0.0, waits) / unit.seconds
        # The share of nobody is none.
        left = (len(waits) - np.searchsorted(waits, at * unit.seconds, side="right")) / max(len(waits), 1)
        ax.plot(
            np.append(at, max(ends_at, at[-1])),
            np.append(left, 0.0),
            drawstyle="steps-post",
            color=colour,
            linestyle=style.LINE_STYLES.get(queue.name, OTHER_STYLE),
            linewidth=style.LINE_WIDTHS.get(queue.name, OTHER_WIDTH),
            label=queue.name,
        )
    top = max((float((queue.waits > 0).mean()) for queue in found if len(queue.waits)), default=0.0)
    # The upper part is kept free for the texts; the lines fall from left to right below it.
    ax.set(xlim=(0, ends_at), ylim=(0, 1.45 * top or 1))
    ax.set_yticks([tick for tick in MaxNLocator(6).tick_values(0, top or 1) if tick <= (top or 1)])
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol="\N{NO-BREAK SPACE}%"))
    ax.set_xlabel(f"{unit.name} of waiting for a worker", loc="left")
    ax.set_ylabel("Share of requests that waited longer")
    times.set_ticks(ax, unit, ends_at)
    style.caption(ax, _longest(found), result, "")
    style.lay_out(ax)
    line = style.LINE_HEIGHT * style.points("medium")
    for place, queue in enumerate(found):
        ax.annotate(
            f"{queue.name.capitalize()}: {_foot(queue)}",
            (1, 1),
            (-4, -(place + 0.5) * line),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="center",
            fontweight="bold",
            color=colours[place],
        )
    return ax


def queues_of(result: "Result") -> list[Queue]:
    """Return the queue before each organisation; who is still waiting at the end waits until then."""
    messages = result.columns("messages")
    recipient, (mail, gone) = text_column(messages, "recipient"), queued(messages)
    came, begun = numbers(messages, "delivered_at"), numbers(messages, "started_at")
    found = []
    parties = [each.name for each in result.scenario.organisations]
    for name in dict.fromkeys([*parties, *result.inboxes]):
        mine = mail & equals(recipient, name)
        served = mine & (begun != MISSING_TIME)
        left = gone[mine & (gone != MISSING_TIME)]
        at = np.concatenate((came[mine], left))
        changes = np.concatenate((np.ones(np.count_nonzero(mine), np.int64), np.full(len(left), -1, np.int64)))
        course = time_series.step_series(at, changes[:, None])
        kept = np.append(True, np.diff(course.values[:, 0]) != 0)
        seconds, counts = course.at[kept] / MICROSECONDS, course.values[kept, 0]
        spans = np.diff(np.append(seconds, max(result.ended_at, seconds[-1])))
        mean = float(counts @ spans / spans.sum()) if spans.sum() else 0.0
        found.append(Queue(name, (begun - came)[served] / MICROSECONDS, seconds, counts, mean))
    return found


def _line(queue: Queue, until: float) -> tuple[Floats, Floats]:
    """Return a line of the number waiting: as it was, or the mean over each of many spans."""
    if len(queue.seconds) <= CHANGES_MAX:
        return np.append(queue.seconds, until), np.append(queue.waiting, queue.waiting[-1]).astype(np.float64)
    edges = np.linspace(0, until, BINS + 1)
    whole = np.concatenate(([0.0], np.cumsum(np.diff(queue.seconds) * queue.waiting[:-1])))
    place = np.searchsorted(queue.seconds, edges, side="right") - 1
    area = whole[place] + (edges - queue.seconds[place]) * queue.waiting[place]
    means = np.diff(area) / np.diff(edges)
    return edges, np.append(means, means[-1])


def _head(queue: Queue) -> str:
    name, mean = queue.name.capitalize(), queue.mean_waiting
    if not queue.has_waited:
        return f"{name}: nobody waits"
    return f"{name}: mean {mean:.2g} waiting" if mean >= 0.01 else f"{name}: mean under 0.01 waiting"


def _foot(queue: Queue) -> str:
    if not queue.waits.any():
        return f"{len(queue.waits):,} served at once" if len(queue.waits) else "nobody came"
    return f"waits {times.lasting(float(queue.waits.mean()))}, at most {times.lasting(float(queue.waits.max()))}"


def _longest(found: list[Queue]) -> str:
    """Return the title: where requests wait longest."""
    waited = [queue for queue in found if queue.waits.any()]
    if not waited:
        return "Nobody waits for a worker of shop, bank or supplier"
    longest = max(waited, key=lambda queue: float(queue.waits.mean()))
    mean, most = times.lasting(float(longest.waits.mean())), times.lasting(float(longest.waits.max()))
    return f"Requests wait longest at the {longest.name}: {mean} in the mean, at most {most}"
