"""What it does to a run that its alert got worse (domain 2.2). Pure.

Delays are read again from the same start; whoever was paged quietly hears it loudly.
While nobody is to be paged it is kept, as hand-overs are, until paging goes on.
"""

from datetime import datetime

from msgspec.structs import replace

from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import Decision, Reason, Run, RunState
from tocsin.core.pages.escalation_levels import catch_up, page, wake_at
from tocsin.core.pages.escalation_rules import Scene, fallback_again
from tocsin.core.pages.response_targets import answer_by
from tocsin.core.pages.urgency import urgency_at_all_hours
from tocsin.core.severity import Severity, Urgency
from tocsin.core.timeline import Fact, FactKind

S = RunState
_LOUD = (S.OPEN, S.EXHAUSTED)


def severity_raised(scene: Scene, event: e.SeverityRaised) -> Decision:
    """Page who is to hear it now; lowering never un-pages."""
    policy, run, now = scene.policy, scene.run, scene.now
    if not event.severity.worse_than(run.severity):
        return Decision(run, Reason.NOT_DUE)
    if run.state is S.PAUSED:
        assert run.before is not None
        assert run.paused_at is not None
        # Its clock stands still there, and is moved as a whole when it goes on.
        before = _worse(run.before, event.severity, since=run.paused_at)
        before = replace(before, got_worse=True)
        run = replace(run, severity=event.severity, before=before)
        return Decision(run, Reason.SEVERITY_RAISED)
    text = f"It got worse: {event.severity.name} (was {run.severity.name})."
    louder = _is_louder(scene, run, event.severity)
    raised = _worse(run, event.severity, since=now)
    told = _told(replace(scene, run=raised), text, louder=louder)
    if raised.state is not S.OPEN:
        due = told.run.due_at
        due = wake_at(policy, told.run) if raised.state is S.ACKED else due
        run = replace(told.run, due_at=due)
        return replace(told, run=run, reason=Reason.SEVERITY_RAISED)
    raised = replace(told.run, due_at=wake_at(policy, told.run, kept=run.due_at))
    more = catch_up(
        policy, raised,
        now=now, on_call=scene.on_call, turns=scene.turns, already=told.pages,
    )  # fmt: skip
    facts = (*told.facts, *more.facts)
    return replace(more, reason=Reason.SEVERITY_RAISED, facts=facts)


def after_raise(scene: Scene, decision: Decision) -> Decision:
    """Paging goes on where it was: what got worse meanwhile is told now.

    Who came on call meanwhile is paged by `decision`, and who left called off.
    """
    run = decision.run
    if not run.got_worse:
        return decision
    run = replace(run, got_worse=False)
    text = f"It got worse meanwhile: {run.severity.name}."
    louder = _is_louder(scene, run, run.severity)
    told = _told(replace(scene, run=run), text, louder=louder, after=decision)
    return replace(
        decision,
        run=told.run,
        pages=(*decision.pages, *told.pages),
        facts=(*decision.facts, *told.facts),
        turns=(*decision.turns, *told.turns),
    )


def _told(
    scene: Scene, text: str, *, louder: bool, after: Decision | None = None
) -> Decision:
    """Who is to hear that the run of `scene` got worse, but for whom `after` pages."""
    run = scene.run
    reason = Reason.SEVERITY_RAISED
    before = after.pages if after else ()
    known = {one.user for one in before}
    if run.state is S.EXHAUSTED and louder:
        told = fallback_again(scene, why=text, reason=reason)
        new = tuple(one for one in told.pages if one.user not in known)
        return replace(told, pages=new)
    fact = Fact(scene.now, FactKind.ESCALATION, text, reason=reason)
    again: tuple[str, ...] = ()
    if run.state is S.ACKED:
        again = tuple(name for name in run.acked_by if not name.startswith("source:"))
    elif run.state is S.OPEN and louder:
        gone = after.cancel.users if after and after.cancel else ()
        again = tuple(n for n in run.last_paged if n not in known and n not in gone)
    if not before:
        run, pages = page(run, again, level=-2, reason=reason, why=text)
    else:
        # One act of paging with those: none of all may be to be reached.
        number = run.pagings
        pages = tuple(e.Paging(n, number, -2, run.loop, reason, text) for n in again)
    return Decision(run, reason, pages, facts=(fact,))


def _is_louder(scene: Scene, run: Run, severity: Severity) -> bool:
    """Whether `severity` pages loudly now, and whoever was paged was paged quietly.

    The hours may have changed since: what was quiet then is asked, not what it were now.
    """
    return _was(run) is Urgency.LOW and scene.urgency(severity) is Urgency.HIGH


def _was(run: Run) -> Urgency:
    return run.paged_as or urgency_at_all_hours(run.severity)


def _worse(run: Run, severity: Severity, *, since: datetime) -> Run:
    """The run, and those that it may go back to, with the worse severity."""
    before = run.before
    if before is not None:
        before = _worse(before, severity, since=since)
        # Who had acknowledged by then hears it while they have it.
        before = replace(before, got_worse=before.got_worse or before.state in _LOUD)
    asked = run.answer_by
    if asked is not None:
        # From when it got worse: nobody was to answer so soon before that.
        asked = min(asked, answer_by(severity, since=since))
    return replace(
        run, severity=severity, paged_as=_was(run), answer_by=asked, before=before
    )
