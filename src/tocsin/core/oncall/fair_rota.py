"""A fair rota as a problem: who may take which turn, and what is even.

Hard rules are never broken: somebody has every turn, nobody who is away or on call
elsewhere has it, and nobody has two turns without rest between them (Directive 2003/88/EC
art. 3), nor a turn without rest around what is fixed. Where the last alone leaves no
answer, it is `eased`: weighed before all else, and said. The rest is weighed: an even load
first, then wishes, then that little changes.
Who solves it is handed in; whatever comes back is checked here, by other code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.oncall.fair_turns import (
    Fixed,
    Turn,
    fixed_around,
    is_met,
    is_too_near,
    layers_in,
    turns_in,
)
from tocsin.core.oncall.leave_documents import leaves
from tocsin.core.oncall.oncall_load import Load, load_of
from tocsin.core.oncall.own_shifts import OwnShift
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.wallclock import Span, Window

# As far back as what was carried counts.
LOOKED_BACK = timedelta(weeks=13)
# What a wish that is not honoured costs, and a turn that changes hands, in mean turns.
WISH, CHANGE = 0.5, 0.02
# The same of a turn without rest around what is fixed: more than evenness can gain.
EASED = 10.0


class Puzzle(Struct, frozen=True):
    """Whose turn is what. Numbers are places in `people` and `turns`."""

    people: tuple[str, ...]
    turns: tuple[Turn, ...]
    # Turns that stay as they are, as overrides touch them.
    kept: tuple[Turn, ...]
    # weight[p][t]: what turn t asks of person p, in weighted hours (domain 1.8).
    weight: tuple[tuple[float, ...], ...]
    # What each carried before; whoever came since is taken to have had the mean.
    carried: tuple[float, ...]
    # Whoever is away then, or on call elsewhere.
    blocked: frozenset[tuple[int, int]]
    # Whoever would have no rest before or after what is fixed.
    tired: frozenset[tuple[int, int]]
    wishes: frozenset[tuple[int, int]]
    # Pairs of turns that one person may not both have.
    apart: tuple[tuple[int, int], ...]
    # What was `tired` where no answer keeps that.
    eased: frozenset[tuple[int, int]] = frozenset()


class Shares(Struct, frozen=True):
    """The load of each person, in the order of the puzzle, with what they carried."""

    loads: tuple[float, ...]

    @property
    def spread(self) -> float:
        """Between who has most and who has least."""
        return max(self.loads, default=0.0) - min(self.loads, default=0.0)


def puzzle(
    directory: Directory,
    schedule: NamedSchedule,
    rotation: Rotation,
    window: Window,
) -> Puzzle:
    """The turns of a rotation that begin in `window`, as a puzzle."""
    people = tuple(
        dict.fromkeys(
            who
            for layer in layers_in(rotation, window)
            for who in layer.participants
            if who is not None and directory.person(who) is not None
        )
    )
    free, kept = turns_in(rotation, window)
    turns = tuple(free)
    fixed = fixed_around(directory, schedule.name, rotation.name, people, turns, window)
    away = {
        who: [*_away(directory, rotation, who), *fixed[who].elsewhere] for who in people
    }
    blocked = frozenset(_pairs(people, turns, away, is_met))
    around = {who: [*fixed[who].here, *fixed[who].elsewhere] for who in people}
    wishes = {who: _wishes(directory, who) for who in people}
    return Puzzle(
        people=people,
        turns=turns,
        kept=tuple(kept),
        weight=tuple(
            tuple(_weight(directory, who, one.spans) for one in turns) for who in people
        ),
        carried=_carried(
            directory, schedule, people, _until_last(turns, window), fixed
        ),
        blocked=blocked,
        tired=frozenset(_pairs(people, turns, around, is_too_near)) - blocked,
        wishes=frozenset(_pairs(people, turns, wishes, is_met)),
        apart=tuple(_apart(turns)),
    )


def eased(puzzle: Puzzle) -> Puzzle:
    """The same where rest around what is fixed is weighed, as no answer keeps it."""
    return replace(puzzle, tired=frozenset(), eased=puzzle.tired)


def violations(puzzle: Puzzle, picked: Sequence[int]) -> list[str]:
    """Every hard rule that an assignment breaks, in a sentence."""
    return [f"{who} {said}" for who, said in broken(puzzle, picked)]


def broken(puzzle: Puzzle, picked: Sequence[int]) -> list[tuple[str, str]]:
    """The same as (who, what about them): a name begins the sentence."""
    if len(picked) != len(puzzle.turns):
        return [("Nobody", "has some of the turns.")]
    named = {p: who for p, who in enumerate(puzzle.people)}
    found = []
    for t, p in enumerate(picked):
        day = f"{puzzle.turns[t].start:%d %b}"
        if p not in named:
            found.append(("Nobody", f"has the turn of {day}."))
        elif (p, t) in puzzle.blocked:
            found.append((named[p], f"is not there on {day}."))
        elif (p, t) in puzzle.tired:
            found.append((named[p], f"has no rest around {day}."))
    for one, other in puzzle.apart:
        if picked[one] == picked[other]:
            day = f"{puzzle.turns[one].start:%d %b}"
            found.append(
                (named.get(picked[one], "Nobody"), f"has no rest after {day}.")
            )
    return found


def cannot_be(puzzle: Puzzle) -> str:
    """Why there is no answer, where that can be said; "" where it cannot."""
    if not puzzle.people:
        return "Nobody takes turns in this rotation."
    if not puzzle.turns and puzzle.kept:
        return "Somebody stands in during every turn of these weeks: all of them stay."
    if not puzzle.turns:
        return "No turn begins in these weeks."
    for t, turn in enumerate(puzzle.turns):
        if all((p, t) in puzzle.blocked for p in range(len(puzzle.people))):
            return f"Nobody is there for the turn of {turn.start:%a %d %b %Y}."
    return ""


def shares(puzzle: Puzzle, picked: Sequence[int]) -> Shares:
    """The load of each person under an assignment."""
    loads = list(puzzle.carried)
    for t, p in enumerate(picked):
        if 0 <= p < len(loads):
            loads[p] += puzzle.weight[p][t]
    return Shares(tuple(loads))


def as_it_is(puzzle: Puzzle) -> list[int]:
    """The assignment that is in force; -1 is nobody of the puzzle."""
    place = {who: p for p, who in enumerate(puzzle.people)}
    return [place.get(one.now, -1) for one in puzzle.turns]


def unheard(puzzle: Puzzle, picked: Sequence[int]) -> int:
    """How many wishes an assignment does not honour."""
    return sum((p, t) in puzzle.wishes for t, p in enumerate(picked))


def unrested(puzzle: Puzzle, picked: Sequence[int]) -> list[tuple[str, Turn]]:
    """Who has a turn without rest around what is fixed, where that was eased."""
    return [
        (puzzle.people[p], puzzle.turns[t])
        for t, p in enumerate(picked)
        if (p, t) in puzzle.eased
    ]


def _pairs(
    people: Sequence[str],
    turns: Sequence[Turn],
    spans: Mapping[str, Sequence[Span]],
    is_hit: Callable[[Turn, Sequence[Span]], bool],
) -> Iterator[tuple[int, int]]:
    for p, who in enumerate(people):
        for t, turn in enumerate(turns):
            if is_hit(turn, spans[who]):
                yield p, t


def _away(directory: Directory, rotation: Rotation, who: str) -> list[Span]:
    person = directory.people[who]
    own = leaves(person)
    return [(one.start, one.end) for one in (*own, *rotation.leave) if one.user == who]


def _wishes(directory: Directory, who: str) -> list[Span]:
    return [(o.start, o.end) for o in leaves(directory.people[who], wishes=True)]


def _apart(turns: Sequence[Turn]) -> Iterator[tuple[int, int]]:
    for t, one in enumerate(turns):
        for u in range(t + 1, len(turns)):
            if is_too_near(one, turns[u].spans):
                yield t, u


def _until_last(turns: Sequence[Turn], window: Window) -> Window:
    return Window(window.start, max((one.end for one in turns), default=window.end))


def _weight(directory: Directory, who: str, spans: Sequence[Span]) -> float:
    if not spans:
        return 0.0
    shifts = [OwnShift("", "", a, b) for a, b in spans]
    window = Window(spans[0][0], spans[-1][1])
    return load_of(directory, who, window, (), shifts=shifts).weighted


def _carried(
    directory: Directory,
    schedule: NamedSchedule,
    people: Sequence[str],
    window: Window,
    fixed: Mapping[str, Fixed],
) -> tuple[float, ...]:
    past = Window(window.start - LOOKED_BACK, window.start)
    loads = [
        load_of(directory, who, past, (), schedule=schedule.name) for who in people
    ]
    whole = [one for one in loads if _all_along(one)]
    mean = sum(one.weighted for one in whole) / len(whole) if whole else 0.0
    least = min((one.weighted for one in whole), default=0.0)
    before = [(one.weighted if _all_along(one) else mean) - least for one in loads]
    # What is fixed among the turns is carried too.
    return tuple(
        load + _weight(directory, who, list(_within(fixed[who].here, window)))
        for who, load in zip(people, before, strict=True)
    )


def _within(spans: Sequence[Span], window: Window) -> Iterator[Span]:
    for start, end in spans:
        if start < window.end and end > window.start:
            yield max(start, window.start), min(end, window.end)


def _all_along(load: Load) -> bool:
    return load.days > LOOKED_BACK / timedelta(days=1) - 1
