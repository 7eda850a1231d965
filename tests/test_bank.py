"""The bank's decisions, without SimPy processes: which request gets which answer, and what moves."""

import numpy as np
import parties
import pytest
from parties import SECRETS

from alesha_sim.books.bank import BankBook
from alesha_sim.books.ledger import Ledger
from alesha_sim.entities.accounts import account_number, secret_text
from alesha_sim.entities.bank.lockout import AccountLockout
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import (
    Authorise,
    Balance,
    Decline,
    EnquireBalance,
    Reason,
    Receipt,
    Refund,
    Refunded,
    Secret,
    Transfer,
    Verification,
)
from alesha_sim.vocabulary import SHOP, SUPPLIER

SHOP_ACCOUNT, SUPPLIER_ACCOUNT = account_number(SHOP), account_number(SUPPLIER)
WRONG = Secret("0" * 16)


def of(owner):
    """The account number and secret of a user or an organisation."""
    return account_number(owner), secret_text(SECRETS[owner])


@pytest.fixture
def bank():
    book = BankBook(Ledger("BDT", ("laptop",)), 2)
    book.open_users(0.0, np.array([1000, 0]))
    book.open_owner(0.0, SHOP, 500)
    book.open_owner(0.0, SUPPLIER, 100)
    return parties.bank(Clock(), book, workers=1)


def test_an_account_is_locked_up_to_the_last_instant_and_usable_from_then_on():
    locks = AccountLockout(2, 100.0)
    assert [locks.note_attempt(0, False, now) for now in (0.0, 10.0)] == [False, False]
    assert locks.note_attempt(0, True, np.nextafter(110.0, 0.0))
    assert not locks.note_attempt(0, True, 110.0)
    assert [locks.note_attempt(0, False, now) for now in (120.0, 130.0)] == [False, False]
    assert locks.note_attempt(0, False, 229.0)  # which starts no new count
    assert not locks.note_attempt(0, False, 230.0)
    assert not locks.note_attempt(0, True, 230.0)


def holdings(bank):
    return [bank.book.available(owner) for owner in (0, 1, SHOP, SUPPLIER)]


PAYMENTS = {
    "paid": (of(0), 1000, SHOP_ACCOUNT, None),
    "unknown account": ((123, WRONG), 1, SHOP_ACCOUNT, Reason.UNKNOWN_ACCOUNT),
    "a number just below the users'": (
        (account_number(0) + SHOP, of(SHOP)[1]),
        1,
        SHOP_ACCOUNT,
        Reason.UNKNOWN_ACCOUNT,
    ),
    "the account after the last": ((account_number(2), WRONG), 1, SHOP_ACCOUNT, Reason.UNKNOWN_ACCOUNT),
    "wrong secret": ((account_number(0), WRONG), 1, SHOP_ACCOUNT, Reason.WRONG_SECRET),
    "another user's secret": ((account_number(0), of(1)[1]), 1, SHOP_ACCOUNT, Reason.WRONG_SECRET),
    "one too much": (of(0), 1001, SHOP_ACCOUNT, Reason.INSUFFICIENT_FUNDS),
    "an empty account": (of(1), 1, SHOP_ACCOUNT, Reason.INSUFFICIENT_FUNDS),
    "to the supplier": (of(0), 1, SUPPLIER_ACCOUNT, Reason.UNKNOWN_PAYEE),
    "to nobody": (of(0), 1, 77, Reason.UNKNOWN_PAYEE),
    "from the shop": (of(SHOP), 1, SHOP_ACCOUNT, Reason.UNKNOWN_PAYEE),
    "secret before funds": ((account_number(1), WRONG), 5, SHOP_ACCOUNT, Reason.WRONG_SECRET),
    "a negative amount": (of(0), -5, SHOP_ACCOUNT, Reason.INVALID_AMOUNT),
}


@pytest.mark.parametrize("name", PAYMENTS)
def test_authorise_answers_by_the_table_and_a_decline_moves_nothing(bank, name):
    payer, amount, payee, reason = PAYMENTS[name]
    reply = bank.authorise(Authorise(*payer, amount, payee), order=7)
    if reason is None:
        assert isinstance(reply, Receipt)
        assert holdings(bank) == [0, 0, 1500, 100]
    else:
        assert reply == Decline(reason)
        assert holdings(bank) == [1000, 0, 500, 100]


