"""Running the levels of a policy: which are overdue, whom they page, when is next.

Offsets count from the loop's origin. A level that pages nobody costs no time: the
rest moves earlier by what it would have waited (domain 2.1).
"""

# long because: one walk over the levels; its steps share the decision they build.

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.durations import words
from tocsin.core.level_times import apply_now, sentence
from tocsin.core.pages.escalation import (
    FALLBACK,
    Condition,
    Decision,
    Level,
    OnCall,
    Paging,
    Policy,
    Reason,
    Run,
    RunState,
    Target,
    TargetKind,
    Turns,
    after_turns,
    offset,
)  # fmt: skip
from tocsin.core.pages.response_targets import RESPONSE_TARGETS
from tocsin.core.severity import Severity
from tocsin.core.timeline import Fact, FactKind

DEFAULT_ACK_TIMEOUTS = {
    Severity.SEV1: timedelta(minutes=30),
    Severity.SEV2: timedelta(minutes=30),
    Severity.SEV3: timedelta(hours=4),
    Severity.SEV4: None,
}


def ack_timeout(policy: Policy, severity: Severity) -> timedelta | None:
    """How long an acknowledgement holds; None: until somebody says otherwise."""
    if not policy.ack_timeout:
        return DEFAULT_ACK_TIMEOUTS[severity]
    return policy.ack_timeout.get(severity)


class Whom(Struct, frozen=True):
    """Who is meant, once each, in order; and whom of them a round robin picked."""

    people: tuple[str, ...]
    in_turn: tuple[str, ...] = ()


def whom(targets: Sequence[Target], on_call: OnCall, *, turn: int = 0) -> Whom:
    """Everybody whom `targets` mean now, of each round robin who has this turn."""
    people: dict[str, None] = {}
    in_turn: dict[str, None] = {}
    for target in targets:
        found = on_call(target)
        if target.kind is TargetKind.ROUND_ROBIN and found:
            found = (found[turn % len(found)],)
            in_turn.update(dict.fromkeys(found))
        people.update(dict.fromkeys(found))
    return Whom(tuple(people), tuple(in_turn))


def page(
    run: Run, people: Sequence[str], *, level: int, reason: Reason, why: str
) -> tuple[Run, tuple[Paging, ...]]:
    """One act of paging; the run remembers whom, to notice that none can be reached."""
    if not people:
        return run, ()
    number = run.pagings + 1
    pages = tuple(Paging(name, number, level, run.loop, reason, why) for name in people)
    paged = replace(run, pagings=number, last_paged=tuple(people), unreachable=())
    return paged, pages


def new_loop(run: Run, *, now: datetime) -> Run:
    """The run from its first level again, its repeats not used up."""
    return replace(
        run,
        state=RunState.OPEN,
        origin=now,
        due_at=now,
        deadline=None,
        loop=run.loop + 1,
        repeats=0,
        next_level=0,
        reached=False,
        in_turn=(),
        in_last_turn=(),
        acked_by=(),
        acked_at=None,
        moves=(),
        before=None,
    )


def wake_at(
    policy: Policy,
    run: Run,
    *,
    waited_from: datetime | None = None,
    kept: datetime | None = None,
) -> datetime | None:
    """When the run is to be looked at again, in the state it is in."""
    if run.state is RunState.ACKED:
        times = [at for at in (run.deadline, _next_unconditional(policy, run)) if at]
        return min(times) if times else None
    if run.state is RunState.OPEN and run.next_level < len(policy.levels):
        return run.origin + offset(policy.levels[run.next_level], run.severity)
    if waited_from is not None:
        return waited_from + policy.wait
    return kept


def catch_up(
    policy: Policy,
    run: Run,
    *,
    now: datetime,
    on_call: OnCall,
    turns: Turns,
    also: tuple[str, ...] = (),
    already: tuple[Paging, ...] = (),
    because: Reason = Reason.LEVEL_DUE,
) -> Decision:
    """Run every overdue level once, in order, effective now; then repeat or exhaust."""
    walk = _Walk(policy, run, now, on_call, turns, because)
    walk.seen.update(page.user for page in already)
    walk.pages.extend(already)
    walk.levels()
    if also:
        walk.page_also(also)
    if walk.run.state is RunState.OPEN:
        walk.end_of_loop()
    return walk.decision()


