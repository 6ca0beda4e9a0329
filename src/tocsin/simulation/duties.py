"""When whom is to be paged for one alert, as bounds: an independent reading of 2.1-2.3.

An alert is in turn wanted (phases in which people are owed pages) and quiet. Every
duty has the earliest and the latest instant at which a right engine may find it due,
because an engine that was down finds later ones later.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from msgspec import Struct

from tocsin.core.escalation import Level, Target, offset
from tocsin.core.level_times import LevelTimes
from tocsin.simulation.history import SECOND
from tocsin.simulation.ledger import Episode

By = Callable[[int], int]


class Phase(Struct, frozen=True):
    """[start, end): people are owed pages, or (quiet) nobody may be called."""

    start: int
    end: int
    quiet: bool
    # The loop's origin lies between these.
    earliest: int = 0
    latest: int = 0
    also: tuple[str, ...] = ()
    why: str = ""


class Duty(Struct, frozen=True):
    """These targets are to be tried; due between `earliest` and `latest`."""

    invariant: str
    what: str
    earliest: int
    latest: int
    targets: tuple[Target, ...]
    # When they are meant at all; None: always.
    times: LevelTimes | None = None
    also: tuple[str, ...] = ()


def phases(episode: Episode, *, end: int, over: int, doubt: int, by: By) -> list[Phase]:
    """The wanted and the quiet times of an episode, in order.

    `over` is when the alert fired again, or the history's end.
    """
    found: list[Phase] = []
    stop = min(x for x in (episode.closed, episode.poisoned, end) if x is not None)
    timeout = episode.policy.ack_timeout.get(episode.severity)
    earliest = latest = start = episode.origin
    also: tuple[str, ...] = ()
    acks = [ack for ack in episode.acks if ack[0] < stop]
    while True:
        if not acks:
            found.append(Phase(start, stop, False, earliest, latest, also))
            break
        at, person = acks.pop(0)
        found.append(Phase(start, at, False, earliest, latest, also))
        held, until = at, _end_of_ack(at, timeout, stop)
        while acks and acks[0][0] < until:
            # Another name: by the clocks that took part the first had run out.
            held, person = acks.pop(0)
            until = _end_of_ack(held, timeout, stop)
        found.append(Phase(held, until, True, why=f"{person} acknowledged"))
        if until >= stop:
            break
        start, also = until, (person,)
        earliest, latest = until - doubt, by(until + doubt)
    if episode.closed is not None and episode.poisoned is None:
        found.append(Phase(episode.closed, over, True, why="it was resolved"))
    return found


def _end_of_ack(at: int, timeout: timedelta | None, stop: int) -> int:
    return stop if timeout is None else min(stop, at + micros(timeout))


# long because: the duties of every invariant, side by side.
def duties(
    episode: Episode,
    phase: Phase,
    *,
    always_empty: Callable[[Level], bool],
    doubt: int,
    early: bool,
    by: By,
    end: int,
) -> Iterator[Duty]:
    """Everything that is owed in a wanted phase until `end`, in order."""
    policy, severity = episode.policy, episode.severity
    earliest, latest = phase.earliest, phase.latest
    also = phase.also
    empty = [always_empty(level) for level in policy.levels]
    for repeat in range(policy.repeat + 1):
        moved, last = timedelta(0), latest
        for number, level in enumerate(policy.levels):
            after = offset(level, severity) - moved
            if empty[number]:
                if number + 1 < len(policy.levels):
                    following = policy.levels[number + 1]
                    moved += offset(following, severity) - offset(level, severity)
                last = max(last, by(latest + micros(after) + doubt))
                continue
            due = latest + micros(after) + doubt
            if due > end:
                return
            soonest = earliest if early else earliest + micros(after) - doubt
            name = "I3 first page" if number == 0 else "I4 escalation"
            yield Duty(
                name, f"level {number + 1} of loop {repeat + 1}",
                max(soonest, phase.earliest), due, level.targets, level.times, also,
            )  # fmt: skip
            also = ()
            last = by(due) + micros(policy.wait)
            earliest_end = soonest + micros(policy.wait)
        reached = not all(empty)
        if not reached:
            last = latest
        earliest = earliest if early or not reached else earliest_end
        latest = last + doubt
        if not reached or repeat == policy.repeat:
            break
        # A repeated loop counts from when it was found due.
        latest = by(latest)
    yield from _nags(episode, phase, earliest, latest, doubt=doubt, by=by, end=end)


def _nags(
    episode: Episode,
    phase: Phase,
    earliest: int,
    latest: int,
    *,
    doubt: int,
    by: By,
    end: int,
) -> Iterator[Duty]:
    """I5: the fallback is somebody, and hears of it again and again."""
    nag, count = micros(episode.policy.nag), 0
    earliest = max(earliest - doubt, phase.earliest)
    while latest <= end:
        what = "the fallback" if count == 0 else f"nag {count} of the fallback"
        yield Duty(
            "I5 nobody is somebody", what, earliest, latest, episode.policy.fallback
        )
        count += 1
        earliest += nag - doubt
        latest = by(latest) + nag + doubt


def micros(length: timedelta) -> int:
    """A length as world time."""
    return int(length.total_seconds() * SECOND)
