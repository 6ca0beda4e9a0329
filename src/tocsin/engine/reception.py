"""What the edge asks of the engine besides taking events: keys, refusals, questions."""

from collections.abc import Callable, Mapping
from datetime import datetime

from tocsin.core.directory import Directory, Integration
from tocsin.engine.desk import ScopedDesk
from tocsin.engine.directories import Directories
from tocsin.interfaces import Clock, Inbound
from tocsin.store import inbound as stored
from tocsin.store.database import Database, Tx

# Headers that carry a sender's credentials are not kept.
_SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization", "x-api-key"}


def kept(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers without a sender's credentials."""
    if _SECRET_HEADERS.isdisjoint(headers):
        return headers
    return {
        name: "***" if name in _SECRET_HEADERS else value
        for name, value in headers.items()
    }


class Reception:
    """Shared by the inbound application; all of it is safe to call from threads."""

    def __init__(
        self,
        database: Database,
        directories: Directories,
        clock: Clock,
        *,
        public_url: str,
        new_id: Callable[[], str],
        wake: Callable[[], None],
        started_at: datetime,
    ) -> None:
        self.clock = clock
        self.public_url = public_url
        self._database = database
        self._directories = directories
        self._new_id = new_id
        self._wake = wake
        self._started_at = started_at

    def directory(self) -> Directory:
        """The newest configuration this process has seen."""
        return self._directories.seen() or self.refresh()

    def seen(self) -> Directory | None:
        """The newest configuration this process has seen, if any."""
        return self._directories.seen()

    def refresh(self) -> Directory:
        """The configuration of this moment."""
        return self._database.read(self._directories.current)

    def desk(self, integration: Integration) -> ScopedDesk:
        """What `integration`'s dialect may ask."""
        return ScopedDesk(
            self._database,
            self._directories,
            self.clock,
            integration,
            new_id=self._new_id,
            wake=self._wake,
            started_at=self._started_at,
        )

    def keep_refused(
        self, integration: Integration, inbound: Inbound, *, status: int, reason: str
    ) -> None:
        """Store what could not be read, for the integration's owner."""
        now = self.clock.now()

        def work(tx: Tx) -> None:
            stored.reject(
                tx,
                integration.id,
                status=status,
                reason=reason,
                path=inbound.path,
                headers=kept(inbound.headers),
                body=inbound.body,
                now=now,
            )

        self._database.write(work)
