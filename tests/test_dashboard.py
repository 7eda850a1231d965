from itertools import pairwise

import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

import alesha_sim as alesha
from alesha_sim import plots
from alesha_sim.plots.dashboard import PANELS


@pytest.fixture(scope="module")
def result():
    return alesha.simulate(alesha.scenarios.market_day(visits_per_day=200, users=80), seed=7)


pytestmark = pytest.mark.usefixtures("no_figure_left_behind")


def test_a_page_has_the_figures_and_four_plots_with_their_findings(result):
    figure = plots.dashboard(result)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [bool(title) for title in titles] == [False, True, True, True, True]
    assert tuple(figure.get_size_inches()) == pytest.approx((13.333, 7.5))
    metrics = [text.get_text() for text in figure.axes[0].texts]
    assert {"visits", f"{len(result.visits):,}", "revenue, BDT", "shop's cash, BDT"} <= set(metrics)
    assert figure.get_suptitle() == "Market day: " + figure.get_suptitle().partition(": ")[2]
    assert "seed 7, 1 run" in figure.get_suptitle()


def test_scenario_and_seed_stand_once_on_the_page(result):
    figure = plots.dashboard(result)
    notes = [text.get_text() for ax in figure.axes for text in ax.texts if text.get_gid() == "footnote"]
    assert len(notes) == 4
    assert not any("seed" in note for note in notes)


def test_key_figures_stand_beside_each_other_even_when_they_are_long(result, monkeypatch):
    metrics = result.exact_metrics() | {"revenue": 905_412_345_678, "shop_cash": 193_112_345_678}
    monkeypatch.setattr(result, "exact_metrics", lambda: metrics)
    figure = plots.dashboard(result)
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts[::2]]
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


@pytest.mark.parametrize("names", [["stock"], ["queues", "waiting"], ["calendar", "funnel", "stock"]])
def test_other_plots_can_be_chosen(result, names):
    figure = Figure(figsize=(13.333, 7.5), layout="constrained")
    assert plots.dashboard(result, names, figure=figure) is figure
    assert len(figure.axes) == 1 + len(names)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["pie"], "panels: pie: must be among balances, funnel"),
        ([], "panels: 0 of them: must be 1 to 4"),
        (list(PANELS), "panels: 8 of them: must be 1 to 4"),
    ],
)
def test_a_page_that_nobody_could_read_is_refused(result, names, message):
    with pytest.raises(ValueError, match=message):
        plots.dashboard(result, names)


def test_a_conversation_fits_the_axes_that_it_is_given(result):
    ax = Figure(figsize=(5, 6), layout="constrained").subplots()
    assert plots.conversation(result, steps=5, ax=ax) is ax
    ax.figure.draw_without_rendering()
    title = ax.texts[0]
    assert "(the first 5 of " in title.get_text()
    assert Text.get_window_extent(title).x1 <= ax.figure.bbox.x1
    with pytest.raises(ValueError, match="order 9999: must be from 1 to"):
        plots.conversation(result, 9999, ax=ax)
