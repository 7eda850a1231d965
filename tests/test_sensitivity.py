"""Sensitivity: Morris and Sobol' indices find what a metric depends on."""

import sys

import pytest
from conftest import needs

from alesha_sim.experiments import morris, sobol_indices
from alesha_sim.scenarios import ScenarioError, market_day

RANGES = {"supplier.lead_time": ("1 day", "3 days"), "bank.workers": (1, 4), "supplier.delivery_time": (0, 86_400)}
FIGURE = "mean_delivery_seconds"


@pytest.fixture(scope="module")
def market():
    return market_day(users=20, visits_per_day=20)


def test_morris_gives_the_effect_of_each_factor_over_its_range(market):
    needs("SALib")
    found = morris(market, RANGES, FIGURE, trajectories=4, seed=1, jobs=1)
    table = found.table.set_index("factor")
    # Times are constants here, so delivery takes exactly as much longer as they do.
    assert table.loc["supplier.lead_time", "mu"] == pytest.approx(2 * 86_400, rel=1e-3)
    assert table.loc["supplier.delivery_time", "mu_star"] == pytest.approx(86_400, rel=1e-3)
    assert table.loc["supplier.lead_time", "sigma"] < 200
    assert found.table["factor"].tolist() == ["supplier.lead_time", "supplier.delivery_time", "bank.workers"]
    assert table.loc["bank.workers", "mu_star"] < 100
    assert len(found.study.runs) == 4 * (3 + 1)


def test_sobol_indices_share_the_variance(market):
    needs("SALib")
    found = sobol_indices(market, RANGES, FIGURE, base=32, seed=1, jobs=1)
    table = found.table.set_index("factor")
    # Two independent uniforms of widths 2 and 1 days have variances as 4 to 1.
    assert table.loc["supplier.lead_time", "total"] == pytest.approx(0.8, abs=0.1)
    assert table.loc["supplier.delivery_time", "total"] == pytest.approx(0.2, abs=0.1)
    assert table.loc["bank.workers", "total"] == pytest.approx(0.0, abs=0.01)
    one, again = (sobol_indices(market, RANGES, FIGURE, base=2, seed=1, jobs=1) for _ in range(2))
    assert one.study.runs["digest"].tolist() == again.study.runs["digest"].tolist()


@pytest.mark.parametrize(
    ("experiment", "options", "fault"),
    [
        (morris, {"trajectories": 1}, "trajectories: 1: must be a whole number from 2"),
        (sobol_indices, {"base": 6}, "base: 6: must be a power of two, at least 2"),
        (sobol_indices, {"metric": "cancelled", "base": 2}, "metric: 'cancelled': never varies over these ranges"),
        (morris, {"ranges": {"bank.workers": (1, 3)}}, "ranges: 1: must have two factors or more"),
        (morris, {"ranges": {"bank.wokers": (1, 3), "shop.workers": (1, 2)}}, "unknown field: nearest is workers"),
    ],
)
def test_bad_input_is_refused(market, experiment, options, fault):
    needs("SALib")
    given = {"ranges": RANGES, "metric": FIGURE, "seed": 1, "jobs": 1, **options}
    with pytest.raises(ScenarioError, match=fault):
        experiment(market, **given)


def test_without_salib_one_line_says_what_to_install(market, monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.sample.morris", None)
    with pytest.raises(ScenarioError, match=r"needs the package SALib: python -m pip install"):
        morris(market, RANGES, FIGURE, seed=1)
