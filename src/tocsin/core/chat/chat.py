"""What an incident's channel says: its name, its topic, and each entry as a message.

Plain text only; each chat escapes it in its own way. Knows no chat.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.incidents.entries import Entry, EntryKind
from tocsin.core.incidents.incidents import Incident
from tocsin.core.wallclock import zone_named

LONGEST = 3500
_LATE_AFTER = timedelta(minutes=1)
_HEADS: Mapping[EntryKind, str] = {
    EntryKind.ALERT: "Alert",
    EntryKind.PAGE: "Page",
    EntryKind.ROLE: "Role",
    EntryKind.STATE: "State",
    EntryKind.SEVERITY: "Severity",
    EntryKind.IMPACT: "Impact",
    EntryKind.UPDATE_INTERNAL: "Update",
    EntryKind.UPDATE_EXTERNAL: "Told customers",
    EntryKind.NOTE: "Note",
    EntryKind.DECISION: "Decision",
    EntryKind.ACTION: "Action",
    EntryKind.HYPOTHESIS: "Hypothesis",
    EntryKind.EVIDENCE: "Evidence",
    EntryKind.CHANGE: "Change",
    EntryKind.RUNBOOK_STEP: "Runbook",
    EntryKind.TASK: "Task",
    EntryKind.CHAT: "From chat",
    EntryKind.CORRECTION: "Correction",
    EntryKind.REMINDER: "Reminder",
}
# What goes to a place that incidents share: where somebody reads who is not in it.
SHARED = frozenset(
    {
        EntryKind.STATE,
        EntryKind.SEVERITY,
        EntryKind.UPDATE_INTERNAL,
        EntryKind.UPDATE_EXTERNAL,
    }
)


class Words(Struct, frozen=True):
    """A message: a bold line, a text, small print."""

    head: str
    text: str = ""
    foot: str = ""


def channel_name(incident: Incident, tag: str) -> str:
    """Letters, digits and dashes; `tag` keeps two installations apart."""
    return f"inc-{incident.number}-{tag}"


def title_of(incident: Incident) -> str:
    """What the channel is called where it may have a title."""
    drill = "Drill: " if incident.drill else ""
    return f"{drill}{incident.name} {incident.title}"[:100]


def topic_of(incident: Incident, commander: str, *, url: str) -> str:
    """Severity, state, who commands, when people hear next, and where the room is."""
    parts = [incident.severity.name, incident.state.value]
    parts.append(f"commander: {commander or 'nobody yet'}")
    if incident.next_update_at is not None and incident.is_open:
        parts.append(f"next update by {clock(incident.next_update_at, incident.zone)}")
    if incident.bridge:
        parts.append(f"call: {incident.bridge}")
    return " · ".join([*parts, url])[:250]


def first_words(incident: Incident, *, url: str) -> Words:
    """What stands at the top of a new channel."""
    lines = [incident.title]
    if incident.services:
        lines.append(f"Services: {', '.join(incident.services)}")
    if incident.bridge:
        lines.append(f"Call: {incident.bridge}")
    lines.append(f"Room: {url}")
    drill = " (a drill)" if incident.drill else ""
    head = f"{incident.name} {incident.severity.name}{drill}, declared by {incident.declared_by}"
    return Words(
        head, "\n".join(lines), "The command help says what can be done from here."
    )


def words_of(entry: Entry, incident: Incident) -> Words | None:
    """An entry as a message; None for what nobody needs to hear."""
    head = _HEADS.get(entry.kind)
    if head is None:
        return None
    who = "" if entry.author in ("", "engine") else f" by {entry.author}"
    at = clock(entry.occurred_at, incident.zone)
    lines = [entry.text]
    for name, label in (("options", "Options"), ("dissent", "Objection"),
                        ("impact", "Impact"), ("team", "Team"), ("link", "")):  # fmt: skip
        said = entry.data.get(name)
        if isinstance(said, str) and said:
            lines.append(f"{label}: {said}" if label else said)
    return Words(f"{head}{who}, {at}", "\n".join(lines)[:LONGEST])


def is_late(*, wanted_at: datetime, now: datetime) -> bool:
    """Whether a message has to say that it is old."""
    return now - wanted_at > _LATE_AFTER


def late_words(
    *, wanted_at: datetime, zone: str, down: tuple[datetime, datetime] | None
) -> str:
    """The small print of a message that could not be sent when it was written."""
    if down is None:
        return f"sent late: written at {clock(wanted_at, zone)}"
    start, end = (clock(at, zone) for at in down)
    return f"sent late: chat was down from {start} to {end}"


def clock(at: datetime, zone: str) -> str:
    """The time of day in a zone, with the zone's name for it."""
    local = at.astimezone(zone_named(zone))
    return f"{local:%H:%M} {local.tzname() or 'UTC'}"


def bridge_of(incident: Incident, template: str, *, secret: str) -> str:
    """The address of a call: `{number}` and an unguessable `{secret}` filled in."""
    return template.replace("{number}", str(incident.number)).replace(
        "{secret}", secret
    )
