"""Which timers have gone off, on every database."""

from datetime import timedelta

from tests.cast import MONDAY_9AM
from tocsin.core.alerts.maintenance import HOLD_OFF, Maintenance
from tocsin.core.alerts.silences import Silence
from tocsin.store import alarms, maintenance, silences
from tocsin.store.alarms import Alarm
from tocsin.store.database import Database

HOUR = timedelta(hours=1)


def gone_off(database: Database, minutes: float) -> set[Alarm]:
    at = MONDAY_9AM + timedelta(minutes=minutes)
    return database.read(lambda tx: alarms.gone_off(tx, now=at))


def test_nothing_goes_off_where_nothing_is_set(database: Database) -> None:
    assert gone_off(database, 0) == set()


def test_a_silence_goes_off_when_it_begins_and_when_it_ends(database: Database) -> None:
    silence = Silence("s1", (), MONDAY_9AM, MONDAY_9AM + HOUR, "alice", "known")
    database.write(lambda tx: silences.save(tx, silence, now=MONDAY_9AM))
    assert [gone_off(database, at) for at in (-1, 0)] == [set(), {Alarm.SILENCES}]
    database.write(lambda tx: silences.mark(tx, "s1", applied=1))
    assert [gone_off(database, at) for at in (59, 60)] == [set(), {Alarm.SILENCES}]


def test_a_maintenance_window_goes_off_when_its_hold_off_is_over(
    database: Database,
) -> None:
    window = Maintenance(
        "m1", ("checkout",), MONDAY_9AM, MONDAY_9AM + HOUR, "alice", "disk"
    )
    database.write(lambda tx: maintenance.save(tx, window, now=MONDAY_9AM))
    assert gone_off(database, 0) == {Alarm.MAINTENANCE}
    database.write(lambda tx: maintenance.mark(tx, "m1", applied=1))
    over = 60 + HOLD_OFF / timedelta(minutes=1)
    assert gone_off(database, over - 0.1) == set()
    assert gone_off(database, over) == {Alarm.MAINTENANCE}
