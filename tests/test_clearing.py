"""What settles: against all sets tried out, against net positions by hand, and against PSSimPy."""

import csv
from itertools import product
from random import Random

import pytest
from conftest import needed

from alesha_sim.policies.clearing import (
    QUEUES,
    Instruction,
    LossShare,
    bypass,
    fifo,
    gridlock,
    loss_shares,
    net_positions,
    settle,
)
from alesha_sim.units import apportioned

RING = [Instruction(bank, bank, (bank + 1) % 5, 100) for bank in range(5)]
"""Five banks, each of which pays the next 100."""


def drawn(random, *, banks=4, instructions=7, most=30):
    """Some instructions in the order in which they came, and what each bank has."""
    size = random.randint(1, instructions)
    pairs = [random.sample(range(banks), 2) for _ in range(size)]
    waiting = [Instruction(n, *pair, random.randint(1, most)) for n, pair in enumerate(pairs)]
    return waiting, {bank: random.choice((0, random.randint(0, most))) for bank in range(banks)}


def can_settle(chosen, funds):
    net = net_positions(chosen)
    return all(funds[bank] + net.get(bank, 0) >= 0 for bank in funds)


def keeps_order(chosen, waiting):
    """Nobody's later instruction is in without all of their earlier ones."""
    own = {bank: [one in chosen for one in waiting if one.payer == bank] for bank in {w.payer for w in waiting}}
    return all(flags == sorted(flags, reverse=True) for flags in own.values())


def after(settled, funds):
    net = net_positions(one for batch in settled for one in batch)
    return {bank: amount + net.get(bank, 0) for bank, amount in funds.items()}


def test_the_set_that_settles_is_the_largest_of_all_sets_tried_out():
    for seed in range(2000):
        waiting, funds = drawn(Random(seed))
        sets = [
            [one for one, taken in zip(waiting, taken_in, strict=True) if taken]
            for taken_in in product((False, True), repeat=len(waiting))
        ]
        possible = [chosen for chosen in sets if keeps_order(chosen, waiting) and can_settle(chosen, funds)]
        largest = max(possible, key=len)
        assert settle(waiting, funds) == largest, seed
        assert all(set(chosen) <= set(largest) for chosen in possible), seed


def test_it_does_not_matter_which_bank_is_looked_at_first():
    for seed in range(300):
        random = Random(seed)
        waiting, funds = drawn(random, banks=6, instructions=20)
        names = random.sample(range(100), 6)
        renamed = [one._replace(payer=names[one.payer], payee=names[one.payee]) for one in waiting]
        other = settle(renamed, {names[bank]: funds[bank] for bank in sorted(funds, reverse=True)})
        assert [one.number for one in other] == [one.number for one in settle(waiting, funds)], seed


@pytest.mark.parametrize(("funds", "settles"), [(30, 5), (29, 0)])
def test_five_payments_of_290_net_to_30(funds, settles):
    payments = [(0, 1, 90), (1, 2, 80), (2, 0, 60), (0, 2, 30), (2, 0, 30)]
    waiting = [Instruction(number, *payment) for number, payment in enumerate(payments)]
    assert sum(one.amount for one in waiting) == 290
    assert net_positions(waiting) == {0: -30, 1: 10, 2: 20}
    assert len(settle(waiting, {0: funds, 1: 0, 2: 0})) == settles


def test_a_ring_without_money_settles_only_together():
    broke = dict.fromkeys(range(5), 0)
    assert [fifo(RING, broke), bypass(RING, broke), gridlock(RING, broke)] == [[], [], [RING]]
    assert [len(fifo(RING, broke | {3: funds})) for funds in (99, 100)] == [0, 5]


def test_fifo_waits_behind_the_first_and_bypass_does_not():
    waiting = [Instruction(0, 0, 1, 50), Instruction(1, 0, 1, 10), Instruction(2, 1, 0, 20)]
    funds = {0: 10, 1: 0}
    assert fifo(waiting, funds) == []
    assert bypass(waiting, funds) == [[waiting[1]]]
    assert bypass(waiting, {0: 35, 1: 0}) == [[waiting[1]]]
    assert bypass(waiting, {0: 40, 1: 10}) == [[waiting[1]], [waiting[2]], [waiting[0]]]


@pytest.mark.parametrize("rule", QUEUES)
def test_whatever_the_rule_nobody_pays_what_they_lack_and_nothing_is_left_that_could_move(rule):
    for seed in range(300):
        waiting, funds = drawn(Random(seed), banks=5, instructions=12)
        settled = QUEUES[rule](waiting, funds)
        for place in range(len(settled) + 1):
            assert min(after(settled[:place], funds).values()) >= 0, seed
        flat = [one for batch in settled for one in batch]
        assert len(set(flat)) == len(flat), seed
        left = [one for one in waiting if one not in flat]
        assert QUEUES[rule](left, after(settled, funds)) == [], seed
        if rule == "bypass":
            assert all(one.amount > after(settled, funds)[one.payer] for one in left), seed
        else:
            assert keeps_order(flat, waiting), seed


