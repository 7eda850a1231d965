"""The laws must pass an honest world at every instant, and catch every single row that was tampered with."""

from collections.abc import Iterator

import numpy as np
import pytest
import trading

from alesha_sim.audit.laws import Priced, check
from alesha_sim.books.accounts import BOOKS, CODES, Account
from alesha_sim.books.bank import BankBook
from alesha_sim.books.ledger import Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.books.users import UsersBook
from alesha_sim.columns import MISSING_TIME, TextColumn
from alesha_sim.messages import FundsLocation
from alesha_sim.tables.schema import no_rows
from alesha_sim.vocabulary import OUTCOMES, SHOP, STATUSES, SUPPLIER

CATALOGUE = (
    Priced("hp-laptop", 500, 400, 300), Priced("apple-watch", 250, 180, 120), Priced("iphone-x", 1000, 720, 540),
)  # fmt: skip
OPENINGS = (5000, 0, 3000, 700)
CARTS = {1: ((0, 1), (1, 2)), 2: ((1, 1),), 3: ((2, 1),), 4: ((1, 1), (2, 1)), 5: ((1, 1),)}
BUYERS = {1: 0, 2: 1, 3: 2, 4: 2, 5: 0}


def worth(order, field):
    return sum(CATALOGUE[product][field] * units for product, units in CARTS[order])


class World:
    """Four books, five orders and their visits, moved fact by fact."""

    def __init__(self):
        self.ledger = Ledger("BDT", [product.sku for product in CATALOGUE])
        self.bank = BankBook(self.ledger, len(OPENINGS))
        self.shop = ShopBook(self.ledger)
        self.supplier = SupplierBook(self.ledger, [product.cost for product in CATALOGUE])
        self.users = UsersBook(self.ledger, len(OPENINGS))
        self.status = dict.fromkeys(CARTS, "received")
        self.transaction = dict.fromkeys(CARTS, -1)
        self.charges = dict.fromkeys(CARTS, -1)
        self.outcome: dict[int, str] = {}
        self.at = 0.0

    def open(self):
        entries = self.bank.open_users(0.0, np.array(OPENINGS))
        self.users.open(0.0, entries, np.array(OPENINGS))
        self.shop.open(0.0, self.bank.open_owner(0.0, SHOP, 10000), 10000)
        self.supplier.open(0.0, self.bank.open_owner(0.0, SUPPLIER, 5000), 5000)
        self.shop.invest(0.0, 5000)

    def pay(self, order, hold=None) -> Iterator[None]:
        """The user pays, at once or out of what is held, and the shop passes the charges on."""
        price = worth(order, 1)
        if hold is None:
            entry = self.bank.payment(self.at, order, BUYERS[order], price)
        else:
            entry = self.bank.holds.post(self.at, hold, price)
        yield
        self.shop.payment(self.at, entry, order, worth(order, 1))
        self.transaction[order], self.status[order] = entry, "processing"
        yield
        entry = self.bank.charges(self.at, order, worth(order, 2))
        yield
        self.shop.charges(self.at, entry, order, worth(order, 2))
        self.charges[order] = entry
        yield
        self.supplier.charges(self.at, entry, order, worth(order, 2))
        yield

    def pay_in_two_steps(self, order) -> Iterator[None]:
        """More than the price is held three times: until it expires, until it is voided, until it is posted."""
        holds, user, amount = self.bank.holds, BUYERS[order], worth(order, 1) + 50
        holds.place(self.at, order, user, amount, self.at + 1.0)
        yield
        self.at += 1.0
        holds.expire(self.at)
        yield
        hold = holds.place(self.at, order, user, amount)
        yield
        holds.void(self.at, hold)
        yield
        hold = holds.place(self.at, order, user, amount)
        yield
        yield from self.pay(order, hold)
        self.send_notice(order, "bought")
        yield

    def send_notice(self, order, outcome) -> None:
        entry = self.transaction[order]
        self.users.payment(self.at, entry, BUYERS[order], order, worth(order, 1))
        self.outcome[order] = outcome

    def deliver(self, order) -> Iterator[None]:
        """The supplier makes and ships the goods, and all three learn that they arrived."""
        lines = CARTS[order]
        self.supplier.made_to_order(self.at, order, lines)
        self.status[order] = "on_the_way"
        yield
        self.supplier.shipped(self.at, order, lines)
        entry = self.supplier.allot()
        yield
        self.users.delivered(self.at, entry, order, lines, worth(order, 1))
        yield
        self.supplier.delivered(self.at, entry, order, lines, worth(order, 2), worth(order, 3))
        yield
        self.shop.delivered(self.at, entry, order, worth(order, 1), worth(order, 2))
        self.status[order] = "completed"
        yield

    def reject(self, order) -> Iterator[None]:
        """The supplier gives the charges back, and the shop the payment."""
        price, charge = worth(order, 1), worth(order, 2)
        entry = self.bank.charges_return(self.at, order, charge)
        yield
        self.supplier.charges_returned(self.at, entry, order, charge)
        yield
        self.shop.charges_returned(self.at, entry, order, charge)
        yield
        self.shop.cancelled(self.at, order, price)
        yield
        entry = self.bank.refund(self.at, order, BUYERS[order], price)
        yield
        self.shop.refund(self.at, entry, order, price)
        self.status[order] = "cancelled"
        yield
        self.users.refunded(self.at, entry, self.transaction[order], BUYERS[order], order, price, price)
        self.outcome[order] = "declined"
        yield

    def story(self) -> Iterator[None]:
        """All that happens, pausing after each step: three deliveries, a decline, a rejection."""
        self.open()
        yield
        for _ in self.pay(1):
            self.at += 1.0
            yield
        self.send_notice(1, "bought")
        yield
        self.status[2] = self.outcome[2] = "declined"
        yield
        for order, ending in ((3, self.reject), (4, self.deliver), (1, self.deliver)):
            if order != 1:
                yield from self.pay(order)
            for step, _ in enumerate(ending(order)):
                self.at += 1.0
                if order == 4 and step == 1:
                    self.send_notice(4, "bought")
                yield
        yield from self.pay_in_two_steps(5)
        yield from self.deliver(5)

    def tables(self):
        """Return the canonical columns as they are now."""
        return {
            "transfers": self.ledger.columns(),
            "accounts": self.ledger.account_columns(),
            "orders": self._orders(),
            "purchases": no_rows("purchases"),
            "order_lines": self._lines(),
            "visits": self._visits(),
            "users": users_of(self.ledger.account_columns()),
        }

    def _orders(self):
        return {
            "order": np.array(list(CARTS)),
            "user": np.array([BUYERS[order] for order in CARTS]),
            "total": np.array([worth(order, 1) for order in CARTS]),
            "status": TextColumn(
                np.array([STATUSES.index(word) for word in self.status.values()], np.int32), STATUSES
            ),
            "payment_transaction": np.array(list(self.transaction.values())),
            "charges_transaction": np.array(list(self.charges.values())),
            "payment_method": TextColumn(np.zeros(len(CARTS), np.int32), ("account",)),
            "advance": np.array([worth(order, 1) for order in CARTS]),
            "promised_at": np.full(len(CARTS), MISSING_TIME),
            "seller": TextColumn(np.zeros(len(CARTS), np.int32), ("shop",)),
        }

    def _lines(self):
        lines = [(order, product, units) for order, cart in CARTS.items() for product, units in cart]
        order, product, units = np.array(lines).T
        return {
            "order": order,
            "sku": TextColumn(product.astype(np.int32), [priced.sku for priced in CATALOGUE]),
            "quantity": units,
            "unit_price": np.array([priced.price for priced in CATALOGUE])[product],
            "unit_charge": np.array([priced.charge for priced in CATALOGUE])[product],
        }

    def _visits(self):
        told = [OUTCOMES.index(self.outcome[order]) if order in self.outcome else -1 for order in CARTS]
        return {
            "visit": np.arange(len(CARTS) + 1),
            "user": np.array([*BUYERS.values(), 1]),
            "outcome": TextColumn(np.array([*told, OUTCOMES.index("looked")], np.int32), OUTCOMES),
            "order": np.array([*CARTS, -1]),
        }


