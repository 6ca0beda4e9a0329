"""Where a test puts something wrong into the engine, to see that the oracles notice.

This rig changes nothing. Each method makes one part of one process; a seeded defect
overrides the one that makes the part which it breaks.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tocsin.engine.alerts import Intake
from tocsin.engine.incidents.desk import IncidentDesk
from tocsin.engine.incidents.transaction import Follower
from tocsin.engine.loop import Engine
from tocsin.engine.outbox import Outbox
from tocsin.engine.status.mailing import MailClerk
from tocsin.simulation.clocks import NodeClock
from tocsin.store.database import Connection, Database


class Rig:
    """The engine as it is."""

    def connection(self, connection: Connection) -> Connection:
        """The connection through which a process writes."""
        return connection

    def database(
        self, connect: Callable[[bool], Connection], **options: Any
    ) -> Database:
        """The database of a process."""
        return Database(connect, **options)

    def intake(self, database: Database) -> Intake:
        """What absorbs requests."""
        return Intake(database)

    def engine(self, database: Database, **parts: Any) -> Engine:
        """The engine itself."""
        return Engine(database, **parts)

    def outbox(self, database: Database, **parts: Any) -> Outbox:
        """What sends what pages nobody."""
        return Outbox(database, **parts)

    def mail_clerk(self, public_url: str, secret: bytes, *, chunk: int) -> MailClerk:
        """Who writes the mails of a mailing."""
        return MailClerk(public_url, secret, chunk=chunk)

    def desk(self, database: Database, **parts: Any) -> IncidentDesk:
        """The door to incidents."""
        return IncidentDesk(database, **parts)

    def followers(
        self, followers: Sequence[Follower], database: Database
    ) -> Sequence[Follower]:
        """What follows incidents in a process."""
        return followers

    def workers(self) -> int | None:
        """How many calls pages and outbox make at once; None: each has its own."""
        return None

    def clock(self, clock: NodeClock) -> NodeClock:
        """The machine's clock."""
        return clock
