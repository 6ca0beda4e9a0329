"""The door to reviews and actions: who may see and act, each act in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.incidents import incidents as incident_rules
from tocsin.core.incidents.incidents import By, Incident, State
from tocsin.core.reviews import reviews as rules
from tocsin.core.reviews.action_board import Action
from tocsin.core.reviews.reviews import Remark, Review, ReviewState
from tocsin.engine.incidents.desk import IncidentDesk, may_see, refusal, visible
from tocsin.engine.incidents.scene import outcome, scene_of
from tocsin.engine.incidents.transaction import CHANGED_MEANWHILE, carry_out
from tocsin.engine.reviews.acts import CHANGED, Act, Case
from tocsin.engine.reviews.drafting import Drafting
from tocsin.engine.reviews.items import document_date
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import action_items as stored_items
from tocsin.store import entries as stored_entries
from tocsin.store import incidents as stored_incidents
from tocsin.store import postmortems as stored
from tocsin.store.database import Tx

_TRIES = 3
_NOT_OVER = "It goes on; its review is drafted as it is resolved."


class Changed(Struct, frozen=True):
    """The review afterwards and, when nothing was done, why.

    `conflict`: the section is not what the caller saw; `review` is as it is now.
    """

    review: Review | None
    incident: Incident | None = None
    refused: str = ""
    forbidden: bool = False
    conflict: bool = False

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return not self.refused


class _Refused(Exception):
    """Rolls the transaction of a refused act back."""

    def __init__(self, changed: Changed) -> None:
        self.changed = changed


_UNKNOWN = Changed(None, refused="There is no review of an incident with this number.")


class Seen(Struct, frozen=True):
    """A review with its incident, its actions and the advice on its words."""

    review: Review
    incident: Incident
    actions: Sequence[Action]
    remarks: Sequence[Remark]
    due_on: date | None
    may_act: bool


class Promise(Struct, frozen=True):
    """An action of the board with the incident that taught it."""

    action: Action
    incident: Incident


@dataclass(frozen=True)
class ReviewDesk:
    """Made by app.py; a review belongs to its incident and is seen by who sees that."""

    incidents: IncidentDesk
    drafting: Drafting

    def request(self, number: int, viewer: Viewer) -> Changed:
        """A draft for an incident that has none: less severe ones, false alarms."""
        now = self.incidents.clock.now()

        def work(tx: Tx) -> Changed:
            directory = self.incidents.directories.current(tx)
            incident = visible(tx, number, viewer, directory)
            if incident is None:
                return _UNKNOWN
            held = stored.get(tx, number)
            forbidden = refusal(viewer, incident)
            if forbidden:
                return Changed(held, incident, forbidden, forbidden=True)
            if held is not None:
                return Changed(held, incident)
            if incident.is_open:
                return Changed(None, incident, _NOT_OVER)
            review = self.drafting.draft(tx, incident, directory, now=now)
            self._record(tx, viewer, "draft", None, review, incident)
            return Changed(review, incident)

        return self._written(work)

    def act(self, number: int, viewer: Viewer, action: str, act: Act) -> Changed:
        """One act of somebody who is signed in, if they may."""
        changed = _UNKNOWN
        for _ in range(_TRIES):
            changed = self._written(
                lambda tx: self._act(tx, number, viewer, action, act)
            )
            if changed.refused != CHANGED_MEANWHILE:
                break
        return changed

    def _act(
        self, tx: Tx, number: int, viewer: Viewer, action: str, act: Act
    ) -> Changed:
        now = self.incidents.clock.now()
        directory = self.incidents.directories.current(tx)
        incident = visible(tx, number, viewer, directory)
        held = stored.get(tx, number) if incident is not None else None
        if incident is None or held is None:
            return _UNKNOWN
        forbidden = refusal(viewer, incident)
        if forbidden:
            return Changed(held, incident, forbidden, forbidden=True)
        decided = act(Case(tx, incident, held, directory, viewer, now))
        if isinstance(decided, str):
            said = Changed(held, incident, decided, conflict=decided == CHANGED)
            raise _Refused(said)
        if not stored.save(tx, decided):
            raise _Refused(Changed(held, incident, CHANGED_MEANWHILE))
        if decided.state is ReviewState.CLOSED and held.state is not decided.state:
            self._publish(tx, incident, directory, viewer)
        stored_entries.mark(tx, number, now=now)
        after = replace(decided, version=decided.version + 1)
        self._record(tx, viewer, action, held, after, incident)
        return Changed(after, incident)

    def _publish(
        self, tx: Tx, incident: Incident, directory: Directory, viewer: Viewer
    ) -> None:
        """The incident is reviewed, with its review; what follows it is told."""
        if incident.state is not State.CLOSED:
            return
        desk, now = self.incidents, self.incidents.clock.now()
        by = By(viewer.person, viewer.actor.via)
        scene = scene_of(
            tx, incident, directory=directory, intake=desk.intake, by=by, now=now
        )
        ruling = incident_rules.advanced(incident, State.REVIEWED, by, now=now)
        _, why = carry_out(scene, outcome(ruling), desk.followers)
        if why:
            raise _Refused(Changed(None, incident, why))

    def seen(self, tx: Tx, number: int, viewer: Viewer) -> Seen | None:
        """A review that the viewer may know of."""
        directory = self.incidents.directories.current(tx)
        incident = visible(tx, number, viewer, directory)
        review = stored.get(tx, number) if incident is not None else None
        if incident is None or review is None:
            return None
        day = document_date(review, incident)
        ended = incident.times.get(State.RESOLVED, incident.made_at)
        return Seen(
            review=review,
            incident=incident,
            actions=stored_items.of_incident(tx, number),
            remarks=rules.remarks(review, people=names_of(directory), day=day),
            due_on=rules.due_on(incident.severity, ended.date()),
            may_act=not refusal(viewer, incident),
        )

    def listing(
        self,
        tx: Tx,
        viewer: Viewer,
        *,
        states: Sequence[ReviewState] = (),
        person: str = "",
        before: int | None = None,
        limit: int = 50,
    ) -> list[tuple[Review, Incident]]:
        """Reviews that the viewer may know of, of the newest incident first."""
        found: list[tuple[Review, Incident]] = []
        while len(found) < limit:
            rows = stored.listing(
                tx, states=states, person=person, before=before, limit=limit
            )
            for review in rows:
                incident = stored_incidents.get(tx, review.incident)
                if incident is not None and may_see(tx, incident, viewer):
                    found.append((review, incident))
            if len(rows) < limit:
                break
            before = rows[-1].incident
        return found[:limit]

    def promises(
        self,
        tx: Tx,
        viewer: Viewer,
        *,
        state: str = "",
        owner: str = "",
        due_before: date | None = None,
        after: tuple[int, str] | None = None,
        limit: int = 50,
    ) -> list[Promise]:
        """Actions that the viewer may know of, the next day first."""
        found: list[Promise] = []
        known: dict[int, Incident | None] = {}
        while len(found) < limit:
            rows = stored_items.listing(
                tx, state=state, owner=owner, due_before=due_before,
                after=after, limit=limit,
            )  # fmt: skip
            for action in rows:
                if action.incident not in known:
                    incident = stored_incidents.get(tx, action.incident)
                    is_seen = incident is not None and may_see(tx, incident, viewer)
                    known[action.incident] = incident if is_seen else None
                seen = known[action.incident]
                if seen is not None:
                    found.append(Promise(action, seen))
            if len(rows) < limit:
                break
            after = stored_items.cursor_of(rows[-1])
        return found[:limit]

    def promise(self, tx: Tx, action_id: str, viewer: Viewer) -> Promise | None:
        """One action that the viewer may know of."""
        action = stored_items.get(tx, action_id)
        if action is None:
            return None
        incident = self.incidents.seen(tx, action.incident, viewer)
        return Promise(action, incident) if incident is not None else None

    def _written(self, work: object) -> Changed:
        try:
            changed: Changed = self.incidents.database.write(work)  # type: ignore[arg-type]
        except _Refused as error:
            return error.changed
        if changed.done:
            self.incidents.wake()
        return changed

    def _record(
        self,
        tx: Tx,
        viewer: Viewer,
        action: str,
        before: Review | None,
        after: Review,
        incident: Incident,
    ) -> None:
        self.incidents.audit.write(
            tx, viewer.actor, action, "review", str(after.incident),
            before=_told(before) if before is not None else None,
            after=_told(after), team=incident.team, now=self.incidents.clock.now(),
        )  # fmt: skip


def names_of(directory: Directory) -> tuple[str, ...]:
    """The names by which a text may mean somebody."""
    return tuple(
        name
        for one in directory.people.values()
        for name in (one.name, one.full_name)
        if name
    )


def _told(review: Review) -> dict[str, str]:
    """What the audit log keeps: whose it is and where it stands, not its words."""
    return {
        "state": review.state.value,
        "owner": review.owner,
        "reviewer": review.reviewer,
        "version": str(review.version),
        **({"waived": review.waived} if review.waived else {}),
    }
