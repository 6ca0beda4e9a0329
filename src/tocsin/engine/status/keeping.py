"""What the people who keep a status page do by hand: a component's state, its subscribers.

Each is one transaction with its record; the page's files follow from it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.people.permissions import LEAD
from tocsin.core.status.status_pages import (
    OPERATIONAL,
    RANK,
    Interval,
    Snapshot,
    StatusPage,
)
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.status import exporting
from tocsin.engine.status.reading import snapshot
from tocsin.store import outbox_lists, subscribers
from tocsin.store import status_pages as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Outgoing
from tocsin.store.subscribers import Listed

UNKNOWN = "There is no such subscriber."
# The state that says: as incidents and planned work have it.
BY_ITSELF = ""
# States that somebody can set; a page that works needs nobody to say so.
SETTABLE = tuple(state for state in RANK if state != OPERATIONAL)


class Kept(Struct, frozen=True):
    """A page with what only those who keep it see.

    `hands` is what was set by hand, per component; `counts` how many subscribers are in
    which state; `written` the last message of each place that its files go to.
    """

    shot: Snapshot
    hands: Mapping[str, str]
    counts: Mapping[str, int]
    written: Sequence[Outgoing]


def may_keep(viewer: Viewer, page: StatusPage) -> bool:
    """Whether somebody may change it: a lead of its team, and every admin."""
    return viewer.may(LEAD, page.team)


def kept(tx: Tx, page: StatusPage, *, now: datetime) -> Kept:
    """One page as its keepers see it."""
    return Kept(
        shot=snapshot(tx, page, now=now),
        hands={
            one.component: one.state
            for _, one in stored.open_intervals(tx, incident=0, page=page.name)
        },
        counts=subscribers.counts(tx, page.name),
        written=outbox_lists.newest_of(tx, lane="status", target=page.name),
    )


def set_state(
    desk: FrontDesk,
    viewer: Viewer,
    page: StatusPage,
    component: str,
    state: str,
    *,
    reason: str,
) -> str:
    """Say what a component is, or ("") let it be as incidents say; why not, or ""."""
    wrong = _wrong(page, component, state, reason)
    if wrong:
        return wrong
    now = desk.clock.now()

    def work(tx: Tx) -> str:
        held = [
            one
            for _, one in stored.open_intervals(tx, incident=0, page=page.name)
            if one.component == component
        ]
        before = held[0].state if held else BY_ITSELF
        if before == state:
            return "It is so already."
        for one in held:
            stored.end(tx, one, now=now)
        if state:
            stored.begin(tx, page.name, Interval(component, state, now))
        desk.audit.write(
            tx, viewer.actor, "set state", "status page", page.name,
            before={component: before or "by itself"},
            after={component: state or "by itself", "reason": reason.strip()},
            team=page.team, now=now,
        )  # fmt: skip
        exporting.ask(tx, [page], why=f"{component} by {viewer.person}", now=now)
        return ""

    refused = desk.database.write(work)
    desk.wake()
    return refused


def _wrong(page: StatusPage, component: str, state: str, reason: str) -> str:
    if page.component(component) is None:
        names = ", ".join(one.name for one in page.components)
        return f"component: expected one of {names}"
    if state not in (BY_ITSELF, *SETTABLE):
        return f"state: expected one of {', '.join(SETTABLE)}, or nothing"
    if state and not reason.strip():
        return "reason: expected why, for whoever finds it set"
    return ""


def free(desk: FrontDesk, viewer: Viewer, page: StatusPage, subscriber: str) -> str:
    """Whose mail came back may ask for it again; why not, or ""."""
    return _change(desk, viewer, page, subscriber, "free")


def remove(desk: FrontDesk, viewer: Viewer, page: StatusPage, subscriber: str) -> str:
    """Forget somebody and their address; why not, or ""."""
    return _change(desk, viewer, page, subscriber, "remove")


def _change(
    desk: FrontDesk, viewer: Viewer, page: StatusPage, subscriber: str, action: str
) -> str:
    now = desk.clock.now()

    def work(tx: Tx) -> str:
        one = subscribers.get(tx, subscriber)
        if one is None or one.page != page.name:
            return UNKNOWN
        if action == "free" and not subscribers.free(tx, subscriber):
            return f"Nothing keeps mail from them: they are {one.state}."
        if action == "remove":
            subscribers.remove(tx, subscriber)
        # The record outlives the address, which it therefore does not hold.
        desk.audit.write(
            tx, viewer.actor, action, "subscriber", subscriber,
            before={"page": page.name, "state": one.state}, team=page.team, now=now,
        )  # fmt: skip
        return ""

    return desk.database.write(work)


def listed(
    desk: FrontDesk,
    page: StatusPage,
    *,
    text: str = "",
    state: str = "",
    after: str = "",
    limit: int = 50,
) -> list[Listed]:
    """Its subscribers by their ids, one more than `limit` where there are more."""
    return desk.database.read(
        lambda tx: subscribers.listing(
            tx, page.name, text=text, state=state, after=after, limit=limit + 1
        )
    )
