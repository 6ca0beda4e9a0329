"""An incident and its life (domain 5.1, 5.2): what may follow what, and what it stamps.

Rules return a `Ruling`: the incident afterwards, entries for its log, or why not. Who
may ask at all is decided above; who commands is handed in. Knows no database.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.incidents.entries import Entry, EntryKind
from tocsin.core.incidents.impact import Impact, derived, told
from tocsin.core.severity import Severity


class State(StrEnum):
    """Where an incident is."""

    DETECTED = "detected"
    DECLARED = "declared"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REVIEWED = "reviewed"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"


# In the order of a life; a step forward may leave some out.
STEPS = (
    State.DETECTED, State.DECLARED, State.INVESTIGATING, State.IDENTIFIED,
    State.MONITORING, State.RESOLVED, State.CLOSED, State.REVIEWED,
)  # fmt: skip
BACK: Mapping[State, tuple[State, ...]] = {
    State.IDENTIFIED: (State.INVESTIGATING,),
    State.MONITORING: (State.INVESTIGATING, State.IDENTIFIED),
    State.RESOLVED: (State.INVESTIGATING,),
}
OPEN = frozenset(STEPS[:5])
OVER = frozenset({State.CANCELLED, State.DUPLICATE, State.CLOSED, State.REVIEWED})
BEFORE_MITIGATED = frozenset(STEPS[:4])
# The instant of each state is kept under its name; mitigated is monitoring's.
WATCH_FOR: Mapping[Severity, timedelta] = {
    Severity.SEV1: timedelta(minutes=60),
    Severity.SEV2: timedelta(minutes=30),
    Severity.SEV3: timedelta(minutes=15),
    Severity.SEV4: timedelta(minutes=15),
}
REOPEN_WITHIN = timedelta(hours=24)
LONGEST_TITLE = 200


class Standing(Struct, frozen=True):
    """Where we are, in three lines that a newcomer reads first."""

    know: str = ""
    doing: str = ""
    otherwise: str = ""


class Incident(Struct, frozen=True):
    """One incident. `times` holds when each state was entered last.

    `zone` is the zone of its updates. `team` owns it: the first service's. `version`
    grows with every change, so that two people never overwrite each other.
    """

    number: int
    title: str
    severity: Severity
    state: State
    made_at: datetime
    declared_by: str = ""
    services: tuple[str, ...] = ()
    team: str = ""
    zone: str = "UTC"
    private: bool = False
    drill: bool = False
    impact: Impact = Impact()
    standing: Standing = Standing()
    times: Mapping[str, datetime] = {}
    next_update_at: datetime | None = None
    bridge: str = ""
    duplicate_of: int = 0
    recurrence_of: int = 0
    due_at: datetime | None = None
    reminded: Mapping[str, datetime] = {}
    version: int = 1

    @property
    def name(self) -> str:
        """As people say it."""
        return f"INC-{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to work on it."""
        return self.state in OPEN

    @property
    def detected_at(self) -> datetime:
        """When it was first known of."""
        return self.times.get(State.DETECTED, self.made_at)

    @property
    def began_at(self) -> datetime:
        """When the impact began, as far as is known."""
        return self.impact.start or self.detected_at


class Ruling(Struct, frozen=True):
    """What a rule says: the incident afterwards with its entries, or why not."""

    incident: Incident
    entries: tuple[Entry, ...] = ()
    refused: str = ""


class By(Struct, frozen=True):
    """Who acts and by which door; `commands` is whether the decision is theirs."""

    person: str
    source: str
    commands: bool = True


def entry(
    kind: EntryKind,
    text: str,
    by: By,
    *,
    now: datetime,
    occurred_at: datetime | None = None,
    key: str = "",
    data: Mapping[str, Any] | None = None,
) -> Entry:
    """An entry of what somebody did just now, or of what happened before."""
    return Entry(
        occurred_at or now,
        now,
        kind,
        text,
        by.person,
        by.source,
        data=data or {},
        key=key,
    )


def declared(draft: Incident, by: By, *, now: datetime) -> Ruling:
    """A new incident; a title is enough. Unknown impact is taken for the worse."""
    title = draft.title.strip()
    if not title:
        return Ruling(
            draft, refused="title: expected a sentence that says what is wrong"
        )
    detected = draft.times.get(State.DETECTED, now)
    incident = replace(
        draft,
        title=title[:LONGEST_TITLE],
        state=State.DECLARED,
        declared_by=by.person,
        times={State.DETECTED: min(detected, now), State.DECLARED: now},
        made_at=now,
    )
    said = f"{by.person} declared a {incident.severity.name}: {incident.title}"
    first = entry(EntryKind.STATE, said, by, now=now, data={"to": State.DECLARED.value})
    entries = [first]
    if told(incident.impact):
        entries.append(impact_entry(incident, by, now))
    return Ruling(incident, tuple(entries))


