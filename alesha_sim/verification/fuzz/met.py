"""What is met in a world: faults, and how visits, orders, lots, messages and postings went, as its tables show."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

import numpy as np

from alesha_sim.audit.posting_rules import Rule, permitted
from alesha_sim.books.accounts import Account, role_of
from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, equals, numbers, rows, text_column
from alesha_sim.messages import Method, Notice, Reason, Reply, Request
from alesha_sim.network import Conflict, Withdraw
from alesha_sim.numeric.counts import bincount
from alesha_sim.results.result import Result
from alesha_sim.scenarios.injected_faults import ENTITIES, Crash, InjectedFault
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
    ("orders", "purchases", "status"),
    ("ways of payment", "orders", "payment_method"),
    ("reasons of orders", "orders", "reason"),
    ("reasons of orders", "purchases", "reason"),
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
            counts["faults", _what(fault, result.scenario.roles)] += 1
    for group, table, column in _COLUMNS:
        for label, number in _by_label(text_column(result.columns(table), column)):
            counts[group, label] += number
    counts["ways of payment", str(Method.REPLENISHMENT)] = rows(result.columns("purchases"))
    del counts["attacks", "honest"]
    arrived = numbers(result.columns("production_lots"), "arrived_at") != MISSING_TIME
    counts["lots", "arrived"], counts["lots", "on order"] = int(arrived.sum()), int((~arrived).sum())
    counts.update(_recoveries(result))
    scenario = result.scenario
    roles = scenario.roles if scenario.is_market else {}
    counts.update(_postings(result.columns("transfers"), scenario.currency.code, roles))
    return +counts


def _what(fault: InjectedFault, roles: Mapping[str, str]) -> str:
    return f"crash of the {roles.get(fault.entity, fault.entity)}" if isinstance(fault, Crash) else fault.kind


def _by_label(text: TextColumn) -> Iterator[tuple[str, int]]:
    found = bincount(text.codes[text.codes >= 0], minlength=len(text.labels)).tolist()
    yield from ((str(label), number) for label, number in zip(text.labels, found, strict=True) if number)


def _recoveries(result: Result) -> Counts:
    """Count what organisations sent at the instant at which they were restarted."""
    messages, counts = result.columns("messages"), Counts()
    sent_at, kinds = numbers(messages, "sent_at"), text_column(messages, "kind")
    for name, role in result.scenario.roles.items():
        ends = _restarts(result, name)
        if ends and role in RECOVERY:
            resumed = np.isin(sent_at, ends) & equals(text_column(messages, "sender"), name)
            for label, number in _by_label(TextColumn(kinds.codes[resumed], kinds.labels)):
                if label in RECOVERY[role]:
                    counts[f"restart of the {role}", label] += number
    orders = result.columns("orders")
    unpaid = equals(text_column(orders, "reason"), Reason.UNPAID)
    placed, closed = (numbers(orders, name)[unpaid] for name in ("placed_at", "closed_at"))
    shops = [name for name, role in result.scenario.roles.items() if role == "shop"]
    restarts = {at for name in shops for at in _restarts(result, name)}
    watched = [(placed < at) & (closed > at) for at in restarts]
    counts["restart of the shop", UNPAID] = int(sum(each.sum() for each in watched))
    return counts


def _restarts(result: Result, name: str) -> list[int]:
    """Return the instants at which an organisation is restarted, microseconds."""
    return [
        round((crash.start + crash.duration) * MICROSECONDS)
        for crash in result.scenario.faults
        if isinstance(crash, Crash) and name in result.scenario.called(crash.entity)
    ]


def _postings(transfers: Columns, currency: str, roles: Mapping[str, str]) -> Counts:
    """Count rows of the ledger by the rule that they follow."""
    keys = [text_column(transfers, name) for name in ("book", "code", "debit", "credit")]
    units = ~equals(text_column(transfers, "commodity"), currency)
    sizes = tuple(len(key.labels) for key in keys)
    if not len(units):
        return Counts()
    flat = np.ravel_multi_index(tuple(key.codes for key in keys), sizes).astype(np.int64) * 2 + units
    found, times = np.unique(flat, return_counts=True)
    counts = Counts()
    for place, number in zip(found.tolist(), times.tolist(), strict=True):
        codes = np.unravel_index(place // 2, sizes)
        book, code, *accounts = (str(key.labels[at]) for key, at in zip(keys, codes, strict=True))
        # Of a family of accounts the rules have the name before the number.
        sides = [role_of(account, roles) for account in accounts]
        counts["postings", _named(roles.get(book, book), code, bool(place % 2), *sides)] += number
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


OF_A_MARKET = (
    Account.BANK_CLEARING_CLAIM,
    Account.BANK_CLEARING_DUE,
    Account.BANK_EQUITY,
    Account.BANK_GUARANTEE_CLAIMS,
    Account.BANK_GUARANTEE_DUE,
    Account.BANK_INTERCHANGE,
    Account.BANK_INTERCHANGE_INCOME,
    Account.BANK_LOANS,
    Account.BANK_LOSSES,
    Account.BANK_UNSECURED_DEBTS,
    Account.CLEARING_BACKING,
    Account.CLEARING_RESERVES,
    Account.CLEARING_SETTLEMENT,
    Account.SHOP_TRADE_PAYABLES,
    Account.SUPPLIER_TRADE_PAYABLES,
    Account.SUPPLIER_RECEIVABLES,
    Account.SUPPLIER_SUPPLIER_ADVANCES,
)
"""Accounts that one bank alone, or a supplier that makes what it sells, has no use for."""


def is_of_markets(rule: Rule) -> bool:
    """Tell whether a row needs several banks, a supplier that buys, goods on credit, or a payment given back."""
    _, code, _, debit, credit = rule
    is_given_back = code == "return" and debit == Account.BANK_FEES
    is_bought = debit == credit or (code == "deliver" and debit == Account.SUPPLIER_STOCK)
    return is_given_back or is_bought or bool({debit, credit} & {*OF_A_MARKET})


def vocabulary(*, markets: bool = False) -> Iterator[Kind]:
    """Yield every kind of thing that there is a word for, with what only markets have or without."""
    rules = [rule for rule in permitted() if markets or not is_of_markets(rule)]
    said = (*get_args(Request), *get_args(Reply), *get_args(Notice), Conflict, Withdraw)
    groups: dict[str, tuple[str, ...]] = {
        "attacks": INTENTS[1:],
        "faults": (*(f"crash of the {entity}" for entity in ENTITIES), "outage", "degradation"),
        "kinds of message": tuple(kind.__name__ for kind in said),
        "lots": ("arrived", "on order"),
        "messages": FATES,
        "orders": STATUSES,
        "postings": tuple(_named(*rule) for rule in rules),
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
    "a bank is closed in a market alone": {"refusals": ("bank_closed",)},
    "no shop closes in a world": {"refusals": ("shop_closed",)},
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
