"""What whoever was paged does about a whole message: by link, button, text or key.

The page is named by its token or by its number; the person is the page's own, whoever
holds the link. Each door judges that it is they who ask.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.pages import page_links
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.engine import answering
from tocsin.engine.answering import Acted, Via
from tocsin.engine.inquiries import AlertStory, story
from tocsin.store import paging as stored_pages
from tocsin.store.database import Tx
from tocsin.store.paging import Page


class Message(Struct, frozen=True):
    """A message that went out: whose it is, where it went, and its alerts."""

    page: int
    person: str
    channel: str
    address: str
    numbers: tuple[int, ...]
    expired: bool = False


def of_page(tx: Tx, page: int) -> Message | None:
    """The message of a page."""
    found = stored_pages.get(tx, page) if 0 < page < 2**62 else None
    return _message(tx, found) if found is not None else None


def of_token(tx: Tx, secret: bytes, token: str, *, now: datetime) -> Message | None:
    """The message of a page link, None where we never made that link."""
    claimed = page_links.page_of(token)
    if claimed is None or not 0 < claimed[0] < 2**62:
        return None
    page = stored_pages.get(tx, claimed[0])
    if page is None:
        return None
    if not page_links.is_genuine(secret, token, person=page.person):
        return None
    return _message(tx, page, expired=claimed[1] < now)


def _message(tx: Tx, page: Page, *, expired: bool = False) -> Message:
    members = stored_pages.of_lead(tx, page.id)
    numbers = tuple(dict.fromkeys(one.alert for one in members)) or (page.alert,)
    return Message(page.id, page.person, page.channel, page.address, numbers, expired)


def act(
    tx: Tx,
    number: int,
    *,
    word: str,
    person: str,
    via: Via,
    directory: Directory,
    now: datetime,
) -> Acted:
    """One word about one alert: ack, pass, undo or resolve."""
    if word == "pass":
        return _pass_on(tx, number, person, via, directory, now)
    if word not in _VERBS:
        return Acted(None, "Choose acknowledge, pass on, resolve or undo.")
    return _VERBS[word](tx, number, by=person, via=via, directory=directory, now=now)


_VERBS: dict[str, Callable[..., Acted]] = {
    "ack": answering.acknowledge,
    "acknowledge": answering.acknowledge,
    "undo": answering.undo,
    "resolve": answering.resolve,
}


def _pass_on(
    tx: Tx, number: int, person: str, via: Via, directory: Directory, now: datetime
) -> Acted:
    found = story(tx, number, directory=directory, now=now)
    people = others(found, person, directory)
    if not people:
        return answering.escalate(
            tx, number, by=person, via=via, directory=directory, now=now
        )
    target = Target(TargetKind.USER, people[0])
    return answering.pass_on(
        tx, number, to=target, by=person, via=via, directory=directory, now=now
    )


def others(
    found: AlertStory | None, person: str, directory: Directory
) -> Sequence[str]:
    """To whom "pass on" goes: who would be paged next, then a team mate."""
    if found is None:
        return ()
    coming = found.coming.people if found.coming is not None else ()
    service = directory.services.get(found.alert.service)
    team = directory.teams.get(service.team) if service is not None else None
    members = team.people if team is not None else ()
    return [n for n in dict.fromkeys((*coming, *members)) if n != person]
