"""Who is paged next when nobody answers (domain 2.1-2.3): a pure state machine.

Knows no schedule, phone, alert text or clock: `on_call` is handed in and resolves a
target to people at the moment a level runs.
"""

# long because: the vocabulary of escalation, states and events, in one place.

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.level_times import LevelTimes
from tocsin.core.severity import Severity, Urgency
from tocsin.core.timeline import Fact


class TargetKind(StrEnum):
    """What a level may page."""

    USER = "user"
    ROTATION = "rotation"  # "schedule/rotation", resolved to who is on call now
    SCHEDULE = "schedule"  # everybody on call in any of its rotations
    TEAM = "team"  # every member
    ROUND_ROBIN = "round_robin"  # names joined by ","; one of them in turn


class Target(Struct, frozen=True):
    """One target of a level or of the fallback."""

    kind: TargetKind
    name: str
    # Only those for whom it is (True) or is not (False) night where they are.
    night: bool | None = None

    def means(self, rotation: str) -> bool:
        """Whether it is who is on call in `rotation`, by it or by its schedule."""
        named = {
            TargetKind.ROTATION: rotation,
            TargetKind.SCHEDULE: rotation.partition("/")[0],
        }
        return self.name == named.get(self.kind)


class Condition(StrEnum):
    """When a level still applies."""

    IF_NOT_ACKED = "if_not_acked"
    IF_NOT_RESOLVED = "if_not_resolved"


class Level(Struct, frozen=True):
    """`after` counts from the start of the loop, one delay per severity."""

    after: Mapping[Severity, timedelta]
    targets: tuple[Target, ...]
    condition: Condition = Condition.IF_NOT_ACKED
    everyone_acks: bool = False
    times: LevelTimes | None = None

    def means(self, rotation: str) -> bool:
        """Whether it pages who is on call in `rotation`, by it or by its schedule."""
        return any(one.means(rotation) for one in self.targets)


class Policy(Struct, frozen=True):
    """A policy as snapshotted when a run begins; edits later do not reach the run.

    `fallback` is never empty. `ack_timeout` None means an acknowledgement holds.
    """

    name: str
    levels: tuple[Level, ...]
    fallback: tuple[Target, ...]
    repeat: int = 0
    wait: timedelta = timedelta(minutes=15)
    ack_timeout: Mapping[Severity, timedelta | None] = {}
    nag: timedelta = timedelta(minutes=30)

    @property
    def rings(self) -> tuple[int, ...]:
        """The levels that page somebody in turn; FALLBACK is the last resort."""
        steps = [*enumerate(one.targets for one in self.levels)]
        return tuple(
            number
            for number, targets in (*steps, (FALLBACK, self.fallback))
            if any(one.kind is TargetKind.ROUND_ROBIN for one in targets)
        )

    def means(self, rotation: str) -> bool:
        """Whether a level or the last resort pages who is on call in `rotation`."""
        last = any(one.means(rotation) for one in self.fallback)
        return last or any(level.means(rotation) for level in self.levels)

    def schedules(self, *, fallback: bool = True) -> tuple[str, ...]:
        """Every schedule that its levels page, and (`fallback`) its last resort."""
        levels = [target for level in self.levels for target in level.targets]
        named = [
            target.name.partition("/")[0]
            for target in (*levels, *(self.fallback if fallback else ()))
            if target.kind in (TargetKind.ROTATION, TargetKind.SCHEDULE)
        ]
        return tuple(dict.fromkeys(named))


class RunState(StrEnum):
    """The states of domain 2.3."""

    OPEN = "open"
    ACKED = "acked"
    SNOOZED = "snoozed"
    PAUSED = "paused"
    EXHAUSTED = "exhausted"
    RESOLVED = "resolved"


