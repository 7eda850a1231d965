"""The check of all conservation laws, from the tables of a run alone.

The laws of whole books are in `book_laws`, those of the rows of a fact in `fact_laws`, those of money that two
books tell of in `link_laws`, those of goods in `goods_laws`, those of orders in `order_laws` and, once nothing is
on its way, in `closing_laws`. The tables say what happened; no law asks the ledger that wrote them.
"""

from collections.abc import Mapping, Sequence

from alesha_sim.books.book_laws import check_books, check_form
from alesha_sim.books.closing_laws import check_closing
from alesha_sim.books.evidence import Evidence, Priced
from alesha_sim.books.fact_laws import check_facts
from alesha_sim.books.findings import Findings
from alesha_sim.books.goods_laws import check_goods
from alesha_sim.books.link_laws import check_links
from alesha_sim.books.order_laws import check_orders
from alesha_sim.records import Columns

__all__ = ["Priced", "check"]


def check(tables: Mapping[str, Columns], catalogue: Sequence[Priced], *, drained: bool) -> list[str]:
    """Return the violations of the laws, one line each, at most 20 a law; none if all hold.

    `tables` are the canonical columns of `transfers`, `accounts`, `orders`, `order_lines`, `visits`, `users`.
    `drained` says that no message was on its way and no timer running; else only those laws are checked that
    hold at any instant. Amounts in messages are minor units of money or units of goods. If rows cannot be read
    (L0), the other laws are not checked. Source: section 3 of the posting rules.
    """
    findings = Findings()
    evidence = Evidence(tables, catalogue)
    check_form(evidence, findings)
    if not findings:
        check_books(evidence, findings, drained=drained)
        check_facts(evidence, findings)
        check_links(evidence, findings, drained=drained)
        check_goods(evidence, findings, drained=drained)
        check_orders(evidence, findings)
        if drained:
            check_closing(evidence, findings)
    return findings.report()
