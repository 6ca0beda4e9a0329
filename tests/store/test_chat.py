"""What is kept of chats, on every database."""

from datetime import timedelta

from tests.cast import MONDAY_9AM
from tocsin.store import chat
from tocsin.store.chat import Outage
from tocsin.store.database import Database


def test_a_channel_is_wanted_once_opened_and_found_by_its_place(
    database: Database,
) -> None:
    def work(tx: object) -> list[object]:
        first = chat.want(tx, 7, "matrix", name="inc-7-ab", now=MONDAY_9AM)  # type: ignore[arg-type]
        again = chat.want(tx, 7, "matrix", name="inc-7-ab", now=MONDAY_9AM)  # type: ignore[arg-type]
        chat.opened(tx, 7, "matrix", channel="!a:b", url="https://matrix.to/#/x")  # type: ignore[arg-type]
        return [first, again]

    assert database.write(work) == [True, False]
    found = database.read(lambda tx: chat.of_place(tx, "matrix", "!a:b"))
    assert found is not None and (found.incident, found.state) == (7, "open")
    assert database.read(lambda tx: chat.of_incident(tx, 7)) == [found]
    assert database.read(lambda tx: chat.of_place(tx, "slack", "!a:b")) is None
    database.write(lambda tx: chat.archived(tx, 7, "matrix"))
    held = database.read(lambda tx: chat.get(tx, 7, "matrix"))
    assert held is not None and held.state == "archived"


def test_a_message_is_new_once_and_found_by_its_entry(database: Database) -> None:
    def keep(message: str, entry: int) -> bool:
        return database.write(
            lambda tx: chat.keep(
                tx, "slack", "C1", message, incident=7, entry=entry, now=MONDAY_9AM
            )
        )

    assert [keep("1.1", 5), keep("1.1", 5), keep("1.2", 0)] == [True, False, True]
    assert (
        database.read(lambda tx: chat.message_of(tx, "slack", "C1", entry=5)) == "1.1"
    )
    assert database.read(lambda tx: chat.message_of(tx, "slack", "C1", entry=6)) == ""


def test_an_outage_and_a_place_in_the_stream_are_remembered(database: Database) -> None:
    later = MONDAY_9AM + timedelta(minutes=9)
    for outage in (Outage(MONDAY_9AM), Outage(MONDAY_9AM, later)):
        database.write(lambda tx, one=outage: chat.put_outage(tx, "matrix", one))
        assert database.read(lambda tx: chat.outage(tx, "matrix")) == outage
    assert database.read(lambda tx: chat.cursor(tx, "matrix")) == ""
    database.write(lambda tx: chat.put_cursor(tx, "matrix", "s1_2"))
    assert database.read(lambda tx: chat.cursor(tx, "matrix")) == "s1_2"
