"""The posting rules as tables: the first purchase's trial balances, and an order that the supplier rejects."""

import inspect
import random

import numpy as np
import pytest

from alesha_sim.books.accounts import BOOKS_MAX, CODES
from alesha_sim.books.bank import BankBook
from alesha_sim.books.goods_value import GoodsValue, part_of
from alesha_sim.books.ledger import LawBroken, Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.books.users import UsersBook
from alesha_sim.messages import FundsLocation
from alesha_sim.vocabulary import COURIER, SHOP, SUPPLIER

SKUS = ("hp-laptop", "apple-watch", "iphone-x")
LINES = ((0, 1), (1, 2))
PRICE, CHARGE, COST = 1000, 760, 540
USER, ORDER = 1, 1

# Debit balances are positive, credit balances negative; what is missing is zero.
FIRST_PURCHASE = """
                                     A       B       c       C
bank:reserves                    20000   20000   20000   20000
bank:deposits:user:1             -4000   -4000   -4000   -4000
bank:deposits:shop              -11000  -10240  -10240  -10240
bank:deposits:supplier           -5000   -5760   -5760   -5760
shop:cash                        11000   10240   10240   10240
shop:supplier-advances               0     760     760       0
shop:customer-prepayments        -1000   -1000   -1000       0
shop:investment                   5000    5000    5000    5000
shop:equity                     -15000  -15000  -15000  -15000
shop:sales                           0       0       0   -1000
shop:cost-of-sales                   0       0       0     760
supplier:cash                     5000    5760    5760    5760
supplier:stock                       0     540       0       0
supplier:shop-advances               0    -760       0       0
supplier:payables                    0    -540    -540    -540
supplier:equity                  -5000   -5000   -5000   -5000
supplier:sales                       0       0    -760    -760
supplier:cost-of-sales               0       0     540     540
users:cash:1                      5000    4000    4000    4000
users:advances                       0    1000       0       0
users:equity                     -5000   -5000   -5000   -5000
users:spending                       0       0    1000    1000
supplier:reserved hp-laptop          0       1       0       0
supplier:reserved apple-watch        0       2       0       0
supplier:production hp-laptop              0      -1      -1      -1
supplier:production apple-watch            0      -2      -2      -2
supplier:goods-clearing hp-laptop         0       0       1       1
supplier:goods-clearing apple-watch       0       0       2       2
users:goods hp-laptop                0       0       1       1
users:goods apple-watch              0       0       2       2
users:goods-clearing hp-laptop            0       0      -1      -1
users:goods-clearing apple-watch          0       0      -2      -2
"""

# Rejected: paid and charged; then charges returned, cancelled, refunded: bank, then owners.
REJECTED = """
                              paid  returned  cancelled  refunded
bank:reserves                20000     20000      20000     20000
bank:deposits:user:1         -4000     -4000      -4000     -5000
bank:deposits:shop          -10240    -11000     -11000    -10000
bank:deposits:supplier       -5760     -5000      -5000     -5000
shop:cash                    10240     11000      11000     10000
shop:supplier-advances         760         0          0         0
shop:customer-prepayments    -1000     -1000          0         0
shop:refunds-payable                 0         0      -1000         0
shop:investment               5000      5000       5000      5000
shop:equity                 -15000    -15000     -15000    -15000
supplier:cash                 5760      5000       5000      5000
supplier:shop-advances        -760         0          0         0
supplier:equity              -5000     -5000      -5000     -5000
users:cash:1                  5000      5000       5000      5000
users:equity                 -5000     -5000      -5000     -5000
"""


