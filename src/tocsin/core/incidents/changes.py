"""Which change is worth checking first (domain 5.5): candidates and their score."""

import math
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

LOOK_BACK = timedelta(hours=24)
MOST_SHOWN = 5
_HALF = 60.0  # minutes after which closeness in time counts e times less
# Each kind with how likely it is the cause.
KINDS = {"deploy": 1.0, "flag": 0.8, "config": 0.8, "infra": 0.6, "data": 0.6}
_WORDS = {
    "flag": ("flag", "toggle", "feature"),
    "config": ("config", "setting", "configmap"),
    "infra": ("terraform", "node", "scale", "migrat", "network", "dns", "cert"),
    "data": ("backfill", "import", "schema"),
    "deploy": ("deploy", "release", "rollout", "push", "merge", "version"),
}


class ChangeEvent(Struct, frozen=True):
    """Something that was changed, as its sender told it."""

    id: int
    service: str
    at: datetime
    summary: str
    source: str
    kind: str = "deploy"
    link: str = ""
    rollback: str = ""  # how it is undone, as its sender told it


class Suspect(Struct, frozen=True):
    """A change with its score, 0 to 1, and why it counts."""

    change: ChangeEvent
    score: float
    why: str


def kind_of(summary: str, said: str = "") -> str:
    """The kind of a change: what its sender said, else by its words."""
    if said in KINDS:
        return said
    folded = summary.casefold()
    for kind, words in _WORDS.items():
        if any(word in folded for word in words):
            return kind
    return "deploy"


def suspects(
    changes: Iterable[ChangeEvent],
    *,
    services: Collection[str],
    neighbours: Collection[str],
    start: datetime,
    detected: datetime,
) -> list[Suspect]:
    """Changes in [start − 24 h, detected], the likeliest first, five at most.

    score = 0.6·e^(−dt/60 min) + 0.3·proximity + 0.1·kind.
    """
    found = []
    for one in changes:
        if not start - LOOK_BACK <= one.at <= detected:
            continue
        near, place = _proximity(one.service, services, neighbours)
        minutes = max(0.0, (start - one.at).total_seconds() / 60)
        closeness = math.exp(-minutes / _HALF)
        score = 0.6 * closeness + 0.3 * near + 0.1 * KINDS.get(one.kind, 0.6)
        found.append(Suspect(one, round(score, 3), f"{_before(minutes)}, {place}"))
    found.sort(key=lambda one: (-one.score, -one.change.at.timestamp(), one.change.id))
    return found[:MOST_SHOWN]


def after(changes: Iterable[ChangeEvent], *, detected: datetime) -> list[ChangeEvent]:
    """Changes since it was detected: shown apart, they cannot have caused it."""
    return [one for one in changes if one.at > detected][:MOST_SHOWN]


def _proximity(
    service: str, services: Collection[str], neighbours: Collection[str]
) -> tuple[float, str]:
    if service in services:
        return 1.0, f"on {service} itself"
    if service in neighbours:
        return 0.6, f"on {service}, one step away"
    return 0.1, f"on {service}, elsewhere" if service else "elsewhere"


def _before(minutes: float) -> str:
    if minutes < 1:
        return "as it began"
    if minutes < 90:
        return f"{minutes:.0f} min before it began"
    return f"{minutes / 60:.0f} h before it began"
