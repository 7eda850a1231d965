"""The general ledger of a book, T-accounts, and the bank statement that an account's owner sees."""

from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alesha_sim.accounting.journal_arrays import BEFORE, At, Ints, Journal, Rows
from alesha_sim.accounting.statements import period
from alesha_sim.books.owners import depositor, deposits_of
from alesha_sim.tables import running_balance

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.results.result import Result


class Entries(NamedTuple):
    """Entries of accounts, account by account and in the order of writing: one for each side of a transfer.

    `row` is the transfer's place in `rows`, `account` and `contra` are accounts' places; `change` is positive for
    a debit, `balance` the account's after it, debits positive.
    """

    rows: Rows
    row: Ints
    account: Ints
    contra: Ints
    change: Ints
    balance: Ints


def entries(journal: Journal, places: Ints, since: int, until: int) -> Entries:
    """Return the entries of the accounts `places` in a period."""
    rows = journal.touching(places, since, until)
    each = np.arange(len(rows.posted_at))
    row, account = np.concatenate((each, each)), np.concatenate((rows.debit, rows.credit))
    contra, change = np.concatenate((rows.credit, rows.debit)), np.concatenate((rows.amount, -rows.amount))
    rank = np.full(len(journal.accounts), -1)
    rank[places] = np.arange(len(places))
    order = np.lexsort((row, rank[account]))
    order = order[rank[account[order]] >= 0]
    row, account, contra, change = (values[order] for values in (row, account, contra, change))
    brought = journal.balances(since) if since != BEFORE else np.zeros(len(journal.accounts), np.int64)
    balance = brought[account] + running_balance.running(change, running_balance.begins(account))
    return Entries(rows, row, account, contra, change, balance)


def general_ledger(
    result: "Result", book: str, account: str | None = None, start: At = None, end: At = None
) -> "DataFrame":
    """Return the entries of a book account by account, each with the balance after it.

    Columns `account, commodity, transfer, posted_at, code, order, entry, contra, debit, credit, balance`; the
    balance in the account's natural direction, amounts in major units (goods in units). `account` asks for one.
    Raises ValueError for an unknown book or account, an instant outside the run, a period that ends before it
    begins.
    """
    from pandas import DataFrame

    journal = Journal(result)
    places = _chosen(journal, book, account)
    found = entries(journal, places, *period(journal, start, end))
    signs = np.array([each.kind.sign for each in journal.accounts], np.int64)
    names = np.array([each.name for each in journal.accounts], object)
    commodities = np.array([each.commodity for each in journal.accounts], object)
    rows = found.rows
    codes = np.array([*rows.code.labels, ""], object)
    return DataFrame(
        {
            "account": names[found.account],
            "commodity": commodities[found.account],
            "transfer": rows.transfer[found.row],
            "posted_at": journal.stamps(rows.posted_at[found.row]),
            "code": codes[rows.code.codes[found.row]],
            "order": rows.order[found.row],
            "entry": rows.entry[found.row],
            "contra": names[found.contra],
            "debit": journal.in_major(np.maximum(found.change, 0), found.account),
            "credit": journal.in_major(np.maximum(-found.change, 0), found.account),
            "balance": journal.in_major(found.balance * signs[found.account], found.account),
        }
    )


def _chosen(journal: Journal, book: str, account: str | None) -> Ints:
    """Return the places of a book's accounts, or of the one that is asked for."""
    places = journal.of_book(book)
    if account is None:
        return places
    mine = [place for place in places.tolist() if journal.accounts[place].name == account]
    if not mine:
        raise ValueError(f"account {account}: must be an account of the book {book}")
    return np.array(mine, np.int64)


class TAccount(NamedTuple):
    """An account in the form of a T: debits to the left, credits to the right, the balance below the bigger side.

    `debits` and `credits` are pairs of a label (code, contra account) and an amount as text.
    """

    title: str
    debits: tuple[tuple[str, str], ...]
    credits: tuple[tuple[str, str], ...]
    balance: str
    is_debit: bool

    def __str__(self) -> str:
        left = [f"{label}  {amount}" for label, amount in self.debits]
        right = [f"{amount}  {label}" for label, amount in self.credits]
        (left if self.is_debit else right).append(f"balance {self.balance}")
        height, width = max(len(left), len(right)), max(20, *(len(text) for text in [*left, self.title]))
        left += [""] * (height - len(left))
        right += [""] * (height - len(right))
        wide = max(20, *(len(text) for text in right))
        head = [self.title.center(width + wide + 3).rstrip(), "-" * (width + 1) + "+" + "-" * (wide + 1)]
        return "\n".join([*head, *(f"{a.rjust(width)} | {b}".rstrip() for a, b in zip(left, right, strict=True))])

    def _repr_html_(self) -> str:
        # JupyterLab would set a bare <pre> in the font of its text.
        return f'<pre style="font-family: monospace; line-height: 1.3">{escape(str(self))}</pre>'


