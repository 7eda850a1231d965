"""What the laws say of tables in which one thing is wrong: every line, in `reference/law_reports.txt`.

`python tests/law_reports.py --write` keeps what they say now. A change of a line is a change of what a law finds:
read it before it is kept.
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import trading
from test_laws import CATALOGUE, TAMPERED, World, rebalanced, with_column

from alesha_sim.audit.evidence import RULES, Evidence
from alesha_sim.audit.laws import check
from alesha_sim.columns import TextColumn
from alesha_sim.vocabulary import STATUSES

FILE = Path(__file__).parent / "reference" / "law_reports.txt"
SEED, ORDERS = 183, 25
"""A world of random trade in which all rules but two have rows."""

LATER = "at the end: "
"""In front of what is only said once nothing is on its way."""


def said(tables, catalogue):
    """Return the lines of a report, those marked that are not said while anything is on its way."""
    early = check(tables, catalogue, drained=False)
    return [line if line in early else LATER + line for line in check(tables, catalogue, drained=True)]


@cache
def of_a_story():
    """Return the report of each tampering with the story of `test_laws.py`."""
    world = World()
    for _ in world.story():
        pass
    tables = world.tables()
    return {f"story: {name}": said(tamper(tables), CATALOGUE) for name, _, tamper in TAMPERED}


@cache
def of_rows():
    """Return the report of a change of the first row of each rule: another amount; none or another order"""
    tables = trading.World(SEED).run(ORDERS).tables()
    rules = Evidence(tables, trading.CATALOGUE).rule
    found = {}
    for place, first in zip(*np.unique(rules, return_index=True), strict=True):
        rule = RULES[place]
        name = f"{rule.code}: {rule.debit} / {rule.credit}, {'units' if rule.units else 'money'}"
        for column in ("amount", "order"):
            value = tables["transfers"][column][first]
            value = value + 1 if column == "amount" else -1 if value > 0 else 1
            other = with_column(tables, "transfers", column, first, value)
            accounts = rebalanced(other)["accounts"]
            other |= {"accounts": accounts, "users": trading.users_of(accounts, trading.Terms().users)}
            found[f"{name}: another {column}"] = said(other, trading.CATALOGUE)
    return found


@cache
def of_cells():
    """Return the report of another value in each cell of some rows, one for each status and each outcome."""
    tables = trading.World(SEED).run(ORDERS).tables()
    words = {"orders": "status", "purchases": "status", "visits": "outcome"}
    rows = {
        **{name: np.unique(tables[name][word].codes, return_index=True)[1] for name, word in words.items()},
        "order_lines": (0, 9), "accounts": (1, 9), "users": (2,), "transfers": (60,),
    }  # fmt: skip
    found = {}
    for table, places in rows.items():
        for column in sorted({*tables[table]} - {"promised_at"}):  # which no law reads
            values = tables[table][column]
            for place in places:
                for value in others(values, place):
                    other = with_column(tables, table, column, place, value)
                    found[f"{table}, row {place}: {column} {value}"] = said(other, trading.CATALOGUE)
    return found


def others(values, place):
    """Return what else a cell may be: one more and one less, the next label and none, or any status at all."""
    if not isinstance(values, TextColumn):
        return values[place] + 1, values[place] - 1
    if values.labels == STATUSES:
        return [label for code, label in enumerate(STATUSES) if code != values.codes[place]]
    return values.labels[(values.codes[place] + 1) % len(values.labels)], None


PARTS = (of_a_story, of_rows, of_cells)


def written():
    """Return the reports that were kept, by the name of what is wrong."""
    parts = FILE.read_text("utf-8").split("# ")[1:]
    return {name: lines for name, *lines in map(str.splitlines, parts)}


if __name__ == "__main__" and "--write" in sys.argv:
    reports = {name: lines for part in PARTS for name, lines in part().items()}
    FILE.write_text("".join("\n".join([f"# {name}", *lines, ""]) for name, lines in reports.items()), "utf-8")
