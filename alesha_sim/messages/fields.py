"""The words of the messages: reasons, ways of payment, secrets. Contains no behaviour."""

from enum import StrEnum

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


SECRET_FIELDS = ("secret", "password")
"""The fields of messages that hold a `Secret`, by name, since a compiled class does not know its annotations."""


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
    HOLD_CAPTURED = "hold_captured"
    HOLD_VOIDED = "hold_voided"
    HOLD_EXPIRED = "hold_expired"
    MORE_THAN_HELD = "more_than_held"
    UNKNOWN_TRANSACTION = "unknown_transaction"
    MORE_THAN_PAID = "more_than_paid"
    TRANSACTION_USED = "transaction_used"
    TRANSACTION_MISMATCH = "transaction_mismatch"
    NOT_THE_SHOP = "not_the_shop"
    OUT_OF_STOCK = "out_of_stock"
    NOT_EXECUTED = "not_executed"
    UNPAID = "unpaid"
    SHOP_CLOSED = "shop_closed"
    PURCHASE_LIMIT_REACHED = "purchase_limit_reached"
    METHOD_NOT_OFFERED = "method_not_offered"
    NOT_CANCELLABLE = "not_cancellable"
    CHANGED_MIND = "changed_mind"
    REFUSED_AT_DOOR = "refused_at_door"
    LATE = "late"
    NOT_DELIVERED = "not_delivered"
    NOT_SETTLED = "not_settled"
    RETURN_WINDOW_OVER = "return_window_over"
    WARRANTY_OVER = "warranty_over"
    MORE_THAN_BOUGHT = "more_than_bought"
    ESCROW_CLOSED = "escrow_closed"
    BANK_CLOSED = "bank_closed"


class Method(StrEnum):
    """How an order is paid; a replenishment is the shop's own order, which no user pays."""

    ACCOUNT = "account"
    CASH_ON_DELIVERY = "cash_on_delivery"
    REPLENISHMENT = "replenishment"


class FundsLocation(StrEnum):
    """Where a payment to the shop is held: in the shop's deposit, or elsewhere until it is settled."""

    DEPOSIT = "deposit"
    SETTLEMENT_DUE = "settlement_due"
    ESCROW = "escrow"


# Bound once for what every purchase asks: to look a member up on its class takes as long as two calls.
DEPOSIT, ESCROW = FundsLocation.DEPOSIT, FundsLocation.ESCROW
