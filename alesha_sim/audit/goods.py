"""Laws of goods: handed over by one and taken by another, worth what they cost, sold at their price (L6 to L8).

By order and product, no more is kept, sent, given, sent back or replaced than was ordered (L4, L10).
"""

from collections.abc import Callable

import numpy as np

from alesha_sim.audit.evidence import Evidence, of_status, sum_of
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.keys import Key
from alesha_sim.audit.reading import Ints, Mask
from alesha_sim.books.accounts import Account
from alesha_sim.numeric.counts import bincount
from alesha_sim.vocabulary import STATUSES

GIVEN = (
    ("deliver", Account.SUPPLIER_GOODS_CLEARING, Account.SUPPLIER_GOODS_IN_TRANSIT),
    ("deliver", Account.SHOP_GOODS_CLEARING, Account.SHOP_GOODS_IN_TRANSIT),
    ("replace", Account.SUPPLIER_GOODS_CLEARING, Account.SUPPLIER_GOODS_IN_TRANSIT),
    ("return", Account.USERS_GOODS_CLEARING, Account.USERS_GOODS),
)
TAKEN = (
    ("deliver", Account.USERS_GOODS, Account.USERS_GOODS_CLEARING),
    ("deliver", Account.SHOP_STOCK, Account.SHOP_GOODS_CLEARING),
    ("replace", Account.USERS_GOODS, Account.USERS_GOODS_CLEARING),
    ("return", Account.SHOP_STOCK, Account.SHOP_GOODS_CLEARING),
    ("deliver", Account.SUPPLIER_STOCK, Account.SUPPLIER_GOODS_CLEARING),
)
"""Units that the taker writes first and the giver when the taker has answered."""

BROKEN = (
    (Account.USERS_GOODS_CLEARING, Account.USERS_GOODS),
    (Account.SUPPLIER_LOSSES, Account.SUPPLIER_GOODS_CLEARING),
)
"""Units that go back in a warranty swap, debit / credit; each book writes as many as new ones."""


