"""What each event does to a run: one rule an event (domain 2.3). Pure.

Called by escalation_steps.step only, in the states that its table names.
"""

# long because: one rule per event of the same table; apart they cannot be compared.

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.durations import words
from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import Decision, Event, Policy, Reason, Run, RunState
from tocsin.core.pages.escalation_levels import (
    ack_timeout,
    catch_up,
    new_loop,
    next_level_now,
    page,
    wake_at,
    whom,
)
from tocsin.core.timeline import Fact, FactKind

S = RunState


class Scene(Struct, frozen=True):
    """What every rule looks at."""

    policy: Policy
    run: Run
    now: datetime
    on_call: e.OnCall
    turns: e.Turns
    urgency: e.UrgencyOf


def ticked(scene: Scene, _: e.Ticked) -> Decision:
    run, now = scene.run, scene.now
    if run.state is S.PAUSED or run.due_at is None or run.due_at > now:
        return Decision(run, Reason.NOT_DUE)
    if run.state is S.SNOOZED:
        return _fresh_loop(scene, Reason.SNOOZE_ENDED, "The snooze is over.")
    if run.state is S.EXHAUSTED:
        return _nag(scene)
    if run.deadline is not None and run.deadline <= now:
        return _ack_timed_out(scene)
    return catch_up(
        scene.policy, run, now=now, on_call=scene.on_call, turns=scene.turns
    )


def _nag(scene: Scene) -> Decision:
    why = f"Every level of {scene.policy.name} was paged and nobody has answered yet."
    return fallback_again(scene, why=why, reason=Reason.NAGGED)


def fallback_again(scene: Scene, *, why: str, reason: Reason) -> Decision:
    """The fallback of an exhausted run is paged now, and again when it nags."""
    policy, run, now = scene.policy, scene.run, scene.now
    turn = scene.turns.get(e.FALLBACK, 0)
    meant = whom(policy.fallback, scene.on_call, turn=turn)
    people = meant.people
    run, pages = page(run, people, level=e.FALLBACK, reason=reason, why=why)
    run = replace(run, due_at=now + policy.nag, in_last_turn=meant.in_turn)
    reason = reason if people else Reason.NOBODY_ANYWHERE
    text = f"{why} Paging the fallback again." if people else f"{why} Nobody is left."
    fact = Fact(now, FactKind.ESCALATION, text, reason=reason)
    taken = (e.FALLBACK,) if meant.in_turn else ()
    return Decision(run, reason, pages, facts=(fact,), turns=taken)


def _ack_timed_out(scene: Scene) -> Decision:
    run = scene.run
    holders = " and ".join(run.acked_by)
    waited = words(scene.now - (run.acked_at or scene.now))
    text = f"{holders} acknowledged {waited} ago and it is not resolved."
    ackers = tuple(name for name in run.acked_by if not name.startswith("source:"))
    return _fresh_loop(scene, Reason.ACK_TIMED_OUT, text, also=ackers)


def _fresh_loop(
    scene: Scene, reason: Reason, text: str, *, also: tuple[str, ...] = ()
) -> Decision:
    fact = Fact(
        scene.now, FactKind.ESCALATION, f"{text} Paging starts again.", reason=reason
    )
    decision = catch_up(
        scene.policy,
        new_loop(scene.run, now=scene.now),
        now=scene.now,
        on_call=scene.on_call,
        turns=scene.turns,
        also=also,
        because=reason,
    )
    return replace(decision, reason=reason, facts=(fact, *decision.facts))


