"""The order of lanes, which is the same in every diagram: users, shop, bank, supplier, then all others by name."""

import re
from collections.abc import Iterable

PARTIES = ("users", "shop", "bank", "supplier")


def in_order(names: Iterable[str]) -> list[str]:
    """Return each name once, in the order of lanes; numbers in names count as numbers, so 9 comes before 10."""
    return sorted({*names}, key=_place)


def _place(name: str) -> tuple[int, list[tuple[int, str]], str]:
    party = "users" if name.startswith("user:") else name
    rank = PARTIES.index(party) if party in PARTIES else len(PARTIES)
    return rank, [(int(number or 0), text) for number, text in re.findall(r"([0-9]+)|([^0-9]+)", name)], name
