"""What on-call life keeps, on each database: notes, marks, thanks, calendars, moves."""

from datetime import timedelta

from msgspec.structs import replace

from tests.cast import MONDAY_9AM
from tocsin.core.oncall.growing import Mark
from tocsin.core.oncall.handoffs import Handoff, State
from tocsin.core.pages.receipts import Delivered
from tocsin.store import (
    attempts,
    calendar_imports,
    early_reports,
    handoffs,
    on_call,
    readiness,
    thanks,
)
from tocsin.store.calendar_imports import CalendarImport
from tocsin.store.database import Database, Tx
from tocsin.store.instants import to_micros
from tocsin.store.on_call import Move, Seen
from tocsin.store.thanks import Thanks

HOUR = timedelta(hours=1)


def test_notes_are_found_by_what_has_become_of_them(database: Database) -> None:
    draft = Handoff(
        "d", "pay", "Primary", MONDAY_9AM, State.DRAFT, ("ana", "bo"), ("cy",),
        MONDAY_9AM - HOUR, note="words", noted_by="ana", noted_at=MONDAY_9AM,
    )  # fmt: skip
    made = Handoff(
        "m", "pay", "Primary", MONDAY_9AM - HOUR, State.MADE, ("cy",), ("ana",),
        MONDAY_9AM - 2 * HOUR,
    )  # fmt: skip

    def work(tx: Tx) -> None:
        for one in (draft, made):
            handoffs.put(tx, one)
        assert handoffs.coming(tx, "pay", "Primary", lock=True) == draft
        assert handoffs.get(tx, "m", lock=True) == made
        assert handoffs.of_schedule(tx, "pay", limit=5) == [made]
        assert handoffs.waiting(tx, before=MONDAY_9AM, limit=5) == [made]
        assert handoffs.waiting(tx, before=MONDAY_9AM - 2 * HOUR, limit=5) == []

    database.write(work)


def test_the_last_crew_is_kept_while_nobody_is_on_call(database: Database) -> None:
    def work(tx: Tx) -> None:
        place, later = "pay/Primary", MONDAY_9AM + HOUR
        on_call.first_seen(tx, place, ("ana",), now=MONDAY_9AM)
        before = on_call.seen(tx)[place]
        assert before.last == (("ana",), MONDAY_9AM)
        assert on_call.changed(tx, place, before, (), now=later)
        gap = on_call.seen(tx)[place]
        assert (gap.people, gap.since) == ((), later)
        assert gap.last == (("ana",), MONDAY_9AM)
        assert on_call.changed(tx, place, gap, ("bo",), now=later + HOUR)
        after = on_call.seen(tx)[place]
        assert after.last == (("bo",), later + HOUR)
        on_call.forget(tx, place)
        on_call.first_seen(tx, place, (), now=MONDAY_9AM)
        assert on_call.seen(tx)[place].last == ((), MONDAY_9AM)

    database.write(work)


def test_who_was_seen_changes_once(database: Database) -> None:
    def work(tx: Tx) -> None:
        on_call.first_seen(tx, "pay/Primary", ("ana",), now=MONDAY_9AM)
        on_call.first_seen(tx, "pay/Primary", ("bo",), now=MONDAY_9AM)
        before = on_call.seen(tx)["pay/Primary"]
        assert before == Seen(("ana",), MONDAY_9AM)
        later = MONDAY_9AM + HOUR
        assert on_call.changed(tx, "pay/Primary", before, ("bo",), now=later)
        assert not on_call.changed(tx, "pay/Primary", before, ("cy",), now=later)
        move = Move("x", "pay/Primary", ("ana",), ("bo",), later)
        on_call.put_move(tx, move)
        on_call.put_move(tx, move)
        (held,) = on_call.moves(tx)
        on_call.moved(tx, held, reached=7)
        assert [one.reached for one in on_call.moves(tx)] == [7]
        on_call.moved(tx, held, reached=None)
        on_call.forget(tx, "pay/Primary")
        assert (on_call.moves(tx), on_call.seen(tx)) == ([], {})

    database.write(work)


def test_marks_and_thanks_stay(database: Database) -> None:
    def work(tx: Tx) -> None:
        for by in ("ana", "bo"):
            readiness.put(tx, "pay", Mark("eve", "Access tested", by, MONDAY_9AM))
        assert [one.by for one in readiness.of_schedule(tx, "pay")] == ["ana"]
        readiness.drop(tx, "pay", "eve", "Access tested")
        assert readiness.of_schedule(tx, "pay") == []
        for number, to in enumerate(("ana", "bo")):
            at = MONDAY_9AM + number * HOUR
            thanks.insert(tx, Thanks(str(number), to, "cy", "For Sunday.", at))
        assert [one.to for one in thanks.newest(tx, limit=5)] == ["bo", "ana"]
        assert [one.to for one in thanks.newest(tx, to="ana", limit=5)] == ["ana"]
        assert thanks.count_since(tx, "cy", since=MONDAY_9AM + HOUR) == 1

    database.write(work)


