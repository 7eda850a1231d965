"""A scenario as a notebook shows it: briefly, by what an analyst asks first. `to_toml` has every field."""

from html import escape
from typing import TYPE_CHECKING

from alesha_sim.units import DAY

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario_fields import ScenarioFields


def rows(scenario: "ScenarioFields") -> dict[str, str]:
    """Return what a scenario is about, in a few lines by name."""
    code, days = scenario.currency.code, scenario.horizon / DAY
    kind = getattr(scenario.demand, "kind", type(scenario.demand).__name__)
    staff = {each.name: each.terms.workers for each in scenario.organisations}
    stocks = {each.name: each.terms.stock for each in scenario.organisations if each.role == "supplier"}
    kinds = {name: str(getattr(stock, "kind", type(stock).__name__)) for name, stock in stocks.items()}
    told = {
        "visits": f"{kind}, {days:,.4g} day{'s' * (days != 1)} from {scenario.start:%Y-%m-%d}",
        "users": f"{scenario.users.count:,}",
        "products": ", ".join(f"{product.name} {product.price:,} {code}" for product in scenario.catalogue[:5])
        + (f" and {len(scenario.catalogue) - 5} more" if len(scenario.catalogue) > 5 else ""),
        "workers": ", ".join(f"{name} {count or 'as many as it takes'}" for name, count in staff.items()),
        "stock": ", ".join(kind if len(kinds) == 1 else f"{name} {kind}" for name, kind in kinds.items()),
    }
    if scenario.is_hostile:
        told["network"] = f"hostile, {len(scenario.faults)} fault{'s' * (len(scenario.faults) != 1)} planned"
    return told


def html(scenario: "ScenarioFields") -> str:
    """Return a scenario as a short table."""
    left = 'style="text-align: left"'
    lines = "".join(
        f"<tr><th {left}>{escape(name)}</th><td {left}>{escape(text)}</td></tr>"
        for name, text in rows(scenario).items()
    )
    name = escape(scenario.name)
    return f"<p><b>{name}</b>: {escape(scenario.description or 'a scenario')}</p><table>{lines}</table>"
