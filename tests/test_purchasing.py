"""Goods between organisations: tiers that buy from each other, shops with several suppliers, what holds then."""

import pytest

from alesha_sim import Scenario, simulate
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.supplier.supplier import Supplier
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.units import DAY

PRODUCTS = [
    {"sku": "tea", "name": "Tea", "marked_price": 20, "price": 20, "charge": 9, "cost": 4, "return_share": 0.2},
    {"sku": "mug", "name": "Mug", "marked_price": 30, "price": 30, "charge": 15, "cost": 7, "defect_share": 0.1},
]
KEPT = {"kind": "base_stock", "level": 3}


def supplier(name, **terms):
    return {"name": name, "opening_balance": 2000, **terms}


TIERS = [
    supplier("mill", stock={"kind": "base_stock", "level": 5}, upstream="quarry", charges={"tea": 8}),
    supplier("quarry", stock={"kind": "base_stock", "level": 8}, upstream="mine", charges={"tea": 6, "mug": 9}),
    supplier("mine", charges={"tea": 5, "mug": 8}),
]
TWO = [
    supplier("mill", charges={"tea": 8}, stock={"kind": "base_stock", "level": 2}),
    supplier("overseas", charges={"tea": 6, "mug": 12}, lead_time="4 days", lead_times={"mug": "6 days"}),
]
REJECTING = [TWO[0] | {"unmet_demand": "rejected"}, TWO[1]]
DUAL = {"kind": "dual", "fast": "mill", "slow": "overseas", "order_up_to": [4, 20]}
REVIEWED = {"kind": "periodic", "reorder_point": 0, "order_up_to": 0, "period": "1 day"}
ONE_BY_ONE = {"kind": "reorder_point", "reorder_point": 0, "quantity": 1}
BOTH = {"suppliers": ["mill", "overseas"]}
LOSSY = {"network": {"default": {"loss": 0.1, "latency": 1, "timeout": 30}}, "delivery": {"lost": 0.2}}


def crash(name, start):
    return {"kind": "crash", "entity": name, "start": start, "duration": "1 day"}


MARKETS = {
    "three tiers": ({"stock": KEPT}, TIERS, {}),
    "tiers on credit, in parts": (
        {"stock": KEPT, "unmet_demand": "backordered"},
        [each | {"credit": True, "parts": True} for each in TIERS],
        {},
    ),
    "tiers that keep nothing": ({}, [{k: v for k, v in each.items() if k != "stock"} for each in TIERS], {}),
    "tiers that lose messages and parcels": ({"stock": KEPT}, TIERS, LOSSY),
    "tiers without money": (
        {"stock": {"kind": "base_stock", "level": 30}, "opening_balance": 100},
        [each | {"opening_balance": 10} for each in TIERS],
        {},
    ),
    "tiers that crash": (
        {"stock": KEPT},
        TIERS,
        {"faults": [crash("mill", "2 days"), crash("quarry", "4 days"), crash("daraz", "6 days")], **LOSSY},
    ),
    "parts that are sent again beside others": (
        {"stock": {"kind": "base_stock", "level": 20}},
        [supplier("mill", parts=True, stock=ONE_BY_ONE, lead_time="1 day")],
        {"delivery": {"lost": 0.6, "report_time": "1 hour"}},
    ),
    "users who wait after a shop's last review": (
        {"stock": REVIEWED | {"period": "20 days"}, "unmet_demand": "backordered"}, [supplier("mill")], {}
    ),
    "the cheapest": ({**BOTH, "sourcing": {"kind": "cheapest"}, "stock": KEPT}, TWO, {}),
    "the fastest": ({**BOTH, "sourcing": {"kind": "fastest"}}, TWO, {}),
    "shares": ({**BOTH, "sourcing": {"kind": "split", "shares": {"mill": 1, "overseas": 2}}}, TWO, {}),
    "the next when one rejects": ({**BOTH, "sourcing": {"kind": "fallback"}}, REJECTING, {}),
    "stock from the next": ({**BOTH, "sourcing": {"kind": "fallback"}, "stock": KEPT}, REJECTING, {}),
    "a fast and a slow one": (
        {**BOTH, "sourcing": DUAL, "stock": REVIEWED, "unmet_demand": "backordered"}, TWO, {}
    ),
}  # fmt: skip


