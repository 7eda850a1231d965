"""What entities say to each other: one class per kind of message, all of one form (`Message`).

They stand in three modules, by what they are about: shopping, money and goods; a comment above each group names
who asks whom, and the reply stands below its request. They have no behaviour. Amounts are integers in minor
units of the scenario's currency. Every message may carry the number of the order it is about in its envelope (the
`Delivery`), and the numbers of the journal entries it reports in its fields: a payment's is its transaction
number.
"""

from alesha_sim.messages.fields import DEPOSIT, ESCROW, SECRET_FIELDS, FundsLocation, Lines, Method, Reason, Secret
from alesha_sim.messages.fulfilment import (
    CashCollected,
    Deliver,
    Delivered,
    DeliveryRefused,
    OrderAccepted,
    OrderRejected,
    PlaceOrder,
    Remitted,
    Replace,
    ReturnedToSender,
)
from alesha_sim.messages.message import ACKNOWLEDGED, Acknowledged, Asks, Message
from alesha_sim.messages.payments import (
    Authorise,
    Balance,
    Capture,
    ConfirmDelivery,
    Credited,
    Decline,
    EnquireBalance,
    EnquireTransaction,
    Hold,
    Receipt,
    Refund,
    Refunded,
    Transfer,
    Verification,
    VerifyTransaction,
    Void,
)
from alesha_sim.messages.shopping import (
    CancelOrder,
    Checkout,
    ClaimAccepted,
    ClaimWarranty,
    Compensated,
    Complain,
    Confirmation,
    EnquirePayment,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
    Offer,
    OrderCancelled,
    Pay,
    PayAtDoor,
    ProductPage,
    Refusal,
    Register,
    Registered,
    ReturnGoods,
    ReturnReceived,
    ViewHomepage,
    ViewProduct,
)

__all__ = [
    "ACKNOWLEDGED",
    "DEPOSIT",
    "ESCROW",
    "SECRET_FIELDS",
    "Acknowledged",
    "Asks",
    "Authorise",
    "Balance",
    "CancelOrder",
    "Capture",
    "CashCollected",
    "Checkout",
    "ClaimAccepted",
    "ClaimWarranty",
    "Compensated",
    "Complain",
    "ConfirmDelivery",
    "Confirmation",
    "Credited",
    "Decline",
    "Deliver",
    "Delivered",
    "DeliveryRefused",
    "EnquireBalance",
    "EnquirePayment",
    "EnquireTransaction",
    "FundsLocation",
    "Hold",
    "Homepage",
    "Invoice",
    "Lines",
    "LogIn",
    "LoggedIn",
    "Message",
    "Method",
    "Notice",
    "Offer",
    "OrderAccepted",
    "OrderCancelled",
    "OrderRejected",
    "Pay",
    "PayAtDoor",
    "PlaceOrder",
    "ProductPage",
    "Reason",
    "Receipt",
    "Refund",
    "Refunded",
    "Refusal",
    "Register",
    "Registered",
    "Remitted",
    "Replace",
    "Reply",
    "Request",
    "ReturnGoods",
    "ReturnReceived",
    "ReturnedToSender",
    "Secret",
    "Transfer",
    "Verification",
    "VerifyTransaction",
    "ViewHomepage",
    "ViewProduct",
    "Void",
]

Request = (
    ViewHomepage | Register | LogIn | ViewProduct | Checkout | Pay | PayAtDoor | EnquirePayment | CancelOrder
    | ReturnGoods | ClaimWarranty | Complain | Authorise | Hold | Capture | Void | Transfer | Refund
    | ConfirmDelivery | EnquireTransaction | VerifyTransaction | EnquireBalance | PlaceOrder | Replace | Deliver
)  # fmt: skip
Reply = (
    Homepage | Registered | LoggedIn | ProductPage | Invoice | Confirmation | Refusal | OrderCancelled
    | ReturnReceived | ClaimAccepted | Compensated | Receipt | Decline | Verification | Balance | OrderAccepted
    | OrderRejected | Acknowledged | CashCollected | DeliveryRefused
)  # fmt: skip
Notice = Refunded | Credited | Delivered | ReturnedToSender | Remitted
