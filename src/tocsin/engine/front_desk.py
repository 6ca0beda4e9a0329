"""Everything the edge needs of the engine, in one hand: for the API and the web."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.alerts.silences import Silence
from tocsin.core.directory import BY_HAND, Directory, Integration
from tocsin.core.oncall.fair_rota import Puzzle
from tocsin.engine import maintenance, silences
from tocsin.engine.alerts import Absorption, Arrival, Intake
from tocsin.engine.answering import Acted
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.calendar_imports import CalendarImports
from tocsin.engine.configuration import Applied, apply_files
from tocsin.engine.configuration_files import export_one, export_text
from tocsin.engine.connections import Connections
from tocsin.engine.credentials import Credentials
from tocsin.engine.directories import Directories
from tocsin.engine.editing import Change, Edited, edit, recorder
from tocsin.engine.incidents.desk import IncidentDesk
from tocsin.engine.people import memberships
from tocsin.engine.people.contacts import Contacts
from tocsin.engine.preflight import Preflight
from tocsin.engine.previews import Preview, preview
from tocsin.engine.responding import Act, recorded, respond
from tocsin.engine.reviews.desk import ReviewDesk
from tocsin.engine.signing_in.sign_in import SignIn, Viewer
from tocsin.interfaces.machine import Clock
from tocsin.store import silences as stored_silences
from tocsin.store.database import Database, Tx

ActOn = Callable[[Tx, int, Directory, datetime], Acted]


@dataclass(frozen=True)
class FrontDesk:
    """Made by app.py. All of it blocks, so the edge calls it in threads."""

    database: Database
    directories: Directories
    intake: Intake
    sign_in: SignIn
    credentials: Credentials
    connections: Connections
    contacts: Contacts
    audit: Auditor
    clock: Clock
    secret: bytes
    public_url: str
    new_key: Callable[[], str]
    new_id: Callable[[], str]
    wake: Callable[[], None]
    problems: Callable[[], Sequence[str]]
    preflight: Preflight
    incidents: IncidentDesk
    reviews: ReviewDesk
    started_at: datetime
    # Finds a fair rota; None where there is none. Raises NoSolver.
    solve: Callable[[Puzzle], list[int] | None]
    imports: CalendarImports
    # What a browser subscribes to pages with.
    push_key: str = ""
    # What every post on a social network ends with.
    social_link: str = ""
    # The networks that are set up.
    social_networks: tuple[str, ...] = ()

    @property
    def is_secure(self) -> bool:
        """Whether people come by HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The session's cookie; no other host or path can set one with the prefix."""
        return "__Host-tocsin_session" if self.is_secure else "tocsin_session"

    def directory(self) -> Directory:
        """The configuration of this moment."""
        return self.database.read(self.directories.current)

    def act(
        self, numbers: Sequence[int], action: str, act: ActOn, actor: Actor
    ) -> Acted:
        """One act of whoever was paged on every alert of a message.

        Committed together when this returns; refused only if it was for each.
        """

        def work(tx: Tx, directory: Directory, now: datetime) -> Acted:
            results = [
                recorded(
                    tx,
                    number,
                    partial(_on, act, number),
                    action=action,
                    actor=actor,
                    auditor=self.audit,
                    directory=directory,
                    now=now,
                )
                for number in numbers
            ]
            return next((one for one in results if one.done), results[0])

        return self._acting(work)

    def respond(self, number: int, action: str, act: Act, viewer: Viewer) -> Acted:
        """One act of somebody who is signed in, if they may."""
        return self._acting(
            lambda tx, directory, now: respond(
                tx,
                number,
                act,
                action=action,
                viewer=viewer,
                auditor=self.audit,
                directory=directory,
                now=now,
            )
        )

    def _acting(self, work: Act) -> Acted:
        now = self.clock.now()
        done = self.database.write(
            lambda tx: work(tx, self.directories.current(tx), now)
        )
        self.wake()
        return done

    def accept(self, arrival: Arrival) -> list[Absorption]:
        """Events that did not come through a sender's door, committed."""
        now = self.clock.now()
        found = self.database.write(
            lambda tx: self.intake.accept(
                tx, [arrival], directory=self.directories.current(tx), now=now
            )
        )
        self.wake()
        return found[0]

    def silence(self, silence: Silence, actor: Actor, *, replaces: str = "") -> None:
        """A new silence; the one that it `replaces` ends in the same commit."""
        now = self.clock.now()

        def work(tx: Tx) -> None:
            directory = self.directories.current(tx)
            old = stored_silences.get(tx, replaces) if replaces else None
            if old is not None:
                self._end_silence(tx, old, directory, actor, now)
            team = directory.team_of(silence.service)
            silences.keep(
                tx, silence, team=team, actor=actor, auditor=self.audit, now=now
            )

        self.database.write(work)
        self.wake()

    def end_silence(self, silence: Silence, actor: Actor) -> None:
        """It ends now."""
        now = self.clock.now()
        self.database.write(
            lambda tx: self._end_silence(
                tx, silence, self.directories.current(tx), actor, now
            )
        )
        self.wake()

    def _end_silence(
        self,
        tx: Tx,
        silence: Silence,
        directory: Directory,
        actor: Actor,
        now: datetime,
    ) -> None:
        silences.end(tx, silence, directory=directory, now=now)
        team = directory.team_of(silence.service)
        silences.record(
            tx, "end", silence, team=team, actor=actor, auditor=self.audit, now=now
        )

    def maintain(self, window: Maintenance, actor: Actor) -> None:
        """A new maintenance window."""
        now = self.clock.now()

        def work(tx: Tx) -> None:
            directory = self.directories.current(tx)
            maintenance.keep(
                tx, window, directory=directory, actor=actor,
                auditor=self.audit, now=now,
            )  # fmt: skip

        self.database.write(work)
        self.wake()

    def end_maintenance(self, window: Maintenance, actor: Actor) -> None:
        """It ends now; what still fires pages after the hold-off."""
        now = self.clock.now()

        def work(tx: Tx) -> None:
            directory = self.directories.current(tx)
            maintenance.end(
                tx, window, directory=directory, actor=actor,
                auditor=self.audit, now=now,
            )  # fmt: skip

        self.database.write(work)
        self.wake()

    def apply(
        self,
        files: Sequence[tuple[str, str]],
        *,
        actor: Actor,
        prune: bool,
        dry_run: bool,
    ) -> Applied:
        """Configuration as code."""
        now = self.clock.now()
        applied = apply_files(
            self.database,
            files,
            now=now,
            new_key=self.new_key,
            recorder=recorder(self.audit, actor, now=now),
            prune=prune,
            dry_run=dry_run,
        )
        if applied.done:
            self.directory()
            self.wake()
        return applied

    def edit(self, change: Change, viewer: Viewer, actor: Actor) -> Edited:
        """One change of one document, committed when this returns."""
        now = self.clock.now()
        done = self.database.write(
            lambda tx: edit(
                tx,
                change,
                viewer=viewer,
                actor=actor,
                auditor=self.audit,
                new_key=self.new_key,
                now=now,
            )
        )
        if done.done:
            self.directory()
            self.wake()
        return done

    def preview(self, change: Change) -> Preview:
        """What a change would lead to; nothing is written."""
        now = self.clock.now()
        return self.database.read(
            lambda tx: preview(tx, change, new_key=self.new_key, now=now)
        )

    def set_membership(
        self, team: str, person: str, role: str | None, viewer: Viewer
    ) -> Edited:
        """Make somebody a member of a team with a role, or (None) no member."""
        done = memberships.change(
            self.database,
            team,
            person,
            role,
            viewer=viewer,
            actor=viewer.actor,
            auditor=self.audit,
            new_key=self.new_key,
            now=self.clock.now(),
        )
        if done.done:
            self.directory()
            self.wake()
        return done

    def export(self) -> str:
        """The configuration as YAML."""
        return export_text(self.database)

    def export_one(self, noun: str, name: str) -> str:
        """One object of it, as YAML that changes nothing else when it is applied."""
        return export_one(self.database, noun, name)


def _on(act: ActOn, number: int, tx: Tx, directory: Directory, now: datetime) -> Acted:
    return act(tx, number, directory, now)


def by_hand(service: str) -> Integration:
    """The sender of alerts that people raise themselves."""
    return Integration(BY_HAND, "by hand", "internal", service, "")
