"""The flow of purchases through all four entities: which messages, in which order, and what they move."""

import pytest

from alesha_sim.columns import MISSING_TIME
from alesha_sim.entities import EntityError
from alesha_sim.scenarios import first_purchase
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.units import DAY
from alesha_sim.vocabulary import OUTCOMES, STAGES, STATUSES

FIRST_PURCHASE = """
user:0 shop ViewHomepage
shop user:0 Homepage
user:0 shop LogIn
shop user:0 Refusal
user:0 shop Register
shop user:0 Registered
user:0 shop LogIn
shop user:0 LoggedIn
user:0 shop ViewProduct
shop user:0 ProductPage
user:0 shop ViewProduct
shop user:0 ProductPage
user:0 shop ViewProduct
shop user:0 ProductPage
user:0 shop Checkout
shop user:0 Invoice
user:0 shop Pay
shop bank Authorise
bank shop Receipt
shop bank Transfer
bank shop Receipt
shop supplier PlaceOrder
supplier bank VerifyTransaction
bank supplier Verification
supplier shop OrderAccepted
shop user:0 Confirmation
supplier user:0 Deliver
user:0 supplier Acknowledged
supplier shop Delivered
"""


def market(visits, **fields):
    """A scenario of given visits: columns `at`, `user` and one a SKU."""
    users = {"count": max(visits["user"]) + 1, **fields.pop("users", {})}
    demand = {"kind": "replay", "visits": visits}
    return Scenario.model_validate({"name": "test", "horizon": DAY, "demand": demand, "users": users, **fields})


def finished(scenario, seed=1):
    simulation = Simulation(scenario, seed)
    simulation.run()
    return simulation


def words(column):
    """A text column as a list, None where it is missing."""
    return [column.labels[code] if code >= 0 else None for code in column.codes]


def conversation(simulation):
    messages = simulation.records.messages.columns()
    return [
        " ".join(row)
        for row in zip(*(words(messages[name]) for name in ("sender", "recipient", "kind")), strict=True)
    ]


def orders(simulation, *names):
    columns = simulation.records.orders.order_columns()
    return [columns[name].tolist() if name not in ("status", "reason") else words(columns[name]) for name in names]


def outcomes(simulation):
    visits = simulation.records.visits.columns()
    return [(STAGES[stage], OUTCOMES[outcome]) for stage, outcome in
            zip(visits["stage"].codes, visits["outcome"].codes, strict=True)]  # fmt: skip


def moved(simulation, order):
    """The codes of all transfers of an order, with their books."""
    transfers = simulation.ledger.columns()
    rows = zip(transfers["order"].tolist(), words(transfers["book"]), words(transfers["code"]), strict=True)
    return [(book, code) for number, book, code in rows if number == order]


def test_the_first_purchase_is_the_designs_steps_in_their_order():
    simulation = finished(first_purchase())
    assert conversation(simulation) == FIRST_PURCHASE.split("\n")[1:-1]
    assert simulation.balances() == {"users": 4000.0, "shop": 10240.0, "supplier": 5760.0}
    assert simulation.drained


def test_each_reply_is_sent_when_its_request_has_landed_and_been_served():
    messages = finished(first_purchase()).records.messages.columns()
    asked = {}
    for number, sent, delivered in zip(
        messages["request"].tolist(), messages["sent_at"].tolist(), messages["delivered_at"].tolist(), strict=True
    ):
        assert delivered != MISSING_TIME
        if number in asked:
            assert sent >= asked.pop(number)
        elif number >= 0:
            asked[number] = delivered
    assert asked == {}


@pytest.mark.interpreted
def test_the_confirmation_tells_that_the_products_will_be_supplied():
    simulation, texts = Simulation(first_purchase(), 1), []
    desk = simulation.shop.desk
    desk.confirmation = remembering(desk.confirmation, texts)
    simulation.run()
    assert texts[-1].status == "on_the_way"
    assert "The ordered products will be supplied: 1 HP laptop, 2 Apple watch." in texts[-1].text


