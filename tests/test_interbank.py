"""Payments between banks: what is written where and when, what the house settles, and what a crash leaves."""

from random import Random

import pytest
from several_banks import BANKS, OPENING, World

from alesha_sim.books.ledger import LawBroken
from alesha_sim.entities.accounts import FIRST_USER_ACCOUNT, secret_text
from alesha_sim.entities.bank.calendar import Income
from alesha_sim.messages import ConfirmDelivery, Credited, Decline, Reason, Receipt, Refunded, Secret, Transfer
from alesha_sim.policies import Delayed, Escrow, Fees
from alesha_sim.policies.clearing import QUEUES

KINDS = ("gross", "net", "guaranteed")


def rows(world, book, *codes):
    return [row[:-1] for row in world.rows(book, *codes)]


def test_a_gross_payment_is_settled_before_the_payer_is_answered():
    world = World(kind="gross")
    world.pay("paid", 2, 300)
    world.run()
    assert rows(world, "union") == [
        (2.0, "payment", "deposits:user:2", "clearing-due:city", 300),
        (4.0, "settle", "clearing-due:city", "reserves", 300),
    ]
    assert rows(world, "clearing") == [(3.0, "settle", "reserves:union", "reserves:city", 300)]
    assert rows(world, "city") == [
        (4.0, "settle", "reserves", "clearing-claim:union", 300),
        (5.0, "payment", "clearing-claim:union", "deposits:daraz", 300),
    ]
    at, receipt = world.replies["paid"]
    assert (at, receipt.amount) == (6.0, 300)


def test_of_a_cycle_the_payer_is_answered_at_once_and_banks_settle_what_is_left():
    world = World(kind="net")
    world.pay("paid", 2, 300)
    world.charge("charged", 200, at=10.0)
    world.run()
    assert [world.replies[name][0] for name in ("paid", "charged")] == [4.0, 14.0]
    assert rows(world, "clearing") == [
        (100.0, "net", "reserves:union", "settlement", 100),
        (100.0, "net", "settlement", "reserves:city", 100),
    ]
    assert rows(world, "city", "settle") == [
        (101.0, "settle", "clearing-due:union", "reserves", 200),
        (101.0, "settle", "reserves", "clearing-claim:union", 300),
    ]
    assert world.reserves() == {"city": (3100, 3100), "union": (2900, 2900)}


@pytest.mark.parametrize("kind", KINDS)
def test_who_has_been_answered_can_name_the_transaction_to_the_payee(kind):
    world = World(kind=kind)
    world.charge("charged", 200)
    while "charged" not in world.replies:
        world.run(until=world.clock.now + 1.0)
    world.verify("verified", world.replies["charged"][1].transaction)
    world.run()
    verification = world.replies["verified"][1]
    assert (verification.amount, verification.order) == (200, 1)


def test_of_interchange_the_payers_bank_keeps_its_share():
    world = World(interchange=0.015)
    world.pay("paid", 2, 1000)
    world.run()
    found = world.balances()
    assert (found["union:interchange-income"], found["city:interchange"]) == (15, 15)
    assert (found["city:deposits:daraz"], found["clearing:reserves:union"]) == (2 * OPENING, 3000 - 985)


def test_the_users_fee_is_their_banks_and_the_shops_its_own_banks():
    world = World(fees=Fees(fixed=7, payer_fixed=3, declined=5))
    world.pay("paid", 2, 300)
    world.pay("declined", 3, 5000, order=2)
    world.run()
    found = world.balances()
    receipt, decline = (world.replies[name][1] for name in ("paid", "declined"))
    assert (receipt.fee, receipt.payer_fee, decline.fee) == (7, 3, 5)
    assert (found["union:fees"], found["city:fees"]) == (3, 12)
    assert found["union:deposits:user:2"] == OPENING - 303


DECLINES = {
    "a wrong secret": ((2, 300, Secret("0" * 16)), Reason.WRONG_SECRET),
    "too much": ((2, 1001), Reason.INSUFFICIENT_FUNDS),
    "nothing": ((2, 0), Reason.INVALID_AMOUNT),
    "nobody's account": ((4, 300), Reason.UNKNOWN_ACCOUNT),
}


