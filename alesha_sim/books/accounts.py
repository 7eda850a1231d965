"""The words of the books: their names, the kinds of accounts and the codes that say why a transfer was made.

Only vocabulary lives here; what the codes do to which accounts is in the module of each book.
"""

from enum import StrEnum

BOOKS = ("bank", "shop", "supplier", "users")
"""The four books of a ledger, in the order of their ids."""

BANK, SHOP, SUPPLIER, USERS = range(4)


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

CODES = (
    "opening", "income", "pending", "void", "payment", "fee", "retention", "settlement", "refund", "release",
    "charges", "charges-return", "transport", "cancel", "allowance", "make", "reserve", "ship", "loss",
    "come-back", "deliver", "sale", "cost", "collection", "remittance", "return", "write-off", "replace",
)  # fmt: skip
"""Why a transfer was made, in the order of the posting rules; a row holds the code's place."""

(
    OPENING, INCOME, PENDING, VOID, PAYMENT, FEE, RETENTION, SETTLEMENT, REFUND, RELEASE, CHARGES,
    CHARGES_RETURN, TRANSPORT, CANCEL, ALLOWANCE, MAKE, RESERVE, SHIP, LOSS, COME_BACK, DELIVER, SALE, COST,
    COLLECTION, REMITTANCE, RETURN, WRITE_OFF, REPLACE,
) = range(len(CODES))  # fmt: skip
