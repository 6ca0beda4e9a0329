"""What each event does to a run (domain 2.3). Pure; knows no phone and no schedule.

`TRANSITIONS` is the whole machine as data: which event means something in which state
and what it leads to. Every other pair is refused with a sentence. The diagram in the
docs is made from the table, and a test walks every pair.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.core.pages import escalation as e
from tocsin.core.pages import escalation_rules as rules
from tocsin.core.pages.escalation import (
    Decision,
    Event,
    OnCall,
    Policy,
    Run,
    RunState,
    Turns,
    UrgencyOf,
)
from tocsin.core.pages.escalation_handoffs import after_quiet, handed_over
from tocsin.core.pages.escalation_raises import after_raise, severity_raised
from tocsin.core.pages.escalation_targets import asked
from tocsin.core.pages.response_targets import answer_by
from tocsin.core.pages.urgency import urgency_at_all_hours
from tocsin.core.severity import Severity, Urgency

S = RunState
_NO_TURNS: Turns = {}
_OVER_ANY = tuple(state for state in RunState if state is not S.RESOLVED)

# event -> state it is understood in -> the states it can lead to.
TRANSITIONS: Mapping[type, Mapping[RunState, tuple[RunState, ...]]] = {
    e.Ticked: {
        S.OPEN: (S.OPEN, S.EXHAUSTED),
        S.ACKED: (S.ACKED, S.OPEN, S.EXHAUSTED),
        S.SNOOZED: (S.SNOOZED, S.OPEN, S.EXHAUSTED),
        S.EXHAUSTED: (S.EXHAUSTED,),
        S.PAUSED: (S.PAUSED,),
    },
    e.Acked: {
        S.OPEN: (S.ACKED,),
        S.EXHAUSTED: (S.ACKED,),
        S.ACKED: (S.ACKED,),
        S.SNOOZED: (S.ACKED,),
        S.PAUSED: (S.PAUSED,),
    },
    e.AckUndone: {S.ACKED: (S.OPEN, S.EXHAUSTED, S.SNOOZED, S.ACKED)},
    e.Unacked: {
        S.ACKED: (S.OPEN, S.EXHAUSTED),
        S.SNOOZED: (S.OPEN, S.EXHAUSTED),
    },
    e.Snoozed: dict.fromkeys((S.OPEN, S.ACKED, S.EXHAUSTED, S.SNOOZED), (S.SNOOZED,)),
    e.Paused: dict.fromkeys(
        (S.OPEN, S.ACKED, S.SNOOZED, S.EXHAUSTED, S.PAUSED), (S.PAUSED,)
    ),
    e.Resumed: {S.PAUSED: (S.OPEN, S.ACKED, S.SNOOZED, S.EXHAUSTED)},
    e.Escalated: dict.fromkeys((S.OPEN, S.ACKED), (S.OPEN, S.EXHAUSTED)),
    e.Reassigned: dict.fromkeys((S.OPEN, S.ACKED, S.EXHAUSTED), (S.OPEN,)),
    e.SeverityRaised: {
        S.OPEN: (S.OPEN, S.EXHAUSTED),
        S.ACKED: (S.ACKED,),
        S.SNOOZED: (S.SNOOZED,),
        S.EXHAUSTED: (S.EXHAUSTED,),
        S.PAUSED: (S.PAUSED,),
    },
    e.HandedOver: {
        S.OPEN: (S.OPEN,),
        S.EXHAUSTED: (S.EXHAUSTED,),
        S.ACKED: (S.ACKED,),
        S.PAUSED: (S.PAUSED,),
    },
    e.Unreachable: {S.OPEN: (S.OPEN, S.EXHAUSTED), S.EXHAUSTED: (S.EXHAUSTED,)},
    e.Resolved: dict.fromkeys(_OVER_ANY, (S.RESOLVED,)),
}


def step(
    policy: Policy,
    run: Run,
    event: Event,
    *,
    now: datetime,
    on_call: OnCall,
    turns: Turns = _NO_TURNS,
    urgency: UrgencyOf = urgency_at_all_hours,
) -> Decision:
    """What `event` at `now` means for `run`. Total: what makes no sense is refused.

    `turns` are the counts of the policy's round robins before this step.
    """
    if run.state not in TRANSITIONS[type(event)]:
        return rules.refused(run, event, now=now)
    scene = rules.Scene(policy, e.paced(run), now, on_call, turns, urgency)
    decision = _RULES[type(event)](scene, event)
    return replace(decision, run=e.timed(_as_loud(scene, decision)))


def _as_loud(scene: rules.Scene, decision: Decision) -> Run:
    """The run with how loud its newest act of paging is.

    Who was paged before and is still meant counts too: the quietest of them.
    """
    run = decision.run
    if not decision.pages:
        return run
    now_paged = {page.user for page in decision.pages}
    stayed = not now_paged.issuperset(run.last_paged)
    if stayed and run.paged_as is Urgency.LOW:
        return run
    return replace(run, paged_as=scene.urgency(run.severity))


def _gone_on(scene: rules.Scene, decision: Decision) -> Decision:
    """What came about while nobody was to be paged, told in the end."""
    return after_raise(scene, after_quiet(scene, decision))


def begin(
    policy: Policy, *, severity: Severity, now: datetime, on_call: OnCall
) -> Decision:
    """A new run with its first level paged."""
    run = e.pending(severity, now=now, answer_by=answer_by(severity, since=now))
    return step(policy, run, e.Ticked(), now=now, on_call=on_call)


_RULES: Mapping[type, Callable[[rules.Scene, Any], Decision]] = {
    e.Ticked: lambda scene, event: asked(scene, rules.ticked(scene, event)),
    e.Acked: rules.acked,
    e.AckUndone: lambda scene, event: _gone_on(scene, rules.ack_undone(scene, event)),
    e.Unacked: rules.unacked,
    e.Snoozed: rules.snoozed,
    e.Paused: rules.paused,
    e.Resumed: lambda scene, event: _gone_on(scene, rules.resumed(scene, event)),
    e.Escalated: rules.escalated,
    e.Reassigned: rules.reassigned,
    e.SeverityRaised: severity_raised,
    e.HandedOver: handed_over,
    e.Unreachable: rules.unreachable,
    e.Resolved: rules.resolved,
}
