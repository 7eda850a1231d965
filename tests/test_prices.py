"""Prices with dates: which price holds when, what page, invoice, budget and books make of it."""

from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alesha_sim import simulate
from alesha_sim.audit.register import Priced, Register, Repriced
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.books.ledger import LawBroken
from alesha_sim.entities.price_lists import PriceLists
from alesha_sim.messages import Checkout, Invoice, Reason, Refusal, ViewHomepage, ViewProduct
from alesha_sim.scenarios import ScenarioError
from alesha_sim.scenarios.price_changes import price_changes
from alesha_sim.scenarios.price_lists import DatedPrice
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.units import Currency

MUG = {"sku": "mug", "name": "Mug", "marked_price": 10, "price": 8, "charge": 5, "cost": 3}
PEN = MUG | {"sku": "pen", "name": "Pen", "price": 2, "charge": 1, "cost": 1}
SALE = {"sku": "mug", "price": 6, "from": "1 day", "until": "2 days"}
DAY = 86_400


def dated(*prices):
    return [DatedPrice.model_validate({"sku": "mug"} | price) for price in prices]


def scenario(*prices, visits=None, **changes):
    """A shop of two products, by default with a visit a day of two users who buy mugs."""
    visits = visits or {"at": [0, DAY, 2 * DAY], "user": [0, 1, 1], "mug": [2, 2, 1]}
    return Scenario.model_validate(
        {
            "horizon": "5 days",
            "catalogue": [MUG, PEN],
            "users": {"count": 2},
            "demand": {"kind": "replay", "visits": visits},
            "shop": {"prices": list(prices or [SALE])},
        }
    ).with_settings(changes)


def totals(result):
    return result.orders.total.tolist()


# Which price holds when