class Trade:
    """The four books, opened as in the first purchase."""

    def __init__(self):
        self.ledger = Ledger("BDT", SKUS)
        self.bank, self.shop = BankBook(self.ledger, 2), ShopBook(self.ledger)
        self.supplier, self.users = SupplierBook(self.ledger, (300, 120, 540)), UsersBook(self.ledger, 2)
        openings = np.array([0, 5000])
        self.entries = self.bank.open_users(0.0, openings)
        self.users.open(0.0, self.entries, openings)
        self.shop.open(0.0, self.bank.open_owner(0.0, SHOP, 10000), 10000)
        self.supplier.open(0.0, self.bank.open_owner(0.0, SUPPLIER, 5000), 5000)
        self.shop.invest(0.0, 5000)

    def pay(self):
        self.payment = self.bank.payment(1.0, ORDER, USER, PRICE)
        self.shop.payment(1.0, self.payment, ORDER, PRICE)

    def charge(self):
        entry = self.bank.charges(2.0, ORDER, CHARGE)
        self.shop.charges(2.0, entry, ORDER, CHARGE)
        self.supplier.charges(2.0, entry, ORDER, CHARGE)

    def make(self):
        self.charge()
        self.supplier.made_to_order(3.0, ORDER, LINES)
        self.users.payment(3.0, self.payment, USER, ORDER, PRICE)

    def hand_over(self):
        self.supplier.shipped(4.0, ORDER, LINES)
        self.parcel = self.supplier.allot()
        self.users.delivered(5.0, self.parcel, ORDER, LINES, PRICE)
        self.supplier.delivered(5.0, self.parcel, ORDER, LINES, CHARGE, COST)

    def conclude(self):
        self.shop.delivered(6.0, self.parcel, ORDER, PRICE, CHARGE)

    def return_charges(self):
        entry = self.bank.charges_return(3.0, ORDER, CHARGE)
        self.supplier.charges_returned(3.0, entry, ORDER, CHARGE)
        self.shop.charges_returned(3.0, entry, ORDER, CHARGE)

    def refund(self):
        entry = self.bank.refund(4.0, ORDER, USER, PRICE)
        self.shop.refund(4.0, entry, ORDER, PRICE)
        self.users.refunded(4.0, entry, self.payment, USER, ORDER, PRICE, PRICE)

    def trial_balance(self):
        """Return the debit balances that are not zero, by account, and by product where it holds units."""
        accounts, found = self.ledger.account_columns(), {}
        for account, commodity in enumerate(accounts["commodity"].codes):
            name = accounts["account"].labels[accounts["account"].codes[account]]
            label = f"{name} {SKUS[commodity - 1]}" if commodity else name
            found[label] = int(accounts["closing"][account]) * self.ledger.chart.signs[account]
        return {label: amount for label, amount in found.items() if amount}


def columns_of(table):
    """Return each column's accounts that are not zero."""
    heads, *lines = (line for line in table.splitlines() if line)
    rows = [line.rsplit(maxsplit=len(heads.split())) for line in lines]
    return {
        head: {name: int(metrics[place]) for name, *metrics in rows if int(metrics[place])}
        for place, head in enumerate(heads.split())
    }


def test_first_purchase_gives_the_trial_balances_of_the_posting_rules():
    trade, expected = Trade(), columns_of(FIRST_PURCHASE)
    for column, step in (("A", trade.pay), ("B", trade.make), ("c", trade.hand_over), ("C", trade.conclude)):
        step()
        assert trade.trial_balance() == expected[column], column


def test_first_purchase_made_to_order_takes_a_row_for_each_rule():
    trade = Trade()
    openings = len(trade.ledger)
    for step in (trade.pay, trade.make, trade.hand_over, trade.conclude):
        step()
    # 17 transfers for one product, 4 more for the second.
    assert len(trade.ledger) - openings == 21


def test_rejected_order_gives_all_money_back():
    trade, expected = Trade(), columns_of(REJECTED)
    opened = trade.trial_balance()
    trade.pay()
    for column, step in (
        ("paid", trade.charge), ("returned", trade.return_charges),
        ("cancelled", lambda: trade.shop.cancelled(4.0, ORDER, PRICE)), ("refunded", trade.refund),
    ):  # fmt: skip
        step()
        assert trade.trial_balance() == expected[column], column
    assert trade.trial_balance() == opened


@pytest.mark.parametrize("told", [False, True], ids=["never told", "told before"])
def test_refunded_user_has_the_payment_in_the_book_once(told):
    trade = Trade()
    trade.pay()
    if told:
        trade.users.payment(2.0, trade.payment, USER, ORDER, PRICE)
    trade.shop.cancelled(3.0, ORDER, PRICE)
    trade.refund()
    codes = trade.ledger.columns()["code"]
    books = trade.ledger.columns()["book"]
    payments = [codes.labels[code] for code, book in zip(codes.codes, books.codes, strict=True) if book == 3]
    assert payments == ["opening", "payment", "refund"]


