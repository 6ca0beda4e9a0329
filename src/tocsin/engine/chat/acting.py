"""A command that somebody typed, carried out as that person through the doors of others.

Nothing is decided here: rights, refusals and the log are those of the room and the alerts.
"""

# long because: one function for each command of the grammar.

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from tocsin.core.alerts.alerts import Status
from tocsin.core.chat import chat as words
from tocsin.core.chat import chat_commands as chat
from tocsin.core.chat.cover_words import Cover
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.roles import TITLES, Role, holder
from tocsin.core.incidents.tasks import DEFAULT_BOX
from tocsin.core.incidents.updates_written import STAGES, Update
from tocsin.engine import answering
from tocsin.engine.answering import Acted, Via
from tocsin.engine.chat import covering
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents import acts, alerts, roles, tasks, updates
from tocsin.engine.incidents.declaring import Draft
from tocsin.engine.incidents.desk import Act, Done
from tocsin.engine.incidents.log import log_of
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alerts as stored_alerts
from tocsin.store import incidents as stored
from tocsin.store import roles as stored_roles
from tocsin.store.database import Tx


class Reply(Struct, frozen=True):
    """What the person reads. `is_shown`: the incident's channel says as much itself."""

    text: str
    is_shown: bool = False


class Commands:
    """Made once; everything it does is done by a Viewer."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk
        self._ways: Mapping[type, Callable[[Any, int, Viewer, str], Reply]] = {
            chat.Declare: self._declare,
            chat.Who: self._who,
            chat.Page: self._page,
            chat.Ack: self._ack,
            chat.Tell: self._tell,
            chat.Status: self._status,
            chat.Rate: self._rate,
            chat.Duty: self._duty,
            chat.Ask: self._ask,
            chat.Move: self._move,
            chat.Decide: self._decide,
            chat.Log: self._log,
            Cover: self._cover,
        }

    def run(
        self,
        command: chat.Command,
        incident: int,
        viewer: Viewer,
        *,
        key: str,
        at: datetime,
    ) -> Reply:
        """Do it. `key` is the same when the same line is heard twice; `at` is its time.

        What was said long ago is noted as of then, but nobody is paged for it any more.
        """
        if type(command) is chat.Note:
            act = partial(acts.note, text=command.text, key=key, at=at)
            return self._act(incident, viewer, "note", act)
        if self._desk.clock.now() - at > _STALE and type(command) is not chat.Decide:
            then = words.clock(at, viewer.zone)
            return Reply(f"You said this at {then}, and I hear it only now: {_AGAIN}")
        return self._ways[type(command)](command, incident, viewer, key)

    def _declare(
        self, one: chat.Declare, incident: int, viewer: Viewer, key: str
    ) -> Reply:
        draft = Draft(
            one.title, one.severity, one.services, private=one.private, key=key
        )
        done = self._desk.incidents.declare(draft, viewer)
        if done.incident is None or done.refused:
            return Reply(done.refused)
        made = done.incident
        url = f"{self._desk.public_url}/incidents/{made.number}"
        return Reply(f"{made.name} {made.severity.name} is declared: {url}")

    def _who(self, one: chat.Who, incident: int, viewer: Viewer, key: str) -> Reply:
        now = self._desk.clock.now()
        directory = self._desk.directory()
        service = directory.services.get(one.of)
        if one.of and (service is None or not viewer.sees(service)):
            known = ", ".join(
                name for name, s in directory.services.items() if viewer.sees(s)
            )
            return Reply(f"service: expected one of {known}, not {one.of[:60]}")
        wanted = directory.schedules_of(one.of) if one.of else ("",)
        rows = [row for s in wanted for row in directory.who(now=now, schedule=s)]
        lines = [
            f"{row.schedule}/{row.rotation}: {', '.join(row.people) or 'nobody'}"
            + (f" until {words.clock(row.until, viewer.zone)}" if row.until else "")
            for row in rows
        ]
        lines += self._roles(incident, viewer)
        return Reply("\n".join(lines) or "No schedule says who is on call.")

    def _page(self, one: chat.Page, incident: int, viewer: Viewer, key: str) -> Reply:
        act = partial(alerts.page, word=one.target, why=one.why)
        return self._act(incident, viewer, "page", act)

    def _ack(self, one: chat.Ack, incident: int, viewer: Viewer, key: str) -> Reply:
        numbers = [one.alert] if one.alert else self._open_alerts(incident, viewer)
        if not numbers:
            return Reply("No alert waits for an answer here. Write: ack ALR-NUMBER")
        said = []
        for number in numbers:
            act = partial(_acknowledge, number=number, person=viewer.person)
            acted = self._desk.respond(number, "acknowledge", act, viewer)
            said.append(f"ALR-{number}: {acted.refused or 'is yours'}")
        return Reply("\n".join(said))

    def _tell(self, one: chat.Tell, incident: int, viewer: Viewer, key: str) -> Reply:
        now = self._desk.clock.now()

        def act(scene: Any) -> Any:
            state = scene.incident.state.value
            update = Update(
                audience="external" if one.public else "internal",
                stage=state if state in STAGES else "update",
                body=one.text,
                author=viewer.person,
                made_at=now,
                next_at=now + one.next_in if one.next_in else None,
            )
            return updates.write(scene, update, key=key)

        return self._act(incident, viewer, "update", act)

    def _status(
        self, one: chat.Status, incident: int, viewer: Viewer, key: str
    ) -> Reply:
        if one.state is None:
            return self._standing(incident, viewer)
        reason = one.reason
        act = partial(acts.move, to=one.state, reason=reason, review=reason)
        return self._act(incident, viewer, "move", act)

    def _rate(self, one: chat.Rate, incident: int, viewer: Viewer, key: str) -> Reply:
        act = partial(acts.rate, severity=one.severity, reason=one.reason)
        return self._act(incident, viewer, "rate", act)

    def _duty(self, one: chat.Duty, incident: int, viewer: Viewer, key: str) -> Reply:
        ways: Mapping[str, Act] = {
            "take": partial(roles.take, role=one.role, reason=one.reason),
            "offer": partial(roles.offer, role=one.role, to=one.person),
            "accept": partial(roles.accept, role=one.role),
            "decline": partial(roles.decline, role=one.role),
            "release": partial(roles.release, role=one.role),
        }
        return self._act(incident, viewer, f"{one.act} role", ways[one.act])

    def _ask(self, one: chat.Ask, incident: int, viewer: Viewer, key: str) -> Reply:
        box = one.within or DEFAULT_BOX
        act = partial(tasks.make, text=one.text, assignee=one.assignee, within=box)
        return self._act(incident, viewer, "task", act)

    def _move(self, one: chat.Move, incident: int, viewer: Viewer, key: str) -> Reply:
        act = partial(tasks.move, task_id=one.task, state=one.state)
        return self._act(incident, viewer, "task", act)

    def _decide(
        self, one: chat.Decide, incident: int, viewer: Viewer, key: str
    ) -> Reply:
        act = partial(acts.decide, text=one.text, key=key)
        return self._act(incident, viewer, "decide", act)

    def _log(self, one: chat.Log, incident: int, viewer: Viewer, key: str) -> Reply:
        def work(tx: Tx) -> str:
            found = self._desk.incidents.seen(tx, incident, viewer)
            if found is None:
                return _WHERE
            lines = log_of(tx, found).lines[-one.lines :]
            return "\n".join(
                f"{words.clock(line.entry.occurred_at, found.zone)} "
                f"{line.entry.author}: {line.entry.text}"[:300]
                for line in lines
            )

        return Reply(self._desk.database.read(work)[: words.LONGEST])

    def _cover(self, one: Cover, incident: int, viewer: Viewer, key: str) -> Reply:
        return Reply(covering.ask(self._desk, one, viewer))

    def _act(self, incident: int, viewer: Viewer, action: str, act: Act) -> Reply:
        if not incident:
            return Reply(_WHERE)
        done: Done = self._desk.incidents.act(incident, viewer, action, act)
        if done.refused or done.incident is None:
            return Reply(done.refused)
        return Reply(f"It is in the log of {done.incident.name}.", is_shown=True)

    def _standing(self, incident: int, viewer: Viewer) -> Reply:
        def work(tx: Tx) -> Incident | None:
            return self._desk.incidents.seen(tx, incident, viewer)

        found = self._desk.database.read(work) if incident else None
        if found is None:
            return Reply(_WHERE)
        url = f"{self._desk.public_url}/incidents/{found.number}"
        standing = found.standing
        lines = [f"{found.name} {found.title}", *self._roles(incident, viewer)]
        lines += [
            line for line in (standing.know, standing.doing, standing.otherwise) if line
        ]
        if found.next_update_at is not None:
            at = words.clock(found.next_update_at, viewer.zone)
            lines.append(f"Next update by {at}")
        head = f"{found.severity.name}, {found.state.value}"
        return Reply("\n".join([head, *lines, url]))

    def _roles(self, incident: int, viewer: Viewer) -> list[str]:
        def work(tx: Tx) -> list[str]:
            if self._desk.incidents.seen(tx, incident, viewer) is None:
                return []
            held = stored_roles.of_incident(tx, incident)
            return [
                f"{TITLES[role]}: {holder(held, role) or 'nobody yet'}" for role in Role
            ]

        return self._desk.database.read(work) if incident else []

    def _open_alerts(self, incident: int, viewer: Viewer) -> list[int]:
        def work(tx: Tx) -> list[int]:
            if self._desk.incidents.seen(tx, incident, viewer) is None:
                return []
            numbers = stored.alerts_of(tx, incident)
            found = stored_alerts.get_many(tx, numbers)
            return [n for n, a in found.items() if a.status is Status.TRIGGERED]

        return self._desk.database.read(work) if incident else []


_STALE = timedelta(minutes=15)
_AGAIN = "say it again if it is still meant."
_WHERE = (
    "Which incident? Write in its channel, or begin the line with its name: INC-214 …"
)


def _acknowledge(
    tx: Tx, directory: Any, now: datetime, *, number: int, person: str
) -> Acted:
    return answering.acknowledge(
        tx, number, by=person, via=Via.CHAT, directory=directory, now=now
    )
