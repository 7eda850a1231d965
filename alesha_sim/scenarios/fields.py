"""The types of a scenario's plain fields: how what people write is read and checked.

Contains names, texts, numbers, shares, money, durations and instants as pydantic field types; what is a table of
its own stands in `tagged_fields.py`. Contains no field of any particular model.
"""

import math
import re
import warnings
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeGuard

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, Strict, WithJsonSchema

from alesha_sim.scenarios.errors import Problem, ScenarioError, scenario_error
from alesha_sim.units import MICROSECONDS, Currency, as_whole, is_plain_number

SKU_PATTERN = "[a-z]([a-z0-9-]*[a-z0-9])?"
NAME_PATTERN = "[A-Za-z0-9_-]+"

COLUMNS = ("at", "user", "units")
"""The columns of a demand table that are no SKU."""

SECONDS_MAX = 2**53 // MICROSECONDS
"""The longest duration, about 285 years: up to here a float of seconds holds every microsecond."""


def knob(name: str, value: object) -> float:
    """Read a number that a scenario's function was given, before it is reckoned with."""
    try:
        return number(value)
    except ScenarioError as error:
        raise ScenarioError(problem.prefixed(name) for problem in error.found) from None


def whole(value: object) -> int:
    """Read a whole number; NumPy's count, bools do not."""
    found = as_whole(value)
    if found is None:
        raise scenario_error("", value, "must be a whole number")
    return found


def whole_from(name: str, value: object, least: int, most: int | None = None) -> int:
    """Return the whole number of a field; raises ScenarioError unless it is from `least` to `most`."""
    found = as_whole(value, least, most)
    if found is None:
        raise scenario_error(
            name, value, f"must be a whole number from {least}{'' if most is None else f' to {most}'}"
        )
    return found


def plain(value: Any) -> Any:
    """Return a value of NumPy's as Python's own, which scenarios understand and files can hold."""
    return value.item() if isinstance(value, np.generic) else value


def _is_number(value: object) -> TypeGuard[int | float | Decimal]:
    """Tell whether a value is a number of any kind; a bool is none."""
    return isinstance(value, int | float | Decimal | np.integer | np.floating) and not isinstance(value, bool)


def number(value: object) -> float:
    """Read a finite number of any numeric type; bools and text are none."""
    if not _is_number(value):
        raise scenario_error("", value, "must be a number")
    try:
        read = float(value)
    except OverflowError:
        read = math.inf
    if not math.isfinite(read):
        raise scenario_error("", value, "must be finite")
    return read


def seconds(value: object) -> float:
    """Read a duration: a number of seconds or text that `pandas.Timedelta` reads, rounded to one microsecond."""
    if isinstance(value, str):
        duration = _timedelta(value)
    elif _is_number(value):
        duration = number(value)
    else:
        raise scenario_error("", value, _DURATION)
    if duration < 0:
        raise scenario_error("", value, "must not be negative")
    if duration > SECONDS_MAX:
        raise scenario_error("", value, f"must be at most {SECONDS_MAX} seconds (285 years)")
    return round(duration * MICROSECONDS) / MICROSECONDS


_DURATION = 'must be a number of seconds or a duration such as "250 ms", "3 days", "1:30:00"'


def _timedelta(text: str) -> float:
    """Return the seconds in a text such as "250 ms"; a number without its unit would mean nanoseconds there."""
    from pandas import Timedelta

    unclear = scenario_error("", text, _DURATION)
    try:
        with warnings.catch_warnings():
            # Pandas warns of units that it will interpret differently in future; they are clear as they are.
            warnings.simplefilter("ignore")
            duration = float(Timedelta(text).total_seconds())
    except (ValueError, OverflowError):
        raise unclear from None
    if math.isnan(duration) or not any(character.isalpha() or character == ":" for character in text):
        raise unclear
    return duration


def money(value: object) -> Decimal:
    """Read an amount in major units, exactly as written; a float means what its repr says."""
    try:
        match value:
            case bool():
                raise ArithmeticError
            case float():
                amount = Decimal(float.__repr__(value))
            case int() | np.integer():
                amount = Decimal(int(value))
            case str() if not is_plain_number(value):
                raise ArithmeticError
            case str() | Decimal():
                amount = Decimal(value)
            case _:
                raise ArithmeticError
    except ArithmeticError:
        raise scenario_error("", value, 'must be an amount, such as 500 or "499.99"') from None
    if not amount.is_finite():
        raise scenario_error("", value, "must be finite")
    if amount < 0:
        raise scenario_error("", value, "must not be negative")
    # Far beyond any ledger, and written out in full it would fill the memory.
    if amount.adjusted() > 30:
        raise scenario_error("", value, "must fit in 64 bits of minor units")
    return Decimal(f"{abs(amount):f}")


