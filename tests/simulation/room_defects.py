"""Mistakes in incidents and in the outbox, as switches beside those of defects.py."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from msgspec.structs import replace as replaced

from tests.simulation.defects import SqlDefect, defect
from tocsin.core.pages.paging import Attempted
from tocsin.engine.incidents.desk import Act, Done, IncidentDesk
from tocsin.engine.incidents.scene import Happened, Outcome, Scene
from tocsin.engine.incidents.transaction import Follower
from tocsin.engine.outbox import Claimed, Outbox
from tocsin.engine.paging import Sent
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.status.mailing import MailClerk
from tocsin.simulation.following import outside
from tocsin.simulation.rig import Rig
from tocsin.store import outbox as stored
from tocsin.store.database import Connection, Database, Tx
from tocsin.store.outbox import Outgoing

# -- in the SQL ------------------------------------------------------------------


@defect("a message's answer is written without its fence")
class UnfencedMessage(SqlDefect):
    was = "where id = :id and fence = :fence and state = 'sending'"
    becomes = "where id = :id and :fence > 0"


@defect("what a dead outbox was sending is never sent again")
class NeverReclaimedMessage(SqlDefect):
    was = "and (state = 'due' or lease_until <= :now)"
    becomes = "and (state = 'due' or lease_until < 0)"


@defect("chat does not wait for what was said before")
class OutOfOrder(SqlDefect):
    was = "and earlier.id < outbox.id"
    becomes = "and earlier.id < 0"


@defect("an incident's version is not checked")
class LostUpdate(SqlDefect):
    was = "where number = :number and version = :known"
    becomes = "where number = :number and :known > 0"


class _OtherParams(SqlDefect):
    """A defect in what is handed to a statement."""

    def __init__(self) -> None:
        self._serial = 0

    def unique(self, key: object) -> str:
        self._serial += 1
        return f"{key}#{self._serial}"


@defect("a note's key does not make it one note")
class NoteKeyNotUnique(_OtherParams):
    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        if sql.startswith("insert into entries") and params["kind"] == "note":
            return {**params, "key": self.unique(params["key"])}
        return params


@defect("a message's key is not unique")
class MessageKeyNotUnique(_OtherParams):
    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        if sql.startswith("insert into outbox"):
            return {**params, "key": self.unique(params["key"])}
        return params


@defect("nobody remembers what a reminder said")
class ForgetsReminders(_OtherParams):
    was = "reminded = :reminded"
    becomes = "reminded = case when version % 2 = 0 then reminded else :reminded end"

    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        if sql.startswith("insert into entries") and params["kind"] == "reminder":
            return {**params, "key": self.unique(params["key"])}
        return params


@defect("the reminder keeps its time when an update moves the promise")
class StaleReminder(SqlDefect):
    def __init__(self) -> None:
        self._victim: Any = None

    def connection(self, connection: Connection) -> Connection:
        self._victim = connection._victim  # type: ignore[attr-defined]
        return super().connection(connection)

    def sql(self, sql: str) -> str:
        if sql.startswith("update incidents set") and self._victim.doing == "room":
            return sql.replace("due_at = :due_at", "due_at = coalesce(due_at, :due_at)")
        return sql


@defect("a reminder is written in a second transaction")
class ReminderApart(SqlDefect):
    def __init__(self) -> None:
        self._database: Database | None = None

    def database(self, connect: Any, **options: Any) -> Database:
        self._database = Database(connect, **options)
        return self._database

    def instead(self, connection: Connection, sql: str, params: dict[str, Any]) -> bool:
        is_reminder = (
            sql.startswith("insert into entries") and params["kind"] == "reminder"
        )
        is_nudge = sql.startswith("insert into outbox") and params["lane"] == "nudge"
        database = self._database
        if database is None or not (is_reminder or is_nudge):
            return False

        def second(tx: Tx) -> None:
            statement = f"{sql} returning id" if is_nudge else sql
            tx._inner.one(statement, **params)  # type: ignore[attr-defined]

        connection.after_commit.append(lambda: database.write(second))
        return True


# -- in the desk -------------------------------------------------------------------


class _DeskDefect(Rig):
    """A defect at the door to incidents."""

    kind: type[IncidentDesk] = IncidentDesk

    def desk(self, database: Database, **parts: Any) -> IncidentDesk:
        return self.kind(database, **parts)


@dataclass(frozen=True)
class _AnybodyApproves(IncidentDesk):
    def act(self, number: int, viewer: Viewer, action: str, act: Act) -> Done:
        def as_commander(scene: Scene) -> Outcome:
            by = replaced(scene.by, person=scene.commander)
            return act(replace(scene, by=by))

        does = as_commander if action.startswith("decide") else act
        return super().act(number, viewer, action, does)


@defect("anybody approves what goes outside")
class AnybodyApproves(_DeskDefect):
    kind = _AnybodyApproves


@dataclass(frozen=True)
class _LeavesTraces(IncidentDesk):
    def _act(self, tx: Tx, number: int, viewer: Viewer, action: str, act: Act) -> Done:
        try:
            return super()._act(tx, number, viewer, action, act)
        except Exception as error:
            done = getattr(error, "done", None)
            if done is None:
                raise
            return done  # type: ignore[no-any-return]


@defect("a refused act leaves what it had written")
class LeavesTraces(_DeskDefect):
    kind = _LeavesTraces


# -- in what follows incidents -----------------------------------------------------


@defect("an external update goes out before it is approved")
class OutTooSoon(Rig):
    def followers(
        self, followers: Sequence[Follower], database: Database
    ) -> Sequence[Follower]:
        def eager(tx: Tx, happened: Happened) -> None:
            update = happened.update
            if update is not None and update.audience == "external":
                messages = outside(happened.after.number, update.id)
                stored.put(tx, messages, now=happened.now)

        return [*followers, eager] if followers else ()


@defect("what follows an incident is written after its commit")
class FollowersAfterCommit(Rig):
    def followers(
        self, followers: Sequence[Follower], database: Database
    ) -> Sequence[Follower]:
        return [_after_commit(one, database) for one in followers]


def _after_commit(follow: Follower, database: Database) -> Follower:
    def later(tx: Tx, happened: Happened) -> None:
        tx.after_commit.append(
            lambda: database.write(lambda second: follow(second, happened))
        )

    return later


# -- in the outbox -----------------------------------------------------------------


class _OutboxDefect(Rig):
    """A defect in the outbox."""

    kind: type[Outbox] = Outbox

    def outbox(self, database: Database, **parts: Any) -> Outbox:
        return self.kind(database, **parts)


class _LostIsAccepted(Outbox):
    def call(self, claimed: Claimed) -> Sent | None:
        sent = super().call(claimed)
        if sent is not None and sent.outcome is Attempted.UNKNOWN:
            return replaced(sent, outcome=Attempted.ACCEPTED)
        return sent


@defect("a message whose answer was lost counts as sent")
class LostIsAccepted(_OutboxDefect):
    kind = _LostIsAccepted


class _Impatient(Outbox):
    def call(self, claimed: Claimed) -> Sent | None:
        sent = super().call(claimed)
        return None if sent is None else replaced(sent, retry_after=None)


@defect("the outbox does not heed Retry-After")
class Impatient(_OutboxDefect):
    kind = _Impatient


class _FrozenPosts(Outbox):
    def call(self, claimed: Claimed) -> Sent | None:
        return super().call(
            replaced(claimed, claimed_at_monotonic=self.clock.monotonic())
        )


@defect("a frozen node posts after its lease")
class FrozenPosts(_OutboxDefect):
    kind = _FrozenPosts


@defect("the outbox and the pager share their workers")
class SharedWorkers(Rig):
    def workers(self) -> int | None:
        return 2


# -- in mails to subscribers -------------------------------------------------------


class _MailDefect(Rig):
    """A defect in what writes a mailing's mails."""

    kind: type[MailClerk] = MailClerk

    def mail_clerk(self, public_url: str, secret: bytes, *, chunk: int) -> MailClerk:
        return self.kind(public_url, secret, chunk)


class _MailsWhoLeft(MailClerk):
    def prepare(self, tx: Tx, message: Outgoing, *, now: datetime) -> Outgoing:
        return message


@defect("who left while a mailing waited is mailed")
class MailsWhoLeft(_MailDefect):
    kind = _MailsWhoLeft


class _ForgetsTheRest(MailClerk):
    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: datetime
    ) -> None:
        # Of a mailing that was tried once more only the first part is written.
        if message.tries < 2 or not message.payload.get("after"):
            super().heard(tx, message, sent, state=state, now=now)


@defect("a mailing that was interrupted does not go on")
class ForgetsTheRest(_MailDefect):
    kind = _ForgetsTheRest


@defect("a mailing goes to everybody, whatever they asked for")
class MailsEverybody(SqlDefect):
    was = "select id, page, address, components, state, made_at, kind from"
    becomes = "select id, page, address, '[]', state, made_at, kind from"


@defect("a mailing's parts overlap, and each writes mails of its own")
class PartsOverlap(_OtherParams):
    was = "and id > :after"
    becomes = "and id >= :after"

    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        is_mail = sql.startswith("insert into outbox") and params["channel"] == "mail"
        return {**params, "key": self.unique(params["key"])} if is_mail else params
