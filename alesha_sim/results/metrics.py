"""The named metrics of a result and the text that shows them. Only arithmetic on tables; no pandas here."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from alesha_sim.books.accounts import Account
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.books.owners import ENDS, OPEN, names_of, of_role, owner_of, owners
from alesha_sim.columns import MISSING_TIME, Columns, equals, isin, numbers, text_column
from alesha_sim.numbered import split
from alesha_sim.recording.order_log import lasted
from alesha_sim.storage.on_disk import tallies_of
from alesha_sim.tables.every_order import KINDS
from alesha_sim.tables.running_balance import changes
from alesha_sim.tables.source import Source, source_of
from alesha_sim.units import MICROSECONDS, Currency, total

METRICS = (
    "visits", "registered_users", "orders", "completed", "declined", "cancelled", "returned", "open_orders",
    "units_delivered", "revenue", "refunds", "conversion_rate", "decline_rate", "users_cash", "shop_cash",
    "supplier_cash",
    "shop_cash_min", "mean_delivery_seconds", "mean_bank_wait_seconds", "mean_shop_wait_seconds", "messages",
    "messages_lost", "sales_returns", "bank_fees", "units_lost", "stranded_funds", "stranded_orders",
    "aov",
)  # fmt: skip
"""The names of what `metrics` returns, so that a wrong one is known before anything runs."""

MONEY = (
    "revenue", "refunds", "sales_returns", "bank_fees", "stranded_funds", "users_cash", "shop_cash",
    "supplier_cash",
    "shop_cash_min", "aov",
)  # fmt: skip
"""The metrics that are amounts in major units."""


def metrics(
    tables: Mapping[str, Columns], currency: Currency, roles: Mapping[str, str] = ONE_OF_EACH
) -> dict[str, float]:
    """Return the named metrics of a result: counts, amounts in major units, durations in seconds.

    - `visits`, `messages`, `orders`: rows of these tables; `messages_lost`: messages whose fate is `lost`. What
      organisations buy from each other counts in no metric of orders.
    - `aov`: the mean total of an order, the average order value.
    - `registered_users`: users whom the shop registered.
    - `completed`, `declined`, `cancelled`, `returned`: orders in this status; `open_orders`: in one before these.
    - `units_delivered`: units that users received. `revenue`: price of goods delivered less what was given back
      for returns, as the shop's book has it (`shop:sales` less `shop:sales-returns`).
    - `refunds`: money that the bank moved back to users. `sales_returns`: price given back for goods sent back.
    - `bank_fees`: what the bank earned. `units_lost`: units that supplier or shop lost, replaced or wrote off.
    - `stranded_funds`: money that users, to their knowledge, have paid and have neither goods nor money for;
      `stranded_orders`: how many orders it is in.
    - `conversion_rate`: orders per visit. `decline_rate`: declined orders per order.
    - `users_cash`, `shop_cash`, `supplier_cash`: deposits at the end, of all users together; `shop_cash_min`: the
      least that the shop's deposit was at any time.
    - `mean_delivery_seconds`: from an order's placing until the shop knows that it was delivered.
    - `mean_bank_wait_seconds`, `mean_shop_wait_seconds`: how long requests and notices had waited for a worker,
      the mean of `started_at - delivered_at` over the messages to bank or shop that have both.

    A metric with nothing to divide by or to average is NaN.
    """
    found = exact_metrics(tables, currency, roles)
    return found | {name: found[name] / currency.scale for name in MONEY}


def exact_metrics(
    tables: Mapping[str, Columns], currency: Currency, roles: Mapping[str, str] = ONE_OF_EACH
) -> dict[str, float]:
    """Return the named metrics with amounts in whole minor units, which no rounding to a float has touched."""
    source, tallies = source_of(tables), tallies_of(tables)

    def counted(table: str, count: Callable[[Source], Counter[str]]) -> Counter[str]:
        return Counter(tallies[table]) if table in tallies else count(source)

    placed, arrived = counted("orders", _orders), counted("visits", _visits)["rows"]
    moved = counted("transfers", partial(_transfers, currency=currency, roles=roles))
    mine = placed["orders"]
    cash = {f"{role}_cash": 0 for role in ("users", "shop", "supplier")}
    for owner, amount in deposits(tables, roles).items():
        cash[f"{roles[owner]}_cash"] += amount
    accounts, said = source.whole("accounts"), counted("messages", partial(_messages, roles=roles))
    return {
        "visits": arrived,
        "registered_users": _rows(numbers(source.whole("users"), "registered_at") != MISSING_TIME),
        "orders": mine,
        **{status: placed[status] for status in ENDS},
        "open_orders": sum(placed[status] for status in OPEN),
        "units_delivered": moved["units"],
        "revenue": _closing(accounts, roles, Account.SHOP_SALES, Account.SHOP_SALES_RETURNS),
        "refunds": moved["refunds"],
        "conversion_rate": _ratio(mine, arrived),
        "decline_rate": _ratio(placed["declined"], mine),
        **cash,
        "shop_cash_min": moved["least"],
        "mean_delivery_seconds": _mean(placed, "delivery"),
        "mean_bank_wait_seconds": _mean(said, "bank"),
        "mean_shop_wait_seconds": _mean(said, "shop"),
        "messages": said["rows"],
        "messages_lost": said["lost"],
        "sales_returns": moved["returns"],
        "bank_fees": _closing(accounts, roles, Account.BANK_FEES),
        "units_lost": moved["units_lost"],
        "stranded_funds": moved["stranded"],
        "stranded_orders": moved["stranded_orders"],
        "aov": _ratio(placed["total"], mine),
    }


def deposits(tables: Mapping[str, Columns], roles: Mapping[str, str] = ONE_OF_EACH) -> dict[str, int]:
    """Return the deposits at the end of all users together, of each shop and each supplier, in minor units."""
    accounts = tables["accounts"]
    names, closing = text_column(accounts, "account"), numbers(accounts, "closing")
    stems, stem, _ = split(names.labels)
    places = {owner: place for place, owner in enumerate(owners(roles))}
    found = np.array([places.get(owner_of(each, roles), -1) for each in stems], np.int8)[stem[names.codes]]
    return {owner: total(closing[found == place]) for owner, place in places.items()}


def _orders(source: Source) -> Counter[str]:
    """Count users' orders, all and by status, what they come to, and how long those delivered took."""
    found: Counter[str] = Counter()
    for batch in source.batches("orders", ("total", "status", "placed_at", "delivered_at")):
        status = text_column(batch, "status")
        found["orders"] += len(status.codes)
        found["total"] += total(numbers(batch, "total"))
        for name in (*ENDS, *OPEN):
            found[name] += _rows(equals(status, name))
        found.update(lasted("delivery", *(numbers(batch, name) for name in ("placed_at", "delivered_at"))))
    return found


