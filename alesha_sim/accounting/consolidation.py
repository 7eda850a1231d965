"""The consolidation of the shop and its wholly owned supplier: the worksheet, its entries, the group's statements.

First each book is completed: an entry that one of the two holds, and the other has still to learn of, is written
for the other as the posting rules say (C). Then what lies between the two is eliminated (E). What the entries mean
stands in `classification`; source: section 4 of the posting rules.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting import classification, statements
from alesha_sim.accounting.cut_off import CutOff
from alesha_sim.accounting.in_transit import NONE, Message
from alesha_sim.accounting.journal_arrays import BEFORE, At, Journal
from alesha_sim.books.accounts import Account, Kind
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.results.result import Result

COMPLETED, ELIMINATED = "C", "E"


class Entry(NamedTuple):
    """One entry of the worksheet: `debit` / `credit`, `amount` in minor units; `message` is what a C waits for."""

    step: str
    debit: str
    credit: str
    amount: int
    code: str
    why: str
    order: int = NO_ID
    entry: int = NO_ID
    message: Message = NONE


class Consolidation:
    """The group at an instant, and over the period since `start`; `consolidated` makes one.

    `entries` are the worksheet's, in minor units; everything else is a frame in major units.
    """

    def __init__(self, journal: Journal, since: int, until: int) -> None:
        self._journal = journal
        self._since = since
        self._until = until
        self._cut_off = CutOff(journal)
        self.entries = tuple(self._entries(until))

    # The worksheet

    def _entries(self, at: int) -> Iterator[Entry]:
        balances = self._balances(at)
        for row in self._cut_off.rows(at):
            if row.commodity != self._journal.currency.code:
                continue
            yield Entry(
                COMPLETED,
                str(row.debit),
                str(row.credit),
                row.amount,
                row.code,
                "reported by a message to come",
                row.order,
                row.entry,
                row.message,
            )
            balances[row.debit] = balances.get(row.debit, 0) + row.amount
            balances[row.credit] = balances.get(row.credit, 0) - row.amount
        yield from self._eliminations(balances, at)

    def _eliminations(self, balances: dict[str, int], at: int) -> Iterator[Entry]:
        for debit, credit in classification.INTER_COMPANY:
            # Of the supplier's equity only the capital that the shop paid for.
            amount = balances.get(credit, 0) if credit == Account.SHOP_INVESTMENT else -balances.get(debit, 0)
            why = "capital" if credit == Account.SHOP_INVESTMENT else "between shop and supplier"
            if amount < 0:
                debit, credit, amount = credit, debit, -amount
            if amount:
                yield Entry(ELIMINATED, str(debit), str(credit), amount, "", why)
        for account in classification.UNREALISED:
            amount = self._unrealised(account, at)
            if amount:
                sold = str(Account.SHOP_COST_OF_SALES)
                yield Entry(ELIMINATED, sold, str(account), amount, "", "unrealised profit in goods")

    def _unrealised(self, account: str, at: int) -> int:
        """Return what the units in an account of the shop's are charged at above their cost."""
        journal, minor = self._journal, self._journal.currency.minor
        margin = {
            product.sku: minor(product.charge) - minor(product.cost)
            for product in journal.result.scenario.catalogue
        }
        units = journal.balances(at)
        places = journal.places(account).tolist()
        return sum(
            int(units[place]) * margin[journal.accounts[place].commodity]
            for place in places
            if not journal.is_money[place]
        )

    def _balances(self, at: int) -> dict[str, int]:
        """Return the money in the accounts of the two books at an instant, debits positive."""
        journal = self._journal
        if at == BEFORE:
            return {}
        balances = journal.balances(at).tolist()
        return {
            account.name: balances[place]
            for place, account in enumerate(journal.accounts)
            if account.book in classification.GROUP and journal.is_money[place]
        }

    def _group(self, at: int, entries: Iterable[Entry]) -> statements.Amounts:
        """Return the group's accounts after the worksheet's entries."""
        balances = self._balances(at)
        for entry in entries:
            balances[entry.debit] = balances.get(entry.debit, 0) + entry.amount
            balances[entry.credit] = balances.get(entry.credit, 0) - entry.amount
        kinds = self._kinds()
        return {name: (kinds[name], balance) for name, balance in balances.items()}

    def _kinds(self) -> dict[str, Kind]:
        return {
            account.name: account.kind
            for place, account in enumerate(self._journal.accounts)
            if account.book in classification.GROUP and self._journal.is_money[place]
        }

    # Frames

    def entries_frame(self) -> "DataFrame":
        """Return the worksheet's entries in major units.

        Columns `step, debit, credit, amount, code, order, entry, why, message, kind, state`.
        """
        from pandas import DataFrame

        rows = [
            (
                each.step,
                each.debit,
                each.credit,
                self._journal.money(each.amount),
                each.code,
                each.order,
                each.entry,
                each.why,
                each.message.message,
                each.message.kind,
                each.message.state,
            )
            for each in self.entries
        ]
        names = (
            "step",
            "debit",
            "credit",
            "amount",
            "code",
            "order",
            "entry",
            "why",
            "message",
            "kind",
            "state",
        )
        return DataFrame(dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True)))

    def worksheet(self) -> "DataFrame":
        """Return `account, kind, shop, supplier, completed, eliminated, group` in major units, debits positive."""
        from pandas import DataFrame

        balances, kinds = self._balances(self._until), self._kinds()
        found = []
        for name, balance in balances.items():
            moved = {step: _net(name, self.entries, step) for step in (COMPLETED, ELIMINATED)}
            own = [balance if name.partition(":")[0] == book else 0 for book in classification.GROUP]
            total = balance + sum(moved.values())
            found.append((*own, moved[COMPLETED], moved[ELIMINATED], total))
        amounts = self._journal.money(np.array(found, np.int64).reshape(-1, 5))
        columns = ("shop", "supplier", "completed", "eliminated", "group")
        return DataFrame(
            {
                "account": list(balances),
                "kind": [str(kinds[name]) for name in balances],
                **{column: amounts[:, n] for n, column in enumerate(columns)},
            }
        )

    def trial_balance(self) -> "DataFrame":
        """Return `account, kind, commodity, debit, credit` of the group after all entries, in major units."""
        from pandas import DataFrame

        amounts = self._group(self._until, self.entries)
        balances = np.array([balance for _, balance in amounts.values()], np.int64)
        return DataFrame(
            {
                "account": list(amounts),
                "kind": [str(kind) for kind, _ in amounts.values()],
                "commodity": self._journal.currency.code,
                "debit": self._journal.money(np.maximum(balances, 0)),
                "credit": self._journal.money(np.maximum(-balances, 0)),
            }
        )

    def balance_sheet(self) -> "DataFrame":
        """Return the group's balance sheet: `section, line, amount`."""
        return statements.frame(self._journal, self.sheet())

    def income_statement(self) -> "DataFrame":
        """Return the group's income statement of the period: `section, line, amount`."""
        return statements.frame(self._journal, self.income())

    def cash_flow(self) -> "DataFrame":
        """Return the group's cash flow of the period, without what the two paid each other."""
        return statements.frame(self._journal, self.flows())

    # The same in minor units

    def sheet(self) -> list[statements.Item]:
        """Return the lines of the balance sheet in minor units."""
        return statements.sheet(self._group(self._until, self.entries))

    def income(self) -> list[statements.Item]:
        """Return the lines of the income statement in minor units."""
        now = self._group(self._until, self.entries)
        if self._since == BEFORE:
            return statements.income(now)
        then = self._group(self._since, self._entries(self._since))
        change = {name: (kind, balance - then.get(name, (kind, 0))[1]) for name, (kind, balance) in now.items()}
        return statements.income(change)

    def flows(self) -> list[statements.Item]:
        """Return the lines of the cash flow in minor units; payments on their way to the other count as made."""
        journal = self._journal
        found: dict[classification.CashRule, int] = {}
        for book in classification.GROUP:
            for rule, amount in statements.movements(journal, book, self._since, self._until).items():
                found[rule] = found.get(rule, 0) + amount
        # What came to be on its way in the period, less what was so before and is now written.
        for at, sign in ((self._until, 1), (self._since, -1)):
            for entry in () if at == BEFORE else self._entries(at):
                for account, direction in ((entry.debit, sign), (entry.credit, -sign)):
                    book = account.partition(":")[0]
                    if entry.step == COMPLETED and account in classification.CASH[book]:
                        rule = classification.flow_of(book, entry.code)
                        found[rule] = found.get(rule, 0) + direction * entry.amount
        within = {
            classification.flow_of(book, code)
            for book in classification.GROUP
            for code in classification.WITHIN_GROUP
        }
        between = sum(amount for rule, amount in found.items() if rule in within)
        kept = {rule: amount for rule, amount in found.items() if rule not in within}
        if between:
            kept[classification.CashRule("operating", "Between shop and supplier")] = between
        opening = 0 if self._since == BEFORE else self._cash(self._since)
        return statements.flows(opening, kept)

    def _cash(self, at: int) -> int:
        amounts = self._group(at, self._entries(at))
        names = [name for book in classification.GROUP for name in classification.CASH[book]]
        return sum(amounts[name][1] for name in names if name in amounts)


def _net(account: str, entries: Iterable[Entry], step: str) -> int:
    """Return what the entries of a step add to an account, debits positive."""
    return sum(
        each.amount * ((each.debit == account) - (each.credit == account)) for each in entries if each.step == step
    )


def consolidated(
    result: "Result", entities: Sequence[str] = classification.GROUP, at: At = None, start: At = None
) -> Consolidation:
    """Return the group of shop and supplier at an instant, and over the period from `start` (or the opening).

    Raises ValueError for other entities, an instant outside the run, and a period that ends before it begins.
    """
    if isinstance(entities, str) or sorted(entities) != sorted(classification.GROUP):
        raise ValueError(
            f"entities {list(entities)}: must be {' and '.join(classification.GROUP)}, the one group there is"
        )
    journal = Journal(result)
    return Consolidation(journal, *statements.period(journal, start, at))
