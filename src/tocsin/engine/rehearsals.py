"""Dry runs: who would be paged if nobody answered, and what is wrong with that.

The decisions are those of engine/escalation.py and the methods those of core/pages/paging.py,
carried nowhere: nothing is written and nobody is paged.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.durations import words
from tocsin.core.pages.escalation import (
    Decision,
    Event,
    HandedOver,
    Paging,
    Policy,
    Reason,
    Run,
    RunState,
    Ticked,
    Turns,
    after_turns,
    begun,
)
from tocsin.core.pages.paging import PlannedPage, plan
from tocsin.core.severity import Severity, Urgency
from tocsin.engine import escalation
from tocsin.store.database import Tx

_NO_TURNS: Turns = {}
_MOST_STEPS = 64
_MOST_PAGES = 200
_NIGHT = (22, 7)
_BROKEN = (Reason.LEVEL_EMPTY, Reason.NOBODY_ANYWHERE)


class Rehearsed(Struct, frozen=True):
    """One person paged. `level` is -1 for the fallback; `faults` is a sentence each."""

    at: datetime
    person: str
    level: int
    loop: int
    why: str
    methods: tuple[tuple[timedelta, str], ...]
    local: datetime
    is_night: bool = False
    urgency: Urgency = Urgency.HIGH
    # The end of the quiet hours that it waits for, where it waits.
    quiet_until: datetime | None = None
    faults: tuple[str, ...] = ()
    called: str = ""  # the person's name, for sentences


class Moment(Struct, frozen=True):
    """What happens at one instant: whom it pages and what the engine says of it."""

    at: datetime
    level: int
    loop: int
    pages: tuple[Rehearsed, ...] = ()
    faults: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


class Rehearsal(Struct, frozen=True):
    """A whole dry run, oldest first."""

    policy: str
    severity: Severity
    begins: datetime
    moments: tuple[Moment, ...]
    nag: timedelta

    @property
    def pages(self) -> list[Rehearsed]:
        """Everybody who is paged, in order."""
        return [page for moment in self.moments for page in moment.pages]

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong, once each."""
        found: dict[str, None] = {}
        for moment in self.moments:
            found.update(dict.fromkeys(moment.faults))
            found.update(dict.fromkeys(f for p in moment.pages for f in p.faults))
        return list(found)


def rehearse(
    directory: Directory,
    policy: Policy,
    *,
    severity: Severity,
    at: datetime,
    until: datetime | None = None,
    service: str = "",
    turns: Turns = _NO_TURNS,
) -> Rehearsal:
    """What `policy` does for an alert at `at` that nobody answers.

    It ends when the fallback is paged; with `until` its repeats up to there are told too.
    `service` is whose alert it is, "" of any; `turns` are the counts of round robins.
    """
    asked = directory.answer_by(service, severity, now=at)
    run, now = begun(policy, severity, now=at, answer_by=asked), at
    moments: list[Moment] = []
    steps = 0
    while run.due_at is not None and steps < _MOST_STEPS:
        # At one instant the engine looks at hand-overs first.
        handed = _next_handover(directory, policy, now)
        is_handed = handed is not None and handed[0] <= run.due_at
        following = handed[0] if handed and is_handed else run.due_at
        if until is not None and following > until:
            break
        now = max(now, following)
        stage = _Stage(directory, service, severity, now)
        for event in handed[1] if handed and is_handed else [Ticked()]:
            stage.play(policy, run, event, turns=turns)
            run = stage.run or run
        turns = after_turns(turns, stage.turns)
        noted = stage.moments()
        # A hand-over that pages nobody is no step of the policy.
        steps += bool(noted) or not is_handed
        moments += noted
        ended = run.state is RunState.EXHAUSTED and until is None
        if ended or sum(len(one.pages) for one in moments) >= _MOST_PAGES:
            break
    return Rehearsal(policy.name, severity, at, tuple(_judged(moments)), policy.nag)


def rehearse_next(
    tx: Tx,
    directory: Directory,
    policy: Policy,
    *,
    severity: Severity,
    at: datetime,
    service: str = "",
) -> Rehearsal:
    """The same for the next alert: round robins go on from whom they paged last."""
    turns = escalation.turns_of(tx, policy)
    # Whose support hours count: the service's, else those of one that uses the policy.
    users = (n for n, one in directory.services.items() if one.policy == policy.name)
    service = service or min(users, default="")
    return rehearse(
        directory, policy, severity=severity, at=at, service=service, turns=turns
    )


def broken(tx: Tx, directory: Directory, service: str, at: datetime) -> Rehearsal:
    """Who would be paged for the next SEV2 of a service."""
    policy, sev = directory.policy_of(service), Severity.SEV2
    return rehearse_next(tx, directory, policy, severity=sev, at=at, service=service)


