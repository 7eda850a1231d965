"""`check_answer`: right answers, every usual slip with its own advice, and what is no answer."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import alesha_sim as alesha
from alesha_sim import messages
from alesha_sim.notebook import check_answer
from alesha_sim.notebook.exercises import EXERCISES

LOSSY = {"network.default.loss": 0.2, "network.default.duplication": 0.2, "network.default.timeout": 2}


@pytest.fixture(scope="module")
def result():
    return alesha.simulate(alesha.scenarios.first_purchase().with_settings(LOSSY), seed=1)


RIGHT = {"kept": 240, "learns": "receipt", "charged": 1, "owed": 1000, "profit": 0, "carries": "Authorise"}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_right(name, result):
    verdict = check_answer(name, RIGHT[name], result)
    assert verdict.is_right is True
    assert verdict.text.startswith("Right: ")


@pytest.mark.parametrize(
    "answer",
    [240, 240.0, Decimal("240.00"), Fraction(240), "240", " 240.00 BDT ", "2.4e2", [240], (240.0,), np.int64(240),
     np.float32(240), np.array([240.0]), np.array(240), pd.Series([240.0]), ["240"], 240.004],
)  # fmt: skip
def test_a_number_is_right_in_every_type_and_spelling(answer, result):
    assert check_answer("kept", answer, result).text == "Right: 240."


@pytest.mark.parametrize("answer", ["1,000", "1,000.00 BDT", "1_000", "+1000"])
def test_a_number_may_be_written_with_signs_between_its_digits(answer, result):
    assert check_answer("owed", answer, result).is_right


@pytest.mark.parametrize(
    "answer",
    ["Authorise", "authorize", "17 Authorise (secret ***)", "`Authorise`", "message Authorise",
     "17 Authorise: attempt 2", messages.Authorise, ["Authorise"], np.str_("AUTHORISE"), "Transfer"],
)  # fmt: skip
def test_a_kind_of_message_is_right_however_it_is_written(answer, result):
    assert check_answer("carries", answer, result).is_right


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize(
    "answer",
    [[], [1, 2], (), {}, {1}, object(), float("nan"), float("inf"), 10**5000, Decimal("nan"), Decimal("sNaN"), 1j,
     np.nan, np.array([]), np.arange(5000), pd.DataFrame({"a": [1]}), pd.NaT, True, b"240", "", "\n" * 3,
     "9" * 10**5, "a\nb" * 99, "1e999", print, int],
    ids=lambda answer: type(answer).__name__,
)  # fmt: skip
def test_no_answer_whatever_ends_in_an_error(name, answer, result):
    verdict = check_answer(name, answer, result)
    assert verdict.is_right is False
    assert len(verdict.text) < 300
    assert "\n" not in verdict.text


def test_a_run_that_ends_within_the_first_day_has_answers_too():
    poor = alesha.simulate(alesha.scenarios.first_purchase().with_settings({"users.opening_balance": 1}), seed=7)
    for name in ("owed", "profit"):
        assert check_answer(name, 0, poor).is_right


def test_half_of_the_smallest_coin_is_the_most_that_a_number_may_be_off():
    scenario = alesha.scenarios.first_purchase().with_settings({"currency.code": "KWD", "currency.decimals": 3})
    result = alesha.simulate(scenario, seed=7)
    kept = EXERCISES["kept"].solve(result)
    assert check_answer("kept", kept + 0.0004, result).is_right
    assert not check_answer("kept", kept + 0.004, result).is_right


def test_lost_messages_are_counted_in_the_readers_own_result(result):
    lost = int((result.messages["fate"] == "lost").sum())
    assert lost > 0
    assert check_answer("lost", lost, result).is_right
    assert not check_answer("lost", lost + 1, result).is_right
    calm = alesha.simulate(alesha.scenarios.first_purchase(), seed=7)
    assert check_answer("lost", 0, calm).is_right


@pytest.mark.parametrize(
    ("name", "slip"), [(name, slip) for name, asked in EXERCISES.items() for slip in range(len(asked.slips))]
)
def test_each_slip_is_told_what_it_overlooks(name, slip, result):
    exercise = EXERCISES[name]
    wrong = exercise.slips[slip].answer(result)
    assert wrong != exercise.solve(result)
    verdict = check_answer(name, wrong, result)
    assert verdict.is_right is False
    assert verdict.text.endswith(exercise.slips[slip].advice)
    assert "look" in verdict.text.lower()


@pytest.mark.parametrize("name", EXERCISES)
def test_any_other_answer_is_told_where_to_look(name, result):
    wrong = "Homepage" if isinstance(EXERCISES[name].solve(result), str) else -12.5
    assert check_answer(name, wrong, result).text.endswith(EXERCISES[name].look)


@pytest.mark.parametrize("name", EXERCISES)
def test_no_answer_yet_is_neither_right_nor_wrong(name, result):
    verdict = check_answer(name, None, result)
    assert verdict.is_right is None
    assert EXERCISES[name].question in repr(verdict)


def test_an_answer_of_another_kind_is_told_which_is_wanted(result):
    assert "a number" in check_answer("kept", "much", result).text
    assert "quotation marks" in check_answer("learns", 3, result).text


def test_the_text_of_an_answer_cannot_become_markup(result):
    assert "<script>" not in check_answer("learns", "<script>", result)._repr_html_()


def test_an_unknown_exercise_is_named_with_the_nearest(result):
    with pytest.raises(ValueError, match="exercise kep: unknown name: nearest is kept"):
        check_answer("kep", 240, result)
