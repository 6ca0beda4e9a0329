"""`/p/{token}`: what the person who was paged sees and can do. GET only shows."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tocsin.core import page_links
from tocsin.core.directory import Directory
from tocsin.core.escalation import Target, TargetKind
from tocsin.engine import answering
from tocsin.engine.answering import Acted, Via
from tocsin.engine.audit import Actor
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.inquiries import AlertStory, story
from tocsin.store import paging as stored_pages
from tocsin.store.database import Tx
from tocsin.web.gate import guarded, new_nonce
from tocsin.web.rendering import render

MOST_SHOWN = 10


class Paged(Struct, frozen=True):
    """A page link that was read: whose it is and the alerts of its message."""

    person: str
    full_name: str
    zone: str
    stories: tuple[AlertStory, ...]
    numbers: tuple[int, ...]
    expired: bool


def show(desk: FrontDesk, token: str, *, said: str = "", status: int = 200) -> Response:
    """The page, whatever has become of it."""
    paged = desk.database.read(lambda tx: _read(tx, desk, token))
    now = desk.clock.now()
    nonce = new_nonce()
    if paged is None:
        text = render("page_gone.html", nonce=nonce, now=now)
        return guarded(HTMLResponse(text, 404), nonce=nonce)
    values = _values(desk, paged, now)
    text = render(
        "page.html", nonce=nonce, now=now, said=said, token=token, paged=paged, **values
    )
    return guarded(HTMLResponse(text, status), nonce=nonce)


def act(desk: FrontDesk, token: str, form: FormData, address: str) -> Response:
    """One of the buttons; the answer is the page again."""
    paged = desk.database.read(lambda tx: _read(tx, desk, token))
    if paged is None:
        return show(desk, token)
    if paged.expired:
        return show(
            desk, token, said="This link has expired; sign in to act.", status=410
        )
    word = str(form.get("do", ""))
    done = desk.act(
        paged.numbers,
        "acknowledge" if word == "ack" else word,
        lambda tx, number, directory, now: _one(
            tx, number, paged, word, directory, now
        ),
        Actor(paged.person, Via.PAGE_LINK.value, address),
    )
    if done.refused:
        return show(desk, token, said=done.refused, status=409)
    return RedirectResponse(f"/p/{token}", 303)


def _one(
    tx: Tx, number: int, paged: Paged, word: str, directory: Directory, now: datetime
) -> Acted:
    if word == "pass":
        return _pass_on(tx, number, paged, directory, now)
    if word not in _VERBS:
        return Acted(None, "Choose acknowledge, pass on, resolve or undo.")
    return _VERBS[word](
        tx, number, by=paged.person, via=Via.PAGE_LINK, directory=directory, now=now
    )


_VERBS = {
    "ack": answering.acknowledge,
    "acknowledge": answering.acknowledge,
    "undo": answering.undo,
    "resolve": answering.resolve,
}


def _pass_on(
    tx: Tx, number: int, paged: Paged, directory: Directory, now: datetime
) -> Acted:
    found = story(tx, number, directory=directory, now=now)
    people = _others(found, paged.person, directory)
    if not people:
        return answering.escalate(
            tx, number, by=paged.person, via=Via.PAGE_LINK, directory=directory, now=now
        )
    target = Target(TargetKind.USER, people[0])
    return answering.pass_on(
        tx, number, to=target, by=paged.person, via=Via.PAGE_LINK,
        directory=directory, now=now,
    )  # fmt: skip


def _others(
    found: AlertStory | None, person: str, directory: Directory
) -> Sequence[str]:
    """To whom "pass on" goes: who would be paged next, then a team mate."""
    if found is None:
        return ()
    coming = found.coming.people if found.coming is not None else ()
    service = directory.services.get(found.alert.service)
    team = directory.teams.get(service.team) if service is not None else None
    members = team.members if team is not None else ()
    return [n for n in dict.fromkeys((*coming, *members)) if n != person]


def _read(tx: Tx, desk: FrontDesk, token: str) -> Paged | None:
    claimed = page_links.page_of(token)
    if claimed is None:
        return None
    page = stored_pages.get(tx, claimed[0]) if claimed[0] < 2**62 else None
    if page is None:
        return None
    if not page_links.is_genuine(desk.secret, token, person=page.person):
        return None
    now = desk.clock.now()
    directory = desk.directories.current(tx)
    members = stored_pages.of_lead(tx, page.id)
    numbers = tuple(dict.fromkeys(one.alert for one in members)) or (page.alert,)
    stories = [story(tx, n, directory=directory, now=now) for n in numbers[:MOST_SHOWN]]
    person = directory.people.get(page.person)
    return Paged(
        person=page.person,
        full_name=person.full_name or page.person if person else page.person,
        zone=person.zone if person else "UTC",
        stories=tuple(one for one in stories if one is not None),
        numbers=numbers,
        expired=claimed[1] < now,
    )


def _values(desk: FrontDesk, paged: Paged, now: datetime) -> dict[str, object]:
    first = paged.stories[0] if paged.stories else None
    directory = desk.directory()
    others = _others(first, paged.person, directory)
    return {
        "first": first,
        "mine": bool(first and first.alert.acked_by == paged.person),
        "can_undo": bool(
            first
            and first.alert.acked_at
            and now - first.alert.acked_at <= answering.UNDO_WITHIN
        ),
        "pass_to": _name(directory, others[0]) if others else "",
        "next_people": [_name(directory, n) for n in first.coming.people]
        if first is not None and first.coming is not None
        else [],
        "names": {n: _name(directory, n) for n in directory.people},
    }


def _name(directory: Directory, name: str) -> str:
    person = directory.people.get(name)
    return person.full_name or name if person is not None else name
