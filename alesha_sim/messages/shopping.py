"""What users and the shop say to each other, before the purchase and after."""

from math import inf
from typing import Final

from alesha_sim.messages.fields import Lines, Method, Reason, Secret
from alesha_sim.messages.message import Asks, Message


class Offer(Message):
    """A product as the shop shows it: `marked_price` is struck through, `price` is asked."""

    __match_args__ = ("sku", "name", "marked_price", "price")
    __slots__ = __match_args__

    def __init__(self, sku: str, name: str, marked_price: int, price: int) -> None:
        self.sku: Final = sku
        self.name: Final = name
        self.marked_price: Final = marked_price
        self.price: Final = price


# user -> shop: the home page


class ViewHomepage(Asks["Homepage"]):
    """Ask for the home page."""

    __slots__ = ()


class Homepage(Message):
    """The products on sale, promised within `promise_seconds` of an order; infinity if nothing is promised."""

    __match_args__ = ("offers", "promise_seconds")
    __slots__ = __match_args__

    def __init__(self, offers: tuple[Offer, ...], promise_seconds: float = inf) -> None:
        self.offers: Final = offers
        self.promise_seconds: Final = promise_seconds


# user -> shop: register or log in


class Register(Asks["Registered | Refusal"]):
    """Ask for a login with this password."""

    __match_args__ = ("password",)
    __slots__ = __match_args__

    def __init__(self, password: Secret) -> None:
        self.password: Final = password


class Registered(Message):
    """The sender may log in from now on."""

    __slots__ = ()


class LogIn(Asks["LoggedIn | Refusal"]):
    """Ask to be let in; only a registered user is."""

    __match_args__ = ("password",)
    __slots__ = __match_args__

    def __init__(self, password: Secret) -> None:
        self.password: Final = password


class LoggedIn(Message):
    """The sender may check out from now on."""

    __slots__ = ()


# user -> shop: look and choose


class ViewProduct(Asks["ProductPage | Refusal"]):
    """Ask for the page of one product."""

    __match_args__ = ("sku",)
    __slots__ = __match_args__

    def __init__(self, sku: str) -> None:
        self.sku: Final = sku


class ProductPage(Message):
    """One product, with its warranty and the days within which it may come back, both in seconds."""

    __match_args__ = ("offer", "warranty_seconds", "return_window_seconds")
    __slots__ = __match_args__

    def __init__(self, offer: Offer, warranty_seconds: float, return_window_seconds: float) -> None:
        self.offer: Final = offer
        self.warranty_seconds: Final = warranty_seconds
        self.return_window_seconds: Final = return_window_seconds


# user -> shop: check out and pay


class Checkout(Asks["Invoice | Refusal"]):
    """Order what is in the cart; a `total` that the user names must be the shop's own."""

    __match_args__ = ("lines", "total", "method")
    __slots__ = __match_args__

    def __init__(self, lines: Lines, total: int | None = None, method: Method = Method.ACCOUNT) -> None:
        self.lines: Final = lines
        self.total: Final = total
        self.method: Final = method


class Invoice(Message):
    """The order's number and the total that the shop computed: `advance` to be paid now, the rest at the door.

    `promised_at` is the instant by which the goods are promised, seconds; infinity if nothing is. Prices are those
    of the shop's list `price_list`: 0 at first, and one more with each instant at which prices change.
    """

    __match_args__ = ("order", "total", "advance", "promised_at", "price_list")
    __slots__ = __match_args__

    def __init__(self, order: int, total: int, advance: int, promised_at: float, price_list: int = 0) -> None:
        self.order: Final = order
        self.total: Final = total
        self.advance: Final = advance
        self.promised_at: Final = promised_at
        self.price_list: Final = price_list


class Pay(Asks["Confirmation | Refusal"]):
    """The payment pop-up: pay `order` from `account`, whose owner knows `secret`."""

    __match_args__ = ("order", "account", "secret")
    __slots__ = __match_args__

    def __init__(self, order: int, account: int, secret: Secret) -> None:
        self.order: Final = order
        self.account: Final = account
        self.secret: Final = secret


