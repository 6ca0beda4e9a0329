"""A fair rota as a problem: which turns there are, who may take them, and what is even.

Hard rules are never broken: somebody has every turn, nobody who is away or on call
elsewhere has it, and nobody has two turns without rest between them (Directive 2003/88/EC
art. 3). The rest is weighed: an even load first, then wishes, then that little changes.
Who solves it is handed in; whatever comes back is checked here, by other code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.layers import Layer, TurnClock, Unit, effective, handoff, turn_at
from tocsin.core.leave_documents import leaves
from tocsin.core.oncall_load import Load, load_of
from tocsin.core.own_shifts import OwnShift, shifts_of
from tocsin.core.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window

LEAST_REST = timedelta(hours=11)
# As far back as what was carried counts.
LOOKED_BACK = timedelta(weeks=13)
MOST_TURNS = 400
# What a wish that is not honoured costs, and a turn that changes hands, in mean turns.
WISH, CHANGE = 0.5, 0.02
Span = tuple[datetime, datetime]


class Turn(Struct, frozen=True):
    """Turn `k` of a layer: the hours that are paged by it. `now` is whose it is."""

    layer: str
    k: int
    spans: tuple[Span, ...]
    now: str

    @property
    def start(self) -> datetime:
        """When it begins."""
        return self.spans[0][0]

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.spans[-1][1]


class Puzzle(Struct, frozen=True):
    """Whose turn is what. Numbers are places in `people` and `turns`."""

    people: tuple[str, ...]
    turns: tuple[Turn, ...]
    # weight[p][t]: what turn t asks of person p, in weighted hours (domain 1.8).
    weight: tuple[tuple[float, ...], ...]
    # What each carried before; whoever came since is taken to have had the mean.
    carried: tuple[float, ...]
    blocked: frozenset[tuple[int, int]]
    wishes: frozenset[tuple[int, int]]
    # Pairs of turns that one person may not both have.
    apart: tuple[tuple[int, int], ...]


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
    turns = tuple(sorted(_turns(rotation, window), key=lambda one: one.start))
    away = {who: _away(directory, rotation, who) for who in people}
    busy = {
        who: _elsewhere(directory, schedule.name, rotation.name, who, window)
        for who in people
    }
    wishes = {who: _wishes(directory, who) for who in people}
    return Puzzle(
        people=people,
        turns=turns,
        weight=tuple(
            tuple(_weight(directory, who, one) for one in turns) for who in people
        ),
        carried=_carried(directory, schedule, people, window),
        blocked=frozenset(
            _meets(people, turns, {w: [*away[w], *busy[w]] for w in people})
        ),
        wishes=frozenset(_meets(people, turns, wishes)),
        apart=tuple(_apart(turns)),
    )


def layers_in(rotation: Rotation, window: Window) -> list[Layer]:
    """The layers that are in force at some time of the window."""
    found = []
    for one in rotation.layers:
        start, until = effective(one)
        if start < window.end and (until is None or until > max(start, window.start)):
            found.append(one)
    return found


def violations(puzzle: Puzzle, picked: Sequence[int]) -> list[str]:
    """Every hard rule that an assignment breaks, in a sentence."""
    if len(picked) != len(puzzle.turns):
        return ["Not every turn has somebody."]
    found = []
    for t, p in enumerate(picked):
        if not 0 <= p < len(puzzle.people):
            found.append(f"Nobody has the turn of {puzzle.turns[t].start:%d %b}.")
        elif (p, t) in puzzle.blocked:
            who = puzzle.people[p]
            found.append(f"{who} is not there on {puzzle.turns[t].start:%d %b}.")
    for one, other in puzzle.apart:
        if picked[one] == picked[other]:
            who = (
                puzzle.people[picked[one]]
                if 0 <= picked[one] < len(puzzle.people)
                else "?"
            )
            found.append(f"{who} has no rest after {puzzle.turns[one].start:%d %b}.")
    return found


def cannot_be(puzzle: Puzzle) -> str:
    """Why there is no answer, where that can be said; "" where it cannot."""
    if not puzzle.people:
        return "Nobody takes turns in this rotation."
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


def _turns(rotation: Rotation, window: Window) -> Iterator[Turn]:
    """With a name of its own for each turn, so that the final timeline tells them apart."""
    layers = []
    numbers: dict[str, tuple[str, int]] = {}
    for layer in layers_in(rotation, window):
        first, last = turn_at(layer, window.start), turn_at(layer, window.end)
        if last - first > MOST_TURNS or not _is_even(layer):
            continue
        count = last - first + 1
        names = [f"{layer.id}#{(first + n)}" for n in range(count)]
        # Turn k has participant k mod n: rotated so that turn `first` has the first.
        shift = first % count
        around = [*names[-shift:], *names[:-shift]] if shift else names
        layers.append(replace(layer, participants=tuple(around)))
        numbers |= {name: (layer.id, first + n) for n, name in enumerate(names)}
    bare = Rotation(rotation.name, tuple(layers))
    held: dict[str, list[Span]] = {}
    for one in final_schedule(bare, window).shifts:
        held.setdefault(one.user, []).append((one.start, one.end))
    known = {layer.id: layer for layer in rotation.layers}
    for name, spans in held.items():
        layer_id, k = numbers[name]
        layer = known[layer_id]
        start, until = effective(layer)
        ends = min(window.end, until) if until else window.end
        if handoff(layer, k) < max(window.start, start) or handoff(layer, k + 1) > ends:
            continue  # begun already, or not whole
        now = layer.participants[k % len(layer.participants)]
        yield Turn(layer_id, k, tuple(spans), now or "")


def _is_even(layer: Layer) -> bool:
    """Whether its turns can be written down one by one."""
    return layer.clock is TurnClock.WALL and layer.turn.unit is not Unit.MONTH


def _meets(
    people: Sequence[str], turns: Sequence[Turn], spans: Mapping[str, Sequence[Span]]
) -> Iterator[tuple[int, int]]:
    for p, who in enumerate(people):
        for t, turn in enumerate(turns):
            if any(
                a < end and start < b
                for start, end in turn.spans
                for a, b in spans[who]
            ):
                yield p, t


def _away(directory: Directory, rotation: Rotation, who: str) -> list[Span]:
    person = directory.people[who]
    own = leaves(person)
    return [(one.start, one.end) for one in (*own, *rotation.leave) if one.user == who]


def _wishes(directory: Directory, who: str) -> list[Span]:
    return [(o.start, o.end) for o in leaves(directory.people[who], wishes=True)]


def _elsewhere(
    directory: Directory, schedule: str, rotation: str, who: str, window: Window
) -> list[Span]:
    """Other rotations: the second call of one schedule has to reach somebody else."""
    return [
        (one.start, one.end)
        for one in shifts_of(directory, who, window)
        if (one.schedule, one.rotation) != (schedule, rotation)
    ]


def _apart(turns: Sequence[Turn]) -> Iterator[tuple[int, int]]:
    for t, one in enumerate(turns):
        for u in range(t + 1, len(turns)):
            if _too_near(one, turns[u]):
                yield t, u


def _too_near(one: Turn, other: Turn) -> bool:
    """Whether some hours of one follow on the other's without rest, or meet them."""
    return any(
        start < b + LEAST_REST and a < end + LEAST_REST
        for start, end in one.spans
        for a, b in other.spans
    )


def _weight(directory: Directory, who: str, turn: Turn) -> float:
    shifts = [OwnShift("", "", a, b) for a, b in turn.spans]
    window = Window(turn.start, turn.end)
    return load_of(directory, who, window, (), shifts=shifts).weighted


def _carried(
    directory: Directory,
    schedule: NamedSchedule,
    people: Sequence[str],
    window: Window,
) -> tuple[float, ...]:
    past = Window(window.start - LOOKED_BACK, window.start)
    loads = [
        load_of(directory, who, past, (), schedule=schedule.name) for who in people
    ]
    whole = [one for one in loads if _all_along(one)]
    mean = sum(one.weighted for one in whole) / len(whole) if whole else 0.0
    least = min((one.weighted for one in whole), default=0.0)
    return tuple((one.weighted if _all_along(one) else mean) - least for one in loads)


def _all_along(load: Load) -> bool:
    return load.days > LOOKED_BACK / timedelta(days=1) - 1
