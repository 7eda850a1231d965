"""What is said to the bank, and what the bank says."""

from math import inf
from typing import Final

from alesha_sim.messages.fields import FundsLocation, Reason, Secret
from alesha_sim.messages.message import Acknowledged, Asks, Message

# any -> bank


class Authorise(Asks["Receipt | Decline"]):
    """Verify the account and its secret, and pay `amount` from it to the account `payee`.

    `promised_at` is when the goods are promised, seconds: money in escrow goes back if they are late.
    """

    __match_args__ = ("account", "secret", "amount", "payee", "promised_at")
    __slots__ = __match_args__

    def __init__(self, account: int, secret: Secret, amount: int, payee: int, promised_at: float = inf) -> None:
        self.account: Final = account
        self.secret: Final = secret
        self.amount: Final = amount
        self.payee: Final = payee
        self.promised_at: Final = promised_at


class Hold(Asks["Receipt | Decline"]):
    """Verify as `Authorise` does, and keep `amount` back for `payee`: for `seconds`, or without end if None."""

    __match_args__ = ("account", "secret", "amount", "payee", "seconds")
    __slots__ = __match_args__

    def __init__(self, account: int, secret: Secret, amount: int, payee: int, seconds: float | None) -> None:
        self.account: Final = account
        self.secret: Final = secret
        self.amount: Final = amount
        self.payee: Final = payee
        self.seconds: Final = seconds


class Capture(Asks["Receipt | Decline"]):
    """Take `amount` of what is held under `hold` for the sender's own account; the rest goes back."""

    __match_args__ = ("account", "secret", "hold", "amount")
    __slots__ = __match_args__

    def __init__(self, account: int, secret: Secret, hold: int, amount: int) -> None:
        self.account: Final = account
        self.secret: Final = secret
        self.hold: Final = hold
        self.amount: Final = amount


class Void(Asks["Receipt | Decline"]):
    """Give back what is held under `hold` for the sender's own account."""

    __match_args__ = ("account", "secret", "hold")
    __slots__ = __match_args__

    def __init__(self, account: int, secret: Secret, hold: int) -> None:
        self.account: Final = account
        self.secret: Final = secret
        self.hold: Final = hold


class Transfer(Asks["Receipt | Decline"]):
    """Pay `amount` from the sender's own account to the account `payee`."""

    __match_args__ = ("account", "secret", "amount", "payee")
    __slots__ = __match_args__

    def __init__(self, account: int, secret: Secret, amount: int, payee: int) -> None:
        self.account: Final = account
        self.secret: Final = secret
        self.amount: Final = amount
        self.payee: Final = payee


class Refund(Asks["Receipt | Decline"]):
    """Give `amount` of the payment `transaction` back to who made it, from the sender's own account."""

    __match_args__ = ("account", "secret", "transaction", "amount")
    __slots__ = __match_args__

    def __init__(self, account: int, secret: Secret, transaction: int, amount: int) -> None:
        self.account: Final = account
        self.secret: Final = secret
        self.transaction: Final = transaction
        self.amount: Final = amount


class Receipt(Message):
    """Done, under this transaction number; that of a `Hold` is what it is captured or voided by.

    `held_in` is where the shop's money went or came from, `fee` and `retained` what the bank took and kept back of
    it, `payer_fee` what it took from the payer in addition.
    """

    __match_args__ = ("transaction", "amount", "held_in", "fee", "retained", "payer_fee")
    __slots__ = __match_args__

    def __init__(
        self,
        transaction: int,
        amount: int,
        held_in: FundsLocation = FundsLocation.DEPOSIT,
        fee: int = 0,
        retained: int = 0,
        payer_fee: int = 0,
    ) -> None:
        self.transaction: Final = transaction
        self.amount: Final = amount
        self.held_in: Final = held_in
        self.fee: Final = fee
        self.retained: Final = retained
        self.payer_fee: Final = payer_fee


class Decline(Message):
    """The bank does not do what was asked; no money has moved but the `fee`, under `transaction`."""

    __match_args__ = ("reason", "transaction", "fee")
    __slots__ = __match_args__

    def __init__(self, reason: Reason, transaction: int = -1, fee: int = 0) -> None:
        self.reason: Final = reason
        self.transaction: Final = transaction
        self.fee: Final = fee


class EnquireTransaction(Asks["Receipt | Decline"]):
    """Ask what became of the sender's `step` of the order; one unknown to the bank is void from then on."""

    __match_args__ = ("step",)
    __slots__ = __match_args__

    def __init__(self, step: str) -> None:
        self.step: Final = step


class VerifyTransaction(Asks["Verification | Decline"]):
    """Ask what is booked under a transaction number."""

    __match_args__ = ("transaction",)
    __slots__ = __match_args__

    def __init__(self, transaction: int) -> None:
        self.transaction: Final = transaction


class Verification(Message):
    """What is booked under a transaction number: payer and payee are account numbers, `order` what it was for."""

    __match_args__ = ("transaction", "amount", "payer", "payee", "order")
    __slots__ = __match_args__

    def __init__(self, transaction: int, amount: int, payer: int, payee: int, order: int) -> None:
        self.transaction: Final = transaction
        self.amount: Final = amount
        self.payer: Final = payer
        self.payee: Final = payee
        self.order: Final = order


class EnquireBalance(Asks["Balance | Decline"]):
    """Ask what can be spent from an account, and what is held."""

    __match_args__ = ("account", "secret")
    __slots__ = __match_args__

    def __init__(self, account: int, secret: Secret) -> None:
        self.account: Final = account
        self.secret: Final = secret


class Balance(Message):
    """What can be spent from the account; `pending` is also held."""

    __match_args__ = ("amount", "pending")
    __slots__ = __match_args__

    def __init__(self, amount: int, pending: int = 0) -> None:
        self.amount: Final = amount
        self.pending: Final = pending


# user -> bank: the goods are here


class ConfirmDelivery(Asks["Acknowledged | Decline"]):
    """Say that everything of the order has arrived, so that what is in escrow for it goes to the shop."""

    __slots__ = ()


# bank -> user, bank -> shop


class Refunded(Asks[Acknowledged]):
    """Tell that `amount` of the payment `payment` (`total`, plus `fee`) came back under `transaction`.

    `late` says that the bank gave it back out of escrow because the goods were late; then the shop gets it, too.
    """

    __match_args__ = ("payment", "total", "transaction", "amount", "fee", "late")
    __slots__ = __match_args__

    def __init__(
        self, payment: int, total: int, transaction: int, amount: int, fee: int = 0, late: bool = False
    ) -> None:
        self.payment: Final = payment
        self.total: Final = total
        self.transaction: Final = transaction
        self.amount: Final = amount
        self.fee: Final = fee
        self.late: Final = late


class Credited(Asks[Acknowledged]):
    """Tell the owner of a deposit of money not asked for: `amount` came under `transaction`.

    `cause` is `settlement`, `release` or `income`; of a settlement the bank took `fee` and kept `retained` back.
    """

    __match_args__ = ("transaction", "amount", "cause", "fee", "retained")
    __slots__ = __match_args__

    def __init__(self, transaction: int, amount: int, cause: str, fee: int = 0, retained: int = 0) -> None:
        self.transaction: Final = transaction
        self.amount: Final = amount
        self.cause: Final = cause
        self.fee: Final = fee
        self.retained: Final = retained
