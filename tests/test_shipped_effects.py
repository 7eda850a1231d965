"""What each shipped scenario exists to show, on the same customers with and without it."""

import numpy as np
import pytest

import alesha_sim as alesha
from alesha_sim import scenarios
from alesha_sim.accounting import balance_sheet, reconcile
from alesha_sim.units import DAY


def run(scenario, seed=1):
    result = alesha.simulate(scenario, seed=seed)
    assert result.check() == []
    return result


def bought(result):
    """Return the users' orders."""
    return result.orders[result.orders["user"] >= 0]


# A flash sale


@pytest.fixture(scope="module")
def sale():
    return run(scenarios.flash_sale(users=500, visits=300, stock=60, shop_workers=4, bank_workers=3))


def test_a_flash_sale_sells_just_what_there_is_and_gives_the_rest_their_money_back(sale):
    orders = bought(sale).merge(sale.order_lines.query("sku == 'iphone-x'")[["order"]], on="order")
    assert (orders["status"] == "completed").sum() == 60
    gone = orders[orders["reason"] == "out_of_stock"]
    assert len(gone) > 100
    assert set(gone["status"]) == {"cancelled"}
    refunds = sale.ledger("bank").query("code == 'refund'")
    assert refunds["amount"].sum() == gone["total"].sum()


def test_in_a_flash_sale_nobody_gets_two_and_everybody_waits(sale):
    lines = sale.order_lines.query("sku == 'iphone-x'").merge(bought(sale)[["order", "user"]], on="order")
    assert lines.groupby("user")["quantity"].sum().max() == 1
    quiet = run(scenarios.flash_sale(users=500, visits=0, stock=60, shop_workers=4, bank_workers=3))
    assert sale.summary()["mean_bank_wait_seconds"] > 20
    assert quiet.summary()["mean_bank_wait_seconds"] < 1


def test_without_a_limit_some_get_more_than_one():
    result = run(scenarios.flash_sale(users=40, visits=40, stock=500, limit=None).with_settings(
        {"demand": {"kind": "poisson", "visits_per_day": 200, "units": 1, "shares": {"iphone-x": 1}}}
    ))  # fmt: skip
    limited = run(result.scenario.with_settings({"shop.purchase_limit": 1}))
    most = []
    for each in (result, limited):
        kept = bought(each).query("status == 'completed'")[["order", "user"]]
        most.append(each.order_lines.merge(kept, on="order").groupby("user")["quantity"].sum().max())
    assert most[0] > 1 == most[1]
    assert "purchase_limit_reached" in set(limited.messages["reason"]) - set(result.messages["reason"])


# Payment at the door


def test_payment_at_the_door_brings_the_money_later_and_some_parcels_back():
    knobs = {"users": 120, "visits_per_day": 25, "days": 20}
    prepaid = run(scenarios.cash_on_delivery(**knobs, share=0))
    door, fussy = (run(scenarios.cash_on_delivery(**knobs, refusal=refusal)) for refusal in (0.1, 0.4))
    cash = [each.summary()["shop_cash_min"] for each in (prepaid, door)]
    assert cash[1] < cash[0]
    refused = [(bought(each)["reason"] == "refused_at_door").sum() for each in (prepaid, door, fussy)]
    assert refused[0] == 0 < refused[1] < refused[2]
    transport = [each.ledger("shop").query("code == 'transport'")["amount"].sum() for each in (door, fussy)]
    assert transport == [25 * refused[1], 25 * refused[2]]
    assert fussy.summary()["revenue"] < door.summary()["revenue"] < prepaid.summary()["revenue"]
    collected = door.ledger("bank").query("code == 'collection'").merge(
        door.ledger("bank").query("code == 'remittance'"), on="order", suffixes=("", "_later")
    )  # fmt: skip
    assert (collected["posted_at_later"] - collected["posted_at"]).min().total_seconds() >= 7 * DAY


# Returns


def test_late_deliveries_double_what_comes_back():
    knobs = {"users": 150, "visits_per_day": 40, "days": 40, "complaint": 1}
    quick = run(scenarios.returns_season(**knobs, delivery_days=1))
    slow = run(scenarios.returns_season(**knobs, delivery_days=6))
    back = [
        each.ledger("shop").query("code == 'return' and credit == 'shop:refunds-payable'")
        for each in (quick, slow)
    ]
    shares = [len(rows) / len(bought(each)) for rows, each in zip(back, (quick, slow), strict=True)]
    assert shares[1] > 1.3 * shares[0] > 0
    late = [bought(each).eval("delivered_at > promised_at").mean() for each in (quick, slow)]
    assert late[0] < 0.3 < 0.6 < late[1]
    given = [each.ledger("shop").query("code == 'allowance'")["amount"].sum() for each in (quick, slow)]
    assert given[1] > given[0]
    # A tenth of the price is kept, and a fifth of the goods written off.
    lines = slow.order_lines.merge(bought(slow)[["order"]], on="order")
    assert back[1]["amount"].sum() < lines["quantity"].mul(lines["unit_price"]).sum()
    assert len(slow.ledger("shop").query("code == 'write-off'")) > 0