def remembering(method, kept):
    def call(*values):
        kept.append(method(*values))
        return kept[-1]

    return call


def test_an_empty_cart_looks_at_the_home_page_and_leaves():
    simulation = finished(market({"at": [0], "user": [0], "hp-laptop": [0]}))
    assert conversation(simulation) == ["user:0 shop ViewHomepage", "shop user:0 Homepage"]
    assert outcomes(simulation) == [("home", "looked")]


DECLINES = {
    "insufficient_funds": {"users": {"opening_balance": "499.99"}},
    "wrong_secret": {"users": {"wrong_secret": 1}},
}


@pytest.mark.parametrize("reason", DECLINES)
def test_a_declined_payment_closes_the_order_and_moves_nothing(reason):
    simulation = finished(market({"at": [0], "user": [0], "hp-laptop": [1]}, **DECLINES[reason]))
    assert orders(simulation, "status", "reason") == [["declined"], [reason]]
    assert moved(simulation, 1) == []
    assert outcomes(simulation) == [("checked_out", "declined")]
    assert conversation(simulation)[-4:] == [
        "user:0 shop Pay", "shop bank Authorise", "bank shop Decline", "shop user:0 Refusal",
    ]  # fmt: skip


def test_an_order_that_the_supplier_rejects_is_cancelled_and_refunded():
    unavailable = {"supplier": {"stock": {"kind": "make_to_order", "unavailable": ["iphone-x"]}}}
    simulation = finished(market({"at": [0], "user": [0], "iphone-x": [1]}, **unavailable))
    assert orders(simulation, "status", "reason") == [["cancelled"], ["out_of_stock"]]
    assert outcomes(simulation) == [("checked_out", "declined")]
    assert simulation.balances() == {"users": 5000.0, "shop": 10000.0, "supplier": 5000.0}
    assert moved(simulation, 1) == [
        ("bank", "payment"), ("shop", "payment"), ("bank", "charges"), ("shop", "charges"),
        ("supplier", "charges"), ("bank", "charges-return"), ("supplier", "charges-return"),
        ("shop", "charges-return"), ("shop", "cancel"), ("bank", "refund"), ("shop", "refund"),
        ("users", "payment"), ("users", "refund"),
    ]  # fmt: skip


def below_cost(visits, cash):
    """A shop that asks 300 for what costs it 400, so that it must wait for money."""
    product = {"sku": "bike", "name": "Bike", "marked_price": 500, "price": 300, "charge": 400, "cost": 350}
    return market(visits, catalogue=[product], shop={"opening_balance": cash})


def test_a_shop_short_of_cash_confirms_at_once_and_pays_its_supplier_later_in_order_of_arrival():
    simulation = finished(below_cost({"at": [0, 100, 200, 300], "user": [0, 1, 2, 3], "bike": [1, 1, 1, 1]}, 0))
    status, paid_at, charges, accepted = orders(
        simulation, "status", "paid_at", "charges_transaction", "accepted_at"
    )  # fmt: skip
    assert status == ["completed", "completed", "completed", "processing"]
    assert charges[:3] == sorted(charges[:3])
    assert charges[3] == -1
    assert [later > earlier for later, earlier in zip(accepted[:3], paid_at[1:], strict=True)] == [True] * 3
    assert outcomes(simulation) == [("paid", "bought")] * 4
    assert simulation.balances()["shop"] == 0.0


@pytest.mark.interpreted
def test_an_order_that_waits_for_cash_is_confirmed_as_processing():
    simulation, texts = Simulation(below_cost({"at": [0], "user": [0], "bike": [1]}, 0), 1), []
    desk = simulation.shop.desk
    desk.confirmation = remembering(desk.confirmation, texts)
    simulation.run()
    assert [confirmation.status for confirmation in texts] == ["processing"]
    assert simulation.drained
    assert moved(simulation, 1) == [("bank", "payment"), ("shop", "payment"), ("users", "payment")]


