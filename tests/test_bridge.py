import pytest
from matplotlib.figure import Figure

import alesha_sim as alesha
from alesha_sim import plots
from alesha_sim.plots.bridge import Bridge, bridge_of

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def result():
    scenario = alesha.scenarios.market_day(visits_per_day=200, users=50)
    return alesha.simulate(scenario.with_settings({"supplier.stock.unavailable": ["iphone-x"]}), seed=7)


def drawn(result, entity="shop"):
    return plots.cash_bridge(result, entity, ax=Figure(figsize=(8, 4.5), layout="constrained").subplots())


@pytest.mark.parametrize("entity", ["shop", "supplier", "users", "user:3"])
def test_the_changes_lead_from_the_opening_to_the_closing_balance(result, entity):
    bridge = bridge_of(result, entity)
    course = result.balances(entity)[entity] * result.scenario.currency.scale
    assert (bridge.opening, bridge.closing) == (course.iloc[0], course.iloc[-1])
    assert bridge.opening + sum(bridge.changes.values()) == bridge.closing


def test_the_changes_are_those_of_the_banks_book_by_code(result):
    rows = result.ledger("bank")
    came = rows[rows["credit"] == "bank:deposits:shop"].groupby("code", observed=True)["amount"].sum()
    went = rows[rows["debit"] == "bank:deposits:shop"].groupby("code", observed=True)["amount"].sum()
    expected = came.sub(went, fill_value=0).drop("opening").mul(100).astype(int).to_dict()
    assert bridge_of(result, "shop").changes == {code: n for code, n in expected.items() if n}
    assert set(expected) == {"payment", "charges", "charges-return", "refund"}


def test_what_came_in_stands_first_so_that_no_level_is_below_zero(result):
    changes = [*bridge_of(result, "shop").changes.values()]
    assert changes == sorted(changes, key=lambda change: change < 0)
    ax = drawn(result)
    assert min(bar.get_x() for bar in ax.patches) >= 0


def test_the_title_names_what_brought_and_took_most():
    ax = drawn(alesha.simulate(alesha.scenarios.first_purchase(), seed=7))
    title = " ".join(ax.get_title(loc="left").split())
    assert title == f"Shop's cash grows by 240 BDT: payments +1,000, supplier's charges {MINUS}760"
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["Opening balance", "Payments", "Supplier's charges", "Closing balance"]


def test_an_axis_that_does_not_begin_at_zero_says_so(result):
    cut = drawn(alesha.simulate(alesha.scenarios.first_purchase(), seed=7))
    assert cut.get_xlim()[0] > 0
    assert any("does not begin at zero" in text.get_text() for text in cut.texts)
    whole = drawn(result)
    assert whole.get_xlim()[0] == 0
    assert not any("does not begin at zero" in text.get_text() for text in whole.texts)


def test_who_has_no_deposit_is_refused(result):
    with pytest.raises(ValueError, match="entity bank: must be users, shop, supplier, or user:0 to user:49"):
        plots.cash_bridge(result, "bank")


def test_a_deposit_that_never_changes_is_said_to_stay(result):
    looker = next(n for n in range(50) if bridge_of(result, f"user:{n}") == Bridge(*_stays(result, n)))
    assert "cash stays at" in drawn(result, f"user:{looker}").get_title(loc="left")


def _stays(result, user):
    opening = round(result.users["opening_balance"][user] * 100)
    return opening, {}, opening