def test_users_who_are_let_down_come_less_often():
    knobs = {"users": 60, "visits_per_day": 40, "days": 60, "return_share": 0}
    visits = [len(run(scenarios.returns_season(**knobs, delivery_days=days)).visits) for days in (1, 8)]
    assert visits[1] < 0.95 * visits[0]


# A supplier that closes


def test_own_stock_carries_the_shop_over_a_closed_supplier():
    knobs = {"users": 80, "visits_per_day": 20, "days": 60, "closed_from": 20, "closed_days": 12}
    bare = run(scenarios.supplier_disruption(**knobs, shop_stock=0))
    stocked = run(scenarios.supplier_disruption(**knobs, shop_stock=60))
    calm = run(scenarios.supplier_disruption(**knobs | {"closed_days": 0}, shop_stock=0))
    late = [bought(each).eval("delivered_at > promised_at").mean() for each in (bare, stocked, calm)]
    assert late[1] < 0.5 * late[0]
    assert late[2] < 0.5 * late[0]
    assert len(bare.visits) < len(calm.visits)


# A slow bank


def test_a_bank_with_too_few_hands_makes_buyers_hang_up():
    one, three = (run(scenarios.slow_bank(users=1000, days=0.1, workers=workers)) for workers in (1, 3))
    assert one.summary()["mean_bank_wait_seconds"] > 10 * three.summary()["mean_bank_wait_seconds"]
    hung_up = [(each.visits["outcome"] == "abandoned").sum() for each in (one, three)]
    assert hung_up[0] > 1.5 * hung_up[1] > 0


@pytest.mark.parametrize("seed", [4, 7])
def test_who_hangs_up_at_a_slow_bank_learns_of_the_payment_all_the_same(seed):
    result = run(scenarios.slow_bank(), seed)
    assert result.drained
    hung_up = result.visits.query("outcome == 'abandoned' and order >= 0")["order"]
    assert (result.orders.set_index("order")["payment_transaction"][hung_up] >= 0).sum() > 700
    found = reconcile(result, "users")
    assert (found.difference, found.items) == (0, ())
    sheet = balance_sheet(result, "users").query("section == 'assets'")
    assert len(sheet) > 1
    assert sheet["amount"].min() >= 0


def test_the_users_advances_are_never_below_zero_where_users_hang_up():
    moved = run(scenarios.slow_bank(users=60, visits_per_day=25, days=40)).ledger("users")
    signs = (moved["debit"] == "users:advances").astype(int) - (moved["credit"] == "users:advances")
    assert (signs * moved["amount"]).cumsum().min() == 0 < signs.abs().sum()


# A bad network


def test_a_bad_network_costs_messages_and_no_money():
    bad = run(scenarios.unreliable_network())
    good = run(scenarios.unreliable_network(loss=0, duplication=0, outage_hours=0, bank_crash_minutes=0))
    assert bad.summary()["messages_lost"] > 300 > good.summary()["messages_lost"] == 0
    assert bad.messages["attempt"].max() > 3
    paid = bad.ledger("bank").query("code == 'payment'").groupby("order").size()
    assert (paid == 1).all()
    completed = bad.orders["status"].value_counts()["completed"], good.orders["status"].value_counts()["completed"]
    assert completed[0] > 0.9 * completed[1]
    assert not bad.orders["status"].isin(["received", "processing", "on_the_way", "in_doubt"]).any()


# Attacks


def test_attackers_get_nothing_and_locks_shut_honest_users_out_too():
    knobs = {"users": 120, "visits_per_day": 200, "days": 1}
    calm, attacked, locked = (
        run(scenarios.card_testing(**knobs | changes))
        for changes in ({"attackers": 0}, {"secret_attempts": None}, {"secret_attempts": 3})
    )
    for result in (attacked, locked):
        visits = result.visits[result.visits["intent"] != "honest"]
        assert len(visits) > 40
        assert "bought" not in set(visits["outcome"])
    honest = [
        (each.visits.query("intent == 'honest'")["outcome"] == "bought").sum() for each in (attacked, locked)
    ]
    assert honest[1] < honest[0]
    declined = [(each.ledger("bank").query("code == 'fee'")["amount"] == 2).sum() for each in (calm, attacked)]
    assert declined[1] > 3 * declined[0] > 0
    assert (locked.orders["reason"] == "account_locked").sum() > 0


# Growth


def test_a_shop_that_grows_has_to_wait_for_its_clerk():
    result = run(scenarios.growth(users=200, visits_per_day=6, page_minutes=12, years=2))
    visits = result.visits
    year = (visits["arrived_at"] - np.datetime64("2021-01-01")).dt.days // 365
    counts = year.value_counts()
    assert 2 < counts[1] / counts[0] < 3.2
    served = result.messages.query("recipient == 'shop' and started_at.notna()")
    waited = (served["started_at"] - served["delivered_at"]).dt.total_seconds()
    by_year = waited.groupby((served["delivered_at"] - np.datetime64("2021-01-01")).dt.days // 365).mean()
    assert by_year[1] > 2 * by_year[0]
    income = result.ledger("bank").query("code == 'income'")
    assert len(income) == 200 * 25
    fees = result.summary()["bank_fees"]
    assert fees == pytest.approx(0.015 * bought(result).query("status == 'completed'")["total"].sum(), rel=1e-3)