def test_visits_of_one_user_may_overlap_and_register_once():
    simulation = finished(market({"at": [0, 0], "user": [0, 0], "hp-laptop": [1, 1]}))
    talk = conversation(simulation)
    assert talk.count("shop user:0 Registered") == 1
    assert talk.count("shop user:0 LoggedIn") == 2
    assert orders(simulation, "status") == [["completed", "completed"]]


def test_a_known_user_logs_in_without_registering():
    simulation = finished(market({"at": [0, 500], "user": [0, 0], "hp-laptop": [1, 1]}))
    assert conversation(simulation).count("user:0 shop Register") == 1


def test_a_fast_supplier_may_deliver_before_the_shop_reads_the_acceptance():
    slow_reply = {"links": {"supplier->shop": {"latency": {"kind": "uniform", "low": 0, "high": 3600}}}}
    visits = {"at": list(range(60)), "user": list(range(60)), "apple-watch": [1] * 60}
    simulation = finished(market(visits, supplier={"lead_time": 0, "delivery_time": 0}, network=slow_reply))
    status, accepted, delivered = orders(simulation, "status", "accepted_at", "delivered_at")
    assert status == ["completed"] * 60
    assert any(late > early for late, early in zip(accepted, delivered, strict=True))
    assert not any(instant == MISSING_TIME for instant in accepted)


def test_everybody_can_ask_for_their_balance_through_the_channels():
    simulation = finished(first_purchase())
    before = len(simulation.records.messages)
    assert simulation.enquire_balances() == {"user:0": 400_000, "shop": 1_024_000, "supplier": 576_000}
    askers = ("user:0", "shop", "supplier")
    expected = [f"{asker} bank EnquireBalance" for asker in askers] + [f"bank {asker} Balance" for asker in askers]
    assert conversation(simulation)[before:] == expected


@pytest.mark.interpreted
def test_an_error_in_an_entity_names_it_the_message_and_the_instant_and_stops_the_simulation():
    simulation = Simulation(first_purchase(), 1)

    def broken(sku):
        raise KeyError(sku)

    simulation.shop.storefront.product = broken
    with pytest.raises(EntityError, match=r"shop failed on ViewProduct .* at 0\.4\d* s: KeyError: 'hp-laptop'"):
        simulation.run()
    with pytest.raises(RuntimeError, match="cannot continue: shop failed on ViewProduct"):
        simulation.step()


def test_stepping_by_message_visits_every_message_once():
    simulation, seen = Simulation(first_purchase(), 1), []
    while (message := simulation.next_message()) is not None:
        seen.append(f"{message.sender} {message.recipient} {message.kind}")
    assert seen == FIRST_PURCHASE.split("\n")[1:-1]
    assert simulation.step() is False


def test_a_run_can_stop_on_the_way_and_go_on():
    simulation = Simulation(first_purchase(), 1)
    simulation.run(until="1 day")
    assert simulation.now == DAY
    assert STATUSES[simulation.records.orders.order_columns()["status"].codes[0]] == "on_the_way"
    assert simulation.run_until(lambda: simulation.balances()["users"] < 0) is False
    assert simulation.balances() == {"users": 4000.0, "shop": 10240.0, "supplier": 5760.0}


def test_a_run_cut_off_by_its_drain_leaves_orders_open():
    scenario = market({"at": [0], "user": [0], "hp-laptop": [1]}, drain=3600)
    simulation = finished(scenario)
    assert simulation.now == DAY + 3600
    assert not simulation.drained
    assert orders(simulation, "status") == [["on_the_way"]]


def test_progress_is_reported_and_changes_nothing():
    plain, watched, seen = finished(first_purchase()), Simulation(first_purchase(), 1), []
    watched.run(progress=seen.append)
    assert seen[-1].at == plain.now
    assert bytes(watched.ledger.array()) == bytes(plain.ledger.array())
    assert watched.clock.events == plain.clock.events


def test_an_unseeded_simulation_draws_a_seed_and_tells_it():
    one, other = Simulation(first_purchase()), Simulation(first_purchase())
    assert one.seed != other.seed
