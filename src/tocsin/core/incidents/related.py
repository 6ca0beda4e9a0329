"""Which earlier incidents are like this one: the same alert, service or words (5.5)."""

import re
from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct

LOOK_BACK = timedelta(days=90)
MOST_SHOWN = 5
# Two titles are alike when this share of all their words is in both.
_ALIKE = 0.4
_WORD = re.compile(r"[^\W_]{3,}")
# What is in any title, so that it makes no two alike.
_SMALL = frozenset(
    (
        "and", "are", "but", "for", "from", "has", "have", "her", "his", "how", "its",
        "not", "off", "our", "out", "some", "than", "that", "the", "their", "them",
        "there", "they", "this", "too", "was", "were", "what", "when", "where", "why",
        "with", "you", "your",
    )
)  # fmt: skip


class Likeness(Struct, frozen=True):
    """What an incident is compared by. `keys` are its alerts' (integration, key)."""

    number: int
    title: str
    services: tuple[str, ...] = ()
    keys: frozenset[tuple[int, str]] = frozenset()


class Related(Struct, frozen=True):
    """An earlier incident and what both have in common, the strongest first."""

    number: int
    why: tuple[str, ...]


def related(this: Likeness, others: Iterable[Likeness]) -> list[Related]:
    """Earlier ones that are like it: the most alike first, then the newest."""
    found = []
    for other in others:
        if other.number >= this.number:
            continue
        score, why = _compared(this, other)
        if why:
            found.append((-score, -other.number, Related(other.number, why)))
    return [one for _, _, one in sorted(found, key=lambda one: one[:2])][:MOST_SHOWN]


def _compared(this: Likeness, other: Likeness) -> tuple[int, tuple[str, ...]]:
    score, why = 0, []
    if this.keys & other.keys:
        score += 4
        why.append("the same alert")
    if _alike(this.title, other.title):
        score += 2
        why.append("similar words")
    shared = [name for name in this.services if name in other.services]
    if shared:
        score += 1
        why.append(f"also {', '.join(shared)}")
    return score, tuple(why)


def _alike(one: str, other: str) -> bool:
    mine, theirs = _words(one), _words(other)
    both = mine & theirs
    return len(both) >= 2 and len(both) >= _ALIKE * len(mine | theirs)


def _words(title: str) -> set[str]:
    return set(_WORD.findall(title.casefold())) - _SMALL
