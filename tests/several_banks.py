"""Banks and a clearing house without shops, suppliers and users: a test asks the banks in their place.

Two users have their accounts at each bank. The shop `daraz` is at the first bank and buys from `mill` at the last;
every message takes a second.
"""

from math import inf

import numpy as np

from alesha_sim.books.bank import BankBook, Depositor
from alesha_sim.books.clearing import ClearingBook
from alesha_sim.books.interbank import InterbankBook
from alesha_sim.books.ledger import Ledger
from alesha_sim.entities.accounts import FIRST_USER_ACCOUNT, Directory, Holder, secret_text
from alesha_sim.entities.bank.interbank import ClearingBank
from alesha_sim.entities.bank.settling import InterbankTerms
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.entities.clearing.house import ClearingHouse
from alesha_sim.entities.clearing.terms import GROSS, ClearingTerms
from alesha_sim.entities.entity import Entity
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import Authorise, EnquireTransaction, Refund, Transfer, VerifyTransaction
from alesha_sim.network import Channel, Faults, RetryPolicy
from alesha_sim.policies.clearing import QUEUES
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.recording.narrow_rows import in_memory
from alesha_sim.units import Share
from alesha_sim.vocabulary import NO_ID

BANKS = ("city", "union", "trust")
SHOP, MILL, COURIER = -10, -11, -12
DARAZ = Holder(SHOP, "daraz", "shop", 9_000_001, -1)
OPENING = 1_000
"""What every depositor has at the start."""


