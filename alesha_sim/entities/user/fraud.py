"""Attackers: visitors who want goods or money that are not theirs. Each attack is refused, and moves nothing."""

from alesha_sim.entities.entity import Asking, Process
from alesha_sim.entities.user.context import UserContext
from alesha_sim.entities.user.intent import NoAnswer, VisitIntent
from alesha_sim.entities.user.open_orders import OpenOrders
from alesha_sim.entities.user.visit import UserVisit
from alesha_sim.messages import Checkout, Invoice, Method, OrderRejected, Pay, PlaceOrder, Secret
from alesha_sim.network import NoReply
from alesha_sim.vocabulary import BOUGHT, LOOKED, NO_ID, REFUSED, UNANSWERED

GUESSES = 5
"""How many secrets one visit tries."""

NO_SUCH_TRANSACTION = 2_000_000_000
_GOLDEN = 0x9E3779B97F4A7C15  # spreads guesses over all secrets; chance is not needed to be wrong


class Attacker(UserVisit):
    """A visitor who registers like everybody and then does what `intent.purpose` says; it is after accounts."""

    def __init__(self, context: UserContext, orders: OpenOrders, intent: VisitIntent) -> None:
        super().__init__(context, orders, intent._replace(method=Method.ACCOUNT))
        name = context.shops[int(intent.draws.shop * len(context.shops))]
        self.shop = context.shop(name)
        context.log.chose(self.number, name)

    def visit(self) -> Process:
        """Come in like any user; then attack."""
        try:
            yield from self.view_homepage()
            if not (yield from self.log_in()):
                return self.leave(REFUSED)
            attack = getattr(self, self.intent.purpose)
            outcome = yield from attack()
            return self.leave(outcome)
        except NoAnswer as silence:
            return self.leave(silence.outcome)

    @property
    def _own_account(self) -> int:
        """The visitor's own account, which no attack is against: there may be no other."""
        return self.context.credentials.wallet(self.code).account

    @property
    def _victims_account(self) -> int:
        """The account of someone else; the visitor's own if there is nobody else."""
        credentials = self.context.credentials
        return credentials.wallet(credentials.someone_else(self.code)).account

    def guess_secret(self) -> Asking[int]:
        """Pay from someone else's account, trying one secret after the other."""
        victim = self._victims_account
        if victim == self._own_account:
            return LOOKED
        for guess in range(GUESSES):
            invoice = yield from self.check_out(guess)
            secret = Secret(f"{(self.number * GUESSES + guess + 1) * _GOLDEN % 2**64:016x}")
            if invoice is not None and (yield from self._pay(invoice, Pay(invoice.order, victim, secret))):
                return BOUGHT
        return REFUSED

    def borrow_account(self) -> Asking[int]:
        """Pay from someone else's account with the own secret."""
        victim = self._victims_account
        if victim == self._own_account:
            return LOOKED
        _, own_secret = self.context.credentials.wallet(self.code)
        invoice = yield from self.check_out()
        if invoice is None:
            return REFUSED
        paid = yield from self._pay(invoice, Pay(invoice.order, victim, own_secret))
        return BOUGHT if paid else REFUSED

    def replay_payment(self) -> Asking[int]:
        """Send the last intercepted payment once more, if it is someone else's."""
        pay = self.context.intercepted.payment
        if pay is None or pay.account == self._own_account:
            return LOOKED
        reply = yield from self.ask_shop(pay, step="pay", order=pay.order)
        return REFUSED if reply.transaction == NO_ID else BOUGHT

    def tamper_total(self) -> Asking[int]:
        """Check out with a total of nothing, which no cart costs."""
        reply = yield from self.ask_shop(Checkout(self.intent.cart, 0), step="checkout:0")
        return BOUGHT if isinstance(reply, Invoice) else REFUSED

    def claim_transaction(self) -> Asking[int]:
        """Order at the supplier without paying: name a transaction that is none, or a payment to the shop."""
        intercepted = self.context.intercepted.transaction
        claimed = intercepted if self.number % 2 and intercepted != NO_ID else NO_SUCH_TRANSACTION
        place = PlaceOrder(self.intent.cart, self.code, claimed, claimed)
        reply = yield from self.ask(self.context.supplier(), place, step="place", visit=self.number)
        if isinstance(reply, NoReply):
            raise NoAnswer(UNANSWERED)
        return REFUSED if isinstance(reply, OrderRejected) else BOUGHT

    def _pay(self, invoice: Invoice, pay: Pay) -> Asking[bool]:
        """Pay as a user does; tell whether it worked."""
        reply = yield from self.ask_shop(pay, step="pay", order=invoice.order)
        self.orders.close(invoice.order)
        return reply.transaction != NO_ID
