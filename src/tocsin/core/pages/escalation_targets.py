"""What a missed response target does to a run (domain 2.2). Pure.

Asked when a timer goes off, once per run, while nobody has answered. It is told in the
timeline; nobody else having been brought in by then, the next level is paged at once.
"""

from msgspec.structs import replace

from tocsin.core.durations import words
from tocsin.core.pages.escalation import Decision, Reason, Run, RunState, after_turns
from tocsin.core.pages.escalation_levels import next_level_now
from tocsin.core.pages.escalation_rules import Scene
from tocsin.core.pages.response_targets import RESPONSE_TARGETS
from tocsin.core.severity import Severity
from tocsin.core.timeline import Fact, FactKind

# Whoever was paged first, and nobody else.
_ALONE = 1


def asked(scene: Scene, decision: Decision) -> Decision:
    """`decision` of a timer that went off, and what follows if the target is missed."""
    run, now = decision.run, scene.now
    over = run.answer_by
    if over is None or over > now:
        return decision
    if run.state not in (RunState.OPEN, RunState.EXHAUSTED):
        return decision
    missed = replace(run, answer_by=None, missed_at=over)
    # What came due by now has run already: that somebody is sooner than the target.
    alone = run.state is RunState.OPEN and run.brought_in <= _ALONE
    fact = Fact(
        now,
        FactKind.ESCALATION,
        _sentence(run) + (" The next level is paged now." if alone else ""),
        reason=Reason.TARGET_MISSED,
        data={"answer_by": over.isoformat()},
    )
    told = replace(
        decision,
        run=missed,
        reason=_named(decision.reason),
        facts=(*decision.facts, fact),
        missed_at=over,
    )
    return _raised(scene, told) if alone else told


def _raised(scene: Scene, decision: Decision) -> Decision:
    more = next_level_now(
        scene.policy,
        decision.run,
        now=scene.now,
        on_call=scene.on_call,
        turns=after_turns(scene.turns, decision.turns),
        already=decision.pages,
        because=Reason.TARGET_MISSED,
    )
    return replace(
        decision,
        run=more.run,
        pages=more.pages,
        facts=(*decision.facts, *more.facts),
        turns=(*decision.turns, *more.turns),
    )


def _named(reason: Reason) -> Reason:
    return Reason.TARGET_MISSED if reason is Reason.NOT_DUE else reason


def _sentence(run: Run) -> str:
    assert run.answer_by is not None
    target = RESPONSE_TARGETS[run.severity]
    within = words(target)
    # Only SEV4 counts those; anything else that took longer got worse meanwhile.
    began = run.began if run.severity is Severity.SEV4 else None
    if began is not None and run.answer_by - began > target:
        within += " of support hours"
    return (
        f"Nobody answered within {within}, the response time of {run.severity.name}: "
        f"it was over at {run.answer_by:%H:%M} UTC."
    )
