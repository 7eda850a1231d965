"""What many openings at once must be like, and what it takes to open more books than a few."""

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import BOOKS_MAX
from alesha_sim.books.chart import Chart
from alesha_sim.units import AMOUNT_MAX

Ints = npt.NDArray[np.int64]


def fault(chart: Chart, book: int, debits: Ints, credits: Ints, amounts: Ints) -> str | None:
    """Return the rule, with its law, that openings break; None if they break none."""
    if amounts.shape != debits.shape or amounts.dtype.kind not in "iu" or (amounts < 0).any():
        return "L0: opening amounts must be whole, one for each entry, none negative"
    places, signs = np.asarray(chart.places), np.asarray(chart.signs)
    if ((places[debits] != places[credits]) | (places[debits] % BOOKS_MAX != book)).any():
        return f"L0: openings not within book {chart.books[book]} and one commodity"
    if ((signs[debits] < 0) | (signs[credits] > 0)).any():
        return "L1: openings must raise both accounts"
    return None


def check_range(had: Ints, amounts: Ints) -> None:
    """Raise ValueError if balances that accounts `had` could pass 64 bits by these openings."""
    if int(np.abs(had).max(initial=0)) + sum(amounts.tolist()) > AMOUNT_MAX:
        raise ValueError(f"opening balances: must together be at most {AMOUNT_MAX}")


def with_room(marks: Ints, bits: int) -> Ints:
    """Return marks of entries, a bit a book and a number above them, with room for all books."""
    held: Ints = marks & ((1 << bits) - 1)
    return (marks >> bits << BOOKS_MAX) | held
