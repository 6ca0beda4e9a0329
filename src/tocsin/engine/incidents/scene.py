"""One act in an incident: what it sees, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.incidents.entries import Entry
from tocsin.core.incidents.incidents import By, Incident, Ruling
from tocsin.core.incidents.roles import Holding, Role, holder
from tocsin.core.incidents.updates_written import Update
from tocsin.core.pages.escalation import Target
from tocsin.engine.alerts import Intake
from tocsin.store import roles as stored_roles
from tocsin.store.database import Tx


@dataclass(frozen=True)
class Scene:
    """Handed to every act; `by.commands` says whether the commander's word is theirs."""

    tx: Tx
    incident: Incident
    holdings: Sequence[Holding]
    directory: Directory
    intake: Intake
    by: By
    now: datetime

    @property
    def commander(self) -> str:
        """Who commands, "" when nobody does."""
        return holder(self.holdings, Role.IC)


class Call(Struct, frozen=True):
    """Somebody to page about the incident, until they answer. `role` is what for."""

    target: Target
    why: str
    role: Role | None = None


class Outcome(Struct, frozen=True):
    """What an act leads to; written whole by transaction.carry_out, or refused."""

    incident: Incident
    entries: tuple[Entry, ...] = ()
    holdings: tuple[Holding, ...] = ()
    calls: tuple[Call, ...] = ()
    update: Update | None = None
    refused: str = ""
    made: int = 0  # the id of what was made: a task, a card, an update


class Happened(Struct, frozen=True):
    """What was written, for whoever follows: chat, status pages, reviews."""

    before: Incident | None
    after: Incident
    entries: Sequence[Entry]
    holdings: Sequence[Holding]
    update: Update | None
    directory: Directory
    now: datetime

    @property
    def entered(self) -> bool:
        """Whether it is in another state than before."""
        return self.before is None or self.before.state != self.after.state


def outcome(ruling: Ruling) -> Outcome:
    """What a rule says, as it is."""
    return Outcome(ruling.incident, ruling.entries, refused=ruling.refused)


def refused(scene: Scene, why: str) -> Outcome:
    """Nothing is done."""
    return Outcome(scene.incident, refused=why)


def scene_of(
    tx: Tx,
    incident: Incident,
    *,
    directory: Directory,
    intake: Intake,
    by: By,
    now: datetime,
) -> Scene:
    """The scene with who holds which role; without a commander everybody commands."""
    holdings = stored_roles.of_incident(tx, incident.number)
    commander = holder(holdings, Role.IC)
    commands = commander in ("", by.person)
    seen = By(by.person, by.source, commands)
    return Scene(tx, incident, holdings, directory, intake, seen, now)