def advanced(
    incident: Incident, to: State, by: By, *, now: datetime, reason: str = ""
) -> Ruling:
    """To another state. Steps that are left out get the same time.

    Refused: what cannot follow, what only the commander says, an end that comes before
    the watch of domain 5.1 without a reason.
    """
    refused = _why_not(incident, to, by, now, reason.strip())
    if refused:
        return Ruling(incident, refused=refused)
    times = {**incident.times}
    if to in STEPS and incident.state in STEPS:
        here, there = STEPS.index(incident.state), STEPS.index(to)
        for step in STEPS[here + 1 : there]:
            times.setdefault(step, now)
        if there < here:
            for step in STEPS[there + 1 :]:
                times.pop(step, None)
    times[to] = now
    after = replace(incident, state=to, times=times)
    if to not in OPEN:
        after = replace(after, next_update_at=None)
    why = f": {reason.strip()}" if reason.strip() else ""
    said = f"{_SAYS[to]}{why}"
    data = {"to": to.value, "was": incident.state.value}
    return Ruling(after, (entry(EntryKind.STATE, said, by, now=now, data=data),))


_SAYS: Mapping[State, str] = {
    State.DETECTED: "Detected",
    State.DECLARED: "Declared",
    State.INVESTIGATING: "Investigating",
    State.IDENTIFIED: "The cause is identified",
    State.MONITORING: "The impact has ended; watching",
    State.RESOLVED: "Resolved",
    State.CLOSED: "Closed",
    State.REVIEWED: "Reviewed",
    State.CANCELLED: "Cancelled: a false alarm",
    State.DUPLICATE: "The same as another incident",
}


def _why_not(incident: Incident, to: State, by: By, now: datetime, reason: str) -> str:
    was = incident.state
    if to == was:
        return f"{incident.name} is {was} already."
    if was in (State.CANCELLED, State.DUPLICATE):
        return f"{incident.name} is over ({was}); declare a new one."
    if to in (State.DETECTED, State.DECLARED, State.DUPLICATE):
        return f"state: {to} cannot be set by hand"
    if to is State.CANCELLED:
        if was not in BEFORE_MITIGATED:
            return "Only what never had an impact is a false alarm; resolve this one."
        return "" if reason else "reason: expected why it was a false alarm"
    if STEPS.index(to) < STEPS.index(was):
        return _why_not_back(incident, to, now, reason)
    if to is State.REVIEWED and was is not State.CLOSED:
        return "Close it before its review is done."
    if to in (State.MONITORING, State.RESOLVED) and not by.commands:
        return "The commander says that the impact has ended."
    return _too_early(incident, now, reason) if to is State.RESOLVED else ""


def _why_not_back(incident: Incident, to: State, now: datetime, reason: str) -> str:
    if to not in BACK.get(incident.state, ()):
        return f"{incident.name} is {incident.state}; it cannot become {to} again."
    ended = incident.times.get(State.RESOLVED)
    if ended is not None and now - ended > REOPEN_WITHIN:
        return "It ended more than a day ago: declare a new one as its recurrence."
    return "" if reason else "reason: expected what was refuted or came back"


def _too_early(incident: Incident, now: datetime, reason: str) -> str:
    watch = WATCH_FOR[incident.severity]
    since = incident.times.get(State.MONITORING)
    if reason or (since is not None and now - since >= watch):
        return ""
    minutes = int(watch.total_seconds() // 60)
    return (
        f"A {incident.severity.name} is resolved after {minutes} quiet minutes of "
        "watching; give a reason to end it sooner."
    )


def impact_entry(incident: Incident, by: By, now: datetime) -> Entry:
    """The entry of a revision, with the severity that it suggests."""
    severity, why = derived(incident.impact)
    text = f"Impact: {told(incident.impact) or 'not known'}"
    start = incident.impact.start
    if start is not None:
        text += f"; since {start:%Y-%m-%d %H:%M} UTC"
    data = {"suggests": severity.name, "why": why}
    return entry(EntryKind.IMPACT, text, by, now=now, data=data)
