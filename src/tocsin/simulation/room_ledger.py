"""What the people in a room know of their incident: what they did and were told.

A small second reading of domain 5.2-5.4, fed with what the fault injector let commit.
Times of promises are as the node that took the act believed; `at` is true time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.core.severity import Severity

_FIRST = {1: 5, 2: 15, 3: 60, 4: 240}  # minutes (domain 5.4)
_EVERY = {1: 20, 2: 30, 3: 60, 4: 240}


@dataclass(slots=True)
class Told:
    """An update; `by` let it out and `commander` commanded then."""

    at: int
    by: str
    commander: str


@dataclass(slots=True)
class Promise:
    """From `at` on the next update is promised for `due`; None is no promise."""

    at: int
    due: datetime | None


@dataclass(slots=True)
class Room:
    """One incident."""

    title: str
    key: str
    services: tuple[str, ...]
    severity: Severity
    number: int = 0
    declared: int | None = None
    state: str = "declared"
    commander: str = ""
    promises: list[Promise] = field(default_factory=list)
    # Notes that committed, and those that were sent at all.
    notes: dict[str, int] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    proposed: list[int] = field(default_factory=list)
    outside: dict[int, Told] = field(default_factory=dict)
    # Acts that were refused and committed something all the same.
    wrongs: list[tuple[int, str]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether somebody works on it."""
        return self.declared is not None and self.state not in ("resolved", "closed")

    def declare(self, at: int, now: datetime) -> None:
        """It is there; the first update is owed."""
        self.declared = at
        self._promise(at, now + _minutes(_FIRST, self.severity))

    def rate(self, severity: Severity, at: int, now: datetime) -> None:
        """Another severity: what is new has to be told."""
        self.severity = severity
        self._sooner(at, now)

    def move(self, state: str, at: int, now: datetime) -> None:
        """Another state; what is over promises nothing."""
        self.state = state
        if state in ("resolved", "closed"):
            self._promise(at, None)
        else:
            self._sooner(at, now)
        if state == "closed":
            self.commander = ""

    def command(self, person: str) -> None:
        """Somebody commands."""
        self.commander = person
        if self.state == "declared":
            self.state = "investigating"

    def told(self, at: int, now: datetime, next_at: datetime | None) -> None:
        """An update went out, and promises the next."""
        if self.open:
            self._promise(at, next_at or now + _minutes(_EVERY, self.severity))

    def _sooner(self, at: int, now: datetime) -> None:
        soon = now + _minutes(_FIRST, self.severity)
        held = self.promises[-1].due
        self._promise(at, soon if held is None else min(held, soon))

    def _promise(self, at: int, due: datetime | None) -> None:
        if not self.promises or self.promises[-1].due != due:
            self.promises.append(Promise(at, due))


def _minutes(table: dict[int, int], severity: Severity) -> timedelta:
    return timedelta(minutes=table[int(severity)])
