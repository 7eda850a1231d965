"""Statements articulate, every difference of cash is explained, and what is open is counted by its age."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import result, unreliable

import alesha_sim as alesha
from alesha_sim import accounting, scenarios
from alesha_sim.accounting import statements
from alesha_sim.accounting.aging import open_items
from alesha_sim.accounting.cut_off import CutOff
from alesha_sim.accounting.in_transit import ON_ITS_WAY
from alesha_sim.accounting.journal_arrays import Journal
from alesha_sim.books import BOOKS
from alesha_sim.columns import MISSING_TIME, TextColumn

GROUP = ["shop", "supplier"]


@pytest.fixture(scope="module")
def first():
    return alesha.simulate(scenarios.first_purchase(), seed=7)


def lines(frame):
    return dict(zip(frame["section"] + ": " + frame["line"], frame["amount"], strict=True))


def minor(items):
    return {f"{item.section}: {item.line}": item.amount for item in items}


def words(column):
    assert isinstance(column, TextColumn)
    return [column.labels[code] if code >= 0 else None for code in column.codes]


# Statements


@pytest.mark.parametrize("name", scenarios.names())
def test_trial_balance_of_every_book_at_the_end_is_the_table_of_accounts(name):
    every = result(name).accounts
    assert {*every["book"]} == {*result(name).scenario.roles}
    for book, accounts in every.groupby("book", observed=True):
        frame = accounting.trial_balance(result(name), book)
        sign = np.where(accounts["kind"].astype(str).isin(["asset", "expense"]), 1, -1)
        assert list(frame["account"]) == list(accounts["account"])
        assert np.array_equal(frame["debit"] - frame["credit"], accounts["closing"] * sign)


def test_a_book_that_nobody_keeps_in_a_market_is_refused():
    with pytest.raises(ValueError, match=r"^book shop: must be one of .*daraz.*$"):
        accounting.trial_balance(result("rival_shops"), "shop")


def test_first_purchase_reads_as_an_accountant_would_write_it(first):
    assert lines(accounting.income_statement(first, "shop")) == {
        "income: Sales": 1000, "expenses: Cost of sales": -760, "total: Gross profit": 240,
        "expenses: Transport": 0, "total: Profit": 240,
    }  # fmt: skip
    assert lines(accounting.cash_flow(first, "shop")) == {
        "total: Opening cash": 0, "operating: Received from customers": 1000,
        "operating: Paid to the supplier": -760, "total: Net cash from operating": 240,
        "financing: Capital paid in": 10_000, "total: Net cash from financing": 10_000,
        "total: Closing cash": 10_240,
    }  # fmt: skip
    assert (
        lines(accounting.balance_sheet(first, "supplier"))["liabilities: Payable: production and transport"] == 540
    )


def test_prepayment_becomes_revenue_at_delivery(first):
    paid, delivered = (first.orders[name].iloc[0] for name in ("paid_at", "delivered_at"))
    just_before = delivered - np.timedelta64(1, "us")
    for at, owed, sales in ((paid, 1000, 0), (just_before, 1000, 0), (delivered, 0, 1000)):
        sheet = lines(accounting.balance_sheet(first, "shop", at))
        assert sheet["liabilities: Contract liabilities: customer prepayments"] == owed
        assert lines(accounting.income_statement(first, "shop", end=at))["income: Sales"] == sales


instants = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@pytest.mark.parametrize("make", [unreliable, lambda: result("market_day")], ids=["unreliable", "market_day"])
@settings(deadline=None, max_examples=25)
@given(shares=instants)
def test_statements_articulate_at_any_instant(make, shares):
    run = make()
    since, until = (share * run.ended_at for share in shares)
    check_articulation(run, Journal(run), since, until)


def test_statements_articulate_at_the_thousand_instants_of_the_reconciliation(full_size):
    run, times = unreliable(), sorted(thousand())
    journal = Journal(run)
    for at in times:
        for book in BOOKS:
            check_sheet(minor(statements.sheet(of_book(journal, book, at / 1e6))))
    for since, until in pairwise(times[:: 1 if full_size else 40]):
        check_articulation(run, journal, since / 1e6, until / 1e6)


def check_articulation(run, journal, since, until):
    for book in BOOKS:
        assert_articulated(
            [minor(statements.sheet(of_book(journal, book, at))) for at in (since, until)],
            lines(accounting.income_statement(run, book, since, until)),
            lines(accounting.cash_flow(run, book, since, until)),
            [cash_of(run, journal, (book,), at) for at in (since, until)],
        )
    group = accounting.consolidated(run, GROUP, until, since)
    assert_articulated(
        [minor(accounting.consolidated(run, GROUP, at).sheet()) for at in (since, until)],
        lines(group.income_statement()),
        lines(group.cash_flow()),
        [
            lines(accounting.consolidated(run, GROUP, at).cash_flow())["total: Closing cash"]
            for at in (since, until)
        ],
    )
    assert "operating: Between shop and supplier" not in lines(group.cash_flow())


def of_book(journal, book, at):
    places = journal.of_book(book)
    return statements.amounts_of(journal, places, journal.balances(journal.instant(at)))


def cash_of(run, journal, books, at):
    from alesha_sim.accounting import classification

    places = journal.places(*(name for book in books for name in classification.CASH[book]))
    return journal.balances(journal.instant(at))[places].sum() / run.scenario.currency.scale


def check_sheet(sheet):
    assert sheet["total: Assets"] == sheet["total: Liabilities and equity"]
    assert sheet["total: Liabilities"] + sheet["total: Equity"] == sheet["total: Assets"]


def assert_articulated(sheets, income, flow, cash):
    before, after = sheets
    for sheet in sheets:
        check_sheet(sheet)
    earned = after["equity: Profit"] - before["equity: Profit"]
    assert earned / 100 == pytest.approx(income["total: Profit"], abs=1e-6)
    assert [flow["total: Opening cash"], flow["total: Closing cash"]] == cash


@settings(deadline=None, max_examples=25)
@given(share=st.floats(0, 1))
def test_group_has_no_inter_company_balances_and_inventory_at_cost(share):
    run = unreliable()
    sheet = accounting.consolidated(run, GROUP, share * run.ended_at).worksheet().set_index("account")["group"]
    for name in ("shop:supplier-advances", "supplier:shop-advances", "supplier:sales", "shop:investment"):
        assert sheet[name] == 0
    cost = {product.sku: float(product.cost) for product in run.scenario.catalogue}
    frame = accounting.trial_balance(run, "supplier", share * run.ended_at)
    goods = frame[frame["account"].isin(["supplier:reserved", "supplier:goods-in-transit"])]
    goods = goods[goods["commodity"] != "BDT"]
    worth = (goods["debit"] * goods["commodity"].map(cost)).sum()
    assert sheet["supplier:stock"] + sheet["supplier:goods-in-transit"] == pytest.approx(worth, abs=1e-6)


@pytest.mark.parametrize("make", [unreliable, lambda: result("market_day")], ids=["unreliable", "market_day"])
def test_what_is_completed_is_what_the_other_book_writes_later(make):
    run = make()
    journal, later = Journal(run), {}
    completion = CutOff(journal)
    for row in range(len(journal)):
        key = int(journal.entry[row]), journal.book.labels[journal.book.codes[row]]
        debit, credit = journal.accounts[journal.debit[row]], journal.accounts[journal.credit[row]]
        later.setdefault(key, []).append((debit.name, credit.name, int(journal.amount[row]), debit.commodity))
    times = np.random.default_rng(1).choice(journal.posted_at, 150)
    seen = {}
    for at in times.tolist():
        found = {}
        for row in completion.rows(at):
            key = row.entry, row.debit.partition(":")[0]
            found.setdefault(key, []).append((row.debit, row.credit, row.amount, row.commodity))
        seen |= found
    compared = [key for key in seen if key in later]
    assert {key: seen[key] for key in compared} == {key: later[key] for key in compared}
    assert len(compared) > 20


# The reconciliation


@cache
def thousand():
    """A thousand instants of the unreliable run, most of them soon after something was written."""
    journal, generator = Journal(unreliable()), np.random.default_rng(3)
    near = generator.choice(journal.posted_at[journal.posted_at > 0], 700) + generator.exponential(
        30_000, 700
    ).astype(int)
    anywhere = generator.integers(0, journal.end, 300)
    return np.minimum(np.concatenate((near, anywhere)), journal.end).tolist()


def test_every_difference_is_explained_at_a_thousand_random_instants():
    run = unreliable()
    journal = Journal(run)
    owners = ["shop", "supplier", "users", "user:3"]
    reconcilers = {owner: accounting.Reconciler(run, owner) for owner in owners}
    states, kinds, bearers = set(), set(), 0
    news = heard(run)
    for at in thousand():
        for owner, reconciler in reconcilers.items():
            found = reconciler.at(at / 1e6)
            own, bank = cash_and_deposit(journal, owner, at)
            assert (found.own, found.bank) == (own, bank)
            assert found.unexplained == 0, str(found)
            assert bank - own == sum(item.amount for item in found.items)
            for item in found.items:
                check_message(run, item, at)
                expected = news(owner, item, at)
                assert not expected or item.message.message in expected
                bearers += bool(expected)
                states.add(item.message.state)
                kinds.add(item.message.kind)
    assert bearers > 50
    assert states >= {"on its way", "waiting", "being served", "lost"}
    assert kinds >= {"Receipt", "PlaceOrder", "VerifyTransaction", "Verification", "Confirmation", "Refunded"}


def cash_and_deposit(journal, owner, at):
    """Add the two sides up from the transfers, without the code under test."""
    own, bank = sides(journal, owner)
    balances = journal.balances(at)
    return int(balances[own].sum()), -int(balances[bank].sum())


@cache
def sides(journal, owner):
    own = f"{owner}:cash" if owner in GROUP else f"users:cash:{owner.removeprefix('user:')}"
    names = ("users:cash:", "bank:deposits:user:") if owner == "users" else (own, f"bank:deposits:{owner}")
    return [
        [n for n, each in enumerate(journal.accounts) if (each.role if owner == "users" else each.name) == name]
        for name in names
    ]


def heard(run):
    """Give a function that finds the message, already sent, upon whose arrival the owner writes a fact."""
    messages, transfers = run.columns("messages"), run.columns("transfers")
    recipients = np.array([name.partition(":")[0] for name in words(messages["recipient"])])
    books = np.array(words(transfers["book"]))

    @cache
    def bearers(own, entry, order):
        written = transfers["posted_at"][(transfers["entry"] == entry) & (books == own)]
        mine = (messages["order"] == order) & (recipients == ("user" if own == "users" else own))
        return np.flatnonzero(mine & np.isin(messages["delivered_at"], written[:1])).tolist()

    def news(owner, item, at):
        rows = bearers(owner if owner in GROUP else "users", item.entry, item.order)
        return {row for row in rows if messages["sent_at"][row] <= at}

    return news


def check_message(run, item, at):
    """The message named is one about the same order, sent after the fact and by then."""
    messages, row = run.columns("messages"), item.message.message
    assert messages["order"][row] == item.order
    assert item.booked_at <= messages["sent_at"][row] <= at
    if item.message.state == ON_ITS_WAY:
        landed = messages["delivered_at"][row]
        assert landed == MISSING_TIME or landed > at


def test_reconciliation_names_the_message_of_the_first_purchase(first):
    paid_at = first.transfers.query("book == 'bank' and code == 'payment'")["posted_at"].iloc[0]
    found = accounting.reconcile(first, "shop", paid_at)
    (item,) = found.items
    assert (found.own, found.bank, item.amount, item.code) == (1_000_000, 1_100_000, 100_000, "payment")
    assert (item.message.kind, item.message.sender, item.message.state) == ("Receipt", "bank", "on its way")
    assert "Receipt bank -> shop" in str(found)
    assert found.frame()["amount"].tolist() == [1000.0]
    assert accounting.reconcile(first, "shop").items == ()


# Open items


def test_aging_adds_up_to_the_balances_at_any_instant():
    run = unreliable()
    journal = Journal(run)
    for share in np.linspace(0, 1, 40):
        frame = accounting.aging(run, share * run.ended_at)
        balances = journal.balances(journal.instant(share * run.ended_at))
        for account, total in zip(frame["account"], frame["total"], strict=True):
            (place,) = journal.places(account)
            assert total == balances[place] * journal.accounts[place].kind.sign / 100
        assert np.allclose(frame.iloc[:, 3:].sum(axis=1), frame["total"])
        items = open_items(journal, journal.instant(share * run.ended_at))
        sums = {}
        for account, order, amount in zip(items.account, items.order, items.amount, strict=True):
            sums.setdefault((account, order), []).append(amount)
        # What is settled is no item any more: nothing of an order is open on both sides.
        assert all(abs(sum(amounts)) == sum(map(abs, amounts)) for amounts in sums.values())


def test_aging_sorts_an_order_by_the_time_since_it_was_paid(first):
    accepted = first.orders["accepted_at"].iloc[0]
    frame = accounting.aging(first, accepted + np.timedelta64(36, "h")).set_index("account")
    prepaid = frame.loc["shop:customer-prepayments"]
    assert (prepaid["class"], prepaid["to 1 d"], prepaid["to 7 d"], prepaid["total"]) == (
        "prepayment",
        0,
        1000,
        1000,
    )
    owed = frame.loc["supplier:payables"]
    assert (owed["class"], owed["to 1 d"], owed["to 7 d"]) == ("payable", 540, 0)


def test_an_age_that_is_just_a_bound_belongs_to_the_interval_that_ends_there(first):
    paid = first.transfers.query("code == 'payment' and book == 'shop'")["posted_at"].iloc[0]
    for microseconds, column in ((-1, "to 1 d"), (0, "to 1 d"), (1, "to 7 d")):
        at = paid + np.timedelta64(1, "D") + np.timedelta64(microseconds, "us")
        prepaid = accounting.aging(first, at).set_index("account").loc["shop:customer-prepayments"]
        assert prepaid[column] == prepaid["total"] == 1000


# Ledgers and bank statements


@pytest.mark.parametrize("book", BOOKS)
def test_general_ledger_runs_from_zero_to_the_closing_balance(book):
    run = result("market_day")
    frame = accounting.general_ledger(run, book)
    closing = run.accounts.set_index(["account", "commodity"])["closing"]
    last = frame.groupby(["account", "commodity"], sort=False)["balance"].last()
    for key, balance in last.items():
        assert balance == pytest.approx(closing[key], abs=1e-6)
    assert len(frame) == 2 * (run.transfers["book"] == book).sum()


def test_general_ledger_of_a_period_carries_the_balance_forward():
    run = result("market_day")
    middle = run.scenario.horizon / 2
    whole = accounting.general_ledger(run, "shop", "shop:cash")
    part = accounting.general_ledger(run, "shop", "shop:cash", start=middle)
    assert 0 < len(part) < len(whole)
    assert whole["balance"].tail(len(part)).tolist() == part["balance"].tolist()


def test_t_accounts_show_both_sides_and_the_balance(first):
    (cash,) = accounting.t_accounts(first, "shop", "shop:cash")
    assert str(cash).splitlines() == [
        " " * 35 + "shop:cash (BDT)",
        "-" * 45 + "+" + "-" * 40,
        "             opening: shop:equity  10,000.00 | 760.00  charges: shop:supplier-advances",
        "payment: shop:customer-prepayments  1,000.00 |",
        "                           balance 10,240.00 |",
    ]
    assert str(cash) in cash._repr_html_()
    assert len(accounting.t_accounts(first, "supplier")) > 5


def test_bank_statement_is_what_the_owner_sees(first):
    frame = accounting.bank_statement(first, "user:0")
    rows = frame[["text", "debit", "credit", "balance"]].values.tolist()
    assert rows == [
        ["Opening balance", 0.0, 5000.0, 5000.0],
        [f"Payment, order 1, transaction {first.orders['payment_transaction'].iloc[0]}", 1000.0, 0.0, 4000.0],
    ]
    shop = accounting.bank_statement(first, "shop", start=0)
    assert shop["text"].iloc[0] == "Balance brought forward"
    assert shop["balance"].tolist() == [10_000, 11_000, 10_240]


@pytest.mark.parametrize("owner", ["user:0", "user:17", "shop", "supplier"])
def test_bank_statement_ends_at_the_deposit(owner):
    run = result("market_day")
    frame = accounting.bank_statement(run, owner)
    assert frame["balance"].iloc[-1] == run.balances(owner)[owner].iloc[-1]
    assert (frame["credit"].sum() - frame["debit"].sum()) == pytest.approx(frame["balance"].iloc[-1])


# Bad input: one clear line

WRONG = [
    (lambda run: accounting.trial_balance(run, "till"), "book till: must be one of bank, shop, supplier, users"),
    (lambda run: accounting.trial_balance(run, "shop", -1), r"at: -1: must be an instant of the run, from 0 to"),
    (lambda run: accounting.balance_sheet(run, "shop", 1e12), "at: 1000000000000.0: must be an instant"),
    (lambda run: accounting.balance_sheet(run, "shop", "soon"), "at: 'soon': must be an instant of the run"),
    (lambda run: accounting.cash_flow(run, "shop", "1 day", 0), "end: 0: must not be before start, '1 day'"),
    (lambda run: accounting.general_ledger(run, "shop", "shop:till"), "account shop:till: must be an account"),
    (lambda run: accounting.bank_statement(run, "user:9"), "owner user:9: must be user:0 to user:0, or one"),
    (lambda run: accounting.reconcile(run, "bank"), "entity bank: must be users, shop, supplier"),
    (lambda run: accounting.aging(run, days=[7, 1]), r"days: \[7, 1\]: must be positive and increasing"),
    (lambda run: accounting.consolidated(run, ["shop"]), r"entities \['shop'\]: must be shop and supplier"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), WRONG)
def test_bad_input_gets_one_clear_line(first, call, text):
    with pytest.raises(ValueError, match=text) as caught:
        call(first)
    assert "\n" not in str(caught.value)
