"""What a clearing house decides by: which instructions settle, in what order, and who bears a shortfall.

Contains pure functions only: queues, clock and book are the clearing house's. Amounts are whole minor units.
`funds` is what each bank can pay: its reserves at the house plus its credit line.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from alesha_sim.units import apportioned


class Instruction(NamedTuple):
    """A payment of one bank to another, by their codes; `number` tells it from any other."""

    number: int
    payer: int
    payee: int
    amount: int


class LossShare(NamedTuple):
    """What `bearer` pays for `debtor`, a recoverable claim."""

    debtor: int
    bearer: int
    amount: int


Waiting = Sequence[Instruction]
"""Instructions in the order in which they came, which is the order of each payer's queue."""

Funds = Mapping[int, int]
QueueRule = Callable[[Waiting, Funds], list[list[Instruction]]]
"""Says what of `waiting` settles now: sets, one after the other, each of which settles at one stroke."""


def net_positions(instructions: Iterable[Instruction]) -> dict[int, int]:
    """Return what each bank gets less what it pays."""
    net: dict[int, int] = {}
    for _, payer, payee, amount in instructions:
        net[payer] = net.get(payer, 0) - amount
        net[payee] = net.get(payee, 0) + amount
    return net


def settle(waiting: Waiting, funds: Funds) -> list[Instruction]:
    """Return the largest set of instructions that can settle at one stroke and keeps each payer's order.

    All are taken; while a bank cannot bear its net, its last one is taken out. Sets that can settle have a union
    that can, so there is one largest set, and it does not matter which bank is looked at first.
    """
    after = dict(funds)
    for bank, net in net_positions(waiting).items():
        after[bank] = after.get(bank, 0) + net
    kept: dict[int, list[Instruction]] = {}
    for instruction in waiting:
        kept.setdefault(instruction.payer, []).append(instruction)
    short = [bank for bank, left in after.items() if left < 0]
    while short:
        bank = short.pop()
        own = kept.get(bank, [])
        while after[bank] < 0 and own:
            taken_out = own.pop()
            after[bank] += taken_out.amount
            after[taken_out.payee] -= taken_out.amount
            if after[taken_out.payee] < 0:
                short.append(taken_out.payee)
    settled = {instruction.number for own in kept.values() for instruction in own}
    return [instruction for instruction in waiting if instruction.number in settled]


def fifo(waiting: Waiting, funds: Funds) -> list[list[Instruction]]:
    """A bank's first instruction holds its others up; what a payment brings its payee is used at once."""
    queues: dict[int, deque[Instruction]] = {}
    for instruction in waiting:
        queues.setdefault(instruction.payer, deque()).append(instruction)
    left, looked_at, settled = dict(funds), deque(queues), []
    while looked_at:
        bank = looked_at.popleft()
        queue = queues.get(bank)
        while queue and queue[0].amount <= left.get(bank, 0):
            instruction = queue.popleft()
            settled.append([instruction])
            left[bank] -= instruction.amount
            left[instruction.payee] = left.get(instruction.payee, 0) + instruction.amount
            looked_at.append(instruction.payee)
    return settled


def bypass(waiting: Waiting, funds: Funds) -> list[list[Instruction]]:
    """Whatever its payer can pay goes, the oldest first; after each one all that waits is looked at again."""
    left, queue, settled = dict(funds), list(waiting), []
    place = 0
    while place < len(queue):
        _, payer, payee, amount = instruction = queue[place]
        if amount > left.get(payer, 0):
            place += 1
            continue
        settled.append([instruction])
        del queue[place]
        left[payer] -= amount
        left[payee] = left.get(payee, 0) + amount
        # Only what the payee has waiting before this place can have become payable.
        place = next((at for at in range(place) if queue[at].payer == payee), place)
    return settled


def gridlock(waiting: Waiting, funds: Funds) -> list[list[Instruction]]:
    """The largest set that can settle at one stroke, as `settle` finds it: multilateral resolution."""
    settled = settle(waiting, funds)
    return [settled] if settled else []


QUEUES: dict[str, QueueRule] = {"fifo": fifo, "bypass": bypass, "gridlock": gridlock}
"""The queue rules by name."""


def loss_shares(instructions: Iterable[Instruction], funds: Funds) -> list[LossShare]:
    """Return who pays what for banks that cannot bear their net of `instructions`.

    The others bear a shortfall in proportion to what each has left after its own net, and after earlier shares;
    what whole units leave over goes to the largest remainders. Since no funds are below zero, and what one bank
    pays another gets, all together always have enough.
    """
    left = dict(funds)
    for bank, net in net_positions(instructions).items():
        left[bank] = left.get(bank, 0) + net
    shares: list[LossShare] = []
    for debtor in sorted(bank for bank, rest in left.items() if rest < 0):
        bearers = {bank: rest for bank, rest in sorted(left.items()) if rest > 0}
        parts = apportioned(-left[debtor], list(bearers.values()))
        for bearer, amount in zip(bearers, parts, strict=True):
            if amount:
                shares.append(LossShare(debtor, bearer, amount))
                left[bearer] -= amount
    return shares