def test_fifo_settles_what_the_first_instructions_allow_in_any_order():
    for seed in range(300):
        random = Random(seed)
        waiting, funds = drawn(random, banks=5, instructions=12)
        left, queue, settled = dict(funds), list(waiting), set()
        while True:
            heads = [one for one in queue if one == next(w for w in queue if w.payer == one.payer)]
            able = [one for one in heads if one.amount <= left[one.payer]]
            if not able:
                break
            _, payer, payee, amount = chosen = random.choice(able)
            queue.remove(chosen)
            settled.add(chosen)
            left[payer], left[payee] = left[payer] - amount, left[payee] + amount
        assert {one for batch in fifo(waiting, funds) for one in batch} == settled, seed


# Guaranteed settlement


def test_a_shortfall_is_shared_by_what_the_others_have_left():
    waiting = [Instruction(0, 0, 1, 100), Instruction(1, 0, 2, 20)]
    funds = {0: 20, 1: 0, 2: 30, 3: 50}  # left: -100, 100, 50, 50
    assert loss_shares(waiting, funds) == [LossShare(0, 1, 50), LossShare(0, 2, 25), LossShare(0, 3, 25)]


def test_what_whole_units_leave_over_goes_to_the_largest_remainders():
    assert apportioned(10, [1, 1, 1]) == [4, 3, 3]
    assert apportioned(5, [10, 25, 65]) == [1, 1, 3]  # 0.5, 1.25, 3.25
    with pytest.raises(ValueError, match=r"weights: \[0, 0\]: must not be negative, and one must be positive"):
        apportioned(1, [0, 0])


def test_nobody_bears_anything_where_all_can_pay():
    assert loss_shares(RING, dict.fromkeys(range(5), 0)) == []


def test_shares_pay_every_shortfall_and_leave_nobody_short():
    shared = 0
    for seed in range(500):
        waiting, funds = drawn(Random(seed), banks=5, instructions=12)
        shares = loss_shares(waiting, funds)
        left = after([waiting], funds)
        for debtor, bearer, amount in shares:
            assert amount > 0
            left[debtor], left[bearer] = left[debtor] + amount, left[bearer] - amount
        assert min(left.values()) >= 0, seed
        shared += bool(shares)
    assert shared > 200


# Against PSSimPy, one payment a minute: of several at an instant it takes any first


def of_pssimpy(waiting, funds, folder, monkeypatch):
    """Return what each bank has after every minute."""
    simulator, queues = needed("PSSimPy.simulator", "clearing"), needed("PSSimPy.queues", "clearing")
    facility = needed("PSSimPy.credit_facilities", "clearing").SimplePriced()
    facility.lend_credit = lambda account, amount: None  # it lends whatever is missing otherwise
    monkeypatch.chdir(folder)  # it writes its logs where it is
    banks = [str(bank) for bank in funds]
    transactions = {
        "sender_account": [str(one.payer) for one in waiting],
        "recipient_account": [str(one.payee) for one in waiting],
        "amount": [one.amount for one in waiting],
        "time": [f"08:{one.number:02}" for one in waiting],
    }
    accounts = {"id": banks, "owner": banks, "balance": list(funds.values())}
    terms = {
        "close_time": "08:14",
        "processing_window": 1,
        "queue": queues.FIFOQueue(),
        "credit_facility": facility,
    }
    simulator.BasicSim("run", {"name": banks}, accounts, transactions, **terms).run()
    minutes = {}
    for row in csv.DictReader((folder / "run-account_balance.csv").read_text("utf-8").splitlines()):
        minutes.setdefault(row["time"], {})[int(row["account"])] = int(row["balance"])
    return [minutes[f"08:{minute:02}"] for minute in range(14)]


def in_windows(waiting, funds, rule):
    """Return the same by one of our rules, asked once a minute."""
    queue, minutes = [], []
    for minute in range(14):
        queue += [one for one in waiting if one.number == minute]
        settled = rule(queue, funds)
        funds = after(settled, funds)
        queue = [one for one in queue if [one] not in settled]
        minutes.append(funds)
    return minutes


def each_alone(waiting, funds):
    """PSSimPy's queue: every payment is compared with what its payer had before any moves; receipts come later."""
    return [[one] for one in waiting if bypass([one], funds)]


def test_without_limits_balances_are_those_of_pssimpy_after_every_minute(tmp_path, monkeypatch):
    for seed in range(300):
        waiting, funds = drawn(Random(seed), instructions=12)
        rich = dict.fromkeys(funds, 10_000)
        expected = of_pssimpy(waiting, rich, tmp_path, monkeypatch)
        assert [in_windows(waiting, rich, rule) for rule in (fifo, bypass)] == [expected, expected], seed
        assert after([settle(waiting, rich)], rich) == expected[-1], seed


def test_with_limits_balances_are_those_of_pssimpy_where_each_payment_is_looked_at_alone(tmp_path, monkeypatch):
    below, other = 0, 0
    for seed in range(300):
        waiting, funds = drawn(Random(seed), instructions=12)
        expected = of_pssimpy(waiting, funds, tmp_path, monkeypatch)
        assert in_windows(waiting, funds, each_alone) == expected, seed
        below += any(amount < 0 for minute in expected for amount in minute.values())
        other += in_windows(waiting, funds, bypass) != expected
    # It lets two payments spend the same money, and uses receipts a window late; our rules do neither.
    assert below > 15
    assert other > 50
