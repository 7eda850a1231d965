"""How the values on a command line are read: numbers, shares, settings, factors and goals of a study."""

import re
import tomllib
from argparse import ArgumentTypeError
from datetime import time
from pathlib import Path
from typing import Any

from alesha_sim.recording.levels import LEVELS
from alesha_sim.scenarios.errors import shown

QUOTED = re.compile(r"""\"(?:\\.|[^\"\\])*\"|'[^']*'""")
UNDERSCORED = re.compile(r"(?<![\w.-])[+-]?\d[\w.+-]*_")
"""What TOML takes for a text, and the beginning of a number with an underscore in it."""


def seed(text: str) -> int:
    """Read a seed; raises ArgumentTypeError."""
    from alesha_sim.streams import SEED_MAX  # loads NumPy, which only a run needs

    if not (text.isascii() and text.isdigit() and len(text) < 30 and int(text) <= SEED_MAX):
        raise ArgumentTypeError(f"{shown(text)}: must be a whole number from 0 to {SEED_MAX}")
    return int(text)


def whole(text: str) -> int:
    """Read a whole number from 0; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ArgumentTypeError(f"{shown(text)}: must be a whole number from 0")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number from 1; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text)):
        raise ArgumentTypeError(f"{shown(text)}: must be a whole number from 1")
    return int(text)


def jobs(text: str) -> int:
    """Read a number of workers as joblib counts them; raises ArgumentTypeError."""
    return -1 if text == "-1" else positive(text)


def level(text: str) -> str:
    """Read what is to be recorded; raises ArgumentTypeError."""
    if text not in LEVELS:
        raise ArgumentTypeError(f"{shown(text)}: must be one of {', '.join(LEVELS)}")
    return text


def file_name(text: str) -> Path:
    """Read the name of a file or a folder; raises ArgumentTypeError for bytes that are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:  # other programs' formats, and the libraries that write them, have no such names
        raise ArgumentTypeError(f"{shown(text)}: must be a name in UTF-8") from None
    return Path(text)


def function(text: str) -> str:
    """Read where a function of the reader's own stands; raises ArgumentTypeError."""
    module, colon, name = text.partition(":")
    if not (colon and all(part.isidentifier() for part in [*module.split("."), *name.split(".")])):
        raise ArgumentTypeError(f"{shown(text)}: must be a module and a function in it, such as courier:install")
    return text


def share(text: str) -> float:
    """Read a number between 0 and 1; raises ArgumentTypeError."""
    from alesha_sim.units import is_plain_number  # loads NumPy, which only studies need

    found = float(text) if is_plain_number(text) else 0.0
    if not 0 < found < 1:
        raise ArgumentTypeError(f"{shown(text)}: must be between 0 and 1")
    return found


def goal(text: str) -> tuple[str, object]:
    """Read METRIC=0.05 or METRIC=absolute:2 as what `until` takes; raises ArgumentTypeError."""
    from alesha_sim.units import is_plain_number

    metric, _, width = (part.strip() for part in text.partition("="))
    absolute = width.startswith("absolute:")
    width = width.removeprefix("absolute:")
    if not is_plain_number(width):
        rule = "must be METRIC=SHARE or METRIC=absolute:HALF-WIDTH, such as shop_cash=0.05"
        raise ArgumentTypeError(f"{shown(text)}: {rule}")
    return metric, {"absolute": float(width)} if absolute else float(width)


def factor(text: str) -> tuple[str, list[object]]:
    """Read PATH=VALUE,VALUE as a path and its values: TOML if they are that, else texts; ArgumentTypeError."""
    path, equals, values = (part.strip() for part in text.partition("="))
    if not (path and equals and values):
        raise ArgumentTypeError(f"{shown(text)}: must be PATH=VALUE,VALUE, such as bank.workers=1,2,4")
    found = _toml(values if values.startswith("[") else f"[{values}]", text).get("value")
    if found is None:
        return path, [setting(f"value={value}")[1] for value in values.split(",")]
    return path, list(found)


def setting(text: str) -> tuple[str, object]:
    """Read PATH=VALUE as a path and a value: TOML if it is that, else the text; raises ArgumentTypeError."""
    path, equals, value = (part.strip() for part in text.partition("="))
    if not (path and equals):
        raise ArgumentTypeError(f"{shown(text)}: must be PATH=VALUE, such as bank.workers=3")
    read = _toml(value, text)
    # "01:30:00" is a duration here, never TOML's time of day; and a second line would be a second setting.
    plain = len(read) != 1 or isinstance(read["value"], time)
    return path, value if plain else read["value"]


def _toml(value: str, text: str) -> dict[str, Any]:
    """Return the table of `value` as TOML, an empty one if it is none.

    Raises ArgumentTypeError if it is too deep, and for a number with an underscore, which no number of the command
    line may have.
    """
    try:
        found = tomllib.loads(f"value = {value}")
    except RecursionError:
        raise ArgumentTypeError(f"{shown(text)}: must not have so many brackets in each other") from None
    except ValueError:  # of TOML, or of Python for a number of thousands of digits
        return {}
    if UNDERSCORED.search(QUOTED.sub("", value)):
        rule = "must have no underscore in a number; a text must stand in quotation marks"
        raise ArgumentTypeError(f"{shown(text)}: {rule}")
    return found
