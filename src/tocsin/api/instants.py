"""Times that callers give: with or without a zone, within reason."""

from datetime import UTC, datetime

from fastapi import HTTPException

_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def utc(at: datetime) -> datetime:
    """As UTC; without a zone it is UTC. Raises 422."""
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise HTTPException(422, "a time between 1980 and 2200 was expected") from None


def bounded(at: datetime) -> datetime:
    """The same when it is between 1980 and 2200. Raises 422."""
    if not _EARLIEST <= at <= _LATEST:
        raise HTTPException(422, "a time between 1980 and 2200 was expected")
    return at
