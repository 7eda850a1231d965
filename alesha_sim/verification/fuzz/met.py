"""What is met in a world: faults, and how visits, orders, lots, messages and postings went, as its tables show."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

import numpy as np

from alesha_sim.audit.posting_rules import permitted
from alesha_sim.books.accounts import Account, role_of
from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, equals, numbers, text_column
from alesha_sim.messages import Method, Notice, Reason, Reply, Request
from alesha_sim.network import Conflict, Withdraw
from alesha_sim.numeric.counts import bincount
from alesha_sim.results.result import Result
from alesha_sim.scenarios.injected_faults import ENTITIES, Crash
from alesha_sim.units import MICROSECONDS
from alesha_sim.vocabulary import FATES, INTENTS, OUTCOMES, STAGES, STATUSES

Kind = tuple[str, str]
"""A kind of thing that is met: its group and its name there."""

Counts = Counter[Kind]

_COLUMNS = (
    ("attacks", "visits", "intent"),
    ("messages", "messages", "fate"),
    ("kinds of message", "messages", "kind"),
    ("refusals", "messages", "reason"),
    ("visits", "visits", "outcome"),
    ("stages of visits", "visits", "stage"),
    ("orders", "orders", "status"),
    ("ways of payment", "orders", "payment_method"),
    ("reasons of orders", "orders", "reason"),
)

RECOVERY = {
    "shop": ("EnquireTransaction", "Transfer", "PlaceOrder", "Refund", "CancelOrder", "Replace", "Deliver"),
    "bank": ("Refunded", "Credited"),
    "supplier": ("Deliver", "Delivered", "Transfer", "ReturnedToSender"),
}
"""What organisations go on with at once when they are restarted, by the message that each branch sends."""

UNPAID = "an unpaid order is watched"
"""The branch of the shop's recovery that sends nothing."""


def counted(result: Result) -> Counts:
    """Count what happened in a run."""
    counts: Counts = Counter({("worlds", "drained" if result.drained else "cut off"): 1})
    for fault in result.scenario.faults:
        if fault.start <= result.ended_at:
            what = f"crash of the {fault.entity}" if isinstance(fault, Crash) else fault.kind
            counts["faults", what] += 1
    for group, table, column in _COLUMNS:
        for label, number in _by_label(text_column(result.columns(table), column)):
            counts[group, label] = number
    del counts["attacks", "honest"]
    arrived = numbers(result.columns("production_lots"), "arrived_at") != MISSING_TIME
    counts["lots", "arrived"], counts["lots", "on order"] = int(arrived.sum()), int((~arrived).sum())
    counts.update(_recoveries(result))
    counts.update(_postings(result.columns("transfers"), result.scenario.currency.code))
    return +counts


def _by_label(text: TextColumn) -> Iterator[tuple[str, int]]:
    found = bincount(text.codes[text.codes >= 0], minlength=len(text.labels)).tolist()
    yield from ((str(label), number) for label, number in zip(text.labels, found, strict=True) if number)


def _recoveries(result: Result) -> Counts:
    """Count what organisations sent at the instant at which they were restarted."""
    messages, counts = result.columns("messages"), Counts()
    sent_at, kinds = numbers(messages, "sent_at"), text_column(messages, "kind")
    for entity in ENTITIES:
        ends = _restarts(result, entity)
        if ends:
            resumed = np.isin(sent_at, ends) & equals(text_column(messages, "sender"), entity)
            for label, number in _by_label(TextColumn(kinds.codes[resumed], kinds.labels)):
                if label in RECOVERY[entity]:
                    counts[f"restart of the {entity}", label] = number
    orders = result.columns("orders")
    unpaid = equals(text_column(orders, "reason"), Reason.UNPAID)
    placed, closed = (numbers(orders, name)[unpaid] for name in ("placed_at", "closed_at"))
    watched = [(placed < at) & (closed > at) for at in _restarts(result, "shop")]
    counts["restart of the shop", UNPAID] = int(sum(each.sum() for each in watched))
    return counts


def _restarts(result: Result, entity: str) -> list[int]:
    """Return the instants at which an organisation is restarted, microseconds."""
    return [
        round((crash.start + crash.duration) * MICROSECONDS)
        for crash in result.scenario.faults
        if isinstance(crash, Crash) and crash.entity == entity
    ]


