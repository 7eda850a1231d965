"""Transfers in two steps: held, then posted, voided or expired; by decision, against a model, over channels."""

from math import inf
from typing import NamedTuple

import numpy as np
import parties
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from parties import SECRETS

from alesha_sim.audit.laws import Priced, check
from alesha_sim.books.accounts import BANK, CODES, PAYMENT, PENDING, VOID
from alesha_sim.books.bank import BankBook
from alesha_sim.books.ledger import LawBroken, Ledger
from alesha_sim.books.users import UsersBook
from alesha_sim.columns import TextColumn
from alesha_sim.entities.accounts import account_number, secret_text
from alesha_sim.entities.bank.bank import LONGEST_HOLD
from alesha_sim.entities.entity import Party
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Schedule
from alesha_sim.messages import (
    Authorise,
    Balance,
    Capture,
    Decline,
    EnquireBalance,
    EnquireTransaction,
    Hold,
    Reason,
    Receipt,
    Refund,
    Secret,
    Verification,
    Void,
)
from alesha_sim.network import Channel, Conflict, Faults, Inbox, RetryPolicy
from alesha_sim.policies import Fees
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.scenarios import first_purchase
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.tables.schema import no_rows
from alesha_sim.vocabulary import BANK as BANK_OWNER
from alesha_sim.vocabulary import OUTCOMES, SHOP, STATUSES, SUPPLIER

DEPOSITS, NO_FEES = (100, 50), Fees()
FIRST = 4
"""The first number that is given after those of the three openings."""

EVENTS_MAX = 10_000
"""More kernel events than any test here has."""

SHOP_ACCOUNT = account_number(SHOP)
WRONG = Secret("0" * 16)
CATALOGUE = (Priced("token", 1, 1, 1),)
"""One product that costs 1, so that any total can be ordered."""


def of(owner):
    """The account number and secret of a user or an organisation."""
    return account_number(owner), secret_text(SECRETS[owner])


class Counter:
    """A bank with two users and a shop, which can be asked directly or over channels of constant latency."""

    def __init__(self, deposits=DEPOSITS, latency=1.0, workers=None, service=0.0, fees=NO_FEES):
        self.clock, self.log, self.replies = Clock(), MessageLog(), []
        self.ledger = Ledger("BDT", ("token",))
        book = BankBook(self.ledger, 2)
        amounts = np.array(deposits)
        UsersBook(self.ledger, 2).open(0.0, book.open_users(0.0, amounts), amounts)
        book.open_owner(0.0, SHOP, 0)
        self.bank = parties.bank(self.clock, book, workers=workers, service=service, fees=fees)
        self.there = Channel(self.clock, self.log, lambda: latency, BANK_OWNER)
        self.back = Channel(self.clock, self.log, lambda: latency, SHOP)
        self.there.connect(self.bank.inbox, self.back)
        self.back.connect(Inbox(self.clock), self.there)
        self.bank.channels["users"] = self.back
        self.shop = Party(self.clock, "shop", SHOP)
        self.placed = {}

    def make_hostile(self, loss=0.0, seed=1):
        """Let messages be lost and doubled and asked again for ever, each request done once under its key."""
        uniform = np.random.default_rng(seed).random
        self.bank.inbox.deduplicate()
        self.there.retry_with(RetryPolicy(5.0, None, 1.0, 0.0), uniform)
        for channel in (self.there, self.back):
            channel.is_keyed = True
            channel.faults = Faults(loss, loss, [], uniform, uniform)
        return self

    def wait_until(self, at):
        self.run(at)
        self.clock.advance_to(at)

    def run(self, until=inf):
        """Run until an instant or until nothing is left to happen; a bank that finds no rest is noticed."""
        before = self.clock.events
        self.clock.run_to(until, EVENTS_MAX)
        assert self.clock.events < before + EVENTS_MAX

    def hold(self, amount, user=0, seconds=None, order=1):
        return self.bank.hold(Hold(*of(user), amount, SHOP_ACCOUNT, seconds), order)

    def held(self, amount, **fields):
        """Hold an amount and return the hold's number."""
        return self.hold(amount, **fields).transaction

    def capture(self, hold, amount):
        return self.bank.capture(Capture(*of(SHOP), hold, amount))

    def void(self, hold):
        return self.bank.void(Void(*of(SHOP), hold))

    def balance(self, owner):
        return tuple(self.bank.balance(EnquireBalance(*of(owner))))

    @property
    def balances(self):
        """What both users can spend, what is held of theirs, and what the shop has."""
        (free, pending), (other_free, other_pending) = self.balance(0), self.balance(1)
        return [free, pending, other_free, other_pending, self.balance(SHOP)[0]]

    def ask_in_turn(self, *asks):
        """Let the shop ask one (message, step, order) after the other, and keep instants and replies."""

        def ask():
            for message, step, order in asks:
                reply = yield from self.shop.ask(self.there, message, step=step, order=order)
                self.replies.append((self.clock.now, reply))

        self.clock.process(ask())
        self.run()
        return [reply for _, reply in self.replies]

    def laws(self, status="received", drained=False):
        """What the laws say of a bank whose orders nobody else knows more of than that they were placed."""
        orders, users = self._orders(status)
        accounts = self.ledger.account_columns()
        deposits = slice(1, 3)  # opened right after the reserves
        nothing = TextColumn(np.zeros(0, np.int32), OUTCOMES)
        visits = {name: np.zeros(0, np.int64) for name in ("visit", "user", "order")}
        tables = {
            "transfers": self.ledger.columns(), "accounts": accounts, "purchases": no_rows("purchases"), **orders,
            "visits": visits | {"outcome": nothing},
            "users": {
                "user": users, "opening_balance": accounts["opening"][deposits],
                "closing_balance": accounts["closing"][deposits],
            },
        }  # fmt: skip
        return check(tables, CATALOGUE, drained=drained)

    def _orders(self, status):
        rows = self.ledger.columns()
        paid = {
            int(order): int(amount)
            for order, amount, code in zip(rows["order"], rows["amount"], rows["code"].codes, strict=True)
            if CODES[code] == "payment"
        }
        numbers = np.arange(1, max([0, *self.placed]) + 1)
        totals = np.array([paid.get(order, 1) for order in numbers.tolist()], np.int64)
        ones, none = np.ones(len(numbers), np.int64), np.full(len(numbers), -1)
        words = TextColumn(np.full(len(numbers), STATUSES.index(status), np.int32), STATUSES)
        orders = {
            "order": numbers, "user": np.array([self.placed[order] for order in numbers.tolist()], np.int64),
            "total": totals, "status": words, "payment_transaction": none, "charges_transaction": none,
            "payment_method": TextColumn(np.zeros(len(totals), np.int32), ("account",)), "advance": totals,
            "seller": TextColumn(np.zeros(len(totals), np.int32), ("shop",)),
        }  # fmt: skip
        lines = {
            "order": numbers, "sku": TextColumn(np.zeros(len(numbers), np.int32), ("token",)), "quantity": totals,
            "unit_price": ones, "unit_charge": ones,
        }  # fmt: skip
        return {"orders": orders, "order_lines": lines}, np.arange(2)


