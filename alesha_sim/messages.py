"""What entities say to each other: one tuple per kind of message. No behaviour lives here.

A comment above each group names who asks whom; the reply stands below its request. Amounts are integers in minor
units of the scenario's currency. Every message may carry the number of the order it is about in its envelope (the
`Delivery`), and the links of the facts it reports in its fields: a payment's link is its transaction number.
"""

from enum import StrEnum
from typing import NamedTuple

Lines = tuple[tuple[str, int], ...]
"""Products and quantities, as (SKU, units)."""


class Secret(str):
    """A password or secret key: compares as its text and shows itself as `***` however it is printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)


class Reason(StrEnum):
    """Why a request was refused."""

    NOT_REGISTERED = "not_registered"
    ALREADY_REGISTERED = "already_registered"
    WRONG_PASSWORD = "wrong_password"
    NOT_LOGGED_IN = "not_logged_in"
    EMPTY_CART = "empty_cart"
    UNKNOWN_PRODUCT = "unknown_product"
    REPEATED_PRODUCT = "repeated_product"
    INVALID_QUANTITY = "invalid_quantity"
    WRONG_TOTAL = "wrong_total"
    UNKNOWN_ORDER = "unknown_order"
    NOT_PAYABLE = "not_payable"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_PAYEE = "unknown_payee"
    WRONG_SECRET = "wrong_secret"
    ACCOUNT_LOCKED = "account_locked"
    INVALID_AMOUNT = "invalid_amount"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    INVALID_DURATION = "invalid_duration"
    UNKNOWN_HOLD = "unknown_hold"
    HOLD_POSTED = "hold_posted"
    HOLD_VOIDED = "hold_voided"
    HOLD_EXPIRED = "hold_expired"
    MORE_THAN_HELD = "more_than_held"
    UNKNOWN_TRANSACTION = "unknown_transaction"
    MORE_THAN_PAID = "more_than_paid"
    TRANSACTION_USED = "transaction_used"
    TRANSACTION_MISMATCH = "transaction_mismatch"
    NOT_THE_SHOP = "not_the_shop"
    OUT_OF_STOCK = "out_of_stock"
    NOT_DONE = "not_done"
    UNPAID = "unpaid"
    BANK_SILENT = "bank_silent"


class Offer(NamedTuple):
    """A product as the shop shows it: `marked_price` is struck through, `price` is asked."""

    sku: str
    name: str
    marked_price: int
    price: int


# user -> shop: the home page


class ViewHomepage(NamedTuple):
    """Ask for the home page."""


class Homepage(NamedTuple):
    """The products on sale."""

    offers: tuple[Offer, ...]


# user -> shop: register or log in


class Register(NamedTuple):
    """Ask for a login with this password."""

    password: Secret


class Registered(NamedTuple):
    """The sender may log in from now on."""


class LogIn(NamedTuple):
    """Ask to be let in; only a registered user is."""

    password: Secret


class LoggedIn(NamedTuple):
    """The sender may check out from now on."""


# user -> shop: look and choose


class ViewProduct(NamedTuple):
    """Ask for the page of one product."""

    sku: str


class ProductPage(NamedTuple):
    """One product, with its warranty and the days within which it may come back, both in seconds."""

    offer: Offer
    warranty_seconds: float
    return_window_seconds: float


# user -> shop: check out and pay


class Checkout(NamedTuple):
    """Order what is in the cart; a `total` that the user names must be the shop's own."""

    lines: Lines
    total: int | None = None


class Invoice(NamedTuple):
    """The order's number and the total that the shop computed."""

    order: int
    total: int


class Pay(NamedTuple):
    """The payment pop-up: pay `order` from `account`, whose owner knows `secret`."""

    order: int
    account: int
    secret: Secret


class Confirmation(NamedTuple):
    """The success message: paid under `transaction`; `status` is the order's."""

    order: int
    transaction: int
    total: int
    status: str
    text: str


