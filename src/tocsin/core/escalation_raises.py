"""What it does to a run that its alert got worse (domain 2.2). Pure.

Delays are read again from the same start; whoever was paged quietly hears it loudly.
While nobody is to be paged it is kept, as hand-overs are, until paging goes on.
"""

from datetime import datetime

from msgspec.structs import replace

from tocsin.core import escalation as e
from tocsin.core.escalation import Decision, Reason, Run, RunState
from tocsin.core.escalation_levels import catch_up, page, wake_at
from tocsin.core.escalation_rules import Scene
from tocsin.core.response_targets import answer_by
from tocsin.core.severity import Severity, Urgency
from tocsin.core.timeline import Fact, FactKind
from tocsin.core.urgency import urgency_at_all_hours

S = RunState


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
        run = replace(run, severity=event.severity, before=before)
        return Decision(run, Reason.SEVERITY_RAISED)
    louder = _is_louder(scene, run, event.severity)
    text = f"It got worse: {event.severity.name} (was {run.severity.name})."
    raised = _worse(run, event.severity, since=now)
    fact = Fact(now, FactKind.ESCALATION, text, reason=Reason.SEVERITY_RAISED)
    again: tuple[str, ...] = ()
    if run.state is S.ACKED:
        again = tuple(name for name in run.acked_by if not name.startswith("source:"))
    elif run.state is S.OPEN and louder:
        again = run.last_paged
    raised, pages = page(
        raised, again, level=-2, reason=Reason.SEVERITY_RAISED, why=text
    )
    if raised.state is not S.OPEN:
        due = wake_at(policy, raised) if raised.state is S.ACKED else raised.due_at
        raised = replace(raised, due_at=due)
        return Decision(raised, Reason.SEVERITY_RAISED, pages, facts=(fact,))
    raised = replace(raised, due_at=wake_at(policy, raised, kept=run.due_at))
    more = catch_up(
        policy, raised, now=now, on_call=scene.on_call, turns=scene.turns, already=pages
    )
    return replace(more, reason=Reason.SEVERITY_RAISED, facts=(fact, *more.facts))


def _is_louder(scene: Scene, run: Run, severity: Severity) -> bool:
    """Whether `severity` pages loudly now, and whoever was paged was paged quietly.

    The hours may have changed since: what was quiet then is asked, not what it were now.
    """
    return _was(run) is Urgency.LOW and scene.urgency(severity) is Urgency.HIGH


def _was(run: Run) -> Urgency:
    return run.paged_as or urgency_at_all_hours(run.severity)


def _worse(run: Run, severity: Severity, *, since: datetime) -> Run:
    """The run, and those that it may go back to, with the worse severity."""
    before = _worse(run.before, severity, since=since) if run.before else None
    asked = run.answer_by
    if asked is not None:
        # From when it got worse: nobody was to answer so soon before that.
        asked = min(asked, answer_by(severity, since=since))
    return replace(
        run, severity=severity, paged_as=_was(run), answer_by=asked, before=before
    )