def users_of(accounts):
    """Return the table `users` that an account table implies."""
    names = np.array(accounts["account"].labels)[accounts["account"].codes]
    deposits = np.char.startswith(names, "bank:deposits:user:")
    return {
        "user": np.arange(len(OPENINGS)),
        "opening_balance": accounts["opening"][deposits],
        "closing_balance": accounts["closing"][deposits],
    }


@pytest.fixture(scope="module")
def honest():
    world = World()
    for _ in world.story():
        pass
    return world.tables()


def with_column(tables, table, column, place, value):
    """Return the tables with one cell changed; text by its label."""
    old = tables[table][column]
    if isinstance(old, TextColumn):
        codes = old.codes.copy()
        codes[place] = -1 if value is None else list(old.labels).index(value)
        new = TextColumn(codes, old.labels)
    else:
        new = old.copy()
        new[place] = value
    return tables | {table: tables[table] | {column: new}}


def with_rows(tables, places):
    """Return the tables with the transfers at `places`, and with balances that agree with them."""
    transfers = {
        name: TextColumn(column.codes[places], column.labels) if isinstance(column, TextColumn) else column[places]
        for name, column in tables["transfers"].items()
    }
    transfers["transfer"] = np.arange(len(places))
    return rebalanced(tables | {"transfers": transfers})