def t_accounts(
    result: "Result", book: str, account: str | None = None, start: At = None, end: At = None
) -> list[TAccount]:
    """Return the T-accounts of a book that have entries in a period, or the one that is asked for.

    Entries under the same code against the same account stand as one sum. Raises ValueError as `general_ledger`.
    """
    journal = Journal(result)
    places = _chosen(journal, book, account)
    since, until = period(journal, start, end)
    found = entries(journal, places, since, until)
    brought = journal.balances(since) if since != BEFORE else np.zeros(len(journal.accounts), np.int64)
    made = (_t_account(journal, found, place, int(brought[place])) for place in places.tolist())
    return [each for each in made if account is not None or each.debits or each.credits]


def _t_account(journal: Journal, found: Entries, place: int, brought: int) -> TAccount:
    mine = np.arange(*np.searchsorted(found.account, (place, place + 1)))
    sums: dict[tuple[bool, str], int] = {}
    if brought:
        sums[brought > 0, "brought forward"] = abs(brought)
    code = found.rows.code
    codes = code.codes[found.row[mine]].tolist()
    for reason, contra, change in zip(
        codes, found.contra[mine].tolist(), found.change[mine].tolist(), strict=True
    ):
        name = journal.accounts[contra].family.rstrip(":")
        key = change > 0, f"{code.labels[reason]}: {name}"
        sums[key] = sums.get(key, 0) + abs(change)
    account = journal.accounts[place]
    text = journal.currency.number if account.commodity == journal.currency.code else str
    sides = {
        side: tuple((label, text(amount)) for (is_debit, label), amount in sums.items() if is_debit == side)
        for side in (True, False)
    }
    balance = brought + int(found.change[mine].sum())
    title = f"{account.name} ({account.commodity})"
    return TAccount(title, sides[True], sides[False], text(abs(balance)), balance >= 0)


# What the owner of a deposit sees

_TEXTS = {
    "opening": "Opening balance",
    "income": "Income",
    "pending": "Held for a payment",
    "void": "Held money given back",
    "payment": "Payment",
    "fee": "Bank fee",
    "retention": "Kept back in the rolling reserve",
    "settlement": "Settlement",
    "refund": "Refund",
    "release": "Released from the rolling reserve",
    "charges": "Charges for goods",
    "charges-return": "Charges given back",
    "collection": "Payment at the door",
    "remittance": "Remittance of collections",
}


def bank_statement(result: "Result", owner: str, start: At = None, end: At = None) -> "DataFrame":
    """Return the account of `user:<n>`, `shop`, `supplier` or `courier` as the bank shows it to its owner.

    Columns `date, text, debit, credit, balance` in major units: a debit goes out, a credit comes in, the balance
    is what can be spent after it. With a `start`, the first line is the balance brought forward. Raises
    ValueError for who has no account, and as `general_ledger` does.
    """
    from pandas import DataFrame

    journal = Journal(result)
    place = _deposit(journal, owner)
    since, until = period(journal, start, end)
    found = entries(journal, np.array([place], np.int64), since, until)
    date, balance = found.rows.posted_at[found.row], -found.balance
    text = [_text(*each) for each in _reasons(found)]
    change = -found.change
    if since != BEFORE:
        brought = -int(journal.balances(since)[place])
        date, balance = np.append(since, date), np.append(brought, balance)
        text, change = ["Balance brought forward", *text], np.append(0, change)
    return DataFrame(
        {
            "date": journal.stamps(date),
            "text": text,
            "debit": journal.money(np.maximum(-change, 0)),
            "credit": journal.money(np.maximum(change, 0)),
            "balance": journal.money(balance),
        }
    )


def _deposit(journal: Journal, owner: str) -> int:
    roles = journal.result.scenario.roles
    places = journal.places(*deposits_of(owner, roles))
    if len(places) != 1 or owner.endswith(":"):
        named = [found for each in journal.accounts if (found := depositor(each.name, roles))]
        users = sum(name.startswith("user:") for name in named)
        others = [name for name in named if not name.startswith("user:")]
        raise ValueError(f"owner {owner}: must be user:0 to user:{users - 1}, or one of {', '.join(others)}")
    return int(places[0])


def _reasons(found: Entries) -> list[tuple[str, int, int]]:
    """Return code, order and transaction number of each entry."""
    rows = found.rows
    codes = np.array([*rows.code.labels, ""], object)[rows.code.codes[found.row]].tolist()
    orders, entries = rows.order[found.row].tolist(), rows.entry[found.row].tolist()
    return list(zip(codes, orders, entries, strict=True))


def _text(code: str, order: int, entry: int) -> str:
    """Return what a bank statement says of an entry."""
    text = _TEXTS.get(code, code.capitalize())
    if code == "opening":
        return text
    return f"{text}, order {order}, transaction {entry}" if order > 0 else f"{text}, transaction {entry}"
