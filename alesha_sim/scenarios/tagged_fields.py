"""The types of a scenario's fields that are tables: distributions, policies and the currency.

Says how such a table, mostly tagged by its `kind`, becomes a frozen value and is written back. The values
check themselves; this module says where they stand.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import PlainSerializer, PlainValidator, SerializationInfo, WithJsonSchema

from alesha_sim.distributions import KINDS, Constant, Distribution
from alesha_sim.policies import (
    CHOICES,
    SETTLEMENTS,
    SHOP_CHOICES,
    SOURCINGS,
    STOCKS,
    TRUSTS,
    ChoicePolicy,
    SettlementPolicy,
    ShopChoicePolicy,
    SourcingPolicy,
    StockPolicy,
    TrustPolicy,
)
from alesha_sim.scenarios.errors import Problem, ScenarioError, from_lines, nearest, scenario_error
from alesha_sim.scenarios.fields import AMOUNT_SCHEMA, DURATION_SCHEMA, Written, money, seconds
from alesha_sim.scenarios.model import Kept
from alesha_sim.units import Currency

Made = TypeVar("Made")


def distribution(value: object, read: Callable[[object], Any]) -> Distribution:
    """Read a distribution: itself, a table tagged by `kind`, or a plain value, which stands for a constant.

    `read` turns a parameter that has the distribution's unit into a number.
    """
    if isinstance(value, Distribution):
        return value
    if not isinstance(value, Mapping):
        return Constant(float(read(value)))
    parameters, found = {}, []
    for name, given in value.items():
        try:
            if name != "kind":
                parameters[name] = _parameter(name, given, read)
        except ScenarioError as error:
            # A place holder keeps the parameter from counting as missing.
            parameters[name] = None
            found += [problem.prefixed(name) for problem in error.found]
    return made(_kind(value, KINDS), parameters, found)


def _parameter(name: str, value: object, read: Callable[[object], Any]) -> object:
    """Read one parameter: pure numbers stay as they are, the others have the distribution's unit."""
    if name in ("cv", "k", "weights"):
        return value
    if name != "values":
        return float(read(value))
    if not isinstance(value, list | tuple):
        raise scenario_error("", value, "must be a list of at least one number")
    values, found = [], []
    for n, each in enumerate(value):
        try:
            values.append(float(read(each)))
        except ScenarioError as error:
            found += [problem.prefixed(f"[{n}]") for problem in error.found]
    if found:
        raise ScenarioError(found)
    return tuple(values)


def duration_distribution(value: object) -> Distribution:
    """Read a distribution of durations; a plain value is a constant number of seconds."""
    return distribution(value, seconds)


def amount_distribution(value: object) -> Decimal | Distribution:
    """Read a plain amount as itself and anything else as a distribution of amounts in major units."""
    if not isinstance(value, Distribution | Mapping):
        return money(value)
    read = distribution(value, money)
    return money(read.value) if type(read) is Constant else read


_ALL_KINDS: Sequence[Mapping[str, Any]] = (
    KINDS,
    STOCKS,
    SETTLEMENTS,
    CHOICES,
    TRUSTS,
    SHOP_CHOICES,
    SOURCINGS,
)


class Policies(NamedTuple):
    """The policies that one field may hold: those of the package by their kind, and any with the same methods."""

    kinds: Mapping[str, type]
    protocol: type
    methods: str

    def read(self, value: object) -> Any:
        """Read a policy: a table tagged by `kind`, or any object that has the policy's methods."""
        if not isinstance(value, Mapping):
            if isinstance(value, self.protocol) and not isinstance(value, type):
                return value
            raise scenario_error("", value, f"must be a table with a kind, or an object with {self.methods}")
        kind: type[Any] = _kind(value, self.kinds)
        lasting = getattr(kind, "durations", ())
        parameters, found = {}, []
        for name, given in value.items():
            try:
                if name != "kind":
                    parameters[name] = seconds(given) if name in lasting and given is not None else given
            except ScenarioError as error:
                parameters[name] = None  # keeps it from counting as missing
                found += [problem.prefixed(name) for problem in error.found]
        return made(kind, parameters, found)

    @property
    def schema(self) -> WithJsonSchema:
        """The JSON schema of a table for each kind."""
        return WithJsonSchema({"anyOf": _kinds_schema(self.kinds)})

    @property
    def listed(self) -> "Kinds":
        """The kinds, for those who describe the field."""
        return Kinds(tuple(self.kinds.values()))


class Kinds(NamedTuple):
    """Marks a field whose value is of one of these classes, tagged by their `kind`."""

    classes: tuple[type, ...]


def currency(value: object) -> Currency:
    """Read a currency: itself or a table of its code and decimals."""
    if isinstance(value, Currency):
        if type(value) is not Currency:
            raise scenario_error("", type(value).__qualname__, "must be of the package's class Currency itself")
        return value
    if not isinstance(value, Mapping):
        raise scenario_error("", value, "must be a table")
    return made(Currency, value)


