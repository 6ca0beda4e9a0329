"""What the clock says to a room: promises due, empty roles, time-boxes (domain 5.3-5.4).

Each is said once. Pure: what was said already is handed in, what is to be said and when
to look again comes out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.incidents.incident_metrics import ANSWER_WITHIN
from tocsin.core.incidents.incidents import Incident, State
from tocsin.core.incidents.roles import (
    FILL_WITHIN,
    LONGEST_COMMAND,
    TITLES,
    Holding,
    Role,
    holder,
    unfilled,
)
from tocsin.core.incidents.tasks import Task
from tocsin.core.severity import Severity

# Minutes before or after the promised time, and who hears of it.
STEPS: tuple[tuple[int, str], ...] = (
    (-5, "comms"), (0, "comms"), (5, "commander"), (15, "leads"),
)  # fmt: skip
QUIET_ROOM = timedelta(minutes=15)


class Reminder(Struct, frozen=True):
    """One sentence for the room and for some people. `page` is for who must come."""

    key: str
    at: datetime
    text: str
    to: tuple[str, ...] = ()  # people; "leads" of the team are named by `to_leads`
    to_leads: bool = False
    page_role: Role | None = None
    task: int = 0


class Seen(Struct, frozen=True):
    """What the rule looks at besides the incident."""

    holdings: Sequence[Holding] = ()
    tasks: Sequence[Task] = ()
    last_update_at: datetime | None = None
    last_spoken_at: datetime | None = None
    # Of its alerts: when somebody was first paged, and whether anybody has answered.
    first_page_at: datetime | None = None
    is_answered: bool = False


def due(
    incident: Incident, seen: Seen, *, now: datetime
) -> tuple[list[Reminder], datetime | None]:
    """What is to be said now, and when to look again (None: never)."""
    if not incident.is_open:
        return [], None
    planned = [
        *_updates(incident, seen),
        *_roles(incident, seen),
        *_tasks(seen),
        *_silence(incident, seen),
        *_answer(incident, seen),
    ]
    fresh = [one for one in planned if one.key not in incident.reminded]
    ready = sorted((one for one in fresh if one.at <= now), key=lambda one: one.at)
    later = min((one.at for one in fresh if one.at > now), default=None)
    return _told(ready), later


def kept(incident: Incident, said: Sequence[Reminder]) -> Mapping[str, datetime]:
    """What was said by now, without what is past caring for."""
    promise = _promise(incident)
    is_quiet_anew = any(one.key.startswith("quiet:") for one in said)
    past = ("update:", "quiet:") if is_quiet_anew else ("update:",)
    old = {
        key: at
        for key, at in incident.reminded.items()
        if key.startswith(promise) or not key.startswith(past)
    }
    for one in said:
        old[one.key] = one.at
        if one.key.startswith(promise):
            # What comes before it in a promise is said with it.
            last = int(one.key.removeprefix(promise))
            old |= {f"{promise}{m}": one.at for m, _ in STEPS if m <= last}
    return old


def _told(ready: Sequence[Reminder]) -> list[Reminder]:
    """Of one promise only the newest step is true when several came due at once."""
    updates = [one for one in ready if one.key.startswith("update:")]
    others = [one for one in ready if not one.key.startswith("update:")]
    return [*others, *updates[-1:]]


def _promise(incident: Incident) -> str:
    at = incident.next_update_at
    return f"update:{at.isoformat() if at else '-'}:"


def _updates(incident: Incident, seen: Seen) -> list[Reminder]:
    promised = incident.next_update_at
    if promised is None:
        return []
    commander = holder(seen.holdings, Role.IC)
    comms = holder(seen.holdings, Role.COMMS) or commander or incident.declared_by
    declared = incident.times.get(State.DECLARED, incident.made_at)
    since = max(declared, seen.last_update_at or declared)
    found = []
    for minutes, who in STEPS:
        at = promised + timedelta(minutes=minutes)
        if at <= since:
            continue  # promised for so soon that nobody has forgotten
        to = comms if who == "comms" else commander or comms
        found.append(
            Reminder(
                key=f"{_promise(incident)}{minutes}",
                at=at,
                text=_said(minutes),
                to=(to,) if to and who != "leads" else (),
                to_leads=who == "leads",
            )
        )
    return found


def _said(minutes: int) -> str:
    if minutes < 0:
        return f"The next update was promised in {-minutes} minutes."
    if minutes == 0:
        return "The promised update is due now."
    return f"The promised update is {minutes} minutes late."


def _roles(incident: Incident, seen: Seen) -> list[Reminder]:
    declared = incident.times.get(State.DECLARED, incident.made_at)
    found = [
        Reminder(
            key=f"role:{role}:{incident.severity.name}",
            at=declared + FILL_WITHIN,
            text=f"Nobody is {TITLES[role]} yet; whoever is on call is paged.",
            page_role=role,
        )
        for role in unfilled(seen.holdings, incident.severity)
    ]
    for one in seen.holdings:
        if one.role is Role.IC and one.state == "held" and one.since is not None:
            text = f"{one.person} has commanded for four hours: hand over to somebody fresh."
            at = one.since + LONGEST_COMMAND
            found.append(Reminder(f"command:{one.id}", at, text, (one.person,)))
    return found


def _tasks(seen: Seen) -> list[Reminder]:
    return [
        Reminder(
            key=f"task:{one.id}:{one.due_at.isoformat()}",
            at=one.due_at,
            text=f"The time for “{one.text}” is over: how far is it?",
            to=(one.assignee,),
            task=one.id,
        )
        for one in seen.tasks
        if one.is_open and one.due_at is not None
    ]


def _silence(incident: Incident, seen: Seen) -> list[Reminder]:
    """Nobody has said anything for a while in a room that should be busy."""
    if incident.severity not in (Severity.SEV1, Severity.SEV2):
        return []
    if incident.state is State.MONITORING:
        return []
    last = seen.last_spoken_at or incident.times.get(State.DECLARED, incident.made_at)
    commander = holder(seen.holdings, Role.IC)
    return [
        Reminder(
            key=f"quiet:{last.isoformat()}",
            at=last + QUIET_ROOM,
            text="Nothing was written here for 15 minutes: what is known now?",
            to=(commander,) if commander else (),
        )
    ]


def _answer(incident: Incident, seen: Seen) -> list[Reminder]:
    """Nobody has answered a page within the severity's response time (domain 2.2)."""
    if seen.is_answered or seen.first_page_at is None:
        return []
    within = ANSWER_WITHIN[incident.severity]
    minutes = int(within.total_seconds() // 60)
    said = f"Nobody has answered a page within {minutes} minutes ({incident.severity.name})."
    at = seen.first_page_at + within
    return [Reminder(f"answer:{incident.severity.name}", at, said, to_leads=True)]
