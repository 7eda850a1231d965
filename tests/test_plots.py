"""The plots by their structure: which lines, bars and texts there are, where they stand, and what they say."""

import itertools
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

from alesha_sim import Simulation, plots, scenarios
from alesha_sim.columns import MISSING_TIME, TextColumn
from alesha_sim.plots import style
from alesha_sim.plots.balances import deposits_over_time
from alesha_sim.plots.funnel import funnel_stages
from alesha_sim.units import Currency

BDT = Currency()
MINUS = "\N{MINUS SIGN}"
MARKET = {"wrong_secret": 0.2, "visits_per_day": 300, "users": 100}
WORLDS = {
    "first_purchase": lambda: scenarios.first_purchase(),
    "market_day": lambda: scenarios.market_day(**MARKET),
    "losses": lambda: scenarios.market_day(**MARKET).with_settings(
        {"supplier.stock.unavailable": ["iphone-x"], "drain": 86_400, "shop.opening_balance": 0}
    ),
    "cut_off": lambda: scenarios.market_day(**MARKET).with_settings(
        {"drain": 0, "shop.workers": 1, "shop.page_time": 120, "bank.authorisation_time": 300}
    ),
    "repeat_buyers": lambda: scenarios.repeat_buyers(users=60),
    "only_looking": lambda: scenarios.market_day(buy_share=0, visits_per_day=100),
    "nobody": lambda: scenarios.market_day(visits_per_day=1e-9),
}
EVERY_WORLD = pytest.mark.parametrize("world", WORLDS)
PLOTS = [
    plots.balances, plots.funnel, plots.cash_bridge, plots.delivery_times, plots.stock, plots.queues,
    plots.waiting, plots.calendar,
]  # fmt: skip
EVERY_PLOT = pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)


pytestmark = pytest.mark.usefixtures("no_figure_left_behind")


@pytest.fixture(scope="module")
def result_of():
    """Return a function that runs a world once."""
    results = {}

    def run(world):
        if world not in results:
            simulation = Simulation(WORLDS[world](), seed=7)
            simulation.run()
            results[world] = simulation.result()
        return results[world]

    return run


def texts(ax):
    """Return every text of the axes that is drawn; ticks beyond the ends of an axis are not."""
    ax.figure.draw_without_rendering()
    axes = (ax.xaxis, ax.yaxis)
    hidden = {
        id(tick) for axis in axes for tick in axis.get_major_ticks() if not ax.axison or not in_view(tick, axis)
    }
    out = {id(axis) for axis in axes if not ax.axison} | hidden
    below = {id(text) for artist in ax.findobj() if id(artist) in out for text in artist.findobj(Text)}
    return [t for t in ax.findobj(Text) if t.get_visible() and t.get_text() and id(t) not in below]


def in_view(tick, axis):
    low, high = sorted(axis.get_view_interval())
    return low <= tick.get_loc() <= high


def said(ax):
    return [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in texts(ax)]


