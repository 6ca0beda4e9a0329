"""Making and changing rotas: what it would change, and saving it.

The schedule's document is changed as by any other edit, checked and audited; whoever's
hours change is told by a message that is written with it.
"""

from datetime import datetime

from msgspec import Struct

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall.rota_effect import RotaEffect, effect_among
from tocsin.core.rotas import rota_patterns as patterns
from tocsin.core.rotas import rota_reading
from tocsin.core.rotas.layers import Unit
from tocsin.core.rotas.rota_patterns import MOST_PEOPLE, Pattern
from tocsin.core.rotas.rota_reading import Shown
from tocsin.core.wallclock import this_minute, zone_named
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store.database import Tx


class RotaWish(Struct, frozen=True):
    """A rotation of `schedule` that follows `pattern` from `begins` on.

    `team` is for a schedule that is not there yet.
    """

    schedule: str
    rotation: str
    pattern: Pattern
    begins: datetime
    team: str = ""


class RotaPlan(Struct, frozen=True):
    """What a wish would write and change, or what is wrong with it."""

    document: Plain | None = None
    effect: RotaEffect | None = None
    problems: tuple[Problem, ...] = ()


class Rostered(Struct, frozen=True):
    """What became of a wish."""

    plan: RotaPlan
    edited: Edited = Edited()

    @property
    def done(self) -> bool:
        """Whether it was written."""
        return not self.plan.problems and self.edited.done


class Rotas:
    """For pages and the API."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def shown(self, schedule: str, rotation: str) -> Shown | None:
        """The rotation as the form shows it; None where there is no such rotation."""
        held = self._desk.database.read(stored.documents)["schedules"].get(schedule)
        now, directory = self._desk.clock.now(), self._desk.directory()
        return _shown(held, schedule, rotation, directory, now)

    def plan(self, wish: RotaWish) -> RotaPlan:
        """The effect of a wish, by the functions that page. Nothing is written."""
        now, tag = self._desk.clock.now(), self._desk.new_id()[:8]
        return self._desk.database.read(lambda tx: self._plan(tx, wish, tag, now))

    def save(self, wish: RotaWish, viewer: Viewer) -> Rostered:
        """Write it, and tell whoever's hours change."""
        now, tag = self._desk.clock.now(), self._desk.new_id()[:8]

        def work(tx: Tx) -> Rostered:
            plan = self._plan(tx, wish, tag, now)
            if plan.document is None:
                return Rostered(plan)
            edited = edit(
                tx,
                Change("schedules", wish.schedule, plan.document),
                viewer=viewer,
                actor=viewer.actor,
                auditor=self._desk.audit,
                new_key=self._desk.new_key,
                now=now,
            )
            return Rostered(plan, edited)

        done = self._desk.database.write(work)
        if done.done:
            self._desk.directory()
            self._desk.wake()
        return done

    def _plan(self, tx: Tx, wish: RotaWish, tag: str, now: datetime) -> RotaPlan:
        directory = self._desk.directories.current(tx)
        problems = _problems(wish, directory, now)
        if problems:
            return RotaPlan(problems=tuple(problems))
        documents = stored.documents(tx)
        held = documents.get("schedules", {}).get(wish.schedule)
        more = _held_back(held, wish, directory, now)
        if more:
            expected = f"a rotation that the form shows whole; this one has {more}"
            return RotaPlan(problems=(Problem("rotation", wish.rotation, expected),))
        document = _changed(held, wish, directory, tag)
        after = {
            **documents,
            "schedules": {**documents.get("schedules", {}), wish.schedule: document},
        }
        built, found = build(after, version=0, ids={})
        if found:
            return RotaPlan(problems=tuple(found))
        address = f"{wish.schedule}/{wish.rotation}"
        new = built.rotation(address)
        assert new is not None
        before = directory.rotation(address)
        shown = effect_among(built, wish.schedule, before, new, now=now)
        return RotaPlan(document, shown)


def zone_of(schedule: str, team_name: str, directory: Directory) -> str:
    """The zone that a rota's times are in: the schedule's, or of a new one the team's."""
    known = directory.schedules.get(schedule)
    if known is not None:
        return known.zone
    team = directory.teams.get(team_name)
    return team.zone if team is not None else directory.zone


def _problems(wish: RotaWish, directory: Directory, now: datetime) -> list[Problem]:
    found = []
    pattern = wish.pattern
    if not wish.schedule.strip():
        found.append(
            Problem("name", wish.schedule, "the rota's name, such as payments")
        )
    if not wish.rotation.strip():
        found.append(Problem("rotation", wish.rotation, "a name, such as Primary"))
    unknown = [one for one in pattern.people if directory.person(one) is None]
    if not pattern.people or len(pattern.people) > MOST_PEOPLE:
        expected = f"one person at least, {MOST_PEOPLE} at most"
        found.append(Problem("people", len(pattern.people), expected))
    elif unknown or len(set(pattern.people)) != len(pattern.people):
        expected = "people who are known and active, each once"
        found.append(Problem("people", ", ".join(unknown), expected))
    if pattern.weekend and (pattern.unit, pattern.count) != (Unit.WEEK, 1):
        expected = "turns of one week, which is what a weekend is split from"
        found.append(Problem("weekend", "split", expected))
    elif pattern.weekend and len(pattern.people) < 2:
        found.append(Problem("weekend", "split", "two people at least"))
    elif pattern.weekend and pattern.hours is not None:
        expected = "a rota around the clock, which is what a weekend is split from"
        found.append(Problem("weekend", "split", expected))
    if wish.begins < this_minute(now):
        found.append(
            Problem("begins", wish.begins, "now or later; what has been stays")
        )
    if wish.begins != this_minute(wish.begins):
        found.append(Problem("begins", wish.begins, "whole minutes"))
    return found


def _shown(
    held: Plain | None,
    schedule: str,
    rotation: str,
    directory: Directory,
    now: datetime,
) -> Shown | None:
    for one in (held or {}).get("rotations", []):
        if one.get("name") == rotation:
            zone = zone_named(zone_of(schedule, "", directory))
            return rota_reading.shown(one, now=now, zone=zone)
    return None


def _held_back(
    held: Plain | None, wish: RotaWish, directory: Directory, now: datetime
) -> str:
    """What the rotation has that the form would lose; "" where there is nothing."""
    found = _shown(held, wish.schedule, wish.rotation, directory, now)
    return "; ".join(found.beyond) if found is not None else ""


def _changed(
    held: Plain | None, wish: RotaWish, directory: Directory, tag: str
) -> Plain:
    zone = zone_named(zone_of(wish.schedule, wish.team, directory))
    new = patterns.layers(wish.pattern, begins=wish.begins, zone=zone, tag=tag)
    if held is None:
        rotation = {"name": wish.rotation, "layers": new}
        team = {"team": wish.team} if wish.team else {}
        return {"name": wish.schedule, **team, "rotations": [rotation]}
    rotations = [
        patterns.revised(one, new, begins=wish.begins, zone=zone)
        if one.get("name") == wish.rotation
        else one
        for one in held.get("rotations", [])
    ]
    if all(one.get("name") != wish.rotation for one in rotations):
        rotations.append({"name": wish.rotation, "layers": new})
    return {**held, "rotations": rotations}