def test_return_transport_stays_with_the_shop():
    trade = Trade()
    trade.pay()
    trade.charge()
    entry = trade.bank.charges_return(3.0, ORDER, CHARGE - 60)
    trade.supplier.charges_returned(3.0, entry, ORDER, CHARGE - 60, transport=60)
    trade.shop.charges_returned(3.0, entry, ORDER, CHARGE - 60, transport=60)
    balance = trade.trial_balance()
    assert (balance["shop:transport"], balance["supplier:transport"]) == (60, -60)
    assert "shop:supplier-advances" not in balance
    assert "supplier:shop-advances" not in balance


def test_fact_told_twice_is_written_once():
    trade = Trade()
    for step in (trade.pay, trade.make, trade.hand_over, trade.conclude):
        step()
    before = trade.ledger.array().tobytes()
    assert not trade.shop.payment(9.0, trade.payment, ORDER, PRICE)
    assert not trade.users.payment(9.0, trade.payment, USER, ORDER, PRICE)
    assert not trade.users.delivered(9.0, trade.parcel, ORDER, LINES, PRICE)
    assert not trade.supplier.delivered(9.0, trade.parcel, ORDER, LINES, CHARGE, COST)
    assert not trade.shop.delivered(9.0, trade.parcel, ORDER, PRICE, CHARGE)
    assert not trade.shop.open(9.0, trade.entries[0] + 2, 1)
    assert trade.ledger.array().tobytes() == before


def test_payment_beyond_the_deposit_is_refused_and_moves_nothing():
    trade = Trade()
    assert trade.bank.available(USER) == 5000
    before = trade.trial_balance()
    with pytest.raises(LawBroken, match=r"L1: below zero: .*bank:deposits:user:1 \(BDT\) had 5000"):
        trade.bank.payment(1.0, ORDER, USER, 5001)
    assert trade.trial_balance() == before


def test_goods_that_were_not_made_cannot_be_shipped():
    trade = Trade()
    with pytest.raises(LawBroken, match=r"L1: .*supplier:reserved \(hp-laptop\) had 0"):
        trade.supplier.shipped(1.0, ORDER, LINES)


def test_user_without_money_has_no_rows_but_holds_the_opening():
    trade = Trade()
    assert 1 not in trade.ledger.columns()["entry"]
    assert all(trade.ledger.holds(book, 1) for book in (0, 3))


@pytest.mark.parametrize(("owner", "name"), [(1, "user:1"), (-1, "shop"), (-3, "supplier")])
def test_deposits_are_found_by_the_codes_of_their_owners(owner, name):
    trade = Trade()
    assert trade.ledger.chart.name(trade.bank.deposit(owner)) == f"bank:deposits:{name}"


@pytest.mark.parametrize("owner", [2, -2, -5])
def test_unknown_owner_has_no_deposit(owner):
    with pytest.raises(KeyError):
        Trade().bank.available(owner)


def test_transaction_names_payer_payee_amount_and_order():
    trade = Trade()
    trade.pay()
    assert trade.bank.transaction(trade.payment) == (USER, -1, PRICE, ORDER)


def test_number_that_moved_no_money_between_deposits_is_no_transaction():
    trade = Trade()
    empty, invested = 1, trade.shop.invest(1.0, 1)
    numbers = [empty, invested, trade.entries[1], trade.supplier.allot(), -1, 0, 10**6]
    assert [trade.bank.transaction(number) for number in numbers] == [None] * len(numbers)


# Every fact beside the plain ones: what each method writes.