def _next_handover(
    directory: Directory, policy: Policy, now: datetime
) -> tuple[datetime, list[Event]] | None:
    """When a rotation of the policy changes hands next, and how."""
    rows = [
        row
        for name in policy.schedules(fallback=False)
        for row in directory.who(now=now, schedule=name)
        if any(level.means(f"{name}/{row.rotation}") for level in policy.levels)
    ]
    at = min((row.until for row in rows if row.until is not None), default=None)
    if at is None:
        return None
    events: list[Event] = [
        HandedOver(
            f"{row.schedule}/{row.rotation}",
            off=tuple(n for n in directory.active(row.people) if n not in row.then),
            on=tuple(n for n in row.then if n not in row.people),
        )
        for row in rows
        if row.until == at
    ]
    return at, events


class _Stage:
    """Notes what one step of the engine decides."""

    def __init__(
        self, directory: Directory, service: str, severity: Severity, now: datetime
    ) -> None:
        self.run: Run | None = None
        self.turns: list[int] = []
        self._directory = directory
        self._urgency = directory.urgency(service, severity, now=now)
        self._now = now
        self._pages: list[Rehearsed] = []
        self._faults: list[str] = []
        self._says: list[str] = []

    def play(self, policy: Policy, run: Run, event: Event, *, turns: Turns) -> None:
        """What the engine decides about `event`."""
        on_call = escalation.resolver(self._directory, now=self._now)
        escalation.decide(
            policy, run, event,
            now=self._now, on_call=on_call, turns=lambda: turns,
            urgency=lambda _: self._urgency, carry=self.carry,
        )  # fmt: skip

    def carry(self, decision: Decision) -> tuple[str, ...]:
        """Note a decision; the people that nothing can reach."""
        self.run = decision.run
        self.turns += decision.turns
        for fact in decision.facts:
            broken = fact.reason in _BROKEN
            (self._faults if broken else self._says).append(fact.text)
        made = [self._paged(page) for page in decision.pages]
        self._pages += made
        return tuple(one.person for one in made if not one.methods)

    def moments(self) -> list[Moment]:
        """What was noted; nothing when nothing happened."""
        if not self._pages and not self._faults:
            return []
        first = self._pages[0] if self._pages else None
        return [
            Moment(
                self._now,
                first.level if first else -1,
                first.loop if first else 0,
                tuple(self._pages),
                tuple(self._faults),
                tuple(self._says),
            )
        ]

    def _paged(self, page: Paging) -> Rehearsed:
        person = self._directory.person(page.user)
        urgency, now = self._urgency, self._now
        plans = plan(person, page, urgency=urgency, now=now) if person else ()
        zone = person.zone if person is not None else self._directory.zone
        local = self._now.astimezone(ZoneInfo(zone))
        deferred = [one.deferred_until for one in plans if one.deferred_until]
        called = (person.full_name if person is not None else "") or page.user
        return Rehearsed(
            at=self._now,
            person=page.user,
            level=page.level,
            loop=page.loop,
            why=page.why,
            methods=tuple((one.due_at - self._now, one.channel) for one in plans),
            local=local,
            is_night=local.hour >= _NIGHT[0] or local.hour < _NIGHT[1],
            urgency=urgency,
            quiet_until=min(deferred, default=None),
            faults=_silent(called, plans, local.tzinfo),
            called=called,
        )


def _silent(
    name: str, plans: Sequence[PlannedPage], zone: tzinfo | None
) -> tuple[str, ...]:
    """Why somebody who is paged hears nothing, or nothing yet."""
    if not plans:
        return (f"{name} cannot be reached by anything.",)
    waits = [one.deferred_until for one in plans if one.deferred_until]
    if len(waits) < len(plans):
        return ()
    until = min(waits).astimezone(zone)
    return (f"{name} has quiet hours: this waits until {until:%H:%M} for them.",)


def _judged(moments: Sequence[Moment]) -> list[Moment]:
    """With the faults that only the next moment shows."""
    found = []
    for this, following in pairwise(moments):
        pages = [_too_late(page, following) for page in this.pages]
        found.append(replace(this, pages=tuple(pages)))
    return [*found, *moments[-1:]]


def _too_late(page: Rehearsed, following: Moment) -> Rehearsed:
    """A step of the person that comes when others are being paged already."""
    if page.quiet_until is not None:
        return page  # said already, in other words
    gap = following.at - page.at
    late = [(after, by) for after, by in page.methods if after >= gap]
    if not late:
        return page
    then = f"level {following.level + 1}" if following.level >= 0 else "the fallback"
    said = tuple(
        f"{page.called}'s step “{by} after {words(after)}” never comes first: "
        f"{then} is paged {words(gap)} after {page.called}."
        for after, by in dict.fromkeys(late)
    )
    return replace(page, faults=(*page.faults, *said))