@pytest.fixture
def counter():
    return Counter()


# The reference cases


def seconds(life):
    return None if life == "never" else float(life.removesuffix(" s"))


def wanted(amount, user=0, seconds=None):
    return Hold(*of(user), amount, SHOP_ACCOUNT, seconds)


def test_pending_transfers_expire_as_in_the_reference_case(reference):
    case = reference("tb-expiry")
    pending, expected = case["inputs"]["pending"], case["expected"]
    counter = Counter()
    holds = {name: counter.held(amount, seconds=seconds(life)) for name, (amount, life) in pending.items()}
    totals = []
    for at in range(4):
        counter.wait_until(float(at))
        totals.append(counter.balance(0)[1])
    assert totals == expected["pending_total_at_t0,1,2,3s"]
    refused = [counter.capture(holds[name], pending[name][0]) for name in ("T2", "T3", "T4")]
    assert expected["posting T2..T4 after 3 s"] == "pending_transfer_expired"
    assert refused == [Decline(Reason.HOLD_EXPIRED)] * 3
    counter.capture(holds["T1"], pending["T1"][0])
    free, still_pending = counter.balance(0)
    assert {"debits_pending": still_pending, "debits_posted": DEPOSITS[0] - free} == expected["final"]


def test_the_same_totals_are_told_over_channels_to_who_asks_at_the_instants_of_expiry(reference):
    case = reference("tb-expiry")
    counter = Counter(latency=0.5)

    def ask(request, at=0.0):
        yield counter.clock.timeout(at)
        reply = yield from counter.shop.ask(counter.there, request)
        counter.replies.append(reply)

    for amount, life in case["inputs"]["pending"].values():
        counter.clock.process(ask(wanted(amount, seconds=seconds(life))))
    for at in range(4):
        counter.clock.process(ask(EnquireBalance(*of(0)), float(at)))
    counter.run()
    assert [type(reply) for reply in counter.replies[:4]] == [Receipt] * 4
    assert [reply.pending for reply in counter.replies[4:]] == case["expected"]["pending_total_at_t0,1,2,3s"]


