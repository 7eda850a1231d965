"""The words of the books: their names, their accounts, and the codes that say why a transfer was made.

An account's name is written here and nowhere else in the package; the books, the statements, the laws, the exports
and the table of the documentation take it from `Account`. What the codes do to which accounts is in the module of
each book.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

BOOKS = ("bank", "shop", "supplier", "users")
"""The books of a run with one organisation of each role, in the order of their ids; each is named by its role."""

BANK, SHOP, SUPPLIER, USERS = range(4)

BOOK_ROLES = (*BOOKS, "clearing")
"""The roles of all who keep a book; there is a clearing house only where there are several banks."""

BOOKS_MAX: Final = 32
"""The most books of a ledger, those of a reader's own included: a bit each says which hold an entry."""


class Kind(StrEnum):
    """What an account counts, which decides the side that it grows on."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def sign(self) -> int:
        """1 if the account grows by debits (asset, expense), -1 if by credits."""
        return 1 if self in (Kind.ASSET, Kind.EXPENSE) else -1


KINDS = tuple(Kind)

BUYER_ADVANCES: Final = "buyer-advances"
"""What a supplier of several firms owes to those who have paid; with one shop it is `shop-advances`."""

COURIER_SUFFIX: Final = "-courier"
"""The name of a supplier's account for money collected at doors ends so, where there are several suppliers."""

NO_ROLES: Final[Mapping[str, str]] = {}

OWN_CASH: Final = "cash"
"""The account that counts as the cash of a book of a reader's own."""

# What the names of deposits, and of holds, begin with; the owner follows, as `user:17` or `shop`.
DEPOSITS, HOLDS = "bank:deposits:", "bank:holds:"
OF_DEPOSITS: Final = ":deposits:"
"""What stands between the name of a bank and that of a depositor in the name of a deposit."""


