"""Several shops: users compare home pages over the network, choose, and remember whom they trust."""

from math import exp

import numpy as np
import pytest

from alesha_sim import simulate
from alesha_sim.entities.entity import EntityError
from alesha_sim.entities.user.shops import KnownShops
from alesha_sim.entities.user.trust import TrustLevels
from alesha_sim.messages import Checkout, Reason, Refusal
from alesha_sim.policies import CheapestShop, Loyal, ShopLogit, ShopOffer, ShopShares, Trust
from alesha_sim.scenarios import ScenarioError, rival_shops
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation

MUG = {"sku": "mug", "name": "Mug", "marked_price": 10, "price": 8, "charge": 5, "cost": 3}
DAY = 86_400
CALM = {"trust": 0, "war_days": (10, 20), "answer_days": 5, "exit_day": 25, "days": 30, "outside": -11}
"""Knobs under which shares are known: users trust all alike."""


def market(*shops, visits=None, **changes):
    """A visit an hour by one of two users, to the shops of these fields; named a, b, c."""
    visits = visits or {"at": [3600 * n for n in range(6)], "user": [0, 1] * 3, "mug": [1] * 6}
    named = [{"name": name} | fields for name, fields in zip("abc", shops, strict=False)]
    return Scenario.model_validate(
        {
            "horizon": "2 days",
            "catalogue": [MUG],
            "users": {"count": 2} | changes.pop("users", {}),
            "demand": {"kind": "replay", "visits": visits},
            "shops": named,
            **changes,
        }
    )


def went_to(result):
    """Return the shop of each visit's cart, None for a visit that checked out nowhere."""
    messages = result.messages
    carts = messages[messages.kind.eq("Checkout") & messages.sender.str.startswith("user:")]
    found = dict(zip(carts.visit, carts.recipient, strict=True))
    return [found.get(visit) for visit in result.visits.visit]


def dated(price, at=0):
    return {"prices": [{"sku": "mug", "price": price, "from": at}]}


CHEAPEST = {"users": {"shop_choice": {"kind": "cheapest"}}}


# Who goes where


def test_users_go_where_it_is_cheapest_from_the_instant_of_a_price_on():
    result = simulate(market(dated(7), dated(6, at=3 * 3600), **CHEAPEST))
    assert went_to(result) == ["a"] * 3 + ["b"] * 3
    assert result.visits["shop"].tolist() == result.orders.seller.tolist() == went_to(result)
    assert result.orders.total.tolist() == [7] * 3 + [6] * 3


def test_all_home_pages_are_asked_for_and_the_visit_goes_on_at_one():
    messages = simulate(market({}, dated(7), **CHEAPEST)).messages
    asked = messages[messages.sender.str.startswith("user:")].groupby(["kind", "recipient"]).size()
    assert (asked["ViewHomepage", "a"], asked["ViewHomepage", "b"]) == (6, 6)
    assert {shop for kind, shop in asked.index if kind in ("LogIn", "Checkout", "Pay")} == {"b"}


def test_users_who_only_look_around_choose_no_shop():
    visits = {"at": [0], "user": [0], "mug": [0]}
    result = simulate(market({}, {}, visits=visits, **CHEAPEST))
    assert (result.visits.outcome.tolist(), went_to(result)) == (["looked"], [None])
    assert result.visits["shop"].isna().all()
    asked = result.messages[result.messages.kind == "ViewHomepage"]
    assert sorted(asked.recipient) == ["a", "b"]


def test_a_shop_that_does_not_answer_is_passed_over():
    network = {"default": {"timeout": 10, "attempts": 2}}
    down = [{"kind": "crash", "entity": "b", "start": 0, "duration": 3 * 3600 - 60}]
    result = simulate(market({}, dated(7), network=network, faults=down, **CHEAPEST))
    assert went_to(result) == ["a"] * 3 + ["b"] * 3


def test_who_finds_no_shop_leaves():
    choice = {"users": {"shop_choice": {"kind": "logit", "price": -1, "outside": 1e6}}}
    result = simulate(market({}, {}, **choice))
    assert result.visits.outcome.tolist() == ["looked"] * 6
    assert not len(result.orders)


class Stranger(CheapestShop):
    """A policy that goes to a shop that is not there."""

    def choose(self, offers, draw):
        return "d"


def test_a_policy_that_names_no_shop_is_told_so():
    with pytest.raises(EntityError, match=r"users.shop_choice: Stranger: 'd': must be one of a, b"):
        simulate(market({}, {}, users={"shop_choice": Stranger()}))


# Trust and loyalty


def test_trust_is_a_users_own_for_each_shop():
    trust = TrustLevels(Trust(late=0.5), 2, 3)
    trust.judge(1, "late", 2)
    shops = KnownShops("abc", ShopLogit(), trust)
    assert [[shops.trust(user, name) for name in "abc"] for user in (0, 1)] == [[1, 1, 1], [1, 1, 0.5]]


def test_who_is_loyal_stays_until_trust_is_lost():
    trust = TrustLevels(Trust(late=0.6), 1, 2)
    shops = KnownShops("ab", Loyal(), trust)
    assert [shops.considered(0, draw) for draw in (0.1, 0.9)] == [["a"], ["b"]]
    shops.note_bought(0, "b")
    assert [shops.considered(0, draw) for draw in (0.1, 0.9)] == [["b"], ["b"]]
    trust.judge(0, "late", 1)
    assert [shops.considered(0, draw) for draw in (0.1, 0.9)] == [["a"], ["a"]]