class Clerk(Entity):
    """Who asks the banks and notes what they tell: all users, or an organisation."""

    def __init__(self, clock, name, code):
        super().__init__(clock, name, code)
        self.told = []

    def work(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            self.told.append((self.clock.now, delivery.recipient, delivery.message))
            delivery.acknowledge()


class World:
    """Some `banks` that settle by `kind`; `reserves` by name, else what depositors brought; `credit` alike."""

    def __init__(self, banks=2, kind=GROSS, queue="fifo", every=100.0, reserves=(), credit=(), interchange=0.0,
                 closures=(), income=None, hostile=None, **terms):  # fmt: skip
        self.names = BANKS[:banks]
        self.codes = {name: -1 - place for place, name in enumerate(self.names)}
        self.house_code = -1 - banks
        self.clock = Clock()
        books = dict.fromkeys(self.names, "bank") | {"clearing": "clearing"}
        self.ledger = Ledger("BDT", (), books=books)
        last = -banks
        self.directory = Directory(
            (DARAZ, Holder(MILL, "mill", "supplier", 9_000_002, last),
             Holder(COURIER, "mill-courier", "courier", 9_000_003, last)),
            {code: range(2 * place, 2 * place + 2) for place, code in enumerate(self.codes.values())},
            ((SHOP, MILL),),
        )  # fmt: skip
        given = {self.codes[name]: amount for name, amount in dict(credit).items()}
        named = {code: name for name, code in self.codes.items()}
        self.book = ClearingBook(self.ledger, named, given)
        ends = tuple((at, self.codes[name]) for at, name in closures)
        house = ClearingTerms(kind, every, QUEUES[queue], income, self.directory.customers, ends)
        self.house = ClearingHouse(self.clock, self.book, self.directory, house)
        self.house.code = self.house_code
        clearing = InterbankTerms(self.house_code, kind == GROSS, Share.read(interchange))
        self.banks = {name: self._bank(name, named, clearing, terms) for name in self.names}
        self.clerks = {"users": Clerk(self.clock, "users", NO_ID), "daraz": Clerk(self.clock, "daraz", SHOP),
                       "mill": Clerk(self.clock, "mill", MILL)}  # fmt: skip
        self._open(dict(reserves))
        self._connect()
        self.replies = {}
        if hostile is not None:
            self._make_hostile(hostile)

    def _make_hostile(self, uniform):
        """Let messages be lost and doubled, askers ask again, and parties crash."""
        for party in (*self.banks.values(), self.house, *self.clerks.values()):
            party.inbox.deduplicate()
            party.track_processes()
            for channel in party.channels.values():
                channel.latency = lambda: 0.1 + 3 * uniform()
                channel.faults = Faults(0.2, 0.2, (), uniform, uniform)
                channel.retry_with(RetryPolicy(5.0, None, 1.5, 0.0), uniform)

    def crash(self, name, at, seconds=30.0):
        """Let a bank or the house crash at an instant and restart later."""
        party = self.banks.get(name, self.house)
        for delay, act in ((at, party.crash), (at + seconds, party.restart)):
            self.clock.timeout(delay).callbacks.append(lambda _, act=act: act())

    def _bank(self, name, named, clearing, terms):
        code = self.codes[name]
        users = self.directory.customers[code]
        holders = self.directory.of_bank(code)
        book = BankBook(self.ledger, users, [Depositor(h.code, h.name, h.role) for h in holders], name)
        others = {other: known for other, known in named.items() if other != code}
        bank = ClearingBank(
            self.clock, book, np.array([1 + user for user in users], np.uint64),
            {h.code: -h.code for h in holders}, BankTerms(lambda: 0.0, **terms), self.directory,
            InterbankBook(self.ledger, book, name, others), clearing,
        )  # fmt: skip
        bank.name, bank.code = name, code
        return bank

    def _open(self, reserves):
        for name, bank in self.banks.items():
            code, book = self.codes[name], bank.book
            brought = np.full(2, OPENING, np.int64)
            self.book.open_deposits(0.0, code, book.open_users(0.0, brought), brought)
            total = 2 * OPENING
            for holder in self.directory.of_bank(code):
                if holder.role != "courier":
                    entry = book.open_owner(0.0, holder.code, OPENING)
                    self.book.open_deposits(0.0, code, range(entry, entry + 1), np.array([OPENING], np.int64))
                    total += OPENING
            difference = reserves.get(name, total) - total
            if difference:
                bank.interbank.open_reserves(0.0, self.book.open_difference(0.0, code, difference), difference)

    def _connect(self):
        everybody = {**self.banks, "clearing": self.house, **self.clerks}
        names = [*self.names, "clearing", *["" for _ in range(9 - len(self.names) - 1)], "daraz", "mill"]
        self.log = MessageLog(in_memory)
        pairs = [
            (one, other) for one in self.banks for other in everybody if one < other or other not in self.banks
        ]
        for one, other in pairs:
            there, back = (
                Channel(self.clock, self.log, lambda: 1.0, everybody[name].code) for name in (other, one)
            )
            there.connect(everybody[other].inbox, back)
            back.connect(everybody[one].inbox, there)
            everybody[one].channels[other], everybody[other].channels[one] = there, back
        for party in everybody.values():
            party.names = names
            party.open_for_business()

    # What customers ask, each at their own bank

    def ask(self, name, clerk, bank, message, *, order=NO_ID, at=0.0, step=None):
        """Let a clerk ask a bank at an instant; the reply and when it came are kept under `name`."""
        self.clock.process(self._ask(name, self.clerks[clerk], bank, message, order, at, step or name))

    def _ask(self, name, clerk, bank, message, order, at, step):
        if at:
            yield self.clock.pause(at)
        reply = yield from clerk.ask_until_answered(clerk.channels[bank], message, step=step, order=order)
        self.replies[name] = (self.clock.now, reply)

    def pay(self, name, user, amount, *, order=1, at=0.0, secret=None, promised_at=inf):
        """Let `daraz` have a user's payment authorised at its bank."""
        key = secret_text(1 + user) if secret is None else secret
        message = Authorise(FIRST_USER_ACCOUNT + user, key, amount, DARAZ.number, promised_at)
        self.ask(name, "daraz", self.names[0], message, order=order, at=at, step="authorise")

    def charge(self, name, amount, *, order=1, at=0.0):
        """Let `daraz` pay charges to `mill`."""
        message = Transfer(DARAZ.number, secret_text(-SHOP), amount, 9_000_002)
        self.ask(name, "daraz", self.names[0], message, order=order, at=at)

    def give_back(self, name, transaction, amount, *, order=1, at=0.0):
        """Let `daraz` refund a payment."""
        message = Refund(DARAZ.number, secret_text(-SHOP), transaction, amount)
        self.ask(name, "daraz", self.names[0], message, order=order, at=at)

    def verify(self, name, transaction, *, at=0.0):
        """Let `mill` ask its bank what is booked under a transaction number."""
        self.ask(name, "mill", self.names[-1], VerifyTransaction(transaction), at=at)

    def enquire(self, name, *, order=1, at=0.0):
        """Let `daraz` ask what became of a payment."""
        self.ask(name, "daraz", self.names[0], EnquireTransaction("authorise"), order=order, at=at)

    def run(self, until=None):
        """Run until nothing is left to happen, or until an instant."""
        self.clock.run_to() if until is None else self.clock.run_to(until)
        return self

    # What is written

    def balances(self, *books):
        """Every balance that is not zero, in its natural direction, of some books or of all."""
        columns = self.ledger.account_columns()
        name, closing = columns["account"], columns["closing"].tolist()
        found = {
            name.labels[code]: amount for code, amount in zip(name.codes.tolist(), closing, strict=True) if amount
        }
        return {name: amount for name, amount in found.items() if not books or name.partition(":")[0] in books}

    def rows(self, book, *codes):
        """The rows of a book: (instant, code, debit, credit, amount, entry), openings left out."""
        columns = self.ledger.columns()
        text = {key: [columns[key].labels[c] for c in columns[key].codes.tolist()]
                for key in ("book", "code", "debit", "credit")}  # fmt: skip
        rows = zip(columns["posted_at"].tolist(), text["book"], text["code"], text["debit"], text["credit"],
                   columns["amount"].tolist(), columns["entry"].tolist(), strict=True)  # fmt: skip
        return [
            (at / 1e6, code, debit.removeprefix(f"{book}:"), credit.removeprefix(f"{book}:"), amount, entry)
            for at, written, code, debit, credit, amount, entry in rows
            if written == book and code != "opening" and (not codes or code in codes)
        ]

    def reserves(self):
        """What each bank has at the house, and what it believes to have."""
        found = self.balances()
        return {name: (found.get(f"clearing:reserves:{name}", 0), found.get(f"{name}:reserves", 0))
                for name in self.names}  # fmt: skip
