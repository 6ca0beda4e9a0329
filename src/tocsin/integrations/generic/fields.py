"""Fields of anybody's JSON as texts and times, and what is wrong with one."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from tocsin.core.excerpts import clean

_encode = msgspec.json.encode


def text(value: Any) -> str:
    """A value as one text, "" for none."""
    if value is None:
        return ""
    return clean(value if isinstance(value, str) else _encode(value).decode())


def texts(value: Any) -> dict[str, str]:
    """An object or a list of tags as named texts."""
    if isinstance(value, dict):
        return {clean(str(name), longest=200): text(one) for name, one in value.items()}
    if isinstance(value, list):
        return {f"tag{index}": text(one) for index, one in enumerate(value[:50])}
    return {"text": text(value)} if value is not None else {}


def time(value: Any) -> datetime | None:
    """ISO 8601 or seconds since 1970; what cannot be read counts as none."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            seconds = value / 1000 if value > 1e11 else value
            return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    if not 1970 <= at.year <= 9000:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def problem(field: str, value: object, expected: str) -> dict[str, str]:
    """Field, value and what was expected."""
    return {"field": field, "value": text(value)[:200], "expected": expected}
