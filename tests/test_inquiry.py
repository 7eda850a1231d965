import os
import shlex
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import alesha_sim as alesha
from alesha_sim.policies import MakeToOrder

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
}


def run(seed=7, settings=None, **knobs):
    scenario = alesha.scenarios.first_purchase(**knobs)
    return alesha.simulate(scenario.with_settings(settings) if settings else scenario, seed=seed)


@pytest.fixture(scope="module")
def good():
    return run()


@pytest.fixture(scope="module")
def busy():
    settings = {"users.count": 40, "shop.workers": 1, "shop.page_time": 300, "horizon": "6 hours"}
    return alesha.simulate(alesha.scenarios.market_day().with_settings(settings), seed=4)


# Why


def test_a_purchase_declined_for_want_of_money_says_how_much_was_there():
    poor = run(opening_balance=120)
    number = int(poor.messages.loc[poor.messages["kind"] == "Decline", "message"].iloc[0])
    assert poor.why(1) == f"declined: deposit 120.00 below 1,000.00, message {number}"


def test_a_wrong_secret_is_named_with_the_message_that_refused_it():
    wrong = run(settings={"users.wrong_secret": 1})
    number = int(wrong.messages.loc[wrong.messages["reason"] == "wrong_secret", "message"].iloc[0])
    assert wrong.why(1) == f"declined: wrong_secret, message {number}"


def test_a_rejected_order_names_the_suppliers_message():
    gone = run(settings={"supplier.stock.unavailable": ["hp-laptop"]})
    number = int(gone.messages.loc[gone.messages["kind"] == "OrderRejected", "message"].iloc[0])
    assert gone.why(1) == f"cancelled: out_of_stock, message {number}"


def test_a_completed_order_says_what_was_paid_and_how_long_it_took(good):
    assert good.why(1) == (
        "completed: paid 1,000.00 BDT under transaction 5, known to be delivered 2 days after it was placed, "
        "message 28"
    )


def test_an_order_that_waits_for_the_shops_money_says_so():
    poor = run(
        settings={"shop.opening_balance": 0, "catalogue.hp-laptop.price": 1, "catalogue.apple-watch.price": 1}
    )
    assert poor.why(1) == "processing: the shop's deposit 3.00 is below the supplier's charges 760.00"


def test_an_order_cut_off_names_the_last_message_about_it():
    simulation = alesha.Simulation(alesha.scenarios.first_purchase(), seed=7)
    simulation.run(until=1.22)
    assert (
        simulation.result().why(1)
        == "processing: last heard of in message 24, OrderAccepted from supplier to shop (in_flight)"
    )


@pytest.mark.parametrize("ask", [lambda result: result.why(2), lambda result: result.follow(2)])
def test_an_order_that_is_not_there_is_refused(good, ask):
    with pytest.raises(ValueError, match=r"^order 2: must be from 1 to 1$"):
        ask(good)


# Follow


def test_a_user_is_followed_through_all_visits_and_orders(busy):
    user = int(busy.orders["user"].value_counts().index[0])
    followed = busy.follow(user=user)
    orders = set(busy.orders.loc[busy.orders["user"] == user, "order"])
    assert {said.order for said in followed.messages} - {None} == orders
    assert {row.order for row in followed.transfers} <= orders
    one_by_one = sum(len(busy.follow(order).messages) for order in orders)
    assert len(followed.messages) >= one_by_one > 0


def test_follow_wants_either_an_order_or_a_user(good):
    for wrong in ({}, {"order": 1, "user": 0}):
        with pytest.raises(ValueError, match=r"^follow: must name either an order or a user$"):
            good.follow(**wrong)


def test_all_between_two_is_what_the_table_of_messages_has(busy):
    said = busy.between("shop", "bank")
    table = busy.messages
    both = table[table["sender"].isin(["shop", "bank"]) & table["recipient"].isin(["shop", "bank"])]
    assert [message.message for message in said.messages] == sorted(
        both["message"], key=list(both["message"]).index
    )
    assert {row.book for row in said.transfers} == {"shop", "bank"}
    users = busy.between("users", "shop")
    assert len(users.messages) == sum(
        table["sender"].str.startswith("user") & (table["recipient"] == "shop")
    ) + sum(table["recipient"].str.startswith("user") & (table["sender"] == "shop"))


def test_between_refuses_who_never_spoke(good):
    with pytest.raises(ValueError, match=r"^entity courier: must be one of bank, shop, supplier, users"):
        good.between("shop", "courier")


# Then


