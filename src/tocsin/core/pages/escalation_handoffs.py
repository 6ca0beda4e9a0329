"""What a hand-over of a rotation does to a run that nobody has answered (domain 1.9).

Whoever comes on call is paged at the level that was paged already; the clock of the run
goes on. An acknowledged alert stays with who has it.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from tocsin.core.level_times import apply_now
from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import Decision, OnCall, Reason, Run, RunState, Target
from tocsin.core.pages.escalation_levels import page
from tocsin.core.pages.escalation_rules import Scene
from tocsin.core.timeline import Fact, FactKind

# Of so many the newest count; who came before them has handed over again.
_MOST_KEPT = 50
_LOUD = (RunState.OPEN, RunState.EXHAUSTED)


def handed_over(scene: Scene, event: e.HandedOver) -> Decision:
    """Page who came; while nobody is to be paged, keep it for later."""
    if scene.run.state in _LOUD:
        return _told(scene, scene.run, (event,))
    kept = _kept(scene.run, event)
    if kept is None:
        return Decision(scene.run, Reason.NOT_DUE)
    return Decision(kept, Reason.HANDED_OVER)


def _kept(run: Run, event: e.HandedOver) -> Run | None:
    """The run with the hand-over kept where paging would go on, None where it cannot."""
    before = run.before
    if before is None:
        return None
    if before.state in _LOUD:
        moves = (*before.moves, event)[-_MOST_KEPT:]
        return replace(run, before=replace(before, moves=moves))
    deeper = _kept(before, event)
    return replace(run, before=deeper) if deeper is not None else None


def after_quiet(scene: Scene, decision: Decision) -> Decision:
    """Paging goes on where it was: whoever came meanwhile is paged, not who left."""
    run = decision.run
    if run.state not in _LOUD or not run.moves:
        return decision
    told = _told(scene, replace(run, moves=()), run.moves)
    return replace(
        decision,
        run=told.run,
        pages=told.pages,
        cancel=told.cancel,
        facts=(*decision.facts, *told.facts),
    )


def _told(scene: Scene, run: Run, moves: Sequence[e.HandedOver]) -> Decision:
    """Who left and is meant by nothing else is left in peace; the clock goes on."""
    policy, now = scene.policy, scene.now
    ran = [
        (index, level)
        for index, level in enumerate(policy.levels[: run.next_level])
        if level.times is None or apply_now(level.times, now=now)
    ]
    meant = [target for _, level in ran for target in level.targets]
    if run.state is RunState.EXHAUSTED:
        meant += policy.fallback
    here = (*_on_call(meant, scene.on_call), *run.in_turn, *run.in_last_turn)
    known = [one for one in moves if any(one.is_of(lv) for _, lv in ran)]
    on = tuple(
        n for n in dict.fromkeys(n for one in known for n in one.on) if n in here
    )
    if not on:
        return Decision(run, Reason.NOT_DUE)
    off = dict.fromkeys(name for one in known for name in one.off)
    left = tuple(name for name in off if name not in here)
    cancel = e.Cancel(users=left) if left else None
    came = tuple(name for name in on if name not in run.last_paged)
    if not came:
        # Paged at another level already: only who left is left in peace.
        return Decision(run, Reason.HANDED_OVER, cancel=cancel)
    last = known[-1]
    index = max(index for index, level in ran if last.is_of(level))
    whose = " and ".join(last.off) or "nobody"
    why = f"You took over {last.rotation} from {whose}, and nobody has acknowledged."
    paged, pages = page(run, came, level=index, reason=Reason.HANDED_OVER, why=why)
    # Who was paged at this level and is still on call can still be its only answer.
    stayed = tuple(name for name in run.last_paged if name in here)
    lost = tuple(name for name in run.unreachable if name in stayed)
    paged = replace(paged, last_paged=(*came, *stayed), unreachable=lost)
    text = (
        f"{last.rotation} went from {whose} to {' and '.join(last.on)}. "
        f"Paging {', '.join(came)}; the clock goes on."
    )
    fact = Fact(now, FactKind.ESCALATION, text, reason=Reason.HANDED_OVER)
    return Decision(paged, Reason.HANDED_OVER, pages, cancel=cancel, facts=(fact,))


def _on_call(targets: Sequence[Target], on_call: OnCall) -> tuple[str, ...]:
    """Everybody on call by them; whom a round robin means, it has said already."""
    return tuple(
        name
        for target in targets
        if target.kind is not e.TargetKind.ROUND_ROBIN
        for name in on_call(target)
    )
