"""Somebody is paged about an incident: through the same path as any alert.

An alert of the incident's service is raised, handed to who is meant, and belongs to the
incident: it pages until a person answers, and ends with the service's own policy.
"""

from collections.abc import Sequence

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.directory import BY_HAND, Directory, Integration
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.roles import TITLES, Role
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.engine import answering
from tocsin.engine.alerts import Arrival
from tocsin.engine.answering import Via
from tocsin.engine.incidents.scene import Call, Scene
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import incidents as stored


def call(scene: Scene, incident: Incident, wanted: Call) -> int:
    """Page a target; returns the alert's number. Nobody to page: its policy pages."""
    service = incident.services[0] if incident.services else ""
    what = TITLES[wanted.role] if wanted.role else wanted.target.name
    key = f"{incident.name}:{wanted.role or wanted.target.name}"
    number = _raise(scene, incident, service, key, wanted.why, what)
    if scene.directory.resolve(wanted.target, now=scene.now):
        answering.pass_on(
            scene.tx, number, to=wanted.target, by=scene.by.person, via=Via.WEB,
            directory=scene.directory, now=scene.now,
        )  # fmt: skip
    return number


def call_role(scene: Scene, incident: Incident, role: Role, why: str) -> int:
    """Page for a role by the service's own policy."""
    service = incident.services[0] if incident.services else ""
    key = f"{incident.name}:{role}"
    return _raise(scene, incident, service, key, why, TITLES[role])


def call_service(scene: Scene, incident: Incident, service: str) -> int:
    """Page the people of a service by its own policy."""
    key = f"{incident.name}:{service}"
    return _raise(scene, incident, service, key, incident.title, "")


def whom(directory: Directory, incident: Incident, role: Role) -> Sequence[Target]:
    """Whom the owning team pages for an empty role, () when it says nothing."""
    team = directory.teams.get(incident.team)
    return team.incident_roles.get(role, ()) if team is not None else ()


def target_of(directory: Directory, word: str) -> Target | None:
    """What a word means that somebody typed: a person, rotation, schedule or team."""
    kinds = (
        (TargetKind.USER, directory.people),
        (TargetKind.ROTATION, {word: 1} if directory.rotation(word) else {}),
        (TargetKind.SCHEDULE, directory.schedules),
        (TargetKind.TEAM, directory.teams),
    )
    return next((Target(kind, word) for kind, known in kinds if word in known), None)


def _raise(
    scene: Scene, incident: Incident, service: str, key: str, why: str, what: str
) -> int:
    title = f"{incident.name}: {why}" if what else f"{incident.name} {why}"
    event = AlertEvent(
        kind=EventKind.TRIGGER,
        key=key[:255],
        title=title[:500],
        severity=incident.severity,
        labels={"incident": incident.name},
        details={
            "description": f"{incident.title}. Declared by {incident.declared_by}."
        },
    )
    sender = Integration(BY_HAND, "by hand", "internal", service, "")
    reading = Reading([event], Answer(202))
    arrival = Arrival(sender, reading, f"/incidents/{incident.number}", {}, b"")
    [[absorbed]] = scene.intake.accept(
        scene.tx, [arrival], directory=scene.directory, now=scene.now
    )
    stored.link(
        scene.tx, incident.number, [absorbed.number], by=scene.by.person, now=scene.now
    )
    return absorbed.number
