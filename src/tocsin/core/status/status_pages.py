"""A status page as data: its components, what each was for 90 days, what customers read.

Only what the commander approved for customers is told; days before the page existed
are no data (never "all well"). Knows no incident but by its number, and no HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.severity import Severity

DAYS = 90
OPERATIONAL, DEGRADED = "operational", "degraded"
PARTIAL, MAJOR, MAINTENANCE = "partial_outage", "major_outage", "maintenance"
# Mildest first: of several the last one counts.
RANK = (OPERATIONAL, MAINTENANCE, DEGRADED, PARTIAL, MAJOR)
LABELS: Mapping[str, str] = {
    OPERATIONAL: "Working",
    MAINTENANCE: "Planned work",
    DEGRADED: "Slower than usual",
    PARTIAL: "Partial outage",
    MAJOR: "Outage",
}
BY_SEVERITY: Mapping[Severity, str] = {
    Severity.SEV1: MAJOR,
    Severity.SEV2: PARTIAL,
    Severity.SEV3: DEGRADED,
    Severity.SEV4: OPERATIONAL,
}
STAGES: Mapping[str, str] = {
    "investigating": "Looking into it",
    "identified": "Fixing",
    "monitoring": "Watching",
    "resolved": "Resolved",
    "update": "Update",
}
# How much of an hour in a state counts as down.
_WEIGHT = {MAJOR: 1.0, PARTIAL: 0.3}
_SHORTEST = timedelta(minutes=1)


class Component(Struct, frozen=True):
    """What customers use; `services` are ours behind it."""

    name: str
    title: str
    description: str = ""
    group: str = ""
    services: tuple[str, ...] = ()


class StatusPage(Struct, frozen=True):
    """As configured. `export`: its files are written for a web server to serve."""

    name: str
    title: str
    team: str = ""
    zone: str = "UTC"
    private: bool = False
    domain: str = ""
    support: str = ""
    accent: str = ""
    export: bool = False
    logo: str = ""
    components: tuple[Component, ...] = ()

    def component(self, name: str) -> Component | None:
        """One of its components."""
        return next((one for one in self.components if one.name == name), None)


class Interval(Struct, frozen=True):
    """A component was in a state: `[since, until)`, None while it lasts."""

    component: str
    state: str
    since: datetime
    until: datetime | None = None
    incident: int = 0
    id: int = 0


class Told(Struct, frozen=True):
    """One update as customers read it."""

    id: int
    stage: str
    body: str
    at: datetime
    next_at: datetime | None = None


class Notice(Struct, frozen=True):
    """An incident as customers know it: its updates, the newest first."""

    incident: int
    updates: tuple[Told, ...]
    components: tuple[str, ...]
    worst: str
    resolved_at: datetime | None = None

    @property
    def title(self) -> str:
        """The first sentence that customers were told; never our own title."""
        first = self.updates[-1].body.strip().partition("\n")[0]
        sentence = first.partition(". ")[0].rstrip(".")
        return sentence if len(sentence) <= 120 else f"{sentence[:117].rstrip()}…"

    @property
    def began_at(self) -> datetime:
        """When customers were first told."""
        return self.updates[-1].at

    @property
    def latest(self) -> Told:
        """The newest update."""
        return self.updates[0]


class Planned(Struct, frozen=True):
    """Planned work that customers may know of."""

    id: str
    text: str
    starts_at: datetime
    ends_at: datetime
    components: tuple[str, ...]


class Day(Struct, frozen=True):
    """One day of a component; `state` is the worst, "" is no data."""

    on: date
    state: str
    down: timedelta = timedelta(0)


class Snapshot(Struct, frozen=True):
    """Everything that a page shows, at one moment."""

    page: StatusPage
    made_at: datetime
    known_since: datetime
    states: Mapping[str, str]
    days: Mapping[str, Sequence[Day]]
    uptimes: Mapping[str, float]
    open: tuple[Notice, ...]
    past: tuple[Notice, ...]
    planned: tuple[Planned, ...]

    @property
    def worst(self) -> str:
        """The worst state of any component."""
        return worst_of(self.states.values())

    @property
    def headline(self) -> str:
        """One sentence about customers."""
        if self.open:
            return self.open[0].title
        if self.worst == MAINTENANCE:
            return "We are doing planned work"
        return "All services are working" if self.worst == OPERATIONAL else (
            "Some services are not well"
        )  # fmt: skip

    @property
    def works(self) -> tuple[str, ...]:
        """What still works, by title; nothing when all of it does."""
        well = [
            c.title for c in self.page.components if self.states[c.name] == OPERATIONAL
        ]
        return tuple(well) if len(well) < len(self.page.components) else ()


def worst_of(states: Iterable[str]) -> str:
    """The worst of some states, operational when there is none."""
    return max(states, key=RANK.index, default=OPERATIONAL)


def state_at(intervals: Iterable[Interval], component: str, at: datetime) -> str:
    """What a component is at an instant."""
    return worst_of(
        one.state
        for one in intervals
        if one.component == component
        and one.since <= at
        and (one.until is None or at < one.until)
    )


def days_of(
    intervals: Sequence[Interval],
    component: str,
    *,
    zone: str,
    known_since: datetime,
    now: datetime,
) -> list[Day]:
    """The last 90 days of a component in the page's zone, the oldest first."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    own = [one for one in intervals if one.component == component]
    found = []
    for back in range(DAYS - 1, -1, -1):
        on = today - timedelta(days=back)
        start = datetime.combine(on, time(0), place).astimezone(UTC)
        end = datetime.combine(on + timedelta(days=1), time(0), place).astimezone(UTC)
        if end <= known_since:
            found.append(Day(on, ""))
            continue
        parts = [
            (one.state, min(one.until or now, end) - max(one.since, start))
            for one in own
            if one.since < end and (one.until or now) > start
        ]
        seen = [(state, length) for state, length in parts if length >= _SHORTEST]
        down = sum(
            (length for state, length in seen if state != MAINTENANCE), timedelta(0)
        )
        found.append(Day(on, worst_of(state for state, _ in seen), down))
    return found


def uptime(
    intervals: Iterable[Interval],
    component: str,
    *,
    known_since: datetime,
    now: datetime,
) -> float:
    """Percent of the last 90 days; an hour of partial outage counts as 18 minutes."""
    start = max(known_since, now - timedelta(days=DAYS))
    whole = (now - start) / timedelta(seconds=1)
    if whole <= 0:
        return 100.0
    down = 0.0
    for one in intervals:
        if one.component == component and one.state in _WEIGHT:
            length = min(one.until or now, now) - max(one.since, start)
            down += max(0.0, length / timedelta(seconds=1)) * _WEIGHT[one.state]
    return max(0.0, 100.0 * (1 - down / whole))


def affected(
    page: StatusPage,
    *,
    services: Sequence[str],
    severity: Severity,
    said: Mapping[str, str],
    is_over: bool,
) -> dict[str, str]:
    """What an update says of the page's components: as said, else by the severity.

    `said` maps "page/component" to a state and is taken as it is.
    """
    prefix = f"{page.name}/"
    explicit = {
        key.removeprefix(prefix): state
        for key, state in said.items()
        if key.startswith(prefix) and page.component(key.removeprefix(prefix))
    }
    if any(key.startswith(prefix) for key in said):
        return explicit
    state = OPERATIONAL if is_over else BY_SEVERITY[severity]
    return {
        one.name: state for one in page.components if set(one.services) & set(services)
    }
