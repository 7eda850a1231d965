"""Random markets: drawn within their limits, written down exactly, and made small party by party."""

import pytest

from alesha_sim.policies import SHOP_CHOICES, SOURCINGS
from alesha_sim.scenarios.market import Clearing
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.verification.fuzz.random_scenarios import World, draw
from alesha_sim.verification.fuzz.reduced_market import fewer_parties
from alesha_sim.verification.fuzz.reductions import brief, spelt_out, without_products
from alesha_sim.verification.fuzz.shrink import shrink
from alesha_sim.verification.fuzz.trials import Trial, trial


@pytest.fixture(scope="module")
def markets():
    return [draw(1, number, markets=True).scenario for number in range(150)]


def counts(scenario):
    roles = [each.role for each in scenario.organisations]
    return tuple(roles.count(role) for role in ("shop", "bank", "supplier"))


def test_a_market_has_one_to_three_of_each_and_follows_from_the_seed_and_its_number(markets):
    assert {number for each in markets for number in counts(each)} == {1, 2, 3}
    assert {each[place] for each in map(counts, markets) for place in range(3)} == {1, 2, 3}
    assert draw(1, 7, markets=True).scenario == markets[7]
    assert not any(draw(1, number).scenario.is_market for number in range(20))


def test_a_file_gives_back_exactly_the_same_market(markets):
    assert [Scenario.from_toml(scenario.to_toml()) for scenario in markets] == markets


def test_every_policy_and_every_kind_of_clearing_is_drawn(markets):
    kinds = {getattr(each.users.shop_choice, "kind", None) for each in markets}
    assert kinds == {None, *SHOP_CHOICES}
    assert {getattr(shop.sourcing, "kind", None) for each in markets for shop in each.shops} == {None, *SOURCINGS}
    settling = [each.clearing for each in markets if each.clearing is not None]
    for field in ("kind", "queue"):
        drawn = {getattr(clearing, field) for clearing in settling}
        assert drawn == set(Clearing.model_fields[field].annotation.__args__)


TIERS = {
    "three tiers": lambda s: any(s.suppliers_of(up) for name in names(s) for up in s.suppliers_of(name)),
    "charges by supplier": lambda s: any(each.charges for each in s.suppliers),
    "lead times by product": lambda s: any(each.lead_times for each in s.suppliers),
    "little to settle with": lambda s: any(bank.reserves == 0 for bank in s.banks),
    "credit": lambda s: any(bank.credit for bank in s.banks),
    "a bank without users": lambda s: any(bank.share == 0 for bank in s.banks),
    "a crash of one of several": lambda s: any(getattr(f, "entity", "-").endswith("-2") for f in s.faults),
    "a crash of all of a role": lambda s: any(getattr(f, "entity", "") == "shop" for f in s.faults),
    "a link by name": lambda s: any("-1" in link for link in s.network.links),
}


def names(scenario):
    return [each.name for each in scenario.suppliers]


@pytest.mark.parametrize("kind", TIERS)
def test_markets_of_every_kind_are_drawn(markets, kind):
    assert 1 <= sum(bool(TIERS[kind](scenario)) for scenario in markets) < len(markets)


def test_parties_are_taken_out_one_by_one_until_one_of_each_has_no_name(markets):
    large = next(each for each in markets if counts(each) == (3, 3, 3))
    tree, sizes = large.model_dump(mode="json"), [9]
    while found := list(fewer_parties(tree)):
        tree = found[0]
        sizes.append(len(Scenario.model_validate(tree).organisations))
    assert sizes == [9, 8, 7, 6, 5, 4, 3, 3]
    assert not Scenario.model_validate(tree).is_market


def test_every_smaller_market_is_a_scenario_that_a_file_can_hold(markets):
    for scenario in markets[:15]:
        tree = spelt_out(World(scenario, 1))
        if not tree["demand"]["visits"]["at"]:
            continue
        for each in (*fewer_parties(tree), *([without_products(tree, 0, 1)] if scenario.skus[1:] else [])):
            found = Scenario.model_validate(each)
            assert Scenario.from_toml(brief(found)).to_toml() == found.to_toml()


def test_a_market_that_fails_is_made_as_small_as_one_of_each(monkeypatch, markets):
    number = next(n for n, each in enumerate(markets) if counts(each) == (3, 3, 3))
    world = World(markets[number], 1)
    monkeypatch.setattr(
        "alesha_sim.verification.fuzz.shrink.trial", lambda world: Trial(world, ["L0: planted"], trial_counts)
    )
    trial_counts = trial(draw(1, 1)).counts
    small = shrink(Trial(world, ["L0: planted"], trial_counts))
    assert not small.trial.world.scenario.is_market
    assert len(small.trial.world.scenario.catalogue) == 1


@pytest.mark.parametrize("number", [15, 27])
def test_orders_may_wait_for_a_supplier_that_lacks_the_money_to_buy(number):
    assert trial(draw(77, number, markets=True)).violations == []