def _visits(source: Source) -> Counter[str]:
    """Count visits."""
    return Counter(rows=source.rows("visits"))


def _messages(source: Source, roles: Mapping[str, str] = ONE_OF_EACH) -> Counter[str]:
    """Count messages, those lost, and those that bank and shop served with the microseconds they had waited."""
    found = Counter(rows=source.rows("messages"))
    for batch in source.batches("messages", ("recipient", "delivered_at", "started_at", "fate")):
        found["lost"] += _rows(equals(text_column(batch, "fate"), "lost"))
        for name in ("bank", "shop"):
            served = isin(text_column(batch, "recipient"), of_role(name, roles))
            found.update(lasted(name, *(numbers(batch, at)[served] for at in ("delivered_at", "started_at"))))
    return found


def _mean(found: Counter[str], name: str) -> float:
    return _ratio(found[f"{name}_time"] / MICROSECONDS, found[f"{name}_rows"])


def _transfers(source: Source, currency: Currency, roles: Mapping[str, str] = ONE_OF_EACH) -> Counter[str]:
    """Add up what was moved: units received and lost; money refunded, and given back for returns, minor units.

    Also the least of the shops' deposits together, and what is stranded in how many orders.
    """
    found: Counter[str] = Counter()
    least, advances = (
        _Least(source, names_of(Account.BANK_SHOP_DEPOSIT, roles)),
        np.zeros(sum(source.rows(table) for table in KINDS) + 1, np.int64),
    )
    # Once through all rows, since they may be on disk.
    for batch in source.batches("transfers", ("book", "order", "debit", "credit", "amount", "commodity", "code")):
        found.update(_moved(batch, currency, roles))
        least.follow(batch)
        advances = _advanced(advances, batch)
    stranded = np.maximum(advances, 0)
    found.update(stranded=total(stranded), stranded_orders=_rows(stranded > 0), least=least.least)
    return found


def _moved(batch: Columns, currency: Currency, roles: Mapping[str, str]) -> dict[str, int]:
    """Add up what some rows moved."""
    amount, book, code = numbers(batch, "amount"), text_column(batch, "book"), text_column(batch, "code")
    debit = text_column(batch, "debit")
    lost = isin(debit, [*names_of(Account.SUPPLIER_LOSSES, roles), *names_of(Account.SHOP_LOSSES, roles)])
    rows = {
        "units": equals(book, "users") & equals(code, "deliver"),
        "units_lost": lost & ~equals(text_column(batch, "commodity"), currency.code),
        "refunds": isin(book, of_role("bank", roles)) & equals(code, "refund"),
        "returns": isin(debit, names_of(Account.SHOP_SALES_RETURNS, roles)) & equals(code, "return"),
    }
    return {name: total(amount[mask]) for name, mask in rows.items()}


def _rows(mask: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _closing(accounts: Columns, roles: Mapping[str, str], *wanted: Account) -> int:
    """Return the closing balances of some accounts; sales returns are income with a debit balance."""
    names = [name for account in wanted for name in names_of(account, roles)]
    return int(numbers(accounts, "closing")[isin(text_column(accounts, "account"), names)].sum())


def _advanced(advances: npt.NDArray[np.int64], batch: Columns) -> npt.NDArray[np.int64]:
    """Return by order what users know to have paid beyond goods and refunds, some more rows included."""
    order = numbers(batch, "order")
    if (height := int(order.max(initial=0)) + 1) > len(advances):  # of an order that the table lacks
        advances = np.append(advances, np.zeros(height - len(advances), np.int64))
    rows, change = changes(batch, (Account.USERS_ADVANCES,))
    np.add.at(advances, order[rows], change)
    return advances


class _Least:
    """The least balance that liability accounts together had at any time, their opening balances included."""

    def __init__(self, source: Source, names: Sequence[str]) -> None:
        accounts = source.whole("accounts")
        opening = numbers(accounts, "opening")[isin(text_column(accounts, "account"), names)]
        self.least = self._balance = int(opening.sum())
        self._names = names

    def follow(self, batch: Columns) -> None:
        """Take the next rows into account."""
        rows, change = changes(batch, self._names)
        change[equals(text_column(batch, "code"), "opening")[rows]] = 0
        course = self._balance - np.cumsum(change)
        self.least = int(course.min(initial=self.least))
        self._balance = int(course[-1]) if len(course) else self._balance