DUE, ESCROW = FundsLocation.SETTLEMENT_DUE, FundsLocation.ESCROW
FACTS = [
    ("income", lambda trade: earn(trade), """
        income 70: bank:reserves / bank:deposits:user:1
        income 70: users:cash:1 / users:income
    """),
    ("opening stock", lambda trade: trade.supplier.open_stock(0, LINES), """
        opening 1 hp-laptop: supplier:stock / supplier:production
        opening 2 apple-watch: supplier:stock / supplier:production
        opening 540: supplier:stock / supplier:equity
    """),
    ("payment with fees", lambda trade: pay(trade, fee=20, retained=98, payer_fee=5), """
        payment 1000: bank:deposits:user:1 / bank:deposits:shop
        fee 20: bank:deposits:shop / bank:fees
        retention 98: bank:deposits:shop / bank:rolling-reserve
        fee 5: bank:deposits:user:1 / bank:fees
        payment 1000: shop:cash / shop:customer-prepayments
        fee 20: shop:payment-fees / shop:cash
        retention 98: shop:rolling-reserve / shop:cash
        payment 1000: users:advances / users:cash:1
        fee 5: users:spending / users:cash:1
    """),
    ("payment settled later", lambda trade: pay(trade, DUE, payer_fee=5), """
        payment 1000: bank:deposits:user:1 / bank:settlement-due
        fee 5: bank:deposits:user:1 / bank:fees
        payment 1000: shop:settlement-due / shop:customer-prepayments
        payment 1000: users:advances / users:cash:1
        fee 5: users:spending / users:cash:1
    """),
    ("payment into escrow", lambda trade: pay(trade, ESCROW), """
        payment 1000: bank:deposits:user:1 / bank:escrow
        payment 1000: users:advances / users:cash:1
    """),
    ("hold posted into escrow", lambda trade: post(trade, ESCROW, payer_fee=5), """
        pending 1100: bank:deposits:user:1 / bank:holds:user:1
        payment 1000: bank:holds:user:1 / bank:escrow
        fee 5: bank:holds:user:1 / bank:fees
        void 95: bank:holds:user:1 / bank:deposits:user:1
    """),
    ("settlement", lambda trade: settle(trade, DUE, 1000, 20, 98), """
        settlement 1000: bank:settlement-due / bank:deposits:shop
        fee 20: bank:deposits:shop / bank:fees
        retention 98: bank:deposits:shop / bank:rolling-reserve
        settlement 1000: shop:cash / shop:settlement-due
        fee 20: shop:payment-fees / shop:cash
        retention 98: shop:rolling-reserve / shop:cash
    """),
    ("settlement of a part of the escrow", lambda trade: settle(trade, ESCROW, 600, 0, 0), """
        settlement 600: bank:escrow / bank:deposits:shop
        refund 400: bank:escrow / bank:deposits:user:1
        settlement 600: shop:cash / shop:settlement-due
    """),
    ("release", lambda trade: release(trade), """
        release 98: bank:rolling-reserve / bank:deposits:shop
        release 98: shop:cash / shop:rolling-reserve
    """),
    ("declined fee", lambda trade: decline(trade), """
        fee 3: bank:deposits:shop / bank:fees
        fee 3: shop:payment-fees / shop:cash
    """),
    ("refund before settlement", lambda trade: refund(trade, DUE), """
        refund 1000: bank:settlement-due / bank:deposits:user:1
        refund 1000: shop:refunds-payable / shop:settlement-due
    """),
    ("refund out of escrow", lambda trade: refund(trade, ESCROW), """
        refund 1000: bank:escrow / bank:deposits:user:1
    """),
    ("late refund", lambda trade: late(trade), """
        refund 1000: bank:escrow / bank:deposits:user:1
        allowance 500: shop:sales-returns / shop:settlement-due
        refund 1000: users:cash:1 / users:advances
        allowance 250: users:advances / users:spending
    """),
    ("delivered after a late refund", lambda trade: late_delivery(trade), """
        deliver 1 hp-laptop: users:goods / users:goods-clearing
        sale 500: users:spending / users:advances
        allowance 500: users:advances / users:spending
        sale 500: shop:settlement-due / shop:sales
        allowance 500: shop:sales-returns / shop:settlement-due
        cost 400: shop:cost-of-sales / shop:supplier-advances
    """),
    ("compensated", lambda trade: compensate(trade), """
        allowance 50: shop:sales-returns / shop:refunds-payable
        allowance 50: users:advances / users:spending
    """),
    ("stock kept for an order, then not", lambda trade: reserve(trade), """
        make 2 apple-watch: supplier:stock / supplier:production
        make 240: supplier:stock / supplier:payables
        reserve 2 apple-watch: supplier:reserved / supplier:stock
        reserve 2 apple-watch: supplier:stock / supplier:reserved
    """),
    ("parcel lost", lambda trade: sent(trade).lost(1, ORDER, LINES, COST), """
        loss 1 hp-laptop: supplier:losses / supplier:goods-in-transit
        loss 2 apple-watch: supplier:losses / supplier:goods-in-transit
        loss 540: supplier:losses / supplier:goods-in-transit
    """),
    ("came back", lambda trade: sent(trade).came_back(1, ORDER, LINES, [300, 240], 12), """
        return-to-sender 1 hp-laptop: supplier:stock / supplier:goods-in-transit
        return-to-sender 2 apple-watch: supplier:stock / supplier:goods-in-transit
        return-to-sender 540: supplier:stock / supplier:goods-in-transit
        transport 12: supplier:transport / supplier:payables
    """),
    ("collected and remitted", lambda trade: collect(trade), """
        collection 1000: bank:deposits:user:1 / bank:deposits:courier
        collection 1000: users:advances / users:cash:1
        collection 1000: supplier:collections / supplier:collections-payable
        collection 1000: shop:collections-receivable / shop:customer-prepayments
        remittance 1000: bank:deposits:courier / bank:deposits:shop
        remittance 1000: supplier:collections-payable / supplier:collections
        remittance 1000: shop:cash / shop:collections-receivable
    """),
    ("warranty swap", lambda trade: swap(trade), """
        replace 1 hp-laptop: users:goods / users:goods-clearing
        replace 1 hp-laptop: users:goods-clearing / users:goods
        replace 1 hp-laptop: supplier:losses / supplier:goods-clearing
        replace 1 hp-laptop: supplier:goods-clearing / supplier:goods-in-transit
        replace 300: supplier:losses / supplier:goods-in-transit
    """),
    ("own stock", lambda trade: own_stock(trade), """
        deliver 2 apple-watch: shop:stock / shop:goods-clearing
        cost 360: shop:stock / shop:supplier-advances
        ship 1 apple-watch: shop:goods-in-transit / shop:stock
        ship 180: shop:goods-in-transit / shop:stock
        loss 1 apple-watch: shop:losses / shop:goods-in-transit
        loss 180: shop:losses / shop:goods-in-transit
        ship 1 apple-watch: shop:goods-in-transit / shop:stock
        ship 180: shop:goods-in-transit / shop:stock
        deliver 1 apple-watch: shop:goods-clearing / shop:goods-in-transit
        sale 250: shop:customer-prepayments / shop:sales
        cost 180: shop:cost-of-sales / shop:goods-in-transit
    """),
]  # fmt: skip