class PayAtDoor(Asks["Confirmation | Refusal"]):
    """Say that `order` will be paid in full when it is delivered."""

    __match_args__ = ("order",)
    __slots__ = __match_args__

    def __init__(self, order: int) -> None:
        self.order: Final = order


class Confirmation(Message):
    """The success message: paid under `transaction` (-1: nothing yet); `status` is the order's.

    `total` is what was paid in advance, `fee` what the bank took in addition.
    """

    __match_args__ = ("order", "transaction", "total", "status", "text", "fee")
    __slots__ = __match_args__

    def __init__(self, order: int, transaction: int, total: int, status: str, text: str, fee: int = 0) -> None:
        self.order: Final = order
        self.transaction: Final = transaction
        self.total: Final = total
        self.status: Final = status
        self.text: Final = text
        self.fee: Final = fee


class Refusal(Message):
    """The shop does not do what was asked; a `transaction` was paid before the refusal and is refunded.

    `total` is what was paid, `fee` what the bank took in addition, which is never given back.
    """

    __match_args__ = ("reason", "order", "transaction", "total", "fee")
    __slots__ = __match_args__

    def __init__(
        self, reason: Reason, order: int = -1, transaction: int = -1, total: int = 0, fee: int = 0
    ) -> None:
        self.reason: Final = reason
        self.order: Final = order
        self.transaction: Final = transaction
        self.total: Final = total
        self.fee: Final = fee


# user -> shop: after the order


class EnquirePayment(Asks["Confirmation | Refusal"]):
    """Ask what became of the payment of the order; one that nobody has begun to pay by then is cancelled."""

    __slots__ = ()


class CancelOrder(Asks["OrderCancelled | Refusal"]):
    """Cancel the order, if nothing of it has been sent; the shop asks its supplier the same."""

    __slots__ = ()


class OrderCancelled(Message):
    """Cancelled; of the charges `returned` came back to the shop under `transaction`."""

    __match_args__ = ("reason", "transaction", "returned")
    __slots__ = __match_args__

    def __init__(self, reason: Reason, transaction: int = -1, returned: int = 0) -> None:
        self.reason: Final = reason
        self.transaction: Final = transaction
        self.returned: Final = returned


class ReturnGoods(Asks["ReturnReceived | Refusal"]):
    """Send goods of a delivered order back: with the message the shop has them."""

    __match_args__ = ("lines",)
    __slots__ = __match_args__

    def __init__(self, lines: Lines) -> None:
        self.lines: Final = lines


class ReturnReceived(Message):
    """The goods are back under `entry`; `amount` of their price is given back, less a restocking fee."""

    __match_args__ = ("entry", "lines", "amount")
    __slots__ = __match_args__

    def __init__(self, entry: int, lines: Lines, amount: int) -> None:
        self.entry: Final = entry
        self.lines: Final = lines
        self.amount: Final = amount


class ClaimWarranty(Asks["ClaimAccepted | Refusal"]):
    """Ask for goods of a delivered order to be replaced, because they broke."""

    __match_args__ = ("lines",)
    __slots__ = __match_args__

    def __init__(self, lines: Lines) -> None:
        self.lines: Final = lines


class ClaimAccepted(Message):
    """They are replaced."""

    __slots__ = ()


class Complain(Asks["Compensated | Refusal"]):
    """Complain that the order came late, or has not come although it is late."""

    __slots__ = ()


class Compensated(Message):
    """The shop gives `amount` of the price back, as the journal entry `entry`; nothing of it if `entry` is -1."""

    __match_args__ = ("entry", "amount")
    __slots__ = __match_args__

    def __init__(self, entry: int = -1, amount: int = 0) -> None:
        self.entry: Final = entry
        self.amount: Final = amount
