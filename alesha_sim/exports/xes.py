"""A run as an XES event log: one trace an order, from the home page to its end.

What an entity of a reader's own does about no order is a trace of its own, under the entity's name.

Each event is the completion of a step (`lifecycle:transition` is `complete`, in the standard model); where a
worker served it, `begun_at` says from when. There are no `start` events, and that attribute is not called
`start_timestamp`: programs would follow the ones and sort by the other, while a confirmation begins with the
payment that it confirms. Costs are what the group spends on the order: production, transport, fees.
Source: IEEE 1849-2016, and the extensions Concept, Time, Lifecycle, Organizational and Cost.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np

from alesha_sim.accounting.journal_arrays import words
from alesha_sim.columns import MISSING_TIME, numbers, text_column
from alesha_sim.exports.files import CHUNK, Progress, silent
from alesha_sim.exports.process import Log

if TYPE_CHECKING:
    from alesha_sim.accounting.journal_arrays import Ints
    from alesha_sim.results.result import Result

_EXTENSIONS = {
    "Concept": "concept",
    "Time": "time",
    "Lifecycle": "lifecycle",
    "Organizational": "org",
    "Cost": "cost",
}

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
"""

_GLOBALS = """\
 <global scope="trace">
  <string key="concept:name" value=""/>
 </global>
 <global scope="event">
  <string key="concept:name" value=""/>
  <string key="lifecycle:transition" value="complete"/>
  <string key="org:resource" value=""/>
  <date key="time:timestamp" value="1970-01-01T00:00:00.000000+00:00"/>
 </global>
 <classifier name="Activity" keys="concept:name"/>
"""


def write(result: "Result", path: Path, progress: Progress = silent) -> None:
    """Write one trace an order, in the order of their numbers."""
    log = Log(result)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD)
        for name, prefix in _EXTENSIONS.items():
            file.write(
                f' <extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
            )
        named = _text("concept:name", result.scenario.name), _text("lifecycle:model", "standard")
        file.write(_GLOBALS + "".join(f" {text}" for text in named))
        file.writelines(_traces(log, progress))
        file.write("</log>\n")


def _traces(log: Log, progress: Progress) -> Iterator[str]:
    rows, orders = log.traces()
    table = log.every_order
    totals, statuses = numbers(table, "total").tolist(), words(text_column(table, "status"))
    users = numbers(table, "user").tolist()
    bounds = np.searchsorted(orders, np.arange(1, log.orders + 2)).tolist()
    scale, code = float(log.journal.currency.scale), log.journal.currency.code
    costs = np.append(0, np.cumsum(log.cost[rows])).tolist()
    window: list[str] = []
    base = 0
    for place in range(log.orders):
        first, last = bounds[place], bounds[place + 1]
        if last > base + len(window):
            base = first
            window = list(_events(log, rows[base : max(last, base + CHUNK)]))
            progress(last / max(len(rows), 1), f"{place + 1:,} of {log.orders:,} orders")
        yield " <trace>\n"
        yield f"  {_text('concept:name', f'order-{place + 1}')}"
        yield f"  {_text('status', statuses[place])}"
        if users[place] >= 0:
            yield f"  {_text('user', f'user:{users[place]}')}"
        yield f'  <float key="order total" value="{totals[place] / scale!r}"/>\n'
        yield f'  <float key="cost:total" value="{(costs[last] - costs[first]) / scale!r}"/>\n'
        yield f"  {_text('cost:currency', code)}"
        yield from window[first - base : last - base]
        yield " </trace>\n"
    for name, apart in log.apart().items():
        yield " <trace>\n"
        yield f"  {_text('concept:name', name)}"
        for first in range(0, len(apart), CHUNK):
            yield from _events(log, apart[first : first + CHUNK])
        yield " </trace>\n"
    progress(1.0, f"{log.orders:,} orders")


def _events(log: Log, rows: "Ints") -> Iterator[str]:
    scale, code = float(log.journal.currency.scale), log.journal.currency.code
    columns = (log.activity, log.user, log.order, log.cost, log.amount, log.begun_at)
    lists = [column[rows].tolist() for column in columns]
    texts = log.stamps(log.at[rows]), log.stamps(log.begun_at[rows])
    for activity, user, order, cost, amount, begun, at, since in zip(*lists, *texts, strict=True):
        parts = [
            "  <event>\n",
            f"   {_text('concept:name', log.activities[activity].name)}",
            f"   {_text('lifecycle:transition', 'complete')}",
            f"   {_text('org:resource', log.resource(activity, user, order))}",
            f'   <date key="time:timestamp" value="{_zoned(at)}"/>\n',
        ]
        if begun != MISSING_TIME:
            parts.append(f'   <date key="begun_at" value="{_zoned(since)}"/>\n')
        if amount >= 0:
            parts.append(f'   <float key="amount" value="{amount / scale!r}"/>\n')
        if cost:
            parts.append(f'   <float key="cost:total" value="{cost / scale!r}"/>\n')
            parts.append(f"   {_text('cost:currency', code)}")
        yield "".join([*parts, "  </event>\n"])


def _text(key: str, value: str) -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(value)}/>\n"


def _zoned(at: str) -> str:
    return at.removesuffix("Z") + "+00:00"
