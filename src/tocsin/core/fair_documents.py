"""An accepted proposal as layers: explicit turns for a while, then the order as before.

Each layer is closed where its first proposed turn begins, a layer with exactly those
turns follows, and then the old one goes on as if nothing had been (its anchor stays). Turns of
an earlier proposal may be proposed anew.
"""

from collections.abc import Sequence
from datetime import datetime

from tocsin.core.fair_rota import Puzzle
from tocsin.core.forms import Plain
from tocsin.core.layers import LENGTHS, Layer, effective, handoff
from tocsin.core.rota_patterns import layers_of
from tocsin.core.schedules import Rotation


def accepted(
    document: Plain,
    rotation: Rotation,
    puzzle: Puzzle,
    picked: Sequence[int],
    *,
    tag: str,
) -> Plain:
    """The rotation's document once the turns are those people's."""
    known = {layer.id: layer for layer in rotation.layers}
    layers: list[Plain] = []
    for one in layers_of(document):
        mine = [
            (turn.k, puzzle.people[picked[t]])
            for t, turn in enumerate(puzzle.turns)
            if turn.layer == one.get("id")
        ]
        if mine:
            layers += _split(one, known[str(one["id"])], sorted(mine), tag)
        else:
            layers.append(one)
    short = ("users", "start", "length", "given")
    kept = {k: v for k, v in document.items() if k not in short}
    return {**kept, "layers": layers}


def _split(
    one: Plain, layer: Layer, turns: Sequence[tuple[int, str]], tag: str
) -> list[Plain]:
    first, last = turns[0][0], turns[-1][0]
    begins, ends = handoff(layer, first), handoff(layer, last + 1)
    anchor = layer.anchor + first * layer.turn.count * LENGTHS[layer.turn.unit]
    until = effective(layer)[1]
    after = {**one, "id": f"{layer.id}-{tag}", "start": _instant(ends)}
    return [
        {**one, "until": _instant(begins)},
        {
            **one,
            "id": f"{layer.id}-fair-{tag}",
            "participants": [who for _, who in turns],
            "anchor": anchor.strftime("%Y-%m-%dT%H:%M"),
            "start": _instant(begins),
            "until": _instant(ends),
        },
        *([after] if until is None or until > ends else []),
    ]


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%MZ")
