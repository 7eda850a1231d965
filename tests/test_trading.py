"""The laws against random worlds in which every fact happens: all pass at any instant, no changed rule does."""

import numpy as np
import pytest
from trading import CATALOGUE, METHODS, Terms, World, users_of

from alesha_sim.audit.evidence import RULES, Evidence
from alesha_sim.audit.laws import check
from alesha_sim.audit.posting_rules import entry_kinds, permitted
from alesha_sim.books.accounts import Account
from alesha_sim.columns import TextColumn
from alesha_sim.messages import FundsLocation, Method
from alesha_sim.verification.fuzz.met import OF_A_MARKET, is_of_markets

RICH = (16, 24, 158)
"""Worlds in which, taken together, every row of every fact is written that needs no market."""

WORLDS = {
    "every location": Terms(), "little cash": Terms(cash=1500), "poor users": Terms(opening=1500),
    "escrow": Terms(locations=(FundsLocation.ESCROW,)),
    "settled later": Terms(locations=(FundsLocation.SETTLEMENT_DUE,)),
    "often": Terms(chance=0.6), "seldom, no fees": Terms(chance=0.1, fees=False),
}  # fmt: skip


def violations(tables, *, drained=True):
    return check(tables, CATALOGUE, drained=drained)


@pytest.mark.parametrize("seed", [3, 5, 8])
@pytest.mark.parametrize("terms", WORLDS.values(), ids=WORLDS)
def test_random_trade_keeps_all_laws_at_every_instant(terms, seed):
    world = World(seed, terms)
    for _ in world.steps(orders=4):
        assert violations(world.tables(), drained=False) == []
    assert violations(world.tables()) == []


@pytest.mark.parametrize("seed", range(50, 90))
def test_random_trade_keeps_all_laws_at_its_end(seed):
    assert violations(World(seed).run(orders=9, incomes=3).tables()) == []


@pytest.fixture(scope="module")
def rich():
    """For every rule a world that has it: its tables, and the rule of each of its transfers."""
    found = {}
    for seed in RICH:
        tables = World(seed).run(orders=6).tables()
        rules = Evidence(tables, CATALOGUE).rule
        found |= {place: (tables, rules) for place in np.unique(rules).tolist() if place not in found}
    return found


def test_every_row_of_every_entry_happens_that_needs_no_market(rich):
    assert sorted(rich) == [place for place, rule in enumerate(RULES) if not is_of_markets(rule)]


def test_books_open_exactly_the_accounts_of_the_chart(rich):
    opened = {}
    for tables, _ in rich.values():
        accounts = tables["accounts"]
        for name, kind, commodity in zip(
            *(accounts[column].codes.tolist() for column in ("account", "kind", "commodity")), strict=True
        ):
            role = accounts["account"].labels[name].rstrip("0123456789")
            held = "units" if commodity else "money"
            opened.setdefault((role, accounts["kind"].labels[kind]), set()).add(held)
    chart = [account for account in Account if account not in OF_A_MARKET]
    assert opened == {(account, account.kind): set(account.holds.split(", ")) for account in chart}


# Tampering: the balances follow, so that only the laws can tell.


def taken(column, places):
    return TextColumn(column.codes[places], column.labels) if isinstance(column, TextColumn) else column[places]


def with_transfers(tables, transfers):
    """Return the tables with other transfers, and the balances that they imply."""
    accounts = dict(tables["accounts"])
    names = np.array(accounts["account"].labels)[accounts["account"].codes]
    units = np.array(accounts["commodity"].labels)[accounts["commodity"].codes]
    places = {account: place for place, account in enumerate(zip(names.tolist(), units.tolist(), strict=True))}
    commodity = transfers["commodity"]
    closing, opening = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    opens = np.array(transfers["code"].labels)[transfers["code"].codes] == "opening"
    for side, sign in (("debit", 1), ("credit", -1)):
        wanted = zip(transfers[side].codes.tolist(), commodity.codes.tolist(), strict=True)
        of_row = [places[transfers[side].labels[name], commodity.labels[unit]] for name, unit in wanted]
        np.add.at(closing, of_row, sign * transfers["amount"])
        np.add.at(opening, np.array(of_row)[opens], sign * transfers["amount"][opens])
    signs = np.where(np.isin(accounts["kind"].codes, (0, 4)), 1, -1)
    accounts |= {"opening": opening * signs, "closing": closing * signs}
    changed = {"transfers": transfers, "accounts": accounts, "users": users_of(accounts, 3)}
    return tables | changed