def rebalanced(tables):
    """Return the tables with the balances of accounts and users that the transfers imply.

    So tampering is not given away by a balance that the ledger kept, only by the laws.
    """
    accounts, transfers = dict(tables["accounts"]), tables["transfers"]
    place = {
        (account, commodity): index
        for index, (account, commodity) in enumerate(
            zip(accounts["account"].codes, accounts["commodity"].codes, strict=True)
        )
    }
    opening, closing = (np.zeros(len(place), np.int64) for _ in range(2))
    rows = zip(
        transfers["debit"].codes, transfers["credit"].codes, transfers["commodity"].codes, transfers["amount"],
        transfers["code"].codes, strict=True,
    )  # fmt: skip
    for debit, credit, commodity, amount, code in rows:
        for account, change in ((debit, amount), (credit, -amount)):
            closing[place[account, commodity]] += change
            if CODES[code] == "opening":
                opening[place[account, commodity]] += change
    signs = np.array([1 if kind in (0, 4) else -1 for kind in accounts["kind"].codes])
    accounts |= {"opening": opening * signs, "closing": closing * signs}
    return tables | {"accounts": accounts, "users": users_of(accounts)}


def laws(tables, *, drained=True):
    """Return the names of the laws found broken."""
    return {line.partition(":")[0] for line in check(tables, CATALOGUE, drained=drained)}


def described(tables, row):
    transfers = tables["transfers"]
    columns = (transfers[name] for name in ("code", "debit", "credit", "commodity"))
    return f"row {row}: " + " ".join(column.labels[column.codes[row]] for column in columns)


def siblings(tables, row, side):
    """Return the other accounts of the row's book and commodity."""
    transfers, accounts = tables["transfers"], tables["accounts"]
    fits = (accounts["commodity"].codes == transfers["commodity"].codes[row]) & (
        accounts["book"].codes == transfers["book"].codes[row]
    )
    taken = {transfers["debit"].codes[row], transfers["credit"].codes[row]}
    return [accounts["account"].labels[name] for name in accounts["account"].codes[fits] if name not in taken]


def test_honest_world_keeps_all_laws_when_drained(honest):
    assert check(honest, CATALOGUE, drained=True) == []


def test_honest_world_keeps_the_laws_of_any_instant_after_every_step():
    world = World()
    broken = [check(world.tables(), CATALOGUE, drained=False) for _ in world.story()]
    assert broken == [[]] * len(broken)


def test_unfinished_world_is_not_drained():
    world = World()
    for step, _ in enumerate(world.story()):
        if step == 3:
            break
    assert check(world.tables(), CATALOGUE, drained=False) == []
    assert check(world.tables(), CATALOGUE, drained=True) != []


def test_world_without_transfers_and_orders_keeps_all_laws():
    world = World()
    world.ledger.new_entry()
    tables = world.tables()
    empty = {
        name: {
            column: TextColumn(values.codes[:0], values.labels) if isinstance(values, TextColumn) else values[:0]
            for column, values in tables[name].items()
        }
        for name in ("orders", "order_lines", "visits")
    }
    assert check(tables | empty, CATALOGUE, drained=True) == []


def test_every_dropped_row_is_caught(honest):
    rows = np.arange(len(honest["transfers"]["amount"]))
    missed = [described(honest, row) for row in rows if not laws(with_rows(honest, np.delete(rows, row)))]
    assert missed == []


def test_every_doubled_row_is_caught(honest):
    rows = np.arange(len(honest["transfers"]["amount"]))
    missed = [described(honest, row) for row in rows if not laws(with_rows(honest, np.insert(rows, row, row)))]
    assert missed == []


def test_every_reversed_row_is_caught_even_in_mid_flight(honest):
    missed = []
    for row in range(len(honest["transfers"]["amount"])):
        transfers = honest["transfers"]
        debit, credit = (transfers[side].labels[transfers[side].codes[row]] for side in ("debit", "credit"))
        swapped = with_column(honest, "transfers", "debit", row, credit)
        swapped = with_column(swapped, "transfers", "credit", row, debit)
        if not laws(rebalanced(swapped), drained=False):
            missed.append(described(honest, row))
    assert missed == []


@pytest.mark.parametrize("side", ["debit", "credit"])
def test_every_row_booked_to_another_account_is_caught_even_in_mid_flight(honest, side):
    missed = [
        f"{described(honest, row)}, {side} {other}"
        for row in range(len(honest["transfers"]["amount"]))
        for other in siblings(honest, row, side)
        if not laws(rebalanced(with_column(honest, "transfers", side, row, other)), drained=False)
    ]
    assert missed == []


@pytest.mark.parametrize("change", [1, -1])
def test_every_changed_amount_is_caught(honest, change):
    missed = []
    for row in range(len(honest["transfers"]["amount"])):
        amount = honest["transfers"]["amount"][row] + change
        if not laws(rebalanced(with_column(honest, "transfers", "amount", row, amount))):
            missed.append(described(honest, row))
    assert missed == []


def row_of(tables, book, code, order):
    """Return the place of the first transfer of a book, code and order."""
    transfers = tables["transfers"]
    wanted = (
        (transfers["book"].codes == BOOKS.index(book))
        & (transfers["code"].codes == CODES.index(code))
        & (transfers["order"] == order)
    )
    return int(np.flatnonzero(wanted)[0])


def changed(book, code, order, column, value):
    """Return a tampering: one cell of the first transfer of a book, code and order."""
    return lambda tables: rebalanced(
        with_column(tables, "transfers", column, row_of(tables, book, code, order), value)
    )


