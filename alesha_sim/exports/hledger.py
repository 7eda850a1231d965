"""A result as a journal for hledger (and ledger): accounts and commodities declared, assertions at the end.

Source of the language: the hledger manual, "Journal format".
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim.exports.files import Progress, silent
from alesha_sim.exports.journals import Journals, Transaction, plain

if TYPE_CHECKING:
    from alesha_sim.results.result import Result

TYPES = {"Assets": "A", "Liabilities": "L", "Equity": "E", "Income": "R", "Expenses": "X"}


def write(result: "Result", path: Path, progress: Progress = silent) -> None:
    """Write all transfers as a journal; raises ValueError for a run that goes on after the year 9998."""
    journals = Journals(result)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_declarations(journals))
        file.writelines(_transaction(journals, each) for each in journals.transactions(progress))
        file.writelines(_assertions(journals))


def _declarations(journals: Journals) -> Iterator[str]:
    yield f"; {plain(journals.scenario.name)}, seed {journals.journal.result.seed}\n\n"
    yield f"decimal-mark .\ncommodity 1.{'0' * journals.decimals} {journals.currency}\n"
    yield from (f'commodity 1. "{name}"\n' for name in journals.goods)
    yield "\n"
    for name in journals.by_name():
        yield f"account {name}  ; type:{TYPES[name.partition(':')[0]]}\n"


def _amount(journals: Journals, place: int, amount: int) -> str:
    commodity = journals.commodity(place)
    name = commodity if journals.journal.is_money[place] else f'"{commodity}"'
    return f"{journals.number(place, amount)} {name}"


def _transaction(journals: Journals, each: Transaction) -> str:
    about = f", order {each.order}" if each.order > 0 else ""
    head = f"\n{each.at[:10]} * ({each.book}-{each.entry}) {each.book} | {each.codes}{about}  ; time:{each.at}"
    lines = [
        f"    {journals.names[posting.account]}  {_amount(journals, posting.account, posting.amount)}"
        f"  ; code:{posting.code}"
        for posting in each.postings
    ]
    return "\n".join([head, *lines]) + "\n"


def _assertions(journals: Journals) -> Iterator[str]:
    """Yield a last transaction that moves nothing and states every account's balance."""
    yield f"\n{journals.balanced} * (balances) balances\n"
    for place, balance in enumerate(journals.closing()):
        nothing = _amount(journals, place, 0)
        yield f"    {journals.names[place]}  {nothing} = {_amount(journals, place, balance)}\n"