class Refusal(NamedTuple):
    """The shop does not do what was asked; a `transaction` was paid before the refusal and is refunded."""

    reason: Reason
    order: int = -1
    transaction: int = -1
    total: int = 0


# any -> bank


class Authorise(NamedTuple):
    """Verify the account and its secret, and pay `amount` from it to the account `payee`."""

    account: int
    secret: Secret
    amount: int
    payee: int


class Hold(NamedTuple):
    """Verify as `Authorise` does, and keep `amount` back for `payee`: for `seconds`, or without end if None."""

    account: int
    secret: Secret
    amount: int
    payee: int
    seconds: float | None


class Capture(NamedTuple):
    """Take `amount` of what is held under `hold` for the sender's own account; the rest goes back."""

    account: int
    secret: Secret
    hold: int
    amount: int


class Void(NamedTuple):
    """Give back what is held under `hold` for the sender's own account."""

    account: int
    secret: Secret
    hold: int


class Transfer(NamedTuple):
    """Pay `amount` from the sender's own account to the account `payee`."""

    account: int
    secret: Secret
    amount: int
    payee: int


class Refund(NamedTuple):
    """Give `amount` of the payment `transaction` back to who made it, from the sender's own account."""

    account: int
    secret: Secret
    transaction: int
    amount: int


class Receipt(NamedTuple):
    """Done, under this transaction number; that of a `Hold` is what it is captured or voided by."""

    transaction: int
    amount: int


class Decline(NamedTuple):
    """The bank does not do what was asked; no money has moved."""

    reason: Reason


class EnquireTransaction(NamedTuple):
    """Ask what became of the sender's `step` of the order; one that the bank does not know is burnt."""

    step: str


class VerifyTransaction(NamedTuple):
    """Ask what is booked under a transaction number."""

    transaction: int


class Verification(NamedTuple):
    """What is booked under a transaction number: payer and payee are account numbers, `order` what it was for."""

    transaction: int
    amount: int
    payer: int
    payee: int
    order: int


class BalanceEnquiry(NamedTuple):
    """Ask what can be spent from an account, and what is held."""

    account: int
    secret: Secret


class Balance(NamedTuple):
    """What can be spent from the account; `pending` is held of it besides."""

    amount: int
    pending: int = 0


# bank -> user


class Refunded(NamedTuple):
    """Tell a user that `amount` of the payment `payment` (`total`) came back under `transaction`."""

    payment: int
    total: int
    transaction: int
    amount: int


# shop -> supplier: buy


class PlaceOrder(NamedTuple):
    """Order goods for a user, naming the user's payment and the transfer of the supplier's charges."""

    lines: Lines
    user: int
    payment: int
    charges: int


class OrderAccepted(NamedTuple):
    """The supplier will supply."""


class OrderRejected(NamedTuple):
    """The supplier will not supply; `returned` of the charges came back under `transaction`."""

    reason: Reason
    transaction: int = -1
    returned: int = 0


# supplier -> user, supplier -> shop: deliver


class Deliver(NamedTuple):
    """Hand the goods over; `link` is the delivery's."""

    link: int
    lines: Lines


class Noted(NamedTuple):
    """The notice was received and what it reports is in the receiver's book."""


class Delivered(NamedTuple):
    """Tell the shop that the user has the goods."""

    link: int
    lines: Lines


Request = (
    ViewHomepage | Register | LogIn | ViewProduct | Checkout | Pay | Authorise | Hold | Capture | Void | Transfer
    | Refund | EnquireTransaction | VerifyTransaction | BalanceEnquiry | PlaceOrder | Deliver
)  # fmt: skip
Reply = (
    Homepage | Registered | LoggedIn | ProductPage | Invoice | Confirmation | Refusal | Receipt | Decline
    | Verification | Balance | OrderAccepted | OrderRejected | Noted
)  # fmt: skip
Notice = Refunded | Delivered
