"""When whom is to be paged for one alert, as bounds: an independent reading of 2.1-2.3.

An alert is in turn wanted (phases in which people are owed pages) and quiet. Every
duty has the earliest and the latest instant at which a right engine may find it due,
because an engine that was down finds later ones later.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from msgspec import Struct

from tocsin.core.level_times import LevelTimes
from tocsin.core.pages.escalation import Level, Target, offset
from tocsin.core.severity import Severity
from tocsin.simulation.history import SECOND
from tocsin.simulation.ledger import Episode

By = Callable[[int], int]
# Within which somebody is to answer (domain 2.2). Teams here have support hours, so that
# four hours of them are never over within an outage.
_TARGETS = {
    Severity.SEV1: timedelta(minutes=5),
    Severity.SEV2: timedelta(minutes=15),
    Severity.SEV3: timedelta(hours=1),
    Severity.SEV4: timedelta(hours=4),
}


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
    empty = tuple(always_empty(level) for level in episode.policy.levels)
    walk = _Walk(episode, phase, empty, doubt, early, by)
    for loop in range(episode.policy.repeat + 1):
        for duty in walk.loop(loop + 1):
            if duty.latest > end:
                return
            yield duty
        if all(empty):
            break
        if loop < episode.policy.repeat:
            # A repeated loop counts from when it was found due.
            walk.latest = by(walk.latest)
    yield from _nags(
        episode, phase, walk.earliest, walk.latest, doubt=doubt, by=by, end=end
    )


class _Walk:
    """The loops of a phase; its origin lies between `earliest` and `latest`."""

    def __init__(
        self,
        episode: Episode,
        phase: Phase,
        empty: tuple[bool, ...],
        doubt: int,
        early: bool,
        by: By,
    ) -> None:
        self.policy, self.severity = episode.policy, episode.severity
        self.phase, self.empty = phase, empty
        self.doubt, self.early, self.by = doubt, early, by
        self.earliest, self.latest = phase.earliest, phase.latest
        self.also = phase.also
        # Whoever answered before has answered in time, or it was missed by then.
        is_first = phase.start == episode.origin
        self.target = target_of(episode) if is_first else None
        self.paged = 0
        # How long after the origin the newest level's wait is over.
        self.patience = timedelta(0)

    def loop(self, number: int) -> Iterator[Duty]:
        """The levels of one loop; then the origin is that of what comes after it."""
        moved, levels = timedelta(0), self.policy.levels
        self.end = (self.earliest, self.latest)
        name = "I3 first page"
        for index, level in enumerate(levels):
            after = offset(level, self.severity) - moved
            if self._missed_before(after):
                moved, after, name = moved + after, timedelta(0), "I20 missed target"
            if self.empty[index]:
                if index + 1 < len(levels):
                    following = levels[index + 1]
                    moved += offset(following, self.severity)
                    moved -= offset(level, self.severity)
                late = self.by(self.latest + micros(after) + self.doubt)
                self.end = (self.end[0], max(self.end[1], late))
                name = "I4 escalation" if name == "I3 first page" else name
                continue
            yield self._due(name, f"level {index + 1} of loop {number}", level, after)
            name = "I4 escalation"
        self._end_of_loop()

    def _due(self, name: str, what: str, level: Level, after: timedelta) -> Duty:
        due = self.latest + micros(after) + self.doubt
        soonest = self.earliest
        if not self.early:
            soonest += micros(after) - self.doubt
        wait, also = micros(self.policy.wait), self.also
        self.also, self.paged = (), self.paged + 1
        self.patience = after + self.policy.wait
        self.end = (soonest + wait, self.by(due) + wait)
        since = max(soonest, self.phase.earliest)
        return Duty(name, what, since, due, level.targets, level.times, also)

    def _missed_before(self, after: timedelta) -> bool:
        """Whether the time to answer is over before `after`, and one alone was paged.

        What comes next comes then, and the rest with it (domain 2.2).
        """
        target = self.target
        if target is None or self.paged > 1 or after <= target:
            return False
        self.target = None
        self.latest = self.by(self.latest + micros(target) + self.doubt)
        if not self.early:
            self.earliest += micros(target) - self.doubt
        self.end = (self.earliest, self.end[1])
        return True

    def _end_of_loop(self) -> None:
        soonest, last = self.end
        target = self.target
        if target is not None and self.paged == 1 and self.patience > target:
            # The only level there was: what follows it comes when the time is over.
            over = self.by(self.latest + micros(target) + self.doubt)
            soonest = self.earliest + micros(target) - self.doubt
            last = min(last, over)
        self.target = None
        if all(self.empty):
            last = self.latest
        elif not self.early:
            self.earliest = soonest
        self.latest = last + self.doubt


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
        if count and episode.raises:
            return  # whoever hears that it got worse is asked again from then on
        what = "the fallback" if count == 0 else f"nag {count} of the fallback"
        yield Duty(
            "I5 nobody is somebody", what, earliest, latest, episode.policy.fallback
        )
        count += 1
        earliest += nag - doubt
        latest = by(latest) + nag + doubt


def target_of(episode: Episode) -> timedelta:
    """How long after the beginning somebody is to have answered, at the latest."""
    later = (
        timedelta(microseconds=at - episode.origin) + _TARGETS[severity]
        for at, severity in episode.raises
    )
    return min((_TARGETS[episode.severity], *later))


def micros(length: timedelta) -> int:
    """A length as world time."""
    return int(length.total_seconds() * SECOND)
