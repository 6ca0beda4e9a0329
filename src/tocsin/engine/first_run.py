"""The first run: the first admin goes from an empty installation to a page on a phone.

Open until it is finished, and only where nobody has configured anything by other ways.
What it makes for the test page is taken away again at the end.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.engine import answering
from tocsin.engine.answering import Acted, Via
from tocsin.engine.configuration import Applied
from tocsin.engine.editing import Change, Edited
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored_directory
from tocsin.store import nodes
from tocsin.store.database import Tx

_NOTE = "first_run"
# Service, policy and integration of the test page.
PRACTICE = "first-page"


class Progress(Struct, frozen=True):
    """How far it has come; kept in the database, so that it can be resumed."""

    step: int = 1
    is_complete: bool = False
    test: int = 0  # the number of the test page's alert
    asked_at: datetime | None = None
    accepted_at: datetime | None = None
    answered: int = 0
    source: str = ""  # the first real integration


_decode = msgspec.json.Decoder(Progress).decode


def progress(tx: Tx) -> Progress | None:
    """None before its first step."""
    text = nodes.note(tx, _NOTE)
    return _decode(text) if text else None


def is_open(tx: Tx, directory: Directory) -> bool:
    """Whether there is anything to set up here."""
    found = progress(tx)
    if found is not None:
        return not found.is_complete
    return not (directory.services or directory.integrations)


def remember(desk: FrontDesk, **what: object) -> Progress:
    """Note how far it has come."""

    def work(tx: Tx) -> Progress:
        now = replace(progress(tx) or Progress(), **what)
        nodes.put_note(tx, _NOTE, msgspec.json.encode(now).decode())
        return now

    return desk.database.write(work)


def me(desk: FrontDesk, viewer: Viewer, change: Mapping[str, object]) -> Edited:
    """Change some fields of the first person."""
    documents = desk.database.read(stored_directory.documents)
    held = documents.get("people", {}).get(viewer.person, {})
    document = {k: v for k, v in {**held, **change}.items() if v not in ("", None)}
    return desk.edit(Change("people", viewer.person, document), viewer, viewer.actor)


def applied(
    desk: FrontDesk, viewer: Viewer, documents: Mapping[str, object]
) -> Applied:
    """Write several documents at once, all or none."""
    text = msgspec.json.encode(documents).decode()
    return desk.apply(
        [("set-up", text)], actor=viewer.actor, prune=False, dry_run=False
    )


def finish(desk: FrontDesk, viewer: Viewer) -> None:
    """Take away what the test needed; `/setup` is gone afterwards."""
    end_test(desk, viewer)
    for noun in ("integrations", "services", "escalation_policies"):
        desk.edit(Change(noun, PRACTICE, None), viewer, viewer.actor)
    remember(desk, is_complete=True)


def end_test(desk: FrontDesk, viewer: Viewer) -> None:
    """No test page goes on paging when another begins or the set-up is over."""
    found = desk.database.read(progress)
    if found is None or not found.test:
        return

    def act(tx: Tx, directory: Directory, now: datetime) -> Acted:
        return answering.resolve(
            tx, found.test, by=viewer.person, via=Via.WEB, directory=directory, now=now
        )

    desk.respond(found.test, "resolve", act, viewer)
