"""How users choose among shops: each policy alone, its shares in closed form, and what it refuses."""

import math
import re

import pytest

from alesha_sim.policies import (
    SHOP_CHOICES,
    CheapestShop,
    KnownShop,
    Loyal,
    OnlyShop,
    ShopChoicePolicy,
    ShopLogit,
    ShopOffer,
    ShopShares,
)
from alesha_sim.policies.users import drawn
from alesha_sim.units import DAY

GRID = [(n + 0.5) / 1000 for n in range(1000)]
KNOWN = [KnownShop("a"), KnownShop("b"), KnownShop("c")]
OFFERS = [ShopOffer("a", 100, 2 * DAY, 1.0), ShopOffer("b", 90, 5 * DAY, 0.5), ShopOffer("c", 120, 1 * DAY, 0.8)]


def considered(policy, shops):
    """Return how often, of a thousand draws, each shop is the only one that is asked."""
    asked = [policy.considers(shops, draw) for draw in GRID]
    assert all(len(names) == 1 for names in asked)
    return {shop.name: sum(names[0] == shop.name for names in asked) for shop in shops}


def chosen(policy, offers):
    """Return how often, of a thousand draws, each shop is chosen, and None for nowhere."""
    found = [policy.choose(offers, draw) for draw in GRID]
    return {name: found.count(name) for name in [*(offer.name for offer in offers), None]}


@pytest.mark.parametrize("policy", [kind() for kind in SHOP_CHOICES.values()], ids=SHOP_CHOICES)
def test_every_policy_asks_and_chooses_only_what_is_there(policy):
    assert isinstance(policy, ShopChoicePolicy)
    for draw in (0.0, 0.5, math.nextafter(1, 0)):
        assert set(policy.considers(KNOWN, draw)) <= {"a", "b", "c"}
        assert policy.choose(OFFERS, draw) in {"a", "b", "c"}
        assert list(policy.considers([], draw)) == []
        assert policy.choose([], draw) is None


def test_only_goes_to_its_shop_or_nowhere():
    assert OnlyShop("b").considers(KNOWN, 0.9) == ["b"]
    assert OnlyShop("b").choose(OFFERS, 0.0) == "b"
    assert OnlyShop("z").considers(KNOWN, 0.9) == []
    assert OnlyShop("b").choose(OFFERS[:1], 0.0) is None
    assert (OnlyShop().considers(KNOWN, 0.9), OnlyShop().choose(OFFERS, 0.9)) == (["a"], "a")


def test_shares_are_those_of_the_table_and_equal_without_one():
    assert considered(ShopShares({"a": 3, "c": 1}), KNOWN) == {"a": 750, "b": 0, "c": 250}
    assert considered(ShopShares(), KNOWN[:2]) == {"a": 500, "b": 500}
    assert ShopShares({"c": 1}).considers(KNOWN[:2], 0.5) == ()
    assert ShopShares({"a": 3, "c": 1}).choose(OFFERS[2:], 0.1) == "c"


def test_the_loyal_stay_until_their_trust_is_lost():
    at_b = [KnownShop("a"), KnownShop("b", 0.6, True), KnownShop("c")]
    assert considered(Loyal(0.5), at_b)["b"] == 1000
    left = considered(Loyal(0.7), at_b)
    assert left == {"a": 500, "b": 0, "c": 500}
    nobody = [KnownShop("a", 0.2), KnownShop("b", 0.3, True), KnownShop("c", 0.3)]
    assert considered(Loyal(0.7), nobody) == {"a": 0, "b": 500, "c": 500}
    assert considered(Loyal(), KNOWN)["a"] in (333, 334)


