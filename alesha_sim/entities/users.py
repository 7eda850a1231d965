"""All users together: what they keep between visits, and the door at which parcels arrive.

A visit is in `entities/user.py`, an attack in `entities/attacker.py`; what users write is in `books/users.py`.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from alesha_sim.books.users import UsersBook
from alesha_sim.entities.attacker import Attacker
from alesha_sim.entities.bank import account_number, secret_text
from alesha_sim.entities.entity import Asking, Entity, EntityError, Party, Process, Wallet
from alesha_sim.entities.user import User, Visit
from alesha_sim.messages import Deliver, Invoice, Noted, Pay, Refunded, Secret
from alesha_sim.network import Channel, Clock, Delivery
from alesha_sim.records import NO_ID, VisitLog


class Users(Entity):
    """All customers: what they keep between visits, in arrays, and the door at which parcels arrive."""

    def __init__(
        self, clock: Clock, book: UsersBook, log: VisitLog, *, products: Mapping[str, int],
        secrets: npt.NDArray[np.uint64], passwords: npt.NDArray[np.uint64],
        patience: Callable[[], float] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(clock, "users", NO_ID, None)
        self.book = book
        self.log = log
        self.shop: Channel
        self.bank: Channel
        self.supplier: Channel
        self.invoices: dict[int, Invoice] = {}
        self._products = products
        self._secrets = secrets
        self._passwords = passwords
        self.patience = patience
        self.overheard: Pay | None = None
        self.heard_transaction = NO_ID

    def arrive(self, intent: Visit) -> None:
        """Let a visit begin now."""
        visitor = User(self, intent) if intent.purpose == "honest" else Attacker(self, intent)
        self.clock.process(self._guarded_visit(visitor))

    def _guarded_visit(self, user: User) -> Process:
        try:
            yield from user.visit()
        except Exception as error:
            raise EntityError(
                f"{user.name} failed on visit {user.number} at {self.clock.now} s: {type(error).__name__}: {error}"
            ) from error

    def work(self) -> Process:
        """Take in what comes without having been asked for."""
        worker = self.inbox.employ()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                match delivery.message:
                    case Deliver():
                        self.receive_goods(delivery)
                        delivery.answer(Noted())
                    case Refunded() as refund:
                        self.receive_refund(refund, delivery)
                        delivery.acknowledge()
                    case other:
                        raise TypeError(f"users do not understand {type(other).__name__}")
            except Exception as error:
                raise self.failure(delivery, error) from error

    def receive_goods(self, delivery: Delivery) -> None:
        """Write the goods and what they cost into the book."""
        parcel, order = delivery.message, delivery.order
        invoice = self.invoices.pop(order)
        lines = [(self._products[sku], units) for sku, units in parcel.lines]
        self.book.delivered(self.clock.now, parcel.link, order, lines, invoice.total)

    def receive_refund(self, refund: Refunded, delivery: Delivery) -> None:
        """Write the money that came back, and the payment too if it was not known yet."""
        self.invoices.pop(delivery.order, None)
        self.book.refunded(
            self.clock.now, refund.transaction, refund.payment, delivery.recipient, delivery.order,
            refund.total, refund.amount,
        )  # fmt: skip

    def note_payment(self, user: int, invoice: Invoice, transaction: int) -> None:
        """Write a payment that the shop told of."""
        self.heard_transaction = transaction
        self.book.payment(self.clock.now, transaction, user, invoice.order, invoice.total)

    def someone_else(self, user: int) -> int:
        """Return another user's number, the user's own if there is no other."""
        return (user + 1) % len(self._secrets)

    def wallet(self, user: int) -> Wallet:
        """Return a user's account number and secret key."""
        return Wallet(account_number(user), secret_text(self._secrets[user]))

    def password(self, user: int) -> Secret:
        """Return a user's password for the shop."""
        return secret_text(self._passwords[user])

    def show_balance(self, user: int) -> Asking:
        """Ask the bank what a user can spend: minor units, or the bank's `Decline`."""
        return (yield from Party(self.clock, f"user:{user}", user).enquire(self.bank, self.wallet(user)))
