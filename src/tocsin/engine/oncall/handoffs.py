"""Hand-over notes for people: what is open, words to add, accepting."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.incidents.incidents import OPEN
from tocsin.core.oncall import handoff_facts
from tocsin.core.oncall import handoffs as rules
from tocsin.core.oncall.crews import next_turnover
from tocsin.core.oncall.handoff_facts import Facts, Item
from tocsin.core.oncall.handoffs import Handoff, Refused, State
from tocsin.core.oncall.oncall_load import interruptions
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.wallclock import zone_named
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import action_items, alert_lists, inbound, silences
from tocsin.store import handoffs as stored
from tocsin.store import incidents as stored_incidents
from tocsin.store import on_call as seen
from tocsin.store import oncall_load as stored_load
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros

_DAY = timedelta(days=1)
_MOST = 50
_MOST_WAITING = 1000


class Shown(Struct, frozen=True):
    """A note with what is or was open, for one viewer."""

    handoff: Handoff
    facts: Facts
    may_note: bool
    may_accept: bool


class Answered(Struct, frozen=True):
    """The note afterwards; or why nothing was done."""

    handoff: Handoff | None = None
    refused: str = ""
    forbidden: bool = False
    missing: bool = False


class Handoffs:
    """For pages, the API and the watch."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def coming(self, viewer: Viewer, schedule: str, rotation: str) -> Shown | None:
        """The next hand-over of a rotation; None where none is in sight."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> Shown | None:
            directory = self._desk.directories.current(tx)
            found = _next(tx, directory, schedule, rotation, now=now)
            return self._shown(tx, directory, found, viewer, now) if found else None

        return self._desk.database.read(work)

    def show(self, viewer: Viewer, handoff: str) -> Shown | None:
        """One that happened."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> Shown | None:
            directory = self._desk.directories.current(tx)
            found = stored.get(tx, handoff)
            if found is None or found.schedule not in directory.schedules:
                return None
            return self._shown(tx, directory, found, viewer, now)

        return self._desk.database.read(work)

    def newest(self, schedule: str, *, limit: int = 5) -> list[Handoff]:
        """Those of a schedule that happened, newest first."""
        return self._desk.database.read(
            lambda tx: stored.of_schedule(tx, schedule, limit=limit)
        )

    def for_person(self, person: str) -> list[Handoff]:
        """What somebody has still to accept."""
        now = self._desk.clock.now()
        found = self._desk.database.read(
            lambda tx: stored.waiting(tx, before=now, limit=_MOST_WAITING)
        )
        return [one for one in found if person in one.incoming]

    def note(
        self, viewer: Viewer, schedule: str, rotation: str, text: str, *, of: str = ""
    ) -> Answered:
        """Words for the next hand-over of a rotation, or for one that happened."""
        desk, now, new_id = self._desk, self._desk.clock.now(), self._desk.new_id()

        def work(tx: Tx) -> Answered:
            directory = desk.directories.current(tx)
            known = directory.schedules.get(schedule)
            if known is None:
                return Answered(missing=True)
            if not viewer.may(RESPONDER, known.team):
                return Answered(forbidden=True, refused="It needs the role responder.")
            held = stored.get(tx, of, lock=True) if of else None
            if of and (held is None or held.schedule != schedule):
                return Answered(missing=True)
            found = held or _next(
                tx, directory, schedule, rotation, now=now, new_id=new_id
            )
            if found is None:
                return Answered(refused="No hand-over of it is in sight.")
            made = rules.noted(found, text, viewer.person, now=now)
            if isinstance(made, Refused):
                return Answered(found, made.said)
            stored.put(tx, made)
            return Answered(made)

        return desk.database.write(work)

    def accept(self, viewer: Viewer, handoff: str) -> Answered:
        """Whoever came on call has read it; what was open is frozen."""
        desk, now = self._desk, self._desk.clock.now()

        def work(tx: Tx) -> Answered:
            directory = desk.directories.current(tx)
            held = stored.get(tx, handoff, lock=True)
            if held is None or held.schedule not in directory.schedules:
                return Answered(missing=True)
            facts = handoff_facts.frozen(facts_of(tx, directory, held, now=now))
            made = rules.accepted(held, viewer.person, facts, now=now)
            if isinstance(made, Refused):
                forbidden = held.state is State.MADE
                return Answered(held, made.said, forbidden=forbidden)
            stored.put(tx, made)
            return Answered(made)

        return desk.database.write(work)

    def _shown(
        self,
        tx: Tx,
        directory: Directory,
        found: Handoff,
        viewer: Viewer,
        now: datetime,
    ) -> Shown:
        facts = (
            handoff_facts.thawed(found.facts)
            if found.facts
            else facts_of(tx, directory, found, now=now)
        )
        team = directory.schedules[found.schedule].team
        is_open = found.state in (State.DRAFT, State.MADE)
        return Shown(
            found,
            facts.seen_by(directory.hidden_from(viewer.grant)),
            may_note=is_open and viewer.may(RESPONDER, team),
            may_accept=found.state in (State.MADE, State.LAPSED)
            and viewer.person in found.incoming,
        )


