"""An incident is declared: by somebody, or by an alert that its service lets declare."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import Directory
from tocsin.core.incidents import incidents as rules
from tocsin.core.incidents.cadence import first
from tocsin.core.incidents.impact import Impact
from tocsin.core.incidents.incidents import By, Incident, State
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Intake
from tocsin.engine.incidents import calling
from tocsin.engine.incidents.scene import Outcome, Scene, scene_of
from tocsin.engine.incidents.transaction import Follower, tell, timed
from tocsin.store import alert_lists
from tocsin.store import alerts as stored_alerts
from tocsin.store import entries as stored_entries
from tocsin.store import incidents as stored
from tocsin.store.database import Tx


class Draft(Struct, frozen=True):
    """What a declaration says; a title is enough. `alerts` belong to it from the start."""

    title: str
    severity: Severity | None = None
    services: tuple[str, ...] = ()
    impact: Impact = Impact()
    private: bool = False
    drill: bool = False
    alerts: tuple[int, ...] = ()
    page: bool = True
    bridge: str = ""
    recurrence_of: int = 0
    key: str = ""


def declare(
    tx: Tx,
    draft: Draft,
    by: By,
    *,
    directory: Directory,
    intake: Intake,
    followers: Sequence[Follower],
    now: datetime,
) -> tuple[Incident | None, str]:
    """Write a new incident and page its services; or say why not."""
    alerts = stored_alerts.get_many(tx, list(draft.alerts))
    wrong = _unknown(draft, alerts, directory)
    if wrong:
        return None, wrong
    ruling = rules.declared(_incident(draft, alerts, directory, now), by, now=now)
    if ruling.refused:
        return None, ruling.refused
    promise = first(ruling.incident.severity, declared=now)
    incident = stored.insert(
        tx, replace(ruling.incident, next_update_at=promise), key=draft.key
    )
    if incident.declared_by != by.person or incident.made_at != now:
        return incident, ""  # sent twice: it is there already
    known_ids = stored_entries.append(tx, incident.number, ruling.entries)
    stored.link(tx, incident.number, list(draft.alerts), by=by.person, now=now)
    scene = scene_of(tx, incident, directory=directory, intake=intake, by=by, now=now)
    if draft.page and not draft.drill:
        _page(scene, incident, alerts)
    after, holdings = timed(tx, incident, now=now)
    stored.save(tx, after)
    tell(
        tx, None, after, Outcome(after, ruling.entries), holdings,
        known=known_ids, directory=directory, followers=followers, now=now,
    )  # fmt: skip
    return replace(after, version=after.version + 1), ""


def _unknown(draft: Draft, alerts: Mapping[int, Alert], directory: Directory) -> str:
    """What the draft names that is not there, "" when all of it is."""
    missing = [number for number in draft.alerts if number not in alerts]
    if missing:
        return f"alerts: expected known ones, not ALR-{missing[0]}"
    unknown = [name for name in draft.services if name not in directory.services]
    if not unknown:
        return ""
    known = ", ".join(list(directory.services)[:8]) or "none is configured"
    return f"services: expected known ones ({known}), not {unknown[0]}"


def _page(scene: Scene, incident: Incident, alerts: Mapping[int, Alert]) -> None:
    """Whoever is on call for its services, unless an alert pages them already."""
    paged = {one.service for one in alerts.values() if one.status != "resolved"}
    for service in incident.services:
        if service not in paged:
            calling.call_service(scene, incident, service)


def by_rule(
    tx: Tx,
    *,
    directory: Directory,
    intake: Intake,
    followers: Sequence[Follower],
    now: datetime,
) -> None:
    """Alerts whose service says so declare an incident, one per service and time."""
    wanted = {
        one.name: one.declares
        for one in directory.services.values()
        if one.declares is not None
    }
    if not wanted:
        return
    for alert in alert_lists.unclaimed(tx, sorted(wanted), worst=max(wanted.values())):
        limit = wanted[alert.service]
        if alert.severity.worse_than(limit) or alert.severity == limit:
            _declare_of(tx, alert, directory, intake, followers, now)


def _declare_of(
    tx: Tx,
    alert: Alert,
    directory: Directory,
    intake: Intake,
    followers: Sequence[Follower],
    now: datetime,
) -> None:
    going_on = stored.listing(
        tx, states=sorted(rules.OPEN), service=alert.service, limit=1
    )
    if going_on:
        stored.link(tx, going_on[0].number, [alert.number], by="engine", now=now)
        stored_entries.mark(tx, going_on[0].number, now=now)
        return
    draft = Draft(
        alert.title, alert.severity, (alert.service,), alerts=(alert.number,),
        key=f"alert:{alert.number}:{alert.episode}",
    )  # fmt: skip
    declare(
        tx, draft, By("engine", "engine"),
        directory=directory, intake=intake, followers=followers, now=now,
    )  # fmt: skip


def _incident(
    draft: Draft, alerts: Mapping[int, Alert], directory: Directory, now: datetime
) -> Incident:
    """Not yet numbered. What an alert is about, the incident is about."""
    found = [*draft.services, *(alert.service for alert in alerts.values())]
    services = tuple(dict.fromkeys(one for one in found if one in directory.services))
    team = directory.team_of(services[0]) if services else ""
    zone = directory.teams[team].zone if team in directory.teams else directory.zone
    detected = min((one.first_at for one in alerts.values()), default=now)
    worst = min((one.severity for one in alerts.values()), default=Severity.SEV2)
    hidden = any(directory.services[name].private for name in services)
    return Incident(
        number=0,
        title=draft.title,
        severity=draft.severity or worst,
        state=State.DETECTED,
        made_at=now,
        services=services,
        team=team,
        zone=zone,
        # What happens to a private service is private too.
        private=draft.private or hidden,
        drill=draft.drill,
        impact=draft.impact,
        times={State.DETECTED: detected},
        bridge=draft.bridge,
        recurrence_of=draft.recurrence_of,
    )
