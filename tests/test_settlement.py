"""When payments reach the shop or go back, and what the bank takes: every minor unit, over bad channels too."""

import dataclasses
import math
from functools import partial
from typing import NamedTuple

import numpy as np
import parties
import pytest
from parties import SECRETS

from alesha_sim.books.accounts import CODES
from alesha_sim.books.bank import BankBook
from alesha_sim.books.ledger import Ledger
from alesha_sim.entities.accounts import account_number, secret_text
from alesha_sim.entities.bank.calendar import Income
from alesha_sim.entities.entity import Entity, Party
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Schedule
from alesha_sim.messages import (
    Acknowledged,
    Authorise,
    Balance,
    Capture,
    ConfirmDelivery,
    Credited,
    Decline,
    EnquireBalance,
    FundsLocation,
    Hold,
    Reason,
    Receipt,
    Refund,
    Refunded,
    Transfer,
    Verification,
    Void,
)
from alesha_sim.network import Channel, Faults, RetryPolicy
from alesha_sim.policies.settlement import (
    SETTLEMENTS,
    Delayed,
    Escrow,
    Fees,
    Immediate,
    SettlementPolicy,
    SettlementTerms,
)
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.vocabulary import BANK, COURIER, NO_ID, SHOP, SUPPLIER

SHOP_ACCOUNT, SUPPLIER_ACCOUNT, COURIER_ACCOUNT = (account_number(owner) for owner in (SHOP, SUPPLIER, COURIER))
END = 1e9


def of(owner):
    """The account number and secret of a user or an organisation."""
    return account_number(owner), secret_text(SECRETS[owner])


class Heard(NamedTuple):
    """A notice that somebody took in."""

    at: float
    recipient: int
    order: int
    notice: object


