"""The plots by their picture: each is compared with a small one that was looked at, within a tolerance.

`ALESHA_NEW_PICTURES=1 pytest tests/test_pictures.py` draws the pictures to compare with anew; look at them then.
"""

import os
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images
from matplotlib.testing.exceptions import ImageComparisonFailure
from PIL import Image

import alesha_sim as alesha
from alesha_sim import plots

PICTURES = Path(__file__).parent / "pictures"
PIXELS = 420
"""The width of a picture; its height follows."""

TOLERANCE = 9.0
"""The root mean square of differences, of 255: another version's hinting stays below, another figure does not."""

LARGEST = 30_000
"""Bytes of a picture in the repository."""

PLOTS = {
    "balances": plots.balances,
    "funnel": plots.funnel,
    "cash_bridge": plots.cash_bridge,
    "delivery_times": plots.delivery_times,
    "stock": plots.stock,
    "queues": plots.queues,
    "waiting": plots.waiting,
    "calendar": plots.calendar,
    "conversation": lambda result: plots.conversation(result.between("shop", "bank"), steps=4),
    "dashboard": plots.dashboard,
}
EVERY_PLOT = pytest.mark.parametrize("name", PLOTS)


@pytest.fixture(autouse=True)
def _house_settings():
    mpl.use("Agg")
    with mpl.rc_context(mpl.rcParamsDefault):
        mpl.rcParams["backend"] = "Agg"
        yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def result():
    """Return a run in which something waits everywhere, some pay in vain and some orders stay open."""
    scenario = alesha.scenarios.market_day(days=3, wrong_secret=0.1, visits_per_day=300, users=100)
    return alesha.simulate(scenario.with_settings({"drain": 43_200, "supplier.workers": 1}), seed=7)


@pytest.fixture(scope="module")
def short():
    """Return a run with few orders, whose supplier's products wait in stock and are back-ordered."""
    return alesha.simulate(alesha.scenarios.market_day(visits_per_day=40, users=20), seed=7)


def figure_of(drawn):
    return drawn if isinstance(drawn, Figure) else drawn.figure


def picture(name, result, place):
    figure = figure_of(PLOTS[name](result))
    figure.savefig(place, dpi=PIXELS / figure.get_figwidth())
    return place


def is_alike(expected, drawn):
    try:
        return compare_images(str(expected), str(drawn), TOLERANCE) is None
    except ImageComparisonFailure:  # they differ in size
        return False


def shelved(result, monkeypatch):
    """Give a result goods in stock and back-orders, such as stock policies bring."""
    stock = result.stock(every="6h")
    stock["on_hand"] = [(7 * row) % 23 if row % 5 else 0 for row in range(len(stock))]
    stock["backordered"] = [0 if row % 5 else row % 17 for row in range(len(stock))]
    monkeypatch.setattr(result, "stock", lambda: stock)


@EVERY_PLOT
def test_a_plot_looks_as_it_did_when_it_was_looked_at(name, result, tmp_path, monkeypatch):
    shelved(result, monkeypatch)
    expected = PICTURES / f"{name}.png"
    if os.environ.get("ALESHA_NEW_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        picture(name, result, expected)
        with Image.open(expected) as drawn:  # few colours, so that the repository stays small
            drawn.convert("RGB").quantize(48).save(expected, optimize=True)
    drawn = picture(name, result, tmp_path / f"{name}.png")
    assert is_alike(expected, drawn)


@EVERY_PLOT
def test_the_comparison_sees_another_run(name, result, short, tmp_path):
    drawn = picture(name, short, tmp_path / f"{name}.png")
    assert not is_alike(PICTURES / f"{name}.png", drawn)


@EVERY_PLOT
def test_a_picture_in_the_repository_is_small(name):
    assert (PICTURES / f"{name}.png").stat().st_size < LARGEST


@EVERY_PLOT
def test_every_text_is_legible_on_a_slide(name, result):
    """On a slide 7.5 inches high no text is smaller than 8 points, the size of a footnote."""
    figure = figure_of(PLOTS[name](result))
    figure.draw_without_rendering()
    enlarged = min(13.333 / figure.get_figwidth(), 7.5 / figure.get_figheight())
    sizes = [text.get_fontsize() for text in figure.findobj(mpl.text.Text) if text.get_text()]
    assert min(sizes) * enlarged >= 8