def next_level_now(
    policy: Policy,
    run: Run,
    *,
    now: datetime,
    on_call: OnCall,
    turns: Turns,
    because: Reason,
    already: tuple[Paging, ...] = (),
) -> Decision:
    """The next level at once, later spacing kept."""
    if run.next_level < len(policy.levels):
        gone = offset(policy.levels[run.next_level], run.severity)
        run = replace(run, origin=now - gone, due_at=now)
    else:
        run = replace(run, due_at=now)
    return catch_up(
        policy, run,
        now=now, on_call=on_call, turns=turns, already=already, because=because,
    )  # fmt: skip


def _next_unconditional(policy: Policy, run: Run) -> datetime | None:
    for level in policy.levels[run.next_level :]:
        if level.condition is Condition.IF_NOT_RESOLVED:
            return run.origin + offset(level, run.severity)
    return None


class _Walk:
    """One pass over the levels that are due; collects what the decision will hold."""

    def __init__(
        self,
        policy: Policy,
        run: Run,
        now: datetime,
        on_call: OnCall,
        turns: Turns,
        because: Reason,
    ) -> None:
        self.policy = policy
        self.run = run
        self.now = now
        self.on_call = on_call
        self.turns = turns
        self.taken: list[int] = []
        self.reason = because
        self.pages: list[Paging] = []
        self.facts: list[Fact] = []
        self.seen: set[str] = set()
        self.last_was_empty = False
        self.ran = False
        self.paged_level = False

    def levels(self) -> None:
        """Every level that is due and applies."""
        levels = self.policy.levels
        while self.run.next_level < len(levels):
            level = levels[self.run.next_level]
            due = self.run.origin + offset(level, self.run.severity)
            if due > self.now:
                break
            self._run_level(level)

    def _run_level(self, level: Level) -> None:
        index = self.run.next_level
        acked = self.run.state is RunState.ACKED
        if acked and level.condition is Condition.IF_NOT_ACKED:
            self.run = replace(self.run, next_level=index + 1)
            return
        people = () if self._not_now(level) else self._whom(level.targets, index)
        if not people:
            self.ran = self.last_was_empty = True
            self._skip_empty(level, index)
            return
        why = self._why(level, index)
        self.ran, self.last_was_empty = True, False
        self.paged_level = True
        self._page([name for name in people if name not in self.seen], index, why)
        self.run = replace(
            self.run,
            next_level=index + 1,
            reached=True,
            brought_in=self.run.brought_in + 1,
        )
        self._say(f"{why} Paging {', '.join(people)}.", self.reason)

    def _whom(self, targets: Sequence[Target], level: int) -> tuple[str, ...]:
        """Who is paged at `level`; whoever had the turn has had it."""
        turn = after_turns(self.turns, self.taken).get(level, 0)
        found = whom(targets, self.on_call, turn=turn)
        if found.in_turn:
            self.taken.append(level)
        if level == FALLBACK:
            self.run = replace(self.run, in_last_turn=found.in_turn)
        else:
            picked = dict.fromkeys((*self.run.in_turn, *found.in_turn))
            self.run = replace(self.run, in_turn=tuple(picked))
        return found.people

    def _skip_empty(self, level: Level, index: int) -> None:
        levels = self.policy.levels
        origin = self.run.origin
        if index + 1 < len(levels):
            severity = self.run.severity
            origin -= offset(levels[index + 1], severity) - offset(level, severity)
        self.run = replace(self.run, next_level=index + 1, origin=origin)
        name = f"Level {index + 1} of {self.policy.name}"
        then = "the next one is paged without waiting."
        if level.times is not None and self._not_now(level):
            only = sentence(level.times)
            self._say(f"{name} pages only {only}; {then}", Reason.LEVEL_NOT_NOW)
        else:
            self._say(f"{name} has nobody now; {then}", Reason.LEVEL_EMPTY)

    def _not_now(self, level: Level) -> bool:
        return level.times is not None and not apply_now(level.times, now=self.now)

    def page_also(self, people: tuple[str, ...]) -> None:
        """People paged beside the level: who acknowledged and went silent."""
        new = [name for name in people if name not in self.seen]
        why = "You acknowledged it and it is not resolved."
        self._page(new, max(0, self.run.next_level - 1), why)
        if new:
            self.run = replace(self.run, reached=True)

    def end_of_loop(self) -> None:
        """After the last level: wait, repeat, or page the fallback and keep nagging."""
        if self.run.next_level < len(self.policy.levels):
            self.run = replace(self.run, due_at=wake_at(self.policy, self.run))
            return
        if self.paged_level:
            self.run = replace(self.run, due_at=self.now + self.policy.wait)
            return
        if not self.ran and self.run.due_at is not None and self.run.due_at > self.now:
            return
        if self.run.reached and self.run.repeats < self.policy.repeat:
            self._repeat()
        else:
            self._exhaust()

    def _repeat(self) -> None:
        number = self.run.repeats + 1
        run = new_loop(self.run, now=self.now)
        self.run = replace(run, repeats=number)
        times = self.policy.repeat
        again = f"{self.policy.name} starts again ({number} of {times})."
        self._say(f"Nobody answered; {again}", Reason.REPEATED)
        self.reason = Reason.REPEATED
        self.ran = False
        self.levels()
        self.end_of_loop()

    def _exhaust(self) -> None:
        policy = self.policy
        people = self._whom(policy.fallback, FALLBACK)
        reached = self.run.reached
        self.reason = Reason.EXHAUSTED if reached else Reason.NOBODY_ANYWHERE
        happened = (
            f"Every level of {policy.name} was paged and nobody answered."
            if reached
            else f"No level of {policy.name} has anybody now."
        )
        self._page([n for n in people if n not in self.seen], FALLBACK, happened)
        self.run = replace(
            self.run, state=RunState.EXHAUSTED, due_at=self.now + policy.nag
        )
        if people:
            text = f"{happened} Paging the fallback: {', '.join(people)}."
        else:
            self.reason = Reason.NOBODY_ANYWHERE
            text = f"{happened} The fallback has nobody either."
        self._say(f"{text} Again every {words(policy.nag)}.", self.reason)

    def decision(self) -> Decision:
        """What the walk amounts to."""
        reason = self.reason if self.ran or self.pages or self.facts else Reason.NOT_DUE
        run = self.run
        if run.state is RunState.ACKED:
            run = replace(run, due_at=wake_at(self.policy, run))
        pages, facts = tuple(self.pages), tuple(self.facts)
        return Decision(run, reason, pages, facts=facts, turns=tuple(self.taken))

    def _page(self, people: Sequence[str], level: int, why: str) -> None:
        if not people:
            return
        if not self.pages:
            self.run = replace(self.run, pagings=self.run.pagings + 1, unreachable=())
        number = self.run.pagings
        self.seen.update(people)
        self.pages += [
            Paging(name, number, level, self.run.loop, self.reason, why)
            for name in people
        ]
        everyone = tuple(dict.fromkeys(page.user for page in self.pages))
        self.run = replace(self.run, last_paged=everyone)

    def _why(self, level: Level, index: int) -> str:
        name = f"Level {index + 1} of {self.policy.name}"
        if self.reason is Reason.ESCALATED:
            return f"{name}: somebody asked for it."
        if self.reason is Reason.TARGET_MISSED:
            target = words(RESPONSE_TARGETS[self.run.severity])
            return f"{name}: nobody answered within {target}."
        if self.reason is Reason.UNREACHABLE:
            return f"{name}: nobody before it could be reached."
        if self.reason is Reason.ACK_TIMED_OUT:
            return f"{name}: it was acknowledged, but it is not resolved."
        if index == 0:
            return f"{name}: you are paged first."
        if not self.run.reached:
            return f"{name}: the levels before it page nobody now."
        if self.last_was_empty:
            return f"{name}: nobody acknowledged, and level {index} pages nobody now."
        if self.ran:
            return f"{name}: it was due as well and nobody has acknowledged."
        before = self.policy.levels[index - 1]
        gap = offset(level, self.run.severity) - offset(before, self.run.severity)
        of = f" of level {index}" if index > 1 else ""
        return f"{name}: nobody acknowledged within {words(gap)}{of}."

    def _say(self, text: str, reason: Reason) -> None:
        self.facts.append(Fact(self.now, FactKind.ESCALATION, text, reason=reason))
