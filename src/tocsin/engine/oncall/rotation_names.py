"""A rotation under another name, or gone: all that names it goes along, or nothing does.

What has been stays under its old name (core/rotas/retirement.py).
"""

from datetime import datetime

from tocsin.core.forms import Plain, Problem
from tocsin.core.people.permissions import LEAD
from tocsin.core.rotas import cover_requests as requests
from tocsin.core.rotas import rotation_names as rules
from tocsin.core.rotas.cover_requests import CoverRequest
from tocsin.engine.editing import Change, Edited, edit_all
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import calendar_imports, cover_requests, handoffs, on_call
from tocsin.store import directory as stored
from tocsin.store.database import Tx


class RotationNames:
    """For pages and the API."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def rename(self, schedule: str, old: str, new: str, viewer: Viewer) -> Edited:
        """Call it `new` in its schedule and wherever it is paged."""

        def work(tx: Tx) -> Edited:
            documents = stored.documents(tx)
            held = documents["schedules"].get(schedule)
            wrong = _not_theirs(held, old, viewer) or _taken(held, new)
            if wrong is not None:
                return wrong
            changes = [
                Change(noun, name, document)
                for noun, name, document in rules.renamed(
                    documents, schedule, old, new, now=self._desk.clock.now()
                )
            ]
            done = self._all(tx, changes, viewer)
            if done.done:
                cover_requests.rename(tx, schedule, old, new)
                handoffs.rename(tx, schedule, old, new)
                before, after = f"{schedule}/{old}", f"{schedule}/{new}"
                calendar_imports.rename(tx, before, after)
                on_call.rename(tx, before, after)
            return done

        return self._done(self._desk.database.write(work))

    def remove(self, schedule: str, rotation: str, viewer: Viewer) -> Edited:
        """Nobody takes turns in it from now on; refused while something pages it."""

        def work(tx: Tx) -> Edited:
            held = stored.documents(tx)["schedules"].get(schedule)
            wrong = _not_theirs(held, rotation, viewer)
            if wrong is not None or held is None:
                return wrong or Edited()
            change = Change("schedules", schedule, rules.removed(held, rotation))
            done = self._all(tx, [change], viewer)
            if done.done:
                _withdraw(tx, schedule, rotation, now=self._desk.clock.now())
                calendar_imports.drop(tx, f"{schedule}/{rotation}")
            return done

        return self._done(self._desk.database.write(work))

    def _all(self, tx: Tx, changes: list[Change], viewer: Viewer) -> Edited:
        desk = self._desk
        return edit_all(
            tx, changes, viewer=viewer, actor=viewer.actor, auditor=desk.audit,
            new_key=desk.new_key, now=desk.clock.now(),
        )  # fmt: skip

    def _done(self, edited: Edited) -> Edited:
        if edited.done:
            self._desk.directory()
            self._desk.wake()
        return edited


def _names(held: Plain | None) -> list[str]:
    return [str(one.get("name")) for one in (held or {}).get("rotations", [])]


def _not_theirs(held: Plain | None, rotation: str, viewer: Viewer) -> Edited | None:
    team = str((held or {}).get("team", ""))
    if not viewer.may(LEAD, team):
        return Edited(refused="This needs the role lead for the schedule's team.")
    if rotation not in _names(held):
        return Edited(missing=f"There is no rotation {rotation!r}.")
    return None


def _taken(held: Plain | None, new: str) -> Edited | None:
    if new not in _names(held):
        return None
    expected = "a name that no rotation of this schedule has"
    return Edited(problems=(Problem("name", new, expected),))


def _withdraw(tx: Tx, schedule: str, rotation: str, *, now: datetime) -> None:
    """Nobody can take what nobody has."""
    for one in cover_requests.open_ones(tx, schedule):
        made = requests.withdrawn(one, now=now) if one.rotation == rotation else None
        if isinstance(made, CoverRequest):
            cover_requests.put(tx, made)