def test_the_cheapest_of_those_that_answered_is_chosen_and_equals_share():
    assert CheapestShop().considers(KNOWN, 0.5) == ["a", "b", "c"]
    assert chosen(CheapestShop(), OFFERS)["b"] == 1000
    assert chosen(CheapestShop(), [OFFERS[0], OFFERS[2]])["a"] == 1000
    assert chosen(CheapestShop(), [ShopOffer("a", 5), ShopOffer("b", 5)]) == {"a": 500, "b": 500, None: 0}


def test_a_logit_has_the_shares_of_its_closed_form():
    policy = ShopLogit(price=-0.02, promise=-0.3, trust=2, appeal={"c": 1.5}, outside=-2)
    utilities = [-2 - 0.6 + 2, -1.8 - 1.5 + 1, 1.5 - 2.4 - 0.3 + 1.6, -2]
    assert [policy.utility(offer) for offer in OFFERS] == pytest.approx(utilities[:3])
    wanted = [math.exp(each) / sum(map(math.exp, utilities)) for each in utilities]
    assert policy.shares(OFFERS) == pytest.approx(wanted)
    assert list(chosen(policy, OFFERS).values()) == pytest.approx([1000 * share for share in wanted], abs=1)
    assert ShopLogit(price=-0.02).shares(OFFERS)[3] == 0
    assert ShopLogit().shares(OFFERS) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_a_shop_that_promises_nothing_is_not_chosen_where_promises_count():
    without = [ShopOffer("a", 1), ShopOffer("b", 1, DAY)]
    assert ShopLogit(promise=-1).shares(without) == [0, 1, 0]
    assert ShopLogit(promise=-1).shares(without[:1]) == [0, 1]
    assert ShopLogit(promise=-1).choose(without[:1], 0.5) is None
    assert ShopLogit(price=-1).shares(without) == [0.5, 0.5, 0]


def test_a_logit_of_huge_utilities_neither_overflows_nor_divides_by_zero():
    policy = ShopLogit(price=-1e9)
    assert policy.shares([ShopOffer("a", 1e12), ShopOffer("b", 1e12 + 1)]) == [1, 0, 0]


def test_what_weighs_nothing_is_never_drawn():
    assert [drawn([0, 1, 0, 1, 0], draw) for draw in (0.0, 0.49, 0.5, math.nextafter(1, 0))] == [1, 1, 3, 3]
    assert drawn([], 0.5) is None
    assert drawn([0.0, 0.0], 0.5) is None


@pytest.mark.parametrize(
    ("make", "lines"),
    [
        (lambda: OnlyShop(3), "shop: 3: must be the name of a shop"),
        (lambda: ShopShares(3), "shares: 3: must be a table by the names of shops"),
        (lambda: ShopShares({"a": -1, "b": True}), "shares.a: -1: must be a number from 0 to 1e+09\n"
                                                   "shares.b: True: must be a number from 0 to 1e+09"),
        (lambda: ShopShares({"a": 0}), "shares must have a positive sum"),
        (lambda: Loyal(1.5), "least_trust: 1.5: must be a number from 0 to 1"),
        (lambda: ShopLogit(price=1, trust=-1, outside=math.inf), "price: 1: must be a number from -1e+09 to 0\n"
         "trust: -1: must be a number from 0 to 1e+09\noutside: inf: must be a number from -1e+09 to 1e+09"),
        (lambda: ShopLogit(appeal=3), "appeal: 3: must be a table by the names of shops"),
        (lambda: ShopLogit(appeal={"a": "x"}), "appeal.a: 'x': must be a number from -1e+09 to 1e+09"),
    ],
)  # fmt: skip
def test_parameters_that_break_a_rule_are_refused_a_line_each(make, lines):
    with pytest.raises(ValueError, match=f"^{re.escape(lines)}$"):
        make()


def test_tables_are_own_copies():
    shares, appeal = {"a": 1.0}, {"a": 1.0}
    kept, logit = ShopShares(shares), ShopLogit(appeal=appeal)
    shares["b"] = appeal["b"] = 9.0
    assert (kept.names, logit.names) == (("a",), ("a",))
