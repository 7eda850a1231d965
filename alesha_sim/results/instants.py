"""How instants and durations that a result is asked for are read."""

from datetime import datetime

from alesha_sim.units import microseconds


def seconds_since(instant: float | str | datetime, start: datetime) -> float:
    """Read an instant (seconds, a duration, or a date and time) as seconds since the start."""
    from alesha_sim.scenarios.fields import seconds

    if isinstance(instant, str):
        try:
            instant = datetime.fromisoformat(instant)
        except ValueError:
            return seconds(instant)
    return (instant - start).total_seconds() if isinstance(instant, datetime) else float(instant)


def step(every: str | float) -> int:
    """Read a positive duration, in seconds or as text, as microseconds."""
    from pandas import Timedelta

    try:
        found = microseconds(Timedelta(every).total_seconds() if isinstance(every, str) else every)
    except (ValueError, TypeError, OverflowError):
        found = 0
    if found <= 0:
        raise ValueError(f"every: {every!r}: must be a positive duration, in seconds or such as '1h'")
    return found
