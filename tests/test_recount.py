"""Recounts: each of these one-line faults keeps every law, and a random world finds it."""

from types import SimpleNamespace

import pytest

from alesha_sim.entities.bank.lockout import AccountLockout
from alesha_sim.entities.courier import Parcel
from alesha_sim.entities.shop.after_sales import AfterSale
from alesha_sim.entities.stock import Warehouse
from alesha_sim.entities.user.budget import Budgets
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation import fault_injection
from alesha_sim.verification.fuzz.random_scenarios import World, draw
from alesha_sim.verification.fuzz.trials import trial


def forget_what_is_on_order(patch):
    """A warehouse has room for what it has not ordered yet."""
    to_order = Warehouse.to_order

    def order(self, product):
        with pytest.MonkeyPatch.context() as inner:
            if self._capacity is not None:
                inner.setattr(self, "_capacity", self._capacity + self.on_order[product])
            return to_order(self, product)

    patch.setattr(Warehouse, "to_order", order)


def report_losses_at_once(patch):
    """A loss is reported without the time in which the parcel should have arrived."""
    begin = Parcel.__init__

    def init(self, entry, lines, goods, costs, courier, user, now):
        begin(self, entry, lines, goods, costs, courier, user, now)
        if self.is_lost:
            self.arrives_at = now + courier.report()

    patch.setattr(Parcel, "__init__", init)


def double_as_often_as_lose(patch):
    """A degradation doubles messages by the rate at which it loses them."""
    windows = fault_injection._windows
    patch.setattr(
        fault_injection, "_windows", lambda *given: [w._replace(duplication=w.loss) for w in windows(*given)]
    )  # fmt: skip


def compensate_the_advance(patch):
    """Compensation is a share of what was paid in advance."""
    compensation = AfterSale.compensation

    def of_advance(self, order):
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(order, "total", order.advance)
            return compensation(self, order)

    patch.setattr(AfterSale, "compensation", of_advance)


def cut_restocking_off(patch):
    """A restocking fee is cut off to whole minor units, not rounded."""
    receive = AfterSale._receive

    def receive_for_less(self, order, lines):
        fee = self._terms.restocking_fee
        cut_off = SimpleNamespace(of=lambda price: price * fee.numerator // fee.denominator)
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(self, "_terms", self._terms._replace(restocking_fee=cut_off))
            return receive(self, order, lines)

    patch.setattr(AfterSale, "_receive", receive_for_less)


def lock_too_early(patch):
    """An account is locked in the last instant, too, and so in the first."""
    refuses = AccountLockout.note_attempt
    patch.setattr(
        AccountLockout, "note_attempt",
        lambda self, owner, *at: self._locked_until.get(owner, at[1]) >= at[1] or refuses(self, owner, *at),
    )  # fmt: skip


FAULTS = [
    (forget_what_is_on_order, 601, "in stock and on order, with room for 3"),
    (report_losses_at_once, 73, "order 3 was known to be lost 31.2 s after it was sent"),
    (double_as_often_as_lose, 653, "was doubled on shop->bank, which makes no copies"),
    (compensate_the_advance, 21, "order 28: allowance of 36670, of 73341 left must be 73341"),
    (cut_restocking_off, 139, "order 25: return of 664, of 829 left must be 663"),
    (lock_too_early, 3, "met a locked account at "),
]


@pytest.mark.interpreted
@pytest.mark.parametrize(("plant", "number", "line"), FAULTS, ids=lambda given: getattr(given, "__name__", None))
def test_a_fault_that_keeps_every_law_is_found_by_a_world(monkeypatch, plant, number, line):
    assert trial(draw(51, number)).violations == []
    plant(monkeypatch)
    found = trial(draw(51, number)).violations
    assert found
    assert all(each.startswith("recount: ") for each in found)
    assert line in found[0]


@pytest.mark.interpreted
def test_a_budget_that_is_overdrawn_is_found(monkeypatch):
    monkeypatch.setattr(Budgets, "take", lambda self, user, amount: True)
    columns = {"at": [0.0, 1.0, 70.0], "user": [0, 0, 0], "hp-laptop": [1, 1, 1]}
    scenario = Scenario.model_validate({
        "horizon": 100, "demand": {"kind": "replay", "visits": columns},
        "users": {"budget": 800, "budget_period": 60},
    })  # fmt: skip
    found = trial(World(scenario, 1)).violations
    assert found == ["recount: user 0 ordered for 100000 in period 0, with a budget of 80000"]
