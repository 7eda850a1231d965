"""The plots of studies by their structure: what is drawn where, what is said, and what is refused."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from alesha_sim import compare, plots, replicate, sweep
from alesha_sim.experiments.metric_units import TIME_UNITS, time_unit, unit_of
from alesha_sim.plots.times import set_ticks
from alesha_sim.scenarios import ScenarioError, market_day

FIGURE = "mean_delivery_seconds"


pytestmark = pytest.mark.usefixtures("no_figure_left_behind")


@pytest.fixture(scope="module")
def swept():
    design = {"bank.workers": [1, 2], "supplier.lead_time": ["1 day", "2 days", "7 days"]}
    market = market_day(users=20, visits_per_day=30)
    return sweep(market, design, runs=4, seed=5, jobs=1, series=("balances", "open_orders"))


@pytest.fixture(scope="module")
def single():
    market = market_day(users=20, visits_per_day=30)
    return replicate(market, until={"orders": 0.15}, seed=5, jobs=1, series=("balances",))


DRAW = {
    "distribution": lambda study, **options: plots.distribution(study, FIGURE, **options),
    "band": lambda study, **options: plots.band(study, "balances", "shop", **options),
    "effects": lambda study, **options: plots.effects(study, FIGURE, **options),
    "precision": lambda study, **options: plots.precision(study, FIGURE, **options),
    "heat_map": lambda study, **options: plots.heat_map(
        study, FIGURE, "bank.workers", "supplier.lead_time", **options
    ),
    "warm_up": lambda study, **options: plots.warm_up(study, "open_orders", "orders", **options),
}


def footnote(ax):
    (text,) = (text for text in ax.texts if text.get_gid() == "footnote")
    return " ".join(text.get_text().split())  # broken into lines where the axes are narrow


LONG = 1e15
AXES = [
    (LONG, 12_096_000, "Weeks", 604_800), (12_095_999, 259_200, "Days", 86_400),
    (259_199, 10_800, "Hours", 3600), (10_799, 180, "Minutes", 60), (179, 0, "Seconds", 1),
]  # fmt: skip


@pytest.mark.parametrize(("most", "least", "name", "seconds"), AXES)
def test_an_axis_counts_in_weeks_from_twenty_of_them_on_and_in_other_units_from_three_on(
    most, least, name, seconds
):
    assert {time_unit(most)[1:3], time_unit(least)[1:3]} == {(seconds, name)}


STEPS = {
    "Weeks": (2, 4, 13, 26, 52), "Days": (1, 2, 7, 14, 28), "Hours": (1, 2, 3, 6, 12),
    "Minutes": (1, 2, 5, 10, 15, 30),
}  # fmt: skip


@pytest.mark.parametrize("unit", TIME_UNITS[:-1], ids=STEPS)
def test_an_axis_of_time_has_at_most_eight_steps_each_of_which_divides_time_as_calendars_do(unit):
    for step, wider in pairwise((0, *STEPS[unit.name])):
        for ends_at in (8 * step + 0.1, 8 * wider):
            ax = Figure().subplots()
            set_ticks(ax, unit, ends_at)
            ticks = ax.get_xticks().tolist()
            assert ticks[:2] == ([0, wider] if ends_at >= wider else [0])
            assert len(ticks) == ends_at // wider + 1


@pytest.mark.parametrize("name", DRAW)
def test_each_plot_draws_where_it_is_told_and_says_where_it_comes_from(swept, name):
    figure = Figure(layout="constrained")
    given = figure.subplots()
    ax = DRAW[name](swept, ax=given)
    assert ax is given
    figure.draw_without_rendering()
    assert not pyplot.get_fignums()
    assert ax.get_title(loc="left")
    assert "market_day" in footnote(ax)
    assert "seed 5" in footnote(ax)
    assert "runs" in footnote(ax)
    assert not ax.spines["top"].get_visible()


@pytest.mark.parametrize("name", DRAW)
def test_each_plot_makes_a_figure_of_its_own(swept, name):
    DRAW[name](swept)
    assert len(pyplot.get_fignums()) == 1


def test_a_distribution_shows_each_run_and_the_mean(single):
    ax = plots.distribution(single, "orders")
    values = single.values("orders")
    (rug,) = (line for line in ax.lines if line.get_marker() == "|")
    assert rug.get_xdata().tolist() == values.tolist()
    assert sum(bar.get_height() for bar in ax.containers[0]) == len(values)
    assert any(np.allclose(line.get_xdata(), values.mean()) for line in ax.lines if line is not rug)


def test_runs_are_counted_in_whole_numbers(single):
    for draw, axis in ((plots.distribution, "yaxis"), (plots.precision, "xaxis")):
        ticks = getattr(draw(single, "orders"), axis).get_majorticklocs()
        assert all(tick == round(tick) for tick in ticks)


def test_a_band_is_the_mean_with_its_interval(single):
    ax = plots.band(single, "balances", "shop")
    frame = single.series("balances").query("name == 'shop'")
    (line,) = ax.lines
    assert line.get_ydata() == pytest.approx(frame["mean"].to_numpy())
    assert line.get_xdata() == pytest.approx(frame["seconds"].to_numpy() / 3600)
    assert ax.get_xlabel() == "Hours since the start"
    pale, dark = (each.get_paths()[0].vertices[:, 1] for each in ax.collections)
    assert (dark.min(), dark.max()) == pytest.approx((frame["low"].min(), frame["high"].max()))
    assert (pale.min(), pale.max()) == pytest.approx((frame["few"].min(), frame["most"].max()))


def test_several_bands_are_labelled_at_their_ends(swept):
    ax = plots.band(swept, "balances", "shop")
    texts = [text.get_text() for text in ax.texts]
    assert all(swept.label(point) in texts for point in range(6))
    with pytest.raises(ScenarioError, match="points: 7: must be from 1 to 6 in one plot"):
        plots.band(swept, "balances", "shop", points=[0] * 7)
    with pytest.raises(ScenarioError, match="name: 'shoop': is not in balances: nearest is shop"):
        plots.band(swept, "balances", "shoop")


def test_effects_are_sorted_and_have_their_intervals_and_zero(swept):
    ax = plots.effects(swept, FIGURE)
    frame = swept.differences(FIGURE, baseline=0).sort_values("difference")
    dots = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [dot.get_xdata()[0] for dot in dots] == pytest.approx(frame["difference"].tolist())
    spans = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2][: len(frame)]
    assert np.allclose(spans, frame[["low", "high"]].to_numpy())
    assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)
    said = [text.get_text() for text in ax.texts if text.get_gid() != "footnote"]
    assert said == frame["scenario"].tolist()


def test_precision_narrows_to_what_the_summary_says_and_shows_the_goal(single):
    ax = plots.precision(single, "orders")
    row = single.summary().loc["orders"]
    mean = ax.lines[0]
    assert mean.get_xdata().tolist() == list(range(2, len(single.runs) + 1))
    assert mean.get_ydata()[-1] == pytest.approx(row["mean"])
    goal = single.precision["limit"][0]
    assert sorted(line.get_ydata()[0] for line in ax.lines[1:]) == pytest.approx(
        [row["mean"] - goal, row["mean"] + goal]
    )


def test_a_heat_map_has_the_mean_of_every_cell(swept):
    ax = plots.heat_map(swept, FIGURE, "bank.workers", "supplier.lead_time")
    means = swept.summary()["mean"].xs(FIGURE, level="metric")
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (3, 2)
    assert shown[2, 1] == pytest.approx(means[(2, "7 days")])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1 day", "2 days", "7 days"]
    assert len([text for text in ax.texts if text.get_gid() != "footnote"]) == 6
    with pytest.raises(ScenarioError, match=r"factor: 'shop\.workers': is not in the design"):
        plots.heat_map(swept, FIGURE, "bank.workers", "shop.workers")


def test_a_warm_up_is_marked_where_mser_is_least(swept):
    ax = plots.warm_up(swept, "open_orders", "orders", point=2)
    found = swept.warm_up("open_orders", "orders", 2)
    other = next(each for each in ax.figure.axes if each is not ax)
    statistic, mark = other.lines
    assert statistic.get_ydata() == pytest.approx(found.statistic)
    assert mark.get_ydata()[0] == found.statistic.min()
    assert mark.get_xdata()[0] == pytest.approx(found.seconds / 3600)


# What is read


DOLLARS = ("$100 of \\\\frac", "$200 of 2^{3$")


@pytest.fixture(scope="module")
def priced():
    market = market_day(users=20, visits_per_day=30)
    busy = market.with_settings({"demand.visits_per_day": 60})
    own = {"$lost_$": 1.0}
    return compare(
        market, busy, runs=3, seed=5, jobs=1, labels=DOLLARS, series=("balances",), metrics=lambda result: own
    )


@pytest.mark.parametrize("name", ["distribution", "band", "effects", "precision"])
def test_dollar_signs_in_labels_are_no_mathematics(priced, name):
    figure = Figure(layout="constrained")
    ax = DRAW[name](priced, ax=figure.subplots())
    figure.draw_without_rendering()
    said = " ".join(" ".join(text.get_text().split()) for text in ax.texts)
    assert DOLLARS[name == "effects"] in said


def test_dollar_signs_in_values_and_figures_are_no_mathematics(priced):
    figure = Figure(layout="constrained")
    design = [{"description": label, "bank.workers": workers} for label in DOLLARS for workers in (1, 2)]
    dear = sweep(market_day(users=5, visits_per_day=9), design, runs=2, seed=1, jobs=1)
    one, other = figure.subplots(2)
    plots.heat_map(dear, "orders", "description", "bank.workers", ax=one)
    plots.distribution(priced, "$lost_$", ax=other)
    figure.draw_without_rendering()
    assert [text.get_text() for text in one.get_xticklabels()] == list(DOLLARS)
    assert "$lost $" in other.get_title(loc="left")


def test_durations_and_amounts_are_in_units_that_people_read(swept):
    ax = plots.effects(swept, FIGURE)
    assert ax.get_xlabel().startswith("Mean delivery (days): difference from")
    ax.figure.draw_without_rendering()
    shown = {text.get_text(): text.get_position()[0] for text in ax.get_xticklabels()}
    assert shown["5"] == 5 * 86_400
    one = plots.distribution(swept, FIGURE, point=5)
    assert one.get_xlabel() == "Mean delivery (days)"
    assert one.get_title(loc="left").endswith(" days")
    cash = swept.summary().loc[(1, "1 day", "shop_cash"), "mean"]
    cells = plots.heat_map(swept, "shop_cash", "bank.workers", "supplier.lead_time")
    assert f"{cash:,.0f}" in [text.get_text() for text in cells.texts]
    assert "Means of: Shop cash (BDT)" in footnote(cells)
    sizes = [unit_of("revenue", largest, swept.plan) for largest in (99_999, 2e5, 3e8, 4e9)]
    assert sizes == [(1, "BDT"), (1000, "thousand BDT"), (10**6, "million BDT"), (10**9, "billion BDT")]


def test_a_plot_says_how_many_runs_failed():
    def fragile(result):
        if result.seed % 2:
            raise ArithmeticError("odd")
        return {}

    study = replicate(market_day(users=5, visits_per_day=9), runs=6, seed=1, jobs=1, metrics=fragile)
    failed = len(study.failures)
    assert 0 < failed < 6
    assert f"{6 - failed} runs. {failed} run{'s' * (failed > 1)} failed" in footnote(
        plots.distribution(study, "orders")
    )


def test_what_has_no_value_is_refused(swept):
    with pytest.raises(ScenarioError, match="metric: 'order': unknown metric: nearest is orders"):
        plots.distribution(swept, "order")
    one = replicate(market_day(users=5, visits_per_day=2), runs=1, seed=1, jobs=1)
    with pytest.raises(ScenarioError, match="runs: 1: must be 2 or more"):
        plots.precision(one, "orders")
