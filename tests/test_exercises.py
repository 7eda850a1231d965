"""`check_answer`: right answers, every usual slip with its own advice, and what is no answer."""

import pytest

import alesha_sim as alesha
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
