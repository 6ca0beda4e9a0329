"""An accepted proposal as layers: explicit turns for a while, then the order as before.

Each layer is closed where its first proposed turn begins, a layer with exactly those
turns follows, and then the old one goes on as if nothing had been (its anchor stays), also
for turns in between that are kept. Turns of an earlier proposal may be proposed anew.
"""

from collections.abc import Iterator, Sequence

from tocsin.core.forms import Plain
from tocsin.core.oncall.fair_rota import Puzzle
from tocsin.core.rotas.layers import LENGTHS, Layer, effective, handoff
from tocsin.core.rotas.rota_patterns import layers_of
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.wallclock import minute_text


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
) -> Iterator[Plain]:
    opened: Plain = one
    for n, run in enumerate(_runs(turns)):
        first, last = run[0][0], run[-1][0]
        begins, ends = handoff(layer, first), handoff(layer, last + 1)
        anchor = layer.anchor + first * layer.turn.count * LENGTHS[layer.turn.unit]
        more = f"-{n + 1}" if n else ""
        yield {**opened, "until": minute_text(begins)}
        yield {
            **one,
            "id": f"{layer.id}-fair-{tag}{more}",
            "participants": [who for _, who in run],
            "anchor": anchor.strftime("%Y-%m-%dT%H:%M"),
            "start": minute_text(begins),
            "until": minute_text(ends),
        }
        opened = {**one, "id": f"{layer.id}-{tag}{more}", "start": minute_text(ends)}
    until = effective(layer)[1]
    if until is None or until > handoff(layer, turns[-1][0] + 1):
        yield opened


def _runs(turns: Sequence[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Turns that follow on each other."""
    runs: list[list[tuple[int, str]]] = []
    for k, who in turns:
        if runs and runs[-1][-1][0] == k - 1:
            runs[-1].append((k, who))
        else:
            runs.append([(k, who)])
    return runs
