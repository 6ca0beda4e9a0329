"""What the clock does in rooms: reminders said, empty roles paged, incidents declared.

Run by the loop's step in its own transaction; each reminder is written once, with the
message that carries it.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.incidents import reminders
from tocsin.core.incidents import roles as role_rules
from tocsin.core.incidents.entries import Entry, EntryKind
from tocsin.core.incidents.incidents import By, Incident, entry
from tocsin.core.incidents.reminders import Reminder
from tocsin.core.incidents.roles import Holding, Role
from tocsin.engine.alerts import Intake
from tocsin.engine.incidents import calling, declaring
from tocsin.engine.incidents.scene import Call, Outcome, Scene, scene_of
from tocsin.engine.incidents.transaction import Follower, seen_of, tell
from tocsin.store import entries as stored_entries
from tocsin.store import incidents as stored
from tocsin.store import outbox
from tocsin.store import roles as stored_roles
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

_AT_ONCE = 50
CLOCK = By("engine", "engine")


def sweep(
    tx: Tx,
    *,
    directory: Directory,
    intake: Intake,
    followers: Sequence[Follower],
    public_url: str,
    now: datetime,
) -> None:
    """Say what is due in every room."""
    declaring.by_rule(
        tx, directory=directory, intake=intake, followers=followers, now=now
    )
    for incident in stored.due(tx, now=now, limit=_AT_ONCE):
        scene = scene_of(
            tx, incident, directory=directory, intake=intake, by=CLOCK, now=now
        )
        _remind(scene, followers, public_url)


def _remind(scene: Scene, followers: Sequence[Follower], public_url: str) -> None:
    tx, incident, now = scene.tx, scene.incident, scene.now
    seen = seen_of(tx, incident, scene.holdings)
    ready, _ = reminders.due(incident, seen, now=now)
    entries: list[Entry] = []
    offers: list[Holding] = []
    for one in ready:
        entries.append(_entry(one, scene))
        if one.page_role is not None:
            offers += _page_for(scene, incident, one.page_role)
        outbox.put(tx, _nudges(scene, one, public_url), now=now)
    stored_roles.save(tx, incident.number, offers)
    known = stored_entries.append(tx, incident.number, entries)
    after = replace(incident, reminded=reminders.kept(incident, ready))
    _, later = reminders.due(after, seen, now=now)
    after = replace(after, due_at=later)
    stored.save(tx, after)
    tell(
        tx, incident, after, Outcome(after, tuple(entries)), scene.holdings,
        known=known, directory=scene.directory, followers=followers, now=now,
    )  # fmt: skip


def _entry(one: Reminder, scene: Scene) -> Entry:
    made = entry(
        EntryKind.REMINDER, one.text, CLOCK, now=scene.now, key=f"reminder:{one.key}",
        data={"to": list(_people(scene, one))},
    )  # fmt: skip
    return made


def _people(scene: Scene, one: Reminder) -> tuple[str, ...]:
    team = scene.directory.teams.get(scene.incident.team)
    leads = team.leads if one.to_leads and team is not None else ()
    named = one.to or (leads if leads else ())
    if one.to_leads and not named:
        named = scene.directory.admins
    return scene.directory.active(named)


def _nudges(scene: Scene, one: Reminder, public_url: str) -> list[Message]:
    incident = scene.incident
    return [
        Message(
            lane="nudge",
            channel="person",
            target=person,
            key=f"nudge:{incident.number}:{one.key}:{person}",
            payload={
                "person": person,
                "subject": f"{incident.name}: {one.text}",
                "text": f"{incident.title}\n\n{one.text}",
                "url": f"{public_url}/incidents/{incident.number}",
                "severity": incident.severity.name,
            },
            incident=incident.number,
        )
        for person in _people(scene, one)
    ]


def _page_for(scene: Scene, incident: Incident, role: Role) -> list[Holding]:
    """Page whom the team names for a role, else whom the service's policy names."""
    why = f"nobody is {role_rules.TITLES[role]}"
    targets = calling.whom(scene.directory, incident, role)
    if not targets:
        calling.call_role(scene, incident, role, why)
        return []
    offers: list[Holding] = []
    for target in targets:
        calling.call(scene, incident, Call(target, why, role))
        for person in scene.directory.resolve(target, now=scene.now)[:1]:
            changed = role_rules.offer(
                scene.holdings, role, person, by="engine", now=scene.now
            )
            offers = [*changed.holdings]
    return offers