def test_a_moment_has_balances_and_open_orders(good):
    moment = good.at("1 day")
    assert moment.balances == {"users": 4000.0, "shop": 10240.0, "supplier": 5760.0}
    assert moment.orders == {1: "on_the_way"}
    assert good.at(0.85).orders == {1: "received"}
    assert good.at(0.95).orders == {1: "processing"}
    assert good.at(good.ended_at).orders == {}
    assert good.at(good.scenario.start + timedelta(days=1)) == moment == good.at("2021-01-02")
    assert "orders on_the_way" in repr(moment)


def test_queues_are_those_whose_service_had_not_begun(busy):
    table = busy.messages
    waits = table[(table["started_at"] > table["delivered_at"]) & (table["recipient"] == "shop")]
    instant = waits["delivered_at"].iloc[len(waits) // 2].to_pydatetime()
    waiting = (waits["delivered_at"] <= instant) & (waits["started_at"] > instant)
    assert busy.at(instant).queues["shop"] == waiting.sum() > 0
    assert busy.at(busy.ended_at).queues == {"shop": 0, "bank": 0, "supplier": 0}


def test_what_is_being_served_when_a_run_is_cut_off_waits_no_more():
    scenario = alesha.scenarios.market_day(users=40).with_settings({"shop.workers": 1, "shop.page_time": 300})
    simulation = alesha.Simulation(scenario, seed=4)
    simulation.run_until(lambda: len(simulation.shop.inbox.waiting) >= 3)
    found = simulation.result().at(simulation.now).queues["shop"]
    assert found == len(simulation.shop.inbox.waiting)


@pytest.mark.parametrize("instant", [-1, "3 days"])
def test_an_instant_outside_the_run_is_refused(good, instant):
    with pytest.raises(ValueError, match=f"^instant {instant}: must be from 0 to "):
        good.at(instant)


# What differs


def test_results_that_are_the_same_have_no_difference(good):
    assert good.diff(run()) is None


def test_the_first_difference_names_setting_and_message(good):
    text = good.diff(run(opening_balance=120))
    assert text.startswith(
        "scenario: users.opening_balance: 5000 against 120; message 18: bank -> shop Receipt at "
    )
    assert "against bank -> shop Decline (insufficient_funds) at" in text


def test_another_seed_alone_is_named(good):
    assert good.diff(run(seed=8)) == "seed: 7 against 8"


def test_a_difference_that_no_message_shows_is_found_in_the_tables(good):
    cheaper = run(settings={"catalogue.hp-laptop.cost": 1})
    assert "; transfers: row 15: amount: 54000 against 24100" in good.diff(cheaper)


def test_scenarios_name_their_first_difference():
    one = alesha.scenarios.first_purchase()
    assert one.diff(alesha.scenarios.first_purchase()) is None
    other = one.with_settings({"bank.workers": 3, "catalogue.apple-watch.price": 260})
    assert one.diff(other) == "catalogue.apple-watch.price: 250 against 260 (and 1 more fields)"


# Again


def printed(result, capsys):
    result.reproduce()
    return capsys.readouterr().out


SETTINGS = [
    None,
    {"users.opening_balance": 4000, "bank.workers": 2, "supplier.lead_time": 3600},
    {"supplier.stock.unavailable": ["iphone-x"], "network.links.user->shop.latency": 0.2},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["as shipped", "set", "from a file"])
def test_the_printed_command_gives_the_same_digest(settings, capsys, tmp_path):
    result = run(settings=settings)
    text = printed(result, capsys)
    alesha_command = f"{shlex.quote(sys.executable)} -m alesha_sim run"
    script = text.replace("alesha run", alesha_command).strip() + " --json"
    out = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    assert out.returncode == 0, out.stderr
    assert f'"digest": "{result.digest}"' in out.stdout


def test_a_scenario_as_shipped_needs_no_settings(good, capsys):
    assert printed(good, capsys) == "alesha run first_purchase --seed 7\n"
    changed = run(settings=SETTINGS[1])
    assert printed(changed, capsys).count(" --set ") == 3


class Whim(MakeToOrder):
    pass


@pytest.mark.parametrize("until", [None, 1.0])
def test_what_no_command_gives_is_told_in_python(until, capsys):
    scenario = alesha.scenarios.first_purchase()
    if until is None:
        supplier = scenario.supplier.model_copy(update={"stock": Whim()})
        scenario = scenario.model_copy(update={"supplier": supplier, "name": "mine"})
    first = alesha.Simulation(scenario, seed=7)
    first.run(until)
    names = {"alesha": alesha, "scenario": scenario}
    exec(printed(first.result(), capsys), names)
    assert names["simulation"].result().digest == first.result().digest