@pytest.mark.parametrize("what", DECLINES)
def test_what_the_payers_bank_declines_is_declined_and_writes_nothing(what):
    (user, amount, *secret), reason = DECLINES[what]
    world = World()
    before = world.balances()
    world.pay("declined", user, amount, secret=secret[0] if secret else None)
    world.run()
    assert world.replies["declined"][1] == Decline(reason)
    assert world.balances() == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_refund_goes_to_the_users_bank_which_tells_the_user(kind):
    world = World(kind=kind, fees=Fees(payer_fixed=3))
    world.pay("paid", 2, 300)
    world.run()
    payment = world.replies["paid"][1].transaction
    for name, amount in (("first", 100), ("too much", 201), ("rest", 200)):
        world.give_back(name, payment, amount)
        world.run()
    assert world.replies["too much"][1] == Decline(Reason.MORE_THAN_PAID)
    told = [message for _, user, message in world.clerks["users"].told if user == 2]
    assert [(each.payment, each.total, each.amount, each.fee) for each in told] == [
        (payment, 300, 100, 3), (payment, 300, 200, 3),
    ]  # fmt: skip
    assert world.balances()["union:deposits:user:2"] == OPENING - 3


# Reserves that do not reach


def test_a_payment_waits_for_reserves_and_an_enquiry_about_it_with_it():
    world = World(reserves={"union": 100})
    world.pay("waits", 2, 300)
    world.pay("behind", 3, 50, order=2, at=1.0)
    world.enquire("asked", at=20.0)
    world.run(until=50.0)
    assert world.replies == {}
    assert [transfer.amount for transfer in world.house.waiting.values()] == [300, 50]
    world.charge("brings", 250, order=3)
    world.run()
    assert world.house.waiting == {}
    assert world.replies["waits"][1] == world.replies["asked"][1]
    assert world.reserves()["union"] == (0, 0)


def test_what_bypasses_goes_before():
    world = World(reserves={"union": 100}, queue="bypass")
    world.pay("waits", 2, 300)
    world.pay("goes", 3, 50, order=2, at=1.0)
    world.run()
    assert [*world.replies] == ["goes"]


def test_a_credit_line_is_how_far_reserves_go_below_zero():
    world = World(reserves={"union": 100}, credit={"union": 200})
    world.pay("paid", 2, 300)
    world.pay("waits", 3, 1, order=2, at=10.0)
    world.run()
    assert [*world.replies] == ["paid"]
    assert world.reserves()["union"] == (-200, -200)
    with pytest.raises(LawBroken, match="L1: below zero"):
        world.book.gross(0.0, 1, -2, -1, 1)


def ring(queue):
    """A user at each of two banks and the shop pay in a circle, for which no bank has money."""
    world = World(queue=queue, reserves={"city": 0, "union": 0})
    world.pay("paid", 2, 300)
    world.charge("charged", 300, order=2)
    return world.run()


def test_a_circle_of_payments_stands_still_unless_gridlock_is_resolved():
    for queue in ("fifo", "bypass"):
        world = ring(queue)
        assert world.replies == {}
        assert sorted(transfer.amount for transfer in world.house.waiting.values()) == [300, 300]
        assert world.balances()["union:clearing-due:city"] == 300
    world = ring("gridlock")
    assert [*world.replies] == ["paid", "charged"]
    assert world.house.waiting == {}
    assert world.rows("clearing") == []  # all is 0 net


def test_a_cycle_leaves_out_the_last_payment_of_a_bank_that_is_short():
    world = World(kind="net", reserves={"union": 300})
    for order, amount in enumerate((200, 150, 90), start=1):
        world.pay(f"paid {order}", 2, amount, order=order, at=float(order))
    world.run()
    assert len(world.replies) == 3
    assert [transfer.amount for transfer in world.house.waiting.values()] == [150, 90]
    assert world.balances()["union:clearing-due:city"] == 240 == world.balances()["city:clearing-claim:union"]
    world.charge("brings", 140, order=9)
    world.run()
    assert world.house.waiting == {}


def test_a_shortfall_is_borne_by_the_others_and_paid_back_from_what_comes():
    world = World(banks=3, kind="guaranteed", reserves={"city": 50, "union": 100, "trust": 150})
    world.pay("paid", 2, 300)  # union lacks 200; city has 350 left, trust 150
    world.run()
    found = world.balances()
    assert (found["city:guarantee-claims"], found["trust:guarantee-claims"]) == (140, 60)
    assert found["union:guarantee-due"] == 200
    assert world.reserves() == {"city": (210, 210), "union": (0, 0), "trust": (90, 90)}
    world.house.book.pay_day(world.clock.now, -2, range(1), 120)
    world.charge("next cycle", 1, order=2)
    world.run()
    found = world.balances()
    assert (found["union:guarantee-due"], found["city:guarantee-claims"]) == (80, 80)
    assert "trust:guarantee-claims" not in found  # the share that was written first is paid back first