def earn(trade):
    trade.users.income(1, trade.bank.income(1, USER, 70), USER, 70)


def decline(trade):
    trade.shop.declined_fee(1, trade.bank.declined_fee(1, ORDER, 3), ORDER, 3)


def compensate(trade):
    trade.users.compensated(1, trade.shop.compensated(1, ORDER, 50), ORDER, 50)


def pay(trade, held_in=FundsLocation.DEPOSIT, fee=0, retained=0, payer_fee=0):
    trade.payment = trade.bank.payment(1, ORDER, USER, PRICE, held_in, fee, retained, payer_fee)
    trade.shop.payment(1, trade.payment, ORDER, PRICE, held_in, fee, retained)
    trade.users.payment(1, trade.payment, USER, ORDER, PRICE, payer_fee)


def post(trade, held_in, payer_fee):
    hold = trade.bank.holds.place(1, ORDER, USER, PRICE + 100)
    trade.payment = trade.bank.holds.post(1, hold, PRICE, held_in=held_in, payer_fee=payer_fee)


def quietly(trade, step, *arguments):
    """Do what comes before the fact, and leave its rows out."""
    step(trade, *arguments)
    trade.begun = len(trade.ledger)


def settle(trade, held_in, due, fee, retained):
    quietly(trade, pay, held_in)
    entry = trade.bank.settle(1, ORDER, USER, held_in, due, fee, retained)
    trade.shop.settled(1, entry, ORDER, due, fee, retained)
    assert trade.bank.transaction(entry) is None


def release(trade):
    quietly(trade, pay, FundsLocation.DEPOSIT, 0, 98)
    trade.shop.released(1, trade.bank.release(1, ORDER, 98), ORDER, 98)


