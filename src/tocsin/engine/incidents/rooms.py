"""All that a room shows, read at one moment."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.incidents import changes as rules
from tocsin.core.incidents.changes import LOOK_BACK, ChangeEvent, Suspect
from tocsin.core.incidents.hypotheses import Hypothesis
from tocsin.core.incidents.incident_metrics import Figure
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.roles import Holding, crowded
from tocsin.core.incidents.tasks import Task
from tocsin.core.incidents.updates_written import Update
from tocsin.engine.incidents.log import Log, log_of, metrics_of
from tocsin.store import chat, hypotheses, inbound, roles, tasks, updates
from tocsin.store.chat import Channel
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros

_details = msgspec.json.Decoder(dict[str, object]).decode


class Room(Struct, frozen=True):
    """One incident and everything in it."""

    incident: Incident
    holdings: Sequence[Holding]
    tasks: Sequence[Task]
    cards: Sequence[Hypothesis]
    updates: Sequence[Update]
    log: Log
    alerts: Sequence[int]
    suspects: Sequence[Suspect]
    changes_since: Sequence[ChangeEvent]
    figures: Sequence[Figure]
    channels: Sequence[Channel]

    @property
    def advice(self) -> str:
        """What is wrong with who does what, "" when nothing is."""
        busy = {one.assignee for one in self.tasks if one.is_open}
        return crowded(self.holdings, self.incident.severity, busy)


def room_of(
    tx: Tx, incident: Incident, directory: Directory, *, hidden: frozenset[str]
) -> Room:
    """The room; of services in `hidden` no change is told."""
    log = log_of(tx, incident)
    found = _changes(tx, incident, hidden)
    near = directory.neighbours(incident.services)
    return Room(
        incident=incident,
        holdings=roles.of_incident(tx, incident.number),
        tasks=tasks.of_incident(tx, incident.number),
        cards=hypotheses.of_incident(tx, incident.number),
        updates=updates.of_incident(tx, incident.number),
        log=log,
        alerts=log.alerts,
        suspects=rules.suspects(
            found,
            services=incident.services,
            neighbours=near,
            start=incident.began_at,
            detected=incident.detected_at,
        ),
        changes_since=rules.after(found, detected=incident.detected_at),
        channels=chat.of_incident(tx, incident.number),
        figures=metrics_of(tx, incident, log),
    )


def _changes(tx: Tx, incident: Incident, hidden: frozenset[str]) -> list[ChangeEvent]:
    since = incident.began_at - LOOK_BACK
    return [
        _change(row)
        for row in inbound.changes_since(tx, since=since)
        if row[1] not in hidden
    ]


def _change(row: Row) -> ChangeEvent:
    data = _details(row[5]) if row[5] else {}
    links = data.get("links")
    link = str(links[0]) if isinstance(links, list) and links else ""
    details = data.get("details")
    told = details if isinstance(details, dict) else {}
    return ChangeEvent(
        id=row[0],
        service=row[1],
        at=from_micros(row[2]),
        summary=row[3],
        source=row[4],
        kind=rules.kind_of(row[3], str(told.get("kind", ""))),
        link=link if link.startswith(("https://", "http://")) else "",
        rollback=str(told.get("rollback", ""))[:300],
    )
