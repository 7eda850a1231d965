"""The words that records are made of: who takes part, how orders, visits and messages end."""

from typing import Final

NO_ID: Final = -1
SHOP, BANK, SUPPLIER = -1, -2, -3
COURIER = -4
"""Owns the account into which is paid at doors; it is the supplier's, and an entity only where one of that name is
added to a run."""

UNREGISTERED: Final = -(2**31)
"""The code of an entity that has not been added to a run."""

PRODUCTS_MAX: Final = 2**16
"""How many products a catalogue may have: a line of an order keeps its product's place in 16 bits."""

ORGANISATIONS = ("shop", "bank", "supplier")
"""The organisations that every run has, in the order of their codes from -1 down."""

CLEARING: Final = "clearing"
"""The name of the house at which several banks settle, of its book and of its role."""

CONNECTED = (
    ("user", "shop"),
    ("user", "bank"),
    ("supplier", "user"),
    ("shop", "bank"),
    ("shop", "supplier"),
    ("supplier", "bank"),
)
"""The pairs of parties that have channels to each other; all users share theirs."""

STATUSES = ("received", "processing", "on_the_way", "completed", "cancelled", "declined", "returned", "in_doubt")
STAGES = ("home", "logged_in", "browsed", "checked_out", "paid")
OUTCOMES = ("looked", "bought", "declined", "abandoned", "unanswered")
INTENTS = (
    "honest",
    "guess_secret",
    "replay_payment",
    "borrow_account",
    "claim_transaction",
    "tamper_total",
)
FATES = ("in_flight", "delivered", "lost", "duplicate", "late", "withdrawn")
IN_FLIGHT: Final = 0
DELIVERED: Final = 1
LOST: Final = 2
DUPLICATE: Final = 3
LATE: Final = 4
WITHDRAWN: Final = 5
"""Places in `FATES`, one a line: such a constant is part of the machine code, another is looked up."""
RECEIVED, PROCESSING, ON_THE_WAY, COMPLETED, CANCELLED, DECLINED, RETURNED, IN_DOUBT = range(8)
HOME, LOGGED_IN, BROWSED, CHECKED_OUT, PAID = range(5)
LOOKED, BOUGHT, REFUSED, ABANDONED, UNANSWERED = range(5)