TRANSFERS = {
    "charges": (SHOP, SUPPLIER_ACCOUNT, 300, [1000, 0, 200, 400]),
    "charges returned": (SUPPLIER, SHOP_ACCOUNT, 100, [1000, 0, 600, 0]),
    "too much": (SHOP, SUPPLIER_ACCOUNT, 501, Reason.INSUFFICIENT_FUNDS),
    "user to user": (0, account_number(1), 1, Reason.UNKNOWN_PAYEE),
    "to itself": (SHOP, SHOP_ACCOUNT, 1, Reason.UNKNOWN_PAYEE),
    "a negative amount": (SHOP, SUPPLIER_ACCOUNT, -1, Reason.INVALID_AMOUNT),
}


@pytest.mark.parametrize("name", TRANSFERS)
def test_transfer_answers_by_the_table(bank, name):
    payer, payee, amount, expected = TRANSFERS[name]
    reply = bank.transfer(Transfer(*of(payer), amount, payee), order=7)
    if isinstance(expected, Reason):
        assert reply == Decline(expected)
        assert holdings(bank) == [1000, 0, 500, 100]
    else:
        assert isinstance(reply, Receipt)
        assert holdings(bank) == expected


def test_a_transaction_can_be_verified_with_amount_parties_and_order(bank):
    paid = bank.authorise(Authorise(*of(0), 400, SHOP_ACCOUNT), order=7)
    assert bank.verify(paid.transaction) == Verification(
        paid.transaction, 400, account_number(0), SHOP_ACCOUNT, 7
    )  # fmt: skip


@pytest.mark.parametrize("transaction", [0, -1, 99])
def test_an_unknown_transaction_is_declined(bank, transaction):
    assert bank.verify(transaction) == Decline(Reason.UNKNOWN_TRANSACTION)


def test_an_opening_is_no_transaction(bank):
    assert bank.verify(1) == Decline(Reason.UNKNOWN_TRANSACTION)


def test_a_refund_goes_back_to_the_payer_who_is_told(bank):
    paid = bank.authorise(Authorise(*of(0), 400, SHOP_ACCOUNT), order=7)
    reply, notice, user = bank.refund(Refund(*of(SHOP), paid.transaction, 150), order=7)
    assert notice == Refunded(paid.transaction, 400, reply.transaction, 150)
    assert user == 0
    assert holdings(bank) == [750, 0, 750, 100]


def test_refunds_never_exceed_the_payment(bank):
    paid = bank.authorise(Authorise(*of(0), 400, SHOP_ACCOUNT), order=7)
    bank.refund(Refund(*of(SHOP), paid.transaction, 300), order=7)
    assert bank.refund(Refund(*of(SHOP), paid.transaction, 101), order=7) == Decline(Reason.MORE_THAN_PAID)
    assert holdings(bank) == [900, 0, 600, 100]


def test_only_the_payee_can_refund_and_only_a_payment(bank):
    paid = bank.authorise(Authorise(*of(0), 400, SHOP_ACCOUNT), order=7)
    charges = bank.transfer(Transfer(*of(SHOP), 50, SUPPLIER_ACCOUNT), order=7)
    stranger = bank.refund(Refund(*of(SUPPLIER), paid.transaction, 10), order=7)
    inverse = bank.refund(Refund(*of(SUPPLIER), charges.transaction, 10), order=7)
    assert stranger == inverse == Decline(Reason.UNKNOWN_TRANSACTION)


def test_everybody_learns_their_own_balance_and_nobody_another_one(bank):
    for owner, amount in ((0, 1000), (1, 0), (SHOP, 500), (SUPPLIER, 100)):
        assert bank.balance(EnquireBalance(*of(owner))) == Balance(amount)
        account, _ = of(owner)
        assert bank.balance(EnquireBalance(account, WRONG)) == Decline(Reason.WRONG_SECRET)
    assert bank.balance(EnquireBalance(5, WRONG)) == Decline(Reason.UNKNOWN_ACCOUNT)


def test_a_secret_shows_itself_as_stars():
    secret = Secret("opensesame")
    shown = f"{secret} {secret!r} {secret!s} {secret:>12} {Authorise(1, secret, 2, 3)}"
    assert "opensesame" not in shown
    assert secret == "opensesame"
