"""The report of a run or a study: one page of HTML that holds everything, so that it opens without a network.

What the figures and the plots mean is decided where they are made; here they are only put in an order to read.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from functools import partial
from html import escape
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

import numpy as np

from alesha_sim.columns import equals, numbers, text_column
from alesha_sim.experiments.metric_units import readable
from alesha_sim.plots.dashboard import PANELS, key_metrics
from alesha_sim.plots.studies import distribution, effects
from alesha_sim.plots.style import FIGURE_INCHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alesha_sim.experiments import Study
    from alesha_sim.results.result import Result

PLOTS = ("balances", "cash_bridge", "funnel", "delivery_times", "stock", "queues", "waiting", "calendar")
DOTS_AN_INCH = 140

STUDIED = ("completed", "revenue", "shop_cash", "decline_rate", "mean_delivery_seconds", "mean_shop_wait_seconds")
"""The figures of a study that its report plots."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; } caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; font-weight: normal; }
tr { border-bottom: 1px solid var(--line); }
td { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tables { display: flex; flex-wrap: wrap; align-items: start; gap: 1rem 4rem; }
.wide { overflow-x: auto; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
figure { margin: 0; break-inside: avoid; } figure img { width: 100%; border: 1px solid var(--line); }
.holds { border-left: .4rem solid #009E73; } .broken { border-left: .4rem solid #D55E00; }
.holds, .broken { padding: .3rem .8rem; background: var(--soft); }
pre { overflow-x: auto; background: var(--soft); padding: .6rem .8rem; }
@media print { body { max-width: none; margin: 0; } }
"""


def page(result: "Result", order: int | None = None) -> str:
    """Return the report of a result as a page: what was run, figures, plots, and one order's conversation.

    `order` is the order that is shown; left out, the first that was completed, else the first. Raises ValueError
    for an unknown one. The page asks for nothing from outside and holds no secret.
    """
    chosen = order if order is not None else typical_order(result)
    if chosen is not None:
        result.follow(chosen)  # refuses, before anything is drawn, an unknown order
    parts = (
        _heading(result),
        _tables(result),
        "<h2>Pictures</h2>",
        f'<div class="plots">{_plots(result)}</div>',
        _order(result, chosen),
        _again(result),
    )
    return _whole(f"Report of {result.scenario.name}, seed {result.seed}", parts)


def study_page(study: "Study", metrics: Sequence[str] = STUDIED) -> str:
    """Return the report of a study as a page: how far it is, figures with their intervals, plots, failures.

    `figures` are those that are plotted; one that no run has is left out. Of a single point each is shown as it is
    spread over the runs, of several as what each point changes against the first.
    """
    known = [name for name in metrics if name in study.metrics]
    several = len(study.plan.points) > 1
    known = [name for name in known if np.isfinite(study.values(name, 0)).any()]
    plots = [_image(name, partial(effects if several else distribution, study, name)) for name in known]
    head, *lines = repr(study).splitlines()
    commands = [study.command(point) for point in range(len(study.plan.points))]
    figures_table = readable(study.summary(), study.plan).to_html(index=False, border=0)
    failures = study.failures
    parts = (
        f"<h1>{escape(head)}</h1>\n" + "".join(f"<p>{escape(line)}</p>" for line in lines),
        "<h2>Pictures</h2>",
        f'<div class="plots">{"".join(plots)}</div>' if plots else "<p>No run is finished.</p>",
        f'<h2>Figures</h2>\n<div class="wide">{figures_table}</div>',
        "<h2>Failures</h2>",
        failures.to_html(border=0) if len(failures) else "<p>No run failed.</p>",
        f"<h2>The first run of each point again</h2>\n<pre>{escape(chr(10).join(commands))}</pre>",
    )
    return _whole(f"Report: {head}", parts)


def _whole(title: str, parts: Iterable[str]) -> str:
    """Return a page with this title and these parts."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def typical_order(result: "Result") -> int | None:
    """Return the first order of a user that was completed, else the first; None where nobody ordered."""
    orders = result.columns("orders")
    number = numbers(orders, "order")
    completed = number[equals(text_column(orders, "status"), "completed")]
    return next((int(found[0]) for found in (completed, number) if len(found)), None)


def _heading(result: "Result") -> str:
    violations = result.check()
    if violations:
        laws = "".join(f"<li>{escape(line)}</li>" for line in violations)
        verdict = f'<div class="broken">Laws are broken:<ul>{laws}</ul></div>'
    else:
        verdict = (
            '<p class="holds">All conservation laws hold: every book balances, no money was made or lost.</p>'
        )
    end = "with nothing left open" if result.drained else "cut off, so that some matters are still open"
    description = escape(result.scenario.description)
    return (
        f"<h1>{escape(result.scenario.name)}</h1>\n<p>{description}</p>\n"
        f"<p>One run, seed {result.seed}, {end}. Digest <code>{result.digest}</code>.</p>\n{verdict}"
    )


def _tables(result: "Result") -> str:
    """Return the figures, the deposits and the orders by status and reason."""
    metrics = key_metrics(result)
    tables = (
        _table("Key figures", metrics),
        _table("Deposits at the end", result.balance_texts()),
        _table("Orders by status", _statuses(result)),
    )
    return f'<h2>Figures</h2>\n<div class="tables">{"".join(tables)}</div>'


def _statuses(result: "Result") -> dict[str, str]:
    orders = result.columns("orders")
    status, reason = text_column(orders, "status"), text_column(orders, "reason")
    counts: dict[str, int] = {}
    for state, why in zip(status.codes.tolist(), reason.codes.tolist(), strict=True):
        words = [status.labels[state], *([reason.labels[why]] if why >= 0 else [])]
        name = ": ".join(words).replace("_", " ")
        counts[name] = counts.get(name, 0) + 1
    return {name: f"{count:,}" for name, count in sorted(counts.items(), key=lambda item: -item[1])}


def _table(caption: str, rows: dict[str, str]) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>' for name, text in rows.items()
    )
    return f"<table><caption>{caption}</caption>{body or '<tr><td>none</td></tr>'}</table>"


def _plots(result: "Result") -> str:
    return "\n".join(_image(name, partial(PANELS[name], result)) for name in PLOTS)


def _image(name: str, plot: "Callable[..., Axes]") -> str:
    """Return a plot as an image that carries itself; its texts are what is read out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    ax = plot(ax=figure.subplots())
    file = BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_AN_INCH)
    content = b64encode(file.getvalue()).decode()
    said = [ax.get_title(loc="left"), *(text.get_text() for text in ax.texts)]
    text = f"{name.replace('_', ' ').capitalize()}: {_sentences(said)}"
    return f'<figure><img alt="{escape(text)}" src="data:image/png;base64,{content}"></figure>'


def _sentences(texts: Iterable[str]) -> str:
    lines = [" ".join(text.split()).rstrip(".") for text in texts]
    return ". ".join(filter(None, lines)) + "."


def _order(result: "Result", order: int | None) -> str:
    if order is None:
        return "<h2>One order</h2>\n<p>No order was placed.</p>"
    talk = result.follow(order)
    return (
        f"<h2>One order, message by message</h2>\n<p>Order {order}: {escape(result.why(order))}</p>\n"
        f"{talk.stepper().fragment}"
    )


def _again(result: "Result") -> str:
    told = StringIO()
    with redirect_stdout(told):
        result.reproduce()
    return f"<h2>The same again</h2>\n<pre>{escape(told.getvalue())}</pre>"
