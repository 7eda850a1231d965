"""Money and time as whole numbers: a currency's minor units and the clock's microseconds.

Contains the conversions between what people write and what a run counts with. Nothing here draws, stores or
moves anything.
"""

import re
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation
from numbers import Integral
from operator import index
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

AMOUNT_MAX = 2**63 - 1
"""The largest amount, in minor units: what a signed 64-bit column of a ledger holds."""

TOO_LARGE = f"must fit in 64 bits, at most {AMOUNT_MAX} minor units"

MICROSECONDS = 1_000_000
"""Microseconds in a second."""

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0
WEEK: Final = 604_800.0
"""These and those above are seconds, the unit of every duration that has no other."""


DECIMALS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""The codes of ISO 4217 whose minor unit is not the hundredth, with its digits (list one of the standard, "Current
currency and funds code list", published by its maintenance agency, SIX)."""

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


def is_plain_number(text: str) -> bool:
    """Tell whether text is a number as people write it: digits 0 to 9, a point, an exponent; or inf, nan.

    Python also reads `1_0` as 10 and digits of other scripts, which in what people hand over is a slip.
    """
    return _PLAIN.fullmatch(text.strip()) is not None


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency by its code (2 to 10 capital letters) and its number of decimals (0 to 4).

    Left out, decimals are those that ISO 4217 gives the code, and 2 for a code that it does not have.

    Inside a run money is an `int` of minor units (poisha, cents); people read and write major units (taka,
    euros). Raises ValueError with one line for each field that breaks its rule.
    """

    code: str = field(
        default="BDT", metadata={"description": "what the currency is called: 2 to 10 capital letters"}
    )
    decimals: int = field(
        default=None,  # type: ignore[assignment]  # never once it is made
        metadata={
            "description": "decimal places of every amount, 0 to 4; left out, as ISO 4217 gives the code, else 2"
        },
    )

    def __post_init__(self) -> None:
        """Give the code its decimals, and refuse a code or a number of decimals that breaks its rule."""
        faults = []
        given: object = self.decimals
        if given is None:
            object.__setattr__(self, "decimals", DECIMALS.get(str(self.code), 2))
        if not (_is_capitals(self.code) and 2 <= len(self.code) <= 10):
            faults.append(f"code: {self.code!r}: must be 2 to 10 capital letters")
        if (decimals := as_whole(self.decimals, 0, 4)) is None:
            faults.append(f"decimals: {self.decimals!r}: must be a whole number from 0 to 4")
        object.__setattr__(self, "decimals", decimals)
        if faults:
            raise ValueError("\n".join(faults))

    @property
    def scale(self) -> int:
        """How many minor units one major unit has."""
        return int(10**self.decimals)

    def minor(self, amount: int | str | float | Decimal) -> int:
        """Turn an amount in major units into minor units, exactly.

        A float counts as the shortest decimal that reads back as it, so 499.99 is 49999 minor units. Raises
        ValueError when the amount is no number, is not finite, has more decimals than the currency or does
        not fit in 64 bits.
        """
        exact = _decimal(amount)
        # The caller's decimal context may round. This one refuses to, and 1e999999999 without writing it out.
        context = Context(prec=19, traps=[Inexact, InvalidOperation])
        try:
            exact = exact.quantize(Decimal((0, (1,), -self.decimals)), context=context)
        except Inexact:
            raise ValueError(f"{amount}: has more than {self.decimals} decimals") from None
        except InvalidOperation:
            raise ValueError(f"{amount}: {TOO_LARGE}") from None
        minor = int(exact.scaleb(self.decimals, context))
        if abs(minor) > AMOUNT_MAX:
            raise ValueError(f"{amount}: {TOO_LARGE}")
        return minor

    def major(self, minor: int) -> Decimal:
        """Turn minor units into an exact amount in major units, with all the currency's decimals."""
        # Built from text because arithmetic would round to the caller's decimal context.
        return Decimal(f"{index(minor)}e-{self.decimals}")

    def number(self, minor: int) -> str:
        """Write minor units as a grouped number of major units, such as `4,000.00`."""
        return f"{self.major(minor):,f}"

    def text(self, minor: int) -> str:
        """Write minor units as an amount with the currency's code, such as `4,000.00 BDT`."""
        return f"{self.number(minor)} {self.code}"


@dataclass(frozen=True, slots=True)
class Share:
    """A share of amounts, as an exact fraction; made once and then taken of many."""

    numerator: int
    denominator: int = 1

    @classmethod
    def read(cls, number: float) -> "Share":
        """Return the share that the shortest text of a number writes: 0.07 is seven hundredths.

        Raises ValueError or OverflowError for what is not finite.
        """
        return cls(*Decimal(repr(float(number))).as_integer_ratio())

    def of(self, amount: int) -> int:
        """Return the share of an amount as a whole number, the nearest, a tie to the even one."""
        if self.denominator == 1:
            return amount * self.numerator
        whole, rest = divmod(amount * self.numerator, self.denominator)
        above = 2 * rest - self.denominator
        return whole + (above > 0 or (above == 0 and whole % 2 == 1))


def apportioned(amount: int, weights: "Sequence[int]") -> list[int]:
    """Return whole parts of an amount in proportion to weights; what is left over goes to the largest remainders.

    Of equal remainders the first comes first. Raises ValueError for a negative weight, and if none is positive.
    """
    together = sum(weights)
    if together <= 0 or min(weights) < 0:
        raise ValueError(f"weights: {list(weights)}: must not be negative, and one must be positive")
    parts = [amount * weight // together for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % together))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def microseconds(seconds: float) -> int:
    """Turn seconds into whole microseconds, the nearest, a tie to the even one (as `numpy.rint` does).

    Raises OverflowError for infinity and ValueError for a NaN.
    """
    return round(seconds * MICROSECONDS)


def in_seconds(duration: float) -> str:
    """Write a duration as a rule names it: in seconds, every digit, none of them an exponent."""
    return f"{f'{duration:.6f}'.rstrip('0').rstrip('.')} s"


def _decimal(amount: object) -> Decimal:
    """Read an amount as the exact decimal number that its writer meant."""
    try:
        match amount:
            case bool():
                raise ValueError(f"{amount}: must be a number, not a bool")
            case Decimal():
                exact = amount
            case float():
                # NumPy's float64 is a float whose repr names its type.
                exact = Decimal(float.__repr__(amount))
            case str() if is_plain_number(amount):
                exact = Decimal(amount)
            case str():
                raise InvalidOperation
            case Integral():
                exact = Decimal(int(amount))
            case _:
                raise ValueError(f"{amount!r}: must be a whole number, a float, a Decimal or text")
    except InvalidOperation:
        raise ValueError(f"{amount!r}: must be a number, such as 500 or '499.99'") from None
    if not exact.is_finite():
        raise ValueError(f"{amount}: must be finite")
    return exact


def _is_capitals(code: object) -> bool:
    """Tell whether a code consists of the letters A to Z."""
    return isinstance(code, str) and code.isascii() and code.isalpha() and code.isupper()


def as_whole(value: object, least: int | None = None, most: int | None = None) -> int | None:
    """Return a whole number of any type, NumPy's too, as an int; None for all else and for what is out of bounds.

    A bool is no number, and a float is none even where it has no decimals.
    """
    try:
        found = index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
    is_outside = (least is not None and found < least) or (most is not None and found > most)
    return None if isinstance(value, bool) or is_outside else found


def total(values: "npt.NDArray[np.int64]") -> int:
    """Return the exact sum of numbers, which may pass 64 bits."""
    # Neither half can pass them: there are fewer than 2**31 rows.
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFF_FFFF).sum())
