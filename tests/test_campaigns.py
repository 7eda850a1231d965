"""Prepaid campaigns: the mechanism under each rule, and the page that compares it with press figures."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import is_full_size

import alesha_sim as alesha
from alesha_sim import scenarios
from alesha_sim.scenarios import ScenarioError
from alesha_sim.verification.campaigns import REPORTED, RULES, outcome

PAGE = Path(__file__).resolve().parents[1] / "docs" / "prepaid_campaigns.md"


@pytest.fixture(scope="module")
def outcomes():
    found = {}
    for name, knobs in RULES.items():
        result = alesha.simulate(scenarios.prepaid_campaigns(**knobs), seed=1)
        assert result.check() == []
        found[name] = outcome(result)
    return found


def test_without_a_rule_each_wave_pays_for_the_one_before_until_none_is_left(outcomes):
    found = outcomes["none"]
    assert found.delivered[:3] == (1, 1, 1)
    assert 0.3 < found.delivered[3] < 0.9
    assert 50 < found.short_from < 141  # before the last wave opens
    assert found.recovered == 0


def test_what_is_stranded_is_of_the_reported_order_of_magnitude(outcomes):
    metrics = outcomes["none"].metrics()
    for name in ("turnover of the first half-year, crore Tk", "prepaid in the last wave, crore Tk"):
        low, high = REPORTED[name]
        assert 0.99 * low <= metrics[name] <= 1.01 * high
    for name in ("money stranded, crore Tk", "customers stranded"):
        low, high = REPORTED[name]
        assert low / 2 < metrics[name] < 2 * high


@pytest.mark.parametrize("rule", ["escrow", "guidelines"])
def test_under_escrow_nobodys_money_is_stranded(outcomes, rule):
    found = outcomes[rule]
    assert (found.stranded, found.customers) == (0, 0)
    assert found.recovered == 1
    assert found.delivered[-1] < 0.5


def test_a_rule_that_comes_after_the_last_wave_changes_nothing(outcomes):
    assert outcomes["escrow of day 180"] == outcomes["none"]


def test_with_a_small_advance_little_can_be_stranded(outcomes):
    found, none = outcomes["advance of 10 %"], outcomes["none"]
    assert 0 < found.stranded < 0.5 * none.stranded


def test_enough_capital_serves_everybody():
    found = outcome(alesha.simulate(scenarios.prepaid_campaigns(own_capital=600), seed=1))
    assert found.delivered == (1, 1, 1, 1)
    assert np.isnan(found.short_from)
    assert np.isnan(found.recovered)


@pytest.mark.parametrize(
    ("knobs", "line"),
    [
        ({"scale": 0}, "scale: 0: must be above 0 and at most 1"),
        ({"rule": "both"}, "rule: 'both': must be one of none, escrow, guidelines, advance"),
        ({"discount": "much"}, "discount: 'much': must be a number"),
    ],
)
def test_wrong_knobs_are_refused_in_one_line(knobs, line):
    with pytest.raises(ScenarioError) as error:
        scenarios.prepaid_campaigns(**knobs)
    assert str(error.value) == line


def shown(rule):
    """Return the numbers of a rule's column of the page's table, by figure."""
    rows = [
        line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    (heads,) = [row for row in rows if row[0] == "figure"]
    column = heads.index(rule)
    table = [row for row in rows if len(row) == len(heads) and row[0] in REPORTED]
    return {row[0]: float(re.sub(r"[^\d.]", "", row[column])) for row in table}


def test_the_page_shows_every_figure_for_every_rule():
    for rule in RULES:
        assert list(shown(rule)) == list(REPORTED)


@pytest.mark.slow
@pytest.mark.skipif(not is_full_size(), reason="runs at a tenth of full size, in the nightly target")
@pytest.mark.parametrize("rule", list(RULES))
def test_the_page_shows_what_is_simulated_at_a_tenth_of_full_size(rule):
    result = alesha.simulate(scenarios.prepaid_campaigns(**RULES[rule], scale=0.1), seed=1)
    found = outcome(result).metrics()
    assert found == pytest.approx(shown(rule), rel=0.01, abs=0.01)