# What the terms of a payment ask of two banks


def test_a_payment_into_escrow_goes_to_the_shop_when_its_user_confirms_at_their_own_bank():
    world = World(settlement=Escrow(), fees=Fees(fixed=7))
    world.pay("paid", 2, 300)
    world.run()
    assert world.balances()["city:escrow"] == 300
    confirm = ConfirmDelivery()
    world.directory.customers[-2] = range(2, 4)
    world.clerks["users"].code = 2
    world.ask("confirmed", "users", "union", confirm, order=1)
    world.run()
    assert world.balances()["city:deposits:daraz"] == OPENING + 293
    assert [message.amount for _, _, message in world.clerks["daraz"].told] == [300]


def test_escrow_that_is_late_goes_back_to_the_users_bank():
    world = World(settlement=Escrow(refund_after=50.0), fees=Fees(payer_fixed=3))
    message = {"promised_at": 100.0}
    world.pay("paid", 2, 300, **message)
    world.run()
    told = [each for _, _, each in world.clerks["users"].told]
    assert [(type(each), each.amount, each.fee, each.late) for each in told] == [(Refunded, 300, 3, True)]
    assert [each.late for _, _, each in world.clerks["daraz"].told] == [True]
    found = world.balances()
    assert "city:escrow" not in found
    assert found["union:deposits:user:2"] == OPENING - 3


def test_a_refund_before_settlement_comes_out_of_what_is_due():
    world = World(settlement=Delayed(after=1000.0))
    world.pay("paid", 2, 300)
    world.run(until=50.0)
    world.give_back("back", world.replies["paid"][1].transaction, 100)
    world.run()
    assert world.replies["back"][1].held_in == "settlement_due"
    assert world.balances()["city:deposits:daraz"] == OPENING + 200


@pytest.mark.parametrize("kind", KINDS)
def test_income_comes_through_the_house(kind):
    world = World(kind=kind, income=Income(25, 10.0, 5.0, 20.0))
    world.run()
    assert world.reserves() == {"city": (3100, 3100), "union": (3100, 3100)}
    told = [(at, user, each.amount) for at, user, each in world.clerks["users"].told if isinstance(each, Credited)]
    assert told == [(at, user, 25) for at in (7.0, 17.0) for user in range(4)]


def test_a_user_may_pay_at_the_door_into_an_account_at_another_bank():
    world = World()
    message = Transfer(FIRST_USER_ACCOUNT, secret_text(1), 40, 9_000_003)
    world.ask("door", "users", "city", message, order=1)
    world.run()
    assert isinstance(world.replies["door"][1], Receipt)
    assert world.balances()["union:deposits:mill-courier"] == 40


# A bank that is closed


def test_a_closed_banks_payments_that_wait_go_back_gross():
    world = World(reserves={"union": 100}, closures=((50.0, "union"),))
    world.pay("waits", 2, 300)
    world.pay("later", 3, 20, order=2, at=60.0)
    world.charge("to it", 20, order=3, at=60.0)
    world.run()
    closed = Decline(Reason.BANK_CLOSED)
    assert [world.replies[name][1] for name in ("waits", "later", "to it")] == [closed] * 3
    assert world.balances()["union:deposits:user:2"] == OPENING
    assert world.house.waiting == {}


def test_what_waits_behind_a_payment_to_a_closed_bank_goes_when_that_is_given_back():
    world = World(banks=3, reserves={"city": 0}, closures=((100.0, "union"),))
    world.pay("paid", 2, 300)
    world.run(until=20.0)
    world.charge("first", 250, order=2)
    world.run(until=40.0)
    world.give_back("back", world.replies["paid"][1].transaction, 200)
    world.run(until=60.0)
    world.charge("behind", 40, order=3)
    world.run(until=90.0)
    assert "behind" not in world.replies
    world.run()
    assert world.replies["back"][1] == Decline(Reason.BANK_CLOSED)
    assert isinstance(world.replies["behind"][1], Receipt)