def test_a_late_delivery_costs_the_shop_that_promised_it():
    users = {"shop_choice": {"kind": "loyal", "least_trust": 0.9}, "trust": {"kind": "trust", "late": 0.5}}
    visits = {"at": [0, 10 * DAY, 20 * DAY], "user": [0, 0, 0], "mug": [1, 1, 1]}
    supplier = {"lead_time": DAY, "delivery_time": DAY}
    late, kept = {"promise": "2 days"}, {"promise": "3 days"}
    for shops in ((late, kept), (kept, late)):
        result = simulate(market(*shops, visits=visits, users=users, supplier=supplier, horizon="30 days"), seed=3)
        names = went_to(result)
        is_late = ["ab"[[*shops].index(late)] == name for name in names]
        assert is_late in ([True, False, False], [False, False, False])


# The logit in closed form


def shares(prices, promised, is_open=(True, True, True), outside=-11):
    """The probabilities of the shops and of none, as McFadden has them."""
    weights = [
        exp(-0.02 * price - 0.1 * days) if on else 0.0
        for price, days, on in zip(prices, promised, is_open, strict=True)
    ]
    whole = sum(weights) + exp(outside)
    return [weight / whole for weight in weights] + [exp(outside) / whole]


PHASES = {
    (0, 10): shares((500, 490, 480), (3, 5, 7)),
    (10, 15): shares((450, 490, 480), (3, 5, 7)),
    (15, 20): shares((450, 450, 450), (3, 5, 7)),
    (20, 25): shares((500, 490, 480), (3, 5, 7)),
    (25, 30): shares((500, 490, 480), (3, 5, 7), (True, True, False)),
}


def counts(first, runs):
    """Count by phase which shop the visits of some runs chose, None last."""
    found = {phase: np.zeros(4, np.int64) for phase in PHASES}
    for seed in range(first, first + runs):
        result = simulate(rival_shops(users=50, **CALM), seed=seed)
        place = np.array([("daraz", "pickaboo", "bikroy", None).index(name) for name in went_to(result)])
        at = result.columns("visits")["arrived_at"] / 1e6 / DAY
        for begins, ends in PHASES:
            # A visit that begins just before a change may still see the old pages, or the new.
            during = (at >= begins) & (at < ends - 1e-4)
            found[begins, ends] += np.bincount(place[during], minlength=4)
    return found


def standard_errors(runs, first=1):
    """Return how many standard errors each share of each phase is off."""
    found = []
    for phase, count in counts(first, runs).items():
        share, visits = np.array(PHASES[phase]), count.sum()
        spread = np.sqrt(np.maximum(visits * share * (1 - share), 1e-12))
        found += np.abs((count - visits * share) / spread).tolist()
    return found


def test_shops_have_the_shares_of_the_logit_in_a_price_war_and_after_an_exit():
    off = standard_errors(20)
    if max(off) > 4:
        off = standard_errors(80, first=101)
    assert max(off) < 4


# A shop that closes


def test_a_shop_that_has_closed_offers_nothing_and_supplies_what_was_ordered():
    simulation = Simulation(
        market({"closes": 2 * 3600}, {}, users={"shop_choice": {"kind": "only", "shop": "a"}}), 1
    )
    simulation.run()
    result = simulation.result()
    assert result.visits.outcome.tolist() == ["bought"] * 2 + ["looked"] * 4
    assert (result.orders.status.tolist(), result.check()) == (["completed"] * 2, [])
    reply = simulation.shops["a"].storefront.answer(Checkout((("mug", 1),)), 0)
    assert reply == Refusal(Reason.SHOP_CLOSED)


def test_the_only_shop_may_close_too():
    one = Scenario(horizon="2 days", catalogue=[MUG], demand=market({}, {}).demand, users={"count": 2})
    result = simulate(one.with_settings({"shop.closes": 3600}))
    assert result.visits.outcome.tolist() == ["bought"] + ["looked"] * 5


def test_each_shop_has_its_own_staff_stock_and_terms():
    shops = {"stock": {"kind": "base_stock", "level": 4}, "workers": 1, "advance": 1}, {"advance": 0, "workers": 2}
    share = {"shop_choice": {"kind": "share", "shares": {"a": 1, "b": 1}}}
    result = simulate(market(*shops, users=share), seed=2)
    orders, names = result.orders[result.orders.user >= 0], went_to(result)
    assert {*names} == {"a", "b"}
    assert (orders.advance == orders.total).tolist() == [name == "a" for name in names]
    assert result.check() == []


BAD = {
    "one price": ({"prices": (500,), "promised_days": (3,)}, "prices: 1: must be a whole number from 2 to 3"),
    "a promise too few": (
        {"promised_days": (3, 5)},
        "promised_days: [3, 5]: must have a number for each of 3 prices",
    ),
    "no number": ({"answer_days": "soon"}, "answer_days: 'soon': must be a number"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_knob_that_cannot_be_is_refused_in_one_line(name):
    knobs, line = BAD[name]
    with pytest.raises(ScenarioError) as error:
        rival_shops(**knobs)
    assert error.value.problems == [line]


def test_prices_and_promises_are_weighed_as_a_user_saw_them():
    logit = ShopLogit(price=-0.02, promise=-0.1, outside=-11)
    offers = [
        ShopOffer(name, price, days * DAY) for name, price, days in (("a", 500, 3), ("b", 490, 5), ("c", 480, 7))
    ]
    assert logit.shares(offers) == pytest.approx(PHASES[0, 10], rel=1e-12)
    assert ShopShares().considers(offers, 0.5) == ("b",)
