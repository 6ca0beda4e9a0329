"""Reviews of incidents, with their documents."""

from collections.abc import Collection
from typing import Any

import msgspec

from tocsin.core.reviews.postmortems import Postmortem
from tocsin.core.reviews.reviews import Review, ReviewState
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = (
    "incident, state, owner, reviewer, sections, waived, version, drafted_at, "
    "changed_at, reviewed_at, closed_at, dismissed"
)
_encode = msgspec.json.Encoder().encode
_document = msgspec.json.Decoder(Postmortem).decode
_keys = msgspec.json.Decoder(tuple[str, ...]).decode


def insert(tx: Tx, review: Review) -> bool:
    """A new review; False when the incident has one."""
    values = _values(review)
    row = tx.one(
        f"insert into postmortems ({', '.join(values)}, incident) values "
        f"({', '.join(f':{name}' for name in values)}, :incident) "
        "on conflict (incident) do nothing returning incident",
        **values,
        incident=review.incident,
    )
    return row is not None


def save(tx: Tx, review: Review) -> bool:
    """What has changed, if nobody changed it since it was read; version grows by one."""
    values = _values(review)
    sets = ", ".join(f"{name} = :{name}" for name in values)
    changed = tx.run(
        f"update postmortems set {sets}, version = version + 1 "
        "where incident = :incident and version = :known",
        **values,
        incident=review.incident,
        known=review.version,
    )
    return changed == 1


def get(tx: Tx, incident: int) -> Review | None:
    """The review of an incident."""
    row = tx.one(
        f"select {_COLUMNS} from postmortems where incident = :incident",
        incident=incident,
    )
    return _review(row) if row else None


def listing(
    tx: Tx,
    *,
    states: Collection[ReviewState] = (),
    person: str = "",
    before: int | None = None,
    limit: int,
) -> list[Review]:
    """Reviews, of the newest incident first; of a person: owned or reviewed by them."""
    wheres, params = ["1 = 1"], {"limit": limit}  # type: tuple[list[str], dict[str, Any]]
    if states:
        names = [f":state{n}" for n, _ in enumerate(states)]
        wheres.append(f"state in ({', '.join(names)})")
        params |= {f"state{n}": one.value for n, one in enumerate(states)}
    if person:
        wheres.append("(owner = :person or reviewer = :person)")
        params["person"] = person
    if before is not None:
        wheres.append("incident < :before")
        params["before"] = before
    rows = tx.all(
        f"select {_COLUMNS} from postmortems where {' and '.join(wheres)} "
        "order by incident desc limit :limit",
        **params,
    )
    return [_review(row) for row in rows]


def _values(review: Review) -> dict[str, Any]:
    return {
        "state": review.state.value,
        "owner": review.owner,
        "reviewer": review.reviewer,
        "sections": _encode(review.document).decode(),
        "waived": review.waived,
        "drafted_at": to_micros(review.drafted_at),
        "changed_at": to_micros(review.changed_at),
        "reviewed_at": to_micros_or_none(review.reviewed_at),
        "closed_at": to_micros_or_none(review.closed_at),
        "dismissed": _encode(review.dismissed).decode(),
    }


def _review(row: Row) -> Review:
    return Review(
        incident=row[0],
        state=ReviewState(row[1]),
        owner=row[2],
        reviewer=row[3],
        document=_document(row[4]),
        waived=row[5],
        version=row[6],
        drafted_at=from_micros(row[7]),
        changed_at=from_micros(row[8]),
        reviewed_at=from_micros_or_none(row[9]),
        closed_at=from_micros_or_none(row[10]),
        dismissed=_keys(row[11]),
    )
