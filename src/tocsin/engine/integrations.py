"""What the keepers of an integration see and do: last request, test, pause, new key."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from tocsin.core.alerts.alerts import Status
from tocsin.core.alerts.silences import Matcher, Silence
from tocsin.core.directory import Directory, Integration
from tocsin.core.forms import Plain
from tocsin.engine import answering
from tocsin.engine.answering import Via
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.tracing import Trace, trace
from tocsin.interfaces.arrivals import Answer, Inbound, Reading, Unreadable
from tocsin.store import alerts as stored_alerts
from tocsin.store import directory as stored_directory
from tocsin.store import inbound as stored
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, from_micros_or_none

NOUN = "integrations"
FORMER_KEY_GOOD_FOR = timedelta(hours=24)
# Longer than a test takes, and its alert is resolved when the test is over.
_TEST_TAKES_AT_MOST = timedelta(minutes=10)
_headers = msgspec.json.Decoder(dict[str, str]).decode


class LastRequest(Struct, frozen=True):
    """The newest request that changed something, and what was read in it."""

    at: datetime
    path: str
    body: bytes
    trace: Trace
    problem: str = ""  # the dialect or its settings have changed since


class Pings(Struct, frozen=True):
    """What a heartbeat said last."""

    last_at: datetime
    due_at: datetime | None
    path: str


class Tested(Struct, frozen=True):
    """What the door answered to a test, and the alert that it made (0: none)."""

    answer: Answer
    number: int = 0
    problem: str = ""


def last_request(
    tx: Tx, desk: FrontDesk, integration: Integration
) -> LastRequest | None:
    """None when nothing is kept of it."""
    row = stored.newest(tx, integration.id)
    dialect = desk.connections.dialects.get(integration.type)
    if row is None or dialect is None:
        return None
    _, at, path, headers, body = row
    received = from_micros(at)
    inbound = Inbound(
        "POST",
        path,
        (),
        _headers(headers),
        bytes(body),
        desk.connections.address(integration),
        integration.settings,
    )
    try:
        found = trace(dialect, inbound, integration, now=received)
    except Unreadable as unreadable:
        return LastRequest(
            received, path, bytes(body), Trace((), (), 0), unreadable.reason
        )
    return LastRequest(received, path, bytes(body), found)


def sample_trace(desk: FrontDesk, integration: Integration) -> Trace:
    """What would be read in a typical request of its dialect."""
    now = desk.clock.now()
    made = desk.connections.sample(
        integration.type, key="", mark="example", resolved=False, now=now
    )
    inbound = _inbound(made.request.path.removeprefix("/in/"), made.request.body)
    inbound = msgspec.structs.replace(inbound, settings=integration.settings)
    dialect = desk.connections.dialects[integration.type]
    try:
        return trace(dialect, inbound, integration, now=now)
    except Unreadable:
        return Trace((), (), 0)


def pings(tx: Tx, integration: Integration) -> Pings | None:
    """None before the first one."""
    row = stored.heartbeat(tx, integration.id)
    if row is None:
        return None
    return Pings(from_micros(row[0]), from_micros_or_none(row[1]), row[2])


def changed(
    desk: FrontDesk, name: str, viewer: Viewer, change: Mapping[str, object]
) -> Edited:
    """Some fields of an integration; None takes a field away."""
    held = desk.database.read(stored_directory.documents).get(NOUN, {}).get(name)
    if held is None:
        return Edited(missing=f"There is no integration {name!r} any more.")
    wanted: Plain = {**held, **change}
    document = {field: value for field, value in wanted.items() if value is not None}
    return desk.edit(Change(NOUN, name, document, etag_of(held)), viewer, viewer.actor)


def new_key(desk: FrontDesk, name: str, viewer: Viewer) -> Edited:
    """Another key; the former one is good for a day, so that senders can follow."""
    directory = desk.directory()
    known = next((one for one in directory.integrations if one.name == name), None)
    until = desk.clock.now() + FORMER_KEY_GOOD_FOR
    return changed(
        desk,
        name,
        viewer,
        {
            "key": desk.new_key(),
            "key_before": known.key if known is not None else None,
            "key_before_until": until.isoformat(),
        },
    )


def tested(
    desk: FrontDesk, integration: Integration, viewer: Viewer, *, pages: bool
) -> Tested:
    """Send a real request of its dialect through the senders' own door.

    Unless it `pages`, the alert is silenced before it exists and resolved by a second
    request. Raises TimeoutError.
    """
    now = desk.clock.now()
    mark = f"tocsin-test-{desk.new_id()[:8]}"
    made = desk.connections.sample(
        integration.type, key=integration.key, mark=mark, resolved=False, now=now
    )
    silence = Silence(
        id=desk.new_id(),
        matchers=(Matcher(made.label, mark),),
        starts_at=now,
        ends_at=now + _TEST_TAKES_AT_MOST,
        author=viewer.person,
        comment=f"Test of {integration.name}: it pages nobody",
        service=integration.service,
    )
    quiet = bool(made.label) and not pages
    if quiet:
        desk.silence(silence, viewer.actor)
    answer = desk.connections.knock(made.request)
    key = _key_of(desk, integration, made.request.path, made.request.body)
    number = desk.database.write(
        lambda tx: _noted(tx, desk, integration, key, viewer, answer, pages=pages)
    )
    if quiet:
        _end_quietly(desk, integration, viewer, mark, number)
        desk.end_silence(silence, viewer.actor)
    good = 200 <= answer.status < 300
    return Tested(answer, number, "" if good else f"It was answered {answer.status}.")


def _end_quietly(
    desk: FrontDesk, integration: Integration, viewer: Viewer, mark: str, number: int
) -> None:
    """Its sender says that it is over; if that fails, we do, before the silence ends."""
    over = desk.connections.sample(
        integration.type,
        key=integration.key,
        mark=mark,
        resolved=True,
        now=desk.clock.now(),
    )
    desk.connections.knock(over.request)

    def resolve(tx: Tx, directory: Directory, now: datetime) -> answering.Acted:
        return answering.resolve(
            tx, number, by=viewer.person, via=Via.WEB, directory=directory, now=now
        )

    found = desk.database.read(lambda tx: stored_alerts.get_many(tx, [number]))
    alert = found.get(number)
    if alert is not None and alert.status is not Status.RESOLVED:
        desk.respond(number, "resolve", resolve, viewer)


def _noted(
    tx: Tx,
    desk: FrontDesk,
    integration: Integration,
    key: str,
    viewer: Viewer,
    answer: Answer,
    *,
    pages: bool,
) -> int:
    """The alert of a test, which now says that it is one; recorded in the audit log."""
    now = desk.clock.now()
    directory = desk.directories.current(tx)
    desk.audit.write(
        tx,
        viewer.actor,
        "test",
        NOUN,
        integration.name,
        after={"answered": answer.status, "pages": pages},
        team=directory.team_of(integration.service),
        now=now,
    )
    found = stored_alerts.current_by_key(tx, desk.database, integration.id, [key])
    alert = found.get(key)
    if alert is None:
        return 0
    how = "which pages people" if pages else "which pages nobody"
    said = answer.body[:200].decode("utf-8", "replace")
    text = (
        f"This is a test of {integration.name}, {how}. Answered {answer.status} {said}"
    )
    answering.note(
        tx, alert.number, text=text.strip(), by=viewer.person, via=Via.WEB, now=now
    )
    return alert.number


def _key_of(desk: FrontDesk, integration: Integration, path: str, body: bytes) -> str:
    """The dedup key that the dialect gives to a request."""
    if integration.type == "heartbeat":
        return ""
    tail = path.removeprefix(f"/in/{integration.key}")
    inbound = _inbound(tail, body)
    dialect = desk.connections.dialects[integration.type]
    settings = msgspec.structs.replace(inbound, settings=integration.settings)
    try:
        reading: Reading = dialect.read(settings, now=desk.clock.now())
    except Unreadable:
        return ""
    return reading.events[0].key if reading.events else ""


def _inbound(path: str, body: bytes) -> Inbound:
    return Inbound("POST", path, (), {"content-type": "application/json"}, body)