LISTS = {
    "none": ([], []),
    "from the start": ([{"price": 7, "from": 0}], [(0, 7)]),
    "for a while": ([{"price": 6, "from": 1, "until": 3}], [(1, 6), (3, 8)]),
    "one within another": (
        [{"price": 7, "from": 1}, {"price": 6, "from": 2, "until": 3}], [(1, 7), (2, 6), (3, 7)]
    ),
    "the later one counts": ([{"price": 6, "from": 1, "until": 4}, {"price": 7, "from": 2}], [(1, 6), (2, 7)]),
    "one after the other": (
        [{"price": 6, "from": 1, "until": 2}, {"price": 7, "from": 2, "until": 3}], [(1, 6), (2, 7), (3, 8)]
    ),
    "the catalogue's is no change": ([{"price": 8, "from": 1}], []),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_the_price_that_began_last_counts_and_the_catalogues_where_none_holds(name):
    prices, right = LISTS[name]
    found = price_changes(dated(*prices[::-1]), {"mug": Decimal(8)}, Currency())
    assert found == tuple((at, "mug", 100 * price) for at, price in right)


DATED = st.lists(
    st.tuples(
        st.sampled_from(["mug", "pen"]), st.integers(0, 9), st.none() | st.integers(1, 4), st.integers(1, 9)
    ),
    max_size=6,
    unique_by=lambda each: each[:2],
)


@cache
def accounts():
    return simulate(scenario()).columns("accounts")


@settings(deadline=None)
@given(DATED)
def test_shop_and_audit_find_the_price_that_the_list_says(drawn):
    prices = [
        DatedPrice.model_validate(
            {"sku": sku, "price": price, "from": at, "until": None if lasts is None else at + lasts}
        )
        for sku, at, lasts, price in drawn
    ]
    changes = price_changes(prices, {"mug": Decimal(8), "pen": Decimal(2)}, Currency())
    lists = PriceLists({"mug": 800, "pen": 200}, changes)
    catalogue = [Priced("mug", 800, 500, 300), Priced("pen", 200, 100, 100)]
    repriced = [Repriced("shop", round(at * 10**6), sku, price) for at, sku, price in changes]
    register = Register(accounts(), catalogue, changes=repriced)
    shop = np.array([list(ONE_OF_EACH).index("shop")])
    for place, (sku, price) in enumerate((("mug", 8), ("pen", 2)), 1):
        for half in range(30):
            at = half / 2
            holding = [(n, p) for s, n, d, p in drawn if s == sku and n <= at and (d is None or at < n + d)]
            right = 100 * max(holding, default=(0, price))[1]
            found = register.price_at(shop, np.array([round(at * 10**6)]), np.array([place])).tolist()
            assert [lists.price(sku, lists.number_at(at)), *found] == [right, right]


def test_an_instant_is_compared_as_it_is_recorded():
    lists = PriceLists({"mug": 8}, [(1.0, "mug", 6)])
    assert [lists.number_at(at) for at in (0.999999, 0.9999994, 0.9999996, 1.0)] == [0, 0, 1, 1]
    assert lists.ends_after(0) <= 0.9999995
    assert lists.ends_after(1) == float("inf")


# In a run


def test_an_order_is_at_the_price_of_its_instant_in_all_books():
    visits = {"at": [0, DAY, 2 * DAY], "user": [0, 1, 1], "mug": [2, 2, 1], "pen": [0, 9, 0]}
    returns = {"catalogue.mug.return_share": 1, "users.after_sales.return_after": "1 day"}
    result = simulate(scenario(visits=visits, **returns))
    assert totals(result) == [16, 30, 8]
    assert result.check() == []
    transfers = result.transfers
    back = transfers[(transfers.code == "return") & (transfers.book == "shop") & (transfers.commodity == "BDT")]
    assert sorted(back[back.credit == "shop:refunds-payable"].amount) == [8, 12, 16]


def test_revenue_is_that_of_the_prices_paid():
    assert simulate(scenario()).summary()["revenue"] == 2 * 8 + 2 * 6 + 1 * 8


def test_parts_of_an_order_are_at_its_own_prices_when_they_come_later():
    visits = {"at": [0, 20], "user": [0, 1], "mug": [2, 0], "pen": [3, 1]}
    stock = {"kind": "base_stock", "level": {"mug": 5, "pen": 1}}
    result = simulate(
        scenario(
            {"sku": "mug", "price": 6, "from": 0},
            {"sku": "mug", "price": 7, "from": 10},
            visits=visits,
            **{"delivery.partial": True, "supplier.stock": stock},
        )
    )
    transfers = result.transfers
    sold = transfers[(transfers.code == "sale") & (transfers.debit == "users:spending")]
    assert sorted(sold.amount) == [2, 6, 12]


def test_pages_show_the_price_of_the_instant_and_keep_what_did_not_change():
    simulation = Simulation(scenario(), 1)
    shop = simulation.shop
    for until, price in ((0.5, 800), (DAY + 0.5, 600), (2 * DAY + 0.5, 800)):
        simulation.run(until=until)
        offers = {offer.sku: offer.price for offer in shop.storefront.answer(ViewHomepage(), 0).offers}
        assert offers == {"mug": price, "pen": 200}
        assert shop.storefront.answer(ViewProduct("mug"), 0).offer.price == price
        assert shop.storefront.answer(ViewProduct("pen"), 0).offer.price == 200


def test_an_invoice_names_its_list_and_a_named_total_must_be_that_of_now():
    simulation = Simulation(scenario(), 1)
    simulation.run(until=DAY + 0.5)
    storefront, cart = simulation.shop.storefront, (("mug", 1),)
    assert storefront.answer(Checkout(cart, 800), 1) == Refusal(Reason.WRONG_TOTAL)
    invoice = storefront.answer(Checkout(cart, 600), 1)
    assert isinstance(invoice, Invoice)
    assert (invoice.total, invoice.price_list) == (600, 1)


def test_who_saw_another_price_pays_what_the_invoice_says():
    dearer = {"sku": "mug", "price": 9, "from": 0.1}  # after the home page was served at 0.05 s
    result = simulate(scenario(dearer, visits={"at": [0], "user": [0], "mug": [2]}))
    assert (totals(result), result.orders.status.tolist(), result.check()) == ([18], ["completed"], [])


BUDGETS = {
    "enough for both": (18, "bought", "completed"),
    "enough for what was seen": (16, "abandoned", "cancelled"),
    "not even enough for that": (15, "looked", None),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_an_invoice_above_the_budget_is_left_unpaid(name):
    budget, outcome, status = BUDGETS[name]
    visits = {"at": [0], "user": [0], "mug": [2]}
    changes = {"users.budget": budget, "shop.unpaid_after": "1 hour"}
    result = simulate(scenario({"sku": "mug", "price": 9, "from": 0.1}, visits=visits, **changes))
    assert result.visits.outcome.tolist() == [outcome]
    assert result.orders.status.tolist() == ([status] if status else [])
    assert result.check() == []


@pytest.mark.parametrize(("price", "left"), [(9, 2), (7, 6)])
def test_a_budget_counts_what_was_invoiced(price, left):
    changes = {"users.budget": 20, "users.count": 1}
    visits = {"at": [0, 9], "user": [0, 0], "mug": [2, 0], "pen": [0, left // 2]}
    result = simulate(scenario({"sku": "mug", "price": price, "from": 0.1}, visits=visits, **changes))
    assert totals(result) == [2 * price, left]
    more = visits | {"pen": [0, left // 2 + 1]}
    result = simulate(scenario({"sku": "mug", "price": price, "from": 0.1}, visits=more, **changes))
    assert totals(result) == [2 * price]


def test_a_cart_is_within_the_budget_by_the_price_on_show():
    visits = {"at": [0, DAY], "user": [0, 0], "mug": [2, 2]}
    result = simulate(scenario(visits=visits, **{"users.budget": 12}))
    assert result.visits.outcome.tolist() == ["looked", "bought"]


def test_a_choice_is_made_by_the_price_on_show():
    choice = {"users.choice": {"kind": "logit", "price_sensitivity": 1000}}
    result = simulate(scenario({"sku": "mug", "price": 1, "from": "1 day"}, **choice))
    assert result.order_lines.sku.tolist() == ["pen", "mug", "mug"]


# Laws, bounds, settings


def test_a_line_that_is_not_at_its_lists_price_breaks_the_law(monkeypatch):
    monkeypatch.setattr("alesha_sim.entities.shop.order_desk.OrderDesk.renew_prices", lambda self, now: [])
    with pytest.raises(LawBroken, match="L8: order 2, product 0: price 800, charge 500 are not the price list's"):
        simulate(scenario())


def test_carts_must_fit_64_bits_at_the_highest_price():
    visits = {"at": [0], "user": [0], "mug": [2**31 - 1]}
    scenario(visits=visits).visits(1)
    with pytest.raises(ScenarioError, match="must fit in 64 bits of minor units"):
        scenario(SALE | {"price": 2**40}, visits=visits).visits(1)


def test_prices_are_written_read_and_set_by_their_place():
    given = scenario(SALE, SALE | {"from": "3 days", "until": None})
    assert Scenario.from_toml(given.to_toml()) == given
    cheaper = given.with_settings({"shop.prices.1.price": 5})
    assert [price.price for price in cheaper.shop.prices] == [6, 5]
    assert given.diff(cheaper) == "shop.prices.1.price: 6 against 5"