def market(name, days=10):
    shop, suppliers, more = MARKETS[name]
    return Scenario.model_validate({
        "name": "purchases", "horizon": days * DAY, "catalogue": PRODUCTS,
        "users": {"count": 20, "opening_balance": 3000}, "demand": {"kind": "poisson", "visits_per_day": 4},
        "banks": [{"name": "bank"}], "suppliers": suppliers,
        "shops": [{"name": "daraz", "suppliers": [suppliers[0]["name"]], **shop}], **more,
    })  # fmt: skip


def bought(result):
    """Units that each organisation has received into its stock, by the book's name."""
    rows = result.transfers
    rows = rows[(rows["code"] == "deliver") & rows["debit"].str.endswith(":stock")]
    return rows.groupby("book", observed=True)["amount"].sum().to_dict()


@pytest.mark.parametrize("name", MARKETS)
def test_every_law_holds_and_every_order_comes_to_its_end(name):
    result = simulate(market(name), seed=3)
    assert result.drained
    assert set(result.orders["status"]) <= {"completed", "returned", "cancelled", "declined"}


def test_a_tier_buys_from_the_next_at_that_ones_charge():
    result = simulate(market("three tiers"), seed=3)
    units = bought(result)
    assert set(units) == {"daraz", "mill", "quarry"}
    rows = result.transfers
    paid = rows[(rows["code"] == "charges") & (rows["book"] == "quarry") & rows["debit"].str.contains("advances")]
    lines = result.order_lines.set_index("order")
    tea = lines[lines["sku"] == "tea"].index
    per_unit = paid[paid["order"].isin(tea)].set_index("order")["amount"] / lines["quantity"]
    assert set(per_unit.dropna()) == {5.0}


def test_goods_that_were_bought_on_credit_are_owed():
    result = simulate(market("tiers on credit, in parts"), seed=3)
    accounts = result.accounts
    closing = accounts[accounts["commodity"] == "BDT"].set_index("account")["closing"]
    owed = [closing[f"{name}:trade-payables"] for name in ("daraz", "mill", "quarry")]
    assert min(owed) > 0
    assert sum(owed) == sum(closing[f"{name}:receivables"] for name in ("mill", "quarry", "mine"))


def test_the_next_supplier_serves_what_the_first_rejects():
    result = simulate(market("the next when one rejects"), seed=3)
    rows = result.transfers
    assert set(rows[rows["code"] == "sale"]["book"]) >= {"mill", "overseas"}
    assert (rows["code"] == "charges-return").any()
    assert set(result.orders["status"]) <= {"completed", "returned"}


def test_a_seller_that_has_long_been_silent_is_passed_over():
    silent = market("stock from the next").with_settings({
        "faults": [{"kind": "crash", "entity": "mill", "start": "1 day", "duration": "7 days"}],
        "network.default.timeout": 30,
    })  # fmt: skip
    result = simulate(silent, seed=3)
    rows = result.transfers[result.transfers["book"] == "overseas"]
    assert (rows["code"] == "sale").sum() > 5


def tampered(patch, scenario):
    """The violations of a run whose code was changed."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        patch(monkeypatch)
        simulation = Simulation(scenario, 3)
        simulation.run()
    return simulation.result().check()


@pytest.mark.interpreted
def test_a_delivery_from_upstream_booked_at_another_cost_is_found():
    def dearer(monkeypatch):
        init = Supplier.__init__

        def bought_dearer(self, *given):
            init(self, *given)
            if self.purchasing is not None:
                book = self.purchasing._book
                received = book.received
                monkeypatch.setattr(
                    book, "received",
                    lambda at, entry, order, lines, charges, on_credit: received(
                        at, entry, order, lines, [charge + 1 for charge in charges], on_credit
                    ),
                )  # fmt: skip

        monkeypatch.setattr(Supplier, "__init__", bought_dearer)

    lines = tampered(dearer, market("three tiers", days=4))
    assert any(line.startswith("L7: worth ") and "mill:stock" in line for line in lines)


@pytest.mark.interpreted
def test_goods_that_leave_at_the_charge_and_not_at_the_average_are_found():
    def at_first_charge(monkeypatch):
        init = Shop.__init__

        def made(self, *given):
            init(self, *given)
            accounts = self.book._stock_accounts
            monkeypatch.setattr(accounts.goods_value, "take", lambda lines: [800 * units for _, units in lines])

        monkeypatch.setattr(Shop, "__init__", made)

    lines = tampered(at_first_charge, market("stock from the next", days=6))
    assert any(line.startswith("L7: worth ") and "daraz:goods-in-transit" in line for line in lines)
