import numpy as np
import pytest
from matplotlib.figure import Figure

import alesha_sim as alesha
from alesha_sim import plots
from alesha_sim.plots.calendar import calendar_of


def run(days, **knobs):
    scenario = alesha.scenarios.market_day(days=days, visits_per_day=knobs.pop("visits_per_day", 60), users=30)
    return alesha.simulate(scenario.with_settings(knobs), seed=7)


@pytest.mark.parametrize(
    ("days", "shape"), [(1, (24, 1)), (3, (24, 3)), (21, (24, 21)), (22, (7, 4)), (60, (7, 10))]
)  # fmt: skip
def test_every_order_is_in_a_cell_that_suits_the_length(days, shape):
    result = run(days, visits_per_day=10)
    found = calendar_of(result)
    assert found.counts.shape == shape
    assert np.nansum(found.counts) == len(result.orders) > 0


def test_cells_are_hours_and_days():
    result = run(3)
    placed = result.orders["placed_at"].dt
    found = calendar_of(result).counts
    for hour, day in np.ndindex(found.shape):
        assert found[hour, day] == ((placed.hour == hour) & (placed.day == day + 1)).sum()


def test_cells_are_weekdays_and_weeks_and_days_outside_the_run_are_empty():
    result = run(30)
    found = calendar_of(result).counts
    days = result.orders["placed_at"].dt
    # 1 January 2021 was a Friday, 30 January a Saturday.
    assert np.isnan(found[:4, 0]).all()
    assert np.isnan(found[6:, -1]).all()
    assert np.isnan(found).sum() == 5
    assert np.nansum(found, axis=1).tolist() == [(days.day_of_week == number).sum() for number in range(7)]
    assert found[4, 0] == (days.day == 1).sum()


def test_long_runs_are_shown_by_month():
    result = run(4 * 366, visits_per_day=0.5)
    found = calendar_of(result)
    days = result.orders["placed_at"].dt
    assert found.columns == ["2021", "2022", "2023", "2024", "2025"]
    assert found.counts[1, 1] == ((days.month == 2) & (days.year == 2022)).sum()
    assert np.isnan(found.counts[1:, -1]).all()


def test_the_title_names_the_busiest_cell():
    result = run(30)
    dates = result.orders["placed_at"].dt.date.value_counts()
    ax = plots.calendar(result, ax=Figure(layout="constrained").subplots())
    title = " ".join(ax.get_title(loc="left").split())
    assert title.startswith(f"Most orders at one time: {dates.max()} of {len(result.orders)} on ")
    assert any(title.endswith(f"{day.day} {day:%B %Y}") for day in dates[dates == dates.max()].index)


def test_nobody_orders():
    ax = plots.calendar(run(2, visits_per_day=1e-9), ax=Figure(layout="constrained").subplots())
    assert ax.get_title(loc="left") == "No order is placed"
