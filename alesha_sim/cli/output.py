"""What the command prints: tables with aligned numbers, summaries, JSON, and progress.

Here live layout and wording only. Machine-readable text goes to standard output, remarks to standard error.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from alesha_sim.records import STATUSES, Coded
from alesha_sim.tables import coded, equals, instants
from alesha_sim.units import microseconds

if TYPE_CHECKING:
    from alesha_sim.result import Result
    from alesha_sim.scenarios.scenario import Scenario
    from alesha_sim.simulation import Progress
    from alesha_sim.verification import Progress as CheckProgress

USERS_SHOWN = 20
"""How many users a table of balances names unless all are asked for."""

USER = "user:"

DAY = 86_400


def print_json(value: object) -> None:
    """Print a value as JSON text; undefined figures must be None already (`plain`)."""
    print(json.dumps(value, indent=2, allow_nan=False))


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return named values with None for those that are undefined."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def remark(text: str) -> None:
    """Print a remark on standard error."""
    print(text, file=sys.stderr)


def table(rows: Iterable[Sequence[str]], *, right: Sequence[int] = (), indent: str = "") -> str:
    """Return rows of equally many cells as text in columns; `right` are the columns aligned to the right."""
    rows = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


# A run


def report_object(result: "Result", violations: Sequence[str]) -> dict[str, Any]:
    """Return what `run --json` prints: figures without a value are None, amounts in major units."""
    return {
        "scenario": result.scenario.name,
        "seed": result.seed,
        "digest": result.digest,
        "ended_at": ended_at(result, "us"),
        "summary": plain(result.figures()),
        "balances": result.closing_balances(),
        "violations": list(violations),
    }


def report(result: "Result", violations: Sequence[str]) -> str:
    """Return what `run` prints for people."""
    scenario = result.scenario
    head = [f"{scenario.name}: {scenario.description}" if scenario.description else scenario.name]
    head += [f"seed {result.seed}, digest {result.digest[:12]}, ended at {ended_at(result, 's')}"]
    if not result.drained:
        head += ["cut off by the end of the run: some matters are still open"]
    money = _money(scenario)
    figures = result.figures()
    counts = [("visits", f"{figures['visits']:,}"), *_orders(result), ("units delivered", f"{figures['units']:,}")]
    amounts = [(name, money(figures[name])) for name in ("revenue", "refunds")]
    deposits = [
        ("balances", ""),
        *((f"  {owner}", money(amount)) for owner, amount in result.closing_balances().items()),
    ]
    body = table([*counts, *amounts, *deposits], right=(1,))
    laws = "\n".join(violations) if violations else "all laws hold"
    return "\n".join([*head, "", body, "", laws])


def ended_at(result: "Result", unit: Literal["s", "us"]) -> str:
    """Return the instant at which a run ended, as ISO 8601 text without a zone, down to the unit."""
    # NumPy's instants, unlike Python's, go on after the year 9999.
    ended = instants(np.array([microseconds(result.ended_at)]), result.scenario.start)
    return str(np.datetime_as_string(ended, unit=unit, casting="unsafe")[0])


def _orders(result: "Result") -> Iterator[tuple[str, str]]:
    """Yield the number of orders, of those in each status, and in each status of those with a reason."""
    orders = result.columns("orders")
    status, reason = coded(orders, "status"), coded(orders, "reason")
    yield "orders", f"{len(status.codes):,}"
    for word, count in sorted(_counts(status), key=lambda found: STATUSES.index(found[0])):
        yield f"  {word}", f"{count:,}"
        why = Coded(reason.codes[equals(status, word)], reason.labels)
        yield from ((f"    {text}", f"{times:,}") for text, times in sorted(_counts(why)))


def _counts(text: Coded) -> Iterator[tuple[str, int]]:
    """Yield each text that occurs and how often."""
    counts = np.bincount(text.codes[text.codes >= 0], minlength=len(text.labels)).tolist()
    yield from ((label, count) for label, count in zip(text.labels, counts, strict=True) if count)


def _money(scenario: "Scenario") -> Callable[[float], str]:
    """Return how amounts in major units are written."""
    currency = scenario.currency
    return lambda amount: f"{amount:,.{currency.decimals}f} {currency.code}"


# Everybody's balance


def answers_object(scenario: "Scenario", seed: int, answers: Mapping[str, int]) -> dict[str, Any]:
    """Return what `balances --json` prints: each name's balance in major units."""
    major = scenario.currency.major
    balances = {name: float(major(minor)) for name, minor in sorted(answers.items(), key=_place)}
    return {"scenario": scenario.name, "seed": seed, "currency": scenario.currency.code, "balances": balances}


def answers_table(scenario: "Scenario", seed: int, answers: Mapping[str, int], *, everybody: bool) -> str:
    """Return what `balances` prints for people: the users, all or the first ones, and the organisations."""
    number = scenario.currency.number
    rows = [(name, number(minor)) for name, minor in sorted(answers.items(), key=_place)]
    users = sum(name.startswith(USER) for name in answers)
    if users > USERS_SHOWN and not everybody:
        rest = [answers[name] for name, _ in rows[USERS_SHOWN:users]]
        rows[USERS_SHOWN:users] = [(f"{len(rest):,} more user{'s' * (len(rest) > 1)}", number(sum(rest)))]
    title = f"{scenario.name}, seed {seed}: what the bank answered, {scenario.currency.code}"
    return f"{title}\n{table(rows, right=(1,))}"


def _place(answer: tuple[str, int]) -> tuple[bool, int, str]:
    """Order answers, which come in as the bank gave them: users by number, then the organisations by name."""
    name = answer[0]
    return (False, int(name.removeprefix(USER)), "") if name.startswith(USER) else (True, 0, name)


# Progress


class ProgressBar:
    """A line on a terminal that shows how far something is; its methods can watch a run or checks."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._began = perf_counter()

    def run(self, run: "Progress") -> None:
        """Show simulated time, orders and pace of a run."""
        pace = run.events / max(perf_counter() - self._began, 1e-9)
        days = f"day {run.at / DAY:,.1f} of {run.horizon / DAY:,.1f}"
        self.show(run.at / run.horizon, f"{days}, {run.orders:,} orders, {pace:,.0f} events/s")

    def checks(self, made: "CheckProgress") -> None:
        """Show which check is being made."""
        text = f"{made.number} of {made.checks}: {made.check}, {made.runs:,} runs"
        self.show((made.number - 1) / made.checks, text)

    def show(self, share: float, text: str) -> None:
        """Show which share of something is done, and what it is."""
        self._bar.set_description_str(text, refresh=False)
        # What is still open after the horizon goes on, with the bar at its end.
        self._bar.update(min(share, 1.0) - self._bar.n)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar | None]:
    """Give a progress bar on standard error, or None where nobody would see it; it is gone afterwards."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    layout = "{percentage:3.0f}% |{bar:20}| {desc} [{elapsed}]"
    with tqdm(total=1.0, bar_format=layout, leave=False, file=sys.stderr) as bar:
        yield ProgressBar(bar)
