"""A result as a Beancount file: accounts and commodities declared, one transaction an entry and book, balances.

Source of the language: Beancount's "Language Syntax". A balance without `~ 0` would tolerate a difference of .01.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alesha_sim.exports.files import Progress, silent
from alesha_sim.exports.journals import Journals, Transaction, plain

if TYPE_CHECKING:
    from alesha_sim.results.result import Result


def write(result: "Result", path: Path, progress: Progress = silent) -> None:
    """Write all transfers as a Beancount file; raises ValueError for a run that goes on after the year 9998."""
    journals = Journals(result)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_declarations(journals))
        file.writelines(_transaction(journals, each) for each in journals.transactions(progress))
        file.writelines(_balances(journals))


def _declarations(journals: Journals) -> Iterator[str]:
    yield f'option "title" "{plain(journals.scenario.name)}, seed {journals.journal.result.seed}"\n'
    yield f'option "operating_currency" "{journals.currency}"\n\n'
    for commodity in (journals.currency, *journals.goods):
        yield f"{journals.opened} commodity {commodity}\n"
    yield "\n"
    for name, places in journals.by_name().items():
        yield f"{journals.opened} open {name} {' , '.join(map(journals.commodity, places))}\n"


def _transaction(journals: Journals, each: Transaction) -> str:
    about = f", order {each.order}" if each.order > 0 else ""
    lines = [f'\n{each.at[:10]} * "{each.book}" "{each.codes}{about}" ^L{each.entry}', f'  time: "{each.at}"']
    if each.order > 0:
        lines.append(f"  order: {each.order}")
    for posting in each.postings:
        place = posting.account
        amount = journals.number(place, posting.amount)
        lines.append(f"  {journals.names[place]}  {amount} {journals.commodity(place)}")
        lines.append(f'    code: "{posting.code}"')
    return "\n".join(lines) + "\n"


def _balances(journals: Journals) -> Iterator[str]:
    yield "\n"
    for place, balance in enumerate(journals.closing()):
        amount = journals.number(place, balance)
        yield f"{journals.balanced} balance {journals.names[place]}  {amount} ~ 0 {journals.commodity(place)}\n"
