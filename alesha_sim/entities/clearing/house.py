"""The clearing house: settles what banks instruct, at once or in cycles, and closes a bank that is to be closed.

Which instructions settle is decided in `policies/clearing.py`; `books/clearing.py` has what the house writes.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from alesha_sim.books.clearing import ClearingBook
from alesha_sim.entities.accounts import Directory
from alesha_sim.entities.bank.calendar import Calendar
from alesha_sim.entities.clearing.terms import GROSS, GUARANTEED, ClearingTerms
from alesha_sim.entities.entity import Entity, Process
from alesha_sim.entities.outbox import Outbox
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.kernel.timers import Timer
from alesha_sim.messages.clearing import Clear, Closed, CreditTransfer, PayDay, Settled, Unsettled
from alesha_sim.network import Delivery
from alesha_sim.policies.clearing import Instruction, LossShare, loss_shares, net_positions, settle
from alesha_sim.vocabulary import CLEARING, NO_ID, UNREGISTERED


class ClearingHouse(Entity):
    """Settles what banks instruct on its `terms`; the `directory` says which account is at which bank.

    What waits is in `waiting`, by the number of the instruction, which counts from 0 as they come.
    """

    def __init__(self, clock: Clock, book: ClearingBook, directory: Directory, terms: ClearingTerms) -> None:
        super().__init__(clock, CLEARING, UNREGISTERED, None)
        self.book = book
        self.waiting: dict[int, CreditTransfer] = {}
        self.queue: list[Instruction] = []
        self._came = 0
        self._instructed: set[int] = set()
        self._directory = directory
        self._terms = terms
        self._outbox = Outbox(self)
        self._closed: set[int] = set()
        self._shares: list[LossShare] = []
        self._cycle_at = INFINITY
        self._timer = Timer(clock, self._run_due)
        self._calendar = Calendar(clock, self._timer.set)
        self._plan()

    def _plan(self) -> None:
        """Put pay-days and closures into the calendar."""
        if self._terms.income is not None:
            self._plan_pay_day(0)
        for at, bank in self._terms.closures:
            self._calendar.add(at, partial(self.close_bank, bank))

    def work(self) -> Process:
        """Take in one instruction after the other."""
        worker = self.inbox.new_worker()
        while True:
            delivery: Delivery = yield worker.receive()
            try:
                if not isinstance(delivery.message, Clear):
                    raise TypeError(f"not understood: {type(delivery.message).__name__}")
                self.instruct(delivery.message.transfer)
                delivery.acknowledge()
            except Exception as error:
                raise self.failure(delivery, error) from error

    def recover(self) -> None:
        """Tell banks what they have not heard yet, and do what fell due in the meantime."""
        self._outbox.recover()
        self._timer.set(self._run_due())

    def _run_due(self) -> float:
        """Do what is due and return when something is next; a house that is down does so when it is up again."""
        if not self.inbox.is_up:
            return INFINITY
        self._calendar.run_due()
        if self._cycle_at <= self.clock.now:
            self._cycle_at = INFINITY
            self.settle_cycle()
        return min(self._calendar.next_at(), self._cycle_at)

    # Instructions

    def instruct(self, transfer: CreditTransfer) -> None:
        """Take an instruction in, and settle what can be settled now, or see to the next cycle.

        A copy that the network made of one that has come changes nothing.
        """
        if transfer.transaction in self._instructed:
            return
        self._instructed.add(transfer.transaction)
        payer, payee = self._bank_of(transfer.payer), self._bank_of(transfer.payee)
        is_gross = self._terms.kind == GROSS
        if payer in self._closed and not is_gross:
            self._write_off(payer, [transfer], [])
            return
        if is_gross and (payer in self._closed or payee in self._closed):
            self._give_back(transfer, payer)
            return
        number = self._came
        self._came += 1
        instruction = Instruction(number, payer, payee, transfer.cleared)
        self.waiting[number] = transfer
        self.queue.append(instruction)
        if is_gross:
            self.look([instruction])
        else:
            self._see_to_cycle()

    def _bank_of(self, account: int) -> int:
        owner = self._directory.owner(account)
        assert owner is not None, f"account {account} is nobody's"
        return self._directory.bank(owner)

    def look(self, came: Sequence[Instruction] = ()) -> None:
        """Settle what can be settled by itself now; `came` is what alone is new, if that is known."""
        queue = self.queue
        if len(queue) == len(came) == 1:
            instruction = queue[0]
            if self.book.funds_of(instruction.payer) < instruction.amount:
                return
            batches = [[instruction]]
        else:
            batches = self._terms.queue(queue, self.book.funds())
        for batch in batches:
            self._settle(batch)

    # Cycles

    def _see_to_cycle(self) -> None:
        """Let a cycle come at the next multiple of its period, if anything waits."""
        if self._cycle_at < INFINITY or not self.queue:
            return
        every, now = self._terms.every, self.clock.now
        self._cycle_at = (now // every + 1) * every
        self._timer.set(self._cycle_at)

    def settle_cycle(self) -> None:
        """Settle the net of what waits, and let banks have back what they bore for others."""
        funds = self.book.funds()
        if self._terms.kind == GUARANTEED:
            self._settle(self.queue, loss_shares(self.queue, funds))
        else:
            self._settle(settle(self.queue, funds))
        self._recover_shares()

    def _settle(self, batch: Sequence[Instruction], shares: Sequence[LossShare] = ()) -> None:
        """Settle a set at one stroke, and tell its banks."""
        if not batch:
            return
        transfers = [self.waiting.pop(instruction.number) for instruction in batch]
        batch = list(batch)
        settled = {instruction.number for instruction in batch}
        self.queue = [instruction for instruction in self.queue if instruction.number not in settled]
        now, order = self.clock.now, NO_ID
        if len(batch) == 1 and self._terms.kind == GROSS:
            (_, payer, payee, amount), order = batch[0], transfers[0].order
            entry = self.book.gross(now, order, payer, payee, amount)
        else:
            net = net_positions(batch)
            for debtor, bearer, amount in shares:
                net[debtor] += amount
                net[bearer] = net.get(bearer, 0) - amount
            entry = self.book.cycle(now, sorted(net.items()))
        self._shares += shares
        self._tell_settled(entry, order, list(zip(batch, transfers, strict=True)), shares)

    def _tell_settled(
        self,
        entry: int,
        order: int,
        settled: Sequence[tuple[Instruction, CreditTransfer]],
        shares: Sequence[LossShare],
    ) -> None:
        """Tell each bank of the payments that it sent and that it gets, and of its shares."""
        banks = {bank for instruction, _ in settled for bank in (instruction.payer, instruction.payee)}
        banks |= {share.bearer for share in shares}
        for bank in sorted(banks):
            message = Settled(
                entry,
                tuple([transfer for instruction, transfer in settled if instruction.payer == bank]),
                tuple([transfer for instruction, transfer in settled if instruction.payee == bank]),
                tuple([(share.debtor, share.amount) for share in shares if share.bearer == bank]),
                tuple([(share.bearer, share.amount) for share in shares if share.debtor == bank]),
            )
            self._outbox.send(bank, message, step=f"settled:{entry}", order=order)

    def _recover_shares(self) -> None:
        """Let banks pay back what others bore for them, as far as their funds go, the oldest share first."""
        left: list[LossShare] = []
        for share in self._shares:
            paid = min(share.amount, max(self.book.funds_of(share.debtor), 0))
            if paid:
                entry = self.book.recovered(self.clock.now, share.debtor, share.bearer, paid)
                step = f"settled:{entry}"
                back, given = Settled(entry, recovered=((share.debtor, paid),)), Settled(entry, repaid=paid)
                self._outbox.send(share.bearer, back, step=step, order=NO_ID)
                self._outbox.send(share.debtor, given, step=step, order=NO_ID)
            if paid < share.amount:
                left.append(share._replace(amount=share.amount - paid))
        self._shares = left

    # A bank that is closed

    def close_bank(self, bank: int) -> None:
        """Close a bank: what it has instructed is given back, or written off by banks that credited it."""
        self._closed.add(bank)
        is_gross = self._terms.kind == GROSS
        ended = [each for each in self.queue if each.payer == bank or (is_gross and each.payee == bank)]
        self.queue = [each for each in self.queue if each not in ended]
        transfers = [self.waiting.pop(each.number) for each in ended]
        shares = [share for share in self._shares if share.debtor == bank]
        self._shares = [share for share in self._shares if share.debtor != bank]
        self._write_off(bank, [] if is_gross else transfers, shares)
        if is_gross:
            for instruction, transfer in zip(ended, transfers, strict=True):
                self._give_back(transfer, instruction.payer)
            self.look()

    def _write_off(self, bank: int, transfers: Iterable[CreditTransfer], shares: Iterable[LossShare]) -> None:
        """Tell every bank that one is closed, and what nobody will settle."""
        entry = self.book.new_entry()
        borne = tuple([(share.bearer, share.amount) for share in shares])
        message = Closed(bank, entry, tuple(transfers), borne)
        for other in self.book.banks:
            self._outbox.send(other, message, step=f"closed:{entry}", order=NO_ID)

    def _give_back(self, transfer: CreditTransfer, bank: int) -> None:
        self._outbox.send(
            bank, Unsettled(transfer), step=f"unsettled:{transfer.transaction}", order=transfer.order
        )

    # Income from outside

    def _plan_pay_day(self, number: int) -> None:
        income = self._terms.income
        assert income is not None
        at = income.first + number * income.every
        if at < income.until:
            self._calendar.add(at, partial(self._pay, number, income.amount))

    def _pay(self, number: int, amount: int) -> None:
        for bank, users in self._terms.users.items():
            first = self.book.pay_day(self.clock.now, bank, users, amount)
            self._outbox.send(bank, PayDay(first, amount), step=f"pay-day:{number}", order=NO_ID)
        self._plan_pay_day(number + 1)
        if self._terms.kind == GROSS:
            self.look()
        else:
            self._see_to_cycle()
