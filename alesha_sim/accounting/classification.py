"""The rules of the statements in accounting terms: which line an account belongs to, which one a cash movement.

Contains rules only; the other modules add up.

- **Revenue** is recognised at delivery, parcel by parcel: until then what users paid is a liability (customer
  prepayments), and what the shop paid for goods an asset (advances). Money in escrow is not the shop's at all.
- **Returns and allowances** are a contra to sales (an income account with a debit balance), not an expense; a
  return takes the cost of the goods back out of the cost of sales. A refund only pays what was granted before:
  it touches no income.
- **Inventories** are the goods on stock, reserved and on their way, at cost for the supplier, at charge for the
  shop; a group has them at cost.
- **Cash** is the deposit as its owner knows it. The direct method sorts its movements by their reason.
- **No closing entries**: profit is income less expenses since the opening, and stands beside the capital.
- **The group** is the shop and its wholly owned supplier. What one owes the other, sold to the other and holds of
  its capital is eliminated; profit in goods that the group still has is unrealised.

Source: sections 1, 2 and 4 of the posting rules; terms of IFRS 10, 15, IAS 1, 2 and 7.
"""

from collections.abc import Mapping
from typing import NamedTuple

from alesha_sim.books.accounts import OWN_CASH, Account


class CashRule(NamedTuple):
    """Where a movement of cash stands in a cash flow statement."""

    activity: str
    line: str


LINES = {account.value: account.line for account in Account if account.line}
"""The line of a statement by an account's role; an account without one stands under its own name."""

GROSS = frozenset(
    account.line for account in (Account.SHOP_SALES, Account.SHOP_SALES_RETURNS, Account.SHOP_COST_OF_SALES)
)
"""What makes the gross profit; all other income and expenses come after it."""

CASH: Mapping[str, tuple[Account, ...]] = {
    "bank": (Account.BANK_RESERVES,),
    "shop": (Account.SHOP_CASH,),
    "supplier": (Account.SUPPLIER_CASH, Account.SUPPLIER_COLLECTIONS),
    "users": (Account.USERS_CASH,),
}
"""By a book's role, what counts as its cash."""

_OPERATING, _FINANCING = "operating", "financing"

FLOWS: Mapping[str, Mapping[str, CashRule]] = {
    "bank": {
        "opening": CashRule(_FINANCING, "Deposited at the opening"),
        "income": CashRule(_FINANCING, "Deposited by users from outside"),
    },
    "shop": {
        "opening": CashRule(_FINANCING, "Capital paid in"),
        "payment": CashRule(_OPERATING, "Received from customers"),
        "settlement": CashRule(_OPERATING, "Received from customers"),
        "remittance": CashRule(_OPERATING, "Received from collections at doors"),
        "release": CashRule(_OPERATING, "Released from the rolling reserve"),
        "retention": CashRule(_OPERATING, "Kept back in the rolling reserve"),
        "charges": CashRule(_OPERATING, "Paid to the supplier"),
        "charges-return": CashRule(_OPERATING, "Returned by the supplier"),
        "refund": CashRule(_OPERATING, "Refunded to customers"),
        "fee": CashRule(_OPERATING, "Fees paid to the bank"),
    },
    "supplier": {
        "opening": CashRule(_FINANCING, "Capital paid in"),
        "charges": CashRule(_OPERATING, "Received from the shop"),
        "charges-return": CashRule(_OPERATING, "Returned to the shop"),
        "collection": CashRule(_OPERATING, "Collected at doors"),
        "remittance": CashRule(_OPERATING, "Remitted to the shop"),
    },
    "users": {
        "opening": CashRule(_FINANCING, "Opening balances"),
        "income": CashRule(_OPERATING, "Income from outside"),
        "payment": CashRule(_OPERATING, "Paid for orders"),
        "collection": CashRule(_OPERATING, "Paid at the door"),
        "refund": CashRule(_OPERATING, "Refunds received"),
        "fee": CashRule(_OPERATING, "Fees paid to the bank"),
    },
}
"""By a book's role and code, the line of a cash flow; a code without one is operating, under its own name."""

GROUP = ("shop", "supplier")
"""The one group there is: the shop and its wholly owned subsidiary."""

WITHIN_GROUP = frozenset({"charges", "charges-return", "remittance"})
"""Codes of money that one member of the group pays the other; in the group's cash flow they cancel out."""

INTER_COMPANY = (
    (Account.SUPPLIER_SHOP_ADVANCES, Account.SHOP_SUPPLIER_ADVANCES),
    (Account.SUPPLIER_COLLECTIONS_PAYABLE, Account.SHOP_COLLECTIONS_RECEIVABLE),
    (Account.SUPPLIER_SALES, Account.SHOP_COST_OF_SALES),
    (Account.SUPPLIER_EQUITY, Account.SHOP_INVESTMENT),
)
"""What is eliminated, debit / credit: the first account's whole balance; of capital, the second one's."""

UNREALISED = (Account.SHOP_STOCK, Account.SHOP_GOODS_IN_TRANSIT, Account.SHOP_LOSSES)
"""Where the shop has goods at charge; what they are above cost is profit that the group has not made."""

RECEIVABLE, PREPAYMENT, PAYABLE = "receivable", "prepayment", "payable"

OPEN_ITEMS = {
    Account.BANK_SETTLEMENT_DUE: PAYABLE,
    Account.BANK_ESCROW: PAYABLE,
    Account.BANK_ROLLING_RESERVE: PAYABLE,
    Account.SHOP_SETTLEMENT_DUE: RECEIVABLE,
    Account.SHOP_ROLLING_RESERVE: RECEIVABLE,
    Account.SHOP_COLLECTIONS_RECEIVABLE: RECEIVABLE,
    Account.SHOP_SUPPLIER_ADVANCES: PREPAYMENT,
    Account.SHOP_CUSTOMER_PREPAYMENTS: PREPAYMENT,
    Account.SHOP_REFUNDS_PAYABLE: PAYABLE,
    Account.SUPPLIER_SHOP_ADVANCES: PREPAYMENT,
    Account.SUPPLIER_COLLECTIONS_PAYABLE: PAYABLE,
    Account.SUPPLIER_PAYABLES: PAYABLE,
    Account.USERS_ADVANCES: PREPAYMENT,
}
"""Accounts of items that are opened and settled order by order, which an aging sorts by how long they are open."""


def flow_of(role: str, code: str) -> CashRule:
    """Return where a movement of the cash of a book of this role stands, under a code."""
    own = CashRule(_OPERATING, code.capitalize().replace("-", " "))
    return FLOWS.get(role, FLOWS["shop"] if code == "opening" else {}).get(code, own)


def cash_of(book: str, role: str) -> tuple[str, ...]:
    """Return the names of what counts as the cash of a book of a role; in one of your own it is `cash`."""
    accounts = CASH.get(role)
    return (f"{book}:{OWN_CASH}",) if accounts is None else tuple(account.of(book) for account in accounts)
