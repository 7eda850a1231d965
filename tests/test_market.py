"""A market of several shops and suppliers at one bank: who keeps which book, who deals with whom, and the laws."""

import numpy as np
import pytest

from alesha_sim import Scenario, Simulation, accounting, plots, simulate
from alesha_sim.audit import laws
from alesha_sim.books.accounts import Account, role_of
from alesha_sim.columns import TextColumn, text_column
from alesha_sim.plots import style
from alesha_sim.simulation.roster import customers
from alesha_sim.tables.schema import SCHEMA

MARKET = """
name = "two_of_each"
horizon = "3 days"
users = { count = 12 }
demand = { kind = "poisson", visits_per_day = 20 }
[[shops]]
name = "daraz"
suppliers = ["mill"]
[[shops]]
name = "pickaboo"
suppliers = ["quarry"]
[[suppliers]]
name = "mill"
[[suppliers]]
name = "quarry"
"""


@pytest.fixture(scope="module")
def market():
    return simulate(Scenario.from_toml(MARKET), seed=7)


def catalogue(result):
    """The catalogue of a result as laws take it."""
    minor = result.scenario.currency.minor
    return [
        laws.Priced(each.sku, minor(each.price), minor(each.charge), minor(each.cost))
        for each in result.scenario.catalogue
    ]


def test_every_party_keeps_a_book_of_its_own_under_its_name(market):
    accounts = market.columns("accounts")
    books = {*text_column(accounts, "book").labels}
    assert books == {"bank", "daraz", "pickaboo", "mill", "quarry", "users"}
    names = {*text_column(accounts, "account").labels}
    assert {"bank:deposits:daraz", "bank:deposits:quarry", "daraz:cash", "mill:buyer-advances"} <= names


def test_all_laws_hold_in_a_market_and_people_buy(market):
    assert market.check() == []
    assert (market.orders["status"] == "completed").sum() > 10


def test_balances_are_told_by_name():
    simulation = Simulation(Scenario.from_toml(MARKET), 7)
    assert [*simulation.balances()] == ["users", "daraz", "pickaboo", "mill", "quarry"]
    assert {*simulation.enquire_balances()} >= {"user:11", "daraz", "quarry"}
    with pytest.raises(
        AttributeError, match=r"^shop: there are several: daraz, pickaboo; take one: shops\['daraz'\]$"
    ):
        _ = simulation.shop


@pytest.mark.parametrize(("mine", "other"), [("daraz", "pickaboo"), ("mill", "quarry")])
def test_what_one_party_was_paid_in_the_book_of_another_of_its_role_breaks_l3(market, mine, other):
    columns = {table: dict(market.columns(table)) for table in SCHEMA}
    transfers = columns["transfers"]
    words = {
        name: np.array([*text_column(transfers, name).labels], object) for name in ("book", "debit", "credit")
    }
    texts = {name: words[name][text_column(transfers, name).codes] for name in words}
    moved = np.flatnonzero((texts["book"] == mine) & (texts["debit"] == f"{mine}:cash"))[-1]
    for name, column in texts.items():
        column[moved] = column[moved].replace(mine, other)
        labels, codes = np.unique(column, return_inverse=True)
        transfers[name] = TextColumn(codes.astype(np.int32), labels.tolist())
    found = laws.check(columns, catalogue(market), drained=True, roles=market.scenario.roles)
    assert any(line.startswith("L3:") and f"{other}:cash" in line for line in found)
    assert any(line.startswith("L3:") and f"the deposit of {mine}" in line for line in found)


def test_users_are_customers_of_banks_in_blocks_of_largest_remainders():
    assert customers(10, [1.0]) == [range(10)]
    assert customers(10, [0.6, 0.4]) == [range(6), range(6, 10)]
    assert customers(10, [1.0, 1.0, 1.0]) == [range(4), range(4, 7), range(7, 10)]
    assert customers(1, [1.0, 1.0]) == [range(1), range(1, 1)]


