"""Prices with dates: what a shop asks for a product from an instant on, forever or for a while.

Contains the field of a scenario and its rules; the changes that follow from it are in `price_changes.py`.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, create_model

from alesha_sim.scenarios.errors import Problem, nearest
from alesha_sim.scenarios.fields import Duration, Money, Sku, money_problem
from alesha_sim.scenarios.model import Part
from alesha_sim.units import Currency, in_seconds

if TYPE_CHECKING:
    _Dated = Part
else:  # a keyword of Python's is the field's name, which a class body cannot declare
    _Dated = create_model(
        "_Dated",
        __base__=Part,
        sku=(Sku, Field(examples=["hp-laptop"], description="The product whose price it is.")),
        price=(Annotated[Money, Field(gt=0)], Field(examples=[450], description="What a user pays for a unit.")),
        **{
            "from": (
                Duration,
                Field(examples=["10 days"], description="When the price begins to hold, from the start."),
            )
        },
    )


class DatedPrice(_Dated):
    """A price of a product from an instant on; one with an end is a promotion.

    Of several that hold at an instant the one that began last counts, of none the catalogue's.
    """

    until: Annotated[Duration, Field(gt=0)] | None = Field(
        default=None,
        examples=["17 days"],
        description="When it ends, from the start, and the price before it holds again; left out, never.",
    )

    if TYPE_CHECKING:
        sku: str
        price: Decimal

    @property
    def begins_at(self) -> float:
        """When it begins, seconds from the start."""
        begins_at: float = getattr(self, "from")
        return begins_at


def price_problems(
    field: str, prices: Sequence[DatedPrice], skus: Sequence[str], currency: Currency
) -> Iterator[Problem]:
    """Yield what is wrong with a list of prices, of which each is sound by itself."""
    seen: dict[Any, int] = {}
    for place, each in enumerate(prices):
        name = f"{field}[{place}]"
        if each.sku not in skus:
            yield Problem(f"{name}.sku", repr(each.sku), f"unknown SKU: {nearest(each.sku, skus)}")
        yield from money_problem(f"{name}.price", each.price, currency)
        if each.until is not None and each.until <= each.begins_at:
            rule = f"must be after from, {in_seconds(each.begins_at)}"
            yield Problem(f"{name}.until", in_seconds(each.until), rule)
        if seen.setdefault((each.sku, each.begins_at), place) < place:
            rule = f"must not be that of another price of {each.sku}"
            yield Problem(f"{name}.from", in_seconds(each.begins_at), rule)
