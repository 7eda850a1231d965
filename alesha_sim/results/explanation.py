"""Why an order ended as it did."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, numbers, text_column
from alesha_sim.conversation import Message
from alesha_sim.conversation.entries import instant
from alesha_sim.conversation.labels import format_duration
from alesha_sim.conversation.run_context import RunContext
from alesha_sim.conversation.selection import messages_of
from alesha_sim.messages import Reason
from alesha_sim.tables.every_order import every_order
from alesha_sim.units import Currency
from alesha_sim.vocabulary import NO_ID


def why(tables: Mapping[str, Columns], order: int, start: datetime, currency: Currency) -> str:
    """Say in one sentence why an order ended as it did, or what it waits for."""
    orders, run = every_order(tables), RunContext(tables, start, currency)
    status, reason = (_text(text_column(orders, name), order - 1) for name in ("status", "reason"))
    said = messages_of(tables, order, start)
    about = [message for message in said if message.order == order]
    if reason:
        cause = next((message for message in about if message.reason == reason), None)
        number = f", message {cause.message}" if cause else ""
        return f"{status}: {_because(orders, order, reason, cause, run) or reason}{number}"
    if status == "completed":
        return _completed(orders, order, about, currency)
    waits = _short_of_cash(tables, order, run) if status == "processing" else None
    if waits is not None:
        return f"{status}: {waits}"
    last = max(about, key=instant, default=None)
    if last is None:
        return f"{status}: no message about it was sent"
    way = f"{last.kind} from {last.sender} to {last.recipient}"
    return f"{status}: last heard of in message {last.message}, {way} ({last.fate})"


def _because(orders: Columns, order: int, reason: str, cause: Message | None, run: RunContext) -> str | None:
    """Return what stands behind a reason in figures, if the tables show it."""
    if reason != Reason.INSUFFICIENT_FUNDS or cause is None:
        return None
    user, total = (int(numbers(orders, name)[order - 1]) for name in ("user", "total"))
    had = run.balance(f"user:{user}", run.written_before(cause.sent_at))
    due = run.major(total)
    return f"deposit {had:,} below {due:,}" if had is not None and had < due else None


def _completed(orders: Columns, order: int, about: list[Message], currency: Currency) -> str:
    is_purchase = numbers(orders, "user")[order - 1] == NO_ID
    total, transaction, placed, arrived = (
        int(numbers(orders, name)[order - 1])
        for name in (
            "total",
            "charges_transaction" if is_purchase else "payment_transaction",
            "placed_at",
            "delivered_at",
        )
    )
    paid = f"paid {currency.text(total)}" + (f" under transaction {transaction}" if transaction != NO_ID else "")
    took = lasting_microseconds(arrived - placed) if arrived != MISSING_TIME else None
    told = f", known to be delivered {took} after it was placed" if took else ""
    return f"completed: {paid}{told}, message {max(about, key=instant).message}"


def _short_of_cash(tables: Mapping[str, Columns], order: int, run: RunContext) -> str | None:
    """Say that the shop cannot pay its supplier, if that is what an order waits for."""
    if numbers(every_order(tables, ["charges_transaction"]), "charges_transaction")[order - 1] != NO_ID:
        return None
    lines = tables["order_lines"]
    mine = numbers(lines, "order") == order
    due = run.major(int((numbers(lines, "quantity")[mine] * numbers(lines, "unit_charge")[mine]).sum()))
    has = run.balance("shop", len(numbers(tables["transfers"], "posted_at")))
    if has is None or has >= due:
        return None
    return f"the shop's deposit {has:,} is below the supplier's charges {due:,}"


def lasting_microseconds(duration: int) -> str:
    """Write a duration roughly."""
    return format_duration(timedelta(microseconds=duration))


def _text(text: TextColumn, row: int) -> str | None:
    code = int(text.codes[row])
    return text.labels[code] if code >= 0 else None
