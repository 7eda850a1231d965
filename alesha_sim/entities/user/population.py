"""All users together: what they keep between visits, and the door at which parcels and news arrive.

A visit is in `visit.py`, an attack in `fraud.py`, an order after the visit in `order_follow_up.py`, all orders in
`open_orders.py`. What these act with is in `context.py`; what users write is in `books/users.py`.
"""

from alesha_sim.books.users import UsersBook
from alesha_sim.entities.entity import Asking, Entity, Party, Process
from alesha_sim.entities.user.comparison import ComparingVisit
from alesha_sim.entities.user.context import UserContext
from alesha_sim.entities.user.credentials import Credentials
from alesha_sim.entities.user.fraud import Attacker
from alesha_sim.entities.user.intent import VisitIntent
from alesha_sim.entities.user.open_orders import OpenOrders
from alesha_sim.entities.user.order_follow_up import OrderFollowUp
from alesha_sim.entities.user.terms import UserTerms
from alesha_sim.entities.user.visit import UserVisit
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import (
    ACKNOWLEDGED,
    CashCollected,
    Credited,
    Decline,
    Deliver,
    DeliveryRefused,
    Reason,
    Receipt,
    Refunded,
)
from alesha_sim.network import Delivery, NoReply
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.vocabulary import NO_ID


class UserPopulation(Entity):
    """All customers, who react as their `terms` say: visits begin here, parcels and news arrive here."""

    def __init__(
        self, clock: Clock, book: UsersBook, log: VisitLog, credentials: Credentials, terms: UserTerms
    ) -> None:
        super().__init__(clock, "users", NO_ID, None)
        self.book = book
        self.credentials = credentials
        self.context = UserContext(self, book, log, credentials, terms)
        self.orders = OpenOrders(self.context)

    def arrive(self, intent: VisitIntent) -> None:
        """Let a visit begin now; who trusts the only shop too little stays away, and leaves no trace."""
        context, orders, is_honest = self.context, self.orders, intent.purpose == "honest"
        if context.trust is not None and is_honest:
            orders.judge_waiting(intent.user)
            if context.known_shops is None and not context.trust.suffices(intent.user, intent.draws.trust):
                return
        visitor = self._visitor(intent) if is_honest else Attacker(context, orders, intent)
        visitor.start(visitor.visit())

    def _visitor(self, intent: VisitIntent) -> UserVisit:
        """Return a customer, who compares the shops where there are several."""
        shops = self.context.known_shops
        if shops is None:
            return UserVisit(self.context, self.orders, intent)
        return ComparingVisit(self.context, self.orders, intent, shops)

    def work(self) -> Process:
        """Take in what comes without having been asked for; to pay at the door goes on in a process of its own."""
        worker = self.inbox.new_worker()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                match delivery.message:
                    case Deliver() as parcel:
                        self.orders.learn_of_payment(parcel, delivery)
                        if parcel.collect:
                            self.open_the_door(parcel, delivery)
                        else:
                            self.orders.receive_goods(parcel, delivery.order)
                            delivery.answer(ACKNOWLEDGED)
                    case Refunded() as refund:
                        self.orders.receive_refund(refund, delivery)
                        delivery.acknowledge()
                    case Credited() as credit:
                        self.book.income(self.clock.now, credit.transaction, delivery.recipient, credit.amount)
                        delivery.acknowledge()
                    case other:
                        raise TypeError(f"users do not understand {type(other).__name__}")
            except Exception as error:
                raise self.failure(delivery, error) from error

    def open_the_door(self, parcel: Deliver, delivery: Delivery) -> None:
        """Let the one pay who ordered; nobody else pays at a door."""
        follow_up = self.orders.find(delivery.order)
        if follow_up is None:
            delivery.answer(DeliveryRefused(Reason.UNKNOWN_ORDER))
        else:
            self.start(self._hand_over(parcel, follow_up, delivery), delivery)

    def _hand_over(self, parcel: Deliver, follow_up: OrderFollowUp, delivery: Delivery) -> Process:
        """Take a parcel that is paid for; there is no answer while nobody knows whether the money has moved."""
        paid = yield from follow_up.answer_the_door(parcel)
        if isinstance(paid, Receipt):
            self.orders.receive_goods(parcel, delivery.order)
            delivery.answer(CashCollected(paid.transaction))
        elif isinstance(paid, Reason):
            delivery.answer(DeliveryRefused(paid))

    def show_balance(self, user: int) -> Asking[int | Decline | NoReply]:
        """Ask the bank what a user can spend: minor units, its `Decline`, or `NoReply` if it never answers."""
        wallet = self.credentials.wallet(user)
        return (yield from Party(self.clock, f"user:{user}", user).query_balance(self.context.bank(user), wallet))
