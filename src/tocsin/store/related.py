"""What earlier incidents are compared by."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tocsin.core.incidents.incidents import Incident, State
from tocsin.core.incidents.related import Likeness
from tocsin.store.database import Tx
from tocsin.store.instants import to_micros

_names = msgspec.json.Decoder(tuple[str, ...]).decode
_MOST_ALERTS = 5_000


def before(
    tx: Tx, incident: Incident, *, since: datetime, limit: int
) -> list[tuple[Likeness, bool]]:
    """(likeness, private) of those before it, the newest first; drills among drills."""
    rows = tx.all(
        "select number, title, services, private from incidents "
        "where number < :number and made_at >= :since and drill = :drill "
        f"and state <> :duplicate order by number desc limit {limit:d}",
        number=incident.number,
        since=to_micros(since),
        drill=int(incident.drill),
        duplicate=State.DUPLICATE.value,
    )
    keys = _keys(tx, rows[-1][0] if rows else incident.number, incident.number)
    none: frozenset[tuple[int, str]] = frozenset()
    return [
        (Likeness(row[0], row[1], _names(row[2]), keys.get(row[0], none)), bool(row[3]))
        for row in rows
    ]


def likeness(tx: Tx, incident: Incident) -> Likeness:
    """What an incident itself is compared by."""
    keys = _keys(tx, incident.number, incident.number + 1)
    return Likeness(
        incident.number, incident.title, incident.services,
        keys.get(incident.number, frozenset()),
    )  # fmt: skip


def unfinished(tx: Tx, numbers: Sequence[int]) -> dict[int, int]:
    """How many actions of their reviews are still open, where any is."""
    if not numbers:
        return {}
    marks = ", ".join(f"{number:d}" for number in numbers)
    rows = tx.all(
        "select incident, count(*) from action_items where state = :open "
        f"and incident in ({marks}) group by incident",
        open="open",
    )
    return {int(row[0]): int(row[1]) for row in rows}


def _keys(tx: Tx, first: int, end: int) -> dict[int, frozenset[tuple[int, str]]]:
    """The (integration, dedup key) of the alerts of incidents in [first, end)."""
    rows = tx.all(
        "select i.incident, a.integration, a.key from incident_alerts i "
        "join alerts a on a.number = i.alert "
        "where i.incident >= :first and i.incident < :end "
        f"order by i.incident desc limit {_MOST_ALERTS:d}",
        first=first,
        end=end,
    )
    found: dict[int, set[tuple[int, str]]] = {}
    for incident, integration, key in rows:
        found.setdefault(int(incident), set()).add((int(integration), key))
    return {number: frozenset(keys) for number, keys in found.items()}