def _postings(transfers: Columns, currency: str) -> Counts:
    """Count rows of the ledger by the rule that they follow."""
    keys = [text_column(transfers, name) for name in ("book", "code", "debit", "credit")]
    units = ~equals(text_column(transfers, "commodity"), currency)
    sizes = tuple(len(key.labels) for key in keys)
    if not len(units):
        return Counts()
    flat = np.ravel_multi_index(tuple(key.codes for key in keys), sizes).astype(np.int64) * 2 + units
    found, rows = np.unique(flat, return_counts=True)
    counts = Counts()
    for place, number in zip(found.tolist(), rows.tolist(), strict=True):
        codes = np.unravel_index(place // 2, sizes)
        book, code, *accounts = (str(key.labels[at]) for key, at in zip(keys, codes, strict=True))
        # Of a family of accounts the rules have the name before the number.
        counts["postings", _named(book, code, bool(place % 2), *map(role_of, accounts))] += number
    return counts


def _named(book: str, code: str, units: bool, debit: str, credit: str) -> str:
    accounts = " / ".join(side.removeprefix(f"{book}:") for side in (debit, credit))
    return f"{book} {code}{' units' * units}: {accounts}"


# What can be met at all


ORDER_REASONS = (
    Reason.NOT_EXECUTED, Reason.WRONG_SECRET, Reason.ACCOUNT_LOCKED, Reason.INSUFFICIENT_FUNDS, Reason.UNPAID,
    Reason.OUT_OF_STOCK, Reason.CHANGED_MIND, Reason.REFUSED_AT_DOOR, Reason.LATE,
)  # fmt: skip
"""Why an order may be declined or cancelled, or not end as it should; all others are said of requests alone."""


def vocabulary() -> Iterator[Kind]:
    """Yield every kind of thing that there is a word for."""
    said = (*get_args(Request), *get_args(Reply), *get_args(Notice), Conflict, Withdraw)
    groups: dict[str, tuple[str, ...]] = {
        "attacks": INTENTS[1:],
        "faults": (*(f"crash of the {entity}" for entity in ENTITIES), "outage", "degradation"),
        "kinds of message": tuple(kind.__name__ for kind in said),
        "lots": ("arrived", "on order"),
        "messages": FATES,
        "orders": STATUSES,
        "postings": tuple(_named(*rule) for rule in permitted()),
        "reasons of orders": ORDER_REASONS,
        "refusals": tuple(Reason),
        "stages of visits": STAGES,
        "visits": OUTCOMES,
        "ways of payment": tuple(Method),
        "worlds": ("drained", "cut off"),
        **{f"restart of the {entity}": kinds for entity, kinds in RECOVERY.items()},
    }
    groups["restart of the shop"] += (UNPAID,)
    for group, labels in groups.items():
        yield from ((group, str(label)) for label in labels)


_NEVER: dict[str, dict[str, tuple[str, ...]]] = {
    "no shipped entity reserves money before it pays; a part of your own may": {
        "kinds of message": ("Hold", "Capture", "Void"),
        "refusals": (
            "unknown_hold", "hold_captured", "hold_voided", "hold_expired", "more_than_held", "invalid_duration",
        ),
        "postings": tuple(_named(*rule) for rule in permitted() if Account.BANK_USER_HOLDS in rule),
    },
    "no shipped entity asks for its balance of its own accord; a reader who plays a user does": {
        "kinds of message": ("EnquireBalance", "Balance"),
    },
    "no shipped entity uses one key for two requests": {"kinds of message": ("Conflict",)},
    "shipped users log in, know their password, and order what is on sale in whole numbers": {
        "refusals": (
            "not_logged_in", "wrong_password", "empty_cart", "unknown_product", "repeated_product",
            "invalid_quantity", "method_not_offered",
        ),
    },
    "shipped entities know the accounts, and ask for no more than what was paid or bought": {
        "refusals": ("unknown_account", "unknown_payee", "invalid_amount", "more_than_bought"),
    },
    "who orders at the supplier in the shop's place names a transaction that is not of such an order": {
        "refusals": ("not_the_shop", "transaction_used"),
    },
    "said of an order, and to nobody who waits for a reply": {
        "refusals": ("changed_mind", "refused_at_door"),
    },
}  # fmt: skip

NEVER: Mapping[Kind, str] = {
    (group, label): why
    for why, groups in _NEVER.items()
    for group, labels in groups.items()
    for label in labels
}  # fmt: skip
"""What no world meets although there is a word for it, with why."""
