"""The commented scenario file that `alesha new` writes, as a starting point for one's own; it runs at once.

`docs/generate.py` keeps it in `alesha_sim/scenarios/template.toml`. It is made of the declarations of the fields:
their descriptions, defaults and examples.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from textwrap import wrap

from scenario_fields import Described, fields_of, literal, small, summary, tag

from alesha_sim.distributions import KINDS
from alesha_sim.scenarios.scenario import Scenario

WIDTH = 115
COLUMN = 29
"""Where comments begin."""

HEAD = """\
# A scenario of alesha_sim. It runs as it is: alesha run FILE
#
# Every field stands here with its meaning and unit. The value shown is the default, unless the comment names
# another; a field behind "# " is off and then has no value. Leave out what you do not change.
#
# duration      a number of seconds, or text: "250 ms", "3 days", "1:30:00"
# amount        a number, or text such as "499.99", in major units of the currency
# distribution  a plain duration (or amount), which is constant, or a table of one of these kinds:
"""
PARAMETERS = {
    "value": 2, "low": 1, "mode": 2, "high": 3, "mean": 2, "cv": 0.5, "k": 3, "values": [1], "weights": [1]
}  # fmt: skip
"""An example of each parameter of a distribution."""


def template() -> str:
    """Return the text of the file, in TOML."""
    blocks = [HEAD + "\n".join(_distributions()), *_table(Scenario, "")]
    return "\n\n".join(blocks) + "\n"


def _distributions() -> Iterator[str]:
    """Yield the lines that show each kind of distribution, two in a line."""
    shown = []
    for name, kind in KINDS.items():
        names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        shown.append(literal({"kind": name} | {each: PARAMETERS[each] for each in names}))
    for one, other in zip(shown[::2], shown[1::2], strict=True):
        yield f"#               {one:<42}  {other}"
    yield "#               (cv is the standard deviation divided by the mean)"


# Blocks: the lines between two empty ones


def _table(owner: type, path: str, head: Iterable[str] = (), *, is_off: bool = False) -> Iterator[str]:
    """Yield the blocks of a table: its own fields below its `head`, and then each table in it."""
    fields = fields_of(owner)
    plain = [field for field in fields if not field.parts]
    if plain:
        yield "\n".join([*head, *_lines(plain, is_off=is_off)])
    for field in fields:
        if field.parts:
            yield from _below(field, f"{path}.{field.name}".lstrip("."))


def _below(field: Described, path: str) -> Iterator[str]:
    """Yield the blocks of a field that is a table, or several."""
    if field.is_tagged:
        yield from _kinds(field, path)
    elif field.is_list:
        yield from _list(field, path)
    elif field.is_optional:
        yield from _table(field.parts[0], path, _commented(f"# [{path}]", field.comment()), is_off=True)
    else:
        yield from _table(field.parts[0], path, [*_remark(field), f"[{path}]"])


def _kinds(field: Described, path: str) -> Iterator[str]:
    """Yield a block for each kind of a table that is tagged, first for the one that holds, if one does."""
    is_example = isinstance(field.example, dict)
    shown = field.example["kind"] if is_example else getattr(field.default, "kind", None)
    kinds = sorted(field.parts, key=lambda kind: tag(kind) != shown)
    if field.is_optional and is_example:
        kinds = kinds[:1]
    count = "" if len(kinds) == 1 else " Any number of these:" if field.is_list else " One of these:"
    head = _remark(field, count)
    seen: set[tuple[str, str]] = set()
    for kind in kinds:
        is_off = field.is_optional or field.is_list or kind is not kinds[0]
        off = "# " if is_off else ""
        name = f"[[{path}]]" if field.is_list else f"[{path}]"
        first = _commented(f"{off}kind = {literal(tag(kind))}", small(summary(kind)))
        yield "\n".join([*head, off + name, *first, *_lines(fields_of(kind), is_off=is_off, seen=seen)])
        head = []


def _list(field: Described, path: str) -> Iterator[str]:
    """Yield a block for each table of a list, or for one that shows how they are written."""
    fields = fields_of(field.parts[0])
    if not field.default:
        is_named = isinstance(field.example, dict)
        name = f"[{path}.{literal(next(iter(field.example)))}]" if is_named else f"[[{path}]]"
        plain = [own for own in fields if not own.parts]
        yield "\n".join([*_remark(field), f"# {name}", *_lines(plain, is_off=True)])
        for own in fields:
            if own.parts:
                yield from _below(own, f"{path}.{own.name}")
    for number, each in enumerate(field.default):
        given = [own._replace(example=getattr(each, own.name)) for own in fields]
        if number == 0:
            yield "\n".join([*_remark(field), f"[[{path}]]", *_lines(given)])
        else:
            brief = [f"{own.name} = {literal(own.example)}" for own in given if own.example != own.default]
            yield "\n".join([f"[[{path}]]", *brief])


# Lines


def _lines(
    fields: Iterable[Described], *, is_off: bool = False, seen: set[tuple[str, str]] | None = None
) -> Iterator[str]:
    """Yield the lines of fields; what is among those `seen` in another kind is not said again."""
    for field in fields:
        comment = field.comment()
        if seen is not None:
            said = field.name, field.meaning
            if said in seen:
                comment = "as above" + ("; must be given" if field.must_be_given else "")
            seen.add(said)
        off = "# " if is_off or field.is_optional else ""
        yield from _commented(f"{off}{field.name} = {literal(field.shown, field.written)}", comment)


def _commented(text: str, comment: str) -> Iterator[str]:
    """Yield a line with its comment, which begins below it where it is long, and goes on there."""
    lines = wrap(comment, WIDTH - COLUMN - 2)
    if len(text) < COLUMN:
        yield f"{text:<{COLUMN}}# {lines.pop(0)}"
    else:
        yield text
    for line in lines:
        yield f"#{'':<{COLUMN - 1}}# {line}"


def _remark(field: Described, more: str = "") -> list[str]:
    """Return the lines that say above a table what it is."""
    comment = field.comment()
    return [f"# {line}" for line in wrap(f"{comment[:1].upper()}{comment[1:]}.{more}", WIDTH - 2)]
