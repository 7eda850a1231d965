from xml.etree import ElementTree

import pytest

import alesha_sim as alesha
from alesha_sim.conversation import compare_conversations


def purchase(**knobs):
    return alesha.simulate(alesha.scenarios.first_purchase(**knobs), seed=7).follow(1)


@pytest.fixture(scope="module")
def good():
    return purchase()


@pytest.fixture(scope="module")
def comparison(good):
    return compare_conversations(good, purchase(opening_balance=120))


def test_a_declined_purchase_differs_first_where_the_bank_moves_nothing(comparison):
    assert comparison.difference == 17
    assert comparison.sentence == (
        "They differ first at step 18: shop -> bank Authorise (secret ***) [payment 1,000.00 BDT] "
        "against shop -> bank Authorise (secret ***)."
    )


def test_the_text_marks_the_first_difference_and_goes_to_the_longer_end(comparison, good):
    lines = repr(comparison).splitlines()[3:]
    assert [line[0] for line in lines] == [" "] * 17 + [">"] + ["|"] * (len(good.steps) - 18)
    assert lines[18].split("  ")[-1].strip() == "bank -> shop Decline: insufficient_funds"
    assert lines[-1].endswith("nothing more")


def test_the_same_purchase_at_another_pace_by_another_user_does_not_differ(good):
    slow = alesha.scenarios.first_purchase().with_settings(
        {"network.default.latency": 2, "users.count": 5, "demand.user": 3}
    )
    same = compare_conversations(good, alesha.simulate(slow, seed=1).follow(1))
    assert same.difference is None
    assert same.sentence == "They do not differ."


def test_one_that_ends_earlier_differs_where_it_ends(good):
    part = good.where(until=good.steps[4].at)
    assert compare_conversations(good, part).difference == 5
    assert "against nothing more" in compare_conversations(good, part).sentence


def test_an_amount_that_differs_is_a_difference(good):
    dearer = compare_conversations(good, purchase(laptops=2))
    assert "payment 1,500.00 BDT" in dearer.sentence


def test_both_diagrams_stand_in_one_image_with_the_difference_marked(comparison):
    root = ElementTree.fromstring(comparison.svg)
    texts = [node.text for node in root.iter() if node.text]
    assert texts.count("first difference") == 1
    assert comparison.one.title in texts
    assert comparison.other.title in texts


def test_the_first_difference_stands_at_one_height_in_the_stepper(good):
    other = alesha.scenarios.first_purchase(opening_balance=120).with_settings({"shop.page_time": 61})
    described = compare_conversations(good, alesha.simulate(other, seed=7).follow(1)).stepper().description
    number = described["difference"]
    heights = [pane["steps"][number]["ends"][0] + pane["lower"] for pane in described["panes"]]
    assert heights[0] == heights[1]
    assert (
        min(pane["lower"] for pane in described["panes"]) == 0 < max(pane["lower"] for pane in described["panes"])
    )


def test_a_notebook_is_given_text_and_an_image(comparison):
    bundle = comparison._repr_mimebundle_()
    assert bundle["text/plain"] == repr(comparison)
    assert bundle["text/html"].startswith('<img alt="They differ first at step 18')
