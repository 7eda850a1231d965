"""Laws of the value of goods where charges differ: each holder's goods are worth a moving average (L7, L8).

They see every transfer once, in the order of writing, and replay what each shop and supplier holds and has sent.
Where there is one of each, charges are constant and `goods.py` compares each entry with the catalogue.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from alesha_sim.audit.evidence import RULES, Evidence
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.register import Register
from alesha_sim.books.accounts import Account
from alesha_sim.books.goods_value import GoodsValue

Goods = tuple[tuple[int, int], ...]
"""(commodity, units)."""

_MADE, _BOUGHT, _RETURNED, _OUT, _SENT, _GONE, _BACK = range(7)

_STEPS = {
    ("opening", Account.SUPPLIER_STOCK, Account.SUPPLIER_PRODUCTION): _MADE,
    ("make", Account.SUPPLIER_STOCK, Account.SUPPLIER_PRODUCTION): _MADE,
    ("make", Account.SUPPLIER_RESERVED, Account.SUPPLIER_PRODUCTION): _MADE,
    ("ship", Account.SUPPLIER_GOODS_IN_TRANSIT, Account.SUPPLIER_RESERVED): _SENT,
    ("ship", Account.SHOP_GOODS_IN_TRANSIT, Account.SHOP_STOCK): _SENT,
    ("loss", Account.SUPPLIER_LOSSES, Account.SUPPLIER_GOODS_IN_TRANSIT): _GONE,
    ("loss", Account.SHOP_LOSSES, Account.SHOP_GOODS_IN_TRANSIT): _GONE,
    ("deliver", Account.SUPPLIER_GOODS_CLEARING, Account.SUPPLIER_GOODS_IN_TRANSIT): _GONE,
    ("deliver", Account.SHOP_GOODS_CLEARING, Account.SHOP_GOODS_IN_TRANSIT): _GONE,
    ("replace", Account.SUPPLIER_GOODS_CLEARING, Account.SUPPLIER_GOODS_IN_TRANSIT): _GONE,
    ("return-to-sender", Account.SUPPLIER_STOCK, Account.SUPPLIER_GOODS_IN_TRANSIT): _BACK,
    ("deliver", Account.SUPPLIER_STOCK, Account.SUPPLIER_GOODS_CLEARING): _BOUGHT,
    ("deliver", Account.SHOP_STOCK, Account.SHOP_GOODS_CLEARING): _BOUGHT,
    ("return", Account.SHOP_STOCK, Account.SHOP_GOODS_CLEARING): _RETURNED,
    ("write-off", Account.SHOP_LOSSES, Account.SHOP_STOCK): _OUT,
}
"""What a row of units means for its holder, by its rule."""

_VALUES = (
    Account.SUPPLIER_STOCK,
    Account.SUPPLIER_GOODS_IN_TRANSIT,
    Account.SHOP_STOCK,
    Account.SHOP_GOODS_IN_TRANSIT,
)
"""The accounts of money whose rows say what the units of an entry are worth."""


class _Sent(NamedTuple):
    """A parcel on its way: its goods, what it was worth when it left, line by line."""

    goods: Goods
    values: list[int]


class Holdings:
    """Replays the goods of all holders: `see` all transfers, part by part."""

    def __init__(self, register: Register, findings: Findings) -> None:
        self._findings = findings
        self._held = [GoodsValue() for _ in register.parties]
        self._sent: dict[tuple[int, int], list[_Sent]] = {}
        self._charges: dict[tuple[int, int], int] = {}
        self._unclear: set[tuple[int, int]] = set()
        self._steps = np.full(len(RULES) + 1, -1, np.int8)
        self._is_value = np.zeros(len(RULES) + 1, np.bool_)
        for place, rule in enumerate(RULES):
            if rule.units:
                self._steps[place] = _STEPS.get((rule.code, rule.debit, rule.credit), -1)
            else:
                self._is_value[place] = rule.debit in _VALUES or rule.credit in _VALUES

    def see_lines(self, evidence: Evidence) -> None:
        """Note at which charge each line of an order is bought."""
        e = evidence
        lines = zip(e.line_order_number.tolist(), e.line_commodity.tolist(), e.unit_charge.tolist(), strict=True)
        for order, commodity, charge in lines:
            self._charges[order, commodity] = charge

    def see(self, evidence: Evidence) -> None:
        """Replay the next transfers, entry by entry, and compare what each holder booked with what it had to."""
        e = evidence
        wrong: list[tuple[int, int, int]] = []
        for row, step, party, order, goods, booked in self._movements(e):
            due = self._due(e, step, party, order, goods, booked)
            if due != booked:
                wrong.append((row, booked, due))
        rows = np.array([row for row, _, _ in wrong], np.int64)
        self._findings.add(
            7,
            np.ones(len(wrong), np.bool_),
            lambda place: f"worth {wrong[place][2]}, booked at {wrong[place][1]}: {e.row_name(wrong[place][0])}",
            e.transfer[rows],
        )

    def _movements(self, e: Evidence) -> Iterator[tuple[int, int, int, int, Goods, int]]:
        """Yield each entry that moves a holder's goods: its row, step, party and order, its goods, its value."""
        steps, is_value = self._steps[e.rule], self._is_value[e.rule]
        rows = np.flatnonzero((steps >= 0) | is_value)
        if not len(rows):
            return
        keys = e.entry_number[rows] * np.int64(len(self._held) + 1) + e.party[rows]
        bounds = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(rows)]
        for start, end in pairwise(bounds):
            mine = rows[start:end]
            units = [int(row) for row in mine if steps[row] >= 0]
            if units:
                goods = tuple((int(e.row_commodity[row]), int(e.amount[row])) for row in units)
                booked = sum(int(e.amount[row]) for row in mine if is_value[row])
                first = units[0]
                yield first, int(steps[first]), int(e.party[first]), int(e.order_number[first]), goods, booked

    def _due(self, e: Evidence, step: int, party: int, order: int, goods: Goods, booked: int) -> int:
        """Return what an entry's goods are to be booked at, and move them."""
        held = self._held[party]
        if step in (_GONE, _BACK):
            return self._arrived(party, order, goods, booked, is_back=step == _BACK)
        if step in (_OUT, _SENT):
            values = held.take(goods)
            if step == _SENT:
                self._sent.setdefault((party, order), []).append(_Sent(goods, values))
            return booked if self._is_unclear(party, goods) else sum(values)
        if step == _MADE:
            values = [int(e.cost[commodity]) * units for commodity, units in goods]
        else:
            values = [self._charges.get((order, commodity), 0) * units for commodity, units in goods]
        if step == _RETURNED and sum(values) != booked:
            # They left the shop's own stock at what they were worth then, of which rows tell the sum alone.
            self._unclear.update((party, commodity) for commodity, _ in goods if len(goods) > 1)
            values = [booked, *[0] * (len(goods) - 1)]
        held.put(goods, values)
        return sum(values)

    def _arrived(self, party: int, order: int, goods: Goods, booked: int, *, is_back: bool) -> int:
        """Return what a parcel was worth when it left; one of the same goods and the booked value goes first."""
        parcels = self._sent.get((party, order), [])
        alike = [sent for sent in parcels if sent.goods == goods]
        if not alike:
            return 0
        sent = next((each for each in alike if sum(each.values) == booked), alike[0])
        parcels.remove(sent)
        if not parcels:
            del self._sent[party, order]
        if is_back:
            self._held[party].put(goods, sent.values)
        return booked if self._is_unclear(party, goods) else sum(sent.values)

    def _is_unclear(self, party: int, goods: Goods) -> bool:
        return any((party, commodity) in self._unclear for commodity, _ in goods)