class Run(Struct, frozen=True):
    """One escalation of one alert episode. `due_at` is its only timer (durable).

    `next_level` is the index of the level that runs next; len(levels) means the
    final wait is running. `pagings` numbers each act of paging, for idempotency.
    """

    state: RunState
    severity: Severity
    origin: datetime
    due_at: datetime | None
    loop: int = 0
    next_level: int = 0
    pagings: int = 0
    acked_by: tuple[str, ...] = ()
    acked_at: datetime | None = None
    # Until when the acknowledgement holds.
    deadline: datetime | None = None
    # Loops already repeated because nobody answered; whether this one paged anybody.
    repeats: int = 0
    reached: bool = False
    # Whom the round robins of this loop picked, and whom that of the fallback did last.
    in_turn: tuple[str, ...] = ()
    in_last_turn: tuple[str, ...] = ()
    # Whom the newest act of paging meant, and who of them cannot be reached.
    last_paged: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    # How loud that was; None, as older runs have it: as loud as at all hours.
    paged_as: Urgency | None = None
    # It got worse while nobody was to be paged; told when paging goes on.
    got_worse: bool = False
    paused_at: datetime | None = None
    # Hand-overs while nobody was to be paged, to be told when paging goes on.
    moves: tuple["HandedOver", ...] = ()
    # When it first began, and by when somebody is to answer; None when nobody asks any
    # more. `missed_at` is when that time was over. Pauses move them as they do the clock.
    began: datetime | None = None
    answer_by: datetime | None = None
    missed_at: datetime | None = None
    # How many levels have paged anybody who could be reached.
    brought_in: int = 0
    # What was due at `due_at`, had the time to answer not been over before it.
    then: datetime | None = None
    # The run as it was before a pause or an acknowledgement, to go back to.
    before: "Run | None" = None


class Reason(StrEnum):
    """Why a decision was taken; the text a person reads is made from it."""

    TRIGGERED = "triggered"
    LEVEL_DUE = "level_due"
    LEVEL_EMPTY = "level_empty"
    LEVEL_NOT_NOW = "level_not_now"
    NOBODY_ANYWHERE = "nobody_anywhere"
    REPEATED = "repeated"
    EXHAUSTED = "exhausted"
    NAGGED = "nagged"
    NOT_DUE = "not_due"
    ACKNOWLEDGED = "acknowledged"
    ACK_EXTENDED = "ack_extended"
    ACK_TIMED_OUT = "ack_timed_out"
    ACK_UNDONE = "ack_undone"
    UNACKNOWLEDGED = "unacknowledged"
    SNOOZED = "snoozed"
    SNOOZE_ENDED = "snooze_ended"
    PAUSED = "paused"
    RESUMED = "resumed"
    ESCALATED = "escalated"
    REASSIGNED = "reassigned"
    TARGET_MISSED = "target_missed"
    SEVERITY_RAISED = "severity_raised"
    HANDED_OVER = "handed_over"
    UNREACHABLE = "unreachable"
    RESOLVED = "resolved"
    REFUSED = "refused"


class Paging(Struct, frozen=True):
    """Page `user` now: the `number`-th act of paging of the run, and why."""

    user: str
    number: int
    level: int  # -1: the fallback; -2: a reassignment
    loop: int
    reason: Reason
    why: str  # a sentence for the person: "Level 2 of payments: alice did not answer…"


class Cancel(Struct, frozen=True):
    """Pending pages to call off: of everyone, or of `users` only."""

    users: tuple[str, ...] = ()
    everyone: bool = False


class Decision(Struct, frozen=True):
    """What `step` decided; `engine/transaction.carry_out` writes it in one commit."""

    run: Run
    reason: Reason
    pages: tuple[Paging, ...] = ()
    cancel: Cancel | None = None
    # Undo of an acknowledgement: pages it cancelled come back to life.
    revive_cancelled_since: datetime | None = None
    facts: tuple[Fact, ...] = ()
    # When the time to answer was over, where that is noticed with this decision.
    missed_at: datetime | None = None
    # The levels whose round robins moved on by one, an entry for each time.
    turns: tuple[int, ...] = ()


# Everybody whom a target means now; of a round robin its whole ring, in order.
OnCall = Callable[[Target], tuple[str, ...]]
# How loudly an alert of a severity pages now.
UrgencyOf = Callable[[Severity], Urgency]
# How often each level of a policy has paged its round robins (FALLBACK for the last).
Turns = Mapping[int, int]
FALLBACK = -1


def after_turns(turns: Turns, taken: Sequence[int]) -> Turns:
    """The counts once `taken` (Decision.turns) have been taken."""
    counts = dict(turns)
    for level in taken:
        counts[level] = counts.get(level, 0) + 1
    return counts