class Account(StrEnum):
    """The chart of accounts: every account by its name; of a family of accounts, the name before the number.

    `holds` says whether an account is one of money, of units of each product, or both; with `is_floored` its
    balance is never below zero. `line` is where it stands in a statement ("": under its own name), `about` says
    what its balance is.
    """

    _value_: str
    book: str
    kind: Kind
    holds: str
    is_floored: bool
    line: str
    about: str

    def __new__(cls, name: str, kind: Kind, holds: str, is_floored: bool, line: str, about: str) -> Self:
        """Make an account of its row."""
        account = str.__new__(cls, name)
        account._value_, account.book, account.kind, account.holds = name, name.partition(":")[0], kind, holds
        account.is_floored, account.line, account.about = is_floored, line, about
        return account

    def of(self, book: str, owner: str = "") -> str:
        """Return the name of this account in the book of a party, such as `city:deposits:pickaboo`.

        `owner` is whose deposit it is, or at the clearing house whose reserves; of users' accounts it is the part
        of the name before the number.
        """
        stem = self[self.index(":") :]
        if owner and not stem.endswith(":"):
            stem = stem[: stem.rindex(":") + 1]
        return f"{book}{stem}{owner}"

    # fmt: off
    BANK_RESERVES = (
        "bank:reserves", Kind.ASSET, "money", True,
        "Reserves", "money behind the deposits; the world outside is its other side",
    )
    BANK_USER_DEPOSITS = (
        DEPOSITS + "user:", Kind.LIABILITY, "money", True,
        "Deposits of users", "what the user can spend (available balance)",
    )
    BANK_SHOP_DEPOSIT = (
        DEPOSITS + "shop", Kind.LIABILITY, "money", True, "Deposit of the shop", "the shop's account",
    )
    BANK_SUPPLIER_DEPOSIT = (
        DEPOSITS + "supplier", Kind.LIABILITY, "money", True, "Deposit of the supplier", "the supplier's account",
    )
    BANK_COURIER_DEPOSIT = (
        DEPOSITS + "courier", Kind.LIABILITY, "money", True,
        "Deposit of the courier", "the supplier's account for money collected at doors",
    )
    BANK_USER_HOLDS = (
        HOLDS + "user:", Kind.LIABILITY, "money", True,
        "Holds on users' money", "reserved by the user's pending transfers, still the user's",
    )
    BANK_SETTLEMENT_DUE = (
        "bank:settlement-due", Kind.LIABILITY, "money", True,
        "Captured, to be settled", "captured, owed to the shop on day T+n",
    )
    BANK_ESCROW = (
        "bank:escrow", Kind.LIABILITY, "money", True,
        "Escrow", "captured, owed to shop or user depending on delivery",
    )
    BANK_ROLLING_RESERVE = (
        "bank:rolling-reserve", Kind.LIABILITY, "money", True,
        "Rolling reserve owed to the shop", "share of settlements kept back, owed to the shop",
    )
    BANK_FEES = (
        "bank:fees", Kind.INCOME, "money", False, "Fees", "fees taken",
    )
    BANK_LOANS = (
        "bank:loans", Kind.ASSET, "money", False, "Loans", "lent outside before the start",
    )
    BANK_CLEARING_CLAIM = (
        "bank:clearing-claim:", Kind.ASSET, "money", False,
        "Claims on banks", "written for a customer here, not known to be settled by the other bank",
    )
    BANK_CLEARING_DUE = (
        "bank:clearing-due:", Kind.LIABILITY, "money", False,
        "Due to banks", "taken from a customer here, not known to be settled with the other bank",
    )
    BANK_GUARANTEE_CLAIMS = (
        "bank:guarantee-claims", Kind.ASSET, "money", False,
        "Claims from loss sharing", "paid for banks that could not pay in a guaranteed cycle",
    )
    BANK_GUARANTEE_DUE = (
        "bank:guarantee-due", Kind.LIABILITY, "money", False,
        "Due from loss sharing", "what others paid for it in a guaranteed cycle",
    )
    BANK_UNSECURED_DEBTS = (
        "bank:unsecured-debts", Kind.LIABILITY, "money", True,
        "Unsecured debts", "what a closed bank still owes to other banks",
    )
    BANK_INTERCHANGE_INCOME = (
        "bank:interchange-income", Kind.INCOME, "money", False,
        "Interchange", "kept of what its customers pay to those of other banks",
    )
    BANK_INTERCHANGE = (
        "bank:interchange", Kind.EXPENSE, "money", False,
        "Interchange paid", "kept by other banks of what comes from their customers",
    )
    BANK_EQUITY = (
        "bank:equity", Kind.EQUITY, "money", False, "Capital", "opening reserves beyond what depositors brought",
    )
    BANK_LOSSES = (
        "bank:losses", Kind.EXPENSE, "money", False, "Losses", "claims on closed banks, written off",
    )

    CLEARING_BACKING = (
        "clearing:backing", Kind.ASSET, "money", False,
        "Backing", "money behind the reserves; the world outside is its other side",
    )
    CLEARING_RESERVES = (
        "clearing:reserves:", Kind.LIABILITY, "money", True,
        "Reserves of banks", "what a bank can pay others with; below zero by its credit line at most",
    )
    CLEARING_SETTLEMENT = (
        "clearing:settlement", Kind.LIABILITY, "money", True, "Settlement", "zero after each cycle",
    )

    SHOP_INVESTMENT = (
        "shop:investment", Kind.ASSET, "money", False,
        "Investment in the supplier", "capital paid into the supplier, its wholly owned subsidiary",
    )
    SHOP_CASH = (
        "shop:cash", Kind.ASSET, "money", False, "Cash", "its deposit, to its knowledge",
    )
    SHOP_SETTLEMENT_DUE = (
        "shop:settlement-due", Kind.ASSET, "money", False,
        "Receivable: settlements due", "captured (T+n) or delivered (escrow), not yet settled",
    )
    SHOP_ROLLING_RESERVE = (
        "shop:rolling-reserve", Kind.ASSET, "money", False,
        "Receivable: rolling reserve", "its money kept back by the bank",
    )
    SHOP_COLLECTIONS_RECEIVABLE = (
        "shop:collections-receivable", Kind.ASSET, "money", False,
        "Receivable: collections due", "collected at doors, not yet remitted by the supplier",
    )
    SHOP_SUPPLIER_ADVANCES = (
        "shop:supplier-advances", Kind.ASSET, "money", False,
        "Advances paid for goods", "charges paid, goods not yet delivered",
    )
    SHOP_TRADE_PAYABLES = (
        "shop:trade-payables", Kind.LIABILITY, "money", False,
        "Payable: goods bought on credit", "charges of goods received on credit, not yet paid",
    )
    SHOP_STOCK = (
        "shop:stock", Kind.ASSET, "money, units", True, "Inventories", "own stock and goods returned, at charge",
    )
    SHOP_GOODS_IN_TRANSIT = (
        "shop:goods-in-transit", Kind.ASSET, "money, units", True,
        "Inventories", "own stock on the way to users, at charge",
    )
    SHOP_CUSTOMER_PREPAYMENTS = (
        "shop:customer-prepayments", Kind.LIABILITY, "money", False,
        "Contract liabilities: customer prepayments", "paid by users, not delivered, not cancelled",
    )
    SHOP_REFUNDS_PAYABLE = (
        "shop:refunds-payable", Kind.LIABILITY, "money", False, "Refund liabilities",
        "refunds granted, not yet paid",
    )
    SHOP_EQUITY = (
        "shop:equity", Kind.EQUITY, "money", False, "Capital", "opening capital",
    )
    SHOP_GOODS_CLEARING = (
        "shop:goods-clearing", Kind.EQUITY, "units", False,
        "", "units given (debit) to or taken (credit) from other books",
    )
    SHOP_SALES = (
        "shop:sales", Kind.INCOME, "money", False, "Sales", "price of goods delivered",
    )
    SHOP_SALES_RETURNS = (
        "shop:sales-returns", Kind.INCOME, "money", False,
        "Returns and allowances", "price given back after delivery (contra: debit balance)",
    )
    SHOP_COST_OF_SALES = (
        "shop:cost-of-sales", Kind.EXPENSE, "money", False,
        "Cost of sales", "charge of goods delivered, less goods returned",
    )
    SHOP_PAYMENT_FEES = (
        "shop:payment-fees", Kind.EXPENSE, "money", False, "Payment fees", "bank fees that it bears",
    )
    SHOP_TRANSPORT = (
        "shop:transport", Kind.EXPENSE, "money", False, "Transport", "return transport charged to it",
    )
    SHOP_LOSSES = (
        "shop:losses", Kind.EXPENSE, "money, units", False,
        "Goods lost or written off", "own goods lost or written off, at charge",
    )

    SUPPLIER_CASH = (
        "supplier:cash", Kind.ASSET, "money", False, "Cash", "its deposit, to its knowledge",
    )
    SUPPLIER_COLLECTIONS = (
        "supplier:collections", Kind.ASSET, "money", False,
        "Cash collected for the shop", "its courier account, to its knowledge",
    )
    SUPPLIER_SUPPLIER_ADVANCES = (
        "supplier:supplier-advances", Kind.ASSET, "money", False,
        "Advances paid for goods", "charges paid upstream, goods not yet delivered",
    )
    SUPPLIER_RECEIVABLES = (
        "supplier:receivables", Kind.ASSET, "money", False,
        "Receivable: goods sold on credit", "charges of goods delivered on credit, not yet paid",
    )
    SUPPLIER_TRADE_PAYABLES = (
        "supplier:trade-payables", Kind.LIABILITY, "money", False,
        "Payable: goods bought on credit", "charges of goods received on credit, not yet paid",
    )
    SUPPLIER_STOCK = (
        "supplier:stock", Kind.ASSET, "money, units", True,
        "Inventories", "units: free; money: cost of free and reserved units",
    )
    SUPPLIER_RESERVED = (
        "supplier:reserved", Kind.ASSET, "units", True, "Inventories", "units kept for accepted orders",
    )
    SUPPLIER_GOODS_IN_TRANSIT = (
        "supplier:goods-in-transit", Kind.ASSET, "money, units", True,
        "Inventories", "on the way to users or shop, still its own, at cost",
    )
    SUPPLIER_SHOP_ADVANCES = (
        "supplier:shop-advances", Kind.LIABILITY, "money", False,
        "Contract liabilities: advances of the shop", "charges received, goods not yet delivered",
    )
    SUPPLIER_COLLECTIONS_PAYABLE = (
        "supplier:collections-payable", Kind.LIABILITY, "money", False,
        "Payable: collections owed to the shop", "collected for the shop, not yet remitted",
    )
    SUPPLIER_PAYABLES = (
        "supplier:payables", Kind.LIABILITY, "money", False,
        "Payable: production and transport", "owed upstream for production and transport; not paid in a run",
    )
    SUPPLIER_EQUITY = (
        "supplier:equity", Kind.EQUITY, "money", False, "Capital", "opening capital",
    )
    SUPPLIER_PRODUCTION = (
        "supplier:production", Kind.EQUITY, "units", False, "", "units produced (and opening stock), cumulated",
    )
    SUPPLIER_GOODS_CLEARING = (
        "supplier:goods-clearing", Kind.EQUITY, "units", False,
        "", "units given (debit) to or taken (credit) from other books",
    )
    SUPPLIER_SALES = (
        "supplier:sales", Kind.INCOME, "money", False, "Sales", "charge of goods delivered (inter-company)",
    )
    SUPPLIER_COST_OF_SALES = (
        "supplier:cost-of-sales", Kind.EXPENSE, "money", False, "Cost of sales", "cost of goods delivered",
    )
    SUPPLIER_TRANSPORT = (
        "supplier:transport", Kind.EXPENSE, "money", False,
        "Transport", "return transport, less what it charges on",
    )
    SUPPLIER_LOSSES = (
        "supplier:losses", Kind.EXPENSE, "money, units", False,
        "Goods lost or written off", "lost, scrapped, replaced under warranty, at cost",
    )

    USERS_CASH = (
        "users:cash:", Kind.ASSET, "money", False, "Cash", "the user's deposit, to the user's knowledge",
    )
    USERS_ADVANCES = (
        "users:advances", Kind.ASSET, "money", False,
        "Advances paid for goods", "paid and not received, or sent back and not refunded",
    )
    USERS_GOODS = (
        "users:goods", Kind.ASSET, "units", True, "Goods", "units that users have",
    )
    USERS_EQUITY = (
        "users:equity", Kind.EQUITY, "money", False, "Capital", "opening balances",
    )
    USERS_GOODS_CLEARING = (
        "users:goods-clearing", Kind.EQUITY, "units", False,
        "", "units given (debit) to or taken (credit) from other books",
    )
    USERS_INCOME = (
        "users:income", Kind.INCOME, "money", False, "Income from outside", "income from outside",
    )
    USERS_SPENDING = (
        "users:spending", Kind.EXPENSE, "money", False,
        "Spending", "price of goods received and fees borne, less refunds",
    )
    # fmt: on


