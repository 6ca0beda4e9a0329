"""How loudly each page should have been (I21), by a reading of domain 2.2 of its own.

The hours begin and end within an outage. What was paged when is not seen from outside,
so nothing is judged of an alert whose hours changed since it first fired.
"""

from collections.abc import Iterable, Iterator

from tocsin.core.level_times import LevelTimes
from tocsin.core.severity import Severity, Urgency
from tocsin.simulation.history import MINUTE
from tocsin.simulation.ledger import Episode
from tocsin.simulation.world import World

_IN_HOURS = LevelTimes("UTC", in_hours=True)
Broken = tuple[str, int, str]


def urgencies(
    world: World, severities: Iterable[Severity], since: int, until: int
) -> tuple[Urgency, ...]:
    """What a page made between two instants may be: both, where something changes."""
    found = {
        one
        for severity in severities
        for one in _urgencies_of(world, severity, since, until)
    }
    return tuple(sorted(found))


def _urgencies_of(
    world: World, severity: Severity, since: int, until: int
) -> tuple[Urgency, ...]:
    if severity is not Severity.SEV3:
        return (Urgency.LOW if severity is Severity.SEV4 else Urgency.HIGH,)
    doubt = world.history.clock_doubt
    first, last = since - doubt, until + doubt
    moments = (*range(first, last, MINUTE), last)
    held = {world.company.applies(_IN_HOURS, world.start_plus(at)) for at in moments}
    return tuple(Urgency.HIGH if inside else Urgency.LOW for inside in sorted(held))


def broken(world: World) -> Iterator[Broken]:
    """Every message of one alert that was louder or quieter than it should be."""
    for call in world.history.calls:
        if len(call.titles) != 1:
            continue  # what is bundled is as loud as its first
        key = world.ledger.keys.get(call.titles[0])
        if key is None or key.doubtful or not key.episodes:
            continue
        if any(episode.poisoned is not None for episode in key.episodes):
            continue  # paged aside from its run, and always loudly
        first: Episode = key.episodes[0]
        known = dict.fromkeys(one for e in key.episodes for one in e.severities)
        right = urgencies(world, known, first.origin, call.begun)
        if call.urgency not in right:
            what = f"{call.titles[0]}: {call.address} was paged with {call.urgency} urgency"
            yield "I21 urgency", call.begun, what
