"""Asking for cover, taking it, withdrawing it; and reminding while nobody has.

Taking it writes the override, the request and the messages in one transaction.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from urllib.parse import quote

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.override_effect import Candidate, Effect, candidates
from tocsin.core.people.permissions import LEAD, RESPONDER
from tocsin.core.rotas import cover_requests as rules
from tocsin.core.rotas.cover_requests import CoverRequest, Refused
from tocsin.core.wallclock import Window, local_words
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.nudging import nudge
from tocsin.engine.oncall.overrides import Overrides, Wish
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import cover_requests as stored
from tocsin.store import outbox
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

_UNKNOWN = "There is no such request."
_MOST_ASKED = 20


class Answered(Struct, frozen=True):
    """The request afterwards; or why nothing was done, and at which field."""

    request: CoverRequest | None = None
    refused: str = ""
    field: str = ""
    forbidden: bool = False
    missing: bool = False

    @property
    def done(self) -> bool:
        """Whether it was written."""
        return not self.refused


class _NotPlaced(Exception):
    """Rolls back what was written of a swap."""

    def __init__(self, answered: Answered) -> None:
        super().__init__(answered.refused)
        self.answered = answered


class CoverRequests:
    """For pages and the API."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk
        self._overrides = Overrides(desk)

    def open_ones(self, schedule: str) -> list[CoverRequest]:
        """What is open, soonest first."""
        now = self._desk.clock.now()
        found = self._desk.database.read(lambda tx: stored.open_ones(tx, schedule))
        return [one for one in found if one.begins > now]

    def offered_to(
        self, viewer: Viewer, schedule: str = ""
    ) -> list[tuple[CoverRequest, Candidate]]:
        """What the viewer could take, in one schedule or all, and how they stand then."""
        desk, now = self._desk, self._desk.clock.now()
        directory = desk.directory()
        wanted = desk.database.read(lambda tx: stored.open_ones(tx, schedule))
        found = []
        for one in wanted:
            known = directory.schedules.get(one.schedule)
            rotation = directory.rotation(f"{one.schedule}/{one.rotation}")
            theirs = one.person == viewer.person or one.of not in ("", viewer.person)
            if known is None or rotation is None or theirs or one.begins <= now:
                continue
            hours, channels = Window(one.start, one.end), desk.contacts.channels()
            others = candidates(directory, known, rotation, hours, channels)
            me = next((who for who in others if who.person == viewer.person), None)
            if me is not None and viewer.may(RESPONDER, known.team):
                found.append((one, me))
        return found

    def ask(
        self,
        viewer: Viewer,
        schedule: str,
        rotation: str,
        start: datetime,
        end: datetime,
        why: str,
        *,
        of: str = "",
        back: tuple[datetime, datetime] | None = None,
    ) -> Answered:
        """Ask who could take hours of the viewer's own; they are told.

        A swap asks `of` alone, for whose hours `back` the viewer's are given.
        """
        desk, now = self._desk, self._desk.clock.now()
        wanted = CoverRequest(
            desk.new_id(), schedule, rotation, viewer.person, start, end, now, why,
            of=of, back=back,
        )  # fmt: skip

        def work(tx: Tx) -> Answered:
            directory = desk.directories.current(tx)
            found = directory.rotation(f"{schedule}/{rotation}")
            if found is None:
                return Answered(refused="There is no such rotation.", field="rotation")
            made = rules.asked(wanted, found, now=now)
            if isinstance(made, Refused):
                return Answered(refused=made.said, field=made.field)
            stored.put(tx, made)
            channels = desk.contacts.channels()
            asked = asking(made, directory, channels, desk.public_url, "")
            outbox.put(tx, asked, now=now)
            return Answered(made)

        return self._written(desk.database.write(work))

    def take(self, viewer: Viewer, request: str) -> Answered:
        """The viewer has the hours from now on."""
        desk, now, new_id = self._desk, self._desk.clock.now(), self._desk.new_id()

        def work(tx: Tx) -> Answered:
            held = stored.get(tx, request)
            directory = desk.directories.current(tx)
            known = directory.schedules.get(held.schedule) if held else None
            if held is None or known is None:
                return Answered(refused=_UNKNOWN, missing=True)
            if not viewer.may(RESPONDER, known.team):
                return Answered(
                    held, "Taking hours needs the role responder.", forbidden=True
                )
            made = rules.taken(held, viewer.person, new_id, now=now)
            if isinstance(made, Refused):
                return Answered(held, made.said)
            wrong = self._place(tx, made, viewer, directory, now)
            if wrong:
                # Of a swap both parts are written, or neither.
                raise _NotPlaced(Answered(held, wrong))
            stored.put(tx, made)
            return Answered(made)

        try:
            return self._written(desk.database.write(work))
        except _NotPlaced as refused:
            desk.directories.forget()
            return refused.answered

    def _place(
        self,
        tx: Tx,
        made: CoverRequest,
        taker: Viewer,
        directory: Directory,
        now: datetime,
    ) -> str:
        """The override, of a swap both; why it cannot be, "" when it is."""
        parts = [(taker, made.start, made.end, made.person, made.override)]
        if made.back is not None:
            # Asking for it was the requester's consent to their part.
            asker = Viewer(
                made.person,
                directory.grant(made.person),
                via=f"swap with {taker.person}",
            )
            parts.append((asker, *made.back, taker.person, f"{made.override}-back"))
        for viewer, start, end, leaving, new_id in parts:
            wish = Wish(
                made.schedule, made.rotation, start, end, person=viewer.person,
                leaving=leaving,
            )  # fmt: skip
            placed = self._overrides.place_in(tx, wish, viewer, new_id=new_id, now=now)
            if not placed.done:
                problems = (*placed.plan.problems, *placed.edited.problems)
                said = placed.plan.missing or placed.edited.refused
                return said or "; ".join(map(str, problems))
            if not _gives_up(placed.plan.effect, leaving, end - start):
                return f"{leaving} has not got these hours any more; nothing changed."
        return ""

    def withdraw(self, viewer: Viewer, request: str) -> Answered:
        """Nobody is asked any more; the requester's, or a lead's."""
        desk, now = self._desk, self._desk.clock.now()

        def work(tx: Tx) -> Answered:
            held = stored.get(tx, request)
            if held is None:
                return Answered(refused=_UNKNOWN, missing=True)
            known = desk.directories.current(tx).schedules.get(held.schedule)
            leads = viewer.may(LEAD, known.team if known else "")
            if viewer.person != held.person and not leads:
                return Answered(held, "It is somebody else's.", forbidden=True)
            made = rules.withdrawn(held, now=now)
            if isinstance(made, Refused):
                return Answered(held, made.said)
            stored.put(tx, made)
            return Answered(made)

        return self._written(desk.database.write(work))

    def _written(self, answered: Answered) -> Answered:
        if answered.done:
            self._desk.directory()
            self._desk.wake()
        return answered