# debits_pending + debits_posted + amount > credits_posted
LIMITS = [
    # pending, posted, amount, reason
    (0, 0, 100, None),
    (0, 0, 101, Reason.INSUFFICIENT_FUNDS),
    (40, 0, 60, None),
    (40, 0, 61, Reason.INSUFFICIENT_FUNDS),
    (40, 35, 25, None),
    (40, 35, 26, Reason.INSUFFICIENT_FUNDS),
    (100, 0, 0, None),
    (0, 100, 0, None),
    (0, 0, -1, Reason.INVALID_AMOUNT),
]  # fmt: skip


@pytest.mark.parametrize(("pending", "posted", "amount", "reason"), LIMITS)
def test_holds_and_payments_must_not_exceed_the_deposit(reference, counter, pending, posted, amount, reason):
    case = reference("tb-limits-and-ids")
    assert case["inputs"]["rule"].endswith("debits_pending+debits_posted+amount > credits_posted")
    counter.hold(pending)
    counter.bank.authorise(Authorise(*of(0), posted, SHOP_ACCOUNT), order=2)
    reply = counter.hold(amount)
    if reason is None:
        assert (type(reply), reply.amount) == (Receipt, amount)
    else:
        assert reply == Decline(reason)
    assert counter.balance(0)[1] == pending + (amount if reason is None else 0)


def test_ids_are_looked_up_before_balances(reference):
    assert "id is looked up first" in reference("tb-limits-and-ids")["expected"]["order_of_checks"]
    counter = Counter().make_hostile()
    first, again, other = counter.ask_in_turn(
        (wanted(80), "hold", 1), (wanted(80), "hold", 1), (wanted(81), "hold", 1)
    )  # fmt: skip
    assert isinstance(first, Receipt)
    assert again == first  # a second hold of 80 would lack the funds
    assert isinstance(other, Conflict)
    assert counter.balances == [20, 80, 50, 0, 0]


def test_an_id_that_was_declined_for_want_of_funds_is_burnt(reference):
    assert "burnt" in reference("tb-limits-and-ids")["expected"]["after exceeds_credits"]
    counter = Counter().make_hostile()
    held, declined, _, again, fresh = counter.ask_in_turn(
        (wanted(90), "hold", 1), (wanted(20), "hold", 2), (Void(*of(SHOP), FIRST), "void", 1),
        (wanted(20), "hold", 2), (wanted(20), "hold", 3),
    )  # fmt: skip
    assert held.transaction == FIRST
    assert declined == again == Decline(Reason.INSUFFICIENT_FUNDS)
    assert isinstance(fresh, Receipt)
    assert counter.balances == [80, 20, 50, 0, 0]


def test_linked_transfers_are_held_all_or_none(reference, counter):
    assert "all or none" in reference("tb-limits-and-ids")["expected"]["linked chain"]
    counter.hold(10)
    ledger, (one, other) = counter.ledger, counter.bank.book.holds.accounts
    deposit, other_deposit = (counter.bank.book.deposit(user) for user in (0, 1))
    entry, rows = ledger.new_entry(), len(ledger)
    chain = [(other_deposit, other, 50, PENDING), (deposit, one, 60, PENDING), (deposit, one, 31, PENDING)]
    with pytest.raises(LawBroken, match="L1"):
        ledger.post(0.0, BANK, entry, 1, chain)
    assert counter.balances == [90, 10, 50, 0, 0]
    assert len(ledger) == rows
    assert ledger.post(0.0, BANK, entry, 1, chain[:2])
    assert counter.balances == [30, 70, 0, 50, 0]


def test_nothing_can_be_held_and_posted_or_given_back(reference, counter):
    assert reference("tb-limits-and-ids")["expected"]["zero amount"] == "allowed"
    posted, voided = counter.held(0), counter.held(0)
    assert counter.capture(posted, 0).amount == counter.void(voided).amount == 0
    assert counter.capture(posted, 0) == Decline(Reason.HOLD_CAPTURED)
    assert counter.balances == [100, 0, 50, 0, 0]


# Decisions


