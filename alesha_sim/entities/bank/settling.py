"""A bank that settles with others: the payments it sends, and what the clearing house and other banks tell it.

It takes money from an account at once, instructs the house, and lets the payee's bank know: of a cycle at once,
gross when the payment is settled. What is written of both is in `books/interbank.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook, Transaction
from alesha_sim.books.interbank import InterbankBook
from alesha_sim.entities.accounts import Directory
from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.entities.outbox import Outbox
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import Credited, Decline, Reason, Receipt, Refunded
from alesha_sim.messages.clearing import Advise, Clear, Closed, CreditTransfer, PayDay, Settled, Unsettled
from alesha_sim.network import Answer, Delivery
from alesha_sim.units import Share
from alesha_sim.vocabulary import NO_ID

Act = Callable[[Any, Delivery], None]


class InterbankTerms(NamedTuple):
    """With whom a bank settles: the `house`'s code, whether in cycles, and what share of payments it keeps."""

    house: int
    is_gross: bool
    interchange: Share = Share(0)


@dataclass(slots=True)
class Outgoing:
    """A payment to another bank; its payer has not been answered yet."""

    transfer: CreditTransfer
    source: int
    to_bank: int
    answer: Answer | None
    receipt: Receipt
    is_asked_for: bool
    """Whether the payee's bank asked for it, so that the answer reports it."""
    may_be_advised: bool = False


