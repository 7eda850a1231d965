"""Laws of the rows of an entry: known to the posting rules, of one kind, of one order, each once (L0, L4, L10).

They see the kinds of rows alone; what the amounts must be is in the other modules of laws.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from alesha_sim.audit.evidence import RULES, Evidence
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.posting_rules import entry_kinds
from alesha_sim.audit.reading import among
from alesha_sim.books.accounts import CODES

SEVERAL = ("settle", "net", "loss-share", "write-off", "recover")
"""Codes of which a book may write a row for each bank."""


def check_entries(evidence: Evidence, findings: Findings) -> None:
    """Check the rows of every entry against the posting rules."""
    e = evidence
    findings.add(0, e.rule < 0, lambda row: f"the posting rules have no such row: {e.row_name(row)}", e.transfer)
    _check_one_kind(e, findings)
    _check_one_order(e, findings)
    _check_once(e, findings)


@cache
def _writes() -> tuple[npt.NDArray[np.int64], int]:
    """Return for each rule the kinds of entry that write it, one bit a kind, and the bits of those of an order."""
    writes, of_order = np.zeros(len(RULES) + 1, np.int64), 0
    for place, kind in enumerate(entry_kinds()):
        of_order |= int(kind.of_order) << place
        for rule in kind.rules:
            writes[RULES.index(rule)] |= 1 << place
    writes[-1] = -1  # what follows no rule is reported elsewhere
    return writes, of_order


def _check_one_kind(evidence: Evidence, findings: Findings) -> None:
    """L0: all rows of an entry are of one kind; L4: it belongs to an order if and only if it must."""
    e = evidence
    writes, of_order = _writes()
    possible = np.full(e.by_entry.size, -1, np.int64)
    np.bitwise_and.at(possible, e.entry, writes[e.rule])
    findings.add(
        0,
        (possible == 0)[e.entry],
        lambda row: f"entry {e.entry_number[row]} has rows of another kind: {e.row_name(row)}",
        e.transfer,
    )
    possible = np.where(possible == 0, -1, possible)[e.entry]
    findings.add(
        4,
        (e.order == 0) & (possible & ~of_order == 0),
        lambda row: f"belongs to no order: {e.row_name(row)}",
        e.transfer,
    )
    findings.add(
        4,
        (e.order > 0) & (possible & of_order == 0),
        lambda row: f"{_article(CODES[e.code[row]])} within an order: {e.row_name(row)}",
        e.transfer,
    )


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _check_one_order(evidence: Evidence, findings: Findings) -> None:
    """L0: all rows of an entry are of one order."""
    e = evidence
    order_of_entry = np.zeros(e.by_entry.size, np.int64)
    order_of_entry[e.entry] = e.order
    findings.add(
        0,
        order_of_entry[e.entry] != e.order,
        lambda row: f"entry {e.entry_number[row]} also has rows of another order: {e.row_name(row)}",
        e.transfer,
    )


def _check_once(evidence: Evidence, findings: Findings) -> None:
    """L10: a book writes each row of an entry once a commodity."""
    e = evidence
    # A row of no rule has -1, which must not be taken for the last rule of the entry before.
    keys = (e.entry * (len(RULES) + 1) + e.rule + 1) * len(e.price) + e.row_commodity
    several = np.flatnonzero(among(e.code, SEVERAL, CODES))
    if len(several):  # one row a bank
        accounts = e.debit[several].astype(np.int64) * (len(e.register.role) + 1) + e.credit[several]
        _, pairs = np.unique(accounts, return_inverse=True)
        keys = keys * (int(pairs.max()) + 2)
        keys[several] += 1 + pairs
    order = np.argsort(keys, kind="stable")
    again = np.zeros(len(keys), np.bool_)
    again[order[1:]] = keys[order][1:] == keys[order][:-1]
    findings.add(10, again & (e.rule >= 0), lambda row: f"written before: {e.row_name(row)}", e.transfer)
