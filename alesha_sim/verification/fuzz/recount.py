"""Recounts: figures that a run acted on, recomputed from its tables alone, where no law looks.

A law says what holds in every set of books. A recount says what this scenario's own numbers ask for: a budget,
room in a warehouse, how long a loss takes to be known, what is granted, who is locked out, and copies.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import get_args

import numpy as np

from alesha_sim.books.accounts import Account
from alesha_sim.columns import MISSING_TIME, Columns, equals, numbers, text_column
from alesha_sim.messages import Reason, Request
from alesha_sim.results.result import Result
from alesha_sim.scenarios.injected_faults import Degradation, directions
from alesha_sim.scenarios.market import Organisation, link_keys, links, of_role
from alesha_sim.units import MICROSECONDS

_REQUESTS = tuple(kind.__name__ for kind in get_args(Request))


def recounted(result: Result) -> Iterator[str]:
    """Yield a line for each figure that differs from what the run did."""
    for recount in (_budgets, _room, _losses, _copies, _locks, _grants):
        yield from (f"recount: {line}" for line in recount(result))


def _budgets(result: Result) -> Iterator[str]:
    """No honest user orders more in a period than the budget, counted from when the cart is sent.

    Where prices change while a cart is on its way, the user leaves an invoice unpaid that the budget does not
    allow, and one that comes in another period may count there: neither is counted here.
    """
    users, visits, messages = result.scenario.users, result.columns("visits"), result.columns("messages")
    if users.budget is None:
        return
    most = result.scenario.currency.minor(users.budget)
    has_dates = any(shop.terms.prices for shop in of_role(result.scenario, "shop"))
    totals = numbers(result.every_order(["total"]), "total")
    sent, invoiced = (
        _first_at(messages, *each) for each in (("Checkout", "sent_at"), ("Invoice", "delivered_at"))
    )
    ordered: Counter[tuple[int, int]] = Counter()
    honest = equals(text_column(visits, "intent"), "honest")
    left = equals(text_column(visits, "outcome"), "abandoned")
    for visit, order in enumerate(numbers(visits, "order").tolist()):
        if order > 0 and honest[visit]:
            period = int(sent[visit] / MICROSECONDS // users.budget_period)
            if has_dates and (
                left[visit] or period != int(invoiced.get(visit, 0) / MICROSECONDS // users.budget_period)
            ):
                continue
            ordered[int(numbers(visits, "user")[visit]), period] += int(totals[order - 1])
    for (user, period), total in ordered.items():
        if total > most:
            yield f"user {user} ordered for {total} in period {period}, with a budget of {most}"


def _first_at(messages: Columns, kind: str, instant: str) -> dict[int, int]:
    """Return by visit when its first message of a kind was sent or delivered, in microseconds."""
    rows = np.flatnonzero(equals(text_column(messages, "kind"), kind))[::-1]
    return dict(zip(*(numbers(messages, name)[rows].tolist() for name in ("visit", instant)), strict=True))


def _room(result: Result) -> Iterator[str]:
    """No lot is asked for that would not fit beside the supplier's free stock and what is on order.

    A lot does not say who asked for it, so that this is seen where there is one supplier.
    """
    (supplier, *others), lots = of_role(result.scenario, "supplier"), result.columns("production_lots")
    room = supplier.terms.capacity
    if room is None or others or not len(numbers(lots, "quantity")):
        return
    ordered_at, arrived_at, quantity = (numbers(lots, name) for name in ("ordered_at", "arrived_at", "quantity"))
    transfers = result.columns("transfers")
    stocked = (sku for sku in result.scenario.skus if supplier.terms.stock.opening(sku) is not None)
    for sku in stocked:
        mine = equals(text_column(lots, "sku"), sku)
        units = equals(text_column(transfers, "commodity"), sku)
        gain = sum(
            sign * equals(text_column(transfers, side), Account.SUPPLIER_STOCK.of(supplier.name)).astype(np.int64)
            for side, sign in (("debit", 1), ("credit", -1))
        )
        at, change = numbers(transfers, "posted_at")[units], (gain * numbers(transfers, "amount"))[units]
        held = np.concatenate(([0], np.cumsum(change)))
        for lot in np.flatnonzero(mine).tolist():
            now = ordered_at[lot]
            first, last = np.searchsorted(at, now, side="left"), np.searchsorted(at, now, side="right")
            arriving = mine & (ordered_at <= now) & ((arrived_at > now) | (arrived_at == MISSING_TIME))
            arriving[lot + 1 :] = False
            total = int(held[first : last + 1].min()) + int(quantity[arriving].sum())
            if total > room:
                yield f"lot {lot} of {sku} makes {total} in stock and on order, with room for {room}"


def _losses(result: Result) -> Iterator[str]:
    """A parcel is known to be lost no sooner than it should have arrived, and the report's time later."""
    scenario, transfers = result.scenario, result.columns("transfers")
    suppliers = [each.terms for each in of_role(scenario, "supplier")]
    travels = [each.delivery_time for each in scenario.delivery.zones or suppliers]
    least = (min(travel.least for travel in travels) + scenario.delivery.report_time.least) * MICROSECONDS
    if not scenario.delivery.lost or not least:
        return
    at, order, code = numbers(transfers, "posted_at"), numbers(transfers, "order"), text_column(transfers, "code")
    shipped: dict[int, int] = {}
    for place in np.flatnonzero(equals(code, "ship") | equals(code, "loss")).tolist():
        sent = shipped.setdefault(int(order[place]), int(at[place]))
        is_loss = code.labels[code.codes[place]] == "loss"
        if is_loss and at[place] < sent + least - 1:  # each of both was rounded
            seconds = (at[place] - sent) / MICROSECONDS
            yield f"order {order[place]} was known to be lost {seconds} s after it was sent"