def money_problem(field: str, amount: object, currency: Currency) -> list[Problem]:
    """Return the problem of an amount with more decimals than the currency has, or beyond 64 bits, if so."""
    if isinstance(amount, Decimal):
        try:
            currency.minor(amount)
        except ValueError as error:
            return [Problem(field, str(amount), str(error).split(": ", 1)[1])]
    return []


def sku(value: object) -> str:
    """Read a SKU: up to 24 of a-z, 0-9 and dash, first a letter, last no dash, and no name of a column."""
    if not isinstance(value, str) or len(value) > 24 or not re.fullmatch(SKU_PATTERN, value):
        rule = "must have at most 24 characters of a-z, 0-9 and dash, begin with a letter and not end in a dash"
        raise scenario_error("", value, rule)
    if value in COLUMNS:
        raise scenario_error(
            "", value, f"must not be {', '.join(COLUMNS)}: columns of a demand table have these names"
        )
    return value


def name(value: object) -> str:
    """Read a scenario's name: letters, digits, dashes and underscores."""
    if not isinstance(value, str) or len(value) > 100 or not re.fullmatch(NAME_PATTERN, value):
        raise scenario_error("", value, "must be 1 to 100 letters, digits, dashes and underscores")
    return value


def encodable(text: str) -> str:
    """Refuse text that no file can hold, such as what a command line had in place of text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise scenario_error("", text, "must be text that UTF-8 can write") from None
    return text


def instant(value: object) -> datetime:
    """Read an instant without a zone: a date and time, a date, or the ISO 8601 text of either."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise scenario_error("", value, _INSTANT) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise scenario_error("", value, _INSTANT)
    if value.tzinfo is not None:
        raise scenario_error("", value, "must have no time zone")
    # A pandas timestamp is a datetime too; only the plain one is kept.
    return datetime.combine(value.date(), value.time())


_INSTANT = 'must be a date and time, such as "2021-01-01 08:00"'


def flag(value: object) -> bool:
    """Read what is true or false, and nothing else."""
    if not isinstance(value, bool):
        raise scenario_error("", value, "must be true or false")
    return value


def _matching(pattern: str, length: int) -> WithJsonSchema:
    """Return the JSON schema of a text that matches a pattern as a whole."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "maxLength": length})


@dataclass(frozen=True, slots=True)
class Written:
    """How a field's value is written, in a few words that follow its description."""

    words: str


DURATION_SCHEMA: list[dict[str, Any]] = [
    {"type": "number", "minimum": 0, "description": "Seconds."},
    {"type": "string", "description": 'A duration such as "250 ms", "3 days", "1:30:00".'},
]
AMOUNT_SCHEMA: list[dict[str, Any]] = [
    {"type": "number", "minimum": 0, "description": "Major units of the scenario's currency."},
    {"type": "string", "description": 'Such an amount as text, "499.99".'},
]

Sku = Annotated[str, BeforeValidator(sku), _matching(SKU_PATTERN, 24)]
Name = Annotated[str, BeforeValidator(name), _matching(NAME_PATTERN, 100)]
Text = Annotated[str, Strict(), AfterValidator(encodable)]
Whole = Annotated[int, BeforeValidator(whole)]
Number = Annotated[float, BeforeValidator(number)]
Flag = Annotated[bool, BeforeValidator(flag)]
Share = Annotated[float, BeforeValidator(number), Field(ge=0, le=1), Written("0 to 1")]
Money = Annotated[Decimal, BeforeValidator(money), Written("amount")]
Duration = Annotated[
    float, BeforeValidator(seconds), WithJsonSchema({"anyOf": DURATION_SCHEMA}), Written("duration")
]
Horizon = Annotated[
    float,
    BeforeValidator(lambda value: math.inf if value is None else seconds(value)),
    PlainSerializer(lambda end: None if end == math.inf else end),
    Field(gt=0),
    WithJsonSchema({"anyOf": [*DURATION_SCHEMA, {"type": "null"}]}),
    Written("duration"),
]
"""A duration; left out it is infinite, and None when it is written down."""
Instant = Annotated[datetime, BeforeValidator(instant)]
