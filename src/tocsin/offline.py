"""What the command line does on the settings' database, without a server."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tocsin import system
from tocsin.at_rest import open_database, secret_key
from tocsin.config import BadSettings, Settings, client_settings, read_settings
from tocsin.core.people.permissions import Scope, scopes_of
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.checks import BAD, Check
from tocsin.engine.configuration import apply_files
from tocsin.engine.configuration_files import export_text, export_with_secrets
from tocsin.engine.directories import Directories
from tocsin.engine.editing import recorder
from tocsin.engine.preflight import Seen, as_json
from tocsin.engine.signing_in.emergency import EmergencyCodes
from tocsin.engine.signing_in.sessions import Sessions
from tocsin.engine.signing_in.sign_in import SignIn
from tocsin.engine.signing_in.visits import Porter, Visit
from tocsin.engine.throttling import Throttle
from tocsin.engine.tokens import told
from tocsin.store.database import StoreError
from tocsin.store.migrate import HEAD
from tocsin.wiring.inspection import preflight_of

__all__ = [
    "HEAD",
    "BadSettings",
    "Doors",
    "StoreError",
    "apply_to",
    "as_json",
    "client_settings",
    "examine",
    "exported",
    "open_database",
    "read_settings",
    "time_here",
]


def time_here() -> datetime:
    """What the clock of this machine says."""
    return system.SteadyClock().now()


class Doors:
    """Sign-in links and API tokens, made on the database of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = open_database(settings)
        self._sign_in = SignIn(
            self._database,
            Directories(),
            system.SteadyClock(),
            new_token=system.new_token,
        )

    def link(self, person: str | None) -> str:
        """The address of a one-time link. Raises LookupError for nobody we know."""
        if person is None:
            _, token = self._sign_in.first_link()
        else:
            token = self._sign_in.link_for(self._known(person))
        settings = self._settings
        base = settings.public_url or f"http://{settings.host}:{settings.port}"
        return f"{base}/sign-in/{token}"

    def token(
        self,
        person: str,
        label: str,
        *,
        scopes: Sequence[str] = (),
        team: str = "",
        days: int | None = None,
    ) -> str:
        """An API token, for everything without `scopes`. Raises LookupError."""
        if team and team not in self._database.read(Directories().current).teams:
            message = f"{team!r}: expected a team that is configured"
            raise LookupError(message)
        auditor = Auditor(secret_key(self._settings))
        actor = Actor(system.user_name(), "CLI")
        return self._sign_in.make_token(
            self._known(person),
            label=label,
            scopes=scopes_of(scopes) or (Scope.ADMIN,),
            team=team,
            good_for=timedelta(days=days) if days is not None else None,
            recorder=lambda tx, held, now: auditor.write(
                tx, actor, "create", "token", held.id, after=told(held), now=now
            ),
        )[0]

    def emergency_codes(self, person: str) -> list[str]:
        """Ten new emergency codes; the ones from before are void. Raises LookupError."""
        settings = self._settings
        porter = Porter(
            database=self._database,
            directories=Directories(),
            clock=system.SteadyClock(),
            audit=Auditor(secret_key(settings)),
            new_token=system.new_token,
            public_url=settings.public_url,
            mail=None,
            later=lambda work: work(),
        )
        codes = EmergencyCodes(porter, Sessions(porter), Throttle(porter.clock))
        return codes.make(self._known(person), Visit(via="CLI"), by=system.user_name())

    def close(self) -> None:
        """Done."""
        self._database.close()

    def _known(self, person: str) -> str:
        people = self._database.read(Directories().current).people
        if person not in people:
            known = ", ".join(people) or "nobody yet"
            message = f"{person!r}: expected a person who is configured ({known})"
            raise LookupError(message)
        return person


def apply_to(
    settings: Settings, files: Sequence[tuple[str, str]], *, prune: bool, dry_run: bool
) -> dict[str, object]:
    """Configuration as code on the settings' database, as the API answers it."""
    database = open_database(settings)
    now = system.SteadyClock().now()
    actor = Actor(system.user_name(), "CLI")
    try:
        applied = apply_files(
            database,
            files,
            now=now,
            new_key=system.new_key,
            recorder=recorder(Auditor(secret_key(settings)), actor, now=now),
            prune=prune,
            dry_run=dry_run,
        )
    finally:
        database.close()
    return {
        "changes": [
            {"kind": c.kind, "noun": c.noun, "name": c.name, "notes": list(c.notes)}
            for c in applied.plan.changes
        ],
        "notes": list(applied.plan.notes),
        "problems": list(applied.problems),
        "applied": applied.done,
    }


def exported(settings: Settings, *, with_secrets: bool) -> str:
    """The configuration as YAML; who reads its secrets is recorded. Raises StoreError."""
    database = open_database(settings)
    auditor = Auditor(secret_key(settings))
    actor = Actor(system.user_name(), "CLI")
    now = system.SteadyClock().now()
    try:
        if not with_secrets:
            return export_text(database)
        database.write(
            lambda tx: auditor.write(
                tx, actor, "export with secrets", "configuration", "all", now=now
            )
        )
        return export_with_secrets(database)
    finally:
        database.close()


def examine(settings: Settings) -> list[Check]:
    """Every check of `tocsin doctor`, the same as on the page of health."""
    try:
        database = open_database(settings)
    except StoreError as error:
        return [Check("database", BAD, str(error), "Is its server running?")]
    try:
        return preflight_of(settings, database, Directories(), seen=Seen).checks(
            wait=True
        )
    finally:
        database.close()
