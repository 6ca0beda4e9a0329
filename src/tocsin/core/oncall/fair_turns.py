"""Which turns of a rotation can be given out anew, and what is fixed around them.

Fixed is the turn that has begun, every turn that an override touches (whoever agreed on
one keeps what was agreed), whatever follows the last turn, and all other rotations.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.own_shifts import shifts_of_all
from tocsin.core.rotas.layers import Layer, TurnClock, Unit, effective, handoff, turn_at
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Span, Window, without

# Between two shifts of one person (Directive 2003/88/EC art. 3).
LEAST_REST = timedelta(hours=11)
MOST_TURNS = 400


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


class Fixed(Struct, frozen=True):
    """One person's hours that no proposal moves: in this rotation, and in all others."""

    here: tuple[Span, ...] = ()
    elsewhere: tuple[Span, ...] = ()


def layers_in(rotation: Rotation, window: Window) -> list[Layer]:
    """The layers that are in force at some time of the window."""
    found = []
    for one in rotation.layers:
        start, until = effective(one)
        if start < window.end and (until is None or until > max(start, window.start)):
            found.append(one)
    return found


def turns_in(rotation: Rotation, window: Window) -> tuple[list[Turn], list[Turn]]:
    """The whole turns in `window`, by start: those to give out, and those kept."""
    free: list[Turn] = []
    kept: list[Turn] = []
    for one in sorted(_turns(rotation, window), key=lambda turn: turn.start):
        agreed = any(is_met(one, [(o.start, o.end)]) for o in rotation.overrides)
        (kept if agreed else free).append(one)
    return free, kept


def fixed_around(
    directory: Directory,
    schedule: str,
    rotation: str,
    people: Sequence[str],
    turns: Sequence[Turn],
    window: Window,
) -> Mapping[str, Fixed]:
    """What stays as it is for each person, as far around `window` as rest reaches."""
    wide = Window(window.start - LEAST_REST, window.end + LEAST_REST)
    given = sorted(span for one in turns for span in one.spans)
    found = {}
    for who, shifts in shifts_of_all(directory, people, wide).items():
        here = [
            (one.start, one.end)
            for one in shifts
            if (one.schedule, one.rotation) == (schedule, rotation)
        ]
        elsewhere = tuple(
            (one.start, one.end)
            for one in shifts
            if (one.schedule, one.rotation) != (schedule, rotation)
        )
        found[who] = Fixed(tuple(without(here, given)), elsewhere)
    return found


def is_met(turn: Turn, spans: Sequence[Span]) -> bool:
    """Whether some hours of the turn lie in one of the spans."""
    return any(a < end and start < b for start, end in turn.spans for a, b in spans)


def is_too_near(turn: Turn, spans: Sequence[Span]) -> bool:
    """Whether one of the spans follows on the turn's hours without rest, or meets them."""
    return any(
        start < b + LEAST_REST and a < end + LEAST_REST
        for start, end in turn.spans
        for a, b in spans
    )


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
