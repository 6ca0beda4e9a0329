"""The oracles are worth something: each seeded mistake is found by some seed."""

import pytest

from tests.simulation import room_defects
from tests.simulation.defects import DEFECTS
from tocsin.simulation.rooms import has_rooms
from tocsin.simulation.runner import play

# Most are found by the first seeds; 500 is the promise.
SEEDS = 500
# What takes long to show is looked for first where it showed the last time.
SHOWED_AT = {
    "a refusal is taken for accepted": 47,
    "the outbox and the pager share their workers": 490,
    "who left while a mailing waited is mailed": 487,
}


@pytest.mark.slow  # plays outages until the mistake shows
@pytest.mark.parametrize("name", DEFECTS)
def test_a_seeded_mistake_is_found(name: str) -> None:
    needs_rooms = DEFECTS[name].__module__ == room_defects.__name__
    first = SHOWED_AT.get(name, 0)
    for seed in (*range(first, SEEDS), *range(first)):
        # An outage without an incident cannot show a mistake in one.
        if needs_rooms and not has_rooms(seed):
            continue
        if play(seed, rig=DEFECTS[name]()).violations:
            return
    pytest.fail(f"{name}: not found in {SEEDS} seeds")


def test_there_are_enough_mistakes() -> None:
    assert len(DEFECTS) >= 40
