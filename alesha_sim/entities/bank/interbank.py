"""A bank among several: requests of its customers and of other banks that concern two banks.

The bank that money leaves answers the payer only when the payee's bank has written: of a cycle soon, gross once
the payment is settled (`settling.py`). Who may pay whom is decided in `bank.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook
from alesha_sim.books.interbank import InterbankBook
from alesha_sim.entities.accounts import Directory
from alesha_sim.entities.bank.settling import InterbankTerms, Outgoing, SettlingBank
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.entities.entity import Process
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import (
    Acknowledged,
    Authorise,
    ConfirmDelivery,
    Decline,
    EnquireTransaction,
    FundsLocation,
    Reason,
    Receipt,
    Refund,
    Refunded,
    Transfer,
    Verification,
    VerifyTransaction,
)
from alesha_sim.messages.clearing import CreditTransfer
from alesha_sim.network import Answer, Delivery, NoReply
from alesha_sim.vocabulary import NO_ID


@dataclass(slots=True)
class PassedOn:
    """A payment to a customer here that the payer's bank has been asked for."""

    payment: Authorise
    order: int
    shop: int
    issuer: int
    step: str
    answers: list[Answer] = field(default_factory=list)


class ClearingBank(SettlingBank):
    """A bank among several; a request that concerns none of the others is served as by `Bank`."""

    def __init__(
        self,
        clock: Clock,
        book: BankBook,
        secrets: npt.NDArray[np.uint64],
        organisation_secrets: Mapping[int, int],
        terms: BankTerms,
        directory: Directory,
        interbank: InterbankBook,
        clearing: InterbankTerms,
    ) -> None:
        super().__init__(clock, book, secrets, organisation_secrets, terms, directory, interbank, clearing)
        self._passed_on: dict[int, PassedOn] = {}
        self._payer_fees: dict[int, int] = {}
        self._settlements.give_back_elsewhere = self._give_back_elsewhere
        self._own = dict(self._acts)
        self._acts |= {
            Authorise: self._authorise,
            Transfer: self._transfer,
            Refund: self._refund_anywhere,
            ConfirmDelivery: self._confirm,
            EnquireTransaction: self._enquire,
        }

    def recover(self) -> None:
        """Go on with what was under way when the bank crashed."""
        super().recover()
        for passed in self._passed_on.values():
            for answer in passed.answers:
                answer.resume(self.inbox)
            self.run(self._ask_issuer(passed))

    # A payment to a shop: this bank is the shop's (the acquirer), the payer's (the issuer), or both

    def _authorise(self, payment: Authorise, delivery: Delivery) -> None:
        owner = self._directory.owner
        payer, payee = owner(payment.account), owner(payment.payee)
        if self._is_closed(payer, payee):
            delivery.answer(Decline(Reason.BANK_CLOSED))
        elif self._is_here(payer) and self._is_here(payee):
            self._own[Authorise](payment, delivery)
        elif self._is_here(payer):
            self._issue(payment, delivery)
        else:
            self._pass_on(payment, delivery, payee)

    def _issue(self, payment: Authorise, delivery: Delivery) -> None:
        """Take a payment from a user here for a shop at the bank that asks."""
        payer, fee = self._paying_user(payment), self._fees.of_payer(payment.amount)
        reason = payer if isinstance(payer, Reason) else self._refusal_reason(payer, payment.amount + fee)
        if isinstance(payer, Reason) or reason is not None:
            delivery.answer(Decline(reason or Reason.UNKNOWN_ACCOUNT))
            return
        source = self.book.deposit(payer)
        transfer = self._send(payment.amount, payer, payment.payee, "payment", delivery.order, source, fee)
        self._paid_to[delivery.order] = delivery.sender
        receipt = Receipt(transfer.transaction, payment.amount, payer_fee=fee)
        self._dispatch(Outgoing(transfer, source, delivery.sender, Answer(delivery), receipt, is_asked_for=True))

    def _pass_on(self, payment: Authorise, delivery: Delivery, shop: int | None) -> None:
        """Ask the payer's bank for a payment to a shop here."""
        issuer = self.bank_of(self._payer_of(payment))
        if shop is None or issuer is None or self._directory.role(shop) != "shop" or not self._is_here(shop):
            delivery.answer(self._declined(Reason.UNKNOWN_PAYEE, payment, delivery.order))
            return
        key = delivery.key
        step = f"{delivery.sender}:{'authorise' if key is None else key[3]}"
        passed = PassedOn(payment, delivery.order, shop, issuer, step, [Answer(delivery)])
        self._passed_on[delivery.order] = passed
        self.start(self._ask_issuer(passed), delivery)

    def _ask_issuer(self, passed: PassedOn) -> Process:
        payment, order = passed.payment, passed.order
        reply = yield from self.ask_until_answered(
            self.channel_to(passed.issuer), payment, step=passed.step, order=order
        )
        if isinstance(reply, NoReply):
            return
        del self._passed_on[order]
        if isinstance(reply, Receipt):
            outcome: Receipt | Decline = self._take(passed, reply)
        elif isinstance(reply, Decline):
            outcome = self._declined(reply.reason, payment, order)
        else:
            raise TypeError(f"not understood: {type(reply).__name__}")
        for answer in passed.answers:
            answer.give(outcome)

    def _take(self, passed: PassedOn, receipt: Receipt) -> Receipt:
        """Credit a shop with what the payer's bank has taken."""
        payment = passed.payment
        payer = self._payer_of(payment)
        transfer = CreditTransfer(
            receipt.transaction,
            passed.order,
            "payment",
            payment.amount,
            payment.account,
            payment.payee,
            self._clearing.interchange.of(payment.amount),
        )
        self.interbank.note(receipt.transaction, payer, passed.shop, payment.amount, passed.order)
        self._payer_fees[receipt.transaction] = receipt.payer_fee
        credit = partial(self.interbank.received, self.clock.now, transfer, passed.issuer)
        return self._settlements.receive(passed.order, payer, passed.shop, payment.promised_at, receipt, credit)

    # Payments of customers here to accounts at other banks

    def _transfer(self, request: Transfer, delivery: Delivery) -> None:
        named, payee = (self._directory.owner(account) for account in (request.account, request.payee))
        if self._is_closed(named, payee):
            delivery.answer(Decline(Reason.BANK_CLOSED))
            return
        if self._is_here(payee) or not self._is_here(named):
            self._own[Transfer](request, delivery)
            return
        payer = self._authenticated_owner(request.account, request.secret)
        code = "" if isinstance(payer, Reason) or payee is None else self._directory.purpose(payer, payee)
        if isinstance(payer, Reason) or payee is None or not code:
            delivery.answer(Decline(payer if isinstance(payer, Reason) else Reason.UNKNOWN_PAYEE))
            return
        reason = self._refusal_reason(payer, request.amount)
        if reason is not None:
            delivery.answer(Decline(reason))
            return
        source = self.book.deposit(payer)
        transfer = self._send(request.amount, payer, request.payee, code, delivery.order, source)
        self._pay(transfer, source, delivery, Receipt(transfer.transaction, request.amount))

    def _refund_anywhere(self, request: Refund, delivery: Delivery) -> None:
        if self._transaction(request.transaction) is None:
            self.start(self._look_up(request, delivery), delivery)
        else:
            self._give_back(request, delivery)

    def _look_up(self, request: Refund, delivery: Delivery) -> Process:
        """Ask the other banks for a payment between customers of theirs, such as one at a door, and refund it."""
        number, owner = request.transaction, self._directory.owner
        for bank in self.interbank.banks:
            reply = yield from self.ask_until_answered(
                self.channel_to(bank), VerifyTransaction(number), step=f"verify:{number}", order=delivery.order
            )
            if isinstance(reply, Verification):
                payer, payee = owner(reply.payer), owner(reply.payee)
                if payer is not None and payee is not None:
                    self.interbank.note(number, payer, payee, reply.amount, reply.order)
                break
        self._give_back(request, delivery)

    def _give_back(self, request: Refund, delivery: Delivery) -> None:
        payment = self.interbank.transaction(request.transaction)
        if self._is_closed(None if payment is None else payment.payer):
            delivery.answer(Decline(Reason.BANK_CLOSED))
            return
        found = self._refundable(request, delivery.order)
        if isinstance(found, Decline):
            delivery.answer(found)
            return
        shop, payment, held_in, order = found
        if self._is_here(payment.payer):
            self._own[Refund](request, delivery)
            return
        fee = self._payer_fees.get(request.transaction, 0) if payment.payee == shop else 0
        back = Refunded(request.transaction, payment.amount, NO_ID, request.amount, fee)
        transfer, source = self._send_back(order, payment.payer, shop, held_in, back)
        self._settlements.note_refund(request.transaction, request.amount)
        receipt = Receipt(transfer.transaction, request.amount, held_in)
        self._pay(transfer, source, delivery, receipt)

    def _give_back_elsewhere(
        self, order: int, user: int, shop: int, held_in: FundsLocation, back: Refunded
    ) -> int | None:
        """Give money back to a user elsewhere, unasked; return the transaction. None for a user here."""
        if self._is_here(user):
            return None
        back = back.replaced(fee=self._payer_fees.get(back.payment, 0))
        transfer, source = self._send_back(order, user, shop, held_in, back)
        self._pay(transfer, source, None, Receipt(transfer.transaction, back.amount, held_in))
        return transfer.transaction

    def _send_back(
        self, order: int, user: int, shop: int, held_in: FundsLocation, back: Refunded
    ) -> tuple[CreditTransfer, int]:
        source = self.book.take_refund(order, shop, back.amount, held_in)
        payee = self._directory.number(user)
        return self._send(back.amount, shop, payee, "refund", order, source, 0, back), source

    # Enquiries and confirmations that concern another bank

    def _enquire(self, enquiry: EnquireTransaction, delivery: Delivery) -> None:
        """Let an enquiry about a payment that the payer's bank was asked for wait for its outcome."""
        passed = self._passed_on.get(delivery.order)
        if passed is not None and passed.step == f"{delivery.sender}:{enquiry.step}":
            passed.answers.append(Answer(delivery))
        else:
            self._own[EnquireTransaction](enquiry, delivery)

    def _confirm(self, confirmation: ConfirmDelivery, delivery: Delivery) -> None:
        """Pass a user's confirmation on to the bank that has the money in escrow."""
        shops_bank = self._paid_to.get(delivery.order) if delivery.sender >= 0 else None
        if delivery.sender < 0:
            user = self._settlements.payer_of(delivery.order)
            is_theirs = user is not None and self.bank_of(user) == delivery.sender
            delivery.answer(
                self._settlements.confirm(delivery.order, user)
                if is_theirs and user is not None
                else Decline(Reason.UNKNOWN_TRANSACTION)
            )
        elif shops_bank is None:
            self._own[ConfirmDelivery](confirmation, delivery)
        else:
            self.start(self._forward(confirmation, delivery, shops_bank), delivery)

    def _forward(self, confirmation: ConfirmDelivery, delivery: Delivery, to_bank: int) -> Process:
        reply = yield from self.ask_until_answered(
            self.channel_to(to_bank), confirmation, step=f"confirm:{delivery.sender}", order=delivery.order
        )
        if isinstance(reply, Acknowledged | Decline):
            delivery.answer(reply)

    def _payer_of(self, payment: Authorise) -> int:
        """Return whose account is to pay."""
        owner = self._directory.owner(payment.account)
        assert owner is not None
        return owner