def moved_to_the_front(book, code, order):
    """Return a tampering: one transfer happened before all others."""

    def tamper(tables):
        row = row_of(tables, book, code, order)
        rows = np.delete(np.arange(len(tables["transfers"]["amount"])), row)
        return with_column(with_rows(tables, np.insert(rows, 0, row)), "transfers", "posted_at", 0, 0)

    return tamper


def cell(table, column, place, value):
    """Return a tampering: one cell of a table other than the transfers."""
    return lambda tables: with_column(tables, table, column, place, value)


# Orders 1, 4 and 5 were delivered, 2 was declined, 3 was rejected and refunded; visit n - 1 placed order n; order
# 5 was paid out of what the bank held.
TAMPERED = [
    ("amount zero", "L0", changed("bank", "charges", 1, "amount", 0)),
    ("order beyond the last", "L0", changed("bank", "charges", 1, "order", 9)),
    ("order before the first", "L0", changed("bank", "charges", 1, "order", 0)),
    ("entry that was never allotted", "L0", changed("bank", "charges", 1, "entry", 10**7)),
    ("entry shared by two orders", "L0", changed("bank", "charges", 1, "order", 3)),
    ("book of another account", "L0", changed("bank", "charges", 1, "book", "shop")),
    ("units booked as money", "L0", lambda tables: misplaced(tables, "commodity", "BDT")),
    ("units in an account of money", "L0", lambda tables: misplaced(tables, "debit", "users:advances")),
    ("time backwards", "L0", cell("transfers", "posted_at", 5, 10**12)),
    ("transfer with another number", "L0", cell("transfers", "transfer", 5, 99)),
    ("account without a name", "L0", cell("accounts", "account", 5, None)),
    (
        "account that the chart lacks",
        "L0",
        lambda tables: renamed(tables, "bank:holds:user:0", "bank:held:user:0"),
    ),
    ("account in another book", "L9", cell("accounts", "book", 4, "shop")),
    ("visit to an order before the first", "L0", cell("visits", "order", 0, 0)),
    ("users numbered otherwise", "L0", cell("users", "user", 2, 3)),
    ("goods under a code of money", "L0", changed("supplier", "ship", 1, "code", "sale")),
    ("order line of no product", "L0", cell("order_lines", "sku", 0, None)),
    ("order line of nothing", "L0", cell("order_lines", "quantity", 0, 0)),
    ("orders numbered otherwise", "L0", cell("orders", "order", 0, 2)),
    ("visit of an unknown user", "L0", cell("visits", "user", 0, 77)),
    ("paid before the account was opened", "L1", moved_to_the_front("bank", "payment", 1)),
    ("sent before it was made", "L1", moved_to_the_front("supplier", "ship", 1)),
    ("reserves used for a payment", "L2", changed("bank", "payment", 1, "debit", "bank:reserves")),
    ("reserves with another balance", "L2", cell("accounts", "closing", 0, 1)),
    ("other transaction number", "L3", cell("orders", "payment_transaction", 0, 2)),
    ("no transaction number", "L3", cell("orders", "payment_transaction", 0, -1)),
    ("other number of the charges", "L3", cell("orders", "charges_transaction", 0, 2)),
    ("supplier took other charges", "L3", changed("supplier", "charges", 1, "amount", 1)),
    ("shop knows another payment", "L3", changed("shop", "payment", 1, "amount", 1)),
    ("user knows another payment", "L3", changed("users", "payment", 1, "amount", 1)),
    ("user knows another refund", "L3", changed("users", "refund", 3, "amount", 1)),
    ("another user paid", "L3", changed("users", "payment", 1, "credit", "users:cash:2")),
    ("completed, not delivered", "L4", cell("orders", "status", 1, "completed")),
    ("delivered, not completed", "L4", cell("orders", "status", 0, "processing")),
    ("declined, but charged", "L4", cell("orders", "status", 0, "declined")),
    ("cancelled, but charged", "L4", cell("orders", "status", 0, "cancelled")),
    ("refunded, but processing", "L4", cell("orders", "status", 1, "processing")),
    ("paid, but still held", "L4", changed("bank", "payment", 5, "debit", "bank:deposits:user:0")),
    ("held for no order", "L4", changed("bank", "pending", 5, "order", -1)),
    ("given back more than held", "L1", changed("bank", "void", 5, "amount", 301)),
    ("held from another user", "L3", changed("bank", "pending", 5, "debit", "bank:deposits:user:2")),
    ("advances of no order", "L4", changed("shop", "charges", 1, "order", -1)),
    ("opening within an order", "L4", cell("transfers", "order", 0, 1)),
    ("sent less than delivered", "L4", changed("supplier", "ship", 4, "amount", 0)),
    ("declined, but told bought", "L5", cell("visits", "outcome", 1, "bought")),
    ("delivered, but told declined", "L5", cell("visits", "outcome", 0, "declined")),
    ("bought without an order", "L5", cell("visits", "outcome", 5, "bought")),
    ("another user's visit", "L5", cell("visits", "user", 0, 1)),
    ("took less than was given", "L6", changed("users", "deliver", 1, "amount", 9)),
    ("sent at another cost", "L7", lambda tables: changed_value(tables, "ship")),
    ("made at another cost", "L8", lambda tables: changed_value(tables, "make")),
    ("supplier sold at another charge", "L8", changed("supplier", "sale", 1, "amount", 1)),
    ("supplier's goods at another cost", "L8", changed("supplier", "cost", 1, "amount", 1)),
    ("user spent another price", "L8", changed("users", "sale", 1, "amount", 1)),
    ("shop sold at another price", "L8", changed("shop", "sale", 1, "amount", 1)),
    ("shop bought at another charge", "L8", changed("shop", "cost", 1, "amount", 1)),
    ("line at another price", "L8", cell("order_lines", "unit_price", 0, 1)),
    ("line at another charge", "L8", cell("order_lines", "unit_charge", 0, 1)),
    ("total of another order", "L8", cell("orders", "total", 1, 1)),
    ("another closing balance", "L9", cell("accounts", "closing", 4, 1)),
    ("another opening balance", "L9", cell("accounts", "opening", 4, 1)),
    ("another kind of account", "L9", cell("accounts", "kind", 4, "expense")),
    ("another balance of a user", "L9", cell("users", "closing_balance", 2, 1)),
    ("another holding in the supplier", "L9", cell("transfers", "amount", 10, 1)),
    ("paid more than the total", "L10", changed("bank", "payment", 1, "amount", 1001)),
    ("charged more than due", "L10", changed("bank", "charges", 1, "amount", 761)),
    ("refunded more than paid", "L10", changed("bank", "refund", 3, "amount", 1001)),
    ("returned more than charged", "L10", changed("bank", "charges-return", 3, "amount", 721)),
    ("cancelled and sold", "L10", changed("shop", "cancel", 3, "order", 1)),
    ("received more than ordered", "L10", changed("users", "deliver", 1, "amount", 9)),
    ("made more than ordered", "L10", changed("supplier", "make", 1, "amount", 9)),
    ("product that was not ordered", "L10", changed("users", "deliver", 1, "commodity", "iphone-x")),
]


