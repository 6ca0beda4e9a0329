"""What a directory service calls our people and teams: ids, names of its own.

A row that is not live keeps its id from being given again.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros

_COLUMNS = "id, name, external_id, data, made_at, changed_at"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Known(Struct, frozen=True):
    """One person or team; `data` is what the service said of it."""

    id: str
    name: str
    external_id: str
    data: dict[str, Any]
    made_at: datetime
    changed_at: datetime


def listing(tx: Tx, kind: str) -> list[Known]:
    """Everything of a kind (User, Group) that is live, the oldest first."""
    rows = tx.all(
        f"select {_COLUMNS} from scim where kind = :kind and active = 1 "
        "order by made_at, id",
        kind=kind,
    )
    return [_known(row) for row in rows]


def save(tx: Tx, kind: str, known: Known) -> None:
    """A new one, or what is known of one."""
    tx.run(
        "delete from scim where kind = :kind and name = :name and active = 0",
        kind=kind,
        name=known.name,
    )
    tx.run(
        "insert into scim (kind, id, name, external_id, active, data, made_at, "
        "changed_at) values (:kind, :id, :name, :external_id, 1, :data, :made_at, "
        ":changed_at) on conflict (kind, id) do update set "
        "external_id = excluded.external_id, data = excluded.data, "
        "changed_at = excluded.changed_at",
        kind=kind,
        id=known.id,
        name=known.name,
        external_id=known.external_id,
        data=_encode(known.data).decode(),
        made_at=to_micros(known.made_at),
        changed_at=to_micros(known.changed_at),
    )


def bury(tx: Tx, kind: str, scim_id: str) -> None:
    """It is no more; its name may come again with another id."""
    tx.run(
        "update scim set active = 0, external_id = '', data = '{}' "
        "where kind = :kind and id = :id",
        kind=kind,
        id=scim_id,
    )


def buried(tx: Tx, kind: str) -> set[str]:
    """Names of what was deleted by the service and must not come back by itself."""
    rows = tx.all("select name from scim where kind = :kind and active = 0", kind=kind)
    return {row[0] for row in rows}


def _known(row: Row) -> Known:
    return Known(
        id=row[0],
        name=row[1],
        external_id=row[2],
        data=_decode(row[3]),
        made_at=from_micros(row[4]),
        changed_at=from_micros(row[5]),
    )
