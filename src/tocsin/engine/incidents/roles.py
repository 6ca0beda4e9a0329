"""Roles in a room: offered, taken, accepted, laid down; the brief for who takes over."""

from msgspec.structs import replace

from tocsin.core.incidents import incidents as rules
from tocsin.core.incidents import roles as role_rules
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.incidents import State, entry
from tocsin.core.incidents.roles import TITLES, Changed, Role
from tocsin.engine.incidents.scene import Outcome, Scene, refused


def offer(scene: Scene, role: Role, to: str) -> Outcome:
    """Ask somebody to take a role; who holds it holds it until they accept."""
    if scene.directory.person(to) is None:
        return refused(scene, f"{to} is nobody who can be asked.")
    if to == scene.by.person:
        return take(scene, role)
    changed = role_rules.offer(
        scene.holdings, role, to, by=scene.by.person, now=scene.now
    )
    return _outcome(scene, role, changed)


def accept(scene: Scene, role: Role) -> Outcome:
    """Take a role that one was asked to take."""
    changed = role_rules.accept(scene.holdings, role, by=scene.by.person, now=scene.now)
    return _begun(scene, role, _outcome(scene, role, changed))


def decline(scene: Scene, role: Role) -> Outcome:
    """Say no."""
    changed = role_rules.decline(
        scene.holdings, role, by=scene.by.person, now=scene.now
    )
    return _outcome(scene, role, changed)


def take(scene: Scene, role: Role, *, reason: str = "") -> Outcome:
    """Take an empty role, or one that is held with a reason."""
    changed = role_rules.take(
        scene.holdings, role, by=scene.by.person, now=scene.now, reason=reason
    )
    return _begun(scene, role, _outcome(scene, role, changed))


def release(scene: Scene, role: Role) -> Outcome:
    """Lay a role down."""
    changed = role_rules.release(
        scene.holdings, role, by=scene.by.person, now=scene.now
    )
    return _outcome(scene, role, changed)


def _outcome(scene: Scene, role: Role, changed: Changed) -> Outcome:
    if changed.refused:
        return refused(scene, changed.refused)
    data = {"role": role.value, "was": role_rules.holder(scene.holdings, role)}
    made = entry(EntryKind.ROLE, changed.text, scene.by, now=scene.now, data=data)
    return Outcome(scene.incident, (made,), changed.holdings)


def _begun(scene: Scene, role: Role, done: Outcome) -> Outcome:
    """With its first commander an incident is investigated (domain 5.1)."""
    is_first = role is Role.IC and scene.incident.state is State.DECLARED
    if done.refused or not is_first:
        return done
    ruling = rules.advanced(
        scene.incident, State.INVESTIGATING, scene.by, now=scene.now,
        reason=f"{scene.by.person} is {TITLES[role]}",
    )  # fmt: skip
    return replace(
        done, incident=ruling.incident, entries=(*done.entries, *ruling.entries)
    )
