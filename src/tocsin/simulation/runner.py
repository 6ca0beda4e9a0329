"""Plays seeds and judges them; many of them on every core."""

import gc
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from logging import CRITICAL

import structlog
from msgspec import Struct, field

from tocsin.simulation.oracles import Violation, judge
from tocsin.simulation.rig import Rig
from tocsin.simulation.storage import emptied_memory
from tocsin.simulation.world import World
from tocsin.store.database import Connection

_CHUNK = 25


class Outcome(Struct, frozen=True):
    """What one seed came to."""

    seed: int
    digest: str
    violations: tuple[Violation, ...]
    fired: dict[str, int]
    calls: int
    lines: tuple[str, ...] = ()


class Summary(Struct):
    """What many seeds came to."""

    outages: int = 0
    calls: int = 0
    violations: list[Violation] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """One more outage."""
        self.outages += 1
        self.calls += outcome.calls
        self.violations += outcome.violations
        self.fired.update(outcome.fired)

    @property
    def kinds(self) -> list[str]:
        """The kinds of fault that struck at least once."""
        return sorted({point.partition(":")[0] for point in self.fired})


def play(
    seed: int,
    *,
    connection: Connection | None = None,
    rig: Rig | None = None,
    keep_history: bool = False,
) -> Outcome:
    """One outage, judged. `connection` is to an empty, migrated database."""
    world = World(seed, connection or emptied_memory(), rig)
    with _quiet(), _uncollected():
        history = world.run()
    return Outcome(
        seed=seed,
        digest=history.digest(),
        violations=tuple(judge(world)),
        fired=dict(world.faults.fired),
        calls=len(history.calls),
        lines=tuple(history.lines) if keep_history else (),
    )


def play_all(seeds: Sequence[int], *, workers: int | None = None) -> Iterator[Outcome]:
    """Every seed, on every core, in order."""
    count = workers or os.cpu_count() or 1
    chunks = [seeds[at : at + _CHUNK] for at in range(0, len(seeds), _CHUNK)]
    if count == 1 or len(chunks) == 1:
        for chunk in chunks:
            yield from _play_chunk(chunk)
        return
    # A fresh interpreter per worker: nothing of ours is shared with threads or locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        for outcomes in pool.map(_play_chunk, chunks):
            yield from outcomes


def _play_chunk(seeds: Sequence[int]) -> list[Outcome]:
    outcomes = [play(seed) for seed in seeds]
    # Worlds are full of circles; a pass per chunk is cheaper than many small ones.
    gc.collect()
    return outcomes


@contextmanager
def _uncollected() -> Iterator[None]:
    """An outage is over before its garbage matters; looking for circles costs a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _quiet() -> Iterator[None]:
    """The engine says nothing about the faults that we make."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
