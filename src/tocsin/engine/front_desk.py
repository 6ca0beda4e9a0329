"""Everything the edge needs of the engine, in one hand: for the API and the web."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.directory import Directory, Integration
from tocsin.engine.alerts import Absorption, Arrival, Intake
from tocsin.engine.answering import Acted
from tocsin.engine.configuration import Applied, apply_files, export_text
from tocsin.engine.directories import Directories
from tocsin.engine.sign_in import SignIn
from tocsin.interfaces import Clock
from tocsin.store.database import Database, Tx


@dataclass(frozen=True)
class FrontDesk:
    """Made by app.py. All of it blocks, so the edge calls it in threads."""

    database: Database
    directories: Directories
    intake: Intake
    sign_in: SignIn
    clock: Clock
    secret: bytes
    public_url: str
    new_key: Callable[[], str]
    new_id: Callable[[], str]
    wake: Callable[[], None]
    problems: Callable[[], Sequence[str]]
    started_at: datetime

    def directory(self) -> Directory:
        """The configuration of this moment."""
        return self.database.read(self.directories.current)

    def act(self, work: Callable[[Tx, Directory, datetime], Acted]) -> Acted:
        """One act of a person, committed when this returns."""
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

    def apply(
        self, files: Sequence[tuple[str, str]], *, prune: bool, dry_run: bool
    ) -> Applied:
        """Configuration as code."""
        applied = apply_files(
            self.database,
            files,
            now=self.clock.now(),
            new_key=self.new_key,
            prune=prune,
            dry_run=dry_run,
        )
        if applied.done:
            self.directory()
            self.wake()
        return applied

    def export(self) -> str:
        """The configuration as YAML."""
        return export_text(self.database)


def by_hand(service: str) -> Integration:
    """The sender of alerts that people raise themselves."""
    return Integration(0, "by hand", "internal", service, "")