def refund(trade, held_in):
    quietly(trade, pay, held_in)
    entry = trade.bank.refund(1, ORDER, USER, PRICE, held_in)
    trade.shop.refund(1, entry, ORDER, PRICE, held_in)
    assert trade.bank.transaction(entry) == (-1, USER, PRICE, ORDER)


def late(trade):
    quietly(trade, pay, ESCROW)
    entry = trade.bank.refund(1, ORDER, USER, PRICE, ESCROW)
    assert trade.shop.late_refund(1, entry, ORDER, 500)
    assert trade.users.refunded(1, entry, trade.payment, USER, ORDER, PRICE, PRICE, allowance=250)


def late_delivery(trade):
    entry = trade.supplier.allot()
    trade.users.delivered(1, entry, ORDER, LINES[:1], 500, 500)
    trade.shop.delivered(1, entry, ORDER, 500, 400, ESCROW, 500)


def reserve(trade):
    trade.supplier.made_to_stock(1, LINES[1:])
    trade.supplier.reserved(1, ORDER, LINES[1:])
    trade.supplier.reservation_ended(1, ORDER, LINES[1:])


def sent(trade):
    trade.supplier.made_to_order(1, ORDER, LINES)
    trade.supplier.shipped(1, ORDER, LINES)
    trade.begun = len(trade.ledger)
    return trade.supplier


def collect(trade):
    assert trade.bank.available(COURIER) == 0
    entry = trade.bank.collection(1, ORDER, USER, PRICE)
    assert trade.bank.available(COURIER) == PRICE
    assert trade.bank.transaction(entry) == (USER, COURIER, PRICE, ORDER)
    trade.users.collection(1, entry, USER, ORDER, PRICE)
    trade.supplier.collected(1, entry, ORDER, PRICE)
    trade.shop.collected(1, entry, ORDER, PRICE)
    entry = trade.bank.remittance(1, ORDER, PRICE)
    assert trade.bank.transaction(entry) == (COURIER, -1, PRICE, ORDER)
    trade.supplier.remitted(1, entry, ORDER, PRICE)
    trade.shop.remitted(1, entry, ORDER, PRICE)


def swap(trade):
    sent(trade)
    entry = trade.supplier.allot()
    trade.users.replaced(1, entry, ORDER, LINES[:1])
    trade.supplier.replaced(1, entry, ORDER, LINES[:1], 300)


def own_stock(trade):
    one, entry = [(1, 1)], trade.supplier.allot()
    trade.shop.received(1, entry, ORDER, LINES[1:], [360])
    trade.shop.shipped(1, ORDER, one)
    trade.shop.lost(1, ORDER, one, 180)
    trade.shop.shipped(1, ORDER, one)
    trade.shop.delivered_own(1, trade.shop.allot(), ORDER, one, 250, 180)


def rows_since(trade, begun):
    """Return the rows written since as text, in the form of `FACTS`."""
    chart = trade.ledger.chart
    for row in trade.ledger.array()[begun:]:
        commodity = chart.places[row["debit"]] // BOOKS_MAX
        units = f" {SKUS[commodity - 1]}" if commodity else ""
        sides = f"{chart.name(int(row['debit']))} / {chart.name(int(row['credit']))}"
        yield f"{CODES[row['code']]} {row['amount']}{units}: {sides}"


@pytest.mark.parametrize(("step", "expected"), [pytest.param(*fact, id=name) for name, *fact in FACTS])
def test_fact_writes_its_rows(step, expected):
    trade = Trade()
    trade.begun = len(trade.ledger)
    step(trade)
    assert list(rows_since(trade, trade.begun)) == [line.strip() for line in expected.strip().splitlines()]