def acked(scene: Scene, event: e.Acked) -> Decision:
    run, now = scene.run, scene.now
    if run.state is S.PAUSED:
        assert run.before is not None
        inner = acked(replace(scene, run=run.before), event)
        held = inner.run
        if held.before is not None:
            # Taken back, what the silence called off comes back as well.
            held = replace(held, before=replace(held.before, paused_at=run.paused_at))
        return replace(inner, run=replace(run, before=held))
    again = run.state is S.ACKED
    timeout = ack_timeout(scene.policy, run.severity)
    names = run.acked_by if event.by in run.acked_by else (*run.acked_by, event.by)
    taken = replace(
        run,
        state=S.ACKED,
        acked_by=names if again else (event.by,),
        acked_at=now,
        deadline=now + timeout if timeout is not None else None,
        answer_by=None,
        moves=(),
        # Who answers now knows how bad it is; the others may still have to hear it.
        got_worse=False,
        before=replace(run, before=None),
    )
    taken = replace(taken, due_at=wake_at(scene.policy, taken))
    each = e.each_must_answer(scene.policy, run)
    cancel = e.Cancel(users=(event.by,)) if each else e.Cancel(everyone=True)
    reason = Reason.ACK_EXTENDED if again else Reason.ACKNOWLEDGED
    until = f", until {taken.deadline:%H:%M} UTC" if taken.deadline else ""
    via = f", by {event.via}" if event.via else ""
    text = f"{event.by} {'keeps' if again else 'has'} it{until}{via}."
    fact = Fact(now, FactKind.ACK, text, event.by, reason)
    return Decision(taken, reason, cancel=cancel, facts=(fact,))


def ack_undone(scene: Scene, event: e.AckUndone) -> Decision:
    before = scene.run.before
    if before is None:
        return refused(scene.run, event, now=scene.now)
    since = before.paused_at or scene.run.acked_at
    back = replace(
        before, pagings=scene.run.pagings, severity=scene.run.severity, paused_at=None
    )
    back = replace(back, due_at=wake_at(scene.policy, back, kept=before.due_at))
    text = f"{event.by} took the acknowledgement back; paging goes on where it was."
    fact = Fact(scene.now, FactKind.ACK, text, event.by, Reason.ACK_UNDONE)
    return Decision(
        back,
        Reason.ACK_UNDONE,
        revive_cancelled_since=since,
        facts=(fact,),
    )


def unacked(scene: Scene, event: e.Unacked) -> Decision:
    return _fresh_loop(scene, Reason.UNACKNOWLEDGED, f"{event.by} gave it back.")


def snoozed(scene: Scene, event: e.Snoozed) -> Decision:
    run = replace(
        scene.run,
        state=S.SNOOZED,
        due_at=event.until,
        deadline=None,
        # Somebody has looked: that is an answer.
        answer_by=None,
        before=None,
    )
    text = f"{event.by} snoozed it until {event.until:%d %b %H:%M} UTC."
    fact = Fact(scene.now, FactKind.STATE, text, event.by, Reason.SNOOZED)
    return Decision(run, Reason.SNOOZED, cancel=e.Cancel(everyone=True), facts=(fact,))


def paused(scene: Scene, event: e.Paused) -> Decision:
    if scene.run.state is S.PAUSED:
        return Decision(scene.run, Reason.PAUSED)
    paused = e.held(scene.run, now=scene.now)
    text = f"Kept quiet by {event.by_what}; its clock stands still."
    fact = Fact(scene.now, FactKind.STATE, text, reason=Reason.PAUSED)
    return Decision(
        paused, Reason.PAUSED, cancel=e.Cancel(everyone=True), facts=(fact,)
    )


def resumed(scene: Scene, event: e.Resumed) -> Decision:
    run, now = scene.run, scene.now
    assert run.before is not None
    assert run.paused_at is not None
    before, pause = run.before, now - run.paused_at
    resumed = _moved(scene.policy, before, by=pause)
    if before.acked_at is not None and before.acked_at > run.paused_at:
        # Taken during the silence: only what was left of the silence counts.
        left = before.deadline and before.deadline + (now - before.acked_at)
        resumed = replace(resumed, deadline=left)
        resumed = replace(resumed, due_at=wake_at(scene.policy, resumed))
    text = f"No longer kept quiet by {event.by_what}; its clock goes on."
    fact = Fact(now, FactKind.STATE, text, reason=Reason.RESUMED)
    revive = run.paused_at if before.state in (S.OPEN, S.EXHAUSTED) else None
    return Decision(
        resumed, Reason.RESUMED, revive_cancelled_since=revive, facts=(fact,)
    )


def _moved(policy: Policy, run: Run, *, by: timedelta) -> Run:
    """The run with its clock `by` later, and the run that it may go back to."""
    moved = replace(
        run,
        origin=run.origin + by,
        deadline=run.deadline + by if run.deadline else None,
        began=run.began + by if run.began else None,
        answer_by=run.answer_by + by if run.answer_by else None,
        before=_moved(policy, run.before, by=by) if run.before else None,
    )
    # A snooze ends when it was promised to end.
    kept = run.due_at + by if run.due_at and run.state is not S.SNOOZED else run.due_at
    return replace(moved, due_at=wake_at(policy, moved, kept=kept))


