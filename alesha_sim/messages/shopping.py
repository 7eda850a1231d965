"""What users and the shop say to each other, before the purchase and after."""

from typing import NamedTuple

from alesha_sim.messages.fields import Lines, Method, Reason, Secret


class Offer(NamedTuple):
    """A product as the shop shows it: `marked_price` is struck through, `price` is asked."""

    sku: str
    name: str
    marked_price: int
    price: int


# user -> shop: the home page


class ViewHomepage(NamedTuple):
    """Ask for the home page."""

    def _replies(self) -> "Homepage":
        raise NotImplementedError


class Homepage(NamedTuple):
    """The products on sale."""

    offers: tuple[Offer, ...]


# user -> shop: register or log in


class Register(NamedTuple):
    """Ask for a login with this password."""

    password: Secret

    def _replies(self) -> "Registered | Refusal":
        raise NotImplementedError


class Registered(NamedTuple):
    """The sender may log in from now on."""


class LogIn(NamedTuple):
    """Ask to be let in; only a registered user is."""

    password: Secret

    def _replies(self) -> "LoggedIn | Refusal":
        raise NotImplementedError


class LoggedIn(NamedTuple):
    """The sender may check out from now on."""


# user -> shop: look and choose


class ViewProduct(NamedTuple):
    """Ask for the page of one product."""

    sku: str

    def _replies(self) -> "ProductPage | Refusal":
        raise NotImplementedError


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
    method: Method = Method.ACCOUNT

    def _replies(self) -> "Invoice | Refusal":
        raise NotImplementedError


class Invoice(NamedTuple):
    """The order's number and the total that the shop computed: `advance` to be paid now, the rest at the door.

    `promised_at` is the instant by which the goods are promised, seconds; infinity if nothing is.
    """

    order: int
    total: int
    advance: int
    promised_at: float


class Pay(NamedTuple):
    """The payment pop-up: pay `order` from `account`, whose owner knows `secret`."""

    order: int
    account: int
    secret: Secret

    def _replies(self) -> "Confirmation | Refusal":
        raise NotImplementedError


class PayAtDoor(NamedTuple):
    """Say that `order` will be paid in full when it is delivered."""

    order: int

    def _replies(self) -> "Confirmation | Refusal":
        raise NotImplementedError


class Confirmation(NamedTuple):
    """The success message: paid under `transaction` (-1: nothing yet); `status` is the order's.

    `total` is what was paid in advance, `fee` what the bank took from the user besides.
    """

    order: int
    transaction: int
    total: int
    status: str
    text: str
    fee: int = 0


class Refusal(NamedTuple):
    """The shop does not do what was asked; a `transaction` was paid before the refusal and is refunded.

    `total` is what was paid, `fee` what the bank took from the user besides, which nobody gives back.
    """

    reason: Reason
    order: int = -1
    transaction: int = -1
    total: int = 0
    fee: int = 0


# user -> shop: after the order


class EnquirePayment(NamedTuple):
    """Ask what became of the payment of the order; one that nobody has begun to pay by then is cancelled."""

    def _replies(self) -> "Confirmation | Refusal":
        raise NotImplementedError


class CancelOrder(NamedTuple):
    """Cancel the order, if nothing of it has been sent; the shop asks its supplier the same."""

    def _replies(self) -> "OrderCancelled | Refusal":
        raise NotImplementedError


class OrderCancelled(NamedTuple):
    """Cancelled; of the charges `returned` came back to the shop under `transaction`."""

    reason: Reason
    transaction: int = -1
    returned: int = 0


class ReturnGoods(NamedTuple):
    """Send goods of a delivered order back: with the message the shop has them."""

    lines: Lines

    def _replies(self) -> "ReturnReceived | Refusal":
        raise NotImplementedError


class ReturnReceived(NamedTuple):
    """The goods are back under `link`; `amount` of their price is given back, less a restocking fee."""

    link: int
    lines: Lines
    amount: int


class ClaimWarranty(NamedTuple):
    """Ask for goods of a delivered order to be replaced, because they broke."""

    lines: Lines

    def _replies(self) -> "ClaimAccepted | Refusal":
        raise NotImplementedError


class ClaimAccepted(NamedTuple):
    """They are replaced."""


class Complain(NamedTuple):
    """Complain that the order came late, or has not come although it is late."""

    def _replies(self) -> "Compensated | Refusal":
        raise NotImplementedError


class Compensated(NamedTuple):
    """The shop gives `amount` of the price back, as the fact `link`; nothing of it if `link` is -1."""

    link: int = -1
    amount: int = 0