def repeated(tables, times):
    """Return the tables with each transfer as often as `times` says."""
    places = np.repeat(np.arange(len(times)), times)
    transfers = {name: taken(column, places) for name, column in tables["transfers"].items()}
    return with_transfers(tables, transfers | {"transfer": np.arange(len(places))})


def dropped(tables, rows):
    return repeated(tables, np.where(rows, 0, 1))


def doubled(tables, rows):
    return repeated(tables, np.where(rows, 2, 1))


def reversed_(tables, rows):
    debit, credit = (tables["transfers"][side] for side in ("debit", "credit"))
    sides = {
        "debit": debit._replace(codes=np.where(rows, credit.codes, debit.codes)),
        "credit": credit._replace(codes=np.where(rows, debit.codes, credit.codes)),
    }
    return with_transfers(tables, tables["transfers"] | sides)


def raised(tables, rows):
    amount = tables["transfers"]["amount"] + rows
    return with_transfers(tables, tables["transfers"] | {"amount": amount})


def lowered(tables, rows):
    return raised(tables, -1 * rows)


# What transport costs no other row says, as long as the supplier charges on no more than it owes.
UNSEEN = {(raised, "transport / payables"), (lowered, "transport / payables")}


def unseen(change, rule):
    sides = " / ".join(name.partition(":")[2] for name in (rule.debit, rule.credit))
    return (change, sides) in UNSEEN


@pytest.mark.parametrize("change", [dropped, doubled, reversed_, raised, lowered])
def test_every_changed_row_is_caught(rich, change):
    missed = []
    for place, (tables, rules) in rich.items():
        for row in np.flatnonzero(rules == place)[[0, -1]]:
            rows = np.arange(len(rules)) == row
            if not violations(change(tables, rows)) and not unseen(change, RULES[place]):
                missed.append((RULES[place], int(row)))
    assert missed == []


@pytest.mark.parametrize("change", [dropped, doubled, reversed_, raised, lowered])
def test_every_changed_rule_is_caught(rich, change):
    missed = [
        RULES[place]
        for place, (tables, rules) in rich.items()
        if not violations(change(tables, rules == place)) and not unseen(change, RULES[place])
    ]
    assert missed == []


def other_sides(rule):
    """Return the rules that differ from one only in the account on one side."""
    return [
        other
        for other in RULES
        if (other.book, other.code, other.units) == (rule.book, rule.code, rule.units)
        and (other.debit == rule.debit) != (other.credit == rule.credit)
    ]


def named(account, tables, like):
    """Return an account of a role; of a family the one of the number in `like`."""
    number = like.rpartition(":")[2]
    name = f"{account}{number if number.isdecimal() else 0}" if account.endswith(":") else account
    labels = tables["transfers"]["debit"].labels
    return labels.index(name) if name in labels else None


def test_every_rule_booked_to_another_account_that_some_rule_allows_is_caught(rich):
    missed, tried = [], 0
    for place, (tables, rules) in rich.items():
        rows = np.flatnonzero(rules == place)
        for other in other_sides(RULES[place]):
            side = "credit" if other.debit == RULES[place].debit else "debit"
            column = tables["transfers"][side]
            code = named(getattr(other, side), tables, column.labels[column.codes[rows[0]]])
            if code is None:
                continue
            tried += 1
            codes = column.codes.copy()
            codes[rows] = code
            if not violations(with_transfers(tables, tables["transfers"] | {side: column._replace(codes=codes)})):
                missed.append((RULES[place], other))
    assert missed == []
    assert tried > 40


