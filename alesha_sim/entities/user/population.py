"""All users together: what they keep between visits, and the door at which parcels and news arrive.

A visit is in `entities/user/visit.py`, an order after it in `entities/user/order_follow_up.py`, an attack in
`entities/user/fraud.py`; what users write is in `books/users.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from alesha_sim.books.users import UsersBook
from alesha_sim.entities.bank.bank import account_number, secret_text
from alesha_sim.entities.entity import Asking, Entity, EntityError, Party, Process, Wallet
from alesha_sim.entities.user.budget import Budgets
from alesha_sim.entities.user.fraud import Attacker
from alesha_sim.entities.user.intent import Visit
from alesha_sim.entities.user.order_follow_up import DAY, Buyer, Habits
from alesha_sim.entities.user.visit import User
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.task import Task
from alesha_sim.kernel.timers import Bell
from alesha_sim.messages import (
    NOTED,
    Confirmation,
    Credited,
    Decline,
    Deliver,
    Invoice,
    Lines,
    Offer,
    Pay,
    Reason,
    Receipt,
    Refunded,
    Refusal,
    Refused,
    Secret,
)
from alesha_sim.network import Delivery, NoReply
from alesha_sim.policies.users import REFUSED, ChoicePolicy, Priced, TrustPolicy
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.vocabulary import NO_ID


class Users(Entity):
    """All customers: what they keep between visits, in arrays, and the door at which parcels and news arrive.

    `products` maps each SKU to (product index, price in minor units), of which one major unit has `scale`.
    `habits`, `choice`, `trust` and `budget` (minor units in each period of `budget_seconds`) say how users react.
    """

    def __init__(
        self, clock: Clock, book: UsersBook, log: VisitLog, *, products: Mapping[str, tuple[int, int]], scale: int,
        secrets: npt.NDArray[np.uint64], passwords: npt.NDArray[np.uint64],
        patience: Callable[[], float] | None = None, habits: Habits | None = None,
        choice: ChoicePolicy | None = None, trust: TrustPolicy | None = None, budget: int | None = None,
        budget_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(clock, "users", NO_ID, None)
        self.book = book
        self.log = log
        self.products = products
        self.habits = Habits() if habits is None else habits
        self.choice: Any = choice  # one of somebody's own may answer with anything
        self.budgets = None if budget is None else Budgets(clock, len(secrets), budget, budget_seconds)
        self.patience = patience
        self.overheard: Pay | None = None
        self.heard_transaction = NO_ID
        self._scale = scale
        self._secrets, self._passwords = secrets.data, passwords.data  # as in the bank
        self._policy: Any = trust  # so may this one
        self._trust = np.ones(0 if trust is None else len(secrets))
        self._remembers = trust is not None or self.habits.act_later
        self._buyers: dict[int, Buyer] = {}
        self._refunded_late: set[int] = set()
        self._unheard: dict[int, tuple[User, int]] = {}
        self._enquiries = Bell(clock, DAY, self.wonders, self._enquire)
        self._waiting: dict[int, list[Buyer]] = {}
        self._seen: tuple[Sequence[Offer], list[Priced]] = (), []

    def arrive(self, intent: Visit) -> None:
        """Let a visit begin now; who trusts the shop too little stays away, and leaves no trace."""
        is_honest = intent.purpose == "honest"
        if self._policy is not None and is_honest and not self._trusts(intent.user, intent.whims.mood):
            return
        visitor = User(self, intent) if is_honest else Attacker(self, intent)
        self.watch(visitor, visitor.visit())

    def watch(self, party: User | Buyer, process: Process) -> None:
        """Let a process of a user run; an error in it names the user and what it was about."""
        Task(self.clock, process, partial(self._misfortune, party))

    def _misfortune(self, party: User | Buyer, error: Exception) -> EntityError:
        where = f"{party.name} failed on {party.matter} at {self.clock.now} s"
        return EntityError(f"{where}: {type(error).__name__}: {error}")

    def work(self) -> Process:
        """Take in what comes without having been asked for; to pay at the door goes on in a process of its own."""
        worker = self.inbox.employ()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                match delivery.message:
                    case Deliver() as parcel:
                        self._learn_of_payment(parcel, delivery)
                        if parcel.collect:
                            self.open_the_door(delivery)
                        else:
                            self.receive_goods(delivery)
                            delivery.answer(NOTED)
                    case Refunded() as refund:
                        self.receive_refund(refund, delivery)
                        delivery.acknowledge()
                    case Credited() as credit:
                        self.book.income(self.clock.now, credit.transaction, delivery.recipient, credit.amount)
                        delivery.acknowledge()
                    case other:
                        raise TypeError(f"users do not understand {type(other).__name__}")
            except Exception as error:
                raise self.failure(delivery, error) from error

    # Goods and money that come

    def open_the_door(self, delivery: Delivery) -> None:
        """Let the one pay who ordered; nobody else pays at a door."""
        buyer = self._buyers.get(delivery.order)
        if buyer is None:
            delivery.answer(Refused(Reason.UNKNOWN_ORDER))
        else:
            delivery.begin()
            self.start(buyer.answer_the_door(delivery), delivery)

    def receive_goods(self, delivery: Delivery) -> None:
        """Write the goods and what they cost into the book."""
        parcel, order = delivery.message, delivery.order
        lines = self.goods(parcel.lines)
        if parcel.replaces:
            self.book.replaced(self.clock.now, parcel.link, order, lines)
            return
        price = self.price(parcel.lines)
        allowance = price if order in self._refunded_late else 0
        is_new = self.book.delivered(self.clock.now, parcel.link, order, lines, price, allowance)
        buyer = self._buyers.get(order)
        if is_new and buyer is not None:
            buyer.note_parcel(parcel.lines, price)

    def receive_refund(self, refund: Refunded, delivery: Delivery) -> None:
        """Write the money that came back, and the payment too if it was not known yet.

        Goods may come after a late refund all the same, or never: of such an order only the number is kept.
        """
        buyer = self._buyers.get(delivery.order)
        allowance = buyer.received if buyer is not None and refund.late else 0
        self.book.refunded(
            self.clock.now, refund.transaction, refund.payment, delivery.recipient, delivery.order,
            refund.total, refund.amount, refund.fee, allowance,
        )  # fmt: skip
        self.stop_wondering(delivery.order)
        if refund.late and (buyer is None or buyer.missing > 0):
            self._refunded_late.add(delivery.order)
        if buyer is not None:
            buyer.note_refund(late=refund.late)

    def goods(self, lines: Lines) -> list[tuple[int, int]]:
        """Return lines as the book has them: product's index and units."""
        return [(self.products[sku][0], units) for sku, units in lines]

    def price(self, lines: Lines) -> int:
        """Return what lines cost, minor units."""
        return sum(self.products[sku][1] * units for sku, units in lines)

    def priced(self, offers: Sequence[Offer]) -> list[Priced]:
        """Return the products on the home page as a choice looks at them."""
        if offers is not self._seen[0]:  # nearly every visitor sees the same page
            scale = self._scale
            products = [Priced(offer.sku, offer.marked_price / scale, offer.price / scale) for offer in offers]
            self._seen = offers, products
        return self._seen[1]

    # What became of an order at the shop

    def remember(self, visitor: User, invoice: Invoice) -> None:
        """Keep an order in mind if anything may be done about it later."""
        if self._remembers or invoice.advance < invoice.total:
            buyer = self._buyers[invoice.order] = Buyer(self, visitor, invoice)
            if self._policy is not None:
                self._waiting.setdefault(buyer.code, []).append(buyer)

    def forget(self, order: int) -> None:
        """Keep an order in mind no longer, if that was done."""
        buyer = self._buyers.pop(order, None)
        if buyer is not None and self._policy is not None:
            waiting = self._waiting[buyer.code]
            waiting.remove(buyer)
            if not waiting:
                del self._waiting[buyer.code]

    def wonder(self, visitor: User, invoice: Invoice) -> None:
        """Keep in mind that a visitor pays and has heard nothing: goods or money may tell before the shop."""
        visitor.doubt = self.doubt
        self._unheard[invoice.order] = visitor, invoice.advance

    def enquire_later(self, order: int) -> None:
        """Ask the shop a day later what became of a payment, unless that is known before."""
        if self.wonders(order):
            self._enquiries.watch(order)

    def wonders(self, order: int) -> bool:
        """Tell whether an order's user still does not know whether it was paid."""
        return order in self._unheard

    def stop_wondering(self, order: int) -> bool:
        """Note that an order's user knows whether it was paid; tell whether that is news."""
        return self._unheard.pop(order, None) is not None

    def _enquire(self, order: int) -> None:
        visitor, _ = self._unheard[order]
        self.watch(visitor, visitor.enquire_payment(order))

    def _learn_of_payment(self, parcel: Deliver, delivery: Delivery) -> None:
        """Write a payment of which only the delivery note tells."""
        if parcel.payment != NO_ID and delivery.order in self._unheard:
            _, advance = self._unheard.pop(delivery.order)
            self.book.payment(
                self.clock.now, parcel.payment, delivery.recipient, delivery.order, advance, parcel.fee
            )  # fmt: skip

    def note_payment(self, user: int, order: int, reply: Confirmation | Refusal) -> None:
        """Write a payment that the shop told of."""
        self.heard_transaction = reply.transaction
        self.book.payment(self.clock.now, reply.transaction, user, order, reply.total, reply.fee)

    def note_collection(self, user: int, order: int, receipt: Receipt) -> None:
        """Write a payment at the door."""
        self.book.collection(self.clock.now, receipt.transaction, user, order, receipt.amount)

    def note_bought(self, order: int) -> None:
        """Learn that an order will be supplied."""
        buyer = self._buyers.get(order)
        if buyer is not None:
            buyer.note_bought()

    def note_refused(self, order: int, reason: Reason) -> None:
        """Learn that an order will not be supplied."""
        buyer = self._buyers.get(order)
        if buyer is not None:
            buyer.note_refused(reason)

    def note_refused_cart(self, user: int, cart: Lines) -> None:
        """Learn that the shop does not take a cart: the budget is free again, the trust suffers."""
        if self.budgets is not None:
            self.budgets.give_back(user, self.price(cart))
        self.judge(user, REFUSED)

    # Trust

    def judge(self, user: int, event: str) -> None:
        """Let a user trust the shop more or less after an event."""
        if self._policy is not None:
            self._trust[user] = self._policy.after(float(self._trust[user]), event)

    def _trusts(self, user: int, mood: float) -> bool:
        """Tell whether a user trusts the shop enough for a visit, looking first at what is overdue."""
        for buyer in self._waiting.get(user, ()):
            buyer.judge_waiting()
        return bool(mood < self._trust[user])

    # What a user has and knows

    def someone_else(self, user: int) -> int:
        """Return another user's number, the user's own if there is no other."""
        return (user + 1) % len(self._secrets)

    def wallet(self, user: int) -> Wallet:
        """Return a user's account number and secret key."""
        return Wallet(account_number(user), secret_text(self._secrets[user]))

    def password(self, user: int) -> Secret:
        """Return a user's password for the shop."""
        return secret_text(self._passwords[user])

    def show_balance(self, user: int) -> Asking[int | Decline | NoReply]:
        """Ask the bank what a user can spend: minor units, its `Decline`, or `NoReply` if it never answers."""
        return (yield from Party(self.clock, f"user:{user}", user).enquire(self.bank, self.wallet(user)))
