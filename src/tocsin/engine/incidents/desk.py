"""The door to incidents: who may see and act, each act in one transaction and recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.incidents.incidents import By, Incident, State
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Intake
from tocsin.engine.audit import Auditor
from tocsin.engine.directories import Directories
from tocsin.engine.incidents import declaring
from tocsin.engine.incidents.declaring import Draft
from tocsin.engine.incidents.scene import Outcome, Scene, scene_of
from tocsin.engine.incidents.transaction import CHANGED_MEANWHILE, Follower, carry_out
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.machine import Clock
from tocsin.store import incidents as stored
from tocsin.store import roles as stored_roles
from tocsin.store import tasks as stored_tasks
from tocsin.store.database import Database, Tx

Act = Callable[[Scene], Outcome]
_TRIES = 3


class Done(Struct, frozen=True):
    """The incident afterwards and, when nothing was done, why."""

    incident: Incident | None
    refused: str = ""
    forbidden: bool = False
    conflict: bool = False
    made: int = 0

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return not self.refused


class _Refused(Exception):
    """Rolls the transaction of a refused act back."""

    def __init__(self, done: Done) -> None:
        self.done = done


_UNKNOWN = Done(None, "There is no incident with this number.")


@dataclass(frozen=True)
class IncidentDesk:
    """Made by app.py; `followers` write what goes out in the same transaction."""

    database: Database
    directories: Directories
    intake: Intake
    audit: Auditor
    clock: Clock
    wake: Callable[[], None]
    followers: Sequence[Follower] = field(default=())

    def declare(self, draft: Draft, viewer: Viewer) -> Done:
        """A new incident; its services are paged."""
        if not viewer.may_somewhere(RESPONDER):
            return Done(None, "Declaring needs the role responder.", forbidden=True)
        now = self.clock.now()

        def work(tx: Tx) -> Done:
            directory = self.directories.current(tx)
            hidden = directory.hidden_from(viewer.grant)
            seen = tuple(one for one in draft.services if one not in hidden)
            if seen != draft.services:
                return Done(None, "services: expected known ones")
            earlier = draft.recurrence_of
            if earlier and visible(tx, earlier, viewer, directory) is None:
                return Done(None, "recurrence_of: expected a known incident")
            made, why = declaring.declare(
                tx, draft, By(viewer.person, viewer.actor.via),
                directory=directory, intake=self.intake,
                followers=self.followers, now=now,
            )  # fmt: skip
            if made is None:
                raise _Refused(Done(None, why))
            self._record(tx, viewer, "declare", None, made, now)
            return Done(made)

        return self._written(work)

    def act(self, number: int, viewer: Viewer, action: str, act: Act) -> Done:
        """One act of somebody who is signed in, if they may."""
        done = _UNKNOWN
        for _ in range(_TRIES):
            done = self._written(lambda tx: self._act(tx, number, viewer, action, act))
            if not done.conflict:
                break
        return done

    def _act(self, tx: Tx, number: int, viewer: Viewer, action: str, act: Act) -> Done:
        now = self.clock.now()
        directory = self.directories.current(tx)
        incident = visible(tx, number, viewer, directory)
        if incident is None:
            return _UNKNOWN
        forbidden = refusal(viewer, incident)
        if forbidden:
            return Done(incident, forbidden, forbidden=True)
        scene = scene_of(
            tx, incident, directory=directory, intake=self.intake,
            by=By(viewer.person, viewer.actor.via), now=now,
        )  # fmt: skip
        decided = act(scene)
        if decided.refused:
            raise _Refused(Done(incident, decided.refused))
        after, why = carry_out(scene, decided, self.followers)
        if why:
            raise _Refused(Done(incident, why, conflict=why == CHANGED_MEANWHILE))
        self._record(tx, viewer, action, incident, after, now)
        return Done(after, made=decided.made)

    def seen(self, tx: Tx, number: int, viewer: Viewer) -> Incident | None:
        """An incident that the viewer may know of."""
        return visible(tx, number, viewer, self.directories.current(tx))

    def listing(
        self,
        tx: Tx,
        viewer: Viewer,
        *,
        states: Sequence[State] = (),
        severity: Severity | None = None,
        service: str = "",
        team: str = "",
        text: str = "",
        before: int | None = None,
        limit: int = 50,
    ) -> list[Incident]:
        """Incidents that the viewer may know of, the newest first."""
        found: list[Incident] = []
        while len(found) < limit:
            rows = stored.listing(
                tx, states=states, severity=severity, service=service, team=team,
                text=text, before=before, limit=limit,
            )  # fmt: skip
            found += [one for one in rows if may_see(tx, one, viewer)]
            if len(rows) < limit:
                break
            before = rows[-1].number
        return found[:limit]

    def _written(self, work: Callable[[Tx], Done]) -> Done:
        try:
            done = self.database.write(work)
        except _Refused as error:
            return error.done
        if done.done:
            self.wake()
        return done

    def _record(
        self,
        tx: Tx,
        viewer: Viewer,
        action: str,
        before: Incident | None,
        after: Incident,
        now: datetime,
    ) -> None:
        self.audit.write(
            tx, viewer.actor, action, "incident", str(after.number),
            before=_told(before) if before is not None else None,
            after=_told(after), team=after.team, now=now,
        )  # fmt: skip


def visible(
    tx: Tx, number: int, viewer: Viewer, directory: Directory
) -> Incident | None:
    """The incident, None also where the viewer may not know of it."""
    incident = stored.get(tx, number) if 0 < number < 2**62 else None
    if incident is None or not may_see(tx, incident, viewer):
        return None
    return incident


def may_see(tx: Tx, incident: Incident, viewer: Viewer) -> bool:
    """Of a private incident know its team, admins, and who is called into it."""
    if not incident.private or viewer.grant.sees_private_of(incident.team):
        return True
    if incident.declared_by == viewer.person and not viewer.grant.only_team:
        return True
    if viewer.grant.scopes is not None:
        return False
    holdings = stored_roles.of_incident(tx, incident.number)
    tasks = stored_tasks.of_incident(tx, incident.number)
    return any(one.person == viewer.person for one in holdings) or any(
        one.assignee == viewer.person for one in tasks
    )


def refusal(viewer: Viewer, incident: Incident) -> str:
    """Why the viewer may not act, "" when they may: whoever responds somewhere may help."""
    is_elsewhere = viewer.grant.only_team not in ("", incident.team)
    if viewer.may_somewhere(RESPONDER) and not is_elsewhere:
        return ""
    return "You may look, but not act; this needs the role responder."


def _told(incident: Incident) -> dict[str, str]:
    return {
        "title": incident.title,
        "state": incident.state.value,
        "severity": incident.severity.name,
    }
