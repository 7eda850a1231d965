"""What a run comes to for each party: a row for the users together and for every organisation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import Account, Kind, role_of
from alesha_sim.books.owners import owner_of
from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, equals, numbers, text_column
from alesha_sim.units import MICROSECONDS

if TYPE_CHECKING:
    from pandas import DataFrame

    from alesha_sim.scenarios.scenario import Scenario

CASH = (Account.USERS_CASH, Account.SHOP_CASH, Account.SUPPLIER_CASH, Account.BANK_RESERVES)
"""What a book has as cash; of a bank its reserves."""


def by_party(scenario: "Scenario", tables: Mapping[str, Columns]) -> "DataFrame":
    """Return the figures of a run by party, one row a party by its name; amounts in major units.

    - `role`: the party's role.
    - `sold`, `bought`: orders in which it is the seller, or the buyer, cancelled and declined ones included.
    - `income`, `expenses`, `profit`: of its book, over the whole run.
    - `cash`: what it has to its own knowledge, a bank its reserves. `deposit`: what its bank says that it has.
    - `messages`: those that came in. `mean_wait_seconds`: how long those that it served had waited.
    """
    from pandas import DataFrame

    roles, scale = scenario.roles, scenario.currency.scale
    accounts = tables["accounts"]
    money = equals(text_column(accounts, "commodity"), scenario.currency.code)
    closing = np.where(money, numbers(accounts, "closing"), 0)
    book, kind, name = (text_column(accounts, each) for each in ("book", "kind", "account"))
    deposits = _of_labels(name, lambda label: owner_of(label, roles))
    of_chart = _of_labels(name, lambda label: role_of(label, roles))
    orders, purchases, messages = (tables[table] for table in ("orders", "purchases", "messages"))
    found: list[dict[str, Any]] = []
    for party, role in roles.items():
        mine = equals(book, party)
        income, expenses = (int(closing[mine & equals(kind, each)].sum()) for each in (Kind.INCOME, Kind.EXPENSE))
        found.append(
            {
                "party": party,
                "role": role,
                "sold": _count(orders, "seller", party) + _count(purchases, "seller", party),
                "bought": len(numbers(orders, "order")) if party == "users" else _count(purchases, "buyer", party),
                "income": income / scale,
                "expenses": expenses / scale,
                "profit": (income - expenses) / scale,
                "cash": int(closing[mine & np.isin(of_chart, CASH)].sum()) / scale,
                "deposit": int(closing[deposits == party].sum()) / scale,
                **_mail(messages, party),
            }
        )
    return DataFrame(found).set_index("party")


def _of_labels(column: TextColumn, told: Any) -> npt.NDArray[np.object_]:
    """Return what a function tells of each row's text, asked once for each text."""
    return np.array([*map(told, column.labels), ""], object)[column.codes]


def _count(table: Columns, column: str, party: str) -> int:
    return int(np.count_nonzero(equals(text_column(table, column), party)))


def _mail(messages: Columns, party: str) -> dict[str, float]:
    """Return how many messages came in to a party, and how long those that it served had waited."""
    recipient = text_column(messages, "recipient")
    labels = [label for label in recipient.labels if label == party or (party, label[:5]) == ("users", "user:")]
    wanted = np.array([*(label in set(labels) for label in recipient.labels), False])[recipient.codes]
    came, began = (numbers(messages, at)[wanted] for at in ("delivered_at", "started_at"))
    served = (came != MISSING_TIME) & (began != MISSING_TIME)
    waited = (began - came)[served]
    mean = float(waited.mean()) / MICROSECONDS if len(waited) else float("nan")
    return {"messages": int(np.count_nonzero(came != MISSING_TIME)), "mean_wait_seconds": mean}
