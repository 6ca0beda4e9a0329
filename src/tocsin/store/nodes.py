"""Running processes, faults they met, and small facts about the installation."""

from datetime import datetime

from tocsin.store.database import Row, Tx
from tocsin.store.instants import to_micros


def beat(tx: Tx, incarnation: str, *, version: str, now: datetime) -> None:
    """This process is alive."""
    tx.run(
        "insert into nodes (incarnation, version, started_at, beat_at) "
        "values (:incarnation, :version, :now, :now) "
        "on conflict (incarnation) do update set beat_at = excluded.beat_at",
        incarnation=incarnation,
        version=version,
        now=to_micros(now),
    )


def forget_silent(tx: Tx, *, before: datetime) -> None:
    """Drop processes that have not been heard of since `before`."""
    tx.run("delete from nodes where beat_at < :before", before=to_micros(before))


def nodes(tx: Tx) -> list[Row]:
    """(incarnation, version, started, last beat)."""
    return tx.all(
        "select incarnation, version, started_at, beat_at from nodes order by started_at"
    )


def quarantine(tx: Tx, *, what: str, subject: int, error: str, now: datetime) -> None:
    """Something could not be processed and was set aside."""
    tx.run(
        "insert into quarantine (at, what, subject, error) "
        "values (:now, :what, :subject, :error)",
        now=to_micros(now),
        what=what,
        subject=subject,
        error=error[:2000],
    )


def quarantined(tx: Tx, *, limit: int = 50) -> list[Row]:
    """(at, what, subject, error), newest first."""
    return tx.all(
        "select at, what, subject, error from quarantine order by id desc limit :limit",
        limit=limit,
    )


def note(tx: Tx, key: str) -> str:
    """A small fact about the installation, "" when it is not there."""
    row = tx.one("select value from meta where key = :key", key=key)
    return str(row[0]) if row else ""


def put_note(tx: Tx, key: str, value: str) -> None:
    """Write a small fact."""
    tx.run(
        "insert into meta (key, value) values (:key, :value) "
        "on conflict (key) do update set value = excluded.value",
        key=key,
        value=value,
    )
