"""The logs and the ledger of a run whose rows leave memory: the places at which they count the rows themselves."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from alesha_sim.books.ledger import Ledger, Row, Transfer
from alesha_sim.columns import NAN
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.recording.packed_rows import NewRows
from alesha_sim.recording.run_logs import Records
from alesha_sim.recording.spill_rows import SpooledRows
from alesha_sim.vocabulary import DELIVERED, IN_FLIGHT

_KEPT = 0x80
"""Set in a link's holders once its first row is numbered among all rows; the four books have the lower bits."""


class SpooledMessageLog(MessageLog):
    """A log of messages whose older rows are on disk."""

    _table: SpooledRows

    def _sender(self) -> Callable[..., int]:
        table, kinds = self._table, self.kinds
        rows, pack, width = table.rows, table.pack, table.width

        def sent(
            at: float,
            request: int,
            order: int,
            visit: int,
            sender: int,
            recipient: int,
            attempt: int,
            kind: type,
            detail: int = 0,
        ) -> int:
            nonlocal rows
            row = table.base + len(rows) // width
            rows += pack(
                at,
                NAN,
                IN_FLIGHT,
                NAN,
                NAN,
                request,
                order,
                visit,
                sender,
                recipient,
                attempt,
                kinds[kind],
                detail,
            )
            return row

        return sent

    def _lander(self) -> Callable[..., None]:
        land, last = self._table.filler("delivered_at", "fate"), self._last_landed

        def landed(row: int, at: float, fate: int = DELIVERED) -> None:
            land(row, at, fate)
            last[0] = row

        return landed


class SpooledRecords(Records):
    """All logs of one run but the ledger's, their older rows on disk."""

    message_log = SpooledMessageLog


class SpooledLedger(Ledger):
    """A ledger whose older rows are on disk.

    A new fact's first row is noted by its place among the rows in memory; when these leave, by its number.
    """

    _rows: SpooledRows

    def __init__(self, currency_code: str, skus: Sequence[str], rows: NewRows) -> None:
        super().__init__(currency_code, skus, rows)
        self._openings = np.zeros(0, np.int64)
        self._rows.leaving = self._number

    def _number(self, base: int, rows: npt.NDArray[np.void]) -> None:
        """Number the first rows of links, and add up the openings, among rows that leave memory."""
        held, first = self._held, self._first
        links, places = np.unique(rows["link"], return_index=True)
        for link, place in zip(links.tolist(), places.tolist(), strict=True):
            if first[link] == place and not held[link] & _KEPT:
                first[link] = base + place
                held[link] |= _KEPT
        self._openings = self._opened_with(rows)

    def _opened_with(self, rows: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        opened = self.opened(rows)
        opened[: len(self._openings)] += self._openings
        return opened

    def _opened(self) -> npt.NDArray[np.int64]:
        return self._opened_with(np.frombuffer(bytes(self._rows.rows), self._rows.dtype))

    def transfer(
        self, at: float, book: int, link: int, order: int, debit: int, credit: int, amount: int, code: int
    ) -> bool:
        """Write a fact of one row, as `linked` does."""
        is_new = self._is_new(link)
        written = super().transfer(at, book, link, order, debit, credit, amount, code)
        if is_new and written and not amount:
            self._held[link] |= _KEPT  # it has no first row, and none that others write later is taken for it
        return written

    def linked(self, at: float, book: int, link: int, order: int, rows: Iterable[Row]) -> bool:
        """Write the part of the fact `link` that belongs to `book`, all rows or none; False if held already."""
        is_new, before = self._is_new(link), len(self)
        written = super().linked(at, book, link, order, rows)
        if is_new and written and len(self) == before:
            self._first[link] = before
            self._held[link] |= _KEPT
        return written

    def _is_new(self, link: int) -> bool:
        return 0 < link < len(self._held) and not self._held[link]

    def first(self, link: int) -> Transfer:
        """Return the first row written under `link`; KeyError if there is none."""
        if not 0 < link < len(self._first):
            raise KeyError(link)
        number = self._first[link] + (0 if self._held[link] & _KEPT else self._rows.base)
        if number >= len(self):
            raise KeyError(link)
        row = Transfer(*self._rows.fields(number))
        if row.link != link:
            raise KeyError(link)
        return row
