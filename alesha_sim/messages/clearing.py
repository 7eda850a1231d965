"""What banks say to each other, and to the house at which they settle."""

from typing import Final

from alesha_sim.messages.message import Acknowledged, Asks, Message


class CreditTransfer(Message):
    """A payment from an account at one bank to an account at another, as the banks and the house pass it on.

    `transaction` is the payment's number and `code` why it is made; payer and payee are account numbers. One that
    gives money back names the `payment` that it undoes, that payment's `total` and its payer's `fee`, and whether
    it was `late`. Of the amount the payer's bank keeps `interchange`.
    """

    __match_args__ = (
        "transaction",
        "order",
        "code",
        "amount",
        "payer",
        "payee",
        "interchange",
        "payment",
        "total",
        "fee",
        "late",
    )
    __slots__ = __match_args__

    def __init__(
        self,
        transaction: int,
        order: int,
        code: str,
        amount: int,
        payer: int,
        payee: int,
        interchange: int = 0,
        payment: int = -1,
        total: int = 0,
        fee: int = 0,
        late: bool = False,
    ) -> None:
        self.transaction: Final = transaction
        self.order: Final = order
        self.code: Final = code
        self.amount: Final = amount
        self.payer: Final = payer
        self.payee: Final = payee
        self.interchange: Final = interchange
        self.payment: Final = payment
        self.total: Final = total
        self.fee: Final = fee
        self.late: Final = late

    @property
    def cleared(self) -> int:
        """What is cleared: the amount less interchange."""
        return self.amount - self.interchange


Transfers = tuple[CreditTransfer, ...]
Shares = tuple[tuple[int, int], ...]
"""The codes of other banks, and an amount for each."""

# bank -> bank


class Advise(Asks[Acknowledged]):
    """Tell the payee's bank of a payment that the house will settle later, so that it credits the payee."""

    __match_args__ = ("transfer",)
    __slots__ = __match_args__

    def __init__(self, transfer: CreditTransfer) -> None:
        self.transfer: Final = transfer


# bank -> clearing house


class Clear(Asks[Acknowledged]):
    """Instruct the house to settle a payment; the money has left the payer's account at the sender."""

    __match_args__ = ("transfer",)
    __slots__ = __match_args__

    def __init__(self, transfer: CreditTransfer) -> None:
        self.transfer: Final = transfer


# clearing house -> bank


class Settled(Asks[Acknowledged]):
    """Tell a bank what was settled under `entry`: what it has sent, what it gets, and what is shared.

    `borne` has what the bank paid for others by their codes, `owed` what others paid for it, `recovered` what came
    back of such shares, and `repaid` what it gave back.
    """

    __match_args__ = ("entry", "sent", "received", "borne", "owed", "recovered", "repaid")
    __slots__ = __match_args__

    def __init__(
        self,
        entry: int,
        sent: Transfers = (),
        received: Transfers = (),
        borne: Shares = (),
        owed: Shares = (),
        recovered: Shares = (),
        repaid: int = 0,
    ) -> None:
        self.entry: Final = entry
        self.sent: Final = sent
        self.received: Final = received
        self.borne: Final = borne
        self.owed: Final = owed
        self.recovered: Final = recovered
        self.repaid: Final = repaid


class Unsettled(Asks[Acknowledged]):
    """Give an instruction back to the payer's bank: it will not be settled."""

    __match_args__ = ("transfer",)
    __slots__ = __match_args__

    def __init__(self, transfer: CreditTransfer) -> None:
        self.transfer: Final = transfer


class Closed(Asks[Acknowledged]):
    """Tell every bank that one is closed: its accounts can neither pay nor be paid.

    `written_off` are payments of its customers that other banks have credited and that nobody will settle any
    more, `borne` what others paid for it and will not get back, by their codes; both under `entry`.
    """

    __match_args__ = ("bank", "entry", "written_off", "borne")
    __slots__ = __match_args__

    def __init__(self, bank: int, entry: int, written_off: Transfers = (), borne: Shares = ()) -> None:
        self.bank: Final = bank
        self.entry: Final = entry
        self.written_off: Final = written_off
        self.borne: Final = borne


class PayDay(Asks[Acknowledged]):
    """Tell a bank that each of its users has an income of `amount`, under entries from `first` on."""

    __match_args__ = ("first", "amount")
    __slots__ = __match_args__

    def __init__(self, first: int, amount: int) -> None:
        self.first: Final = first
        self.amount: Final = amount
