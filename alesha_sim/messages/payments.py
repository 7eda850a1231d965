"""What is said to the bank, and what the bank says."""

from math import inf
from typing import NamedTuple

from alesha_sim.messages.asking import Noted
from alesha_sim.messages.fields import Pocket, Reason, Secret

# any -> bank


class Authorise(NamedTuple):
    """Verify the account and its secret, and pay `amount` from it to the account `payee`.

    `promised_at` is when the goods are promised, seconds: money in escrow goes back if they are late.
    """

    account: int
    secret: Secret
    amount: int
    payee: int
    promised_at: float = inf

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


class Hold(NamedTuple):
    """Verify as `Authorise` does, and keep `amount` back for `payee`: for `seconds`, or without end if None."""

    account: int
    secret: Secret
    amount: int
    payee: int
    seconds: float | None

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


class Capture(NamedTuple):
    """Take `amount` of what is held under `hold` for the sender's own account; the rest goes back."""

    account: int
    secret: Secret
    hold: int
    amount: int

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


class Void(NamedTuple):
    """Give back what is held under `hold` for the sender's own account."""

    account: int
    secret: Secret
    hold: int

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


class Transfer(NamedTuple):
    """Pay `amount` from the sender's own account to the account `payee`."""

    account: int
    secret: Secret
    amount: int
    payee: int

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


class Refund(NamedTuple):
    """Give `amount` of the payment `transaction` back to who made it, from the sender's own account."""

    account: int
    secret: Secret
    transaction: int
    amount: int

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


class Receipt(NamedTuple):
    """Done, under this transaction number; that of a `Hold` is what it is captured or voided by.

    `pocket` is where the shop's money went or came from, `fee` and `retained` what the bank took and kept back of
    it, `payer_fee` what it took from the payer besides.
    """

    transaction: int
    amount: int
    pocket: Pocket = Pocket.DEPOSIT
    fee: int = 0
    retained: int = 0
    payer_fee: int = 0


class Decline(NamedTuple):
    """The bank does not do what was asked; no money has moved but the `fee`, under `transaction`."""

    reason: Reason
    transaction: int = -1
    fee: int = 0


class EnquireTransaction(NamedTuple):
    """Ask what became of the sender's `step` of the order; one that the bank does not know is burnt."""

    step: str

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


class VerifyTransaction(NamedTuple):
    """Ask what is booked under a transaction number."""

    transaction: int

    def _replies(self) -> "Verification | Decline":
        raise NotImplementedError


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

    def _replies(self) -> "Balance | Decline":
        raise NotImplementedError


class Balance(NamedTuple):
    """What can be spent from the account; `pending` is held of it besides."""

    amount: int
    pending: int = 0


# user -> bank: the goods are here


class ConfirmDelivery(NamedTuple):
    """Say that everything of the order has arrived, so that what is in escrow for it goes to the shop."""

    def _replies(self) -> "Receipt | Decline":
        raise NotImplementedError


# bank -> user, bank -> shop


class Refunded(NamedTuple):
    """Tell that `amount` of the payment `payment` (`total`, besides `fee`) came back under `transaction`.

    `late` says that the bank gave it back out of escrow because the goods were late; then the shop is told too.
    """

    payment: int
    total: int
    transaction: int
    amount: int
    fee: int = 0
    late: bool = False

    def _replies(self) -> "Noted":
        raise NotImplementedError


class Credited(NamedTuple):
    """Tell the owner of a deposit of money not asked for: `amount` came under `transaction`.

    `cause` is `settlement`, `release` or `income`; of a settlement the bank took `fee` and kept `retained` back.
    """

    transaction: int
    amount: int
    cause: str
    fee: int = 0
    retained: int = 0

    def _replies(self) -> "Noted":
        raise NotImplementedError