def _gives_up(effect: Effect | None, person: str, length: timedelta) -> bool:
    """Whether somebody goes off call for all of it: else a taker would have nothing."""
    if effect is None:
        return False
    off = (
        one.end - one.start
        for one in effect.changes
        if one.person == person and not one.starts
    )
    return sum(off, timedelta(0)) == length


def remind(
    tx: Tx,
    directory: Directory,
    channels: Collection[str],
    *,
    public_url: str,
    now: datetime,
) -> None:
    """End what has begun, and ask again about what is still open."""
    for one in stored.over(tx, now=now):
        stored.put(tx, rules.expired(one, now=now))
    for one in stored.open_ones(tx):
        stage = rules.stage(one, now=now)
        if stage:
            asked = asking(one, directory, channels, public_url, stage)
            outbox.put(tx, asked, now=now)


def asking(
    request: CoverRequest,
    directory: Directory,
    channels: Collection[str],
    public_url: str,
    stage: str,
) -> Iterable[Message]:
    """To everybody who has these hours to themselves, who counts as reachable first."""
    schedule = directory.schedules.get(request.schedule)
    rotation = directory.rotation(f"{request.schedule}/{request.rotation}")
    if schedule is None or rotation is None:
        return []
    hours = Window(request.start, request.end)
    found = candidates(directory, schedule, rotation, hours, channels)
    free = [
        one.person for one in found if one.available and one.person != request.person
    ]
    if request.of:
        # Somebody who swaps may be on call elsewhere; that is theirs to weigh.
        free = list(directory.active((request.of,)))
    who = directory.people.get(request.person)
    by = (who.full_name if who else "") or request.person
    return [
        nudge(
            person,
            key=f"cover:{request.id}:{stage}:{person}",
            subject=f"{by} {'offers a swap' if request.of else 'asks for cover'}: "
            f"{request.schedule}, {request.rotation}",
            text=_asked(request, directory.people[person].zone),
            url=f"{public_url}/schedules/{quote(request.schedule, safe='')}#cover",
        )
        for person in free[:_MOST_ASKED]
    ]


def _asked(request: CoverRequest, zone: str) -> str:
    """Which hours, and why; in the zone of whoever reads it."""
    spans = [(request.start, request.end), *([request.back] if request.back else [])]
    said = ", for yours of ".join(
        f"{local_words(start, zone)} to {local_words(end, zone)}"
        for start, end in spans
    )
    why = f"\n{request.why}" if request.why else ""
    return f"{said} ({zone}).{why}"