FIRM_DEPOSITS: Final[Mapping[str, Account]] = {
    "shop": Account.BANK_SHOP_DEPOSIT,
    "supplier": Account.BANK_SUPPLIER_DEPOSIT,
    "courier": Account.BANK_COURIER_DEPOSIT,
}
"""The account of a firm's deposit, by the firm's role."""


def role_of(name: str, roles: Mapping[str, str] = NO_ROLES) -> str:
    """Return the account of the chart that an account's name stands for: of `users:cash:17` it is `users:cash:`.

    `roles` has the role of each party by its name; a book that it lacks is its own role. With
    `{"city": "bank", "pickaboo": "shop"}` the role of `city:deposits:pickaboo` is `bank:deposits:shop`.
    """
    family, colon, number = name.rpartition(":")
    if number.isdecimal():
        name = family + colon
    if not roles:
        return name
    book, _, rest = name.partition(":")
    stem, colon, owner = rest.partition(":")
    if owner and (role := roles.get(owner) or _courier(owner)):
        rest = f"{stem}:{role}" if stem == "deposits" else f"{stem}:"
    elif rest == BUYER_ADVANCES:
        rest = "shop-advances"
    return f"{roles.get(book, book)}:{rest}"


def _courier(owner: str) -> str:
    return "courier" if owner.endswith(COURIER_SUFFIX) else ""


CODES = (
    "opening", "income", "pending", "void", "payment", "fee", "retention", "settlement", "refund", "release",
    "charges", "charges-return", "transport", "cancel", "allowance", "make", "reserve", "ship", "loss",
    "return-to-sender", "deliver", "sale", "cost", "collection", "remittance", "return", "write-off", "replace",
    "settle", "net", "loss-share", "recover", "interchange",
)  # fmt: skip
"""Why a transfer was made, in the order of the posting rules; a row holds the code's place."""

(
    OPENING, INCOME, PENDING, VOID, PAYMENT, FEE, RETENTION, SETTLEMENT, REFUND, RELEASE, CHARGES,
    CHARGES_RETURN, TRANSPORT, CANCEL, ALLOWANCE, MAKE, RESERVE, SHIP, LOSS, RETURN_TO_SENDER, DELIVER, SALE, COST,
    COLLECTION, REMITTANCE, RETURN, WRITE_OFF, REPLACE, SETTLE, NET, LOSS_SHARE, RECOVER, INTERCHANGE,
) = range(len(CODES))  # fmt: skip