def _copies(result: Result) -> Iterator[str]:
    """Only links that double messages have second copies; a reply may be given to either copy of a request."""
    scenario, names = result.scenario, links(result.scenario)
    faults = [each for each in scenario.faults if isinstance(each, Degradation) and each.duplication]
    everywhere = {name for fault in faults for name in directions(fault.link)}
    doubling = {
        name
        for name in names
        if scenario.link(name).duplication or not everywhere.isdisjoint(link_keys(scenario, name))
    }
    if len(doubling) == len(names) or not scenario.is_hostile:
        return
    messages = result.columns("messages")
    kinds = text_column(messages, "kind")
    asks = [code for code, kind in enumerate(kinds.labels) if kind in _REQUESTS]
    asked = np.isin(kinds.codes, asks) & (numbers(messages, "request") >= 0)
    keys = [numbers(messages, name) for name in ("request", "attempt", "sent_at", "order")]
    keys += [text_column(messages, name).codes.astype(np.int64) for name in ("kind", "sender", "recipient")]
    rows = np.stack(keys, axis=1)[asked]
    found, times = np.unique(rows, axis=0, return_counts=True)
    sender, recipient = (text_column(messages, name).labels for name in ("sender", "recipient"))
    for row in found[times > 1]:
        ends = (sender[row[5]].partition(":")[0], recipient[row[6]].partition(":")[0])
        if "->".join(ends) not in doubling:
            yield f"request {row[0]} was doubled on {'->'.join(ends)}, which makes no copies"


def _locks(result: Result) -> Iterator[str]:
    """An account is locked only while a wrong secret is no longer ago than the lock lasts.

    Of several banks one passes on, later, what another has decided; the longest lock counts.
    """
    banks, messages = of_role(result.scenario, "bank"), result.columns("messages")
    lock_time = max((bank.terms.lock_time for bank in banks if bank.terms.secret_attempts is not None), default=-1)
    if lock_time < 0:
        return
    kinds, detail, request = (
        text_column(messages, "kind"),
        text_column(messages, "reason"),
        numbers(messages, "request"),
    )
    enquiries = request[equals(kinds, "EnquireTransaction")]  # what was decided before is said to them again
    sender, at = text_column(messages, "sender"), numbers(messages, "sent_at")
    recipient, order = text_column(messages, "recipient"), numbers(messages, "order")
    by_bank, to_bank = (
        np.any([equals(side, bank.name) for bank in banks], axis=0) for side in (sender, recipient)
    )
    passed_on = ~to_bank & np.isin(order, order[by_bank & to_bank])
    decided = by_bank & ~passed_on & ~np.isin(request, enquiries)

    def first(reason: Reason) -> dict[int, int]:
        """Return when each request was first answered so: rows are in the order of sending."""
        rows = np.flatnonzero(decided & equals(detail, reason))[::-1]
        return dict(zip(request[rows].tolist(), at[rows].tolist(), strict=True))

    wrong = np.array(sorted(first(Reason.WRONG_SECRET).values()), np.int64)
    for number, now in first(Reason.ACCOUNT_LOCKED).items():
        recent = wrong[(wrong <= now) & (wrong >= now - round(lock_time * MICROSECONDS))]
        if not len(recent) or not lock_time:
            yield f"request {number} met a locked account at {now / MICROSECONDS} s"


def _grants(result: Result) -> Iterator[str]:
    """Compensation is a share of the price, a restocking fee is rounded, and neither leaves less than nothing."""
    for shop in of_role(result.scenario, "shop"):
        yield from _grants_of(shop, result)


def _grants_of(shop: Organisation, result: Result) -> Iterator[str]:
    transfers, orders = result.columns("transfers"), result.every_order()
    names = ("order", "amount", "entry")
    order, amount, entry = (numbers(transfers, name).tolist() for name in names)
    book, code, commodity = (text_column(transfers, name) for name in ("book", "code", "commodity"))
    granting = equals(text_column(transfers, "credit"), Account.SHOP_REFUNDS_PAYABLE.of(shop.name))
    collecting = equals(book, shop.name) & equals(code, "collection")
    back = equals(book, shop.name) & equals(code, "return")
    back &= ~equals(commodity, result.scenario.currency.code)
    prices = _prices(result)
    paid = np.where(numbers(orders, "payment_transaction") >= 0, numbers(orders, "advance"), 0).tolist()
    worth: Counter[int] = Counter()
    for place in np.flatnonzero(back).tolist():
        worth[entry[place]] += prices[order[place], commodity.labels[commodity.codes[place]]] * amount[place]
    for place in np.flatnonzero(granting | collecting).tolist():
        number, what = order[place] - 1, code.labels[code.codes[place]]
        if collecting[place]:
            paid[number] += amount[place]
            continue
        due = amount[place]
        if what == "allowance":
            due = _share(int(numbers(orders, "total")[number]), shop.terms.compensation)
        elif what == "return":
            due = worth[entry[place]] - _share(worth[entry[place]], shop.terms.restocking_fee)
        if amount[place] != min(due, paid[number]):
            yield f"order {order[place]}: {what} of {amount[place]}, of {paid[number]} left must be {due}"
        paid[number] -= amount[place]


def _prices(result: Result) -> dict[tuple[int, str], int]:
    """Return the price of a unit by order and product."""
    lines = result.columns("order_lines")
    codes, labels = text_column(lines, "sku")
    rows = zip(*(numbers(lines, name).tolist() for name in ("order", "unit_price")), codes.tolist(), strict=True)
    return {(order, labels[code]): price for order, price, code in rows}


def _share(amount: int, share: float) -> int:
    """Return a share of an amount, as its shortest decimal says, halves to even."""
    return round(amount * Fraction(repr(float(share))))
