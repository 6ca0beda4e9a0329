"""Who was on call when the engine last looked, and hand-overs that alerts must hear of."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros


class Seen(Struct, frozen=True):
    """The people of a rotation, and since when it is they; `crew` were before them."""

    people: tuple[str, ...]
    since: datetime
    crew: tuple[str, ...] = ()
    crew_since: datetime | None = None

    @property
    def last(self) -> tuple[tuple[str, ...], datetime]:
        """Who is on call, in a gap who was last; and since when."""
        if self.people or self.crew_since is None:
            return self.people, self.since
        return self.crew, self.crew_since


class Move(Struct, frozen=True):
    """A hand-over of `rotation` (schedule/rotation); alerts up to `reached` know."""

    id: str
    rotation: str
    off: tuple[str, ...]
    on: tuple[str, ...]
    at: datetime
    reached: int = 0


def seen(tx: Tx) -> dict[str, Seen]:
    """Every rotation that was looked at."""
    rows = tx.all("select rotation, people, since, crew, crew_since from on_call_seen")
    return {row[0]: _seen(row) for row in rows}


def first_seen(
    tx: Tx, rotation: str, people: Collection[str], *, now: datetime
) -> None:
    """A rotation that is new to us: nobody handed anything over."""
    tx.run(
        "insert into on_call_seen (rotation, people, since) "
        "values (:rotation, :people, :now) on conflict (rotation) do nothing",
        rotation=rotation,
        people=",".join(people),
        now=to_micros(now),
    )


def changed(
    tx: Tx, rotation: str, before: Seen, people: Collection[str], *, now: datetime
) -> bool:
    """Others are on call; False when another node has seen it already."""
    crew, crew_since = before.last
    return bool(
        tx.run(
            "update on_call_seen set people = :people, since = :now, "
            "crew = :crew, crew_since = :crew_since "
            "where rotation = :rotation and people = :before and since = :since",
            rotation=rotation,
            people=",".join(people),
            now=to_micros(now),
            before=",".join(before.people),
            since=to_micros(before.since),
            crew=",".join(crew),
            crew_since=to_micros(crew_since),
        )
    )


def forget(tx: Tx, rotation: str) -> None:
    """The rotation is no more."""
    tx.run("delete from on_call_seen where rotation = :rotation", rotation=rotation)


def rename(tx: Tx, old: str, new: str) -> None:
    """The same people under another name: that hands nothing over, and hides nothing."""
    forget(tx, new)
    for table in ("on_call_seen", "on_call_moves"):
        tx.run(
            f"update {table} set rotation = :new where rotation = :old",
            old=old,
            new=new,
        )


def put_move(tx: Tx, move: Move) -> None:
    """A hand-over that open alerts are to hear of."""
    tx.run(
        "insert into on_call_moves (id, rotation, off_people, on_people, at, reached) "
        "values (:id, :rotation, :off, :on, :at, 0) on conflict (id) do nothing",
        id=move.id,
        rotation=move.rotation,
        off=",".join(move.off),
        on=",".join(move.on),
        at=to_micros(move.at),
    )


def moves(tx: Tx) -> list[Move]:
    """What has not been told to all alerts, oldest first."""
    rows = tx.all(
        "select id, rotation, off_people, on_people, at, reached from on_call_moves "
        f"order by at, id{tx.skip_locked}"
    )
    return [
        Move(
            row[0], row[1], _names(row[2]), _names(row[3]), from_micros(row[4]), row[5]
        )
        for row in rows
    ]


def moved(tx: Tx, move: Move, *, reached: int | None) -> None:
    """Alerts up to `reached` have heard; None: all have."""
    if reached is None:
        tx.run("delete from on_call_moves where id = :id", id=move.id)
        return
    tx.run(
        "update on_call_moves set reached = :reached where id = :id",
        reached=reached,
        id=move.id,
    )


def _seen(row: Row) -> Seen:
    crew = _names(row[3])
    return Seen(
        _names(row[1]), from_micros(row[2]), crew, from_micros(row[4]) if crew else None
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