def test_the_role_of_an_account_is_told_by_the_roles_of_the_parties():
    roles = {"city": "bank", "daraz": "shop", "mill": "supplier"}
    assert role_of("city:deposits:daraz", roles) == Account.BANK_SHOP_DEPOSIT
    assert role_of("city:deposits:user:17", roles) == Account.BANK_USER_DEPOSITS
    assert role_of("city:deposits:mill-courier", roles) == Account.BANK_COURIER_DEPOSIT
    assert role_of("mill:buyer-advances", roles) == Account.SUPPLIER_SHOP_ADVANCES
    assert role_of("users:cash:3", roles) == Account.USERS_CASH


def test_figures_are_sums_over_the_parties_of_a_role(market):
    closing = market.accounts.set_index("account")["closing"]
    figures = market.metrics()
    assert figures["revenue"] == closing["daraz:sales"] + closing["pickaboo:sales"] > 0
    assert figures["shop_cash"] == closing["bank:deposits:daraz"] + closing["bank:deposits:pickaboo"]
    assert market.closing_balances().keys() == {"users", "daraz", "pickaboo", "mill", "quarry"}
    counted = simulate(market.scenario, seed=7, record="summary")
    assert counted.metrics() == pytest.approx(figures, nan_ok=True)


def test_balances_over_time_and_at_an_instant_are_by_name(market):
    course = market.balances()
    assert [*course] == [*market.closing_balances()]
    assert course.iloc[-1].to_dict() == market.closing_balances()
    assert [*market.at("1 day").balances] == [*course]
    with pytest.raises(
        ValueError, match=r"^entity shop: must be users, daraz, pickaboo, mill, quarry, or user:0 to"
    ):
        market.balances("shop")


@pytest.mark.parametrize("owner", ["daraz", "quarry", "mill", "user:3", "users"])
def test_own_cash_and_deposit_of_each_party_reconcile_once_drained(market, owner):
    found = accounting.reconcile(market, owner)
    assert (found.items, found.unexplained) == ((), 0)
    assert found.own == found.bank > 0


def test_statements_of_a_party_have_the_lines_of_its_role(market):
    lines = accounting.income_statement(market, "daraz").set_index("line")["amount"]
    assert lines["Sales"] == market.accounts.set_index("account")["closing"]["daraz:sales"]
    flow = accounting.cash_flow(market, "daraz").set_index("line")["amount"]
    assert flow["Closing cash"] == market.closing_balances()["daraz"]
    assert flow["Received from customers"] > 0


def test_the_plot_of_balances_has_a_line_for_each_firm_in_the_colour_of_its_role(market):
    axes = plots.balances(market)
    colours = {
        line.get_label(): line.get_color()
        for line in axes.get_lines()
        if line.get_label() in market.scenario.roles
    }
    assert {*colours} == {"daraz", "pickaboo", "mill", "quarry"}
    assert colours["daraz"] == style.COLOURS["shop"] != colours["pickaboo"]


def test_the_dashboard_of_a_market_shows_its_first_shop(market):
    figure = plots.dashboard(market)
    assert any("Daraz's cash" in axes.get_title(loc="left") for axes in figure.axes)


def test_a_summary_by_party_has_a_row_for_each_and_adds_up_to_the_figures(market):
    table, figures = market.summary(by="party"), market.metrics()
    assert [*table.index] == [*market.scenario.roles]
    shops = table[table["role"] == "shop"]
    assert shops["sold"].sum() == figures["orders"] == table.loc["users", "bought"]
    assert shops["income"].sum() == figures["revenue"]
    assert shops["deposit"].sum() == figures["shop_cash"]
    assert (table["cash"] == table["deposit"])[["users", "daraz", "mill"]].all()
    assert table.loc["bank", "cash"] == table["deposit"].sum()
    assert table["messages"].sum() == market.messages["delivered_at"].notna().sum()
    with pytest.raises(ValueError, match=r"^by: 'shop': must be 'party', or left out$"):
        market.summary(by="shop")
