"""How the pages write figures: tables in Markdown, and medians with their spread."""

from collections.abc import Sequence
from statistics import median


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(values: Sequence[float]) -> str:
    """Return what a figure was over all rounds: the median (the least to the greatest)."""
    digits = 0 if median(values) >= 20 else 1 if median(values) >= 5 else 2
    return "{:,.{d}f} ({:,.{d}f} to {:,.{d}f})".format(median(values), min(values), max(values), d=digits)
