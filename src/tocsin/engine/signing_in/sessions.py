"""Sessions: begun by every way of signing in, listed, confirmed, ended.

A session's secret is always ours and always new: what a browser brought along is
ended, never taken over (session fixation). It ends after seven idle days, and after
fourteen in any case.
"""

from datetime import datetime, timedelta

from tocsin.core.excerpts import clean
from tocsin.engine.signing_in.sign_in import (
    ID_LENGTH,
    IDLE_FOR,
    SESSION_GOOD_FOR,
    digest,
)
from tocsin.engine.signing_in.visits import Entry, Porter, Visit
from tocsin.store import sessions as stored
from tocsin.store.database import Tx
from tocsin.store.sessions import Session

# How long ago somebody may have proved who they are, to change credentials.
RECENT = timedelta(minutes=10)


class Sessions:
    """Begins and ends sessions."""

    def __init__(self, porter: Porter) -> None:
        self._porter = porter

    def enter(
        self,
        tx: Tx,
        secret: str,
        person: str,
        *,
        how: str,
        visit: Visit,
        good_for: timedelta = SESSION_GOOD_FOR,
        confirmed_at: datetime | None = None,
        now: datetime,
    ) -> Entry:
        """A new session under a fresh `secret`; the one the visit came with ends."""
        if visit.session:
            stored.end(tx, digest(visit.session))
        session = Session(
            id=digest(secret)[:ID_LENGTH],
            person=person,
            how=how,
            address=visit.address,
            agent=clean(visit.agent, longest=300),
            made_at=now,
            confirmed_at=confirmed_at or now,
            seen_at=now,
            expires_at=now + good_for,
        )
        stored.add(tx, digest(secret), session)
        self._porter.record(
            tx,
            visit,
            "sign in",
            "session",
            session.id,
            person=person,
            after={"how": how},
            now=now,
        )
        return Entry(person=person, session=secret, good_for=good_for)

    def held(self, secret: str) -> Session | None:
        """The session of a secret."""
        if not secret:
            return None
        now = self._porter.clock.now()
        return self._porter.database.read(lambda tx: held(tx, secret, now=now))

    def is_recent(self, secret: str) -> bool:
        """Whether its owner proved who they are within the last ten minutes."""
        session = self.held(secret)
        now = self._porter.clock.now()
        return session is not None and now - session.confirmed_at < RECENT

    def of(self, person: str) -> list[Session]:
        """Every browser where `person` is signed in."""
        now = self._porter.clock.now()
        return self._porter.database.read(
            lambda tx: stored.of_person(tx, person, seen_after=now - IDLE_FOR, now=now)
        )

    def leave(self, visit: Visit) -> None:
        """Sign out."""
        now = self._porter.clock.now()

        def work(tx: Tx) -> None:
            person = stored.end(tx, digest(visit.session))
            if person is not None:
                name = digest(visit.session)[:ID_LENGTH]
                self._porter.record(
                    tx, visit, "sign out", "session", name, person=person, now=now
                )

        self._porter.database.write(work)

    def end_one(self, person: str, session_id: str, visit: Visit) -> bool:
        """End one of a person's own sessions."""
        now = self._porter.clock.now()

        def work(tx: Tx) -> bool:
            ended = stored.end_one(tx, person, session_id)
            if ended:
                self._porter.record(
                    tx, visit, "end", "session", session_id, person=person, now=now
                )
            return ended

        return self._porter.database.write(work)

    def end_others(self, person: str, visit: Visit) -> int:
        """End all of a person's sessions but the one that asks."""
        now = self._porter.clock.now()
        but = digest(visit.session)[:ID_LENGTH]

        def work(tx: Tx) -> int:
            return self.end_in(tx, person, visit, but=but, by=person, now=now)

        return self._porter.database.write(work)

    def end_of(self, person: str, visit: Visit, *, by: str) -> int:
        """End all sessions of somebody else."""
        now = self._porter.clock.now()
        return self._porter.database.write(
            lambda tx: self.end_in(tx, person, visit, but="", by=by, now=now)
        )

    def end_in(
        self, tx: Tx, person: str, visit: Visit, *, but: str, by: str, now: datetime
    ) -> int:
        """The same within a transaction, "" sparing none."""
        count = stored.end_all(tx, person, but=but)
        after = {"ended": count}
        self._porter.record(
            tx, visit, "end all", "session", person, person=by, after=after, now=now
        )
        return count

    def forget(self) -> None:
        """Drop what has ended."""
        now = self._porter.clock.now()
        self._porter.database.write(
            lambda tx: stored.forget(tx, idle_since=now - IDLE_FOR, now=now)
        )


def held(tx: Tx, secret: str, *, now: datetime) -> Session | None:
    """The session of a secret, unless it has ended or lain idle for seven days."""
    return stored.held(tx, digest(secret), seen_after=now - IDLE_FOR, now=now)