def _next(
    tx: Tx,
    directory: Directory,
    schedule: str,
    rotation: str,
    *,
    now: datetime,
    new_id: str = "",
) -> Handoff | None:
    """The draft of the next hand-over, as it would be now."""
    known = seen.seen(tx).get(f"{schedule}/{rotation}")
    last, since = known.last if known is not None else ((), now)
    found = next_turnover(directory, schedule, rotation, last=last, now=now)
    if found is None:
        return None
    new = Handoff(
        new_id, schedule, rotation, found.at, State.DRAFT,
        outgoing=found.outgoing, incoming=found.incoming, since=since,
    )  # fmt: skip
    held = stored.coming(tx, schedule, rotation, lock=bool(new_id))
    if held is None:
        return new
    return rules.drafted(held, new)


def facts_of(tx: Tx, directory: Directory, handoff: Handoff, *, now: datetime) -> Facts:
    """What is open now where the schedule is paged, and how the shift was."""
    schedule = directory.schedules[handoff.schedule]
    services = sorted(
        name
        for name in directory.services
        if schedule.name in directory.schedules_of(name)
    )
    until = min(now, handoff.at)
    paged = stored_load.paged_since(tx, list(handoff.outgoing), since=handoff.since)
    broken = 0
    for name, pages in paged.items():
        here = [one for one in pages if one.at < until]
        person = directory.people.get(name)
        zone = zone_named(person.zone if person is not None else schedule.zone)
        broken += len(interruptions(here, zone))
    items = [
        *_alerts(tx, services),
        *_incidents(tx, directory, schedule, services),
        *_silences(tx, services, now),
        *_changes(tx, services, now),
        *_actions(tx, directory, schedule, services),
    ]
    count = sum(one.at < until for pages in paged.values() for one in pages)
    return Facts(tuple(items), count, broken)


def _alerts(tx: Tx, services: list[str]) -> list[Item]:
    return [
        handoff_facts.of_alert(
            one,
            zone_words=f"{one.snoozed_until:%a %-d %b, %H:%M} UTC"
            if one.snoozed_until
            else "",
        )
        for one in alert_lists.open_of(tx, services, limit=_MOST)
    ]


def _kept_from(directory: Directory, services: Sequence[str]) -> str:
    """The service that a line is seen with: one that is private, where there is one."""
    known = (directory.services.get(name) for name in services)
    private = next((one.name for one in known if one is not None and one.private), "")
    return private or next(iter(services), "")


def _incidents(
    tx: Tx, directory: Directory, schedule: NamedSchedule, services: list[str]
) -> list[Item]:
    found = stored_incidents.listing(tx, states=OPEN, limit=4 * _MOST)
    return [
        Item(
            "incident", f"{one.name}: {one.title}", one.state.value,
            f"/incidents/{one.number}", _kept_from(directory, one.services),
            one.severity.name,
        )
        for one in found
        if not one.private
        and (one.team == schedule.team or set(one.services) & set(services))
    ][:_MOST]  # fmt: skip


def _silences(tx: Tx, services: list[str], now: datetime) -> list[Item]:
    return [
        Item(
            "silence", f"{one.service or 'Every service'}, by {one.author}",
            handoff_facts.ends(one.ends_at, one.comment),
            f"/quiet/silences/{one.id}", one.service,
        )
        for one in silences.in_force(tx, now=now)
        if one.service in ("", *services)
    ][:_MOST]  # fmt: skip


def _changes(tx: Tx, services: list[str], now: datetime) -> list[Item]:
    rows = inbound.latest_changes(tx, since=now - _DAY, limit=4 * _MOST)
    return [
        Item(
            "change", row[1], f"{row[3]}, {from_micros(row[0]):%a %H:%M} UTC",
            service=row[3],
        )
        for row in rows
        if row[3] in services
    ][:10]  # fmt: skip


def _actions(
    tx: Tx, directory: Directory, schedule: NamedSchedule, services: list[str]
) -> list[Item]:
    found: list[Item] = []
    known: dict[int, Any] = {}
    for one in action_items.listing(tx, state="open", limit=4 * _MOST):
        if one.incident not in known:
            known[one.incident] = stored_incidents.get(tx, one.incident)
        incident = known[one.incident]
        if incident is None or incident.private:
            continue
        if incident.team != schedule.team and not set(incident.services) & set(
            services
        ):
            continue
        due = f", due {one.due}" if one.due else ""
        service = _kept_from(directory, incident.services)
        said = f"{one.owner or 'nobody'}{due}"
        found.append(Item("action", one.text, said, f"/actions/{one.id}", service))
    return found[:_MOST]