def renamed(tables, name, other):
    """Give an account another name in all tables."""
    found = dict(tables)
    for table, columns in (("accounts", ("account",)), ("transfers", ("debit", "credit"))):
        labels = [other if label == name else label for label in tables[table][columns[0]].labels]
        found[table] = tables[table] | {
            column: TextColumn(tables[table][column].codes, labels) for column in columns
        }
    return found


def misplaced(tables, column, value):
    """Change where the units of order 1 went, to where units cannot go."""
    return with_column(tables, "transfers", column, row_of(tables, "users", "deliver", 1), value)


def changed_value(tables, code):
    """Change the value, not the units, of the goods of order 1."""
    transfers = tables["transfers"]
    row = row_of(tables, "supplier", code, 1)
    while transfers["commodity"].codes[row] > 0:
        row += 1
    return rebalanced(with_column(tables, "transfers", "amount", row, 1))


@pytest.mark.parametrize(("law", "tamper"), [pytest.param(law, tamper, id=name) for name, law, tamper in TAMPERED])
def test_tampering_is_named_by_its_law(honest, law, tamper):
    assert law in laws(tamper(honest))


TOLD = [
    ("L0: unknown account, book or code: transfer 5, order -1", cell("transfers", "code", 5, None)),
    ("L0: unnamed account (BDT): not in the chart of accounts", cell("accounts", "account", 5, None)),
    ("L0: an account of another book: transfer 13, ", changed("bank", "charges", 1, "book", "shop")),
    ("L0: there is no such order: transfer 13", changed("bank", "charges", 1, "order", 0)),
    ("L3: order 1: transaction 2 is no payment of this order", cell("orders", "payment_transaction", 0, 2)),
    ("L3: entry 9: the supplier took charges 1, the bank", changed("supplier", "charges", 1, "amount", 1)),
    ("L4: belongs to no order: transfer 14", changed("shop", "charges", 1, "order", -1)),
    ("L4: an opening within an order: transfer 0", cell("transfers", "order", 0, 1)),
    ("L4: order 1 is declined, but charged 1000, passed on 760, goods", cell("orders", "status", 0, "declined")),
    ("L4: order 1 is cancelled, but charged 1000, passed on 760", cell("orders", "status", 0, "cancelled")),
    ("L4: order 3 is cancelled, but shop:refunds-payable is 999", changed("shop", "refund", 3, "amount", 1)),
    ("L4: order 1, product 0: reserved 0, in transit 1, given 0", changed("supplier", "deliver", 1, "amount", 0)),
    ("L4: order 1 is processing, total 1000, sold 1000", cell("orders", "status", 0, "processing")),
    ("L7: entry 21: supplier:stock -1, but its units -540", lambda tables: changed_value(tables, "ship")),
    ("L9: book bank, commodity 0: debits exceed credits by -23699", cell("accounts", "closing", 0, 1)),
    ("L10: charges must be 760: transfer 13", changed("bank", "charges", 1, "amount", 1)),
]


