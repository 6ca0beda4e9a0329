"""What everything at the door works with: where a visit comes from, what became of it,
and the porter, who has the database, the clock, fresh secrets, the record and the post.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.people.people import Person
from tocsin.core.throttling import NO_WAIT
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.directories import Directories
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Clock
from tocsin.store.database import Database, StoreError, Tx

log = structlog.get_logger()


class Visit(Struct, frozen=True):
    """Where a request comes from. `session` is the secret of the one it came with."""

    address: str = ""
    agent: str = ""
    session: str = ""
    via: str = "sign-in"


class Entry(Struct, frozen=True):
    """What became of an attempt to get in: a session, a refusal, or a wait."""

    person: str = ""
    session: str = ""
    good_for: timedelta = NO_WAIT
    refused: str = ""
    wait: timedelta = NO_WAIT


@dataclass(frozen=True)
class Porter:
    """Made by app.py. `mail` is None where no mail server is set up.

    `later` runs work after the answer was given, so that the time an answer takes
    does not tell whether somebody is known.
    """

    database: Database
    directories: Directories
    clock: Clock
    audit: Auditor
    new_token: Callable[[], str]
    public_url: str
    mail: Callable[[str, str, str], None] | None
    later: Callable[[Callable[[], None]], object]

    def directory(self) -> Directory:
        """The configuration of this moment."""
        return self.database.read(self.directories.current)

    def record(
        self,
        tx: Tx,
        visit: Visit,
        action: str,
        noun: str,
        name: str,
        *,
        person: str = "",
        after: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> None:
        """One entry of the record. `person` is "" while nobody has proved to be one."""
        actor = Actor(person, visit.via, visit.address)
        self.audit.write(tx, actor, action, noun, name, after=after, now=now)

    def record_alone(
        self, visit: Visit, action: str, noun: str, name: str, *, why: str
    ) -> None:
        """An entry that goes with no change: a refusal."""
        now = self.clock.now()
        self.database.write(
            lambda tx: self.record(
                tx, visit, action, noun, name, after={"why": why}, now=now
            )
        )

    def send(self, person: Person, subject: str, text: str) -> None:
        """Mail somebody, later. What fails is logged; nobody is told who is known."""
        mail = self.mail
        if mail is None or "@" not in person.email:
            return

        def work() -> None:
            try:
                mail(person.email, subject, text)
            except (DeliveryFailed, DeliveryUnknown, LookupError) as error:
                log.warning("mail_not_sent", person=person.name, error=str(error))

        self.later(work)

    def afterwards(self, work: Callable[[], None]) -> None:
        """Do this once the answer is on its way."""

        def guarded() -> None:
            try:
                work()
            except StoreError as error:
                log.warning("door_work_failed", error=str(error))

        self.later(guarded)


def known_as(directory: Directory, account: str) -> Person | None:
    """Whom a handle or a mail address means; an address that two share means nobody."""
    account = account.strip()
    if account in directory.people:
        return directory.person(account)
    return whose_address(directory, account)


def whose_address(directory: Directory, email: str) -> Person | None:
    """Whose mail address it is, if it is one person's."""
    folded = email.strip().casefold()
    matching = [
        person
        for person in directory.people.values()
        if person.active and person.email and person.email.casefold() == folded
    ]
    return matching[0] if len(matching) == 1 else None


def left_with_address(directory: Directory, email: str) -> bool:
    """Whether it is the address of somebody who was made inactive."""
    folded = email.strip().casefold()
    return any(
        not one.active and one.email.casefold() == folded
        for one in directory.people.values()
    )
