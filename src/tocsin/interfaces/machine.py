"""The clock, dice, the cipher and the way out that a part is handed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from tocsin.core.rotas.imported_shifts import Entry

# What every sealed text begins with; the form's number and the text itself follow.
SEALED = "sealed:"


class Clock(Protocol):
    """Wall clock (aware UTC) and a monotonic one (seconds)."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class Dice(Protocol):
    """The randomness that the engine needs: jitter of retries."""

    def random(self) -> float: ...


class Sealer(Protocol):
    """Keeps texts that must not be read from a copy of the database.

    `purpose` names what the text is ("integration key"), so that one kind of secret
    cannot be passed off as another. The same text gives the same sealed text.
    """

    def seal(self, text: str, *, purpose: str) -> str: ...
    def open(self, sealed: str, *, purpose: str) -> str:
        """Raises CannotOpen."""
        ...


class CalendarUnreadable(Exception):
    """A calendar of somebody else's could not be read; says why, without its address."""


class CalendarReader(Protocol):
    """Fetches an iCalendar and works out its events. Thread-safe."""

    def __call__(self, url: str, start: datetime, end: datetime) -> Sequence[Entry]:
        """Every occurrence in [start, end). Raises CalendarUnreadable."""
        ...


class HttpAnswer(Struct, frozen=True):
    """What another server said; `body` holds its beginning where it was long."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


class Egress(Protocol):
    """The only way out to an address that somebody typed. Thread-safe.

    http(s) only; every address that the host's name leads to is judged, and the one
    that was judged is connected to; no redirect is followed; body and time are bounded.
    """

    def problems(self, url: str) -> Sequence[str]:
        """What is wrong with `url` before any name is looked up."""
        ...

    def addresses(self, host: str) -> Sequence[str]:
        """Every address of `host`, all judged, for a library that connects itself.

        Raises DeliveryFailed when one of them is where we may not go.
        """
        ...

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float,
    ) -> HttpAnswer:
        """Raises DeliveryFailed (certainly not sent), DeliveryUnknown."""
        ...
