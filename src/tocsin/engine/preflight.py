"""Every check of an installation, one line each: for /admin/health, the API and doctor.

What costs little is looked at each time; the slow checks run beside and are remembered.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.durations import words
from tocsin.core.oncall.coverage import CHECKED, Hole, holes
from tocsin.engine import preflight_outbox as outbox
from tocsin.engine import preflight_paging as paging
from tocsin.engine.audit import Auditor
from tocsin.engine.checks import BAD, OFF, OK, WARN, Check
from tocsin.engine.preflight_storage import storage
from tocsin.interfaces.machine import Clock
from tocsin.store import resealing
from tocsin.store.database import Database, StoreError, Tx

_MOST_NAMED = 5
_FRESH_FOR = timedelta(minutes=10)
_CERTIFICATE_SOON = timedelta(days=14)


class Setting(Struct, frozen=True):
    """What the settings say, as far as it can be right or wrong."""

    database_url: str
    channels: frozenset[str]
    public_url: str
    has_public_url: bool
    ballast_mib: int
    certificate_end: datetime | None = None


class Seen(Struct, frozen=True):
    """What only a running process knows; None where nothing is running here."""

    stepped_at: datetime | None = None
    posted_at: datetime | None = None
    started_at: datetime | None = None
    pages_here: bool = False
    clock_steps: int | None = None
    problems: tuple[str, ...] = ()


class Preflight:
    """The list. `reach` asks our own public address; "" is a good answer."""

    def __init__(
        self,
        database: Database,
        setting: Setting,
        auditor: Auditor,
        clock: Clock,
        *,
        directory: Callable[[Tx], Directory],
        seen: Callable[[], Seen],
        reach: Callable[[], str],
    ) -> None:
        self._database = database
        self._setting = setting
        self._auditor = auditor
        self._clock = clock
        self._directory = directory
        self._seen = seen
        self._reach = reach
        self._lock = threading.Lock()
        self._slow: list[Check] = []
        self._looked_at: datetime | None = None
        self._is_looking = False

    def checks(self, *, wait: bool = False) -> list[Check]:
        """Every check; slow ones as they were found last, or now with `wait`."""
        now = self._clock.now()
        try:
            directory = self._database.read(self._directory)
            found = [
                *storage(
                    self._database,
                    self._setting.database_url,
                    self._setting.ballast_mib,
                ),
                *paging.channels(
                    self._database, directory, self._setting.channels, now=now
                ),
                *paging.engines(self._database, self._seen(), now=now),
                *outbox.outbox(self._database, self._seen(), now=now),
                *self._outward(now),
            ]
        except StoreError as error:
            todo = "Is the database running, and has its disk space?"
            return [Check("database", BAD, str(error), todo)]
        if wait:
            self._look(directory)
        else:
            self._look_beside(directory, now)
        with self._lock:
            slow = list(self._slow)
        if not slow:
            says = "being looked at; load the page again"
            slow = [Check(name, OFF, says) for name in _SLOW]
        return [*found, *slow]

    def _outward(self, now: datetime) -> list[Check]:
        setting = self._setting
        url = setting.public_url
        checks = [
            Check("public address", OK, url)
            if setting.has_public_url
            else Check(
                "public address",
                WARN,
                f"made from host and port: {url}",
                "Set TOCSIN_PUBLIC_URL to the address that phones use.",
            )
        ]
        checks.append(self._tls(now))
        todo = (
            "Back the database up and try to restore it: docs/operations/durability.md."
        )
        checks.append(
            Check("backups", OFF, "not configured: Tocsin sees none of them", todo)
        )
        return checks

    def _tls(self, now: datetime) -> Check:
        end = self._setting.certificate_end
        if end is not None:
            left = end - now
            soon = WARN if left < _CERTIFICATE_SOON else OK
            state = BAD if left <= timedelta(0) else soon
            todo = "" if state == OK else "Renew the certificate and start again."
            return Check("TLS", state, f"the certificate ends {end:%Y-%m-%d}", todo)
        if self._setting.public_url.startswith("https://"):
            says = "by a proxy in front; its certificate is its own"
            return Check("TLS", OK, says)
        todo = (
            "Put a proxy with TLS in front, or set TOCSIN_TLS_CERT and TOCSIN_TLS_KEY."
        )
        return Check("TLS", WARN, "people come by plain HTTP", todo)

    def _look_beside(self, directory: Directory, now: datetime) -> None:
        with self._lock:
            fresh = self._looked_at is not None and now - self._looked_at < _FRESH_FOR
            if fresh or self._is_looking:
                return
            self._is_looking = True
        threading.Thread(
            target=self._look, args=(directory,), name="tocsin-preflight", daemon=True
        ).start()

    def _look(self, directory: Directory) -> None:
        try:
            slow = [
                gaps(directory, now=self._clock.now()),
                self._audit_log(),
                _secrets(self._database),
                self._reachable(),
            ]
        except StoreError as error:
            slow = [
                Check(name, OFF, f"could not be looked at: {error}") for name in _SLOW
            ]
        with self._lock:
            self._slow, self._looked_at = slow, self._clock.now()
            self._is_looking = False

    def _audit_log(self) -> Check:
        broken = self._auditor.broken(self._database)
        todo = (
            "Somebody changed it past Tocsin: compare with a backup." if broken else ""
        )
        return Check(
            "audit log", BAD if broken else OK, broken or "its chain is whole", todo
        )

    def _reachable(self) -> Check:
        wrong = self._reach()
        if not wrong:
            return Check("own address", OK, "reachable from here")
        todo = (
            "Is TOCSIN_PUBLIC_URL right? A proxy may refuse requests from its inside."
        )
        return Check("own address", WARN, wrong, todo)


_SLOW = ("coverage", "audit log", "secrets", "own address")


def gaps(directory: Directory, *, now: datetime) -> Check:
    """Rotations in which nobody is on call at some time of the next 30 days."""
    first: dict[str, Hole] = {}
    for one in holes(directory, now=now):
        if not one.person:
            first.setdefault(f"{one.schedule}/{one.rotation}", one)
    if not first:
        return Check("coverage", OK, f"no schedule has a gap in {words(CHECKED)}")
    said = [
        f"{name} from {one.start:%a %d %b %H:%M} UTC" for name, one in first.items()
    ]
    more = f" and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    says = f"nobody is on call in {', '.join(said[:_MOST_NAMED])}{more}"
    return Check("coverage", WARN, says, "Fill the gaps on the schedules' pages.")


def _secrets(database: Database) -> Check:
    readable, lost = resealing.unsealed(database)
    problems = []
    if readable:
        problems.append(f"{readable} stand readable in the database")
    if lost:
        problems.append(f"{lost} cannot be opened with this key")
    if not problems:
        says = "every credential is sealed and the key opens it"
        return Check("secrets", OK, says)
    todo = "Start the server to seal them; enter again what cannot be opened."
    return Check("secrets", BAD, "; ".join(problems), todo)


def as_json(checks: list[Check]) -> list[Mapping[str, object]]:
    """For the API and `tocsin doctor --json`."""
    return [
        {
            "check": one.name,
            "ok": one.state != BAD,
            "state": one.state,
            "says": one.says,
            "todo": one.todo,
        }
        for one in checks
    ]
