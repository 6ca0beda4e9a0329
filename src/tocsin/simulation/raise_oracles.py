"""What follows when an alert gets worse while it is open (I22), by domain 2.2.

Judged from outside: what senders reported, whom providers were asked to reach. That the
next level comes sooner is judged with the other levels (duties.py, I20).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from tocsin.core.severity import Urgency
from tocsin.simulation.duties import Phase
from tocsin.simulation.faults import Fault
from tocsin.simulation.history import SECOND, Call
from tocsin.simulation.ledger import Episode
from tocsin.simulation.urgency_oracles import urgencies
from tocsin.simulation.world import World

Broken = tuple[str, int, str]
# By when an attempt that is owed since then has begun.
By = Callable[[int], int]
_PAGED_BEFORE = 90 * SECOND


def broken(
    world: World, phases: Mapping[str, Sequence[Phase]], by: By
) -> Iterator[Broken]:
    """Every alert that got worse and of which nobody heard so."""
    if world.faults.has(Fault.CONTACT_REMOVED):
        return  # whoever was to hear it may have no way left
    for key in world.ledger.keys.values():
        if key.doubtful or any(e.poisoned is not None for e in key.episodes):
            continue
        calls = [call for call in world.history.calls if key.title in call.titles]
        for episode in key.episodes:
            for at, _ in episode.raises:
                until = by(at)
                within = _phase_of(phases.get(key.title, ()), at, until)
                if within is None or until >= world.history.ended:
                    continue
                heard = [one for one in calls if at <= one.begun <= until]
                if within.quiet:
                    yield from _untold(episode, at, until, heard)
                else:
                    yield from _unheard(world, episode, within, at, until, calls)


def _phase_of(phases: Sequence[Phase], at: int, until: int) -> Phase | None:
    """The phase that an alert was in when it got worse, and stayed in."""
    return next((one for one in phases if one.start < at and until < one.end), None)


def _untold(
    episode: Episode, at: int, until: int, heard: Sequence[Call]
) -> Iterator[Broken]:
    """Whoever has it is told."""
    having = {person for when, person in episode.acks if when < at}
    if not any(call.person in having for call in heard):
        what = f"{episode.title} got worse, and who has it was not told"
        yield "I22 told of worse", until, what


def _unheard(
    world: World,
    episode: Episode,
    phase: Phase,
    at: int,
    until: int,
    calls: Sequence[Call],
) -> Iterator[Broken]:
    """Whoever was paged quietly hears it loudly, where that is louder now."""
    before = [
        s
        for s, when in zip(episode.severities, _since(episode), strict=True)
        if when < at
    ]
    after = [s for when, s in episode.raises if when == at]
    if urgencies(world, before, phase.start, at) != (Urgency.LOW,):
        return
    if urgencies(world, after, at, until) != (Urgency.HIGH,):
        return
    if not any(phase.start <= call.begun < at - _PAGED_BEFORE for call in calls):
        return
    loud = (call.urgency == Urgency.HIGH for call in calls if at <= call.begun <= until)
    if not any(loud):
        what = f"{episode.title} got worse and was paged no louder"
        yield "I22 louder when worse", until, what


def _since(episode: Episode) -> list[int]:
    return [episode.origin, *(at for at, _ in episode.raises)]
