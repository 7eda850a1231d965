"""The shipped scenarios of several banks, against sums by hand."""

import pytest

from alesha_sim import scenarios, simulate


def balances(result):
    return dict(zip(result.accounts["account"], result.accounts["closing"], strict=True))


def paid(result, payer, payee):
    told = result.instructions()
    mine = told[(told["payer"] == payer) & (told["payee"] == payee) & (told["outcome"] == "settled")]
    return mine["amount"].sum()


@pytest.mark.parametrize("kind", ["gross", "net"])
def test_of_two_banks_reserves_move_by_what_users_paid_less_charges(kind):
    result = simulate(scenarios.two_banks(days=1, kind=kind), seed=1)
    orders = result.orders
    done = orders[orders["status"] == "completed"]
    at_union = done["user"] >= 120  # 0.4 of 300 users have their accounts at city
    charges = (result.order_lines["quantity"] * result.order_lines["unit_charge"])[
        result.order_lines["order"].isin(done["order"])
    ].sum()
    moved = result.liquidity()["closing"] - result.liquidity()["opening"]
    assert len(done) > 100
    assert moved["city"] == done.loc[at_union, "total"].sum() - charges == -moved["union"]
    assert paid(result, "city", "union") == charges


def test_a_cycle_of_two_banks_needs_less_than_every_payment_by_itself():
    figures = {
        kind: simulate(scenarios.two_banks(days=2, kind=kind, cycle_hours=6), seed=1).liquidity()
        for kind in ("gross", "net")
    }
    assert (figures["gross"]["closing"] == figures["net"]["closing"]).all()
    assert (figures["gross"]["settled"] == figures["net"]["settled"]).all()
    assert figures["net"]["peak_use"].sum() < figures["gross"]["peak_use"].sum()


@pytest.mark.parametrize("queue", ["fifo", "bypass"])
def test_where_no_bank_can_make_one_payment_nothing_ever_settles(queue):
    result = simulate(scenarios.gridlock(queue=queue), seed=1)
    figures, told = result.liquidity(), result.instructions()
    assert told["amount"].min() == 400 > figures["opening"].max()
    assert {*told["outcome"]} == {"waiting"}
    assert figures["waiting"].sum() == told["amount"].sum()


def test_looking_at_all_that_waits_settles_many_times_what_banks_have():
    result = simulate(scenarios.gridlock(queue="gridlock"), seed=1)
    figures = result.liquidity()
    assert figures["closing"].sum() == 600
    assert figures["settled"].sum() > 100 * 600
    assert figures["lowest"].min() >= 0
    # Each bank's payments net to what its reserves moved by.
    moved = paid(result, "union", "city") - paid(result, "city", "union")
    assert (figures["closing"] - figures["opening"]).tolist() == [moved, -moved]


def test_reserves_or_credit_of_one_payment_start_the_queue():
    for settings in ({"reserves": 500}, {"credit": 300}):
        assert simulate(scenarios.gridlock(**settings), seed=1).liquidity()["settled"].sum() > 0


def test_what_a_closed_bank_did_not_pay_is_what_its_creditors_lose():
    result = simulate(scenarios.bank_failure(), seed=1)
    found, told = balances(result), result.instructions()
    lost = told.loc[told["outcome"] == "written_off", "amount"].sum()
    assert told.loc[told["outcome"] == "written_off", "payer"].unique().tolist() == ["trust"]
    assert found["city:losses"] == found["trust:unsecured-debts"] == lost > 0
    # What was settled is what it had less what is left, which the next payment did not fit into.
    spent = told.loc[told["payer"] == "trust", "amount"].sum()
    assert spent - lost == 2000 - found["clearing:reserves:trust"]
    first = told[(told["payer"] == "trust") & (told["outcome"] == "written_off")].iloc[0]
    assert first["amount"] > found["clearing:reserves:trust"]


def test_guaranteed_the_others_bear_what_it_lacks_by_what_they_have_left():
    result = simulate(scenarios.bank_failure(kind="guaranteed"), seed=1)
    rows = result.transfers
    shares = rows[(rows["code"] == "loss-share") & rows["book"].isin(["city", "union"])]
    first = shares[shares["entry"] == shares["entry"].min()].set_index("book")["amount"]
    before = rows[(rows["book"] == "clearing") & (rows["entry"] < shares["entry"].min())]
    left = {}
    for bank in ("city", "union", "trust"):
        name = f"clearing:reserves:{bank}"
        own = rows[(rows["book"] == "clearing") & (rows["entry"] == shares["entry"].min())]
        moved = [side.loc[side["credit"] == name, "amount"].sum() - side.loc[side["debit"] == name, "amount"].sum()
                 for side in (before, own)]  # fmt: skip
        left[bank] = sum(moved) + first.get(bank, 0.0)
    assert first.sum() * left["city"] / (left["city"] + left["union"]) == pytest.approx(first["city"], abs=0.01)
    found = balances(result)
    assert found["city:losses"] + found["union:losses"] == pytest.approx(found["trust:unsecured-debts"])


def test_gross_nobody_loses_since_what_is_not_paid_is_not_credited():
    result = simulate(scenarios.bank_failure(kind="gross"), seed=1)
    assert "city:losses" not in balances(result)
    assert {*result.instructions()["outcome"]} == {"settled", "given_back"}
    assert (result.orders["status"] == "declined").sum() > 50


def test_a_run_that_lets_its_transfers_go_ends_with_the_same_balances():
    kept, counted = (simulate(scenarios.two_banks(), seed=1, record=record) for record in ("all", "summary"))
    assert len(kept.transfers) > 2**13
    assert kept.accounts.equals(counted.accounts)
    assert kept.events == counted.events
