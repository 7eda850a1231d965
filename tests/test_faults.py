"""Purchases over hostile networks: nobody pays twice, nothing is lost, what stays in doubt is listed."""

from pathlib import Path

import numpy as np
import pytest

from alesha_sim.accounting import reconcile
from alesha_sim.columns import TextColumn
from alesha_sim.scenarios import market_day
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.units import DAY

RETRY = {"timeout": 2.0, "backoff": 1.0}


def scenario(visits, **fields):
    """Visits as columns, constant latency of 1 s, retries without end, goods made and brought in no time."""
    network = {
        "default": {"latency": 1.0, "timeout": 5.0, **fields.pop("link", {})},
        "links": fields.pop("links", {}),
    }
    users = {"count": max(visits["user"]) + 1, **fields.pop("users", {})}
    supplier = {"lead_time": 100, "delivery_time": 100, **fields.pop("supplier", {})}
    return Scenario.model_validate(
        {"name": "test", "horizon": DAY, "demand": {"kind": "replay", "visits": visits}, "users": users,
         "network": network, "supplier": supplier, **fields}
    )  # fmt: skip


def finished(each, seed=1):
    simulation = Simulation(each, seed)
    simulation.run()
    assert simulation.drained
    return simulation.result()


def words(column):
    assert isinstance(column, TextColumn)
    return [column.labels[code] if code >= 0 else None for code in column.codes]


def statuses(result):
    orders = result.columns("orders")
    return list(zip(words(orders["status"]), words(orders["reason"]), strict=True))