@pytest.mark.parametrize(("beginning", "tamper"), TOLD)
def test_violation_says_what_is_wrong(honest, beginning, tamper):
    lines = check(tamper(honest), CATALOGUE, drained=True)
    assert [line for line in lines if line.startswith(beginning)], lines


ROW = "transfer 13, order 1, entry 9"
AT_BANK = "bank:deposits:shop (BDT) / bank:deposits:supplier (BDT)"
WHOLE = [
    (
        changed("bank", "charges", 1, "code", "sale"),
        [
            f"L0: the posting rules have no such row: {ROW}: sale 760, {AT_BANK}",
            "L3: order 1: transaction 9 is no charges of this order at the bank",
            "L3: entry 9: the supplier took charges 760, the bank moved 0",
        ],
    ),
    (
        cell("transfers", "code", 13, None),
        [f"L0: unknown account, book or code: {ROW}: unknown code 760, {AT_BANK}"],
    ),
    (
        cell("transfers", "debit", 13, None),
        [
            f"L0: unknown account, book or code: {ROW}: charges 760, an account that the table accounts lacks / "
            "bank:deposits:supplier (BDT)"
        ],
    ),
    (
        cell("order_lines", "quantity", slice(1, 3), 0),
        [
            f"L0: row {row} of order_lines: order {order}, product 1, quantity 0: must be known and above zero"
            for row, order in ((1, 1), (2, 2))
        ],
    ),
    (
        cell("transfers", "entry", 13, 7),
        [
            "L0: entry 7 has rows of another kind: transfer 10, order -1, entry 7: opening 5000, "
            "shop:investment (BDT) / shop:equity (BDT)",
            f"L0: entry 7 has rows of another kind: transfer 13, order 1, entry 7: charges 760, {AT_BANK}",
            "L0: entry 7 also has rows of another order: transfer 10, order -1, entry 7: opening 5000, "
            "shop:investment (BDT) / shop:equity (BDT)",
            "L3: entry 7: shop:cash 0, but bank:deposits:shop -760",
            "L3: entry 9: shop:cash -760, but book bank lacks the entry",
            "L3: entry 9: supplier:cash 760, but book bank lacks the entry",
            "L3: entry 7: bank:deposits:supplier 760, but book supplier never heard of it",
            "L3: order 1: transaction 9 is no charges of this order at the bank",
            "L3: entry 9: the supplier took charges 760, the bank moved 0",
        ],
    ),
    (
        cell("visits", "order", 0, -1),
        ["L5: visit 0 of user 0 ended bought, but order -1 of user -1 is nothing"],
    ),
]


@pytest.mark.parametrize(("tamper", "lines"), WHOLE)
def test_what_is_wrong_in_one_place_is_told_of_that_place_alone(honest, tamper, lines):
    assert check(tamper(honest), CATALOGUE, drained=True) == lines


def test_order_that_takes_another_order_s_goods_is_caught_in_mid_flight(honest):
    lines = check(changed("supplier", "make", 4, "amount", 0)(honest), CATALOGUE, drained=False)
    assert [line for line in lines if line.startswith("L4: order 4, product 1: reserved -1, in transit 0")], lines


def test_deposit_of_an_unknown_user_is_caught(honest):
    users = {name: column[:3] for name, column in honest["users"].items()}
    lines = check(honest | {"users": users}, CATALOGUE, drained=True)
    assert lines == ["L9: bank:deposits:user:3 (BDT): no such user"]


def test_user_without_a_deposit_is_caught(honest):
    users = {name: np.append(column, 4 if name == "user" else 0) for name, column in honest["users"].items()}
    lines = check(honest | {"users": users}, CATALOGUE, drained=True)
    assert lines == ["L9: user 4: opening 0, closing 0, but the bank has no account of theirs"]


def test_goods_kept_for_an_order_that_is_over_are_caught_whichever_order_it_is():
    world = World()
    for _ in world.story():
        pass
    world.supplier.made_to_order(world.at, 3, CARTS[3])
    lines = check(world.tables(), CATALOGUE, drained=False)
    assert [line for line in lines if line.startswith("L4: order 3, product 2: reserved 1, in transit 0")], lines


def test_goods_that_cost_nothing_after_delivery_need_a_late_refund():
    world = World()
    world.open()
    entry = world.bank.payment(world.at, 1, BUYERS[1], worth(1, 1), FundsLocation.ESCROW)
    world.shop.payment(world.at, entry, 1, worth(1, 1), FundsLocation.ESCROW)
    entry = world.supplier.allot()
    world.shop.delivered(world.at, entry, 1, worth(1, 1), worth(1, 2), FundsLocation.ESCROW, worth(1, 1))
    lines = check(world.tables(), CATALOGUE, drained=False)
    assert "L8: order 1: book shop allows 1000 of 1000 sold, late refund 0" in lines


