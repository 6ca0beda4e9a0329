"""`/p/{token}`: what the person who was paged sees and can do. GET only shows."""

from datetime import datetime

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tocsin.core.directory import Directory
from tocsin.engine import answering, page_answers
from tocsin.engine.answering import Via
from tocsin.engine.audit import Actor
from tocsin.engine.awaited import is_awaited
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.inquiries import AlertStory, story
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
    # Somebody has it, and this person has to answer for themselves all the same.
    awaited: bool = False


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
        lambda tx, number, directory, now: page_answers.act(
            tx,
            number,
            word=word,
            person=paged.person,
            via=Via.PAGE_LINK,
            directory=directory,
            now=now,
        ),
        Actor(paged.person, Via.PAGE_LINK.value, address),
    )
    if done.refused:
        return show(desk, token, said=done.refused, status=409)
    return RedirectResponse(f"/p/{token}", 303)


def _read(tx: Tx, desk: FrontDesk, token: str) -> Paged | None:
    now = desk.clock.now()
    message = page_answers.of_token(tx, desk.secret, token, now=now)
    if message is None:
        return None
    directory = desk.directories.current(tx)
    shown = message.numbers[:MOST_SHOWN]
    stories = [story(tx, n, directory=directory, now=now) for n in shown]
    person = directory.people.get(message.person)
    return Paged(
        person=message.person,
        full_name=person.full_name or message.person if person else message.person,
        zone=person.zone if person else "UTC",
        stories=tuple(one for one in stories if one is not None),
        numbers=message.numbers,
        expired=message.expired,
        awaited=any(
            one is not None and is_awaited(tx, one.alert, message.person)
            for one in stories
        ),
    )


def _values(desk: FrontDesk, paged: Paged, now: datetime) -> dict[str, object]:
    first = paged.stories[0] if paged.stories else None
    directory = desk.directory()
    others = page_answers.others(first, paged.person, directory)
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
