import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

import alesha_sim as alesha
from alesha_sim import plots
from alesha_sim.plots.delivery import cumulative_incidence, deliveries

SPANS = np.random.default_rng(5).exponential(10, 200).round(1) + 0.1
NONE = np.array([])


def drawn(result):
    return plots.delivery_times(result, ax=Figure(figsize=(8, 4.5), layout="constrained").subplots())


@pytest.fixture(scope="module")
def cut_off():
    scenario = alesha.scenarios.market_day(visits_per_day=300, users=100)
    settings = {"supplier.stock.unavailable": ["iphone-x"], "drain": 2 * 86_400}
    return alesha.simulate(scenario.with_settings(settings), seed=7)


def test_without_open_or_cancelled_orders_the_share_is_the_empirical_distribution():
    at, share = cumulative_incidence(SPANS, NONE, NONE)
    expected = stats.ecdf(SPANS).cdf
    assert at == pytest.approx(expected.quantiles)
    assert share == pytest.approx(expected.probabilities)


def test_with_open_orders_the_share_is_that_of_kaplan_and_meier():
    events, censored = SPANS[:120], SPANS[120:]
    at, share = cumulative_incidence(events, NONE, censored)
    sample = stats.CensoredData(uncensored=events, right=censored)
    expected = stats.ecdf(sample).cdf
    places = np.searchsorted(expected.quantiles, at)
    assert share == pytest.approx(expected.probabilities[places])


def test_cancelled_orders_compete_with_deliveries():
    # By hand: at 1, 1 of 4; at 2 one is cancelled (1/2 left); at 3 is open; at 4 the last one, 1/2 x 1.
    at, share = cumulative_incidence(np.array([1.0, 4]), np.array([2.0]), np.array([3.0]))
    assert at.tolist() == [1, 2, 4]
    assert share == pytest.approx([0.25, 0.25, 0.75])


def test_the_shares_of_deliveries_and_cancellations_add_up():
    delivered, cancelled = SPANS[:150], SPANS[150:]
    _, one = cumulative_incidence(delivered, cancelled, NONE)
    _, other = cumulative_incidence(cancelled, delivered, NONE)
    assert one[-1] == pytest.approx(150 / 200)
    assert one[-1] + other[-1] == pytest.approx(1)


def test_every_order_that_was_paid_is_counted_once(cut_off):
    found = deliveries(cut_off)
    orders = cut_off.orders
    assert len(found.delivered) == orders["delivered_at"].notna().sum()
    assert len(found.cancelled) == (orders["status"] == "cancelled").sum()
    assert len(found.open) == (orders["paid_at"].notna() & orders["closed_at"].isna()).sum()
    assert min(map(len, found[:3])) > 0


def test_open_orders_are_marked_on_the_line(cut_off):
    ax, found = drawn(cut_off), deliveries(cut_off)
    (marks,) = [line for line in ax.lines if line.get_label() == "open orders"]
    assert len(marks.get_xdata()) == len(found.open)
    assert marks.get_xdata() * 3600 == pytest.approx(np.sort(found.open))
    footnote = next(text.get_text() for text in ax.texts if text.get_gid() == "footnote")
    assert f"{len(found.open)} still open, marked by ticks" in " ".join(footnote.split())


def test_the_title_tells_half_and_nine_of_ten():
    result = alesha.simulate(alesha.scenarios.market_day(), seed=7)
    days = np.sort(deliveries(result).delivered) / 86_400
    half, most = (days[int(np.ceil(share * len(days))) - 1] for share in (0.5, 0.9))
    title = " ".join(drawn(result).get_title(loc="left").split())
    assert title == f"Half of the orders are delivered within {half:.3g} days, nine of ten within {most:.3g} days"


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({}, "The only order is delivered after 48 hours"),
        ({"drain": 0}, "The only order is not delivered"),
        ({"users.opening_balance": 1}, "No order was paid or accepted"),
    ],
)
def test_a_single_order_is_told_as_such(settings, title):
    result = alesha.simulate(alesha.scenarios.first_purchase().with_settings(settings), seed=7)
    assert drawn(result).get_title(loc="left") == title


def test_orders_that_all_take_the_same_time_are_told_once():
    result = alesha.simulate(alesha.scenarios.repeat_buyers(users=30), seed=7)
    assert len(deliveries(result).delivered) > 10
    assert drawn(result).get_title(loc="left") == "Nine of ten orders are delivered within 48 hours"
