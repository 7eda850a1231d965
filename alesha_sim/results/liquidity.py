"""What banks needed to settle with each other: every instruction to the clearing house, and figures of each bank.

Made from the tables alone. Which payment a settlement was of is found as the house settles: by order and amount
where it names one, else in the order in which the payer's bank instructed it.
"""

from collections import deque
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.books.accounts import Account
from alesha_sim.columns import MISSING_TIME, Columns, numbers, text_column
from alesha_sim.messages.clearing import Clear
from alesha_sim.results.tabular import TableAccess
from alesha_sim.tables import frames
from alesha_sim.vocabulary import CLEARING

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.scenarios.scenario import Scenario

_TAKEN = ("payment", "charges", "charges-return", "refund", "collection", "remittance")
"""Codes of payments."""

_ENDS = {"settle": "settled", "return": "given_back", "write-off": "written_off"}
"""What becomes of a payment, by the code of the row that says so."""

WAITING = "waiting"


class Row(NamedTuple):
    """One row of the ledger, names in place of numbers, amounts in minor units, instants in microseconds."""

    book: str
    code: str
    debit: str
    credit: str
    amount: int
    at: int
    order: int
    entry: int


class Instruction:
    """A payment of one bank to another; `ended_at` is when the house settled it, or it ended otherwise.

    Of the `amount`, `cleared` is what the house moves: less interchange.
    """

    def __init__(self, row: Row, payee: str, arrived_at: int) -> None:
        self.order, self.transaction, self.payer, self.payee = row.order, row.entry, row.book, payee
        self.amount, self.cleared, self.instructed_at, self.arrived_at = row.amount, row.amount, row.at, arrived_at
        self.ended_at, self.outcome = MISSING_TIME, WAITING

    def moves(self, code: str) -> int:
        """Return what a row of a code moves that ends it: given back is all of it."""
        return self.amount if code == "return" else self.cleared

    @property
    def waited(self) -> int:
        """How long it waited at the house until it was settled, in microseconds."""
        is_known = self.outcome == "settled" and self.arrived_at != MISSING_TIME
        return max(0, self.ended_at - self.arrived_at) if is_known else 0


def rows(transfers: Columns) -> Iterator[Row]:
    """Yield the rows of the table `transfers`."""
    texts = [text_column(transfers, name) for name in ("book", "code", "debit", "credit")]
    words = [[column.labels[code] for code in column.codes.tolist()] for column in texts]
    plain = [numbers(transfers, name).tolist() for name in ("amount", "posted_at", "order", "entry")]
    yield from map(Row, *words, *plain)


def instructions(scenario: "Scenario", transfers: Columns, messages: Columns) -> list[Instruction]:
    """Return every instruction of a run in the order in which banks gave them."""
    banks = {bank.name for bank in scenario.banks}
    found: list[Instruction] = []
    open_of: dict[str, deque[Instruction]] = {bank: deque() for bank in banks}
    cleared: dict[int, Instruction] = {}
    settled_at: dict[int, int] = {}
    arrivals = _arrivals(messages)
    for row in rows(transfers):
        if row.book not in banks:
            settled_at[row.entry] = row.at
            continue
        due = Account.BANK_CLEARING_DUE.of(row.book)
        if row.credit.startswith(due) and row.code in _TAKEN:
            arrived = arrivals.get((row.book, row.order))
            at = arrived.popleft() if arrived else MISSING_TIME
            instruction = Instruction(row, row.credit.removeprefix(due), at)
            found.append(instruction)
            open_of[row.book].append(instruction)
            cleared[row.entry] = instruction
        elif row.debit.startswith(due) and row.code == "interchange":
            cleared[row.entry].cleared -= row.amount
        elif row.debit.startswith(due) and row.code in _ENDS:
            _end(open_of[row.book], row, row.debit.removeprefix(due), settled_at.get(row.entry, row.at))
    return found


def _arrivals(messages: Columns) -> dict[tuple[str, int], deque[int]]:
    """Return when instructions reached the house, by the payer's bank and the order."""
    kind, sender = text_column(messages, "kind"), text_column(messages, "sender")
    if Clear.__name__ not in kind.labels:
        return {}
    wanted = np.flatnonzero(kind.codes == list(kind.labels).index(Clear.__name__))
    at, order, request = (numbers(messages, name) for name in ("delivered_at", "order", "request"))
    found: dict[tuple[str, int], deque[int]] = {}
    seen: set[int] = set()
    for place in wanted.tolist():
        asked = int(request[place])
        if at[place] == MISSING_TIME or (asked >= 0 and asked in seen):
            continue  # lost, or another copy
        seen.add(asked)
        key = sender.labels[sender.codes[place]], int(order[place])
        found.setdefault(key, deque()).append(int(at[place]))
    return found