def fates(result):
    names, counts = np.unique(words(result.columns("messages")["fate"]), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


ONE = {"at": [0], "user": [0], "hp-laptop": [1]}


def purchases(result):
    """Who bought what or was declined for what, by user: for users whose visits do not overlap."""
    orders, lines, found = result.columns("orders"), result.columns("order_lines"), {}
    skus = words(lines["sku"])
    for order, user, status, reason in zip(
        orders["order"].tolist(), orders["user"].tolist(), words(orders["status"]), words(orders["reason"]),
        strict=True,
    ):  # fmt: skip
        rows = np.flatnonzero(lines["order"] == order)
        goods = tuple((skus[row], int(lines["quantity"][row])) for row in rows)
        found.setdefault(user, []).append((status, reason, goods))
    return found


def overlapping(result):
    """Users with two visits at once."""
    visits, busy, seen = result.columns("visits"), set(), {}
    for user, arrived, left in zip(
        *(visits[name].tolist() for name in ("user", "arrived_at", "left_at")), strict=True
    ):
        if arrived < seen.get(user, -1):
            busy.add(user)
        seen[user] = max(left, seen.get(user, -1))
    return busy


def test_loss_and_duplication_change_nobodys_purchase():
    fields = {"loss": 0.3, "duplication": 0.3, **RETRY}
    calm = market_day(users=120, visits_per_day=250)
    hostile = calm.with_settings({f"network.default.{name}": value for name, value in fields.items()} | {
        f"network.links.{one}->{other}.{name}": value for name, value in fields.items()
        for one in ("shop", "bank", "supplier") for other in ("shop", "bank", "supplier") if one != other
    })  # fmt: skip
    quiet, loud = finished(calm, 11), finished(hostile, 11)
    assert loud.check() == []
    assert {status for status, _ in statuses(loud)} <= {"completed", "declined"}
    skipped = overlapping(quiet) | overlapping(loud)
    alone = set(purchases(quiet)) - skipped
    assert len(alone) > 40
    assert {user: purchases(loud)[user] for user in alone} == {user: purchases(quiet)[user] for user in alone}


def test_a_network_that_may_fail_but_does_not_gives_the_same_messages_but_for_acknowledgements():
    quiet = finished(scenario(ONE, link={"timeout": 1000.0}))
    kinds = words(quiet.columns("messages")["kind"])
    assert fates(quiet) == {"delivered": len(kinds)}
    assert kinds.count("Acknowledged") == 2  # for Deliver and for Delivered


CRASHES = [(entity, at) for entity in ("shop", "bank", "supplier") for at in np.arange(0.5, 40, 1.5)]


@pytest.mark.parametrize(("entity", "at"), CRASHES)
def test_a_crash_at_any_step_of_a_purchase_loses_nothing(entity, at):
    crash = {"kind": "crash", "entity": entity, "start": float(at), "duration": 30}
    result = finished(scenario(ONE, faults=[crash]))
    assert result.check() == []
    ((status, reason),) = statuses(result)
    assert (status, reason) in [("completed", None), ("declined", "not_executed")]
    paid = result.closing_balances()["users"]
    assert paid == (4500.0 if status == "completed" else 5000.0)


@pytest.mark.parametrize("at", [20.0, 60.0, 130.0, 210.0, 225.0])
def test_a_supplier_that_crashes_while_it_makes_or_ships_delivers_once(at):
    crash = {"kind": "crash", "entity": "supplier", "start": at, "duration": 300}
    result = finished(scenario(ONE, faults=[crash]))
    assert result.check() == []
    assert statuses(result) == [("completed", None)]
    assert words(result.columns("transfers")["code"]).count("deliver") == 2  # the giver's book and the taker's


def test_a_rejected_order_is_refunded_once_whatever_crashes():
    unavailable = {"stock": {"kind": "make_to_order", "unavailable": ["hp-laptop"]}}
    for entity in ("shop", "bank", "supplier"):
        for at in np.arange(14.5, 40, 1.0):
            crash = {"kind": "crash", "entity": entity, "start": float(at), "duration": 30}
            result = finished(scenario(ONE, faults=[crash], supplier=unavailable))
            assert result.check() == []
            assert statuses(result)[0] in [("cancelled", "out_of_stock"), ("declined", "not_executed")]
            assert result.closing_balances() == {"users": 5000.0, "shop": 10000.0, "supplier": 5000.0}


def test_a_link_that_never_comes_back_leaves_the_order_listed_as_in_doubt():
    outage = {"kind": "outage", "link": "bank->shop", "start": 13.5, "duration": 1e9}
    result = finished(scenario(ONE, link={"attempts": 2}, faults=[outage]))
    assert result.check() == []
    assert [status for status, _ in statuses(result)] == ["in_doubt"]


def test_an_unanswered_authorisation_that_never_came_is_burnt_and_declined():
    outage = {"kind": "outage", "link": "shop->bank", "start": 12.5, "duration": 100}
    result = finished(scenario(ONE, link={"attempts": 2}, faults=[outage]))
    assert result.check() == []
    assert statuses(result) == [("declined", "not_executed")]
    assert result.closing_balances()["users"] == 5000.0


def test_a_slow_authorisation_that_was_burnt_charges_nobody():
    slow = {"bank": {"workers": None, "authorisation_time": 60}}
    result = finished(scenario(ONE, links={"shop->bank": {"attempts": 1}}, **slow))
    assert result.check() == []
    assert statuses(result) == [("declined", "not_executed")]
    assert result.closing_balances()["users"] == 5000.0


def test_a_user_without_an_answer_leaves_and_the_goods_still_come():
    outage = {"kind": "outage", "link": "shop->user", "start": 14.0, "duration": 1e6}
    result = finished(scenario(ONE, links={"user->shop": {"attempts": 3}}, faults=[outage]))
    assert result.check() == []
    assert words(result.columns("visits")["outcome"]) == ["unanswered"]
    assert statuses(result) == [("completed", None)]


TERMS = {
    "at once": {},
    "later": {"bank": {"settlement": {"kind": "delayed", "after": "1 day"}}},
    "escrow": {"bank": {"settlement": {"kind": "escrow"}}},
    "half at the door": {"shop": {"advance": 0.5}},
    "own stock": {"shop": {"stock": {"kind": "base_stock", "level": 3}}},
    "short of money": {"shop": {"opening_balance": 0}},
    "rejected": {"supplier": {"stock": {"kind": "make_to_order", "unavailable": ["hp-laptop"]}}},
}  # fmt: skip


def impatient(terms, patience, **fields):
    """A purchase whose user waits so long for each reply; the bank takes 5 s, and a fee of the user."""
    parts = {name: dict(TERMS[terms].get(name, {})) for name in ("bank", "shop", "supplier")}
    parts["bank"] |= {"authorisation_time": 5, "fees": {"payer_fixed": 1}}
    return scenario(ONE, users={"patience": patience}, **parts, **fields)


@pytest.mark.parametrize("terms", TERMS)
def test_whenever_a_user_hangs_up_books_and_deposits_agree_in_the_end(terms):
    ends = set()
    for patience in np.arange(1.25, 40, 1.5).tolist():
        result = finished(impatient(terms, patience))
        assert result.check() == []
        assert reconcile(result, "users").difference == 0
        paid = result.columns("orders")["payment_transaction"].max(initial=-1) >= 0
        ends.add((words(result.columns("visits")["outcome"])[0], bool(paid)))
    assert {("abandoned", False), ("abandoned", True)} < ends  # and who waited long enough


def test_laws_hold_wherever_a_run_is_cut_off_in_which_a_user_hung_up():
    simulation = Simulation(impatient("at once", 3.0), 1)
    known = []
    while not simulation.drained:
        simulation.run(until=simulation.clock.peek())
        result = simulation.result()
        assert result.check() == []
        known.append(reconcile(result, "users").unexplained)
    assert not any(known)
    assert reconcile(result, "users").difference == 0


def test_an_order_that_nobody_pays_is_cancelled_after_the_set_time():
    outage = {"kind": "outage", "link": "shop->user", "start": 10.5, "duration": 1e6}
    fields = {"links": {"user->shop": {"attempts": 2}}, "faults": [outage], "shop": {"unpaid_after": 3600}}
    result = finished(scenario(ONE, **fields))
    assert result.check() == []
    assert statuses(result) == [("cancelled", "unpaid")]
    assert result.columns("orders")["closed_at"][0] - result.columns("orders")["placed_at"][0] == 3600e6


def test_messages_to_an_entity_that_is_down_are_lost():
    crash = {"kind": "crash", "entity": "shop", "start": 0, "duration": 50}
    result = finished(scenario(ONE, link={"backoff": 1.0}, faults=[crash]))
    assert fates(result)["lost"] == 10  # at 1, 6, 11, ... 46 s
    assert statuses(result) == [("completed", None)]


def test_an_impatient_user_withdraws_and_costs_the_shop_no_work():
    busy = {"shop": {"workers": 1, "page_time": 100}, "users": {"patience": 150}}
    visits = {"at": [0, 1, 2], "user": [0, 1, 2], "hp-laptop": [0, 0, 0]}
    result = finished(scenario(visits, link={"timeout": 10_000.0}, **busy))
    assert words(result.columns("visits")["outcome"]) == ["looked", "abandoned", "abandoned"]
    assert fates(result)["withdrawn"] == 1  # the second had been begun when its user gave up
    assert fates(result)["late"] == 1


def test_a_withdrawal_that_overtakes_its_request_is_heeded():
    jitter = {"links": {"user->shop": {"latency": {"kind": "uniform", "low": 0, "high": 500}}}}
    visits = {"at": list(range(50)), "user": list(range(50)), "hp-laptop": [0] * 50}
    result = finished(scenario(visits, link={"timeout": 1e5}, users={"patience": 1}, **jitter))
    served = result.columns("messages")["started_at"] > 0
    withdrawn = np.array(words(result.columns("messages")["fate"])) == "withdrawn"
    assert withdrawn.sum() > 5
    assert not (served & withdrawn).any()


REFUSED = {
    "guess_secret": {"wrong_secret", "account_locked"},
    "replay_payment": {"unknown_order", "not_payable", None},
    "borrow_account": {"wrong_secret", "account_locked"},
    "claim_transaction": {"unknown_transaction", "transaction_mismatch"},
    "tamper_total": {"wrong_total"},
}


@pytest.mark.parametrize("attack", REFUSED)
def test_each_attack_is_labelled_and_refused_with_its_reason_and_moves_nothing(attack):
    day = market_day(users=40, visits_per_day=150).with_settings(
        {f"users.attacks.{attack}": 0.3, "bank.secret_attempts": 3, "shop.unpaid_after": 3600.0}
    )
    result = finished(day, 5)
    assert result.check() == []
    visits = result.columns("visits")
    attacks = np.array(words(visits["intent"])) == attack
    assert attacks.sum() > 20
    outcomes = {outcome for outcome, hit in zip(words(visits["outcome"]), attacks, strict=True) if hit}
    assert outcomes <= {"declined", "looked"}
    messages = result.columns("messages")
    hits = set(np.flatnonzero(attacks).tolist())
    reasons = {
        detail for detail, visit in zip(words(messages["reason"]), messages["visit"].tolist(), strict=True)
        if visit in hits and detail not in (None, "not_registered")
    }  # fmt: skip
    assert reasons
    assert reasons <= REFUSED[attack]
    placed = set(visits["order"][attacks].tolist()) - {-1}
    moved = set(result.columns("transfers")["order"].tolist())
    assert not placed & moved


def test_a_locked_account_opens_again_after_its_time():
    slip = {"users": {"wrong_secret": 1, "count": 1}, "bank": {"secret_attempts": 2, "lock_time": 1000}}
    visits = {"at": [0, 100, 200, 2000], "user": [0] * 4, "hp-laptop": [1] * 4}
    result = finished(scenario(visits, **slip))
    assert [reason for _, reason in statuses(result)] == [
        "wrong_secret", "wrong_secret", "account_locked", "wrong_secret",
    ]  # fmt: skip


def test_a_time_out_shorter_than_the_round_trip_leaves_no_order_in_doubt():
    slow = {"shop->bank": {"latency": 40}, "bank->shop": {"latency": 40, "loss": 0.3}}
    result = finished(scenario(ONE, link={"timeout": 10.0, "attempts": 2, "backoff": 1.0}, links=slow | {
        "user->shop": {"attempts": None}
    }))  # fmt: skip
    assert result.check() == []
    assert statuses(result) == [("completed", None)]


CASES = Path(__file__).parent / "cases"


def test_debts_that_wait_for_money_when_the_shop_crashes_are_paid_as_it_comes_in():
    world = Scenario.from_toml((CASES / "worlds" / "stuck-after-crash.toml").read_text())
    simulation = Simulation(world, 3817811644)
    simulation.run()
    assert simulation.result().check() == []


# What a degradation does, and what not.


@pytest.mark.parametrize(("what", "kinds"), [("loss", {0, 1}), ("duplication", {1, 2})])
def test_a_spell_loses_by_its_loss_and_doubles_by_its_duplication_alone(what, kinds):
    degradation = {"kind": "degradation", "link": "shop->bank", "start": 10, "duration": 10, what: 0.5}
    simulation = Simulation(scenario(ONE, faults=[degradation]), seed=1)
    faults = simulation.shop.channels["bank"].faults
    assert {faults.copies(15.0) for _ in range(200)} == kinds
    assert {faults.copies(at) for at in (9.999, 20.0) for _ in range(200)} == {1}
    assert simulation.bank.channels["shop"].faults is None


def test_a_degradation_adds_to_what_the_link_does_already():
    both = {"loss": 0.6, "duplication": 0.6}
    degradation = {"kind": "degradation", "link": "shop->bank", "start": 0, "duration": 10, **both}
    faults = Simulation(scenario(ONE, faults=[degradation], link=both), seed=1).shop.channels["bank"].faults
    counts = np.bincount([faults.copies(5.0) for _ in range(4000)], minlength=3)
    passed = 0.4 * 0.4
    expected = np.array([1 - passed, passed * 0.4 * 0.4, passed * (1 - 0.4 * 0.4)])
    assert np.abs(counts / 4000 - expected).max() < 4 * np.sqrt(0.25 / 4000)
