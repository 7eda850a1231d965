"""How messages are worded: labels, what a kind means, and what it carries, with secrets as `***`.

All of it is read off the declarations in `alesha_sim.messages`, so that a new kind needs nothing here.
"""

import ast
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from alesha_sim import messages
from alesha_sim.conversation.entries import Message
from alesha_sim.units import DAY, HOUR, MINUTE

FATES = {
    "in_flight": "on its way",
    "lost": "lost",
    "duplicate": "duplicate",
    "late": "late",
    "withdrawn": "withdrawn",
}
"""What is said of a copy that was not simply delivered."""


def carried(kind: str) -> list[str]:
    """Return the fields that messages of a kind carry, a secret one as `secret ***`; none for an unknown kind."""
    names = getattr(getattr(messages, kind, None), "__match_args__", ())
    return [f"{name} ***" if name in messages.SECRET_FIELDS else name for name in names]


def meaning(kind: str) -> str:
    """Return the first sentence that declares a kind of message; nothing for an unknown kind."""
    return _meanings().get(kind, "")


@cache
def _meanings() -> Mapping[str, str]:
    """Return what each kind means, read from the source: a compiled class has no docstring."""
    sources = [path.read_text("utf-8") for path in files(messages).iterdir() if path.name.endswith(".py")]
    kinds = [node for source in sources for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    texts = {kind.name: ast.get_docstring(kind) or "" for kind in kinds}
    return {name: text.partition("\n")[0].replace("`", "") for name, text in texts.items()}


def remarks(message: Message) -> list[str]:
    """Return what is unusual about a copy: the refusal's reason, its fate, its attempt."""
    found = [message.reason] if message.reason else []
    if message.fate != "delivered":
        found.append(FATES.get(message.fate, message.fate))
    if message.attempt > 1:
        found.append(f"attempt {message.attempt}")
    return found


def label(message: Message) -> str:
    """Return the text at a message's arrow: number, kind, its secrets as `***`, and what is unusual."""
    secret = [field for field in carried(message.kind) if field.endswith("***")]
    text = f"{message.message} {message.kind}" + (f" ({', '.join(secret)})" if secret else "")
    unusual = ", ".join(remarks(message))
    return f"{text}: {unusual}" if unusual else text


def arrow_style(message: Message) -> str:
    """Return how a message is drawn: `plain`, `refused`, `lost`, `open` or `idle` (read by nobody)."""
    if message.fate == "lost":
        return "lost"
    if message.delivered_at is None:
        return "open"
    if message.fate != "delivered":
        return "idle"
    return "refused" if message.reason else "plain"


def clock(at: datetime) -> str:
    """Write an instant to the millisecond."""
    return at.isoformat(sep=" ", timespec="milliseconds")


def format_duration(duration: timedelta) -> str:
    """Write a duration roughly, in its largest fitting unit: `2.0 days`, `50 ms`."""
    seconds = duration.total_seconds()
    for unit, length in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE), ("s", 1)):
        if seconds >= 0.9995 * length:
            count = f"{seconds / length:.3g}"
            return f"{count} {unit[:-1] if count == '1' and unit != 's' else unit}"
    return f"{seconds * 1000:.3g} ms"