def test_one_watch_sent_back_gives_the_last_trial_balance_of_the_posting_rules():
    trade = Trade()
    for step in (trade.pay, trade.make, trade.hand_over, trade.conclude):
        step()
    before, watch = trade.trial_balance(), [(1, 1)]
    entry = trade.shop.returned(7.0, ORDER, watch, [180], 250)
    trade.users.returned(7.0, entry, ORDER, watch, 250)
    entry = trade.bank.refund(8.0, ORDER, USER, 250)
    trade.shop.refund(8.0, entry, ORDER, 250)
    trade.users.refunded(8.0, entry, trade.payment, USER, ORDER, PRICE, 250)
    after = trade.trial_balance()
    changed = {name: after.get(name, 0) for name in {*before, *after} if after.get(name) != before.get(name)}
    assert changed == {
        "bank:deposits:user:1": -4250, "bank:deposits:shop": -9990, "shop:cash": 9990, "shop:stock": 180,
        "shop:sales-returns": 250, "shop:cost-of-sales": 580, "users:cash:1": 4250, "users:spending": 750,
        "shop:stock apple-watch": 1, "shop:goods-clearing apple-watch": -1, "users:goods apple-watch": 1,
        "users:goods-clearing apple-watch": -1,
    }  # fmt: skip
    trade.shop.written_off(9.0, ORDER, watch)
    assert trade.trial_balance()["shop:losses apple-watch"] == 1
    assert trade.trial_balance()["shop:losses"] == 180


def test_a_part_refunded_of_a_payment_not_heard_of_is_booked_after_the_whole_payment():
    trade = Trade()
    quietly(trade, trade_paid_at_the_bank)
    entry = trade.bank.refund(1, ORDER, USER, 250)
    trade.users.refunded(1, entry, trade.payment, USER, ORDER, PRICE, 250, fee=5, allowance=100)
    assert list(rows_since(trade, trade.begun)) == [
        "refund 250: bank:deposits:shop / bank:deposits:user:1",
        "payment 1000: users:advances / users:cash:1",
        "fee 5: users:spending / users:cash:1",
        "refund 250: users:cash:1 / users:advances",
        "allowance 100: users:advances / users:spending",
    ]


def trade_paid_at_the_bank(trade):
    trade.payment = trade.bank.payment(1, ORDER, USER, PRICE)


def test_escrow_of_an_order_is_what_its_payment_put_in_and_is_left():
    trade = Trade()
    assert trade.bank.escrowed(ORDER) == 0
    pay(trade, ESCROW)
    assert (trade.bank.escrowed(ORDER), trade.bank.escrowed(2)) == (PRICE, 0)
    trade.bank.settle(1, ORDER, USER, ESCROW, PRICE)
    assert trade.bank.escrowed(ORDER) == 0


def test_money_in_escrow_for_one_order_is_not_refunded_for_another():
    trade = Trade()
    pay(trade, ESCROW)
    before = trade.ledger.array().tobytes()
    with pytest.raises(LawBroken, match="L4: order 2: 0 in escrow, 1000 refunded"):
        trade.bank.refund(1, 2, USER, PRICE, ESCROW)
    with pytest.raises(LawBroken, match=r"L[01]: .*settlement 1001|L0: must not"):
        trade.bank.settle(1, ORDER, USER, ESCROW, PRICE + 1)
    assert trade.ledger.array().tobytes() == before
    assert trade.bank.escrowed(ORDER) == PRICE


def test_payer_s_fee_beyond_what_is_held_is_refused():
    trade = Trade()
    hold = trade.bank.holds.place(1, ORDER, USER, PRICE)
    with pytest.raises(LawBroken, match=f"L4: hold {hold}, order 1: 1000 held, 1000 posted, fee 1"):
        trade.bank.holds.post(1, hold, PRICE, payer_fee=1)


@pytest.mark.parametrize("held_in", FundsLocation)
def test_money_kept_aside_for_the_shop_is_paid_to_the_shop(held_in):
    trade = Trade()
    pay(trade, held_in)
    assert trade.bank.transaction(trade.payment) == (USER, -1, PRICE, ORDER)


def test_what_writes_nothing_is_still_told_once():
    trade = Trade()
    entry = trade.bank.payment(1, ORDER, USER, PRICE, ESCROW)
    assert trade.shop.payment(1, entry, ORDER, PRICE, ESCROW)
    assert not trade.shop.payment(1, entry, ORDER, PRICE, ESCROW)
    entry = trade.bank.refund(1, ORDER, USER, PRICE, ESCROW)
    assert trade.shop.late_refund(1, entry, ORDER, 0)
    assert not trade.shop.late_refund(1, entry, ORDER, 500)


