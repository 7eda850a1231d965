"""The data dictionary: what every table and column of a result means, and how tables refer to each other."""

from typing import NamedTuple

from alesha_sim.tables.schema import SCHEMA, Type

TABLES = {
    "orders": "One row per order of a user.",
    "purchases": "One row per order of an organisation; numbered together with those of users.",
    "order_lines": "One row per order and product.",
    "visits": "One row per visit of a user to the shop.",
    "messages": "One row per sent copy of a message.",
    "transfers": "One row per transfer: amount is debited to one account and credited to another of its book.",
    "accounts": "One row per account and commodity; balances in the account's natural direction.",
    "production_lots": "One row per lot of a product that was asked of production.",
    "users": "One row per user.",
}

COLUMNS = {
    "orders": {
        "order": "Number of the order, from 1.",
        "user": "Number of the user who ordered.",
        "placed_at": "When the shop took the order.",
        "total": "What the user is to pay, in major units.",
        "payment_method": "How it is paid.",
        "status": "Where the order stands at the end of the run.",
        "reason": "Why the order was declined or cancelled; empty if it was not.",
        "payment_transaction": "The bank's transaction number of the payment.",
        "charges_transaction": "The bank's transaction number of the supplier's charges.",
        "paid_at": "When the shop learnt that it was paid.",
        "accepted_at": "When the shop learnt that the supplier accepted it.",
        "delivered_at": "When the shop learnt that the goods were delivered.",
        "closed_at": "When the order was closed.",
        "advance": "What is to be paid before delivery; the rest is paid at the door.",
        "promised_at": "The instant by which delivery was promised.",
        "seller": "The shop that took the order.",
    },
    "purchases": {
        "order": "Number of the order.",
        "buyer": "The organisation that ordered.",
        "seller": "The organisation that it ordered from.",
        "placed_at": "When the buyer placed the order.",
        "total": "What the seller charges, in major units.",
        "status": "Where the order stands at the end of the run.",
        "reason": "Why the order was cancelled; empty if it was not.",
        "charges_transaction": "The bank's transaction number of the charges.",
        "accepted_at": "When the buyer learnt that the seller accepted it.",
        "delivered_at": "When all of the goods had arrived.",
        "closed_at": "When the order was closed.",
    },
    "order_lines": {
        "order": "Number of the order.",
        "sku": "The product.",
        "quantity": "Units ordered.",
        "unit_price": "Price of a unit, in major units.",
        "unit_charge": "What the supplier charges for a unit, in major units.",
    },
    "visits": {
        "visit": "Number of the visit, from 0.",
        "user": "Number of the user who visits.",
        "arrived_at": "When the visit began.",
        "left_at": "When the visit was over.",
        "stage": "The furthest that the visit came.",
        "outcome": "How the visit ended.",
        "order": "Number of the order that the visit placed.",
        "intent": "Honest, or the name of the attack.",
        "shop": "The shop that the user chose; empty if none was chosen.",
    },
    "messages": {
        "message": "Number of the copy, from 0, in the order of sending.",
        "request": "Number of the ask that it belongs to, over all attempts.",
        "order": "Number of the order that it is about.",
        "sender": "Who sent it.",
        "recipient": "Who was to get it.",
        "kind": "The kind of message.",
        "attempt": "Which attempt of the ask it is, from 1.",
        "sent_at": "When it left.",
        "delivered_at": "When it arrived; empty if it did not.",
        "started_at": "When a worker took it up.",
        "finished_at": "When it was answered or dealt with.",
        "fate": "What became of it.",
        "reason": "The reason that a refusal gives.",
        "visit": "Number of the visit that it belongs to.",
    },
    "transfers": {
        "transfer": "Number of the transfer, from 0, in the order of writing.",
        "posted_at": "When it was written.",
        "book": "The book that it was written in: bank, shop, supplier or users.",
        "debit": "The account debited.",
        "credit": "The account credited.",
        "amount": "Money in major units, or units of a product; always above 0.",
        "commodity": "The currency, or the product's SKU.",
        "code": "Why it was made.",
        "order": "Number of the order that it belongs to.",
        "entry": "Number of the journal entry, the same in all books; a payment's is its transaction number.",
    },
    "accounts": {
        "account": "Name of the account; begins with its book.",
        "book": "The book that it belongs to.",
        "kind": "asset, liability, equity, income or expense.",
        "commodity": "The currency, or the product's SKU.",
        "opening": "Balance of the opening entries.",
        "closing": "Balance at the end of the run.",
    },
    "production_lots": {
        "lot": "Number of the lot, from 0.",
        "sku": "The product.",
        "quantity": "Units of the lot.",
        "ordered_at": "When it was asked of production.",
        "arrived_at": "When it was ready.",
    },
    "users": {
        "user": "Number of the user, from 0.",
        "account": "Number of the user's bank account.",
        "registered_at": "When the shop registered the user.",
        "opening_balance": "Deposit at the start, in major units.",
        "closing_balance": "Deposit at the end, in major units.",
        "orders": "Orders placed.",
        "spent": "Total of orders paid and not cancelled, in major units.",
    },
}
"""What each column means, by table."""

KEYS = {
    "orders": ("order",),
    "purchases": ("order",),
    "order_lines": ("order", "sku"),
    "visits": ("visit",),
    "messages": ("message",),
    "transfers": ("transfer",),
    "accounts": ("account", "commodity"),
    "production_lots": ("lot",),
    "users": ("user",),
}
"""The columns whose values together name a row."""


class Reference(NamedTuple):
    """Columns of a table that name a row of another one."""

    table: str
    columns: tuple[str, ...]
    other: str
    others: tuple[str, ...]


REFERENCES = (
    Reference("orders", ("user",), "users", ("user",)),
    Reference("visits", ("user",), "users", ("user",)),
    Reference("visits", ("order",), "orders", ("order",)),
    Reference("transfers", ("debit", "commodity"), "accounts", ("account", "commodity")),
    Reference("transfers", ("credit", "commodity"), "accounts", ("account", "commodity")),
)
"""What of the tables must be found in another table."""


def meaning(table: str, column: str) -> str:
    """Return what a column means; of one that is not described, what its type says."""
    known = COLUMNS.get(table, {}).get(column)
    if known is not None:
        return known
    name = column.replace("_", " ")
    return f"{name[0].upper()}{name[1:]} ({SCHEMA[table][column]})."


def is_optional(kind: Type) -> bool:
    """Tell whether values of a type may be missing."""
    return kind in (Type.REFERENCE, Type.TIME, Type.TEXT)