def _end(waiting: "deque[Instruction]", row: Row, payee: str, at: int) -> None:
    """Note what became of the payments to a bank that a row of the payer's is about."""
    left = row.amount
    mine = [each for each in waiting if each.payee == payee]
    if row.order >= 0:
        mine = [each for each in mine if each.order == row.order and each.moves(row.code) == left][:1]
    for instruction in mine:
        if left <= 0:
            break
        left -= instruction.moves(row.code)
        instruction.ended_at, instruction.outcome = at, _ENDS[row.code]
        waiting.remove(instruction)


def table(found: list[Instruction], scenario: "Scenario") -> "DataFrame":
    """Return instructions as a frame, amounts in major units."""
    from pandas import DataFrame

    scale = scenario.currency.scale
    columns = {
        name: [getattr(each, name) for each in found]
        for name in ("order", "transaction", "payer", "payee", "amount", "outcome")
    }
    instants = {
        name: frames.instants(np.array([getattr(each, name) for each in found], np.int64), scenario.start)
        for name in ("instructed_at", "arrived_at", "ended_at")
    }
    frame = DataFrame({**columns, **instants})
    return frame.assign(amount=frame["amount"] / scale)


def by_bank(found: list[Instruction], scenario: "Scenario", transfers: Columns) -> "DataFrame":
    """Return the figures of each bank, as `Result.liquidity` describes them."""
    from pandas import DataFrame, Index

    scale, figures = scenario.currency.scale, []
    paths = _reserves(scenario, transfers)
    for bank in scenario.banks:
        mine = [each for each in found if each.payer == bank.name]
        settled = [each for each in mine if each.outcome == "settled"]
        queued = [each for each in settled if each.waited > 0]
        waiting = [each for each in mine if each.outcome == WAITING]
        opening, lowest, closing = paths[bank.name]
        sent = sum(each.cleared for each in settled)
        figures.append(
            {
                "opening": opening / scale,
                "credit": float(bank.credit),
                "lowest": lowest / scale,
                "closing": closing / scale,
                "peak_use": (opening - lowest) / scale,
                "settled": sent / scale,
                "turnover": sent / opening if opening > 0 else np.nan,
                "queued": sum(each.cleared for each in queued) / scale,
                "mean_wait": sum(each.waited for each in queued) / len(queued) / 1e6 if queued else 0.0,
                "longest_wait": max((each.waited for each in queued), default=0) / 1e6,
                "waiting": sum(each.cleared for each in waiting) / scale,
            }
        )
    return DataFrame(figures, index=Index([bank.name for bank in scenario.banks], name="bank"))


def reserves(scenario: "Scenario", transfers: Columns) -> dict[str, list[tuple[int, int]]]:
    """Return how each bank's reserves at the house went: instants in microseconds, amounts in minor units."""
    names = {Account.CLEARING_RESERVES.of(CLEARING, bank.name): bank.name for bank in scenario.banks}
    now = dict.fromkeys(names, 0)
    found: dict[str, list[tuple[int, int]]] = {bank: [(0, 0)] for bank in names.values()}
    for row in rows(transfers):
        if row.book != CLEARING:
            continue
        for name, change in ((row.debit, -row.amount), (row.credit, row.amount)):
            if name in names:
                now[name] += change
                path = found[names[name]]
                if row.code == "opening":
                    path[0] = (0, now[name])
                else:
                    path.append((row.at, now[name]))
    return found


def _reserves(scenario: "Scenario", transfers: Columns) -> dict[str, tuple[int, int, int]]:
    """Return what each bank had at the house at the start, at the least, and at the end."""
    return {
        bank: (path[0][1], min(amount for _, amount in path), path[-1][1])
        for bank, path in reserves(scenario, transfers).items()
    }


class BetweenBanks(TableAccess):
    """What a result is asked about payments between banks."""

    def instructions(self) -> "DataFrame":
        """Return every payment between banks: who pays whom what, when it was instructed and settled.

        Columns `order, transaction, payer, payee, amount` (major units) and `outcome`: settled, given_back,
        written_off, or waiting, as a gridlock leaves it. `instructed_at` is when the money left the account,
        `arrived_at` when the house had the instruction, `ended_at` when it was settled, or ended
        otherwise. Empty where there is one bank.
        """
        return table(self._instructions, self.scenario)

    def liquidity(self) -> "DataFrame":
        """Return what each bank needed to settle with the others: a row a bank, money in major units.

        Reserves at the house: `opening`, `credit` line, `lowest`, `closing`; `peak_use` is how far they fell below
        the opening at the most. `settled` is the value of its payments that were settled, `turnover` that divided
        by the opening reserves. `queued` is the value of those that waited at the house, for `mean_wait` seconds
        on average and `longest_wait` at the most; `waiting` is the value that waits at the end.
        """
        return by_bank(self._instructions, self.scenario, self.columns("transfers"))

    @cached_property
    def _instructions(self) -> list[Instruction]:
        return instructions(self.scenario, self.columns("transfers"), self.columns("messages"))
