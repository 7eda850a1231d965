import dataclasses

import pytest

from alesha_sim.policies import KINDS, MakeToOrder, StockPolicy


@pytest.mark.parametrize(
    ("unavailable", "lines", "accepted"),
    [
        ((), [("hp-laptop", 1)], True),
        ((), [], True),
        (("iphone-x",), [("hp-laptop", 1), ("apple-watch", 2)], True),
        (("iphone-x",), [("iphone-x", 1)], False),
        (("iphone-x",), [("hp-laptop", 1), ("iphone-x", 1)], False),
        (("hp-laptop", "iphone-x"), [("iphone-x", 5)], False),
    ],
)
def test_make_to_order_accepts_all_but_what_is_not_made(unavailable, lines, accepted):
    assert MakeToOrder(unavailable).accepts(lines) is accepted


def test_equal_policies_are_equal_however_their_list_was_given():
    assert MakeToOrder(["iphone-x"]) == MakeToOrder(("iphone-x",))
    assert {MakeToOrder(["iphone-x"]), MakeToOrder(("iphone-x",))} == {MakeToOrder(("iphone-x",))}


def test_a_policy_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MakeToOrder().unavailable = ("iphone-x",)


@pytest.mark.parametrize(
    ("unavailable", "fault"),
    [
        ("iphone-x", "unavailable: 'iphone-x': must be a list of SKUs"),
        (3, "unavailable: 3: must be a list of SKUs"),
        (["a", 3, None], "unavailable[1]: 3: must be text\nunavailable[2]: None: must be text"),
    ],
)
def test_faults_of_a_policy_name_field_value_and_rule(unavailable, fault):
    with pytest.raises(ValueError, match="must be") as error:
        MakeToOrder(unavailable)
    assert str(error.value) == fault


def test_any_object_with_the_method_is_a_stock_policy():
    class NothingToday:
        def accepts(self, lines):
            return not lines

    assert isinstance(NothingToday(), StockPolicy)
    assert isinstance(MakeToOrder(), StockPolicy)
    assert not isinstance(object(), StockPolicy)


def test_every_policy_is_listed_by_its_kind():
    assert {"make_to_order": MakeToOrder} == KINDS
