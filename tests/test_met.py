"""What worlds meet: every status, fate, reason, posting and branch of recovery but those that are listed."""

from collections import Counter

import pytest
from conftest import is_full_size

from alesha_sim import simulate
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.verification.fuzz.met import NEVER, UNPAID, counted, vocabulary
from alesha_sim.verification.fuzz.random_scenarios import draw
from alesha_sim.verification.fuzz.trials import survey, trial

SEED, WORLDS = 12, 6000
PICKED = (
    3, 48, 88, 194, 244, 304, 483, 503, 521, 613, 632, 657, 789, 878, 912, 921, 969, 977, 1020, 1021, 1125, 1194,
    1322, 1372, 1402, 1467, 1468, 3666, 4062,
)  # fmt: skip
"""Worlds of the seed that together meet everything, chosen greedily among the first few thousand."""

BOUGHT = {"kind": "single", "quantities": {"hp-laptop": 1}}


def counts_of(link, *, crash_at=None, **changes):
    """Return what is met when one user buys one thing and the shop crashes for a second."""
    crash = {"kind": "crash", "entity": "shop", "start": crash_at, "duration": 1}
    parts = {"horizon": 60, "demand": BOUGHT, "network": {"default": link}}
    scenario = Scenario.model_validate(parts | changes | {"faults": [] if crash_at is None else [crash]})
    return counted(simulate(scenario, seed=1))


def test_what_there_is_a_word_for_is_met_or_listed_with_why():
    counts = Counter()
    if is_full_size():
        counts = survey(SEED, WORLDS).counts
    else:
        for number in PICKED:
            counts += trial(draw(SEED, number)).counts
    assert [kind for kind in vocabulary() if not counts[kind] and kind not in NEVER] == []
    assert [kind for kind in NEVER if counts[kind]] == []


def test_what_is_never_met_has_a_word_and_a_reason():
    assert set(NEVER) < set(vocabulary())
    assert all(NEVER.values())


def test_every_posting_is_one_of_the_rules():
    postings = {label for group, label in vocabulary() if group == "postings"}
    found = {label for group, label in counts_of({}) if group == "postings"}
    assert "bank payment: deposits:user: / deposits:shop" in found
    assert "users deliver units: goods / goods-clearing" in found
    assert found < postings


@pytest.mark.parametrize(
    ("crash_at", "attempts", "label"),
    [(0.58, 1, UNPAID), (0.7, None, "EnquireTransaction"), (0.8, None, "Transfer")],
)
def test_branches_of_recovery_are_told_apart(crash_at, attempts, label):
    parts = {"link": {"timeout": 5, "attempts": attempts}, "shop": {"unpaid_after": 100}}
    counts = counts_of(crash_at=crash_at, **parts)
    assert {what: n for (group, what), n in counts.items() if group == "restart of the shop"} == {label: 1}
    assert "restart of the shop" not in {group for group, _ in counts_of(**parts)}
