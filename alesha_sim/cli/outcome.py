"""What the command prints of a run: counts, amounts and balances, as text for people and as plain values for JSON.

Contains wording and order only; how text is laid out stands in `output.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from alesha_sim.books.owners import ENDS
from alesha_sim.cli.output import plain, table
from alesha_sim.columns import TextColumn, equals, text_column
from alesha_sim.numeric.counts import bincount
from alesha_sim.recording.levels import ALL, NotRecorded
from alesha_sim.tables.frames import instants
from alesha_sim.units import microseconds
from alesha_sim.vocabulary import STATUSES

if TYPE_CHECKING:
    from alesha_sim.results.result import Result
    from alesha_sim.scenarios.scenario import Scenario

Answers = Mapping[str, int | None]
"""What the bank answered by name, minor units; None where it refused, or never answered."""

USERS_SHOWN = 20
"""How many users a table of balances names unless all are asked for."""

USER = "user:"


# A run


def report_object(result: "Result", violations: Sequence[str] | None) -> dict[str, Any]:
    """Return what `run --json` prints: metrics without a value are None, amounts in major units.

    Without a check there are no `violations`.
    """
    return {
        "scenario": result.scenario.name,
        "seed": result.seed,
        "digest": result.digest,
        "ended_at": ended_at(result, "us"),
        "summary": plain(result.metrics()),
        "balances": result.closing_balances(),
        "recorded": result.record,
        "notes": result.notes,
        "violations": None if violations is None else list(violations),
    }


def report(result: "Result", violations: Sequence[str] | None) -> str:
    """Return what `run` prints for people; `violations` is None where nothing could be checked."""
    scenario = result.scenario
    head = [f"{scenario.name}: {scenario.description}" if scenario.description else scenario.name]
    head += [f"seed {result.seed}, digest {result.digest[:12]}, ended at {ended_at(result, 's')}"]
    if not result.drained:
        head += ["cut off by the end of the run: some matters are still open"]
    head += result.notes
    money = scenario.currency.text
    metrics = result.exact_metrics()
    orders = _orders(result) if result.record == ALL else _counted_orders(metrics)
    counts = [
        ("visits", f"{metrics['visits']:,}"),
        *orders,
        ("units delivered", f"{metrics['units_delivered']:,}"),
    ]
    amounts = [(name, money(int(metrics[name]))) for name in ("revenue", "refunds")]
    deposits = [
        ("balances", ""),
        *((f"  {owner}", text) for owner, text in result.balance_texts().items()),
    ]
    body = table([*counts, *amounts, *deposits], right=(1,))
    if violations is None:
        laws = f"laws not checked: {NotRecorded('transfers', result.record)}"
    else:
        laws = "\n".join(violations) if violations else "all laws hold"
    return "\n".join([*head, "", body, "", laws])


def ended_at(result: "Result", unit: Literal["s", "us"]) -> str:
    """Return the instant at which a run ended, as ISO 8601 text without a zone, down to the unit."""
    # NumPy's instants, unlike Python's, go on after the year 9999.
    ended = instants(np.array([microseconds(result.ended_at)], np.int64), result.scenario.start)
    return str(np.datetime_as_string(ended, unit=unit, casting="unsafe")[0])


def _orders(result: "Result") -> Iterator[tuple[str, str]]:
    """Yield the number of orders, of those in each status, and in each status of those with a reason."""
    orders = result.columns("orders")
    status, reason = text_column(orders, "status"), text_column(orders, "reason")
    yield "orders", f"{len(status.codes):,}"
    for word, count in sorted(_counts(status), key=lambda found: STATUSES.index(found[0])):
        yield f"  {word}", f"{count:,}"
        why = TextColumn(reason.codes[equals(status, word)], reason.labels)
        yield from ((f"    {text}", f"{times:,}") for text, times in sorted(_counts(why)))


def _counted_orders(metrics: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yield the number of users' orders, of those in each final status, and of those still open."""
    yield "orders", f"{metrics['orders']:,}"
    names = (*ENDS, "open_orders")
    yield from ((f"  {name.removesuffix('_orders')}", f"{metrics[name]:,}") for name in names if metrics[name])


def _counts(text: TextColumn) -> Iterator[tuple[str, int]]:
    """Yield each text that occurs and how often."""
    counts = bincount(text.codes[text.codes >= 0], minlength=len(text.labels)).tolist()
    yield from ((label, count) for label, count in zip(text.labels, counts, strict=True) if count)


# Everybody's balance


def answers_object(scenario: "Scenario", seed: int, answers: Answers) -> dict[str, Any]:
    """Return what `balances --json` prints: each name's balance in major units, null where the bank refused."""
    major = scenario.currency.major
    balances = {
        name: None if minor is None else float(major(minor)) for name, minor in sorted(answers.items(), key=_place)
    }
    return {"scenario": scenario.name, "seed": seed, "currency": scenario.currency.code, "balances": balances}


def answers_table(scenario: "Scenario", seed: int, answers: Answers, *, everybody: bool) -> str:
    """Return what `balances` prints for people: the users, all or the first ones, and the organisations."""
    number = scenario.currency.number
    rows = [
        (name, "refused" if minor is None else number(minor))
        for name, minor in sorted(answers.items(), key=_place)
    ]
    users = sum(name.startswith(USER) for name in answers)
    if users > USERS_SHOWN and not everybody:
        rest = [answers[name] for name, _ in rows[USERS_SHOWN:users]]
        told = [minor for minor in rest if minor is not None]
        refused = f", {len(rest) - len(told):,} of them refused" if len(told) < len(rest) else ""
        more = f"{len(rest):,} more user{'s' * (len(rest) > 1)}{refused}"
        rows[USERS_SHOWN:users] = [(more, number(sum(told)))]
    title = f"{scenario.name}, seed {seed}: what the bank answered, {scenario.currency.code}"
    return f"{title}\n{table(rows, right=(1,))}"


def _place(answer: tuple[str, int | None]) -> tuple[bool, int, str]:
    """Order answers, which come in as the bank gave them: users by number, then the organisations by name."""
    name = answer[0]
    return (False, int(name.removeprefix(USER)), "") if name.startswith(USER) else (True, 0, name)
