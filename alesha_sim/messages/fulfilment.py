"""What shop, supplier and users say to each other about goods."""

from typing import Final

from alesha_sim.messages.fields import Lines, Reason
from alesha_sim.messages.message import Acknowledged, Asks, Message

# shop -> supplier: buy


class PlaceOrder(Asks["OrderAccepted | OrderRejected"]):
    """Order goods for a user, naming the user's payment and the transfer of the supplier's charges.

    `collect` is to be paid at the door, where the goods are given against it. The shop's own code as `user` means
    that the goods are for the shop's stock. `fee` is what the bank took from the user on top of the payment, for
    the delivery note.
    """

    __match_args__ = ("lines", "user", "payment", "charges", "collect", "fee")
    __slots__ = __match_args__

    def __init__(
        self, lines: Lines, user: int, payment: int, charges: int, collect: int = 0, fee: int = 0
    ) -> None:
        self.lines: Final = lines
        self.user: Final = user
        self.payment: Final = payment
        self.charges: Final = charges
        self.collect: Final = collect
        self.fee: Final = fee


class Replace(Asks["OrderAccepted | OrderRejected"]):
    """Send a user new goods for broken ones, under warranty."""

    __match_args__ = ("lines", "user")
    __slots__ = __match_args__

    def __init__(self, lines: Lines, user: int) -> None:
        self.lines: Final = lines
        self.user: Final = user


class OrderAccepted(Message):
    """The supplier will supply."""

    __slots__ = ()


class OrderRejected(Message):
    """The supplier will not supply; `returned` of the charges came back under `transaction`."""

    __match_args__ = ("reason", "transaction", "returned")
    __slots__ = __match_args__

    def __init__(self, reason: Reason, transaction: int = -1, returned: int = 0) -> None:
        self.reason: Final = reason
        self.transaction: Final = transaction
        self.returned: Final = returned


# supplier -> user, shop -> user, supplier -> shop: deliver


class Deliver(Asks["Acknowledged | CashCollected | DeliveryRefused"]):
    """Hand the goods over; `entry` is the delivery's.

    `collect` is to be paid to the account `payee` before. With `replaces` the user gives broken goods for them.
    The delivery note names the `payment` that was made in advance (-1: nothing), and the `fee` that the bank took
    from the user in addition.
    """

    __match_args__ = ("entry", "lines", "collect", "payee", "replaces", "payment", "fee")
    __slots__ = __match_args__

    def __init__(
        self,
        entry: int,
        lines: Lines,
        collect: int = 0,
        payee: int = -1,
        replaces: bool = False,
        payment: int = -1,
        fee: int = 0,
    ) -> None:
        self.entry: Final = entry
        self.lines: Final = lines
        self.collect: Final = collect
        self.payee: Final = payee
        self.replaces: Final = replaces
        self.payment: Final = payment
        self.fee: Final = fee


class CashCollected(Message):
    """The goods were taken and paid for at the door, under `transaction`."""

    __match_args__ = ("transaction",)
    __slots__ = __match_args__

    def __init__(self, transaction: int) -> None:
        self.transaction: Final = transaction


class DeliveryRefused(Message):
    """The goods were not taken at the door."""

    __match_args__ = ("reason",)
    __slots__ = __match_args__

    def __init__(self, reason: Reason) -> None:
        self.reason: Final = reason


class Delivered(Asks[Acknowledged]):
    """Tell the shop that the user has the goods; `collected` was paid at the door under `transaction`."""

    __match_args__ = ("entry", "lines", "transaction", "collected")
    __slots__ = __match_args__

    def __init__(self, entry: int, lines: Lines, transaction: int = -1, collected: int = 0) -> None:
        self.entry: Final = entry
        self.lines: Final = lines
        self.transaction: Final = transaction
        self.collected: Final = collected


class ReturnedToSender(Asks[Acknowledged]):
    """Tell the shop that the user refused the goods; of the charges all but `transport` is returned."""

    __match_args__ = ("reason", "transaction", "returned", "transport")
    __slots__ = __match_args__

    def __init__(self, reason: Reason, transaction: int, returned: int, transport: int) -> None:
        self.reason: Final = reason
        self.transaction: Final = transaction
        self.returned: Final = returned
        self.transport: Final = transport


class Remitted(Asks[Acknowledged]):
    """Tell the shop that `amount`, collected at the door, was passed on to it under `transaction`."""

    __match_args__ = ("transaction", "amount")
    __slots__ = __match_args__

    def __init__(self, transaction: int, amount: int) -> None:
        self.transaction: Final = transaction
        self.amount: Final = amount
