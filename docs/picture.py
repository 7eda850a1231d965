"""Draw the picture that the README opens with: messages of one purchase, beside everybody's balances.

`python docs/picture.py FILE` writes it as SVG; the same versions of the packages give the same bytes.
"""

import re
import sys
from io import StringIO
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

import alesha_sim as alesha
from alesha_sim.plots import style

SEED = 7
SINCE, UNTIL = "2021-01-01T00:00:00.720", "2021-01-01T00:00:02"
GAP, PLOT_WIDTH = 24, 720
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "alesha_sim", "font.family": "DejaVu Sans"}


def picture() -> str:
    """Return the picture as one SVG document."""
    result = alesha.simulate(alesha.scenarios.first_purchase(), seed=SEED)
    purchase = result.follow(1).where(since=SINCE, until=UNTIL)
    purchase.title = "One purchase, from the check-out to the confirmation"
    diagram = purchase.diagram()
    width, height = diagram.drawing.width, diagram.drawing.height
    plot, plot_height = balances(result)
    size = width + GAP + PLOT_WIDTH, max(height, plot_height)
    whole, below = f'width="{size[0]:g}" height="{size[1]:g}"', (size[1] - plot_height) / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {whole} viewBox="0 0 {size[0]:g} {size[1]:g}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{diagram.svg}'
        f'<g transform="translate({width + GAP:g} {below:g})">{plot}</g></svg>\n'
    )


def balances(result: "alesha.Result") -> tuple[str, float]:
    """Return the plot of balances as an SVG element of a fixed width, and its height."""
    figure, drawn = Figure(figsize=style.FIGURE_INCHES, layout="constrained"), StringIO()
    with matplotlib.rc_context(SETTINGS):
        alesha.plots.balances(result, ax=figure.subplots())
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :].rstrip()
    inches = style.FIGURE_INCHES
    height = PLOT_WIDTH * inches[1] / inches[0]
    size = f'width="{PLOT_WIDTH}" height="{height:g}"'
    return re.sub(r'width="[^"]*pt" height="[^"]*pt"', size, text, count=1), height


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), "utf-8")
