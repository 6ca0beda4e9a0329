"""The log of a room as it is read: its entries and what its alerts went through.

Facts of alerts are referenced, not copied: what is corrected there is right here.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.incidents.entries import Entry, EntryKind, Line, in_order
from tocsin.core.incidents.incident_metrics import Figure, Moments, figures
from tocsin.core.incidents.incidents import Incident, State
from tocsin.core.incidents.roles import Holding, Role
from tocsin.core.pages.escalation import Reason
from tocsin.core.timeline import Fact, FactKind
from tocsin.store import entries as stored
from tocsin.store import incidents as stored_incidents
from tocsin.store import roles as stored_roles
from tocsin.store import timeline
from tocsin.store.database import Tx

_KINDS = {
    FactKind.ALERT: EntryKind.ALERT,
    FactKind.PAGE: EntryKind.PAGE,
    FactKind.ESCALATION: EntryKind.PAGE,
    FactKind.ACK: EntryKind.ACK,
}
_MOST_FACTS = 300


class Log(Struct, frozen=True):
    """Everything that happened, oldest first."""

    lines: tuple[Line, ...]
    alerts: tuple[int, ...]


def log_of(tx: Tx, incident: Incident) -> Log:
    """The whole log of an incident."""
    alerts = stored_incidents.alerts_of(tx, incident.number)
    entries = stored.of_incident(tx, incident.number)
    for number in alerts:
        entries += _of_alert(tx, number)
    return Log(tuple(in_order(entries)), tuple(alerts))


def metrics_of(tx: Tx, incident: Incident, log: Log) -> list[Figure]:
    """Its times, from what is written (domain 5.6)."""
    holdings = stored_roles.of_incident(tx, incident.number)
    entries = [line.entry for line in log.lines]
    return figures(moments(incident, entries, holdings), incident.severity)


def moments(
    incident: Incident, entries: Sequence[Entry], holdings: Sequence[Holding]
) -> Moments:
    """The instants that count; the order of `entries` does not matter."""
    pages = [e.occurred_at for e in entries if e.kind is EntryKind.PAGE]
    # What a source or a machine acknowledges is no answer of a person.
    answers = [
        e.occurred_at
        for e in entries
        if e.kind is EntryKind.ACK
        and not e.author.startswith(("source:", "engine"))
        and e.data.get("reason") != Reason.ACK_UNDONE
    ]
    return Moments(
        start=incident.impact.start,
        detected=incident.detected_at,
        first_page=min(pages, default=None),
        first_answer=min(answers, default=None),
        staffed=_staffed(holdings),
        identified=incident.times.get(State.IDENTIFIED),
        mitigated=incident.times.get(State.MONITORING),
        resolved=incident.times.get(State.RESOLVED),
    )


def _staffed(holdings: Sequence[Holding]) -> datetime | None:
    """When both a commander and a lead were there for the first time."""
    firsts = [
        min((h.since for h in holdings if h.role is role and h.since), default=None)
        for role in (Role.IC, Role.LEAD)
    ]
    known = [at for at in firsts if at is not None]
    return max(known) if len(known) == len(firsts) else None


def _of_alert(tx: Tx, number: int) -> list[Entry]:
    facts = timeline.of_alert(tx, number, limit=_MOST_FACTS)
    return [_entry(number, fact) for _, fact in facts if fact.kind in _KINDS]


def _entry(number: int, fact: Fact) -> Entry:
    return Entry(
        fact.at, fact.at, _KINDS[fact.kind], fact.text, fact.actor, "alert",
        data={"alert": number, "reason": fact.reason},
    )  # fmt: skip
