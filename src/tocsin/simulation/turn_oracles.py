"""Whose turn it was in a round robin (I19), by a reading of domain 2.1 of its own.

Of the database the timelines are looked at when all is over: they name every run of a
level, also one whose pages were called off before anybody was called.
"""

import re
from collections.abc import Iterator

from tocsin.simulation.company import RING
from tocsin.simulation.history import SECOND
from tocsin.simulation.world import World
from tocsin.store.instants import to_micros

_RAN = re.compile(r"Level (\d+) of (\w+): .* Paging (\w+)\.")
Broken = tuple[str, int, str]


def broken(world: World) -> Iterator[Broken]:
    """Every run of a level that paged somebody out of turn."""
    names = RING.name.split(",")
    # People lose their contacts at an instant, and clocks differ: any version counts.
    rings = {
        tuple(name for name in names if company.reachable(name))
        for _, company in world.versions
    }
    counts: dict[tuple[str, int], int] = {}
    rows = world.connection.all(
        "select at, text from timeline where kind = 'escalation' order by id"
    )
    for at, text in rows:
        ran = _RAN.fullmatch(text)
        if ran is None:
            continue
        level = (ran[2], int(ran[1]) - 1)
        if level not in world.company.rings:
            continue
        count = counts.get(level, 0)
        counts[level] = count + 1
        turns = sorted({ring[count % len(ring)] for ring in rings if ring})
        if ran[3] not in turns:
            what = f"run {count + 1} of level {ran[1]} of {ran[2]} was {ran[3]}'s turn"
            since = (at - to_micros(world.start)) * SECOND // 1_000_000
            yield "I19 in turn", since, f"{what}, not that of {' or '.join(turns)}"
