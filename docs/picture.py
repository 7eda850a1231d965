"""Draw the picture that the README opens with: the messages of one purchase, and the deposits before and after.

`python docs/picture.py FILE` writes it as SVG. It is the package's own diagram, cropped so that its letters are
readable at the width at which a repository's page shows it (`tests/test_readme.py` measures them in a browser).
"""

import re
import sys
from pathlib import Path

import alesha_sim as alesha
from alesha_sim.conversation.svg import FONT

SEED = 7
SINCE, UNTIL = "2021-01-01T00:00:00.720", "2021-01-01T00:00:02"
LEFT, RIGHT = 36, 900
"""What is shown of the diagram's width."""

SHOWN_WIDTH = 880
"""At how many pixels' width a repository's page shows the picture."""

TIMES_AT, STRIP = 46, 44
CLOCK = re.compile(r'<text x="12" y="([\d.]+)" font-size="10.5" fill="#767676">[^<]*00:00:0([\d.]+)0</text>')


def picture() -> str:
    """Return the picture as one SVG document."""
    result = alesha.simulate(alesha.scenarios.first_purchase(), seed=SEED)
    purchase = result.follow(1).where(since=SINCE, until=UNTIL)
    purchase.title = "One purchase, from the check-out to the confirmation"
    diagram = purchase.diagram()
    drawing = diagram.drawing
    times = rf'<text x="{TIMES_AT}" y="\1" font-size="12" fill="#595959">\2 s</text>'
    inside = CLOCK.sub(times, diagram.svg).replace('<text x="16" y="22"', f'<text x="{TIMES_AT}" y="22"')
    width, height = RIGHT - LEFT, drawing.height + STRIP
    size = f'width="{SHOWN_WIDTH}" height="{height * SHOWN_WIDTH / width:.0f}"'
    lanes = {lane.name: lane.x for lane in drawing.lanes}
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="{LEFT} 0 {width} {height:g}">'
        f'<rect x="{LEFT}" width="100%" height="100%" fill="#ffffff"/>{inside}'
        f'<g {FONT} font-size="13" fill="#222222">'
        f"{''.join(deposits(result, lanes, drawing.height))}</g></svg>\n"
    )


def deposits(result: "alesha.Result", lanes: dict[str, float], y: float) -> list[str]:
    """Return, below each party's lane, its deposit before and after the run; below the bank's, all deposits."""
    accounts = result.accounts.query("account.str.startswith('bank:deposits:')").set_index("account")
    lines = [
        f'<text x="{TIMES_AT}" y="{y + 4:g}" font-size="12" fill="#595959">Deposits (BDT), before → after</text>'
    ]
    for name, x in lanes.items():
        own = accounts if name == "bank" else accounts.loc[[f"bank:deposits:{name}"]]
        change = f"{own['opening'].sum():,.0f} → {own['closing'].sum():,.0f}"
        whose = "all: " if name == "bank" else ""
        lines.append(
            f'<text x="{x:g}" y="{y + 26:g}" text-anchor="middle" font-weight="bold">{whose}{change}</text>'
        )
    return lines


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), "utf-8")
