"""The posting rules as tables, for checking: which accounts there are, and which two each code may connect.

The books post by their own code and do not read these tables, so that one checks the other. A fact added to a
book is added here too; until then `check` reports its rows.
"""

from typing import NamedTuple

from alesha_sim.books.accounts import Kind


class Role(NamedTuple):
    """What an account is: its kind, whether it holds money or units or both, whether it has a floor at zero."""

    kind: Kind
    holds: str
    floor: bool = False


CHART = {
    "bank:reserves": Role(Kind.ASSET, "money", floor=True),
    "bank:deposits:user:": Role(Kind.LIABILITY, "money", floor=True),
    "bank:deposits:shop": Role(Kind.LIABILITY, "money", floor=True),
    "bank:deposits:supplier": Role(Kind.LIABILITY, "money", floor=True),
    "bank:holds:user:": Role(Kind.LIABILITY, "money", floor=True),
    "shop:investment": Role(Kind.ASSET, "money"),
    "shop:cash": Role(Kind.ASSET, "money"),
    "shop:supplier-advances": Role(Kind.ASSET, "money"),
    "shop:customer-prepayments": Role(Kind.LIABILITY, "money"),
    "shop:refunds-due": Role(Kind.LIABILITY, "money"),
    "shop:equity": Role(Kind.EQUITY, "money"),
    "shop:sales": Role(Kind.INCOME, "money"),
    "shop:cost-of-sales": Role(Kind.EXPENSE, "money"),
    "shop:transport": Role(Kind.EXPENSE, "money"),
    "supplier:cash": Role(Kind.ASSET, "money"),
    "supplier:stock": Role(Kind.ASSET, "money", floor=True),
    "supplier:reserved": Role(Kind.ASSET, "units", floor=True),
    "supplier:goods-in-transit": Role(Kind.ASSET, "money, units", floor=True),
    "supplier:shop-advances": Role(Kind.LIABILITY, "money"),
    "supplier:payables": Role(Kind.LIABILITY, "money"),
    "supplier:equity": Role(Kind.EQUITY, "money"),
    "supplier:made": Role(Kind.EQUITY, "units"),
    "supplier:handovers": Role(Kind.EQUITY, "units"),
    "supplier:sales": Role(Kind.INCOME, "money"),
    "supplier:cost-of-sales": Role(Kind.EXPENSE, "money"),
    "supplier:transport": Role(Kind.EXPENSE, "money"),
    "users:cash:": Role(Kind.ASSET, "money"),
    "users:advances": Role(Kind.ASSET, "money"),
    "users:goods": Role(Kind.ASSET, "units", floor=True),
    "users:equity": Role(Kind.EQUITY, "money"),
    "users:handovers": Role(Kind.EQUITY, "units"),
    "users:spending": Role(Kind.EXPENSE, "money"),
}
"""Every account by its name; of a family of accounts the name before the number."""

ROLES = tuple(CHART)

POSTINGS = {
    "bank": """
        opening         reserves / deposits:user:
        opening         reserves / deposits:shop
        opening         reserves / deposits:supplier
        payment         deposits:user: / deposits:shop
        pending         deposits:user: / holds:user:
        payment         holds:user: / deposits:shop
        void            holds:user: / deposits:user:
        charges         deposits:shop / deposits:supplier
        charges-return  deposits:supplier / deposits:shop
        refund          deposits:shop / deposits:user:
    """,
    "shop": """
        opening         cash / equity
        opening         investment / equity
        payment         cash / customer-prepayments
        charges         supplier-advances / cash
        charges-return  cash / supplier-advances
        transport       transport / supplier-advances
        cancel          customer-prepayments / refunds-due
        refund          refunds-due / cash
        sale            customer-prepayments / sales
        cost            cost-of-sales / supplier-advances
    """,
    "supplier": """
        opening         cash / equity
        charges         cash / shop-advances
        charges-return  shop-advances / cash
        transport       shop-advances / transport
        make            reserved / made
        make            stock / payables
        ship            goods-in-transit / reserved
        ship            goods-in-transit / stock
        deliver         handovers / goods-in-transit
        sale            shop-advances / sales
        cost            cost-of-sales / goods-in-transit
    """,
    "users": """
        opening         cash: / equity
        payment         advances / cash:
        deliver         goods / handovers
        sale            spending / advances
        refund          cash: / advances
    """,
}
"""By book: the code of a row, then the accounts that it debits / credits."""


def permitted() -> set[tuple[str, str, str]]:
    """Return every permitted row as (code, debited account, credited account)."""
    rows = set()
    for book, table in POSTINGS.items():
        for line in table.strip().splitlines():
            code, debit, _, credit = line.split()
            rows.add((code, f"{book}:{debit}", f"{book}:{credit}"))
    return rows
