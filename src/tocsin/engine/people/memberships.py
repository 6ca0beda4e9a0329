"""Who belongs to a team and as what: one act, though two documents say it.

A person's document names their teams; a team's document may name its leads. A member
of a team is changed in both, or in neither.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from tocsin.core.forms import Problem
from tocsin.core.people.memberships import GIVEN, with_role, without_team
from tocsin.core.people.permissions import LEAD
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store.database import Database, Tx


class _NotDone(Exception):
    """Half of it could not be done, so none of it is."""

    def __init__(self, edited: Edited) -> None:
        super().__init__(str(edited))
        self.edited = edited


def change(
    database: Database,
    team: str,
    person: str,
    role: str | None,
    *,
    viewer: Viewer,
    actor: Actor,
    auditor: Auditor,
    new_key: Callable[[], str],
    now: datetime,
) -> Edited:
    """Make `person` a member of `team` with `role`; None takes them out of it."""

    def work(tx: Tx) -> Edited:
        def one(asked: Change) -> Edited:
            done = edit(
                tx, asked, viewer=viewer, actor=actor, auditor=auditor,
                new_key=new_key, now=now,
            )  # fmt: skip
            if not done.done:
                raise _NotDone(done)
            return done

        return _both(tx, team, person, role, viewer, one)

    try:
        return database.write(work)
    except _NotDone as error:
        return error.edited


def _both(
    tx: Tx,
    team: str,
    person: str,
    role: str | None,
    viewer: Viewer,
    one: Callable[[Change], Edited],
) -> Edited:
    documents = stored.documents(tx)
    held = documents["people"].get(person)
    owner = documents["teams"].get(team)
    if owner is None:
        raise _NotDone(Edited(missing=f"There is no team {team!r}."))
    if not viewer.may(LEAD, team):
        raise _NotDone(Edited(refused=f"This needs the role lead for the team {team}."))
    if held is None:
        raise _NotDone(Edited(missing=f"There is nobody with the handle {person!r}."))
    if role is not None and role not in GIVEN:
        problem = Problem("role", role, "one of " + ", ".join(GIVEN))
        raise _NotDone(Edited(problems=(problem,)))
    wanted = without_team(held, team) if role is None else with_role(held, team, role)
    done = Edited(held)
    if wanted != held:
        done = one(Change("people", person, wanted, team=team))
    leads = owner.get("leads", [])
    if person in leads and role != LEAD:
        others = [name for name in leads if name != person]
        rest = {k: v for k, v in owner.items() if k != "leads"}
        one(Change("teams", team, {**rest, "leads": others} if others else rest))
    return replace(done, document=wanted)
