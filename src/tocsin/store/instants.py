"""Instants as the database holds them: whole microseconds since 1970, UTC.

An integer compares, indexes and moves between SQLite and PostgreSQL alike; a
timestamp type would bring each database's own idea of zones and precision.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """An aware datetime as microseconds."""
    return (instant - _EPOCH) // _MICROSECOND


def to_micros_or_none(instant: datetime | None) -> int | None:
    """The same, where no instant is a value too."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Microseconds as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=micros)


def from_micros_or_none(micros: int | None) -> datetime | None:
    """The same, where no instant is a value too."""
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)
