"""A laid-out diagram drawn by matplotlib, for print and for viewers without SVG."""

from io import BytesIO
from typing import TYPE_CHECKING

from alesha_sim.conversation.layout import LINE, Drawing
from alesha_sim.conversation.svg import STYLE_COLOURS, barbs, label_place

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PIXELS_PER_INCH = 96.0
STYLES = {"plain": "-", "refused": (0, (7, 3)), "lost": "-", "open": (0, (2, 4)), "idle": (0, (4, 4))}


def png(drawing: Drawing, dpi: float) -> bytes:
    """Return the diagram as a PNG file; no window and no pyplot state is made."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((drawing.width / PIXELS_PER_INCH, drawing.height / PIXELS_PER_INCH), dpi=dpi)
    FigureCanvasAgg(figure)
    draw(drawing, figure.add_axes((0, 0, 1, 1)))
    file = BytesIO()
    figure.savefig(file, format="png", facecolor="white")
    return file.getvalue()


def draw(drawing: Drawing, ax: "Axes") -> None:
    """Draw on axes, whose limits become the diagram's; texts are sized for a figure of its own size."""
    ax.set_xlim(0, drawing.width)
    ax.set_ylim(drawing.height, 0)
    ax.axis("off")
    ax.text(16, 22, drawing.title, size=10.5, weight="bold", color="#222222", va="baseline")
    for lane in drawing.lanes:
        ax.plot([lane.x, lane.x], [60, drawing.height - 12], color=lane.colour, lw=1.5, alpha=0.55)
        frame = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": lane.colour, "lw": 2}
        ax.text(lane.x, 48, lane.name, size=9.5, weight="bold", ha="center", va="center", bbox=frame, zorder=5)
    for mark in drawing.instants:
        ax.text(12, mark.y + 4, mark.text, size=7.5, color="#767676")
    halo = {"fc": "white", "ec": "none", "pad": 0.8}
    for mark in drawing.pauses:
        ax.plot([12, drawing.width - 12], [mark.y - 4] * 2, color="#bbbbbb", lw=0.8, ls=(0, (1, 5)))
        ax.text(
            drawing.width / 2, mark.y, mark.text, size=8.5, style="italic", color="#666666", ha="center", bbox=halo
        )
    _draw_messages(drawing, ax)
    for box in drawing.boxes:
        from matplotlib.patches import Rectangle

        ax.add_patch(
            Rectangle((box.x, box.y), box.width, box.height, fc="#FFF8DC", ec="#A08A3C", lw=0.8, zorder=3)
        )
        for place, line in enumerate(box.lines):
            ax.text(box.x + box.width / 2, box.y + 14 + LINE * place, line, size=8, ha="center", zorder=4)


def _draw_messages(drawing: Drawing, ax: "Axes") -> None:
    halo = {"fc": "white", "ec": "none", "pad": 0.6, "alpha": 0.85}
    for arrow in drawing.arrows:
        colour = STYLE_COLOURS[arrow.style]
        ax.plot([arrow.x1, arrow.x2], [arrow.y1, arrow.y2], color=colour, lw=1.2, ls=STYLES[arrow.style], zorder=2)
        if arrow.style == "lost":
            ax.plot([arrow.x2], [arrow.y2], marker="x", color=colour, ms=9, mew=2.4, zorder=4)
        else:
            (x3, y3), (x4, y4) = barbs(arrow)
            ax.fill([x3, arrow.x2, x4], [y3, arrow.y2, y4], color=colour, lw=0, zorder=2)
        x, y, turn = label_place(arrow)
        weight = "bold" if arrow.style in ("refused", "lost") else "normal"
        ax.text(
            x,
            y,
            arrow.label,
            size=8.5,
            color=colour,
            weight=weight,
            ha="center",
            va="bottom",
            rotation=-turn,
            rotation_mode="anchor",
            bbox=halo,
            zorder=4,
        )