def overlaps(ax):
    """Return the pairs of texts whose boxes share more than a hair's breadth."""
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts(ax)]
    return [
        (first, second)
        for (first, a), (second, b) in itertools.combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


# Every plot: what the caller's figure goes through


@EVERY_PLOT
@EVERY_WORLD
@pytest.mark.parametrize("size", [(6.4, 4.8), (16, 9)])
def test_no_two_texts_overlap(result_of, world, plot, size):
    figure = Figure(figsize=size, layout="constrained")
    assert overlaps(plot(result_of(world), ax=figure.subplots())) == []


@EVERY_PLOT
@EVERY_WORLD
def test_every_text_has_its_own_place_inside_a_figure_of_its_own(result_of, world, plot):
    ax = plot(result_of(world))
    assert overlaps(ax) == []
    assert [text.get_text() for text in texts(ax) if not contains(ax.figure.bbox, text)] == []


@EVERY_PLOT
@EVERY_WORLD
def test_labels_stand_inside_the_axes_even_without_a_layout_engine(result_of, world, plot):
    figure = Figure(figsize=(13, 4.5))
    ax = plot(result_of(world), ax=figure.subplots(1, 2)[0])
    labels = [text for text in texts(ax) if text in ax.texts and text.get_gid() != "footnote"]
    assert labels or plot in (plots.delivery_times, plots.calendar)
    assert [text.get_text() for text in labels if not contains(ax.bbox, text)] == []


def contains(box, text):
    inner = Text.get_window_extent(text)
    return box.x0 - 2 <= inner.x0 and inner.x1 <= box.x1 + 2 and box.y0 - 2 <= inner.y0 and inner.y1 <= box.y1 + 2


@EVERY_PLOT
def test_the_footnote_names_scenario_seed_and_number_of_runs_in_grey(result_of, plot):
    ax = plot(result_of("market_day"))
    (footnote,) = [text for text in ax.texts if text.get_gid() == "footnote"]
    assert footnote.get_text().startswith("market_day, seed 7, 1 run")
    assert footnote.get_color() == style.GREY


@EVERY_PLOT
def test_a_given_ax_is_drawn_into_and_no_other_figure_is_touched(result_of, plot, monkeypatch):
    monkeypatch.setattr(pyplot, "show", lambda *_, **__: pytest.fail("shown"))
    _, mine = pyplot.subplots()
    others = pyplot.get_fignums()
    assert plot(result_of("first_purchase"), ax=mine) is mine
    assert pyplot.get_fignums() == others
    assert mine.get_title(loc="left")


@EVERY_PLOT
def test_without_ax_pyplot_gets_a_new_figure_that_stays_open(result_of, plot):
    _, mine = pyplot.subplots()
    ax = plot(result_of("first_purchase"))
    assert ax is not mine
    assert [pyplot.figure(number) for number in pyplot.get_fignums()] == [mine.figure, ax.figure]


def test_pyplot_is_loaded_only_for_a_figure_of_its_own():
    code = (
        "import sys; from matplotlib.figure import Figure; from alesha_sim import plots, scenarios, simulate\n"
        "result = simulate(scenarios.first_purchase(), seed=1)\n"
        "plots.balances(result, ax=Figure().subplots()); plots.funnel(result, ax=Figure().subplots())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "plots.balances(result)\n"
        "assert 'matplotlib.pyplot' in sys.modules"
    )
    environment = {"MPLBACKEND": "Agg", "PYTHONPATH": ":".join(filter(None, sys.path))}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert run.returncode == 0, run.stderr


# Balances


def entity_lines(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_deposits_are_steps_in_their_entitys_colour_and_line_style(result_of):
    lines = entity_lines(plots.balances(result_of("market_day")))
    look = {name: (line.get_drawstyle(), line.get_color(), line.get_linestyle()) for name, line in lines.items()}
    assert look == {
        "Users together": ("steps-post", "#0072B2", "-."),
        "Shop": ("steps-post", "#D55E00", "-"),
        "Supplier": ("steps-post", "#009E73", "--"),
    }


@EVERY_WORLD
def test_lines_hold_the_changes_of_the_deposits(result_of, world):
    result = result_of(world)
    lines = entity_lines(plots.balances(result)).values()
    frame = result.balances()
    expected = (frame - frame.iloc[0]).to_numpy()
    largest = max(1, np.abs(expected).max())
    unit = next(unit for least, unit in ((1e6, 1e6), (1e5, 1e3), (0, 1)) if largest >= least)
    for line, column in zip(lines, expected.T, strict=True):
        assert line.get_ydata()[1:-1] * unit == pytest.approx(column)
        assert line.get_ydata()[0] == 0
        assert line.get_ydata()[-1] == line.get_ydata()[-2]


def test_the_labels_tell_what_the_deposits_were_and_became(result_of):
    ax = plots.balances(result_of("first_purchase"))
    labels = {f"User {MINUS}1,000", "5,000 → 4,000 BDT", "Shop +240", "10,000 → 10,240 BDT"}
    assert labels | {"Supplier +760", "5,000 → 5,760 BDT"} <= set(said(ax))
    assert ax.get_title(loc="left") == "Shop ends at 10,240 BDT, up 240"


def test_the_time_axis_ends_shortly_after_the_last_payment(result_of):
    ax = plots.balances(result_of("first_purchase"))
    shop = entity_lines(ax)["Shop"]
    assert shop.get_xdata().tolist() == pytest.approx([0, 0, 0.9, 1.0, 1.06])
    assert ax.get_xlabel() == "Seconds since the start (1 January 2021)"
    assert any("No deposit changes later; the run ends after 48 hours." in text for text in said(ax))


@pytest.mark.parametrize(
    ("world", "label"), [("market_day", "Hours"), ("repeat_buyers", "Weeks"), ("first_purchase", "Seconds")]
)
def test_the_time_axis_counts_in_a_unit_that_suits_the_run(result_of, world, label):
    ax = plots.balances(result_of(world))
    assert ax.get_xlabel().startswith(label)
    assert 3 <= len(ax.get_xticks()) <= 10


def test_the_amount_axis_names_its_unit(result_of):
    assert plots.balances(result_of("repeat_buyers")).get_ylabel().endswith("(thousand BDT)")
    assert plots.balances(result_of("first_purchase")).get_ylabel().endswith("(BDT)")


@pytest.mark.parametrize("world", ["only_looking", "nobody"])
def test_deposits_that_never_change_lie_on_the_zero_line(result_of, world):
    ax = plots.balances(result_of(world))
    assert all(not line.get_ydata().any() for line in ax.lines)
    assert ax.get_title(loc="left") == "Nobody's deposit changes: the shop stays at 10,000 BDT"
    assert {"Shop unchanged", "10,000 BDT"} <= set(said(ax))


def test_a_shop_that_loses_money_is_told_so():
    scenario = scenarios.first_purchase().with_settings({"drain": 0, "horizon": 1.02})
    catalogue = [{**p.model_dump(), "charge": 600, "cost": 1} for p in scenario.catalogue]
    result = simulated(scenario.with_settings({"catalogue": catalogue}))
    assert plots.balances(result).get_title(loc="left") == "Shop ends at 9,200 BDT, down 800"


def simulated(scenario):
    simulation = Simulation(scenario, seed=7)
    simulation.run()
    return simulation.result()


def test_a_payment_at_the_very_start_changes_from_nothing():
    result = simulated(scenarios.first_purchase().with_settings({"network.default.latency": 0}))
    deposits = deposits_over_time(result)
    assert deposits.seconds.tolist() == [0, 0]
    assert deposits.changes.tolist() == [[0, 0, 0], [-100_000, 24_000, 76_000]]
    assert plots.balances(result).get_title(loc="left") == "Shop ends at 10,240 BDT, up 240"


def test_top_and_right_spines_are_off(result_of):
    ax = plots.balances(result_of("first_purchase"))
    assert [side for side, spine in ax.spines.items() if not spine.get_visible()] == ["right", "top"]


# The funnel


@EVERY_WORLD
def test_what_a_stage_loses_is_missing_from_the_next(result_of, world):
    stages = funnel_stages(result_of(world))
    for stage, after in itertools.pairwise(stages):
        assert stage.visits - sum(stage.losses.values()) == after.visits
        assert all(count > 0 for count in stage.losses.values())
    assert stages[-1].losses == {}


@EVERY_WORLD
def test_the_stages_agree_with_the_summary(result_of, world):
    result = result_of(world)
    stages = {stage.name: stage.visits for stage in funnel_stages(result)}
    assert list(stages) == ["Home page", "Registered or logged in", "Checked out", "Paid", "Delivered"]
    assert stages["Home page"] == result.metrics()["visits"]
    assert stages["Checked out"] == result.visits["order"].notna().sum()
    assert stages["Paid"] == result.orders["paid_at"].notna().sum()
    assert stages["Delivered"] == result.metrics()["completed"]


def test_losses_are_named_by_their_reason(result_of):
    result = result_of("losses")
    home, _, checked_out, paid, _ = funnel_stages(result)
    reasons = Counter(result.orders["reason"].dropna())
    on_the_way = int((result.orders["status"] == "on_the_way").sum())
    assert home.losses == {"only looked": int((result.visits["outcome"] == "looked").sum())}
    assert checked_out.losses == {
        f"declined: {reason}": reasons[reason] for reason in ("wrong_secret", "insufficient_funds")
    }
    assert paid.losses == {
        "cancelled: out_of_stock": reasons["out_of_stock"],
        "still open: on_the_way": on_the_way,
    }
    assert all(paid.losses.values())


def test_what_is_cut_off_is_still_open(result_of):
    losses = Counter()
    for stage in funnel_stages(result_of("cut_off")):
        losses.update(stage.losses)
    assert {"still open: visiting", "still open: received", "still open: on_the_way"} <= set(losses)


def text_column(words):
    labels = sorted({word for word in words if word})
    return TextColumn(np.array([labels.index(word) if word else -1 for word in words], np.int32), labels)


def recorded(visits, orders=(), refusals=()):
    """Return something with a result's tables, as far as the funnel reads them.

    A visit is (stage, outcome, order), an order (status, reason, paid, delivered), a refusal (visit, reason).
    """
    stages, outcomes, numbers = zip(*visits, strict=True)
    statuses, reasons, paid, delivered = zip(*orders, strict=True) if orders else ((), (), (), ())
    refused, details = zip(*refusals, strict=True) if refusals else ((), ())
    instants = {
        name: np.where(held, 1, MISSING_TIME) for name, held in (("paid_at", paid), ("delivered_at", delivered))
    }
    tables = {
        "visits": {"stage": text_column(stages), "outcome": text_column(outcomes), "order": np.array(numbers)},
        "orders": {
            "order": np.arange(1, len(orders) + 1),
            "status": text_column(statuses),
            "reason": text_column(reasons),
            **instants,
        },
        "messages": {"visit": np.array(refused, np.int64), "reason": text_column(details)},
    }
    return SimpleNamespace(columns=tables.get)


HOME = "Home page"
IN = "Registered or logged in"
OUT = "Checked out"


@pytest.mark.parametrize(
    ("visit", "order", "refusal", "stage", "reason"),
    [
        (("home", "looked", -1), None, None, HOME, "only looked"),
        (("home", "abandoned", -1), None, None, HOME, "abandoned"),
        (("home", "", -1), None, None, HOME, "still open: visiting"),
        (("home", "declined", -1), None, "wrong_password", HOME, "declined: wrong_password"),
        (("home", "declined", -1), None, None, HOME, "declined"),
        (("browsed", "declined", -1), None, "empty_cart", IN, "declined: empty_cart"),
        (("browsed", "unanswered", -1), None, None, IN, "unanswered"),
        (("checked_out", "", 1), ("received", "", 0, 0), None, OUT, "still open: received"),
        (("checked_out", "abandoned", 1), ("received", "", 0, 0), None, OUT, "abandoned"),
        (("checked_out", "unanswered", 1), ("declined", "locked", 0, 0), None, OUT, "declined: locked"),
        (("checked_out", "declined", 1), ("received", "", 0, 0), "not_payable", OUT, "declined: not_payable"),
        (("checked_out", "declined", 1), ("processing", "", 1, 0), "no_stock", "Paid", "still open: processing"),
        (("checked_out", "declined", 1), ("cancelled", "no_stock", 1, 0), None, "Paid", "cancelled: no_stock"),
        (("paid", "bought", 1), ("on_the_way", "", 1, 0), None, "Paid", "still open: on_the_way"),
        (("paid", "bought", 1), ("completed", "", 1, 1), None, "Delivered", None),
        (("paid", "bought", 1), ("returned", "", 1, 1), None, "Delivered", None),
    ],
)  # fmt: skip
def test_where_a_visit_is_lost_and_to_what(visit, order, refusal, stage, reason):
    refusals = [(0, "not_registered"), (0, refusal)] if refusal else []
    stages = funnel_stages(recorded([visit], [order] if order else [], refusals))
    assert [found.name for found in stages if found.visits] == [found.name for found in stages][
        : 1 + order_of(stage)
    ]
    assert [(found.name, dict(found.losses)) for found in stages if found.losses] == (
        [(stage, {reason: 1})] if reason else []
    )


def order_of(stage):
    return ["Home page", "Registered or logged in", "Checked out", "Paid", "Delivered"].index(stage)


def test_frequent_losses_are_named_first():
    visits = [("home", "looked", -1)] * 2 + [("home", "abandoned", -1)] * 3 + [("home", "unanswered", -1)] * 2
    assert list(funnel_stages(recorded(visits))[0].losses) == ["abandoned", "only looked", "unanswered"]


@EVERY_WORLD
def test_bars_are_as_long_as_their_counts(result_of, world):
    ax = plots.funnel(result_of(world))
    assert not ax.axison
    assert [bar.get_width() for bar in ax.containers[0]] == [s.visits for s in funnel_stages(result_of(world))]


@pytest.mark.parametrize("world", ["losses", "cut_off", "only_looking"])
def test_reasons_stand_between_the_bars_even_on_a_small_page(result_of, world):
    ax = plots.funnel(result_of(world), ax=Figure(figsize=(5, 3.2), layout="constrained").subplots())
    reasons = [Text.get_window_extent(text) for text in texts(ax) if MINUS in text.get_text()]
    assert reasons
    for bar, box in itertools.product(ax.containers[0], reasons):
        extent = bar.get_window_extent()
        assert min(extent.y1, box.y1) - max(extent.y0, box.y0) < 1


def test_the_page_says_every_count_and_every_reason(result_of):
    result = result_of("losses")
    page = " ".join(said(plots.funnel(result))).replace("\n", " ")
    total = funnel_stages(result)[0].visits
    for stage in funnel_stages(result):
        assert stage.name in page
        assert f"{stage.visits:,}" in page
        for reason, count in stage.losses.items():
            detail = reason.rpartition(": ")[2].replace("_", " ")
            assert f"{MINUS}{count:,} {detail} ({100 * count / total:.1f} %)" in page


@pytest.mark.parametrize(
    ("world", "title"),
    [
        ("nobody", "Nobody visits the shop"),
        ("first_purchase", "The only visit ends in a delivery"),
        ("repeat_buyers", "All {} visits end in a delivery"),
    ],
)
def test_the_title_of_the_funnel_states_the_finding(result_of, world, title):
    result = result_of(world)
    assert plots.funnel(result).get_title(loc="left") == title.format(len(result.visits))


def test_the_title_of_the_funnel_names_the_greatest_loss(result_of):
    result = result_of("only_looking")
    visits = len(result.visits)
    title = plots.funnel(result).get_title(loc="left")
    assert title == f"0 of {visits} visits end in a delivery; {visits} only looked"


# Amounts and places


@pytest.mark.parametrize(
    ("minor", "written"),
    [
        (0, "0"), (24_000, "240"), (1_024_050, "10,240.50"), (-100_000, f"{MINUS}1,000"), (99_999_900, "999,999"),
        (100_000_000, "1 million"), (193_712_300, "1.937 million"), (235_600_000_000, "2.356 billion"),
    ],
)  # fmt: skip
def test_amounts_are_exact_below_a_million_and_short_above(minor, written):
    assert style.amount(minor, BDT) == written
    assert style.change(minor, BDT) == ("+" if minor > 0 else "") + written


@pytest.mark.parametrize(
    ("largest", "unit", "name"),
    [
        (9_999_999, 100, "BDT"), (10_000_000, 100_000, "thousand BDT"), (100_000_000, 100_000_000, "million BDT"),
        (100_000_000_000, 100_000_000_000, "billion BDT"),
    ],
)  # fmt: skip
def test_an_axis_counts_in_the_unit_that_its_amounts_need(largest, unit, name):
    assert style.axis_unit(largest, BDT) == (unit, name)


def test_amounts_of_a_currency_without_decimals_are_whole():
    assert style.amount(240, Currency("JPY", 0)) == "240"
    assert style.axis_unit(1_000_000, Currency("JPY", 0)) == (1_000_000, "million JPY")


def test_the_colours_of_the_entities_differ():
    assert len(set(style.COLOURS.values())) == len(set(style.LINE_STYLES.values())) == 4


@given(st.lists(st.floats(0, 100), min_size=1, max_size=4), st.floats(0, 30))
def test_places_keep_their_gap_their_order_and_their_bounds(wanted, gap):
    places = style.spread(wanted, gap, 5, 95)
    order = np.argsort(wanted, kind="stable")
    assert np.all(np.diff(np.array(places)[order]) >= gap - 1e-9)
    assert min(places) >= 5
    assert max(places) <= 95 + 1e-9


def test_things_with_room_stay_where_they_want_to_be():
    assert style.spread([80, 10, 50], 20, 0, 100) == [80, 10, 50]
    assert style.spread([50, 50], 20, 0, 100) == [40, 60]
