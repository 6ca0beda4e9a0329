"""What is said of an incident and may change: severity, impact, where we are, the same as.

Anyone may raise a severity, the commander lowers it; every revision is an entry
(domain 5.2).
"""

from datetime import datetime

from msgspec.structs import replace

from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.impact import Impact
from tocsin.core.incidents.incidents import (
    OVER,
    By,
    Incident,
    Ruling,
    Standing,
    State,
    entry,
    impact_entry,
)
from tocsin.core.severity import Severity


def rated(
    incident: Incident, severity: Severity, by: By, *, now: datetime, reason: str
) -> Ruling:
    """Another severity: anyone may raise it, the commander lowers it (domain 5.2)."""
    if severity == incident.severity:
        return Ruling(incident, refused=f"{incident.name} is {severity.name} already.")
    raises = severity.worse_than(incident.severity)
    if not raises and not by.commands:
        return Ruling(incident, refused="Only the commander lowers the severity.")
    if not reason.strip():
        said = "reason: expected why, with a figure of the impact"
        return Ruling(incident, refused=said)
    verb = "raised" if raises else "lowered"
    text = (
        f"Severity {verb} from {incident.severity.name} to {severity.name}: "
        f"{reason.strip()}"
    )
    data = {"was": incident.severity.name, "to": severity.name}
    after = replace(incident, severity=severity)
    return Ruling(after, (entry(EntryKind.SEVERITY, text, by, now=now, data=data),))


def revised(incident: Incident, impact: Impact, by: By, *, now: datetime) -> Ruling:
    """Another view of the impact; every revision stays in the log."""
    if impact == incident.impact:
        return Ruling(incident, refused="That is what is known already.")
    after = replace(incident, impact=impact)
    return Ruling(after, (impact_entry(after, by, now),))


def stands(incident: Incident, standing: Standing, by: By, *, now: datetime) -> Ruling:
    """Where we are, said anew."""
    if standing == incident.standing:
        return Ruling(incident, refused="That is what it says already.")
    lines = (
        ("We know", standing.know),
        ("We are doing", standing.doing),
        ("If that fails", standing.otherwise),
    )
    text = "\n".join(f"{title}: {said}" for title, said in lines if said)
    after = replace(incident, standing=standing)
    made = entry(
        EntryKind.NOTE, f"Where we are.\n{text}", by, now=now, data={"standing": True}
    )
    return Ruling(after, (made,))


def merged(incident: Incident, into: Incident, by: By, *, now: datetime) -> Ruling:
    """A duplicate: its log stays, its address leads to the other."""
    if incident.number == into.number:
        return Ruling(incident, refused="An incident is no duplicate of itself.")
    if into.state is State.DUPLICATE:
        return Ruling(
            incident,
            refused=f"{into.name} is itself the same as INC-{into.duplicate_of}.",
        )
    if incident.state in OVER:
        return Ruling(incident, refused=f"{incident.name} is over.")
    if incident.private and not into.private:
        return Ruling(incident, refused=_would_tell(incident, into))
    after = replace(
        incident,
        state=State.DUPLICATE,
        duplicate_of=into.number,
        next_update_at=None,
        times={**incident.times, State.DUPLICATE: now},
    )
    said = f"The same as {into.name}: {into.title}"
    data = {"to": State.DUPLICATE.value, "into": into.number}
    return Ruling(after, (entry(EntryKind.STATE, said, by, now=now, data=data),))


def recurs(incident: Incident, earlier: Incident, by: By, *, now: datetime) -> Ruling:
    """The same as one that is over has happened again: both stay, linked (domain 5.1)."""
    if earlier.number >= incident.number:
        said = "of: expected the number of an earlier incident"
        return Ruling(incident, refused=said)
    if incident.recurrence_of == earlier.number:
        return Ruling(incident, refused=f"{incident.name} is known as that again.")
    if earlier.private and not incident.private:
        return Ruling(incident, refused=_would_tell(earlier, incident))
    after = replace(incident, recurrence_of=earlier.number)
    said = f"This is {earlier.name} again: {earlier.title}"
    data = {"recurrence_of": earlier.number}
    return Ruling(after, (entry(EntryKind.NOTE, said, by, now=now, data=data),))


def _would_tell(secret: Incident, told: Incident) -> str:
    return (
        f"{secret.name} is private and {told.name} is not: who may not know of the one "
        "would read of it in the other."
    )


def promised(incident: Incident, at: datetime | None) -> Incident:
    """With another promise of when the next update comes."""
    return replace(incident, next_update_at=at)
