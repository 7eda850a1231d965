"""The check of all conservation laws, from the tables of a run alone.

What rows must be like to be readable is in `form.py`; the laws of whole books are in `per_book.py`, those of the
rows of an entry in `per_entry.py`, those of money that two books record in `between_books.py`, those of goods in
`goods.py`, those of orders in `per_order.py` and, once nothing is in transit, in `at_close.py`; how tables are
read in parts is in `partition.py`. The tables say what happened; no law asks the ledger that wrote them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from alesha_sim.audit import form as form_laws
from alesha_sim.audit.at_close import Closing
from alesha_sim.audit.between_books import check_mirrors
from alesha_sim.audit.clearing import check_banks, check_clearing
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.goods import check_goods
from alesha_sim.audit.holdings import Holdings
from alesha_sim.audit.own_books import OwnBooks
from alesha_sim.audit.partition import Parts
from alesha_sim.audit.per_book import ROWS as ROW_LAWS
from alesha_sim.audit.per_book import SECTIONS, STATEMENTS, Books
from alesha_sim.audit.per_entry import check_entries
from alesha_sim.audit.per_order import check_orders
from alesha_sim.audit.register import Priced, Repriced, Settling
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.columns import Columns, numbers
from alesha_sim.tables.every_order import KINDS
from alesha_sim.tables.source import Source, source_of
from alesha_sim.vocabulary import STATUSES

__all__ = ["Priced", "Repriced", "Settling", "check"]

CLEARING_PART = 1_000
"""Where findings between banks stand, after those of all mirrors."""

ROWS = 500_000
"""Transfers that are looked at together: some 60 MB, and no slower than all at once (measured)."""


def check(
    tables: Mapping[str, Columns] | Source,
    catalogue: Sequence[Priced],
    *,
    drained: bool,
    rows: int = ROWS,
    roles: Mapping[str, str] = ONE_OF_EACH,
    changes: Sequence[Repriced] = (),
    settling: Settling | None = None,
) -> list[str]:
    """Return the violations of the laws, one line each, at most 20 a law; none if all hold.

    `tables` have the canonical columns of all tables of a run but `messages` and `production_lots`; of transfers
    at most about `rows` rows are looked at together, which changes no line. `drained` says that no message was on
    its way and no timer running; else only those laws are checked that hold at any instant. `roles` has the role
    of each party that keeps a book, by its name, `settling` how several banks settle. Products are sold at the
    catalogue's prices until `changes` say otherwise.
    Amounts in messages are minor units of money or units of goods. If rows cannot be read (L0), the other laws are
    not checked. Source: section 3 of the posting rules.
    """
    source = source_of(tables)
    parts = Parts(source, catalogue, rows, roles, changes, settling)
    form, findings = Findings(), Findings()
    books, own_books = Books(parts.register, findings), OwnBooks(parts.register.own, findings)
    users = source.whole("users")
    has_doubt = _check_form(source, parts, form, findings, books, own_books)
    form.begin(5)
    user = numbers(users, "user")
    form.add(0, user != np.arange(len(user)), lambda row: f"row {row} of users has number {user[row]}")
    if form:
        return form.report()
    books.close(users, is_settled=drained and not has_doubt)
    findings.begin(STATEMENTS, 1)
    own_books.close()
    findings.begin(STATEMENTS, 2)
    check_banks(parts.register, findings, drained=drained)
    _check_blocks(parts, findings, drained=drained)
    return findings.report()


def _check_form(
    source: Source, parts: Parts, form: Findings, findings: Findings, books: Books, own_books: OwnBooks
) -> bool:
    """Read all tables once, and tell whether a transfer belongs to an order in doubt."""
    sizes, has_doubt = parts.sizes, False
    holdings = Holdings(parts.register, findings)
    form.begin(0)
    form_laws.check_accounts(parts.register, form)
    is_doubtful = np.zeros(sizes.orders + 1, np.bool_)
    form_laws.check_numbers(source, form, sizes)
    for part in parts.of_tables(*KINDS):
        form.begin(2, len(KINDS))
        form_laws.check_orders(part, form, sizes)
        doubted = part.orders[part.status == STATUSES.index("in_doubt")]
        is_doubtful[doubted[(doubted > 0) & (doubted <= sizes.orders)]] = True
    for section, table, law in (
        (3, "order_lines", form_laws.check_lines),
        (4, "visits", form_laws.check_visits),
    ):
        for part in parts.of_tables(table):
            form.begin(section)
            law(part, form, sizes)
            if table == "order_lines" and parts.register.is_market and not form:
                holdings.see_lines(part)
    for part in parts.of_tables("transfers"):
        form.begin(1)
        form_laws.check_transfers(part, form, sizes)
        if not form:
            books.see(part)
            if parts.register.is_market:
                findings.begin(ROW_LAWS, 2)
                holdings.see(part)
            if part.own is not None:
                findings.begin(ROW_LAWS, 1)
                own_books.see(part.own, orders=sizes.orders, entries=sizes.entries)
            has_doubt |= bool(is_doubtful[part.order_number].any())
        del part  # before the next one is read, so that there is one at a time
    return has_doubt


def _check_blocks(parts: Parts, findings: Findings, *, drained: bool) -> None:
    """Check what belongs to the same order or to none."""
    closing = Closing(findings)
    first = len(SECTIONS)
    for block in parts.blocks():
        findings.begin(first)
        check_entries(block, findings)
        findings.begin(first + 1)
        check_mirrors(block, findings, drained=drained)
        findings.begin(first + 1, CLEARING_PART)
        check_clearing(block, findings, drained=drained)
        findings.begin(first + 2)
        check_goods(block, findings, drained=drained)
        findings.begin(first + 3)
        check_orders(block, findings)
        findings.begin(first + 4)
        if drained:
            closing.see(block)
        del block
    closing.close()
