"""The first run's test page: a real alert to one person, and each hop of it with its time."""

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from tocsin.core.alerts.alerts import Status
from tocsin.core.directory import Directory, Integration
from tocsin.engine import answering, first_run, inquiries
from tocsin.engine.answering import Acted, Via
from tocsin.engine.first_run import PRACTICE, Progress
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.inquiries import AlertStory
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.arrivals import Answer, Outbound
from tocsin.store.database import Tx


class Hop(Struct, frozen=True):
    """One hop of the test page: `state` is ok, bad or wait; `took` is since the click."""

    title: str
    state: str
    took: timedelta | None = None
    said: str = ""


def page_me(desk: FrontDesk, viewer: Viewer) -> Answer:
    """A real alert by the senders' own door, to this person alone.

    Raises TimeoutError, and ValueError with what is wrong with the configuration.
    """
    target = [{"user": viewer.person}]
    levels = [{"after": "0s", "page": target}]
    policy = {"name": PRACTICE, "levels": levels, "fallback": target}
    sender = {"name": PRACTICE, "type": "generic", "service": PRACTICE}
    documents = {
        "escalation_policies": [policy],
        "services": [{"name": PRACTICE, "escalation_policy": PRACTICE}],
        "integrations": [sender],
    }
    done = first_run.applied(desk, viewer, documents)
    if done.problems:
        raise ValueError("; ".join(done.problems))
    first_run.end_test(desk, viewer)
    integration = _practice(desk)
    mark = f"first-page-{desk.new_id()[:8]}"
    body = {
        "action": "trigger",
        "key": mark,
        "title": "Your first page: Tocsin can reach you",
        "severity": "SEV2",
        "description": "You asked for this test. Acknowledge it; nothing is broken.",
    }
    asked_at = desk.clock.now()
    request = Outbound("POST", f"/in/{integration.key}", msgspec.json.encode(body))
    answer = desk.connections.knock(request)
    number = desk.database.read(lambda tx: _newest(tx, integration.id, mark))
    first_run.remember(
        desk,
        test=number,
        asked_at=asked_at,
        accepted_at=desk.clock.now(),
        answered=answer.status,
    )
    return answer


def hops(desk: FrontDesk, found: Progress) -> tuple[list[Hop], bool]:
    """What became of the test page so far, and whether it is acknowledged."""
    if found.asked_at is None:
        return [], False
    now = desk.clock.now()
    story = desk.database.read(
        lambda tx: inquiries.story(
            tx, found.test, directory=desk.directories.current(tx), now=now
        )
    )
    start = found.asked_at
    good = 200 <= found.answered < 300
    took = found.accepted_at - start if found.accepted_at else None
    shown = [
        Hop(
            "Accepted: the alert is on disk",
            "ok" if good else "bad",
            took,
            f"answered {found.answered}",
        )
    ]
    if story is None:
        return shown, False
    shown += _delivery(story, start)
    alert = story.alert
    is_over = alert.status is Status.RESOLVED
    if alert.acked_at is not None:
        shown.append(Hop("Acknowledged by you", "ok", alert.acked_at - start))
    elif is_over:
        shown.append(Hop("Over", "ok"))
    else:
        where = "open the link in the message"
        shown.append(Hop("Waiting for you", "wait", None, where))
    return shown, is_over or alert.acked_at is not None


def _delivery(story: AlertStory, start: datetime) -> list[Hop]:
    """What was decided, and what each provider said."""
    if not story.pages:
        return [Hop("Queued: who is paged is being decided", "wait")]
    shown = [
        Hop(f"Queued: {page.channel} to you", "ok", page.made_at - start)
        for page in story.pages
        # Later rules of the same person are for when they do not answer.
        if page.due_at <= page.made_at
    ]
    for one in story.attempts:
        state = {"accepted": "ok", "": "wait"}.get(one.outcome, "bad")
        title = {"ok": "Sent", "wait": "Being sent", "bad": "Not taken"}[state]
        said = f"the provider said: {one.answer}" if one.answer else ""
        at = one.ended_at or one.started_at
        shown.append(Hop(f"{title} by {one.channel}", state, at - start, said))
    return shown


def acknowledge(desk: FrontDesk, viewer: Viewer, number: int) -> Acted:
    """The person answers on the page instead of by the message's link."""

    def act(tx: Tx, directory: Directory, now: datetime) -> Acted:
        return answering.acknowledge(
            tx, number, by=viewer.person, via=Via.WEB, directory=directory, now=now
        )

    return desk.respond(number, "acknowledge", act, viewer)


def _practice(desk: FrontDesk) -> Integration:
    found = [one for one in desk.directory().integrations if one.name == PRACTICE]
    return found[0]


def _newest(tx: Tx, integration: int, key: str) -> int:
    row = tx.one(
        "select number from alerts where integration = :i and key = :k and current = 1",
        i=integration,
        k=key,
    )
    return int(row[0]) if row else 0
