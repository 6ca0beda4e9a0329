"""What a hand-over of a rotation does to a run that nobody has answered (domain 1.9).

Whoever comes on call is paged at the level that was paged already; the clock of the run
goes on. An acknowledged alert stays with who has it.
"""

from msgspec.structs import replace

from tocsin.core import escalation as e
from tocsin.core.escalation import Decision, Level, Reason, RunState, TargetKind
from tocsin.core.escalation_levels import page, resolve_all
from tocsin.core.escalation_rules import Scene
from tocsin.core.level_times import apply_now
from tocsin.core.timeline import Fact, FactKind


def handed_over(scene: Scene, event: e.HandedOver) -> Decision:
    """Page who came; who left and is meant by nothing else is left in peace."""
    policy, run, now = scene.policy, scene.run, scene.now
    ran = [
        (index, level)
        for index, level in enumerate(policy.levels[: run.next_level])
        if level.times is None or apply_now(level.times, now=now)
    ]
    meant = [index for index, level in ran if _means(level, event.rotation)]
    here = resolve_all([t for _, level in ran for t in level.targets], scene.on_call)
    if run.state is RunState.EXHAUSTED:
        here = (*here, *resolve_all(policy.fallback, scene.on_call))
    came = tuple(n for n in event.on if n in here and n not in run.last_paged)
    if not meant or not came:
        return Decision(run, Reason.NOT_DUE)
    left = tuple(name for name in event.off if name not in here)
    whose = " and ".join(event.off) or "nobody"
    why = f"You took over {event.rotation} from {whose}, and nobody has acknowledged."
    run, pages = page(run, came, level=meant[-1], reason=Reason.HANDED_OVER, why=why)
    # Who was paged at this level and is still on call can still be its only answer.
    stayed = tuple(name for name in scene.run.last_paged if name in here)
    lost = tuple(name for name in scene.run.unreachable if name in stayed)
    run = replace(run, last_paged=(*came, *stayed), unreachable=lost)
    text = (
        f"{event.rotation} went from {whose} to {' and '.join(event.on)}. "
        f"Paging {', '.join(came)}; the clock goes on."
    )
    fact = Fact(now, FactKind.ESCALATION, text, reason=Reason.HANDED_OVER)
    cancel = e.Cancel(users=left) if left else None
    return Decision(run, Reason.HANDED_OVER, pages, cancel=cancel, facts=(fact,))


def _means(level: Level, rotation: str) -> bool:
    schedule = rotation.partition("/")[0]
    return any(
        (one.kind is TargetKind.ROTATION and one.name == rotation)
        or (one.kind is TargetKind.SCHEDULE and one.name == schedule)
        for one in level.targets
    )