def test_a_calendar_is_read_by_one_node_and_its_address_is_sealed(
    database: Database,
) -> None:
    one = CalendarImport(
        "pay/Primary", "https://calendar.example.com/secret.ics", "ana", MONDAY_9AM,
        good_at=MONDAY_9AM, found=3, unknown=("Party", "Lunch"),
    )  # fmt: skip

    def work(tx: Tx) -> None:
        calendar_imports.put(tx, one)
        assert calendar_imports.get(tx, "pay/Primary", lock=True) == one
        stored = tx.one("select url from calendar_imports")
        assert stored is not None
        assert "calendar.example.com" not in stored[0]
        later = MONDAY_9AM + HOUR
        found = calendar_imports.due(tx, now=later, every=HOUR / 2, limit=5)
        assert found == [one]
        assert calendar_imports.due(tx, now=later, every=HOUR / 2, limit=5) == []
        calendar_imports.drop(tx, "pay/Primary")
        assert calendar_imports.get(tx, "pay/Primary") is None

    database.write(work)


def test_a_report_is_kept_until_its_message_is_known(database: Database) -> None:
    def work(tx: Tx) -> None:
        early_reports.keep(tx, "p:1", Delivered.NO, now=MONDAY_9AM)
        early_reports.keep(tx, "p:1", Delivered.YES, now=MONDAY_9AM + HOUR)
        # What arrived has arrived.
        early_reports.keep(tx, "p:1", Delivered.NO, now=MONDAY_9AM + 2 * HOUR)
        early_reports.keep(tx, "p:2", Delivered.NO, now=MONDAY_9AM)
        early_reports.forget(tx, before=MONDAY_9AM + HOUR)
        assert early_reports.take(tx, "p:1") is Delivered.YES
        assert early_reports.take(tx, "p:1") is None
        assert early_reports.take(tx, "p:2") is None

    database.write(work)


def test_a_calendar_goes_with_its_rotation(database: Database) -> None:
    def work(tx: Tx) -> None:
        one = CalendarImport(
            "pay/Primary", "https://c.example/a.ics", "ana", MONDAY_9AM
        )
        calendar_imports.put(tx, one)
        calendar_imports.rename(tx, "pay/Primary", "pay/Main")
        found = calendar_imports.get(tx, "pay/Main")
        assert found is not None and found.url == one.url
        assert calendar_imports.get(tx, "pay/Primary") is None

    database.write(work)


def test_what_a_rotation_was_about_to_hand_over_goes_with_its_name(
    database: Database,
) -> None:
    draft = Handoff(
        "d", "pay", "Primary", MONDAY_9AM, State.DRAFT, ("ana",), ("bo",), MONDAY_9AM,
        note="words",
    )  # fmt: skip
    done = replace(draft, id="m", state=State.MADE)
    move = Move("k", "pay/Primary", ("ana",), ("bo",), MONDAY_9AM)

    def work(tx: Tx) -> None:
        handoffs.put(tx, draft)
        handoffs.put(tx, done)
        on_call.first_seen(tx, "pay/Primary", ["ana"], now=MONDAY_9AM)
        on_call.first_seen(tx, "pay/Main", ["cy"], now=MONDAY_9AM)
        on_call.put_move(tx, move)
        handoffs.rename(tx, "pay", "Primary", "Main")
        on_call.rename(tx, "pay/Primary", "pay/Main")
        assert handoffs.coming(tx, "pay", "Main") == replace(draft, rotation="Main")
        assert handoffs.get(tx, "m") == done, "what has been keeps its name"
        seen = on_call.seen(tx)
        assert {place: one.people for place, one in seen.items()} == {
            "pay/Main": ("ana",)
        }
        assert on_call.moves(tx) == [replace(move, rotation="pay/Main")]

    database.write(work)


def test_what_rings_is_found_by_alert_channel_and_time(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.run(
            "insert into attempts (page, alert, person, channel, address, service, "
            "members, started_at) values (7, 1, 'ana', 'voice', '', '', 1, :at)",
            at=to_micros(MONDAY_9AM),
        )
        since = MONDAY_9AM - HOUR
        assert attempts.ringing(tx, 1, ["voice", "pushover"], since=since) == []

    database.write(work)
