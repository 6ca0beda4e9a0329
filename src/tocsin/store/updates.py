"""Updates of incidents."""

from datetime import datetime
from typing import Any

import msgspec

from tocsin.core.incidents.updates_written import Update
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = (
    "id, audience, stage, body, impact, team, next_at, components, channels, state, "
    "author, made_at, decided_by, published_at"
)
_encode = msgspec.json.Encoder().encode
_names = msgspec.json.Decoder(tuple[str, ...]).decode
_components = msgspec.json.Decoder(dict[str, str]).decode


def of_incident(tx: Tx, incident: int) -> list[Update]:
    """All of an incident, in the order they were written."""
    rows = tx.all(
        f"select {_COLUMNS} from updates where incident = :incident order by id",
        incident=incident,
    )
    return [_update(row) for row in rows]


def get(tx: Tx, incident: int, update_id: int) -> Update | None:
    """One update of an incident."""
    row = tx.one(
        f"select {_COLUMNS} from updates where incident = :incident and id = :id",
        incident=incident,
        id=update_id,
    )
    return _update(row) if row else None


def last_published(tx: Tx, incident: int) -> datetime | None:
    """When people were last told something."""
    row = tx.one(
        "select max(published_at) from updates where incident = :incident",
        incident=incident,
    )
    return from_micros_or_none(row[0]) if row else None


def insert(tx: Tx, incident: int, update: Update, *, key: str = "") -> int:
    """A new update; returns its id. One of a known key is there already: 0."""
    if key:
        known = tx.one(
            "select id from updates where incident = :incident and key = :key",
            incident=incident,
            key=key,
        )
        if known is not None:
            return 0
    values = _values(update) | {"incident": incident, "key": key}
    row = tx.one(
        f"insert into updates ({', '.join(values)}) values "
        f"({', '.join(f':{name}' for name in values)}) returning id",
        **values,
    )
    assert row is not None
    return int(row[0])


def save(tx: Tx, update: Update) -> None:
    """What was decided about it."""
    values = _values(update)
    sets = ", ".join(f"{name} = :{name}" for name in values)
    tx.run(f"update updates set {sets} where id = :id", **values, id=update.id)


def _values(update: Update) -> dict[str, Any]:
    return {
        "audience": update.audience,
        "stage": update.stage,
        "body": update.body,
        "impact": update.impact,
        "team": update.team,
        "next_at": to_micros_or_none(update.next_at),
        "components": _encode(update.components).decode(),
        "channels": _encode(update.channels).decode(),
        "state": update.state,
        "author": update.author,
        "made_at": to_micros(update.made_at),
        "decided_by": update.decided_by,
        "published_at": to_micros_or_none(update.published_at),
    }


def _update(row: Row) -> Update:
    return Update(
        id=row[0],
        audience=row[1],
        stage=row[2],
        body=row[3],
        impact=row[4],
        team=row[5],
        next_at=from_micros_or_none(row[6]),
        components=_components(row[7]),
        channels=_names(row[8]),
        state=row[9],
        author=row[10],
        made_at=from_micros(row[11]),
        decided_by=row[12],
        published_at=from_micros_or_none(row[13]),
    )
