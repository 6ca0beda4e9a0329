"""Action items that reviews have promised."""

from datetime import UTC, date, datetime, time
from typing import Any

from tocsin.core.reviews.action_board import Action
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = (
    "id, incident, text, owner, due, due_at, priority, type, ticket, state, proof, "
    "made_at, done_at, remind_at, position"
)
# Behind every day that somebody can name: what has none comes last.
_NO_DAY = to_micros(datetime.max.replace(tzinfo=UTC, microsecond=0))


def insert(tx: Tx, action: Action) -> bool:
    """A new action; False when its id is taken."""
    values = _values(action)
    row = tx.one(
        f"insert into action_items ({', '.join(values)}, id, incident, made_at) values "
        f"({', '.join(f':{name}' for name in values)}, :id, :incident, :made_at) "
        "on conflict (id) do nothing returning id",
        **values,
        id=action.id,
        incident=action.incident,
        made_at=to_micros(action.made_at),
    )
    return row is not None


def save(tx: Tx, action: Action) -> None:
    """Everything of it that can change."""
    values = _values(action)
    sets = ", ".join(f"{name} = :{name}" for name in values)
    tx.run(f"update action_items set {sets} where id = :id", **values, id=action.id)


def get(tx: Tx, action_id: str) -> Action | None:
    """One action."""
    row = tx.one(f"select {_COLUMNS} from action_items where id = :id", id=action_id)
    return _action(row) if row else None


def count(tx: Tx) -> int:
    """How many there ever were; rows stay, so the next number is one more."""
    row = tx.one("select count(*) from action_items")
    return int(row[0]) if row else 0


def of_incident(tx: Tx, incident: int) -> list[Action]:
    """Those of one review, in the order of its lines."""
    rows = tx.all(
        f"select {_COLUMNS} from action_items where incident = :incident "
        "order by position, id",
        incident=incident,
    )
    return [_action(row) for row in rows]


def listing(
    tx: Tx,
    *,
    state: str = "",
    owner: str = "",
    due_before: date | None = None,
    after: tuple[int, str] | None = None,
    limit: int,
) -> list[Action]:
    """Actions by their day, those without one last; `after` is a cursor."""
    wheres, params = [], {"limit": limit, "none": _NO_DAY}  # type: tuple[list[str], dict[str, Any]]
    wheres.append("state = :state" if state else "state <> 'removed'")
    if state:
        params["state"] = state
    if owner:
        wheres.append("owner = :owner")
        params["owner"] = owner
    if due_before is not None:
        wheres.append("due_at < :due_before")
        params["due_before"] = to_micros(_midnight(due_before))
    if after is not None:
        wheres.append(
            "(coalesce(due_at, :none) > :after or "
            "(coalesce(due_at, :none) = :after and id > :after_id))"
        )
        params |= {"after": after[0], "after_id": after[1]}
    rows = tx.all(
        f"select {_COLUMNS} from action_items where {' and '.join(wheres)} "
        "order by coalesce(due_at, :none), id limit :limit",
        **params,
    )
    return [_action(row) for row in rows]


def cursor_of(action: Action) -> tuple[int, str]:
    """Where a listing goes on behind this one."""
    at = to_micros(_midnight(action.due_on)) if action.due_on else _NO_DAY
    return at, action.id


def due(tx: Tx, *, now: datetime, limit: int) -> list[Action]:
    """Those whose owner is to be reminded."""
    rows = tx.all(
        f"select {_COLUMNS} from action_items where remind_at <= :now "
        f"order by remind_at, id limit {limit:d}{tx.skip_locked}",
        now=to_micros(now),
    )
    return [_action(row) for row in rows]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)


def _values(action: Action) -> dict[str, Any]:
    at = _midnight(action.due_on) if action.due_on else None
    return {
        "text": action.text,
        "owner": action.owner,
        "due": action.due,
        "due_at": to_micros_or_none(at),
        "priority": action.priority,
        "type": action.type,
        "ticket": action.ticket,
        "state": action.state,
        "proof": action.proof,
        "done_at": to_micros_or_none(action.done_at),
        "remind_at": to_micros_or_none(action.remind_at),
        "position": action.position,
    }


def _action(row: Row) -> Action:
    day = from_micros_or_none(row[5])
    return Action(
        id=row[0],
        incident=row[1],
        text=row[2],
        owner=row[3],
        due=row[4],
        due_on=day.date() if day else None,
        priority=row[6],
        type=row[7],
        ticket=row[8],
        state=row[9],
        proof=row[10],
        made_at=from_micros(row[11]),
        done_at=from_micros_or_none(row[12]),
        remind_at=from_micros_or_none(row[13]),
        position=row[14],
    )
