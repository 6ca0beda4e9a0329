"""Reminds people of the actions they promised; run by the loop's step (domain 7).

A week and a day before, on the day, then weekly to the owner and who leads them. The
message and the next reminder are written together, so none is lost or said twice.
"""

from datetime import datetime

from tocsin.core.directory import Directory
from tocsin.core.reviews.action_board import Action, said_of, with_reminder
from tocsin.engine.reviews.items import zone_of
from tocsin.store import action_items as stored
from tocsin.store import incidents as stored_incidents
from tocsin.store import outbox
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

_AT_ONCE = 100


def sweep(tx: Tx, *, directory: Directory, public_url: str, now: datetime) -> None:
    """Say what is due."""
    for action in stored.due(tx, now=now, limit=_AT_ONCE):
        zone = zone_of(directory, action.owner, directory.zone)
        today = now.astimezone(zone).date()
        assert action.due_on is not None
        said = said_of(action, today)
        people = _people(tx, action, directory, is_late=action.due_on < today)
        outbox.put(
            tx,
            [
                Message(
                    lane="nudge",
                    channel="person",
                    target=person,
                    key=f"action:{action.id}:{today}:{person}",
                    payload={
                        "person": person,
                        "subject": said,
                        "text": f"Promised in the review of INC-{action.incident}.",
                        "url": f"{public_url}/actions/{action.id}",
                        "severity": "SEV4",
                    },
                    incident=action.incident,
                )
                for person in people
            ],
            now=now,
        )
        stored.save(tx, with_reminder(action, zone, now=now))


def _people(
    tx: Tx, action: Action, directory: Directory, *, is_late: bool
) -> tuple[str, ...]:
    """The owner; once it is late, or nobody is known, those who lead as well."""
    owner = directory.active((action.owner,))
    if owner and not is_late:
        return owner
    incident = stored_incidents.get(tx, action.incident)
    own = [team for team in directory.teams.values() if action.owner in team.people]
    teams = own or [
        team
        for team in directory.teams.values()
        if incident is not None and team.name == incident.team
    ]
    leads = directory.active(lead for team in teams for lead in team.leads)
    return tuple(dict.fromkeys((*owner, *leads))) or directory.admins
