"""Alerts of a room: which belong to it, and who is paged about it."""

from collections.abc import Collection, Sequence

from tocsin.core.incidents import roles as role_rules
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.incidents import entry
from tocsin.core.incidents.roles import TITLES, Holding, Role
from tocsin.engine.incidents import calling
from tocsin.engine.incidents.scene import Call, Outcome, Scene, refused
from tocsin.store import alerts as stored_alerts
from tocsin.store import incidents as stored


def link(
    scene: Scene, numbers: Sequence[int], *, hidden: Collection[str] = ()
) -> Outcome:
    """Alerts belong to this incident; each belongs to one at most."""
    found = stored_alerts.get_many(scene.tx, list(numbers))
    known = {n: one for n, one in found.items() if one.service not in hidden}
    missing = [number for number in numbers if number not in known]
    if missing:
        return refused(scene, f"alerts: expected known ones, not ALR-{missing[0]}")
    stored.link(
        scene.tx, scene.incident.number, list(known), by=scene.by.person, now=scene.now
    )
    said = ", ".join(f"ALR-{number} {one.title}" for number, one in known.items())
    made = entry(EntryKind.ALERT, f"Belongs to this: {said}", scene.by, now=scene.now)
    return Outcome(scene.incident, (made,))


def unlink(scene: Scene, number: int) -> Outcome:
    """An alert has nothing to do with it."""
    if not stored.unlink(scene.tx, scene.incident.number, number):
        return refused(scene, f"ALR-{number} does not belong to this.")
    said = f"ALR-{number} has nothing to do with this."
    made = entry(EntryKind.ALERT, said, scene.by, now=scene.now)
    return Outcome(scene.incident, (made,))


def page(
    scene: Scene, word: str, *, why: str = "", role: Role | None = None
) -> Outcome:
    """Page a person, rotation, schedule, team or service until somebody answers.

    With a role, whoever is paged is asked to take it.
    """
    if not scene.incident.is_open:
        return refused(scene, f"{scene.incident.name} is {scene.incident.state}.")
    if word in scene.directory.services:
        calling.call_service(scene, scene.incident, word)
        said = f"{scene.by.person} pages for {word}."
        made = entry(EntryKind.PAGE, said, scene.by, now=scene.now)
        return Outcome(scene.incident, (made,))
    target = calling.target_of(scene.directory, word)
    if target is None:
        said = "target: expected a person, rotation, schedule, team or service"
        return refused(scene, said)
    people = scene.directory.resolve(target, now=scene.now)
    if not people:
        return refused(scene, f"target: {word} is nobody who can be paged now")
    asked = TITLES[role] if role else "help"
    reason = why.strip() or f"{scene.by.person} asks for {asked}"
    said = f"{scene.by.person} pages {', '.join(people)}: {reason}"
    made = entry(EntryKind.PAGE, said, scene.by, now=scene.now)
    offered: tuple[Holding, ...] = ()
    if role is not None and role_rules.holder(scene.holdings, role) != people[0]:
        offered = role_rules.offer(
            scene.holdings, role, people[0], by=scene.by.person, now=scene.now
        ).holdings
    return Outcome(scene.incident, (made,), offered, (Call(target, reason, role),))
