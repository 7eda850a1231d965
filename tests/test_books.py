"""The posting rules as tables: the first purchase's trial balances, and an order that the supplier rejects."""

import numpy as np
import pytest

from alesha_sim.books.bank import BankBook
from alesha_sim.books.ledger import LawBroken, Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.books.users import UsersBook

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
supplier:made hp-laptop              0      -1      -1      -1
supplier:made apple-watch            0      -2      -2      -2
supplier:handovers hp-laptop         0       0       1       1
supplier:handovers apple-watch       0       0       2       2
users:goods hp-laptop                0       0       1       1
users:goods apple-watch              0       0       2       2
users:handovers hp-laptop            0       0      -1      -1
users:handovers apple-watch          0       0      -2      -2
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
shop:refunds-due                 0         0      -1000         0
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
        self.links = self.bank.open_users(0.0, openings)
        self.users.open(0.0, self.links, openings)
        self.shop.open(0.0, self.bank.open_owner(0.0, "shop", 10000), 10000)
        self.supplier.open(0.0, self.bank.open_owner(0.0, "supplier", 5000), 5000)
        self.shop.invest(0.0, 5000)

    def pay(self):
        self.payment = self.bank.payment(1.0, ORDER, USER, PRICE)
        self.shop.payment(1.0, self.payment, ORDER, PRICE)

    def charge(self):
        link = self.bank.charges(2.0, ORDER, CHARGE)
        self.shop.charges(2.0, link, ORDER, CHARGE)
        self.supplier.charges(2.0, link, ORDER, CHARGE)

    def make(self):
        self.charge()
        self.supplier.made_to_order(3.0, ORDER, LINES)
        self.users.payment(3.0, self.payment, USER, ORDER, PRICE)

    def hand_over(self):
        self.supplier.shipped(4.0, ORDER, LINES)
        self.parcel = self.supplier.allot()
        self.users.delivered(5.0, self.parcel, ORDER, LINES, PRICE)
        self.supplier.delivered(5.0, self.parcel, ORDER, LINES, CHARGE)

    def conclude(self):
        self.shop.delivered(6.0, self.parcel, ORDER, PRICE, CHARGE)

    def return_charges(self):
        link = self.bank.charges_return(3.0, ORDER, CHARGE)
        self.supplier.charges_returned(3.0, link, ORDER, CHARGE)
        self.shop.charges_returned(3.0, link, ORDER, CHARGE)

    def refund(self):
        link = self.bank.refund(4.0, ORDER, USER, PRICE)
        self.shop.refund(4.0, link, ORDER, PRICE)
        self.users.refunded(4.0, link, self.payment, USER, ORDER, PRICE, PRICE)

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
        head: {name: int(figures[place]) for name, *figures in rows if int(figures[place])}
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
    link = trade.bank.charges_return(3.0, ORDER, CHARGE - 60)
    trade.supplier.charges_returned(3.0, link, ORDER, CHARGE - 60, transport=60)
    trade.shop.charges_returned(3.0, link, ORDER, CHARGE - 60, transport=60)
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
    assert not trade.supplier.delivered(9.0, trade.parcel, ORDER, LINES, CHARGE)
    assert not trade.shop.delivered(9.0, trade.parcel, ORDER, PRICE, CHARGE)
    assert not trade.shop.open(9.0, trade.links[0] + 2, 1)
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
    assert 1 not in trade.ledger.columns()["link"]
    assert all(trade.ledger.holds(book, 1) for book in (0, 3))


@pytest.mark.parametrize(("owner", "name"), [(1, "user:1"), (-1, "shop"), (-3, "supplier")])
def test_deposits_are_found_by_the_codes_of_their_owners(owner, name):
    trade = Trade()
    assert trade.ledger.chart.name(trade.bank.deposit(owner)) == f"bank:deposits:{name}"


@pytest.mark.parametrize("owner", [2, -2, -4])
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
    numbers = [empty, invested, trade.links[1], trade.supplier.allot(), -1, 0, 10**6]
    assert [trade.bank.transaction(number) for number in numbers] == [None] * len(numbers)
