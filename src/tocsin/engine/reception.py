"""What the edge asks of the engine besides taking events: keys, refusals, questions."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

import msgspec

from tocsin.core.credentials import HIDDEN
from tocsin.core.directory import Directory, Integration
from tocsin.engine.desk import ScopedDesk
from tocsin.engine.directories import Directories
from tocsin.interfaces.arrivals import Inbound
from tocsin.interfaces.machine import Clock
from tocsin.store import inbound as stored
from tocsin.store.database import Database, Tx

# Words in the names of headers that carry a sender's credentials.
_SECRET_WORDS = (
    "authorization", "cookie", "token", "secret", "password", "api-key", "apikey",
    "routing-key", "signature",
)  # fmt: skip
_ESCAPED = b"\\u00"


def kept(headers: Mapping[str, str], *, key: str) -> Mapping[str, str]:
    """The headers without a sender's credentials and the integration's key."""
    if not any(_is_secret(name) or key in headers[name] for name in headers):
        return headers
    return {
        name: "***" if _is_secret(name) else value.replace(key, HIDDEN)
        for name, value in headers.items()
    }


def without_key(body: bytes, *, key: str) -> bytes:
    """The body as it is kept: PagerDuty's senders put the key into it."""
    raw = key.encode()
    if raw in body:
        return body.replace(raw, HIDDEN.encode())
    if _ESCAPED in body:
        # JSON can write the same letters in other ways.
        try:
            plain = msgspec.json.encode(msgspec.json.decode(body))
        except (msgspec.DecodeError, RecursionError, ValueError):
            return body
        if raw in plain:
            return plain.replace(raw, HIDDEN.encode())
    return body


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return any(word in name for word in _SECRET_WORDS)


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
        path, headers, body = inbound.path, inbound.headers, inbound.body
        for key in integration.keys:
            reason, path = reason.replace(key, HIDDEN), path.replace(key, HIDDEN)
            headers, body = kept(headers, key=key), without_key(body, key=key)

        def work(tx: Tx) -> None:
            stored.reject(
                tx,
                integration.id,
                status=status,
                reason=reason,
                path=path,
                headers=headers,
                body=body,
                now=now,
            )

        self._database.write(work)