def test_more_goods_kept_and_given_than_ordered_are_caught():
    world = World()
    world.open()
    for _ in world.pay(1):
        pass
    watch = ((1, 1),)
    world.supplier.made_to_order(world.at, 1, CARTS[1])
    world.supplier.shipped(world.at, 1, watch)
    entry = world.supplier.allot()
    world.users.delivered(world.at, entry, 1, watch, 250)
    world.supplier.delivered(world.at, entry, 1, watch, 180, 120)
    world.supplier.made_to_order(world.at, 1, watch)
    lines = check(world.tables(), CATALOGUE, drained=False)
    assert [
        line for line in lines if line.startswith("L10: order 1, product 1: reserved 2, in transit 0, given 1")
    ]


def test_goods_given_twice_are_caught_whichever_order_it_is():
    world = World()
    for _ in world.story():
        pass
    delivered_twice(world)
    told = "L10: order 4, product 1: reserved 0, in transit 0, given 2, received 2, ordered 1"
    assert [line for line in check(world.tables(), CATALOGUE, drained=False) if line.startswith(told)]


def test_goods_sent_back_twice_are_caught_whichever_order_it_is():
    world = World()
    for _ in world.story():
        pass
    watch = ((1, 1),)
    for _ in range(2):
        entry = world.shop.returned(world.at, 4, watch, [180], 0)
        world.users.returned(world.at, entry, 4, watch, 0)
    told = "L10: order 4, product 1: reserved 0, in transit 0, given 1, received 1, ordered 1, sent back 2"
    assert [line for line in check(world.tables(), CATALOGUE, drained=False) if line.startswith(told)]


@pytest.mark.parametrize(("user", "method"), [(0, "cash_on_delivery"), (SHOP, "replenishment")])
def test_one_unit_that_arrives_at_another_than_who_ordered_it_is_caught(user, method):
    world, watch = trading.World(0), [(1, 1)]
    world.open()
    world.orders.append(trading.Order(1, user, watch, 0, method, FundsLocation.DEPOSIT))
    world.supplier.made_to_order(0.0, 1, watch)
    world.supplier.shipped(0.0, 1, watch)
    entry = world.supplier.allot()
    if user == SHOP:
        world.users.delivered(0.0, entry, 1, watch, 250)
    else:
        world.shop.received(0.0, entry, 1, watch, [180])
    told = "L10: order 1, product 1: reserved 0, in transit 1, given 0, received 1, ordered 1"
    assert [line for line in check(world.tables(), CATALOGUE, drained=False) if line.startswith(told)]


def test_what_shop_and_supplier_hold_of_each_other_must_be_equal_once_all_is_settled():
    world = World()
    for _ in world.story():
        pass
    world.shop.charges(world.at, world.bank.charges(world.at, 2, 180), 2, 180)
    entry = world.bank.collection(world.at, 2, BUYERS[2], 0)
    world.shop.collected(world.at, entry, 2, 250)
    lines = {drained: check(world.tables(), CATALOGUE, drained=drained) for drained in (True, False)}
    for told in (
        "L9: shop:supplier-advances 180, but supplier:shop-advances 0",
        "L9: shop:collections-receivable 250, but supplier:collections-payable 0",
    ):
        assert told in lines[True]
        assert told not in lines[False]


@pytest.mark.parametrize(("price", "granted", "is_true"), [(1, 1, True), (250, 250, True), (250, 249, False)])
def test_a_paid_order_is_declined_once_all_that_was_paid_is_granted(price, granted, is_true):
    world = trading.World(0)
    world.open()
    world.orders.append(trading.Order(1, 0, [(1, 1)], price, "account", FundsLocation.DEPOSIT, "processing"))
    entry = world.bank.payment(0.0, 1, 0, price)
    world.shop.payment(0.0, entry, 1, price)
    world.orders[0].payment, world.orders[0].outcome = entry, "declined"
    world.shop.cancelled(0.0, 1, granted)
    lines = check(world.tables(), CATALOGUE, drained=False)
    assert any(line.startswith("L5: visit 0 ") for line in lines) is not is_true


def test_an_order_not_paid_yet_is_not_declined():
    world = World()
    world.open()
    world.outcome[1] = "declined"
    lines = check(world.tables(), CATALOGUE, drained=False)
    assert lines == ["L5: visit 0 of user 0 ended declined, but order 1 of user 0 is received"]


def charged_twice(world):
    entry = world.bank.payment(world.at, 1, 0, 1000)
    world.shop.payment(world.at, entry, 1, 1000)
    world.users.payment(world.at, entry, 0, 1, 1000)


def delivered_twice(world):
    for _ in world.deliver(4):
        pass


def sent_unpaid(world):
    world.supplier.made_to_order(world.at, 2, CARTS[2])
    world.supplier.shipped(world.at, 2, CARTS[2])


def forged_transaction(world):
    world.supplier.charges(world.at, world.ledger.new_entry(), 2, 180)


