"""The rules that parameters of formulas keep; a broken one is a line that names field, value and rule."""

import math

from alesha_sim.units import as_whole


def refuse(*faults: str | None) -> None:
    """Raise ValueError with a line for each fault, if there is any."""
    found = [fault for fault in faults if fault]
    if found:
        raise ValueError("\n".join(found))


def positive(name: str, value: float) -> str | None:
    """Return the fault of a number that is not above 0 and finite."""
    return None if 0 < value < math.inf else f"{name}: {value}: must be above 0 and finite"


def not_negative(name: str, value: float) -> str | None:
    """Return the fault of a number that is not finite and at least 0."""
    return None if 0 <= value < math.inf else f"{name}: {value}: must be at least 0 and finite"


def whole(name: str, value: int, *, least: int = 1) -> str | None:
    """Return the fault of what is no whole number of at least `least`."""
    is_whole = as_whole(value, least) is not None
    return None if is_whole else f"{name}: {value}: must be a whole number of at least {least}"


def below_one(name: str, value: float) -> str | None:
    """Return the fault of a share that is not from 0 to below 1."""
    return None if 0 <= value < 1 else f"{name}: {value}: must be from 0 to below 1"
