"""The sequence diagram of a conversation, drawn by matplotlib."""

from typing import TYPE_CHECKING

from alesha_sim.conversation import Conversation, picture
from alesha_sim.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.results.result import Result


def conversation(
    result: "Result | Conversation", order: int = 1, *, steps: int | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw the sequence diagram of an order of a result, or of a conversation such as `result.between(...)`.

    With `steps`, only so many of the first ones. A figure of its own has the diagram's size; in a given `ax` texts
    are made smaller in proportion. Raises ValueError for an unknown order.

    Draws into `ax`, or into a new figure of pyplot, which stays open for the caller to show or close.
    """
    talk = result if isinstance(result, Conversation) else result.follow(order)
    diagram = talk.diagram()
    drawing = (diagram if steps is None else diagram.first(steps)).drawing
    if ax is None:
        from matplotlib import pyplot

        size = drawing.width / picture.PIXELS_PER_INCH, drawing.height / picture.PIXELS_PER_INCH
        ax = pyplot.figure(figsize=size).add_axes((0, 0, 1, 1))
    picture.draw(drawing, ax)
    for text in ax.texts:
        text.set_in_layout(False)  # texts give way to the axes, and are made smaller below
    # One size for both directions, so that slopes and barbs keep their shape.
    ax.set_aspect("equal", anchor="N")
    style.lay_out(ax)
    ax.apply_aspect()
    width, _ = style.size_in_points(ax)
    scale = width / (drawing.width / picture.PIXELS_PER_INCH * 72)
    title = ax.texts[0]
    title.set_fontsize(
        float(title.get_fontsize()) * min(1, 0.95 * width / style.width_in_points(title) / min(scale, 1))
    )
    for text in ax.texts if scale < 1 else ():
        text.set_fontsize(float(text.get_fontsize()) * scale)
    for line in ax.lines if scale < 1 else ():
        line.set_linewidth(line.get_linewidth() * scale)
    return ax