GIVEN = {
    "at": 7.5, "order": 4242, "user": 1, "total": 900, "amount": 400, "due": 401, "price": 900, "charge": 700,
    "fee": 31, "retained": 53, "payer_fee": 17, "transport": 71, "allowance": 113, "delivered": 211,
    "lines": LINES, "on_credit": False, "cost": 540, "charges": (400, 360), "costs": (300, 240),
    "shop": SHOP, "buyer": SHOP, "seller": SUPPLIER, "courier": COURIER,
}  # fmt: skip
POSTINGS = [
    pytest.param(book, name, held_in, id=f"{book.__name__}.{name}, {held_in}")
    for book in (BankBook, ShopBook, SupplierBook, UsersBook)
    for name, method in vars(book).items()
    if not name.startswith("_") and {"at", "order"} <= set(getattr(method, "__annotations__", ()))
    for held_in in (FundsLocation if "held_in" in method.__annotations__ else [FundsLocation.DEPOSIT])
    if (name, held_in) != ("settle", FundsLocation.DEPOSIT)
]


class Unbounded(Ledger):
    """A ledger without floors, in which each fact may be the first."""

    def open(self, name, kind, *, floor=False, **more):
        return super().open(name, kind, **more)


@pytest.mark.interpreted
@pytest.mark.parametrize(("kind", "name", "held_in"), POSTINGS)
def test_an_entry_is_written_at_its_instant_under_its_number_and_order(kind, name, held_in):
    ledger = Unbounded("BDT", SKUS)
    more = {BankBook: (2,), ShopBook: (), SupplierBook: ((300, 120, 540),), UsersBook: (2,)}[kind]
    book, (payment, entry) = kind(ledger, *more), ledger.new_entries(2)
    if kind is BankBook:  # nothing leaves escrow that was not put there
        book.payment(0.0, GIVEN["order"], 0, 1000, FundsLocation.ESCROW)
    method, before = getattr(book, name), len(ledger)
    wanted = inspect.signature(method).parameters
    given = {**GIVEN, "entry": entry, "payment_entry": payment, "held_in": held_in}
    method(**{each: given[each] for each in wanted})
    rows = ledger.array()[before:]
    assert {*zip(rows["at"].tolist(), rows["order"].tolist(), strict=True)} <= {(7.5, 4242)}
    written = {entry if "entry" in wanted else ledger.new_entry() - 1, *[payment][: "payment_entry" in wanted]}
    assert {*rows["entry"].tolist()} == (written if len(rows) else set())
    assert len(rows) or (kind, held_in) == (ShopBook, FundsLocation.ESCROW)


def test_goods_leave_at_the_moving_average_and_the_last_unit_takes_the_rest():
    value = GoodsValue()
    value.put([(0, 3), (1, 2)], [100, 50])
    assert value.take([(0, 1)]) == [33]
    value.put([(0, 1)], [200])
    assert value.take([(0, 2), (1, 1)]) == [178, 25]  # 267 * 2 // 3
    assert value.take([(0, 1)]) == [89]
    assert value.take([(0, 0), (1, 1)]) == [0, 25]


def test_goods_at_a_constant_charge_leave_at_that_charge():
    rng, value, held = random.Random(5), GoodsValue(), 0
    for _ in range(2000):
        units = rng.randrange(1, 9)
        if rng.random() < 0.5:
            value.put([(4, units)], [units * 719])
            held += units
        elif units <= held:
            assert value.take([(4, units)]) == [units * 719]
            held -= units


def test_goods_of_two_prices_keep_the_value_at_which_they_left_until_they_are_lost_or_delivered():
    trade, three = Trade(), [(1, 3)]
    for value in (100, 201):
        trade.shop.received(1, trade.supplier.allot(), ORDER, three, [value])
    first = trade.shop.shipped(1, ORDER, [(1, 4)])  # 301 * 4 // 6
    trade.shop.received(1, trade.supplier.allot(), ORDER, [(1, 1)], [999])
    trade.shop.lost(1, ORDER, [(1, 4)], sum(first))
    trade.shop.written_off(1, ORDER, [(1, 3)])
    balances = trade.trial_balance()
    assert first == [200]
    assert balances["shop:losses"] == 1300
    assert balances.get("shop:stock", 0) == balances.get("shop:goods-in-transit", 0) == 0


def test_what_comes_back_in_portions_is_worth_the_whole():
    parts = [part_of(100, 7, before, taken) for before, taken in ((0, 2), (2, 1), (3, 4))]
    assert parts == [28, 14, 58]
