"""Mistakes that incident tools have made, as switches; the oracles must find each.

A defect replaces a part that is handed in: SQL on its way to the database, the engine,
what absorbs requests, the clock. Nothing here patches a module.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from tocsin.core.alerts.absorbing import Outcome
from tocsin.core.alerts.alerts import EventKind, Status
from tocsin.core.directory import Directory
from tocsin.core.pages.paging import Attempted
from tocsin.engine import answering
from tocsin.engine.alerts import Absorption, Arrival, Intake
from tocsin.engine.answering import Via
from tocsin.engine.loop import Engine
from tocsin.engine.paging import Claim, Sent
from tocsin.simulation.clocks import NodeClock
from tocsin.simulation.rig import Rig
from tocsin.store import alerts as stored_alerts
from tocsin.store import escalation as stored_runs
from tocsin.store.database import Connection, Database, StoreError, Tx

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]
DEFECTS: dict[str, type[Rig]] = {}
_ANSWER_BY = re.compile(r'("answer_by":)"[^"]*"')


def defect(name: str) -> Callable[[type[Rig]], type[Rig]]:
    """Register a seeded defect under the sentence that names it."""

    def register(rig: type[Rig]) -> type[Rig]:
        DEFECTS[name] = rig
        return rig

    return register


# -- in the SQL ------------------------------------------------------------------


class _Altered:
    """A connection whose statements are rewritten on their way."""

    def __init__(self, inner: Connection, rig: "SqlDefect") -> None:
        self._inner = inner
        self._rig = rig

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_inner", "_rig"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._inner, name, value)

    def all(self, sql: str, **params: Any) -> Any:
        return self._inner.all(self._rig.sql(sql), **params)

    def one(self, sql: str, **params: Any) -> Any:
        if self._rig.instead(self._inner, sql, params):
            return None
        return self._inner.one(self._rig.sql(sql), **self._rig.params(sql, params))

    def run(self, sql: str, **params: Any) -> int:
        if self._rig.instead(self._inner, sql, params):
            return 0
        return self._inner.run(self._rig.sql(sql), **self._rig.params(sql, params))

    def many(self, sql: str, rows: Rows) -> None:
        rows = self._rig.rows(sql, rows, self._inner)
        if rows:
            self._inner.many(self._rig.sql(sql), rows)


class SqlDefect(Rig):
    """A defect that lies in what is asked of the database."""

    was = ""
    becomes = ""

    def connection(self, connection: Connection) -> Connection:
        return _Altered(connection, self)  # type: ignore[return-value]

    def sql(self, sql: str) -> str:
        return sql.replace(self.was, self.becomes) if self.was else sql

    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        return params

    def instead(self, connection: Connection, sql: str, params: dict[str, Any]) -> bool:
        """Whether the statement is dealt with in another way."""
        return False

    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        return rows


@defect("mark as sent, then send")
class MarkThenSend(SqlDefect):
    was = "set state = 'sending'"
    becomes = "set state = 'accepted'"


@defect("a crash forgets a send")
class NeverReclaimed(SqlDefect):
    was = "or (state = 'sending' and lease_until <= :now)"
    becomes = "or (state = 'sending' and lease_until < 0)"


@defect("a message that was lost on the way is left alone")
class LostIsLeftAlone(SqlDefect):
    was = "and delivered = '' and report_due_at <= :now"
    becomes = "and delivered = '' and report_due_at < 0"


@defect("who comes on call hears of no open alert")
class NothingMoves(SqlDefect):
    was = "where status <> 'resolved' and number > :after"
    becomes = "where status = 'nothing' and number > :after"


@defect("a round robin never moves on")
class NobodyElsesTurn(SqlDefect):
    was = "set turns = round_robin_turns.turns + :count"
    becomes = "set turns = round_robin_turns.turns + 0 * :count"


@defect("a missed target raises nobody")
class NobodyIsAsked(SqlDefect):
    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        if not sql.startswith("insert into runs"):
            return rows
        return [(*row[:-1], _ANSWER_BY.sub(r"\1null", row[-1])) for row in rows]

    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        if not sql.startswith("insert into runs"):
            return params
        return {**params, "data": _ANSWER_BY.sub(r"\1null", params["data"])}


@defect("an alert that gets worse asks for no answer sooner")
class TargetStays(SqlDefect):
    def __init__(self) -> None:
        self._asked: dict[int, str] = {}

    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        if sql.startswith("insert into runs"):
            self._asked |= {row[0]: _asked_in(row[-1]) for row in rows}
        return rows

    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        if not sql.startswith("insert into runs"):
            return params
        known, asked = self._asked.get(params["alert"], ""), _asked_in(params["data"])
        if not asked or asked >= known:
            self._asked[params["alert"]] = asked or known
            return params
        data = _ANSWER_BY.sub(rf'\1"{known}"', params["data"])
        return {**params, "data": data}


def _asked_in(data: str) -> str:
    found = _ANSWER_BY.search(data)
    return found[0].split(":", 1)[1].strip('"') if found else ""


@defect("the leases of the dead last an hour")
class EndlessLease(SqlDefect):
    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        if "lease_until = ?" not in sql:
            return rows
        return [(row[0] + 3600 * 1_000_000, *row[1:]) for row in rows]


@defect("a completion without its fence")
class NoFence(SqlDefect):
    was = "where id = :page and fence = :fence and state = 'sending'"
    becomes = "where id = :page and :fence > 0"


@defect("an acknowledgement leaves what is being sent")
class SendingNotCancelled(SqlDefect):
    was = "and state in ('due', 'sending')"
    becomes = "and state = 'due'"


@defect("an acknowledgement calls off nothing")
class NothingCancelled(SqlDefect):
    was = "and state in ('due', 'sending')"
    becomes = "and state = 'nothing'"


@defect("the next contact method is not pulled forward")
class NotPulled(SqlDefect):
    was = "update pages set due_at = :now where id = (select"
    becomes = "update pages set due_at = :now where id = -(select"


class _SavedRun(SqlDefect):
    """A defect in the timer that is stored with a run."""

    states: tuple[str, ...] = ()

    def params(self, sql: str, params: dict[str, Any]) -> dict[str, Any]:
        if sql.startswith("insert into runs") and params["state"] in self.states:
            return {**params, "due_at": None}
        return params


@defect("an exhausted policy never nags")
class NeverNags(_SavedRun):
    states = ("exhausted",)


@defect("an acknowledgement never times out")
class AckForEver(_SavedRun):
    states = ("acked",)


class _LostPages(SqlDefect):
    """A defect in which pages are written."""

    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        if sql.startswith("insert into pages"):
            return [row for row in rows if self.keeps(row)]
        return rows

    def keeps(self, row: Sequence[Any]) -> bool:
        """Which pages are written; every defect has its own."""
        raise NotImplementedError


@defect("an empty on-call set pages nobody")
class NobodyIsNobody(_LostPages):
    def keeps(self, row: Sequence[Any]) -> bool:
        return not str(row[11]).startswith("No level of")


@defect("a person is paged on the first method only")
class FirstMethodOnly(_LostPages):
    def keeps(self, row: Sequence[Any]) -> bool:
        return row[4] == 0


@defect("SEV3 pages as loudly by night as by day")
class LoudAtAllHours(SqlDefect):
    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        if not sql.startswith("insert into pages"):
            return rows
        return [
            (*row[:9], "high" if row[10] == 3 else row[9], *row[10:]) for row in rows
        ]


@defect("nobody hears that an alert got worse")
class WorseIsNoNews(_LostPages):
    def keeps(self, row: Sequence[Any]) -> bool:
        return row[5] != -2


@defect("the last level is paged to nobody")
class LastLevelLost(_LostPages):
    def keeps(self, row: Sequence[Any]) -> bool:
        return row[5] < 2


@defect("pages are published after the commit")
class PublishAfterCommit(SqlDefect):
    """Pages wait in memory, as in a broker, until the process writes again."""

    def __init__(self) -> None:
        self._broker: dict[int, list[tuple[str, Rows]]] = {}

    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        held = self._broker.setdefault(id(connection), [])
        if sql.startswith("insert into pages"):
            connection.after_commit.append(lambda: held.append((sql, rows)))
            return []
        for statement, values in held:
            connection.many(statement, values)
        held.clear()
        return rows


@defect("the timer advances in another transaction than its pages")
class TwoTransactions(SqlDefect):
    def __init__(self) -> None:
        self._database: Database | None = None

    def database(self, connect: Any, **options: Any) -> Database:
        self._database = Database(connect, **options)
        return self._database

    def rows(self, sql: str, rows: Rows, connection: Connection) -> Rows:
        if not sql.startswith("insert into pages"):
            return rows
        database = self._database
        assert database is not None

        def second(tx: Tx) -> None:
            tx._inner.many(sql, rows)  # type: ignore[attr-defined]

        connection.after_commit.append(lambda: database.write(second))
        return []


# -- in the engine ---------------------------------------------------------------


class _EngineDefect(Rig):
    """A defect in the loop."""

    kind: type[Engine] = Engine

    def engine(self, database: Database, **parts: Any) -> Engine:
        return self.kind(database, **parts)


class _NoRecheck(Engine):
    def call(self, claimed: Claim) -> Sent | None:
        return super().call(
            replace(claimed, claimed_at_monotonic=self.clock.monotonic())
        )


@defect("a frozen node pages after its lease")
class FrozenNodePages(_EngineDefect):
    kind = _NoRecheck


class _Believes(Engine):
    instead: tuple[Attempted, Attempted]

    def call(self, claimed: Claim) -> Sent | None:
        sent = super().call(claimed)
        if sent is not None and sent.outcome is self.instead[0]:
            return replace(sent, outcome=self.instead[1])
        return sent


class _UnknownIsAccepted(_Believes):
    instead = (Attempted.UNKNOWN, Attempted.ACCEPTED)


class _TemporaryIsPermanent(_Believes):
    instead = (Attempted.TEMPORARY, Attempted.PERMANENT)


class _PermanentIsAccepted(_Believes):
    instead = (Attempted.PERMANENT, Attempted.ACCEPTED)


@defect("an unknown outcome is taken for accepted")
class UnknownIsAccepted(_EngineDefect):
    kind = _UnknownIsAccepted


@defect("a temporary failure is taken for permanent")
class TemporaryIsPermanent(_EngineDefect):
    kind = _TemporaryIsPermanent


@defect("a refusal is taken for accepted")
class PermanentIsAccepted(_EngineDefect):
    kind = _PermanentIsAccepted


class _ReceiptAcks(Engine):
    def record(self, claimed: Claim, sent: Sent) -> None:
        super().record(claimed, sent)
        if sent.outcome is not Attempted.ACCEPTED:
            return

        def work(tx: Tx) -> None:
            for page, _ in claimed.fences:
                answering.acknowledge(
                    tx,
                    page.alert,
                    by=page.person,
                    via=Via.PAGE_LINK,
                    directory=self._directories.current(tx),
                    now=self.clock.now(),
                )

        self.database.write(work)


@defect("a receipt is taken for an acknowledgement")
class ReceiptIsAck(_EngineDefect):
    kind = _ReceiptAcks


class _SkipsLevels(Engine):
    def _advance(self, tx: Tx, directory: Directory, now: datetime) -> int:
        for stored in stored_runs.due(tx, now=now, limit=100):
            late = stored.due_at is not None and now - stored.due_at
            if not late or late < timedelta(seconds=10) or stored.data.startswith("{d"):
                continue
            run = stored_runs.run_of(stored)
            policy = stored_runs.policy_of(tx, stored.policy_version)
            if run.next_level + 1 < len(policy.levels):
                moved = replace(run, next_level=run.next_level + 1)
                version = stored.policy_version
                stored_runs.save(tx, stored.alert, moved, version=version)
        return super()._advance(tx, directory, now)


@defect("a level is skipped after a downtime")
class LevelSkipped(_EngineDefect):
    kind = _SkipsLevels


class _PoisonStops(Engine):
    def _advance(self, tx: Tx, directory: Directory, now: datetime) -> int:
        for stored in stored_runs.due(tx, now=now, limit=100):
            stored_runs.run_of(stored)
        return super()._advance(tx, directory, now)


@defect("one damaged run stops the loop")
class PoisonStops(_EngineDefect):
    kind = _PoisonStops


# -- at the door -----------------------------------------------------------------


class _IntakeDefect(Rig):
    """A defect in how requests are absorbed."""

    kind: type[Intake] = Intake

    def intake(self, database: Database) -> Intake:
        return self.kind(database)


class _Swallows(Intake):
    def accept(
        self,
        tx: Tx,
        arrivals: Sequence[Arrival],
        *,
        directory: Directory,
        now: datetime,
    ) -> list[list[Absorption]]:
        for arrival in arrivals:
            for event in arrival.reading.events:
                known = stored_alerts.current_by_key(
                    tx, self._database, arrival.integration.id, [event.key]
                ).get(event.key)
                over = known is not None and known.status is Status.RESOLVED
                if over and known is not None and event.kind is EventKind.TRIGGER:
                    return [[Absorption(Outcome.REPEATED, known.number)]]
        return super().accept(tx, arrivals, directory=directory, now=now)


@defect("a re-fire after a resolve is swallowed")
class Swallowed(_IntakeDefect):
    kind = _Swallows


class _Renames(Intake):
    seen: frozenset[str] = frozenset()

    def accept(
        self,
        tx: Tx,
        arrivals: Sequence[Arrival],
        *,
        directory: Directory,
        now: datetime,
    ) -> list[list[Absorption]]:
        changed = [self._changed(arrival) for arrival in arrivals]
        ids = {event.event_id for one in arrivals for event in one.reading.events}
        tx.after_commit.append(lambda: setattr(self, "seen", self.seen | ids))
        return super().accept(tx, changed, directory=directory, now=now)

    def _changed(self, arrival: Arrival) -> Arrival:
        events = [
            replace(event, key=event.key + " (2)")
            if event.event_id in self.seen and event.event_id
            else event
            for event in arrival.reading.events
        ]
        return replace(arrival, reading=replace(arrival.reading, events=events))


@defect("a repeated event opens a second alert")
class OpensSecond(_IntakeDefect):
    kind = _Renames


class _Forgets(Intake):
    def accept(
        self,
        tx: Tx,
        arrivals: Sequence[Arrival],
        *,
        directory: Directory,
        now: datetime,
    ) -> list[list[Absorption]]:
        forgetful = []
        for arrival in arrivals:
            events = [replace(event, event_id="") for event in arrival.reading.events]
            reading = replace(arrival.reading, events=events)
            forgetful.append(replace(arrival, reading=reading))
        return super().accept(tx, forgetful, directory=directory, now=now)


@defect("a repeated event is counted twice")
class CountedTwice(_IntakeDefect):
    kind = _Forgets


class _Eager(Database):
    def submit(self, work: Callable[[Tx], T]) -> "Future[T]":
        done: list[T] = []

        def noticed(tx: Tx) -> T:
            done.append(work(tx))
            return done[-1]

        future = super().submit(noticed)
        if done and isinstance(future.exception(), StoreError):
            answered: Future[T] = Future()
            answered.set_result(done[-1])
            return answered
        return future


@defect("2xx before the commit")
class AnsweredBeforeCommit(Rig):
    def database(self, connect: Any, **options: Any) -> Database:
        return _Eager(connect, **options)


class _RemembersTooSoon(Database):
    def _transaction(self, work: Callable[[Tx], T]) -> T:
        def remembering(tx: Tx) -> T:
            result = work(tx)
            if self.exclusive:
                self.cache.update(tx.overlay)
            return result

        return super()._transaction(remembering)

    def _reconnect(self) -> None:
        """Believes what it remembers."""


@defect("memory of alerts is believed before the commit")
class RemembersTooSoon(Rig):
    def database(self, connect: Any, **options: Any) -> Database:
        return _RemembersTooSoon(connect, **options)


# -- in time ---------------------------------------------------------------------


@defect("a clock that steps back stops the timers")
class ObeysStepsBack(Rig):
    def clock(self, clock: NodeClock) -> NodeClock:
        clock.obeys_steps_back = True
        return clock