def escalated(scene: Scene, event: e.Escalated) -> Decision:
    text = f"{event.by} asked for the next level now."
    fact = Fact(scene.now, FactKind.ESCALATION, text, event.by, Reason.ESCALATED)
    decision = next_level_now(
        scene.policy,
        replace(
            scene.run, state=S.OPEN, acked_by=(), deadline=None, moves=(), before=None
        ),
        now=scene.now,
        on_call=scene.on_call,
        turns=scene.turns,
        because=Reason.ESCALATED,
    )
    return replace(decision, reason=Reason.ESCALATED, facts=(fact, *decision.facts))


def reassigned(scene: Scene, event: e.Reassigned) -> Decision:
    policy, now = scene.policy, scene.now
    people = whom((event.target,), scene.on_call).people
    if not people:
        return refused(scene.run, event, now=now)
    run = replace(
        scene.run,
        state=S.OPEN,
        acked_by=(),
        deadline=None,
        moves=(),
        before=None,
        next_level=max(1, scene.run.next_level),
        reached=True,
        brought_in=scene.run.brought_in + 1,
    )
    run = replace(run, origin=e.origin_as_if_just_ran(policy, run, now=now))
    why = f"{event.by} passed it on to you."
    run, pages = page(run, people, level=-2, reason=Reason.REASSIGNED, why=why)
    run = replace(run, due_at=wake_at(policy, run, waited_from=now))
    text = f"{event.by} passed it on to {', '.join(people)}."
    fact = Fact(now, FactKind.ESCALATION, text, event.by, Reason.REASSIGNED)
    cancel = e.Cancel(everyone=True)
    return Decision(run, Reason.REASSIGNED, pages, cancel=cancel, facts=(fact,))


def unreachable(scene: Scene, event: e.Unreachable) -> Decision:
    run = scene.run
    if event.paging != run.pagings:
        return Decision(run, Reason.NOT_DUE)
    lost = tuple(sorted({*run.unreachable, *event.users}))
    run = replace(run, unreachable=lost)
    if not set(run.last_paged) <= set(lost):
        return Decision(run, Reason.NOT_DUE)
    names = ", ".join(run.last_paged)
    if run.state is S.EXHAUSTED:
        text = f"The fallback cannot be reached either: {names}."
        fact = Fact(scene.now, FactKind.ESCALATION, text, reason=Reason.NOBODY_ANYWHERE)
        return Decision(run, Reason.NOBODY_ANYWHERE, facts=(fact,))
    # Who cannot be reached was not brought in.
    run = replace(run, brought_in=max(0, run.brought_in - 1))
    text = f"{names} cannot be reached; counted as nobody, so the next level is paged."
    fact = Fact(scene.now, FactKind.ESCALATION, text, reason=Reason.UNREACHABLE)
    decision = next_level_now(
        scene.policy,
        run,
        now=scene.now,
        on_call=scene.on_call,
        turns=scene.turns,
        because=Reason.UNREACHABLE,
    )
    return replace(decision, reason=Reason.UNREACHABLE, facts=(fact, *decision.facts))


def resolved(scene: Scene, event: e.Resolved) -> Decision:
    run = replace(
        scene.run,
        state=S.RESOLVED,
        due_at=None,
        deadline=None,
        answer_by=None,
        before=None,
    )
    text = f"Resolved by {event.by.removeprefix('source:')}."
    fact = Fact(scene.now, FactKind.STATE, text, event.by, Reason.RESOLVED)
    return Decision(run, Reason.RESOLVED, cancel=e.Cancel(everyone=True), facts=(fact,))


def refused(run: Run, event: Event, *, now: datetime) -> Decision:
    text = {
        S.RESOLVED: "It is resolved; nothing more is paged for it.",
        S.PAUSED: "It is kept quiet now; end the silence first.",
    }.get(
        run.state,
        f"{type(event).__name__} means nothing while it is {run.state.value}.",
    )
    if isinstance(event, e.Reassigned):
        text = f"{event.target.name} is nobody who can be paged now."
    fact = Fact(now, FactKind.STATE, text, reason=Reason.REFUSED)
    return Decision(run, Reason.REFUSED, facts=(fact,))
