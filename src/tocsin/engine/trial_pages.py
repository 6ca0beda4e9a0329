"""A test page as an arrival: of a service of its own that pages one person only."""

from datetime import datetime, timedelta

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.directory import trial_of
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Arrival
from tocsin.interfaces.arrivals import Answer, Reading

# Long enough to walk to a phone; then it resolves by itself.
ENDS_AFTER = timedelta(minutes=15)
AT_SHIFT_START = "Your shift has begun: this shows that you can be reached."


def key_of(person: str) -> str:
    """The dedup key of somebody's test pages."""
    return f"test page of {person}"


def arrival(person: str, severity: Severity, why: str, *, now: datetime) -> Arrival:
    """The end of an earlier one, and one more."""
    key = key_of(person)
    events = [
        AlertEvent(EventKind.RESOLVE, key),
        AlertEvent(
            EventKind.TRIGGER,
            key,
            "Test page: nothing is wrong. Press Acknowledge",
            severity=severity,
            details={"description": why},
            expires_at=now + ENDS_AFTER,
        ),
    ]
    reading = Reading(events, Answer(200))
    return Arrival(trial_of(person), reading, "", {}, b"test page")
