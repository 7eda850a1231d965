"""Random worlds: drawn within wide limits, all laws hold in each, and planted bugs are found."""

import pytest
from conftest import is_full_size

from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.shop.order_desk import OrderDesk
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.network.idempotency import IdempotencyStore
from alesha_sim.policies import SETTLEMENTS, STOCKS
from alesha_sim.scenarios.channels import LINKS
from alesha_sim.scenarios.injected_faults import Crash, Degradation, Outage
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.verification.fuzz.random_scenarios import World, draw
from alesha_sim.verification.fuzz.reductions import brief
from alesha_sim.verification.fuzz.shrink import shrink
from alesha_sim.verification.fuzz.trials import survey, trial

WORLDS, PART = (2000, 100) if is_full_size() else (200, 20)


@pytest.fixture(scope="module")
def scenarios():
    return [draw(1, number).scenario for number in range(150)]


# What is drawn


def test_a_world_is_decided_by_the_seed_and_its_number():
    assert draw(1, 5) == draw(1, 5)
    different = [draw(1, 5), draw(1, 6), draw(2, 5)]
    assert len({world.seed for world in different}) == 3
    assert len({world.scenario.to_toml() for world in different}) == 3


def test_a_file_gives_back_exactly_the_same_world(scenarios):
    assert [Scenario.from_toml(scenario.to_toml()) for scenario in scenarios] == scenarios


@pytest.mark.parametrize(("seed", "number"), [(1, -1), (-1, 1), (2**63, 1)])
def test_a_world_that_there_is_not_is_refused(seed, number):
    with pytest.raises(ValueError, match="must"):
        draw(seed, number)


KINDS = {
    "one user": lambda s: s.users.count == 1,
    "many users": lambda s: s.users.count > 15,
    "one product": lambda s: len(s.catalogue) == 1,
    "price below charge": lambda s: any(product.price < product.charge for product in s.catalogue),
    "goods that are not made": lambda s: getattr(s.supplier.stock, "unavailable", ()),
    **{f"stock {kind}": lambda s, kind=kind: s.supplier.stock.kind == kind for kind in STOCKS},
    **{f"settlement {kind}": lambda s, kind=kind: s.bank.settlement.kind == kind for kind in SETTLEMENTS},
    "fees": lambda s: s.bank.fees.share > 0 and s.bank.fees.payer_share > 0,
    "a reserve": lambda s: s.bank.rolling_reserve.share > 0,
    "payment at the door": lambda s: s.users.payment.cash_on_delivery > 0,
    "part in advance": lambda s: s.shop.advance < 1,
    "orders rejected": lambda s: s.supplier.unmet_demand == "rejected",
    "own stock": lambda s: s.shop.stock is not None,
    "parcels lost": lambda s: s.delivery.lost > 0,
    "parts of orders": lambda s: s.delivery.partial,
    "zones": lambda s: s.delivery.zones,
    "cancellations": lambda s: s.users.after_sales.cancel_share > 0,
    "returns": lambda s: any(product.return_share for product in s.catalogue),
    "defects": lambda s: any(product.defect_share for product in s.catalogue),
    "complaints": lambda s: s.users.after_sales.complaint_share > 0 and s.shop.compensation > 0,
    "income": lambda s: s.users.income is not None,
    "choice": lambda s: s.users.choice is not None,
    "trust": lambda s: s.users.trust is not None,
    "poor shop": lambda s: s.shop.opening_balance == 0,
    "other decimals": lambda s: s.currency.decimals not in (0, 2),
    "whole amounts": lambda s: s.currency.decimals == 0,
    "one worker each": lambda s: s.shop.workers == s.bank.workers == s.supplier.workers == 1,
    "patience": lambda s: s.users.patience is not None,
    "attacks": lambda s: sum(s.users.attacks.shares) > 0,
    "locks": lambda s: s.bank.secret_attempts is not None,
    "unpaid orders cancelled": lambda s: s.shop.unpaid_after is not None,
    "visits at one instant": lambda s: s.demand.kind == "replay",
    "cut off": lambda s: s.drain is not None,
    "no faults": lambda s: not s.is_hostile,
    "finite attempts": lambda s: s.network.default.attempts is not None,
    "endless attempts": lambda s: s.network.default.timeout and s.network.default.attempts is None,
    "constant waits": lambda s: s.network.default.backoff == 1,
    "jitter": lambda s: s.network.default.jitter > 0,
    "loss": lambda s: s.network.default.loss > 0.5,
    "everything twice": lambda s: s.network.default.duplication == 1,
    "different links": lambda s: len(s.network.links) > 2,
    "one-way outage": lambda s: any(isinstance(f, Outage) and f.link in LINKS for f in s.faults),
    "two-way outage": lambda s: any(isinstance(f, Outage) and f.link not in LINKS for f in s.faults),
    "link that never comes back": lambda s: any(f.duration > 1e6 for f in s.faults),
    "degradation": lambda s: any(isinstance(f, Degradation) and f.latency is not None for f in s.faults),
    "crash while visits come": lambda s: any(0 < crash.start < s.horizon for crash in crashes(s)),
    "crash after the visits": lambda s: any(crash.start > s.horizon for crash in crashes(s)),
    "crash at a restart": lambda s: set(restarts(s)) & {(crash.entity, crash.start) for crash in crashes(s)},
    "many crashes": lambda s: len(crashes(s)) > 10,
    "crash as short as a latency": lambda s: any(c.duration < latency(s) for c in crashes(s)),
}