def test_what_a_closed_bank_owes_of_a_cycle_is_lost_by_who_credited_it():
    world = World(banks=3, kind="net", reserves={"union": 100}, closures=((250.0, "union"),))
    world.pay("credited", 2, 300)
    world.run()
    found = world.balances()
    assert (found["city:losses"], found["union:unsecured-debts"]) == (300, 300)
    assert "city:clearing-claim:union" not in found
    assert "union:clearing-due:city" not in found


def test_shares_that_a_closed_bank_owes_are_lost_by_who_bore_them():
    world = World(banks=3, kind="guaranteed", reserves={"city": 50, "union": 100, "trust": 150},
                  closures=((250.0, "union"),))  # fmt: skip
    world.pay("paid", 2, 300)
    world.run()
    found = world.balances()
    assert (found["city:losses"], found["trust:losses"], found["union:unsecured-debts"]) == (140, 60, 200)


# Whatever happens


def drawn_world(seed, **terms):
    random = Random(seed)
    banks = random.choice((2, 3))
    names = BANKS[:banks]
    given = {
        "kind": random.choice(KINDS), "queue": random.choice([*QUEUES]), "interchange": random.choice((0.0, 0.01)),
        "reserves": {name: random.choice((0, 200, 5000)) for name in BANKS},
        "credit": {name: random.choice((0, 100)) for name in names},
    }  # fmt: skip
    if random.random() < 0.3:
        given["closures"] = ((random.uniform(0.0, 300.0), random.choice(names)),)
    world = World(banks, **given | terms)
    for order in range(1, 25):
        at, amount = random.uniform(0.0, 400.0), random.randint(1, 400)
        if random.random() < 0.6:
            world.pay(f"pay {order}", random.randrange(2 * banks), amount, order=order, at=at)
        else:
            world.charge(f"charge {order}", amount, order=order, at=at)
    return world, random


def assert_books_agree(world):
    """Banks and house agree on reserves, banks on what is due; due is what waits (L2, L3, L11, L13)."""
    found = world.balances()
    assert all(told == known for told, known in world.reserves().values()), world.reserves()
    sums = {}
    for transfer in world.house.waiting.values():
        pair = tuple(
            world.directory.bank(world.directory.owner(each)) for each in (transfer.payer, transfer.payee)
        )
        sums[pair] = sums.get(pair, 0) + transfer.cleared
    for one, code in world.codes.items():
        for other, other_code in world.codes.items():
            waiting = sums.get((code, other_code), 0)
            assert found.get(f"{one}:clearing-due:{other}", 0) == waiting
            if world.house._terms.kind != "gross":
                assert found.get(f"{other}:clearing-claim:{one}", 0) == waiting
    assert found.get("clearing:settlement", 0) == 0
    debts = sum(found.get(f"{name}:unsecured-debts", 0) for name in world.names)
    assert debts == sum(found.get(f"{name}:losses", 0) for name in world.names)
    assert found.get("clearing:backing", 0) == sum(
        found.get(f"clearing:reserves:{name}", 0) for name in world.names
    )


def assert_nothing_could_move(world):
    queue, funds = world.house.queue, world.book.funds()
    if world.house._terms.kind == "gross":
        assert world.house._terms.queue(queue, funds) == []


def test_in_random_worlds_books_agree_and_nothing_waits_that_could_move():
    met = set()
    for seed in range(80):
        world, _ = drawn_world(seed)
        world.run()
        assert_books_agree(world)
        assert_nothing_could_move(world)
        met |= {row[1] for name in world.names for row in world.rows(name)} | {bool(world.house.waiting)}
    assert met >= {True, False, "settle", "return", "write-off", "loss-share", "recover", "interchange"}


def test_in_a_bad_network_with_crashes_books_agree():
    for seed in range(25):
        uniform = Random(-seed).random
        # With money enough: who has to wait in a queue that stands still asks again without end.
        rich = dict.fromkeys(BANKS, 10_000)
        world, random = drawn_world(seed, hostile=uniform, reserves=rich)
        for name in (*world.names, "clearing"):
            world.crash(name, random.uniform(0.0, 400.0))
        world.run()
        assert_books_agree(world)
        assert_nothing_could_move(world)
        assert len(world.replies) == 24
        paid = sum(isinstance(reply, Receipt) for _, reply in world.replies.values())
        assert paid > 0