def made(kind: type[Made], table: Mapping[Any, Any], found: Sequence[Problem] = ()) -> Made:
    """Make a dataclass that checks itself from a table; `found` are problems known already."""
    fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    unknown = [Problem(str(n), None, f"unknown field: {nearest(n, fields)}") for n in table if n not in fields]
    missing = [
        Problem(field.name, None, "missing: must be given")
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.default is dataclasses.MISSING and field.name not in table
    ]
    if found or unknown or missing:
        raise ScenarioError([*unknown, *missing, *found])
    try:
        return kind(**table)
    except ValueError as error:
        raise from_lines(error) from None


def _kind(table: Mapping[Any, Any], kinds: Mapping[str, type[Made]]) -> type[Made]:
    """Return the class that a table's `kind` names."""
    tag = table.get("kind")
    if tag is None:
        raise ScenarioError([Problem("kind", None, f"missing: must be one of {', '.join(kinds)}")])
    if not isinstance(tag, str) or tag not in kinds:
        raise scenario_error("kind", tag, f"unknown kind: {nearest(tag, kinds)}")
    return kinds[tag]


def _written(value: object, info: SerializationInfo) -> object:
    """Write a distribution or policy as a table, a constant as its plain value, an amount as text.

    An object of the user's own class stays itself in Python; as JSON it is a table with the name of its class,
    which says what ran but cannot be read again: a file never imports code.
    """
    match value:
        case Decimal():
            return str(value) if info.mode_is_json() else value
        case Constant() if type(value) is Constant:
            return value.value
    kind = str(getattr(value, "kind", ""))
    if type(value) not in [kinds.get(kind) for kinds in _ALL_KINDS]:
        own = type(value)
        return {"kind": f"{own.__module__}.{own.__qualname__}"} if info.mode_is_json() else Kept(value)
    table: dict[str, object] = {"kind": kind}
    for field in dataclasses.fields(value):  # type: ignore[arg-type]
        given = getattr(value, field.name)
        if given is not None:
            table[field.name] = _plain(given)
    return table


def _plain(value: object) -> object:
    """Return a policy's value as a file holds it: a tuple as a list, a table by SKU as a table of its own."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _kinds_schema(kinds: Mapping[str, type]) -> list[dict[str, Any]]:
    """Return the JSON schema of a table for each kind."""
    return [
        {
            "type": "object",
            "properties": {"kind": {"const": tag}} | {field.name: {} for field in dataclasses.fields(kind)},
            "required": ["kind"]
            + [field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING],
            "additionalProperties": False,
        }
        for tag, kind in kinds.items()
    ]


CurrencyUsed = Annotated[
    Currency,
    PlainValidator(currency),
    PlainSerializer(dataclasses.asdict),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "code": {"type": "string", "pattern": "^[A-Z]{2,10}$", "default": "BDT"},
                "decimals": {"type": "integer", "minimum": 0, "maximum": 4},
            },
            "additionalProperties": False,
        }
    ),
]
Durations = Annotated[
    Distribution,
    PlainValidator(duration_distribution),
    PlainSerializer(_written),
    WithJsonSchema({"anyOf": [*DURATION_SCHEMA, *_kinds_schema(KINDS)]}),
    Written("distribution of durations"),
]
Amounts = Annotated[
    Decimal | Distribution,
    PlainValidator(amount_distribution),
    PlainSerializer(_written),
    WithJsonSchema({"anyOf": [*AMOUNT_SCHEMA, *_kinds_schema(KINDS)]}),
    Written("distribution of amounts"),
]


_STOCK = Policies(STOCKS, StockPolicy, "the methods accepts(lines), opening(sku), order(...) and a period")
_SETTLEMENT = Policies(SETTLEMENTS, SettlementPolicy, "the method terms(amount, paid_at, promised_at)")
_CHOICE = Policies(CHOICES, ChoicePolicy, "the method choose(offers, cart, draw)")
_SHOP_CHOICE = Policies(
    SHOP_CHOICES, ShopChoicePolicy, "the methods considers(shops, draw) and choose(offers, draw)"
)
_SOURCING = Policies(SOURCINGS, SourcingPolicy, "the method order(sku, units, sources, position)")
_TRUST = Policies(TRUSTS, TrustPolicy, "the method after(trust, event)")

Stock = Annotated[
    StockPolicy, PlainValidator(_STOCK.read), PlainSerializer(_written), _STOCK.schema, _STOCK.listed
]
Settlement = Annotated[
    SettlementPolicy,
    PlainValidator(_SETTLEMENT.read),
    PlainSerializer(_written),
    _SETTLEMENT.schema,
    _SETTLEMENT.listed,
]
Choice = Annotated[
    ChoicePolicy, PlainValidator(_CHOICE.read), PlainSerializer(_written), _CHOICE.schema, _CHOICE.listed
]
Trust = Annotated[
    TrustPolicy, PlainValidator(_TRUST.read), PlainSerializer(_written), _TRUST.schema, _TRUST.listed
]
ShopChoice = Annotated[
    ShopChoicePolicy,
    PlainValidator(_SHOP_CHOICE.read),
    PlainSerializer(_written),
    _SHOP_CHOICE.schema,
    _SHOP_CHOICE.listed,
]
Sourcing = Annotated[
    SourcingPolicy, PlainValidator(_SOURCING.read), PlainSerializer(_written), _SOURCING.schema, _SOURCING.listed
]