def crashes(scenario):
    return [fault for fault in scenario.faults if isinstance(fault, Crash)]


def restarts(scenario):
    return [(crash.entity, crash.start + crash.duration) for crash in crashes(scenario)]


def latency(scenario):
    return scenario.network.default.latency.expected


@pytest.mark.parametrize("kind", KINDS)
def test_worlds_of_every_kind_are_drawn(scenarios, kind):
    found = sum(bool(KINDS[kind](scenario)) for scenario in scenarios)
    assert 1 <= found < len(scenarios)


@pytest.mark.parametrize("entity", ["shop", "bank", "supplier"])
def test_every_organisation_crashes(scenarios, entity):
    assert sum(any(crash.entity == entity for crash in crashes(scenario)) for scenario in scenarios) > 30


def test_worlds_stay_within_their_limits(scenarios):
    for scenario in scenarios:
        assert 1 <= scenario.users.count <= 20
        assert scenario.horizon == float(f"{scenario.horizon:.3g}")
        minor = scenario.currency.minor
        assert all(0 <= minor(p.cost) <= minor(p.charge) <= 2**56 for p in scenario.catalogue)
        assert all(scenario.network.link(name).loss <= 0.6 for name in LINKS)


# The program as it is


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, WORLDS, PART))
def test_every_law_holds_in_random_worlds(first):
    assert survey(1, PART, first=first).failures == []


# Planted bugs: found within 200 worlds, and made small


def ignore_keys(patch):
    """A receiver forgets which requests it serves and has served."""
    patch.setattr(IdempotencyStore, "admit", lambda self, key, content: None)


def forget_an_order(patch):
    """The shop forgets the latest of its open orders when it is restarted."""
    everything, recover = OrderDesk.all_open, Shop.recover

    def forget(self):
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(OrderDesk, "all_open", lambda desk: everything(desk)[:-1])
            recover(self)

    patch.setattr(Shop, "recover", forget)


def post_outside_the_link(patch):
    """The shop's book writes the supplier's charges under a link of its own."""
    charges = ShopBook.charges

    def elsewhere(self, at, link, order, amount):
        return charges(self, at, self._ledger.new_entry(), order, amount)

    patch.setattr(ShopBook, "charges", elsewhere)


BUGS = [(ignore_keys, 2), (forget_an_order, 2), (post_outside_the_link, 2)]


@pytest.mark.interpreted
@pytest.mark.slow
@pytest.mark.parametrize(("plant", "seed"), BUGS, ids=lambda given: getattr(given, "__name__", None))
def test_a_planted_bug_is_found_and_its_world_made_small(monkeypatch, plant, seed):
    plant(monkeypatch)
    failures = survey(seed, WORLDS_OF_A_BUG).failures
    assert failures
    found = trial(draw(seed, failures[0].number))
    small = shrink(found)
    scenario, run_seed, _ = small.trial.world
    assert small.violations
    assert len(scenario.visits(run_seed).at) <= 3
    assert len(scenario.faults) <= 2
    assert len(scenario.catalogue) == 1
    assert trial(World(Scenario.from_toml(brief(scenario)), run_seed)).violations == small.trial.violations
    monkeypatch.undo()
    assert trial(small.trial.world).violations == []


WORLDS_OF_A_BUG = 200 if is_full_size() else 20