def pending(severity: Severity, *, now: datetime, answer_by: datetime | None) -> Run:
    """A new run whose first level is due now; `answer_by` None asks for no answer."""
    return Run(
        RunState.OPEN, severity, origin=now, due_at=now, began=now, answer_by=answer_by
    )


def begun(
    policy: Policy, severity: Severity, *, now: datetime, answer_by: datetime | None
) -> Run:
    """A new run that wakes when its first level is due."""
    run = pending(severity, now=now, answer_by=answer_by)
    if not policy.levels:
        return run
    return timed(replace(run, due_at=now + offset(policy.levels[0], severity)))


def timed(run: Run) -> Run:
    """The run with its one timer: the time to answer may be over before the next act."""
    asked = run.answer_by if run.state in (RunState.OPEN, RunState.EXHAUSTED) else None
    if asked is None or run.due_at is None or asked >= run.due_at:
        return run
    return replace(run, due_at=asked, then=run.due_at)


def paced(run: Run) -> Run:
    """The run with the timer of its next act alone."""
    return run if run.then is None else replace(run, due_at=run.then, then=None)


def held(run: Run, *, now: datetime) -> Run:
    """The run with its clock stopped; it goes back to `run`."""
    return Run(
        RunState.PAUSED,
        run.severity,
        origin=run.origin,
        due_at=None,
        loop=run.loop,
        next_level=run.next_level,
        pagings=run.pagings,
        paused_at=now,
        missed_at=run.missed_at,
        before=paced(run),
    )


def offset(level: Level, severity: Severity) -> timedelta:
    """When `level` is due after the loop's start; the nearest severity if unnamed."""
    exact = level.after.get(severity)
    if exact is not None:
        return exact
    nearest = sorted(level.after, key=lambda other: (abs(other - severity), other))
    return level.after[nearest[0]] if nearest else timedelta(0)


def each_must_answer(policy: Policy, run: Run) -> bool:
    """Whether one person's acknowledgement leaves the others' pages as they are."""
    ran = policy.levels[: run.next_level][-1:]
    return any(level.everyone_acks for level in ran)


def origin_as_if_just_ran(policy: Policy, run: Run, *, now: datetime) -> datetime:
    """The origin that makes the level before `next_level` one that ran now."""
    if run.next_level >= len(policy.levels) or run.next_level == 0:
        return run.origin
    ran = policy.levels[run.next_level - 1]
    return now - offset(ran, run.severity)


class Ticked(Struct, frozen=True):
    """The timer went off, or may have."""


class Acked(Struct, frozen=True):
    """Somebody has it. `via` names the door where it is worth a word: a call."""

    by: str
    via: str = ""


class AckUndone(Struct, frozen=True):
    """Taken back within seconds: everything goes on as if it had not happened."""

    by: str


class Unacked(Struct, frozen=True):
    """Given back later: a new loop starts."""

    by: str


class Snoozed(Struct, frozen=True):
    """Quiet until `until`."""

    until: datetime
    by: str


class Paused(Struct, frozen=True):
    """Suppressed: the clock of the run stands still."""

    by_what: str


class Resumed(Struct, frozen=True):
    """No longer suppressed."""

    by_what: str


class Escalated(Struct, frozen=True):
    """Somebody wants the next level now."""

    by: str


class Reassigned(Struct, frozen=True):
    """Somebody hands it to `target`."""

    target: Target
    by: str


class HandedOver(Struct, frozen=True):
    """In `rotation` (schedule/rotation) `on` came on call and `off` went.

    `once` are names it had before, by which a policy of before may know it.
    """

    rotation: str
    off: tuple[str, ...]
    on: tuple[str, ...]
    once: tuple[str, ...] = ()

    def is_of(self, level: Level) -> bool:
        """Whether a level pages who is on call in the rotation."""
        return any(level.means(name) for name in (self.rotation, *self.once))


class SeverityRaised(Struct, frozen=True):
    """It got worse."""

    severity: Severity


class Unreachable(Struct, frozen=True):
    """Nothing can reach `users`, of act of paging number `paging`."""

    users: tuple[str, ...]
    paging: int


class Resolved(Struct, frozen=True):
    """It is over."""

    by: str


Event = (
    Ticked
    | Acked
    | AckUndone
    | Unacked
    | Snoozed
    | Paused
    | Resumed
    | Escalated
    | Reassigned
    | HandedOver
    | SeverityRaised
    | Unreachable
    | Resolved
)