class Listener(Entity):
    """Takes in whatever it is told, and remembers it."""

    def __init__(self, clock, name, code, heard):
        super().__init__(clock, name, code, None)
        self.heard = heard

    def work(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            self.heard.append(Heard(self.clock.now, delivery.recipient, delivery.order, delivery.message))
            delivery.acknowledge()


class House:
    """A bank with two users, a shop and a supplier who listen to it over channels of constant latency."""

    def __init__(self, policy=None, *, latency=1.0, service=0.0, deposits=(1000, 1000), cash=0, **conditions):
        self.clock, self.log, self.heard = Clock(), MessageLog(), []
        self.ledger = Ledger("BDT", ("token",))
        book = BankBook(self.ledger, 2)
        book.open_users(0.0, np.array(deposits))
        book.open_owner(0.0, SHOP, cash)
        book.open_owner(0.0, SUPPLIER, 100)
        if policy is not None:
            conditions["settlement"] = policy
        self.bank = parties.bank(self.clock, book, service=service, **conditions)
        self.users = Listener(self.clock, "users", NO_ID, self.heard)
        self.shop = Listener(self.clock, "shop", SHOP, self.heard)
        self.ways = {}
        for party, name in ((self.users, "users"), (self.shop, "shop")):
            there, back = (Channel(self.clock, self.log, lambda: latency, code) for code in (BANK, party.code))
            there.connect(self.bank.inbox, back)
            back.connect(party.inbox, there)
            self.bank.channels[name] = back
            self.ways[name] = there
        self.replies = []

    def make_hostile(self, loss=0.0, seed=1):
        """Let messages be lost and doubled and asked again for ever, each request done once under its key."""
        uniform = np.random.default_rng(seed).random
        for party in (self.bank, self.users, self.shop):
            party.inbox.deduplicate()
        for channel in (*self.ways.values(), *self.bank.channels.values()):
            channel.faults = Faults(loss, loss, [], uniform, uniform)
            channel.retry_with(RetryPolicy(5.0, None, 1.0, 0.0), uniform)
        return self

    def crash(self, at, seconds):
        self.bank.track_processes()
        acts = (self.bank.crash, self.bank.restart)
        Schedule(self.clock, [at, at + seconds], lambda number: acts[number]())
        return self

    # What is asked directly

    def pay(self, amount, user=0, order=1, promised_at=math.inf):
        return self.bank.authorise(Authorise(*of(user), amount, SHOP_ACCOUNT, promised_at), order)

    def paid(self, amount, **fields):
        """Pay and return the transaction number."""
        return self.pay(amount, **fields).transaction

    def refund(self, transaction, amount, order=1):
        outcome = self.bank.refund(Refund(*of(SHOP), transaction, amount), order)
        return outcome if isinstance(outcome, Decline) else outcome[0]

    # What is asked over channels: by users who confirm, by the shop for the rest

    def ask(self, at, message, step, order=1, user=None, then=lambda: None):
        who, way = (self.shop, "shop") if user is None else (Party(self.clock, f"user:{user}", user), "users")

        def ask():
            reply = yield from who.ask(self.ways[way], message, step=step, order=order)
            self.replies.append((self.clock.now, reply))
            then()

        Schedule(self.clock, [at], lambda _: self.clock.process(ask()))

    def ask_to_pay(self, at, amount, user=0, order=1, promised_at=math.inf, **fields):
        self.ask(at, Authorise(*of(user), amount, SHOP_ACCOUNT, promised_at), "pay", order, **fields)

    def confirm(self, at, order=1, user=0):
        self.ask(at, ConfirmDelivery(), "confirm", order, user)

    def run(self, until=END):
        self.clock.run_to(until)
        if until < END:
            self.clock.advance_to(until)
        return self

    # What can be seen

    @property
    def balances(self):
        """What the bank's accounts hold, by name without the bank's, those with nothing left out."""
        accounts = self.ledger.account_columns()
        names = [accounts["account"].labels[code] for code in accounts["account"].codes]
        found = {
            name.removeprefix("bank:"): left
            for name, left in zip(names, accounts["closing"].tolist(), strict=True)
        }
        assert found.pop("reserves") == sum(found.values())
        return {name.removeprefix("deposits:"): left for name, left in found.items() if left}

    def rows(self, first=0):
        """What was written after the openings: code, amount, order and link."""
        rows = self.ledger.array()
        rows = rows[rows["order"] != NO_ID][first:]
        return [(CODES[row["code"]], int(row["amount"]), int(row["order"]), int(row["entry"])) for row in rows]

    def told(self, recipient):
        return [(heard.at, heard.order, heard.notice) for heard in self.heard if heard.recipient == recipient]

    @property
    def remembers(self):
        """How many things the bank still has in mind."""
        settlements = self.bank._settlements
        return (
            len(self.bank._calendar),
            len(settlements._unsettled),
            len(settlements._in_escrow),
            len(self.bank._pending_notices),
        )


NOTHING = (0, 0, 0, 0)


# Policies

TERMS = [
    (Immediate(), 5.0, 50.0, SettlementTerms(FundsLocation.DEPOSIT, math.inf, math.inf)),
    (Delayed(30), 5.0, 50.0, SettlementTerms(FundsLocation.SETTLEMENT_DUE, 35.0, math.inf)),
    (Delayed(0), 5.0, 50.0, SettlementTerms(FundsLocation.SETTLEMENT_DUE, 5.0, math.inf)),
    (Escrow(), 5.0, 50.0, SettlementTerms(FundsLocation.ESCROW, math.inf, math.inf)),
    (Escrow(7), 5.0, 50.0, SettlementTerms(FundsLocation.ESCROW, math.inf, 57.0)),
    (Escrow(7), 5.0, math.inf, SettlementTerms(FundsLocation.ESCROW, math.inf, math.inf)),
]


@pytest.mark.parametrize(("policy", "paid_at", "promised_at", "terms"), TERMS)
def test_terms_are_those_of_the_table(policy, paid_at, promised_at, terms):
    assert policy.terms(100, paid_at, promised_at) == terms
    assert isinstance(policy, SettlementPolicy)
    assert SETTLEMENTS[policy.kind] is type(policy)
    assert {*policy.durations} == {field.name for field in dataclasses.fields(policy)}


SECONDS = "must be a number of seconds from 0 to 2**53"
AMOUNT = f"must be a whole number of minor units from 0 to {2**63 - 1}"
SHARE = "must be a number from 0 to 1"
WRONG = [
    (Delayed, (-1,), [f"after: -1: {SECONDS}"]),
    (Delayed, (math.nan,), [f"after: nan: {SECONDS}"]),
    (Delayed, (math.inf,), [f"after: inf: {SECONDS}"]),
    (Delayed, ("2 days",), [f"after: '2 days': {SECONDS}"]),
    (Delayed, (True,), [f"after: True: {SECONDS}"]),
    (Escrow, (-0.5,), [f"refund_after: -0.5: {SECONDS}"]),
    (Fees, (-1, 1.5), [f"fixed: -1: {AMOUNT}", f"share: 1.5: {SHARE}"]),
    (Fees, (0, 0.0, 0.5, -0.1, True),
     [f"payer_fixed: 0.5: {AMOUNT}", f"declined: True: {AMOUNT}", f"payer_share: -0.1: {SHARE}"]),
    (Fees, (0, math.nan), [f"share: nan: {SHARE}"]),
    (Income, (0, 0.0, -1.0),
     [f"amount: 0: {AMOUNT.replace('0', '1', 1)}", f"every: 0.0: {SECONDS.replace('0', '1e-06')}",
      f"first: -1.0: {SECONDS}"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "lines"), WRONG)
def test_what_breaks_a_rule_is_refused_with_one_line_a_fault(kind, values, lines):
    with pytest.raises(ValueError, match="must be") as error:
        kind(*values)
    assert str(error.value).splitlines() == lines


def test_a_reserve_must_be_a_share_and_a_duration():
    with pytest.raises(ValueError, match="must be") as error:
        House(rolling_reserve_share=1.01, rolling_reserve_seconds=-1.0)
    assert str(error.value).splitlines() == [
        f"rolling_reserve_share: 1.01: {SHARE}",
        f"rolling_reserve_seconds: -1.0: {SECONDS}",
    ]


FEES = [
    # fees, amount, the shop's, the payer's
    (Fees(), 1000, 0, 0),
    (Fees(30, 0.029), 1000, 59, 0),
    (Fees(30, 0.029), 20, 20, 0),  # at most what is due
    (Fees(30, 0.029), 0, 0, 0),
    (Fees(0, 0.5), 1, 0, 0),  # halves to even
    (Fees(0, 0.5), 3, 2, 0),
    (Fees(0, 1.0, 0, 1.0), 2**62 - 1, 2**62 - 1, 2**62 - 1),  # which no float holds
    (Fees(0, 0.0, 5, 0.01), 1000, 0, 15),
    (Fees(0, 0.0, 5, 0.01), 0, 0, 0),
    (Fees(0, 0.0, 5, 1.0), 10, 0, 15),
]


@pytest.mark.parametrize(("fees", "amount", "shop", "payer"), FEES)
def test_fees_are_those_of_the_table(fees, amount, shop, payer):
    assert (fees.of_shop(amount), fees.of_payer(amount)) == (shop, payer)


# What each payment leaves where: user 0 has 1,000 and pays 400, at once or out of a pending transfer of 500.

CONDITIONS = {"fees": Fees(10, 0.05, 2, 0.01), "rolling_reserve_share": 0.1, "rolling_reserve_seconds": 50.0}
TAKEN = {
    "plain": (None, {}, Receipt(0, 400), {"user:0": 600, "shop": 400}),
    "with fees": (
        Immediate(), {"fees": Fees(10, 0.05, 2, 0.01)}, Receipt(0, 400, FundsLocation.DEPOSIT, 30, 0, 6),
        {"user:0": 594, "shop": 370, "fees": 36},
    ),
    "with fees and a reserve": (
        Immediate(), CONDITIONS, Receipt(0, 400, FundsLocation.DEPOSIT, 30, 37, 6),
        {"user:0": 594, "shop": 333, "rolling-reserve": 37, "fees": 36},
    ),
    "with a fee that takes it all": (
        Immediate(), {"fees": Fees(500), "rolling_reserve_share": 0.5},
        Receipt(0, 400, FundsLocation.DEPOSIT, 400), {"user:0": 600, "fees": 400},
    ),
    "all kept back": (
        Immediate(), {"rolling_reserve_share": 1.0}, Receipt(0, 400, FundsLocation.DEPOSIT, 0, 400),
        {"user:0": 600, "rolling-reserve": 400},
    ),
    "settled later": (
        Delayed(10), CONDITIONS, Receipt(0, 400, FundsLocation.SETTLEMENT_DUE, 0, 0, 6),
        {"user:0": 594, "settlement-due": 400, "fees": 6},
    ),
    "in escrow": (
        Escrow(), CONDITIONS, Receipt(0, 400, FundsLocation.ESCROW, 0, 0, 6),
        {"user:0": 594, "escrow": 400, "fees": 6},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", ["at once", "captured"])
@pytest.mark.parametrize("name", TAKEN)
def test_a_payment_goes_where_its_terms_say(name, way):
    policy, conditions, receipt, left = TAKEN[name]
    house = House(policy, **conditions)
    if way == "captured":
        hold = house.bank.hold(Hold(*of(0), 500, SHOP_ACCOUNT, None), 1)
        assert hold == Receipt(hold.transaction, 500)
        paid = house.bank.capture(Capture(*of(SHOP), hold.transaction, 400))
    else:
        paid = house.pay(400)
    assert paid == receipt.replaced(transaction=paid.transaction)
    assert house.balances == {"user:1": 1000, "supplier": 100} | left
    account, shop = account_number(0), SHOP_ACCOUNT
    assert house.bank.verify(paid.transaction) == Verification(paid.transaction, 400, account, shop, 1)


def test_a_plain_bank_has_no_calendar_and_opens_no_account_more():
    house = House()
    for order in range(1, 11):
        house.pay(10, order=order)
    assert house.clock.peek() == math.inf
    assert house.remembers == NOTHING
    assert len(house.ledger.account_columns()["closing"]) == 5


COVERED = {
    "to the last unit": (985, True),
    "one unit short": (986, False),
}


@pytest.mark.parametrize("kind", ["authorise", "hold"])
@pytest.mark.parametrize("name", COVERED)
def test_the_payers_fee_must_be_covered_too(name, kind):
    amount, is_covered = COVERED[name]
    house = House(fees=Fees(0, 0.0, 5, 0.01))
    request = {
        "authorise": lambda: house.pay(amount),
        "hold": lambda: house.bank.hold(Hold(*of(0), amount, SHOP_ACCOUNT, None), 1),
    }[kind]
    reply = request()
    if is_covered:
        assert isinstance(reply, Receipt)
        assert house.bank.balance(EnquireBalance(*of(0))).amount == 0
    else:
        assert reply == Decline(Reason.INSUFFICIENT_FUNDS)
        assert house.bank.balance(EnquireBalance(*of(0))) == Balance(1000)


def test_what_is_held_covers_the_payers_fee_and_no_more():
    house = House(fees=Fees(0, 0.0, 5, 0.01))
    hold = house.bank.hold(Hold(*of(0), 500, SHOP_ACCOUNT, None), 1).transaction
    assert house.bank.balance(EnquireBalance(*of(0))) == Balance(490, 510)
    more = house.bank.capture(Capture(*of(SHOP), hold, 501))
    assert more == Decline(Reason.MORE_THAN_HELD)
    whole = house.bank.capture(Capture(*of(SHOP), hold, 500))
    assert (whole.amount, whole.payer_fee) == (500, 10)
    assert house.bank.balance(EnquireBalance(*of(0))) == Balance(490, 0)


def test_nothing_captured_or_voided_costs_nothing():
    house = House(Delayed(10), fees=Fees(3, 0.0, 5, 0.01))
    holds = [house.bank.hold(Hold(*of(0), 100, SHOP_ACCOUNT, None), 1).transaction for _ in range(2)]
    assert house.bank.capture(Capture(*of(SHOP), holds[0], 0)).payer_fee == 0
    assert house.bank.void(Void(*of(SHOP), holds[1])).amount == 106
    assert house.balances == {"user:0": 1000, "user:1": 1000, "supplier": 100}
    assert house.remembers == NOTHING


DECLINED = {
    "charged": (Authorise(*of(0), 1001, SHOP_ACCOUNT), 25, Reason.INSUFFICIENT_FUNDS, True),
    "a wrong secret": (Authorise(account_number(0), of(1)[1], 1, SHOP_ACCOUNT), 25, Reason.WRONG_SECRET, True),
    "to the last unit": (Authorise(*of(0), 1001, SHOP_ACCOUNT), 7, Reason.INSUFFICIENT_FUNDS, True),
    "more than the shop has": (Authorise(*of(0), 1001, SHOP_ACCOUNT), 6, Reason.INSUFFICIENT_FUNDS, False),
    "a payment to another": (Authorise(*of(0), 1, SUPPLIER_ACCOUNT), 25, Reason.UNKNOWN_PAYEE, False),
}


@pytest.mark.parametrize("name", DECLINED)
def test_a_declined_payment_costs_the_shop_a_fee_that_it_can_bear(name):
    request, cash, reason, is_charged = DECLINED[name]
    house = House(cash=cash, fees=Fees(declined=7))
    reply = house.bank.authorise(request, 1)
    if is_charged:
        assert reply == Decline(reason, reply.transaction, 7)
        assert house.rows() == [("fee", 7, 1, reply.transaction)]
    else:
        assert reply == Decline(reason)
        assert house.rows() == []
    assert house.bank.verify(reply.transaction) == Decline(Reason.UNKNOWN_TRANSACTION)


def test_only_a_declined_payment_costs_a_fee():
    house = House(cash=50, fees=Fees(declined=7))
    assert house.bank.hold(Hold(*of(0), 1001, SHOP_ACCOUNT, None), 1) == Decline(Reason.INSUFFICIENT_FUNDS)
    assert house.refund(99, 1) == Decline(Reason.UNKNOWN_TRANSACTION)
    assert house.pay(10).fee == 0
    assert "fees" not in house.balances


# Settled later


def test_what_is_due_is_settled_on_its_day_and_the_shop_is_told():
    house = House(Delayed(10), **CONDITIONS)
    house.clock.run_to(3)
    house.paid(400)
    house.run(9.999)
    assert house.balances["settlement-due"] == 400
    house.run(10.5)
    assert house.balances == {
        "user:0": 594, "user:1": 1000, "supplier": 100, "shop": 333, "rolling-reserve": 37, "fees": 36,
    }  # fmt: skip
    entry = house.rows()[-1][3]
    assert house.rows(2) == [("settlement", 400, 1, entry), ("fee", 30, 1, entry), ("retention", 37, 1, entry)]
    house.run(11)
    assert house.told(SHOP) == [(11, 1, Credited(entry, 400, "settlement", 30, 37))]
    house.run(61)
    assert house.rows()[-1] == ("release", 37, 1, entry + 1)
    assert house.told(SHOP)[1:] == [(61, 1, Credited(entry + 1, 37, "release"))]
    assert house.balances["shop"] == 370
    assert house.told(0) == []
    assert house.remembers == NOTHING


REFUNDS = {
    # parts refunded, what is settled of 400, fee, kept back
    "none": ([], 400, 30, 37),
    "a part": ([150], 250, 22, 23),
    "two parts": ([150, 240], 10, 10, 0),
    "all": ([400], 0, 0, 0),
    "all in parts": ([399, 1], 0, 0, 0),
}


@pytest.mark.parametrize("policy", [Delayed(10), Escrow()], ids=lambda policy: policy.kind)
@pytest.mark.parametrize("name", REFUNDS)
def test_what_is_left_after_refunds_is_settled(name, policy):
    parts, due, fee, retained = REFUNDS[name]
    house = House(policy, **CONDITIONS)
    paid = house.pay(400)
    for part in parts:
        receipt = house.refund(paid.transaction, part)
        assert receipt == Receipt(receipt.transaction, part, paid.held_in)
    house.confirm(20)
    house.run(45)
    settled = [(notice.amount, notice.fee, notice.retained) for _, _, notice in house.told(SHOP)]
    assert settled == ([(due, fee, retained)] if due else [])
    left = {
        "user:0": 594 + sum(parts), "user:1": 1000, "supplier": 100, "shop": due - fee - retained,
        "rolling-reserve": retained, "fees": 6 + fee,
    }  # fmt: skip
    assert house.balances == {name: amount for name, amount in left.items() if amount}
    house.run()
    assert house.balances.get("shop", 0) == due - fee
    assert house.refund(paid.transaction, due + 1) == Decline(Reason.MORE_THAN_PAID)
    assert house.remembers == NOTHING


def test_refunds_come_out_of_the_deposit_once_settled():
    house = House(Delayed(10), cash=5)
    paid = house.paid(400)
    house.refund(paid, 100)
    house.run()
    assert house.balances["shop"] == 305
    reply = house.refund(paid, 300)
    assert reply == Receipt(reply.transaction, 300)
    assert house.balances == {"user:0": 1000, "user:1": 1000, "shop": 5, "supplier": 100}


@pytest.mark.parametrize("policy", [Delayed(10), Escrow()], ids=lambda policy: policy.kind)
def test_a_refund_from_aside_needs_no_deposit_and_never_takes_another_payments_money(policy):
    house = House(policy)
    paid, _ = house.paid(400), house.paid(300, user=1, order=2)
    assert house.refund(paid, 401) == Decline(Reason.MORE_THAN_PAID)
    assert house.refund(paid, 0) == Decline(Reason.INVALID_AMOUNT)
    assert house.refund(paid, -5) == Decline(Reason.INVALID_AMOUNT)
    assert isinstance(house.refund(paid, 400), Receipt)
    assert house.refund(paid, 1) == Decline(Reason.MORE_THAN_PAID)
    assert sum(house.balances[name] for name in ("user:0", "user:1")) == 1700


def test_a_refund_names_its_payment_with_the_payers_fee():
    house = House(Delayed(10), fees=Fees(0, 0.0, 5, 0.01))
    paid = house.paid(400)
    _, notice, user = house.bank.refund(Refund(*of(SHOP), paid, 150), order=1)
    assert notice == Refunded(paid, 400, notice.transaction, 150, 9)
    assert user == 0


# Escrow

CONFIRMATIONS = {
    "by the payer": ([(0, 1)], [Acknowledged()], {"shop": 400}),
    "by another": ([(1, 1)], [Decline(Reason.UNKNOWN_TRANSACTION)], {"escrow": 400}),
    "of another order": ([(0, 2)], [Decline(Reason.UNKNOWN_TRANSACTION)], {"escrow": 400}),
    "twice": ([(0, 1), (0, 1)], [Acknowledged(), Decline(Reason.UNKNOWN_TRANSACTION)], {"shop": 400}),
}


@pytest.mark.parametrize("name", CONFIRMATIONS)
def test_the_payers_confirmation_settles_what_is_in_escrow(name):
    who, replies, left = CONFIRMATIONS[name]
    house = House(Escrow(100))
    house.paid(400)
    for number, (user, order) in enumerate(who):
        house.confirm(5 + number, order, user)
    house.run(50)
    assert [reply for _, reply in house.replies] == replies
    assert house.balances == {"user:0": 600, "user:1": 1000, "supplier": 100} | left
    assert len(house.told(SHOP)) == ("shop" in left)


@pytest.mark.parametrize("policy", [None, Delayed(10)], ids=["immediate", "delayed"])
def test_without_escrow_there_is_nothing_to_confirm(policy):
    house = House(policy)
    house.paid(400)
    house.confirm(3)
    house.run()
    assert house.replies == [(5, Decline(Reason.UNKNOWN_TRANSACTION))]
    assert house.balances["shop"] == 400


def test_late_goods_give_the_money_back_and_both_are_told():
    house = House(Escrow(30), fees=Fees(10, 0.05, 2, 0.01))
    paid = house.paid(400, promised_at=20.0)
    house.refund(paid, 100)
    house.confirm(60)
    house.run(50)
    entry = house.rows()[-1][3]
    assert house.rows()[-1] == ("refund", 300, 1, entry)
    assert house.balances == {"user:0": 994, "user:1": 1000, "supplier": 100, "fees": 6}
    house.run()
    notice = Refunded(paid, 400, entry, 300, 6, late=True)
    assert house.told(0) == [(51, 1, notice)]
    assert house.told(SHOP) == [(51, 1, notice)]
    assert house.replies == [(62, Decline(Reason.ESCROW_CLOSED))]
    assert house.refund(paid, 1) == Decline(Reason.MORE_THAN_PAID)
    assert house.remembers == NOTHING


def test_nobody_else_learns_that_the_escrow_was_closed():
    house = House(Escrow(30))
    house.paid(400, promised_at=0.0)
    house.confirm(60, user=1)
    house.run()
    assert house.replies == [(62, Decline(Reason.UNKNOWN_TRANSACTION))]


def test_an_escrow_that_the_shop_gave_back_is_closed():
    house = House(Escrow())
    house.refund(house.paid(400), 400)
    house.confirm(5)
    house.run()
    assert house.replies == [(7, Decline(Reason.ESCROW_CLOSED))]
    assert house.balances == {"user:0": 1000, "user:1": 1000, "supplier": 100}


def test_a_payment_after_its_day_goes_back_at_once():
    house = House(Escrow(0))
    house.run(50)
    house.paid(400, promised_at=20.0)
    house.run()
    assert [(at, notice.late) for at, _, notice in house.told(0)] == [(51, True)]


# The confirmation arrives a second after it is sent, the late refund is due at 50.
SAME_INSTANT = {"just before": (48.999, True), "at": (49.0, False), "just after": (49.001, False)}


@pytest.mark.parametrize("name", SAME_INSTANT)
def test_confirmation_and_late_refund_have_one_winner(name):
    at, is_settled = SAME_INSTANT[name]
    house = House(Escrow(30))
    house.paid(400, promised_at=20.0)
    house.confirm(at)
    house.run()
    ((_, reply),) = house.replies
    assert reply == (Acknowledged() if is_settled else Decline(Reason.ESCROW_CLOSED))
    (notice,) = [notice for _, _, notice in house.told(SHOP)]
    assert isinstance(notice, Credited if is_settled else Refunded)
    assert [code for code, *_ in house.rows()] == ["payment", "settlement" if is_settled else "refund"]
    assert house.balances.get("shop", 0) == (400 if is_settled else 0)


# The refund is asked at 1 and served `service` later; the settlement is due at 10.
BEHIND = {
    "before": (8.9, FundsLocation.SETTLEMENT_DUE, 300),
    "at": (9.0, FundsLocation.DEPOSIT, 400),
    "behind": (9.1, FundsLocation.DEPOSIT, 400),
}


@pytest.mark.parametrize("name", BEHIND)
def test_a_refund_that_waits_behind_a_settlement_takes_it_from_where_it_is_held(name):
    service, held_in, settled = BEHIND[name]
    house = House(Delayed(10), service=service, latency=0.5)
    paid = house.paid(400)
    house.ask(0.5, Refund(*of(SHOP), paid, 100), "refund")
    house.run()
    ((_, receipt),) = house.replies
    assert (receipt.amount, receipt.held_in) == (100, held_in)
    assert [notice.amount for _, _, notice in house.told(SHOP)] == [settled]
    assert house.balances == {"user:0": 700, "user:1": 1000, "shop": 300, "supplier": 100}


def test_captures_are_settled_and_refunded_like_payments():
    house = House(Delayed(10), **CONDITIONS)
    hold = house.bank.hold(Hold(*of(0), 500, SHOP_ACCOUNT, 5.0), 3).transaction
    paid = house.bank.capture(Capture(*of(SHOP), hold, 400)).transaction
    assert house.refund(paid, 150, order=3).held_in is FundsLocation.SETTLEMENT_DUE
    house.run(12)
    ((_, order, notice),) = house.told(SHOP)
    assert (order, tuple(notice)[1:]) == (3, (250, "settlement", 22, 23))
    house.run()
    assert house.balances["shop"] == 228
    assert house.remembers == NOTHING


def test_what_is_held_is_in_escrow_only_once_it_is_captured():
    house = House(Escrow())
    hold = house.bank.hold(Hold(*of(0), 500, SHOP_ACCOUNT, None), 1).transaction
    house.confirm(1)
    house.run(5)
    house.bank.capture(Capture(*of(SHOP), hold, 500))
    house.ask(6, ConfirmDelivery(), "confirm again", user=0)
    house.run()
    assert [reply for _, reply in house.replies] == [Decline(Reason.UNKNOWN_TRANSACTION), Acknowledged()]
    assert house.balances["shop"] == 500


def test_what_was_held_was_promised_for_no_instant_and_is_never_late():
    house = House(Escrow(30))
    hold = house.bank.hold(Hold(*of(0), 500, SHOP_ACCOUNT, None), 1).transaction
    house.bank.capture(Capture(*of(SHOP), hold, 500))
    house.run()
    assert house.balances["escrow"] == 500


# A policy of one's own


class Own:
    """Gives whatever terms it is told, by the amount."""

    def __init__(self, terms):
        self.by_amount = terms

    def terms(self, amount, paid_at, promised_at):
        return self.by_amount[amount]


def test_any_policy_may_put_each_payment_elsewhere():
    house = House(
        Own({
            1: SettlementTerms(FundsLocation.DEPOSIT, 5.0, 5.0), 2: SettlementTerms(FundsLocation.SETTLEMENT_DUE,
            20.0, 10.0),
            4: SettlementTerms(FundsLocation.ESCROW, 30.0, 40.0), 8: SettlementTerms(FundsLocation.ESCROW, 50.0,
            50.0), 16: SettlementTerms("settlement_due"),
        })
    )  # fmt: skip
    for order, amount in enumerate((1, 2, 4, 8, 16), 1):
        house.paid(amount, order=order)
    house.run()
    told = [(at, order, type(notice).__name__, notice.amount) for at, order, notice in house.told(SHOP)]
    assert told == [(21, 2, "Credited", 2), (31, 3, "Credited", 4), (51, 4, "Credited", 8)]
    assert house.balances == {"user:0": 969, "user:1": 1000, "shop": 15, "supplier": 100, "settlement-due": 16}


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        (SettlementTerms(FundsLocation.ESCROW, math.nan), "must give instants, not NaN"),
        (SettlementTerms(FundsLocation.ESCROW, 1.0, math.nan), "must give instants, not NaN"),
        (SettlementTerms("under the pillow"), "under the pillow"),
    ],
)
def test_a_policy_that_makes_no_sense_stops_the_bank_before_money_moves(terms, text):
    house = House(Own({5: terms}))
    with pytest.raises(ValueError, match=text):
        house.pay(5)
    assert house.rows() == []


def test_two_payments_for_one_order_in_escrow_are_settled_together():
    house = House(Escrow(), fees=Fees(10))
    house.paid(400)
    house.paid(30)
    house.confirm(1)
    house.run()
    assert [tuple(notice)[1:4] for _, _, notice in house.told(SHOP)] == [(430, "settlement", 10)]
    assert house.balances["shop"] == 420
    assert house.remembers == NOTHING


# Payment at the door


def transfer(house, payer, amount, payee, order=1):
    return house.bank.transfer(Transfer(*of(payer), amount, account_number(payee)), order)


def test_what_is_collected_at_the_door_is_the_couriers_until_it_is_passed_on():
    house = House()
    collected = transfer(house, 0, 400, COURIER)
    assert collected == Receipt(collected.transaction, 400)
    assert house.bank.verify(collected.transaction) == Verification(
        collected.transaction, 400, account_number(0), COURIER_ACCOUNT, 1
    )  # fmt: skip
    assert house.bank.balance(EnquireBalance(*of(COURIER))) == Balance(400)
    assert transfer(house, COURIER, 401, SHOP) == Decline(Reason.INSUFFICIENT_FUNDS)
    passed = transfer(house, COURIER, 400, SHOP)
    assert house.rows() == [
        ("collection", 400, 1, collected.transaction), ("remittance", 400, 1, passed.transaction),
    ]  # fmt: skip
    assert house.balances == {"user:0": 600, "user:1": 1000, "shop": 400, "supplier": 100}


DOORS = {
    "one too much": (0, 1001, COURIER, Reason.INSUFFICIENT_FUNDS),
    "nothing": (0, 0, COURIER, Reason.INVALID_AMOUNT),
    "from the shop": (SHOP, 5, COURIER, Reason.UNKNOWN_PAYEE),
    "from the supplier": (SUPPLIER, 5, COURIER, Reason.UNKNOWN_PAYEE),
    "to another user": (0, 5, 1, Reason.UNKNOWN_PAYEE),
    "to the shop": (0, 5, SHOP, Reason.UNKNOWN_PAYEE),
    "courier to supplier": (COURIER, 5, SUPPLIER, Reason.UNKNOWN_PAYEE),
    "courier to user": (COURIER, 5, 0, Reason.UNKNOWN_PAYEE),
    "courier without money": (COURIER, 5, SHOP, Reason.INSUFFICIENT_FUNDS),
}


@pytest.mark.parametrize("name", DOORS)
def test_other_transfers_with_the_courier_are_declined(name):
    payer, amount, payee, reason = DOORS[name]
    house = House(cash=50)
    assert transfer(house, payer, amount, payee) == Decline(reason)
    assert house.balances == {"user:0": 1000, "user:1": 1000, "shop": 50, "supplier": 100}


def test_a_bank_that_knows_no_courier_knows_no_account_of_theirs():
    house = House()
    del house.bank._organisation_secrets[COURIER]
    assert house.bank.balance(EnquireBalance(*of(COURIER))) == Decline(Reason.UNKNOWN_ACCOUNT)


def test_a_collection_is_refunded_from_the_shops_deposit_and_cost_the_payer_nothing():
    house = House(Delayed(10), cash=250, fees=Fees(0, 0.0, 5, 0.01))
    collected = transfer(house, 0, 400, COURIER).transaction
    assert house.refund(collected, 300) == Decline(Reason.INSUFFICIENT_FUNDS)
    by_courier = house.bank.refund(Refund(*of(COURIER), collected, 10), order=1)
    assert by_courier == Decline(Reason.UNKNOWN_TRANSACTION)
    receipt, notice, user = house.bank.refund(Refund(*of(SHOP), collected, 250), order=1)
    assert receipt == Receipt(receipt.transaction, 250)
    assert notice == Refunded(collected, 400, receipt.transaction, 250)
    assert user == 0
    assert house.refund(collected, 151) == Decline(Reason.MORE_THAN_PAID)
    passed = transfer(house, COURIER, 400, SHOP).transaction
    assert house.refund(passed, 1) == Decline(Reason.UNKNOWN_TRANSACTION)


# Income


def test_pay_days_before_the_horizon_pay_every_user_who_is_told():
    house = House(income=Income(70, 10.0, 5.0, 25.0))
    house.run()
    assert house.balances == {"user:0": 1140, "user:1": 1140, "supplier": 100}
    for user in (0, 1):
        told = house.told(user)
        assert [(at, order, notice.amount, notice.cause) for at, order, notice in told] == [
            (6, NO_ID, 70, "income"), (16, NO_ID, 70, "income"),
        ]  # fmt: skip
    links = [heard.notice.transaction for heard in house.heard]
    assert len({*links}) == 4
    assert all(house.bank.verify(entry) == Decline(Reason.UNKNOWN_TRANSACTION) for entry in links)
    assert house.remembers == NOTHING


def test_without_a_pay_day_before_the_horizon_nothing_is_paid():
    house = House(income=Income(70, 10.0, 25.0, 25.0))
    assert house.clock.peek() == math.inf


def test_income_can_be_spent_at_the_instant_of_the_pay_day():
    house = House(income=Income(70, 10.0, 5.0, 6.0))
    house.ask_to_pay(4, 1070)
    house.run()
    ((_, reply),) = house.replies
    assert isinstance(reply, Receipt)


# Memory


def test_nothing_is_kept_of_payments_with_which_nothing_more_can_happen():
    house = House(Escrow(100), rolling_reserve_share=0.5, rolling_reserve_seconds=3.0)
    for order in range(1, 201):
        house.paid(1, order=order, promised_at=house.clock.now)
        house.confirm(house.clock.now + 1, order)
        house.run(house.clock.now + 10)
        assert house.remembers == NOTHING
    assert house.balances["shop"] == 200
    assert not house.bank._settlements.refunds
    assert not house.bank._settlements._closed
    assert len(house.bank._calendar._instants) < 15  # those whose instants have not come


# Loss, duplication, crash


def test_every_refund_of_an_order_is_told():
    house = House().make_hostile(0.3)
    paid = house.paid(400)
    for number, amount in enumerate((100, 250)):
        house.ask(number, Refund(*of(SHOP), paid, amount), f"refund:{number}")
    house.run()
    assert sorted(notice.amount for _, _, notice in house.told(0)) == [100, 250]
    assert house.remembers == NOTHING


class Story(NamedTuple):
    """What happens to twelve orders of 10 each, and what the bank must have and have told in the end."""

    policy: object
    conditions: dict
    left: dict
    told: dict


EARNED = {"user:0": 940, "user:1": 940, "supplier": 100, "shop": 108, "fees": 12}
LATE = {"user:0": 1000, "user:1": 1000, "supplier": 100}
PAID_OUT = {"user:0": 1160, "user:1": 1160, "supplier": 100, "shop": 120}
KEPT = {"fees": Fees(1), "rolling_reserve_share": 0.5, "rolling_reserve_seconds": 40.0}
STORIES = {
    "immediate": Story(Immediate(), KEPT, EARNED, {"release": 12}),
    "delayed": Story(Delayed(20), KEPT, EARNED, {"settlement": 12, "release": 12}),
    "confirmed": Story(Escrow(500), KEPT, EARNED, {"settlement": 12, "release": 12}),
    "late": Story(Escrow(30), KEPT, LATE, {"late at the shop": 12, "late at the user": 12}),
    "income": Story(Immediate(), {"income": Income(110, 30.0, 10.0, 60.0)}, PAID_OUT, {"income": 4}),
}


def play(name, house):
    """Let users pay from second 1 on, one order a second, and confirm 15 s later where the story has it so."""

    def confirm(order):
        house.confirm(house.clock.now + 15, order, order % 2)

    for order in range(1, 13):
        then = partial(confirm, order) if name == "confirmed" else lambda: None
        house.ask_to_pay(float(order), 10, user=order % 2, order=order, promised_at=float(order), then=then)
    return house.run()


def summary(house):
    """How often which notice was taken in, each link once by each who was to be told."""
    kinds = {}
    for heard in house.heard:
        place = "shop" if heard.recipient == SHOP else "user"
        cause = getattr(heard.notice, "cause", f"late at the {place}")
        kinds.setdefault(cause, []).append((heard.recipient, heard.notice.transaction))
    assert all(len({*links}) == len(links) for links in kinds.values())
    return {cause: len(links) for cause, links in kinds.items()}


@pytest.mark.parametrize("name", STORIES)
def test_what_falls_due_is_done_and_told_once(name):
    story = STORIES[name]
    house = play(name, House(story.policy, **story.conditions))
    assert house.balances == story.left
    assert summary(house) == story.told
    assert house.remembers == NOTHING


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", STORIES)
def test_loss_and_duplication_change_no_amount_and_every_notice_arrives_once(name, seed):
    story = STORIES[name]
    house = play(name, House(story.policy, **story.conditions).make_hostile(0.35, seed))
    assert house.balances == story.left
    assert summary(house) == story.told
    assert house.remembers == NOTHING


@pytest.mark.parametrize("at", [1.5, 8.0, 12.0, 21.0, 22.5, 27.0, 31.0, 33.0, 38.5, 42.0, 55.0, 63.25, 72.0])
@pytest.mark.parametrize("name", STORIES)
def test_a_crash_loses_nothing_and_does_nothing_twice(name, at):
    story = STORIES[name]
    house = play(name, House(story.policy, **story.conditions).make_hostile(0.2, 5).crash(at, 25.0))
    assert house.balances == story.left
    assert summary(house) == story.told
    assert house.remembers == NOTHING


def test_what_falls_due_while_the_bank_is_down_is_done_at_the_restart():
    conditions = {
        "income": Income(5, 10.0, 12.0, 45.0),
        "rolling_reserve_share": 0.5,
        "rolling_reserve_seconds": 20.0,
    }
    house = House(Delayed(15), **conditions).make_hostile().crash(10.0, 30.0)
    house.paid(100)
    house.run()
    rows = house.ledger.array()
    facts = [
        (row["at"], CODES[row["code"]], int(row["amount"])) for row in rows if CODES[row["code"]] != "opening"
    ]
    days = [(40.0, "income", 5)] * 2
    assert facts == [
        (0.0, "payment", 100), *days, (40.0, "settlement", 100), (40.0, "retention", 50), *days, *days,
        (42.0, "income", 5), (42.0, "income", 5), (60.0, "release", 50),
    ]  # fmt: skip


def test_late_goods_win_over_a_confirmation_that_finds_the_bank_down():
    house = House(Escrow(30)).make_hostile().crash(15.0, 60.0)
    house.paid(400, promised_at=0.0)
    house.confirm(20)
    house.run()
    assert [reply for _, reply in house.replies] == [Decline(Reason.ESCROW_CLOSED)]
    assert house.balances == {"user:0": 1000, "user:1": 1000, "supplier": 100}


def test_a_notice_that_is_under_way_when_the_bank_goes_down_is_told_again_under_the_same_key():
    house = House(Delayed(10)).make_hostile().crash(10.5, 20.0)
    house.paid(400)
    house.run()
    assert [at for at, _, _ in house.told(SHOP)] == [11]
    sent = [row["sent_at"] for row in house.log.array() if row["sender"] == BANK]
    assert sent == [10, 30.5]
    assert house.remembers == NOTHING