def test_row_that_no_rule_allows_is_caught_by_its_form(rich):
    tables, rules = rich[0]
    column = tables["transfers"]["debit"]
    codes = column.codes.copy()
    other_book = next(rule for rule in RULES if rule.book == "shop" and RULES.index(rule) in rules)
    codes[np.flatnonzero(rules == RULES.index(other_book))] = column.labels.index("bank:fees")
    lines = violations(with_transfers(tables, tables["transfers"] | {"debit": column._replace(codes=codes)}))
    assert any(line.startswith("L0: the posting rules have no such row") for line in lines)


def test_facts_name_accounts_of_their_book_in_what_they_hold():
    for rule in permitted():
        for name in (rule.debit, rule.credit):
            assert name.startswith(f"{rule.book}:")
            assert ("units" if rule.units else "money") in name.holds
    assert {name for rule in permitted() for name in (rule.debit, rule.credit)} == set(Account)
    assert len({fact.name for fact in entry_kinds()}) == len(entry_kinds()) < 63  # one bit each


def test_words_of_the_tables_are_those_of_the_messages():
    assert (*METHODS, Method.REPLENISHMENT) == tuple(Method)


def run_with(tamper, seed=16):
    world = World(seed).run(orders=6)
    tamper(world)
    return violations(world.tables(), drained=False)


def some(world, **wanted):
    """Return an order of which all of this is true."""
    return next(
        order for order in world.orders if all(getattr(order, name) == value for name, value in wanted.items())
    )


def compensated_twice(world):
    order = some(world, status="completed", method="account")
    for _ in range(2):
        world.shop.compensated(world.at, order.number, 1)


def collected_though_paid(world):
    order = some(world, status="completed", method="account")
    world.bank.collection(world.at, order.number, order.user, 5)


def held_back_for_nothing(world):
    order = some(world, status="completed", method="account")
    world.supplier.made_to_order(world.at, order.number, [(order.lines[0][0], order.lines[0][1] + 1)])


def given_back_above_the_price(world):
    order = some(world, status="completed", method="account", returned=[])
    product, _ = order.lines[0]
    world.shop.returned(world.at, order.number, [(product, 1)], [CATALOGUE[product].charge], 10_000)


def late_without_a_refund(world):
    order = some(world, status="completed", method="account")
    world.shop.late_refund(world.at, world.ledger.new_entry(), order.number, order.total)


def transport_charged_that_nobody_owes(world):
    order = some(world, status="completed", method="account")
    world.supplier.charges_returned(world.at, world.ledger.new_entry(), order.number, 0, transport=5)


def stock_for_a_user(world):
    order = some(world, status="completed", method="account")
    product, units = order.lines[0]
    charge = units * CATALOGUE[product].charge
    world.shop.received(world.at, world.ledger.new_entry(), order.number, [(product, units)], [charge])


def income_in_an_order(world):
    cash, income = world.users._cash[0], world.users._income.id
    world.ledger.transfer(world.at, 3, world.ledger.new_entry(), 1, cash, income, 5, 1)


@pytest.mark.parametrize(
    ("law", "misdeed"),
    [
        ("L10: order 1: 3 compensations", compensated_twice), ("L10", collected_though_paid),
        ("L10", held_back_for_nothing), ("L8", given_back_above_the_price), ("L8", late_without_a_refund),
        ("L8", transport_charged_that_nobody_owes), ("L10", stock_for_a_user),
        ("L4: an income within an order", income_in_an_order),
    ],
)  # fmt: skip
def test_misdeed_posted_by_the_rules_is_caught(law, misdeed):
    assert any(line.startswith(law) for line in run_with(misdeed)), run_with(misdeed)