def transaction_used_again(world):
    entry = world.bank.charges(world.at, 2, 180)
    world.shop.charges(world.at, entry, 2, 180)
    world.supplier.charges(world.at, entry, 1, 180)


def refunded_without_reason(world):
    entry = world.bank.refund(world.at, 1, 0, 1000)
    world.shop.refund(world.at, entry, 1, 1000)
    world.users.refunded(world.at, entry, world.transaction[1], 0, 1, 1000, 1000)


def payment_never_told(world):
    world.status[2] = "processing"
    world.transaction[2] = world.bank.payment(world.at, 2, 0, 250)
    world.shop.payment(world.at, world.transaction[2], 2, 250)


@pytest.mark.parametrize(
    ("law", "misdeed", "drained"),
    [
        ("L10", charged_twice, False), ("L10", delivered_twice, False), ("L10", sent_unpaid, False),
        ("L3", forged_transaction, False), ("L0", transaction_used_again, False),
        ("L4", refunded_without_reason, False), ("L3", payment_never_told, True), ("L5", payment_never_told, True),
    ],
)  # fmt: skip
def test_misdeed_posted_by_the_rules_is_caught(law, misdeed, drained):
    world = World()
    for _ in world.story():
        pass
    misdeed(world)
    assert law in laws(world.tables(), drained=drained)


def test_the_first_parcel_of_an_order_must_not_be_sent_unpaid_even_if_the_last_is_paid_for():
    world = World()
    world.open()
    first, last = CARTS[1]
    world.supplier.made_to_order(world.at, 1, (first, last))
    world.supplier.shipped(world.at, 1, (first,))
    for _ in world.pay(1):
        pass
    world.supplier.shipped(world.at, 1, (last,))
    lines = check(world.tables(), CATALOGUE, drained=False)
    assert [line for line in lines if line.startswith("L10: order 1 was sent unpaid")], lines


@pytest.mark.parametrize("outcome", ["bought", "unanswered", "abandoned"])
def test_user_who_gave_up_must_learn_of_the_payment_like_any_other(outcome):
    world = World()
    world.open()
    list(world.pay(1))
    world.outcome[1] = outcome
    left_open = {"L4"}  # nothing is left to happen, and yet the order is not supplied
    assert laws(world.tables()) - left_open == {"L3", "L5"}
    assert laws(world.tables(), drained=False) - left_open == set()


@pytest.mark.parametrize(
    ("intent", "advance", "is_true"),
    [("honest", 0, False), ("guess_secret", 0, True), ("borrow_account", 0, True), ("borrow_account", 1, False)],
)
def test_only_a_prepayment_of_what_is_due_at_the_door_is_refused_of_an_order_that_stays(
    honest, intent, advance, is_true
):
    tables = honest
    for tamper in (
        cell("orders", "status", 1, "received"), cell("orders", "advance", 1, advance),
    ):  # fmt: skip
        tables = tamper(tables)
    intents = TextColumn(np.full(len(CARTS) + 1, 0, np.int32), [intent])
    tables |= {"visits": tables["visits"] | {"intent": intents}}
    lines = check(tables, CATALOGUE, drained=True)
    assert any(line.startswith("L5: visit 1 ") for line in lines) is not is_true


@pytest.mark.parametrize("status", ["processing", "on_the_way"])
def test_paid_order_that_is_forgotten_is_caught(status):
    world = World()
    world.open()
    list(world.pay(1))
    world.status[1] = status
    assert "L4" in laws(world.tables())
    assert "L4" not in laws(world.tables(), drained=False)


def test_labels_in_another_order_make_no_difference(honest):
    def shuffled(column):
        if not isinstance(column, TextColumn):
            return column
        size = len(column.labels)
        return TextColumn(np.where(column.codes < 0, -1, size - 1 - column.codes), list(column.labels)[::-1])

    tables = {
        name: {column: shuffled(values) for column, values in table.items()} for name, table in honest.items()
    }
    assert check(tables, CATALOGUE, drained=True) == []


def test_violation_names_law_order_account_and_figures(honest):
    (line,) = check(cell("users", "closing_balance", 2, 1)(honest), CATALOGUE, drained=True)
    assert line.startswith("L9: user 2: opening 3000, closing 1, but the bank has bank:deposits:user:2 (BDT) ")
    assert line.endswith("from 3000 to 1750")


def test_at_most_twenty_lines_a_law_and_the_rest_counted(honest):
    tables = with_column(honest, "transfers", "amount", slice(None), 0)
    lines = [line for line in check(tables, CATALOGUE, drained=True) if line.startswith("L0")]
    rows = len(honest["transfers"]["amount"])
    assert len(lines) == 21
    assert lines[-1] == f"L0: ... and {rows - 20} more"


def test_plain_run_opens_no_account_of_what_it_does_not_do(honest):
    names = {name.rstrip("0123456789") for name in honest["accounts"]["account"].labels}
    assert names < set(Account)
    assert names & {"bank:escrow", "bank:fees", "bank:deposits:courier", "shop:stock", "supplier:losses"} == set()
