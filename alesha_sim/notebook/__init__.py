"""For notebooks: a run stepped through with buttons, and a shop in which the reader is the customer.

`Walkthrough` and `Storefront` need ipywidgets, and say so when they are made without it. What else shows itself in
a notebook (conversations, steppers, results) needs nothing of this package. `check_answer` judges the answers to
exercises.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alesha_sim.conversation import compare_conversations

if TYPE_CHECKING:
    from alesha_sim.notebook.exercises import Verdict, check_answer
    from alesha_sim.notebook.shopper import PlacedOrder, Shopper
    from alesha_sim.notebook.storefront import Storefront
    from alesha_sim.notebook.tables import style_ledger, style_statement, style_summary
    from alesha_sim.notebook.walkthrough import Walkthrough

__all__ = [
    "PlacedOrder",
    "Shopper",
    "Storefront",
    "Verdict",
    "Walkthrough",
    "check_answer",
    "compare_conversations",
    "style_ledger",
    "style_statement",
    "style_summary",
]
_HOMES = {
    "PlacedOrder": "shopper",
    "Shopper": "shopper",
    "Storefront": "storefront",
    "Verdict": "exercises",
    "Walkthrough": "walkthrough",
    "check_answer": "exercises",
    "style_ledger": "tables",
    "style_statement": "tables",
    "style_summary": "tables",
}


def __getattr__(name: str) -> Any:
    """Load a public name's module when the name is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