REQUESTS = {
    "held": (Hold(*of(0), 100, SHOP_ACCOUNT, 60.0), None),
    "held without end": (Hold(*of(0), 100, SHOP_ACCOUNT, None), None),
    "held as long as can be": (Hold(*of(0), 100, SHOP_ACCOUNT, LONGEST_HOLD), None),
    "unknown account": (Hold(123, WRONG, 1, SHOP_ACCOUNT, None), Reason.UNKNOWN_ACCOUNT),
    "wrong secret": (Hold(account_number(0), WRONG, 1, SHOP_ACCOUNT, None), Reason.WRONG_SECRET),
    "for the supplier": (Hold(*of(0), 1, account_number(SUPPLIER), None), Reason.UNKNOWN_PAYEE),
    "from the shop": (Hold(*of(SHOP), 1, SHOP_ACCOUNT, None), Reason.UNKNOWN_PAYEE),
    "for no time": (Hold(*of(0), 1, SHOP_ACCOUNT, 0.0), Reason.INVALID_DURATION),
    "for less than no time": (Hold(*of(0), 1, SHOP_ACCOUNT, -1.0), Reason.INVALID_DURATION),
    "for longer than can be": (Hold(*of(0), 1, SHOP_ACCOUNT, float("inf")), Reason.INVALID_DURATION),
    "for no number of seconds": (Hold(*of(0), 1, SHOP_ACCOUNT, float("nan")), Reason.INVALID_DURATION),
    "a negative amount": (Hold(*of(0), -1, SHOP_ACCOUNT, None), Reason.INVALID_AMOUNT),
    "one too much": (Hold(*of(0), 101, SHOP_ACCOUNT, None), Reason.INSUFFICIENT_FUNDS),
    "secret before funds": (Hold(account_number(0), WRONG, 101, SHOP_ACCOUNT, None), Reason.WRONG_SECRET),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hold_is_answered_by_the_table_and_a_decline_moves_nothing(counter, name):
    request, reason = REQUESTS[name]
    reply = counter.bank.hold(request, order=1)
    if reason is None:
        assert reply == Receipt(reply.transaction, 100)
        assert counter.balances == [0, 100, 50, 0, 0]
    else:
        assert reply == Decline(reason)
        assert counter.balances == [100, 0, 50, 0, 0]
        assert not counter.bank.book.holds.accounts


# User 0 has 100, of which 60 are held for 10 s; the acts after that are (seconds to wait, what, arguments).
STORIES = {
    "posted in full": ([(0, "capture", 60)], None, [40, 0, 60]),
    "posted in part": ([(0, "capture", 25)], None, [75, 0, 25]),
    "nothing posted": ([(0, "capture", 0)], None, [100, 0, 0]),
    "voided": ([(0, "void")], None, [100, 0, 0]),
    "posted just before it expires": ([(9.999, "capture", 60)], None, [40, 0, 60]),
    "posted as it expires": ([(10, "capture", 60)], Reason.HOLD_EXPIRED, [100, 0, 0]),
    "voided after it expired": ([(11, "void")], Reason.HOLD_EXPIRED, [100, 0, 0]),
    "posted after it expired": ([(11, "capture", 60)], Reason.HOLD_EXPIRED, [100, 0, 0]),
    "posted twice": ([(0, "capture", 60), (0, "capture", 60)], Reason.HOLD_CAPTURED, [40, 0, 60]),
    "posted twice in parts": ([(0, "capture", 20), (0, "capture", 20)], Reason.HOLD_CAPTURED, [80, 0, 20]),
    "voided twice": ([(0, "void"), (0, "void")], Reason.HOLD_VOIDED, [100, 0, 0]),
    "voided after it was posted": ([(0, "capture", 60), (0, "void")], Reason.HOLD_CAPTURED, [40, 0, 60]),
    "posted after it was voided": ([(0, "void"), (0, "capture", 60)], Reason.HOLD_VOIDED, [100, 0, 0]),
    "posted, then expired": ([(0, "capture", 60), (11, "void")], Reason.HOLD_CAPTURED, [40, 0, 60]),
    "voided, then expired": ([(0, "void"), (11, "void")], Reason.HOLD_VOIDED, [100, 0, 0]),
    "more than is held": ([(0, "capture", 61)], Reason.MORE_THAN_HELD, [40, 60, 0]),
    "less than nothing": ([(0, "capture", -1)], Reason.INVALID_AMOUNT, [40, 60, 0]),
    "more than was held before it expired": ([(11, "capture", 61)], Reason.HOLD_EXPIRED, [100, 0, 0]),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_is_held_is_posted_voided_or_expires_once(counter, name):
    acts, reason, expected = STORIES[name]
    hold = counter.held(60, seconds=10.0)
    counter.placed[1] = 0
    for seconds, act, *arguments in acts:
        counter.wait_until(counter.clock.now + seconds)
        reply = getattr(counter, act)(hold, *arguments)
    assert isinstance(reply, Receipt) if reason is None else reply == Decline(reason)
    free, pending, *_, shop = counter.balances
    assert [free, pending, shop] == expected
    assert counter.laws() == []


STRANGERS = {
    "number that was never given": (of(SHOP), 99, Reason.UNKNOWN_HOLD),
    "number before the first": (of(SHOP), -1, Reason.UNKNOWN_HOLD),
    "opening": (of(SHOP), 1, Reason.UNKNOWN_HOLD),
    "user's own hold": (of(0), None, Reason.UNKNOWN_HOLD),
    "another user": (of(1), None, Reason.UNKNOWN_HOLD),
    "supplier": (of(SUPPLIER), None, Reason.UNKNOWN_HOLD),
    "wrong secret": ((SHOP_ACCOUNT, WRONG), None, Reason.WRONG_SECRET),
    "no account": ((5, WRONG), None, Reason.UNKNOWN_ACCOUNT),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_only_the_payee_can_post_and_void_and_only_a_hold(counter, name):
    sender, number, reason = STRANGERS[name]
    hold = counter.held(60)
    number = hold if number is None else number
    assert counter.bank.capture(Capture(*sender, number, 1)) == Decline(reason)
    assert counter.bank.void(Void(*sender, number)) == Decline(reason)
    assert counter.balances == [40, 60, 50, 0, 0]


def test_a_hold_pays_nobody_and_what_is_posted_is_a_payment_that_can_be_refunded(counter):
    hold = counter.held(60, order=7)
    assert counter.bank.verify(hold) == Decline(Reason.UNKNOWN_TRANSACTION)
    assert counter.bank.refund(Refund(*of(SHOP), hold, 1), order=7) == Decline(Reason.UNKNOWN_TRANSACTION)
    paid = counter.capture(hold, 50).transaction
    assert counter.bank.verify(paid) == Verification(paid, 50, account_number(0), SHOP_ACCOUNT, 7)
    assert counter.bank.refund(Refund(*of(SHOP), paid, 51), order=7) == Decline(Reason.MORE_THAN_PAID)
    counter.bank.refund(Refund(*of(SHOP), paid, 50), order=7)
    assert counter.balances == [100, 0, 50, 0, 0]


def test_a_capture_of_nothing_is_no_payment(counter):
    paid = counter.capture(counter.held(60), 0).transaction
    assert counter.bank.verify(paid) == Decline(Reason.UNKNOWN_TRANSACTION)


def test_a_captured_part_and_the_rest_have_one_entry_and_the_order_of_the_hold(counter):
    hold = counter.held(60, order=7)
    paid = counter.capture(hold, 50).transaction
    rows = [(row["amount"], row["order"], row["entry"], CODES[row["code"]]) for row in counter.ledger.array()[-3:]]
    assert rows == [(60, 7, hold, "pending"), (50, 7, paid, "payment"), (10, 7, paid, "void")]


@pytest.mark.parametrize("expires_at", [5.0, 0.1 + 0.2, 2.0**40])
def test_a_hold_expires_at_its_very_instant_and_not_before(counter, expires_at):
    holds = counter.bank.book.holds
    entry = holds.place(0.0, 1, 0, 60, expires_at)
    holds.expire(np.nextafter(expires_at, 0))
    assert holds.find(entry).state == "pending"
    holds.expire(expires_at)
    assert holds.find(entry).state == "expired"
    assert holds.next_expiry() == inf
    assert counter.balances == [100, 0, 50, 0, 0]


def test_what_is_held_covers_the_payers_fee_and_no_more():
    counter = Counter(fees=Fees(payer_fixed=2, payer_share=0.1))
    assert counter.hold(91) == Decline(Reason.INSUFFICIENT_FUNDS)  # 91 + 2 + 9 are 102
    first = counter.hold(80)
    assert (first.amount, counter.balance(0)) == (80, (10, 90))
    assert counter.capture(first.transaction, 81) == Decline(Reason.MORE_THAN_HELD)
    assert counter.capture(first.transaction, 40).payer_fee == 6
    assert (counter.balance(0), counter.balance(SHOP)) == ((54, 0), (40, 0))
    second = counter.hold(20)
    assert counter.void(second.transaction).amount == 24
    assert (counter.balance(0), counter.balance(SHOP)) == ((54, 0), (40, 0))


def test_the_book_posts_no_more_than_is_held_with_the_payers_fee(counter):
    holds = counter.bank.book.holds
    entry = holds.place(0.0, 1, 0, 60)
    holds.place(0.0, 2, 0, 40)  # so that the account itself has enough
    with pytest.raises(LawBroken, match=r"L4: hold 4, order 1: 60 held, 60 posted, fee 1"):
        holds.post(0.0, entry, 60, payer_fee=1)
    assert holds.find(entry).state == "pending"
    holds.post(0.0, entry, 59, payer_fee=1)
    assert counter.balances == [0, 40, 50, 0, 59]


def test_holds_of_one_user_are_apart(counter):
    one, other = counter.held(60), counter.held(40)
    assert counter.capture(one, 61) == Decline(Reason.MORE_THAN_HELD)
    with pytest.raises(LawBroken, match="L4: hold 4, order 1: 60 held, 61 posted"):
        counter.bank.book.holds.post(0.0, one, 61)
    counter.void(one)
    with pytest.raises(LawBroken, match="L4: hold 4 is voided"):
        counter.bank.book.holds.post(0.0, one, 1)
    with pytest.raises(LawBroken, match="L4: hold 99 is unknown"):
        counter.bank.book.holds.void(0.0, 99)
    assert counter.capture(other, 40).amount == 40
    assert counter.balances == [60, 0, 50, 0, 40]


def test_what_has_expired_can_be_spent_and_held_again(counter):
    counter.hold(100, seconds=10.0)
    assert counter.hold(1) == Decline(Reason.INSUFFICIENT_FUNDS)
    counter.wait_until(10.0)
    assert isinstance(counter.hold(40), Receipt)
    assert isinstance(counter.bank.authorise(Authorise(*of(0), 60, SHOP_ACCOUNT), order=2), Receipt)


def test_holds_expire_at_their_instants_in_any_order_of_making(counter):
    for seconds in (30.0, 10.0, 0.1 + 0.2, 20.0, 10.0):
        counter.hold(10, seconds=seconds)
    counter.run()
    rows = counter.ledger.array()
    assert rows["at"][rows["code"] == CODES.index("void")].tolist() == [0.1 + 0.2, 10.0, 10.0, 20.0, 30.0]


def test_a_shared_alarm_rings_once_for_many_holds_that_are_over_before(counter):
    for number in range(50):
        counter.void(counter.held(1, seconds=10.0 + number))
    counter.run()
    assert counter.clock.events == 1
    assert counter.balances == [100, 0, 50, 0, 0]


def test_secrets_show_themselves_as_stars():
    shown = f"{wanted(1)} {Capture(*of(SHOP), 1, 1)} {Void(*of(SHOP), 1)}"
    assert shown.count("***") == 3
    assert f"{SECRETS[0]:016x}" not in shown


def test_accounts_for_holds_are_opened_by_the_first_hold_alone(counter):
    accounts, parts = len(counter.ledger.account_columns()["opening"]), len(counter.ledger.chart.groups)
    counter.bank.authorise(Authorise(*of(0), 10, SHOP_ACCOUNT), order=1)
    counter.balance(0)
    assert len(counter.ledger.account_columns()["opening"]) == accounts
    counter.hold(10)
    counter.hold(10, user=1)
    assert len(counter.ledger.account_columns()["opening"]) == accounts + 2
    assert len(counter.ledger.chart.groups) == parts + 1


def test_a_run_with_payments_at_once_knows_no_holds():
    simulation = Simulation(first_purchase(), 1)
    simulation.run()
    assert not simulation.bank.book.holds.accounts
    assert "bank:holds:user:0" not in simulation.result().columns("accounts")["account"].labels


# The laws


def test_a_declined_order_may_hold_money_until_the_void_arrives_but_not_for_good(counter):
    hold = counter.held(60)
    counter.placed[1] = 0
    assert counter.laws("declined") == []
    assert counter.laws("declined", drained=True) == ["L4: order 1 is declined, but bank:holds:user: is 60"]
    counter.void(hold)
    assert counter.laws("declined", drained=True) == []


def test_a_payment_out_of_another_account_than_the_hold_is_found(counter):
    counter.hold(60)
    counter.bank.authorise(Authorise(*of(0), 40, SHOP_ACCOUNT), order=1)
    counter.placed[1] = 0
    assert counter.laws() == ["L4: order 1 is paid, but bank:holds:user: is 60"]


def test_money_given_back_that_is_held_for_another_order_is_found(counter):
    counter.placed |= {1: 0, 2: 0}
    counter.hold(60, order=1)
    counter.hold(10, order=2)
    account, deposit = counter.bank.book.holds.accounts[0], counter.bank.book.deposit(0)
    counter.ledger.transfer(0.0, BANK, counter.ledger.new_entry(), 2, account, deposit, 50, VOID)
    assert counter.laws() == ["L4: order 2: bank:holds:user: -40"]


def test_a_payment_out_of_another_users_hold_is_found(counter):
    counter.placed |= {1: 0, 2: 1}
    for order, user in counter.placed.items():
        counter.hold(50, order=order, user=user)
    one, other = counter.bank.book.holds.accounts
    for order, account in ((1, other), (2, one)):
        entry, shop = counter.ledger.new_entry(), counter.bank.book.deposit(SHOP)
        counter.ledger.transfer(0.0, BANK, entry, order, account, shop, 50, PAYMENT)
    lines = counter.laws()
    assert len(lines) == 2
    assert all(line.startswith("L3: another user's account: ") for line in lines)


# Against a model


class Act(NamedTuple):
    """What the shop asks: `kind` hold, pay (at once), capture or void; of a user, or of the n-th hold."""

    kind: str
    target: int
    amount: int = 0
    seconds: float | None = None


class Model:
    """The same bank in plain sums."""

    def __init__(self, deposits):
        self.free, self.shop, self.holds = list(deposits), 0, []

    def expire(self, now):
        for hold in self.holds:
            if hold["state"] == "held" and hold["expires_at"] <= now:
                self._close(hold, "expired", 0)

    def _close(self, hold, state, taken):
        hold["state"] = state
        self.free[hold["user"]] += hold["amount"] - taken
        self.shop += taken

    def pending(self, user):
        return sum(hold["amount"] for hold in self.holds if hold["user"] == user and hold["state"] == "held")

    def answer(self, now, act):
        """Return the reason of a refusal, or the amount of the receipt."""
        self.expire(now)
        if act.kind in ("hold", "pay"):
            return self._take(now, act)
        if act.target >= len(self.holds):
            return Reason.UNKNOWN_HOLD
        hold = self.holds[act.target]
        if hold["state"] != "held":
            return Reason(f"hold_{hold['state']}")
        if act.kind == "void":
            self._close(hold, "voided", 0)
            return hold["amount"]
        if act.amount < 0:
            return Reason.INVALID_AMOUNT
        if act.amount > hold["amount"]:
            return Reason.MORE_THAN_HELD
        self._close(hold, "captured", act.amount)
        return act.amount

    def _take(self, now, act):
        if act.amount < (0 if act.kind == "hold" else 1):
            return Reason.INVALID_AMOUNT
        if act.amount > self.free[act.target]:
            return Reason.INSUFFICIENT_FUNDS
        self.free[act.target] -= act.amount
        if act.kind == "pay":
            self.shop += act.amount
        else:
            expires_at = float("inf") if act.seconds is None else now + act.seconds
            self.holds.append(
                {"user": act.target, "amount": act.amount, "expires_at": expires_at, "state": "held"}
            )  # fmt: skip
        return act.amount

    @property
    def balances(self):
        return [self.free[0], self.pending(0), self.free[1], self.pending(1), self.shop]


AMOUNTS = st.integers(-1, 60)
LIVES = st.sampled_from([None, 0.5, 1.0, 2.0, 3.0, 20.0])
ENDLESS = st.none()


def acts(lives):
    users, holds = st.integers(0, 1), st.integers(0, 5)
    return st.one_of(
        st.builds(Act, st.just("hold"), users, AMOUNTS, lives), st.builds(Act, st.just("pay"), users, AMOUNTS),
        st.builds(Act, st.just("capture"), holds, AMOUNTS), st.builds(Act, st.just("void"), holds),
    )  # fmt: skip


def message(act, holds):
    """Return what an act asks the bank; `holds` are the numbers of those made so far."""
    if act.kind == "hold":
        return Hold(*of(act.target), act.amount, SHOP_ACCOUNT, act.seconds)
    if act.kind == "pay":
        return Authorise(*of(act.target), act.amount, SHOP_ACCOUNT)
    hold = holds[act.target] if act.target < len(holds) else 999
    return Capture(*of(SHOP), hold, act.amount) if act.kind == "capture" else Void(*of(SHOP), hold)


def outcome(reply):
    return reply.reason if isinstance(reply, Decline) else reply.amount


class BankAgainstModel(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.counter, self.model, self.holds = Counter(), Model(DEPOSITS), []

    @rule(act=acts(LIVES))
    def ask(self, act):
        bank, order = self.counter.bank, len(self.counter.placed) + 1
        request = message(act, self.holds)
        if act.kind in ("hold", "pay"):
            decide = bank.hold if act.kind == "hold" else bank.authorise
            self.counter.placed[order] = act.target
            reply = decide(request, order)
        else:
            reply = bank.capture(request) if act.kind == "capture" else bank.void(request)
        if act.kind == "hold" and isinstance(reply, Receipt):
            self.holds.append(reply.transaction)
        assert outcome(reply) == self.model.answer(self.counter.clock.now, act)

    @rule(seconds=st.sampled_from([0.5, 1.0, 1.5, 10.0]))
    def wait(self, seconds):
        self.counter.wait_until(self.counter.clock.now + seconds)
        self.model.expire(self.counter.clock.now)

    @invariant()
    def balances_are_the_models(self):
        assert self.counter.balances == self.model.balances
        assert sum(self.counter.balances) == sum(DEPOSITS)

    def teardown(self):
        assert self.counter.laws() == []


def test_the_banks_decisions_are_those_of_the_model(full_size):
    run_state_machine_as_test(
        BankAgainstModel,
        settings=settings(max_examples=500 if full_size else 60, stateful_step_count=30, deadline=None),
    )


def talk(counter, program):
    """Let the shop go through a program of (pause, act), each asked under its own key; also keep the instants."""
    model, told = Model(DEPOSITS), []

    def ask():
        holds = []
        for number, (pause, act) in enumerate(program, 1):
            yield counter.clock.timeout(pause)
            sent_at = counter.clock.now
            counter.placed[number] = act.target if act.kind in ("hold", "pay") else 0
            request = message(act, holds)
            reply = yield from counter.shop.ask(counter.there, request, step=act.kind, order=number)
            if act.kind == "hold" and isinstance(reply, Receipt):
                holds.append(reply.transaction)
            told.append((outcome(reply), model.answer(sent_at + 1.0, act)))

    counter.clock.process(ask())
    counter.run()
    model.expire(END)
    return model, told


END = 1e9
PAUSES = st.sampled_from([0.0, 0.5, 1.0, 3.0])


@given(program=st.lists(st.tuples(PAUSES, acts(LIVES)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_over_channels_the_model_holds_at_the_instants_of_arrival(program):
    counter = Counter(latency=1.0)
    model, told = talk(counter, program)
    assert [said for said, _ in told] == [expected for _, expected in told]
    assert counter.balances == model.balances
    assert counter.laws() == []


@given(program=st.lists(st.tuples(PAUSES, acts(ENDLESS)), max_size=12), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_what_is_lost_and_doubled_on_the_way_happens_once(program, seed):
    counter = Counter(latency=1.0).make_hostile(loss=0.3, seed=seed)
    model, told = talk(counter, program)
    assert [said for said, _ in told] == [expected for _, expected in told]
    assert counter.balances == model.balances
    assert counter.laws() == []


# Processes


def test_holding_posting_and_voiding_take_the_banks_time_and_enquiries_none():
    counter = Counter(workers=1, service=10.0)
    counter.bank.open_for_business()
    counter.ask_in_turn(
        (wanted(60), "hold", 1), (Capture(*of(SHOP), FIRST, 50), "capture", 1), (EnquireBalance(*of(0)), None, 1),
        (wanted(10), "hold", 2), (Void(*of(SHOP), FIRST + 2), "void", 2),
    )  # fmt: skip
    assert counter.replies == [
        (12.0, Receipt(FIRST, 60)), (24.0, Receipt(FIRST + 1, 50)), (26.0, Balance(50, 0)),
        (38.0, Receipt(FIRST + 2, 10)), (50.0, Receipt(FIRST + 3, 10)),
    ]  # fmt: skip


def test_a_hold_that_expires_while_its_capture_is_in_service_is_not_posted():
    counter = Counter(workers=1, service=10.0)
    counter.bank.open_for_business()
    _, reply = counter.ask_in_turn(
        (wanted(60, seconds=12.0), "hold", 1), (Capture(*of(SHOP), FIRST, 60), "capture", 1)
    )  # fmt: skip
    assert reply == Decline(Reason.HOLD_EXPIRED)
    assert counter.balances == [100, 0, 50, 0, 0]


def test_a_hold_can_be_enquired_after_and_one_that_never_came_is_burnt():
    counter = Counter().make_hostile()
    held, found, tombstone, late = counter.ask_in_turn(
        (wanted(60), "hold", 1), (EnquireTransaction("hold"), None, 1), (EnquireTransaction("hold"), None, 2),
        (wanted(10), "hold", 2),
    )  # fmt: skip
    assert found == held == Receipt(FIRST, 60)
    assert tombstone == late == Decline(Reason.NOT_EXECUTED)
    assert counter.balances == [40, 60, 50, 0, 0]


def test_a_bank_that_crashes_keeps_what_is_held_and_gives_back_what_expired_in_the_meantime():
    counter = Counter().make_hostile()
    counter.bank.track_processes()
    crashing = [counter.bank.crash, counter.bank.restart]
    Schedule(counter.clock, [5.5, 20.0], lambda number: crashing[number]())
    ask = counter.ask_in_turn(
        (wanted(10, seconds=8.0), "hold", 1), (wanted(20, seconds=50.0), "hold", 2), (wanted(30), "hold", 3),
        (Capture(*of(SHOP), FIRST, 10), "capture", 1), (Capture(*of(SHOP), FIRST + 2, 30), "capture", 3),
    )  # fmt: skip
    assert ask[3:] == [Decline(Reason.HOLD_EXPIRED), Receipt(FIRST + 4, 30)]
    rows = counter.ledger.array()
    given_back = rows[rows["code"] == CODES.index("void")][["at", "amount"]].tolist()
    assert given_back == [(20.0, 10), (53.0, 20)]
    assert counter.balances == [70, 0, 50, 0, 30]
