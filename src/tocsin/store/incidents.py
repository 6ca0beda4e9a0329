"""Incidents and which alerts belong to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.core.incidents.impact import Impact
from tocsin.core.incidents.incidents import Incident, Standing, State
from tocsin.core.severity import Severity
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = (
    "number, title, severity, state, private, drill, zone, team, services, impact, "
    "summary, times, next_update_at, due_at, reminded, bridge, duplicate_of, "
    "recurrence_of, declared_by, made_at, version"
)
_encode = msgspec.json.Encoder().encode
_names = msgspec.json.Decoder(tuple[str, ...]).decode
_impact = msgspec.json.Decoder(Impact).decode
_standing = msgspec.json.Decoder(Standing).decode
_instants = msgspec.json.Decoder(dict[str, int]).decode


def insert(tx: Tx, incident: Incident, *, key: str = "") -> Incident:
    """A new incident with its number; one of a known key is that one again."""
    if key:
        known = tx.one("select number from incidents where key = :key", key=key)
        if known is not None:
            found = get(tx, int(known[0]))
            assert found is not None
            return found
    values = _values(incident)
    names = [*values, "key"]
    row = tx.one(
        f"insert into incidents ({', '.join(names)}) values "
        f"({', '.join(f':{name}' for name in names)}) returning number",
        **values,
        key=key or None,
    )
    assert row is not None
    return msgspec.structs.replace(incident, number=int(row[0]))


def save(tx: Tx, incident: Incident) -> bool:
    """What has changed, if nobody changed it since it was read; version grows by one."""
    values = _values(incident)
    sets = ", ".join(f"{name} = :{name}" for name in values)
    changed = tx.run(
        f"update incidents set {sets}, version = version + 1 "
        "where number = :number and version = :known",
        **values,
        number=incident.number,
        known=incident.version,
    )
    return changed == 1


def set_bridge(tx: Tx, number: int, url: str) -> None:
    """The address of its call, once it has a number; no change that anybody made."""
    tx.run(
        "update incidents set bridge = :url where number = :number and bridge = ''",
        url=url,
        number=number,
    )


def get(tx: Tx, number: int) -> Incident | None:
    """One incident."""
    row = tx.one(f"select {_COLUMNS} from incidents where number = :n", n=number)
    return _incident(row) if row else None


def due(tx: Tx, *, now: datetime, limit: int) -> list[Incident]:
    """Incidents whose reminder is due."""
    rows = tx.all(
        f"select {_COLUMNS} from incidents where due_at <= :now order by due_at, number "
        f"limit {limit:d}{tx.skip_locked}",
        now=to_micros(now),
    )
    return [_incident(row) for row in rows]


def listing(
    tx: Tx,
    *,
    states: Collection[State] = (),
    severity: Severity | None = None,
    service: str = "",
    team: str = "",
    text: str = "",
    before: int | None = None,
    limit: int = 50,
) -> list[Incident]:
    """Incidents, the newest first."""
    wheres, params = ["1 = 1"], {"limit": limit}  # type: tuple[list[str], dict[str, Any]]
    if states:
        names = [f":state{n}" for n, _ in enumerate(states)]
        wheres.append(f"state in ({', '.join(names)})")
        params |= {f"state{n}": one.value for n, one in enumerate(states)}
    if severity is not None:
        wheres.append("severity = :severity")
        params["severity"] = int(severity)
    if service:
        wheres.append("services like :service escape '!'")
        params["service"] = f'%"{_escaped(service)}"%'
    if team:
        wheres.append("team = :team")
        params["team"] = team
    if text:
        wheres.append("lower(title) like :text escape '!'")
        params["text"] = f"%{_escaped(text.lower())}%"
    if before is not None:
        wheres.append("number < :before")
        params["before"] = before
    rows = tx.all(
        f"select {_COLUMNS} from incidents where {' and '.join(wheres)} "
        "order by number desc limit :limit",
        **params,
    )
    return [_incident(row) for row in rows]


def link(tx: Tx, number: int, alerts: Sequence[int], *, by: str, now: datetime) -> None:
    """Alerts belong to this incident, and to no other any more."""
    for alert in alerts:
        tx.run(
            "insert into incident_alerts (alert, incident, at, by) values "
            "(:alert, :incident, :at, :by) on conflict (alert) do update set "
            "incident = excluded.incident, at = excluded.at, by = excluded.by",
            alert=alert,
            incident=number,
            at=to_micros(now),
            by=by,
        )


def unlink(tx: Tx, number: int, alert: int) -> bool:
    """An alert belongs to it no more."""
    return (
        tx.run(
            "delete from incident_alerts where alert = :alert and incident = :incident",
            alert=alert,
            incident=number,
        )
        == 1
    )


def move_alerts(tx: Tx, number: int, *, into: int) -> None:
    """All alerts of an incident belong to another."""
    tx.run(
        "update incident_alerts set incident = :into where incident = :number",
        into=into,
        number=number,
    )


def alerts_of(tx: Tx, number: int) -> list[int]:
    """The alerts of an incident, oldest first."""
    rows = tx.all(
        "select alert from incident_alerts where incident = :n order by alert", n=number
    )
    return [int(row[0]) for row in rows]


def answers(tx: Tx, number: int) -> tuple[datetime | None, bool]:
    """When somebody was first paged for its alerts, and whether anybody answered."""
    row = tx.one(
        "select min(case when t.kind = 'escalation' then t.at end), "
        "max(case when t.kind = 'ack' and t.actor <> 'engine' "
        "and t.actor not like 'source:%' then 1 else 0 end) "
        "from timeline t join incident_alerts a on a.alert = t.alert "
        "where a.incident = :n",
        n=number,
    )
    first, answered = row or (None, 0)
    return from_micros_or_none(first), bool(answered)


def of_alert(tx: Tx, alert: int) -> int:
    """The incident that an alert belongs to, 0 when to none."""
    row = tx.one("select incident from incident_alerts where alert = :a", a=alert)
    return int(row[0]) if row else 0


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _values(incident: Incident) -> dict[str, Any]:
    return {
        "title": incident.title,
        "severity": int(incident.severity),
        "state": incident.state.value,
        "private": int(incident.private),
        "drill": int(incident.drill),
        "zone": incident.zone,
        "team": incident.team,
        "services": _encode(incident.services).decode(),
        "impact": _encode(incident.impact).decode(),
        "summary": _encode(incident.standing).decode(),
        "times": _micros(incident.times),
        "next_update_at": to_micros_or_none(incident.next_update_at),
        "due_at": to_micros_or_none(incident.due_at),
        "reminded": _micros(incident.reminded),
        "bridge": incident.bridge,
        "duplicate_of": incident.duplicate_of,
        "recurrence_of": incident.recurrence_of,
        "declared_by": incident.declared_by,
        "made_at": to_micros(incident.made_at),
    }


def _micros(times: Any) -> str:
    return _encode({str(key): to_micros(at) for key, at in times.items()}).decode()


def _incident(row: Row) -> Incident:
    return Incident(
        number=row[0],
        title=row[1],
        severity=Severity(row[2]),
        state=State(row[3]),
        private=bool(row[4]),
        drill=bool(row[5]),
        zone=row[6],
        team=row[7],
        services=_names(row[8]),
        impact=_impact(row[9]),
        standing=_standing(row[10]),
        times={key: from_micros(at) for key, at in _instants(row[11]).items()},
        next_update_at=from_micros_or_none(row[12]),
        due_at=from_micros_or_none(row[13]),
        reminded={key: from_micros(at) for key, at in _instants(row[14]).items()},
        bridge=row[15],
        duplicate_of=row[16],
        recurrence_of=row[17],
        declared_by=row[18],
        made_at=from_micros(row[19]),
        version=row[20],
    )
