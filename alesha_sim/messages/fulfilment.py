"""What shop, supplier and users say to each other about goods."""

from typing import NamedTuple

from alesha_sim.messages.asking import Noted
from alesha_sim.messages.fields import Lines, Reason

# shop -> supplier: buy


class PlaceOrder(NamedTuple):
    """Order goods for a user, naming the user's payment and the transfer of the supplier's charges.

    `collect` is to be paid at the door, where the goods are given against it. The shop's own code as `user` means
    that the goods are for the shop's stock. `fee` is what the bank took from the user besides the payment, for
    the delivery note.
    """

    lines: Lines
    user: int
    payment: int
    charges: int
    collect: int = 0
    fee: int = 0

    def _replies(self) -> "OrderAccepted | OrderRejected":
        raise NotImplementedError


class Replace(NamedTuple):
    """Send a user new goods for broken ones, under warranty."""

    lines: Lines
    user: int

    def _replies(self) -> "OrderAccepted | OrderRejected":
        raise NotImplementedError


class OrderAccepted(NamedTuple):
    """The supplier will supply."""


class OrderRejected(NamedTuple):
    """The supplier will not supply; `returned` of the charges came back under `transaction`."""

    reason: Reason
    transaction: int = -1
    returned: int = 0


# supplier -> user, shop -> user, supplier -> shop: deliver


class Deliver(NamedTuple):
    """Hand the goods over; `link` is the delivery's.

    `collect` is to be paid to the account `payee` before. With `replaces` the user gives broken goods for them.
    The delivery note names the `payment` that was made in advance (-1: nothing), and the `fee` that the bank took
    from the user besides.
    """

    link: int
    lines: Lines
    collect: int = 0
    payee: int = -1
    replaces: bool = False
    payment: int = -1
    fee: int = 0

    def _replies(self) -> "Noted | Collected | Refused":
        raise NotImplementedError


class Collected(NamedTuple):
    """The goods were taken and paid for at the door, under `transaction`."""

    transaction: int


class Refused(NamedTuple):
    """The goods were not taken at the door."""

    reason: Reason


class Delivered(NamedTuple):
    """Tell the shop that the user has the goods; `collected` was paid at the door under `transaction`."""

    link: int
    lines: Lines
    transaction: int = -1
    collected: int = 0

    def _replies(self) -> "Noted":
        raise NotImplementedError


class CameBack(NamedTuple):
    """Tell the shop that the user refused the goods; of the charges all but `transport` is returned."""

    reason: Reason
    transaction: int
    returned: int
    transport: int

    def _replies(self) -> "Noted":
        raise NotImplementedError


class Remitted(NamedTuple):
    """Tell the shop that `amount`, collected at the door, was passed on to it under `transaction`."""

    transaction: int
    amount: int

    def _replies(self) -> "Noted":
        raise NotImplementedError