class SettlingBank(Bank):
    """A bank that settles with others at a clearing house, on its `clearing` terms; else as `Bank`.

    `interbank` is the part of its book that other banks stand in.
    """

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
        super().__init__(clock, book, secrets, organisation_secrets, terms, directory)
        self.interbank = interbank
        self._clearing = clearing
        self._outbox = Outbox(self)
        self._outgoing: dict[int, Outgoing] = {}
        self._paid_to: dict[int, int] = {}
        """By order, of payments of users here to shops elsewhere: the shop's bank."""
        self._closed: set[int] = set()
        news: dict[type, Act] = {
            Advise: lambda news, _: self.credit(news.transfer),
            Settled: lambda news, delivery: self._note_settled(news, delivery.order),
            Unsettled: lambda news, _: self._note_unsettled(news.transfer),
            Closed: lambda news, _: self._note_closed(news),
            PayDay: lambda news, _: self._note_pay_day(news),
        }
        self._acts |= {kind: self._noting(act) for kind, act in news.items()}

    def _noting(self, act: Act) -> Act:
        def note(message: Any, delivery: Delivery) -> None:
            act(message, delivery)
            delivery.acknowledge()

        return note

    def recover(self) -> None:
        """Go on with what was under way when the bank crashed."""
        super().recover()
        for outgoing in self._outgoing.values():
            if outgoing.answer is not None:
                outgoing.answer.resume(self.inbox)
        self._outbox.recover()

    # Who is where

    def bank_of(self, owner: int | None) -> int | None:
        """Return the code of an owner's bank; None for nobody."""
        if owner is None:
            return None
        try:
            return self._directory.bank(owner)
        except (KeyError, StopIteration):
            return None

    def _party(self, account: int) -> tuple[int, int]:
        """Return the owner of an account and the bank where it is, by their codes."""
        owner = self._directory.owner(account)
        bank = self.bank_of(owner)
        if owner is None or bank is None:
            raise KeyError(account)
        return owner, bank

    def _is_here(self, owner: int | None) -> bool:
        bank = self.bank_of(owner)
        return bank is None or bank == self.code

    def _is_closed(self, *owners: int | None) -> bool:
        """Tell whether a bank of one of these, or this one, is closed."""
        return bool(self._closed) and not self._closed.isdisjoint(
            {self.code, *[self.bank_of(owner) for owner in owners]}
        )

    # Payments to other banks

    def _send(
        self,
        amount: int,
        payer: int,
        payee_account: int,
        code: str,
        order: int,
        source: int,
        fee: int = 0,
        back: Refunded | None = None,
    ) -> CreditTransfer:
        """Take money from an account here for one elsewhere, and return the transfer."""
        directory = self._directory
        payee, to_bank = self._party(payee_account)
        interchange = self._clearing.interchange.of(amount) if code == "payment" else 0
        entry = self.interbank.sent(self.clock.now, order, source, to_bank, amount, code, interchange, fee)
        self.interbank.note(entry, payer, payee, amount, order)
        undone = () if back is None else (back.payment, back.total, back.fee, back.late)
        return CreditTransfer(
            entry, order, code, amount, directory.number(payer), payee_account, interchange, *undone
        )

    def _pay(self, transfer: CreditTransfer, source: int, delivery: Delivery | None, receipt: Receipt) -> None:
        to_bank = self._party(transfer.payee)[1]
        answer = None if delivery is None else Answer(delivery)
        self._dispatch(Outgoing(transfer, source, to_bank, answer, receipt, is_asked_for=False))

    def _dispatch(self, outgoing: Outgoing) -> None:
        """Instruct the house; of a cycle the payee's bank may hear at once."""
        transfer = outgoing.transfer
        self._outgoing[transfer.transaction] = outgoing
        step = f"clear:{transfer.transaction}"
        self._outbox.send(self._clearing.house, Clear(transfer), step=step, order=transfer.order)
        if not self._clearing.is_gross:
            self._tell(outgoing)

    def _tell(self, outgoing: Outgoing) -> None:
        """Let the payee's bank know, and answer the payer when it has written."""
        outgoing.may_be_advised = True
        if outgoing.is_asked_for:
            self._close(outgoing, outgoing.receipt)
            return
        transfer = outgoing.transfer
        step, then = f"advise:{transfer.transaction}", partial(self._close, outgoing, outgoing.receipt)
        self._outbox.send(outgoing.to_bank, Advise(transfer), step=step, order=transfer.order, then=then)

    def _close(self, outgoing: Outgoing, reply: Receipt | Decline) -> None:
        self._outgoing.pop(outgoing.transfer.transaction, None)
        if outgoing.answer is not None:
            outgoing.answer.give(reply)

    # What other banks and the house tell

    def credit(self, transfer: CreditTransfer) -> None:
        """Credit an account here with what came from another bank, and tell a user who gets money back."""
        (payer, from_bank), (payee, _) = self._party(transfer.payer), self._party(transfer.payee)
        target = self.book.deposit(payee)
        if not self.interbank.received(self.clock.now, transfer, from_bank, target):
            return
        self.interbank.note(transfer.transaction, payer, payee, transfer.amount, transfer.order)
        if transfer.code == "refund":
            notice = Refunded(
                transfer.payment,
                transfer.total,
                transfer.transaction,
                transfer.amount,
                transfer.fee,
                transfer.late,
            )
            self._notify(notice, f"refunded:{transfer.transaction}", transfer.order, payee)

    def _note_settled(self, news: Settled, order: int) -> None:
        shares = self.interbank.shares(
            sum(amount for _, amount in news.borne),
            sum(amount for _, amount in news.owed),
            sum(amount for _, amount in news.recovered),
            news.repaid,
        )
        sent, received = self._by_bank(news.sent, "payee"), self._by_bank(news.received, "payer")
        self.interbank.settled(self.clock.now, news.entry, order, sent, received, shares)
        for transfer in news.sent:
            outgoing = self._outgoing.get(transfer.transaction)
            if outgoing is not None and not outgoing.may_be_advised:
                self._tell(outgoing)

    def _by_bank(self, transfers: Iterable[CreditTransfer], side: str) -> list[tuple[int, int]]:
        """Return what is cleared with each bank, in the order of the banks."""
        sums: dict[int, int] = {}
        for transfer in transfers:
            bank = self._party(getattr(transfer, side))[1]
            sums[bank] = sums.get(bank, 0) + transfer.cleared
        return sorted(sums.items())

    def _note_unsettled(self, transfer: CreditTransfer) -> None:
        """Give the payer back what the house will not settle."""
        outgoing = self._outgoing.get(transfer.transaction)
        if outgoing is None:
            return
        fee = outgoing.receipt.payer_fee
        self.interbank.returned(self.clock.now, transfer, outgoing.source, outgoing.to_bank, fee)
        if transfer.code == "refund":
            self._settlements.note_refund(transfer.payment, -transfer.amount)
        self._paid_to.pop(transfer.order, None)
        self._close(outgoing, Decline(Reason.BANK_CLOSED))

    def _note_closed(self, news: Closed) -> None:
        """Write off what a closed bank will not pay; if it is this one, what it still owes."""
        self._closed.add(news.bank)
        now, own = self.clock.now, self.code
        if news.bank == own:
            owed = sum(amount for _, amount in news.borne)
            self.interbank.debt_written_off(now, news.entry, self._by_bank(news.written_off, "payee"), owed)
            return
        mine = [each for each in news.written_off if self._party(each.payee)[1] == own]
        borne = sum(amount for bank, amount in news.borne if bank == own)
        lost = sum(each.cleared for each in mine)
        self.interbank.claim_written_off(now, news.entry, news.bank, lost, borne)

    def _note_pay_day(self, news: PayDay) -> None:
        for entry, user in enumerate(self.book.users, start=news.first):
            if self.interbank.income(self.clock.now, entry, user, news.amount):
                self._notify(Credited(entry, news.amount, "income"), f"income:{entry}", NO_ID, user)

    def _transaction(self, number: int) -> Transaction | None:
        """Return what is booked under a transaction number, here or with another bank."""
        return self.book.transaction(number) or self.interbank.transaction(number)