def check_goods(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """Check L6 to L8 by entry, L4 and L10 by order and product."""
    _check_goods_clearing(evidence, findings, drained=drained)
    _check_swaps(evidence, findings)
    _check_values(evidence, findings)
    _check_parcels(evidence, findings)
    _check_sales(evidence, findings, drained=drained)
    _check_given_back(evidence, findings, drained=drained)
    _check_units(evidence, findings, drained=drained)


def _check_goods_clearing(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L6: what a giver gave under an entry is what the taker took; only what the giver has not heard is left."""
    e = evidence
    products = len(e.price)
    given, taken = (
        np.concatenate([e.ruled(*rule, units=True) for rule in rules]).astype(np.int64) for rules in (GIVEN, TAKEN)
    )
    rows = np.concatenate([given, taken])
    keys, places = np.unique(e.entry[rows] * products + e.row_commodity[rows], return_inverse=True)
    left = np.zeros(len(keys), e.amount.dtype)
    np.add.at(left, places, np.concatenate([-e.amount[given], e.amount[taken]]))
    known = e.marked(given, e.by_entry)[keys // products]
    findings.add(
        6,
        (left != 0) & (known | (drained & ~e.doubtful[keys // products])),
        lambda place: f"{_goods(e, keys[place])}: {left[place]} more taken than given",
        _numbers(e, keys),
    )


def _check_swaps(evidence: Evidence, findings: Findings) -> None:
    """L6: under warranty a book writes as many broken units as new ones."""
    e = evidence
    products = len(e.price)
    for debit, credit in BROKEN:
        book, broken = debit.book, e.ruled("replace", debit, credit, units=True)
        rules = (rule for rule in (*GIVEN, *TAKEN) if rule[0] == "replace" and rule[1].book == book)
        new = e.ruled(*next(rules), units=True)
        rows = np.concatenate([broken, new]).astype(np.int64)
        keys, places = np.unique(e.entry[rows] * products + e.row_commodity[rows], return_inverse=True)
        left = np.zeros(len(keys), e.amount.dtype)
        np.add.at(left, places, np.concatenate([e.amount[broken], -e.amount[new]]))

        def describe(place: int, book: str = book, keys: Ints = keys, left: Ints = left) -> str:
            return f"{_goods(e, keys[place])}: {left[place]} more broken units than new in book {book}"

        findings.add(6, left != 0, describe, _numbers(e, keys))


def _goods(evidence: Evidence, key: int) -> str:
    """Name the units of a product under an entry."""
    entry, commodity = divmod(int(key), len(evidence.price))
    return f"entry {evidence.by_entry.numbers[entry]}, product {commodity - 1}"


def _numbers(evidence: Evidence, keys: Ints) -> Ints:
    """Return numbers for keys of entry and product that rank them in the whole run."""
    products = len(evidence.price)
    return evidence.by_entry.numbers[keys // products] * products + keys % products


def _check_values(evidence: Evidence, findings: Findings) -> None:
    """L7: money in goods is their units at cost, the shop's at charge, under every entry.

    Where charges differ, what goods are worth is replayed in the order of writing, in `holdings.py`.
    """
    e = evidence
    if e.register.is_market:
        return
    key = e.by_entry
    for value, goods, worth in (
        (Account.SUPPLIER_STOCK, (Account.SUPPLIER_STOCK, Account.SUPPLIER_RESERVED), e.cost),
        (Account.SUPPLIER_GOODS_IN_TRANSIT, (Account.SUPPLIER_GOODS_IN_TRANSIT,), e.cost),
        (Account.SUPPLIER_LOSSES, (Account.SUPPLIER_LOSSES,), e.cost),
        (Account.SHOP_STOCK, (Account.SHOP_STOCK,), e.charge),
        (Account.SHOP_GOODS_IN_TRANSIT, (Account.SHOP_GOODS_IN_TRANSIT,), e.charge),
        (Account.SHOP_LOSSES, (Account.SHOP_LOSSES,), e.charge),
    ):
        units = sum_of(e.balance(name, key, worth) for name in goods)
        _check_worth(e, findings, 7, value, e.balance(value, key), units, "its units")


def _check_parcels(evidence: Evidence, findings: Findings) -> None:
    """L8: goods made are owed at cost; the supplier sold what it gave at charge, at the cost of it."""
    e = evidence
    key = e.by_entry
    made = e.moved("supplier", "make", key, e.cost)
    given = e.ruled(*GIVEN[0], units=True)
    _check_worth(
        e, findings, 8, Account.SUPPLIER_PAYABLES, e.moved("supplier", "make", key), made, "units made at cost"
    )
    sold, due = e.moved("supplier", "sale", key), e.charged_for(given, key)
    _check_worth(e, findings, 8, "supplier sale", sold, due, "units given")
    if not e.register.is_market:
        cost = e.by_rule("cost", Account.SUPPLIER_COST_OF_SALES, Account.SUPPLIER_GOODS_IN_TRANSIT, key)
        _check_worth(e, findings, 8, "supplier cost", cost, e.summed(given, key, e.cost), "units given")
    charged_on = e.balance(Account.SUPPLIER_TRANSPORT, e.by_order)
    findings.add(
        8,
        charged_on < 0,
        lambda order: (
            f"order {e.orders[order]}: the supplier charged {-charged_on[order]} more for transport than it owes"
        ),
        e.orders,
    )


def _check_sales(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L8: users spent the price of what they took; the shop sold it, once it knows, at price and at charge."""
    e = evidence
    key = e.by_entry
    taken = e.sold_for("users", "deliver", key)
    _check_worth(e, findings, 8, "users sale", e.moved("users", "sale", key), taken, "units taken")
    sales = e.moved("shop", "sale", key)
    sources = Account.SHOP_SUPPLIER_ADVANCES, Account.SHOP_GOODS_IN_TRANSIT
    costs = sum_of(e.by_rule("cost", Account.SHOP_COST_OF_SALES, source, key) for source in sources)
    charged = e.charged_for(e.rows("users", "deliver", units=True), key)
    if e.register.is_market:  # own stock leaves at a moving average
        charged = np.where(e.marked(e.ruled(*GIVEN[1], units=True), key), costs, charged)
    told = (sales != 0) | (costs != 0) | (drained & ~e.doubtful)
    for code, booked, value in (
        ("sale", sales, taken),
        ("cost", costs, charged),
    ):
        _check_worth(e, findings, 8, f"shop {code}", booked, np.where(told, value, 0), "units taken")


def _check_given_back(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L8: shop and users agree on what is given back for a return or a late delivery, at most the price."""
    e = evidence
    key = e.by_entry
    worth = e.sold_for("shop", "return", key)
    amounts = e.by_rule("return", Account.SHOP_SALES_RETURNS, Account.SHOP_REFUNDS_PAYABLE, key)
    findings.add(
        8,
        amounts > worth,
        lambda entry: (
            f"entry {key.numbers[entry]}: {amounts[entry]} given back for returned goods that were sold at "
            f"{worth[entry]}"
        ),
        key.numbers,
    )
    # An allowance that comes with a delivery or a refund is none of these.
    other = e.marked(np.concatenate([e.rows("users", "refund"), e.rows("users", "sale")]), key)
    for name, given, had, needed in (
        ("returned goods", amounts, e.moved("users", "return", key), e.held("users")),
        (
            "lateness",
            e.by_rule("allowance", Account.SHOP_SALES_RETURNS, Account.SHOP_REFUNDS_PAYABLE, key),
            np.where(other, 0, e.moved("users", "allowance", key)),
            np.zeros(key.size, np.bool_),
        ),
    ):
        told = needed | (had != 0) | (drained & ~e.doubtful)

        def describe(entry: int, name: str = name, given: Ints = given, had: Ints = had) -> str:
            number = key.numbers[entry]
            return f"entry {number}: the shop gives {given[entry]} back for {name}, users know of {had[entry]}"

        findings.add(8, told & (given != had), describe, key.numbers)


def _check_worth(
    evidence: Evidence, findings: Findings, law: int, name: str, booked: Ints, worth: Ints, source: str
) -> None:
    """Record under which entries what was booked in money differs from the worth of the units."""
    numbers = evidence.by_entry.numbers
    findings.add(
        law,
        booked != worth,
        lambda entry: f"entry {numbers[entry]}: {name} {booked[entry]}, but {source} {worth[entry]}",
        numbers,
    )


class _Units:
    """Units by order and product, as the books have them; the last place is for what was not ordered."""

    def __init__(self, evidence: Evidence) -> None:
        e = evidence
        key, one = e.by_line, np.ones(len(e.price), np.int64)
        self.ordered = np.append(e.lines.quantity, 0)
        self.order = np.append(e.lines.order, 0)
        self.reserved = e.balance(Account.SUPPLIER_RESERVED, key, one)
        self.sent = e.balance(Account.SUPPLIER_GOODS_IN_TRANSIT, key, one)
        self.sent_by_shop = e.balance(Account.SHOP_GOODS_IN_TRANSIT, key, one)

        def moved(rule: tuple[str, Account, Account]) -> Ints:
            return e.by_rule(*rule, key, one)

        self.given = moved(GIVEN[0]) + moved(GIVEN[1])
        self.received, self.received_by_shop = moved(TAKEN[0]), moved(TAKEN[1]) + moved(TAKEN[4])
        self.replaced, self.swapped = moved(GIVEN[2]), moved(TAKEN[2])
        self.sent_back, self.returned = moved(GIVEN[3]), moved(TAKEN[3])
        self.kept = self.reserved + self.sent + self.sent_by_shop

    def describe(self, evidence: Evidence) -> Callable[[int], str]:
        """Return what names a line in a message."""
        return lambda place: (
            f"{evidence.line_name(place)}: reserved {self.reserved[place]}, in transit "
            f"{self.sent[place] + self.sent_by_shop[place]}, given {self.given[place]}, received "
            f"{self.received[place] + self.received_by_shop[place]}, ordered {self.ordered[place]}, sent back "
            f"{self.returned[place]}, replaced {self.swapped[place]}"
        )


def _check_units(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """L4 and L10: by order and product no more units are kept, sent, given, sent back or replaced than may be."""
    e = evidence
    _check_ordered(e, findings, e.by_line)
    units = _Units(e)
    describe = units.describe(e)
    lines = e.by_line.numbers
    findings.add(4, ((units.reserved < 0) | (units.sent < 0) | (units.sent_by_shop < 0))[:-1], describe, lines)
    # Goods under warranty are kept ready and sent once all that was ordered has been given.
    complete = units.given == units.ordered
    too_many = np.where(
        complete,
        units.kept + units.replaced > units.ordered,
        (units.kept + units.given > units.ordered) | (units.replaced > 0),
    )
    of_shop = e.replenishes[units.order]
    received = units.received + units.received_by_shop
    wrong = np.where(of_shop, units.received, units.received_by_shop) > 0
    findings.add(10, (wrong | (received > units.ordered) | too_many)[:-1], describe, lines)
    back = (units.returned > units.received) | (units.sent_back > units.returned)
    findings.add(10, (back | (units.swapped > units.received))[:-1], describe, lines)
    statuses = ("cancelled", "declined", *(("completed", "returned") if drained else ()))
    closed = of_status(e, *statuses)[units.order]
    findings.add(4, (closed & (units.kept != 0))[:-1], describe, lines)
    _check_all_back(e, findings, (units.returned != units.ordered)[:-1])


def _check_ordered(evidence: Evidence, findings: Findings, key: Key) -> None:
    """L10: goods that move in an order are those that it names."""
    e = evidence
    strange = np.flatnonzero((e.row_commodity > 0) & (e.order > 0) & (key.of_row == key.size - 1))
    findings.add(
        10,
        np.ones(len(strange), np.bool_),
        lambda place: f"the order has no such product: {e.row_name(int(strange[place]))}",
        e.transfer[strange],
    )


def _check_all_back(evidence: Evidence, findings: Findings, missing: Mask) -> None:
    """L4: an order is returned if and only if all of its goods came back."""
    e = evidence
    back = bincount(e.lines.order, minlength=len(e.total)) > 0
    back[e.lines.order[missing]] = False
    returned = of_status(e, "returned")
    findings.add(
        4,
        (e.total > 0) & (returned != back) & ~e.uncertain,
        lambda order: (
            f"order {e.orders[order]} is {STATUSES[e.status[order]]}, but "
            f"{'all' if back[order] else 'not all'} of it came back"
        ),
        e.orders,
    )
