"""The worked first purchase comes out to the last unit: trial balances, statements, elimination entries."""

import pytest
from worked_example import (
    INCOME,
    INSTANTS,
    INVENTORY,
    STATEMENTS,
    TRIAL_BALANCES,
    WORKSHEETS,
    worked_example,
)

from alesha_sim import accounting

PLACES = pytest.mark.parametrize("place", range(5), ids=list(INSTANTS))


@pytest.fixture(scope="module")
def result():
    return worked_example()


def instant(place):
    return list(INSTANTS.values())[place]


def lines(frame):
    return dict(zip(frame["section"] + ": " + frame["line"], frame["amount"], strict=True))


@PLACES
@pytest.mark.parametrize("book", ["bank", "shop", "supplier", "users"])
def test_trial_balance_of_each_book(result, book, place):
    frame = accounting.trial_balance(result, book, instant(place))
    money = frame[frame["commodity"] == "BDT"]
    found = dict(zip(money["account"], money["debit"] - money["credit"], strict=True))
    expected = {name: row[place] for name, row in TRIAL_BALANCES.items() if name.startswith(book + ":")}
    assert {name: amount for name, amount in found.items() if amount or name in expected} == expected
    for _, part in frame.groupby("commodity"):
        assert part["debit"].sum() == part["credit"].sum()


def sheet(result, entity, place):
    at = instant(place)
    if entity == "group":
        return accounting.consolidated(result, ["shop", "supplier"], at).balance_sheet()
    return accounting.balance_sheet(result, entity, at)


@PLACES
@pytest.mark.parametrize("entity", ["shop", "supplier", "group"])
def test_balance_sheet_of_each_entity_and_the_group(result, entity, place):
    found = lines(sheet(result, entity, place))
    assets, liabilities, capital, profit = STATEMENTS[entity][place]
    assert found["total: Assets"] == found["total: Liabilities and equity"] == assets
    assert found["total: Liabilities"] == liabilities
    assert (found["equity: Capital"], found["equity: Profit"]) == (capital, profit)


@PLACES
@pytest.mark.parametrize("entity", ["shop", "supplier", "group"])
def test_income_statement_of_each_entity_and_the_group(result, entity, place):
    at = instant(place)
    if entity == "group":
        frame = accounting.consolidated(result, ["shop", "supplier"], at).income_statement()
    else:
        frame = accounting.income_statement(result, entity, end=at)
    found = lines(frame)
    sales, returns, cost = INCOME[entity][place]
    assert found["income: Sales"] == sales
    assert found.get("income: Returns and allowances", 0) == -returns
    assert found["expenses: Cost of sales"] == -cost
    assert found["total: Profit"] == sales - returns - cost == STATEMENTS[entity][place][3]


@PLACES
def test_worksheet_entries_of_the_group(result, place):
    group = accounting.consolidated(result, ["shop", "supplier"], instant(place))
    found = [(each.step, each.debit, each.credit, each.amount / 100) for each in group.entries]
    assert found == WORKSHEETS[place]
    assert lines(group.balance_sheet())["assets: Inventories"] == INVENTORY[place]


def test_completion_names_the_message_that_is_on_its_way(result):
    frame = accounting.consolidated(result, at=INSTANTS["c"]).entries_frame()
    told = frame[frame["step"] == "C"]
    assert (
        list(told[["order", "entry", "kind", "state"]].itertuples(index=False, name=None))
        == [(1, 8, "Delivered", "on its way")] * 2
    )


def test_run_cut_off_before_the_shop_hears_is_completed_all_the_same():
    group = accounting.consolidated(worked_example(cut_at=3))
    found = [(each.step, each.debit, each.credit, each.amount / 100) for each in group.entries]
    assert found == WORKSHEETS[2]


def test_group_has_nothing_left_between_the_two(result):
    for at in INSTANTS.values():
        frame = accounting.consolidated(result, at=at).worksheet().set_index("account")
        assert frame["group"].sum() == 0
        for name in ("shop:supplier-advances", "supplier:shop-advances", "shop:investment", "supplier:equity"):
            assert frame.loc[name, "group"] == 0
        assert (
            frame["shop"] + frame["supplier"] + frame["completed"] + frame["eliminated"] == frame["group"]
        ).all()


def test_group_cash_flow_leaves_out_what_the_two_paid_each_other(result):
    found = lines(accounting.consolidated(result, start=INSTANTS["A"]).cash_flow())
    assert found == {
        "total: Opening cash": 16_000,
        "operating: Refunded to customers": -250,
        "total: Net cash from operating": -250,
        "total: Closing cash": 15_750,
    }


def test_user_who_was_not_told_of_the_payment_has_its_item(result):
    reconciliation = accounting.reconcile(result, "user:1", INSTANTS["A"])
    assert reconciliation.difference == -100_000
    assert [(item.entry, item.amount, item.held_by) for item in reconciliation.items] == [(4, -100_000, "bank")]
