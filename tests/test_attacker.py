"""Attackers where the world is odd: alone in the market, without an answer, with goods for a single minor unit."""

from math import fsum

import pytest

from alesha_sim.columns import text_column
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.scenarios.sections import Attacks
from alesha_sim.simulation.simulation import Simulation

ENDS = {
    "guess_secret": "looked", "replay_payment": "looked", "borrow_account": "looked",
    "claim_transaction": "declined", "tamper_total": "declined",
}  # fmt: skip


def run(attack, visits=5, users=1, **fields):
    """Return the result of visits one after the other that are all the same attack, on a keyed network."""
    columns = {"at": [1000 * n for n in range(visits)], "user": [n % users for n in range(visits)]}
    parts = {
        "horizon": 1000 * visits,
        "demand": {"kind": "replay", "visits": columns | {"hp-laptop": [1] * visits}},
        "users": {"count": users, "attacks": attack if isinstance(attack, dict) else {attack: 1.0}},
        "network": {"default": {"latency": 1, "timeout": 5, "attempts": 3}},
    }
    simulation = Simulation(Scenario.model_validate(parts | fields), 1)
    simulation.run()
    assert simulation.drained
    assert simulation.result().check() == []
    return simulation.result()


def words(result, table, column):
    text = text_column(result.columns(table), column)
    return [text.labels[code] if code >= 0 else None for code in text.codes]


@pytest.mark.parametrize("attack", ENDS)
def test_an_only_user_can_attack_no_other(attack):
    result = run(attack)
    assert set(words(result, "visits", "outcome")) == {ENDS[attack]}
    assert set(words(result, "transfers", "code")) == {"opening"}


def test_nobody_replays_an_own_payment():
    shares = {"replay_payment": 0.5}
    result = run(shares, visits=40)
    told = set(zip(words(result, "visits", "intent"), words(result, "visits", "outcome"), strict=True))
    assert ("honest", "bought") in told
    assert {outcome for intent, outcome in told if intent == "replay_payment"} == {"looked"}


def test_a_claim_that_is_never_answered_is_no_purchase():
    outage = {"kind": "outage", "link": "supplier->user", "start": 0, "duration": 1e6}
    assert set(words(run("claim_transaction", faults=[outage]), "visits", "outcome")) == {"unanswered"}


def test_each_claim_is_verified_for_itself():
    result = run({"claim_transaction": 0.5}, visits=40, users=4)
    kinds = zip(words(result, "messages", "kind"), words(result, "messages", "reason"), strict=True)
    refused = {reason for kind, reason in kinds if kind == "OrderRejected"}
    assert refused == {"unknown_transaction", "transaction_mismatch"}


def test_a_claim_that_cannot_be_verified_puts_nobodys_order_in_doubt():
    outage = {"kind": "outage", "link": "bank->supplier", "start": 0, "duration": 1e9}
    poor = {"opening_balance": 0}  # honest orders wait for money, and so are open when the supplier gives up
    result = run({"claim_transaction": 0.5}, visits=20, users=4, faults=[outage], shop=poor, catalogue=[
        {"sku": "hp-laptop", "name": "Laptop", "marked_price": 6, "price": 5, "charge": 4000, "cost": 3}
    ])  # fmt: skip
    assert set(words(result, "orders", "status")) == {"processing"}


def test_a_total_can_be_tampered_with_even_if_it_is_one_minor_unit():
    cheap = {"sku": "hp-laptop", "name": "Laptop", "marked_price": "0.02", "price": "0.01", "charge": 1, "cost": 1}
    assert set(words(run("tamper_total", catalogue=[cheap]), "visits", "outcome")) == {"declined"}


@pytest.mark.parametrize("attack", ["guess_secret", "borrow_account"])
@pytest.mark.parametrize("terms", [{"advance": 0}, {"advance": 0.004}, {"advance": 0, "unpaid_after": 60}])
def test_a_prepayment_of_what_is_due_at_the_door_is_refused_and_leaves_the_order_open(attack, terms):
    cheap = {"sku": "hp-laptop", "name": "Laptop", "marked_price": 1, "price": 1, "charge": 1, "cost": 1}
    result = run(attack, users=2, shop=terms, catalogue=[cheap])  # 0.4 minor units are none
    assert set(words(result, "visits", "outcome")) == {"declined"}
    status = "cancelled" if "unpaid_after" in terms else "received"
    assert set(words(result, "orders", "status")) == {status}


def test_shares_of_attacks_may_add_up_to_all_visits_whatever_python_makes_of_their_floats():
    # Added one by one the floats are above 1, and Python's own sum rounds otherwise from 3.12 on.
    attacks = Attacks(
        guess_secret=0.05, replay_payment=0.55, borrow_account=0.05, claim_transaction=0.05, tamper_total=0.3
    )
    assert fsum(attacks.shares) == 1
