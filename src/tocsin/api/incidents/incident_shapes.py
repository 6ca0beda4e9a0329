"""Incidents as JSON, times in UTC with a Z."""

from typing import Any

from tocsin.api.shapes import time
from tocsin.core.incidents.changes import ChangeEvent, Suspect
from tocsin.core.incidents.entries import Line
from tocsin.core.incidents.hypotheses import Hypothesis, column
from tocsin.core.incidents.impact import Impact, derived
from tocsin.core.incidents.incident_metrics import Figure
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.roles import Holding, unfilled
from tocsin.core.incidents.tasks import Task
from tocsin.core.incidents.updates_written import Update, as_block
from tocsin.engine.incidents.related import Earlier
from tocsin.engine.incidents.rooms import Room


def incident_json(incident: Incident) -> dict[str, Any]:
    """One incident, as lists show it."""
    return {
        "number": incident.number,
        "id": incident.name,
        "title": incident.title,
        "severity": incident.severity.name,
        "state": incident.state.value,
        "services": list(incident.services),
        "team": incident.team,
        "private": incident.private,
        "drill": incident.drill,
        "zone": incident.zone,
        "declared_by": incident.declared_by,
        "times": {key: time(at) for key, at in incident.times.items()},
        "next_update_at": time(incident.next_update_at),
        "bridge": incident.bridge,
        "duplicate_of": incident.duplicate_of or None,
        "recurrence_of": incident.recurrence_of or None,
        "version": incident.version,
    }


def room_json(room: Room) -> dict[str, Any]:
    """All of a room but its log."""
    incident = room.incident
    severity, why = derived(incident.impact)
    return {
        **incident_json(incident),
        "impact": _impact(incident.impact),
        "suggested_severity": {"severity": severity.name, "why": why},
        "standing": {
            "know": incident.standing.know,
            "doing": incident.standing.doing,
            "otherwise": incident.standing.otherwise,
        },
        "roles": [_holding(one) for one in room.holdings],
        "empty_roles": [
            role.value for role in unfilled(room.holdings, incident.severity)
        ],
        "chat": [
            {"in": one.provider, "name": one.name, "url": one.url, "state": one.state}
            for one in room.channels
        ],
        "advice": room.advice,
        "tasks": [_task(one) for one in room.tasks],
        "hypotheses": [_card(one) for one in room.cards],
        "updates": [_update(one, incident.zone) for one in room.updates],
        "alerts": list(room.alerts),
        "suspects": [_suspect(one) for one in room.suspects],
        "changes_since": [_change(one) for one in room.changes_since],
        "metrics": [_figure(one) for one in room.figures],
    }


def line_json(line: Line) -> dict[str, Any]:
    """One line of the log."""
    entry = line.entry
    return {
        "id": entry.id or None,
        "occurred_at": time(entry.occurred_at),
        "recorded_at": time(entry.recorded_at),
        "kind": entry.kind.value,
        "author": entry.author,
        "source": entry.source,
        "visibility": entry.visibility,
        "text": entry.text,
        "data": dict(entry.data),
        "supersedes": entry.supersedes or None,
        "corrected_by": line.corrected_by.id if line.corrected_by else None,
    }


def earlier_json(one: Earlier) -> dict[str, Any]:
    """An earlier incident that is like another, and what both have in common."""
    return {
        **incident_json(one.incident),
        "why": list(one.why),
        "unfinished_actions": one.unfinished,
    }


def _impact(impact: Impact) -> dict[str, Any]:
    return {
        "text": impact.text,
        "share": impact.share,
        "users": impact.users,
        "journeys": list(impact.journeys),
        "regions": list(impact.regions),
        "start": time(impact.start),
        "start_source": impact.start_source,
        "start_confidence": impact.start_confidence,
        "revenue": impact.revenue,
        "data_loss": impact.data_loss,
        "safety": impact.safety,
        "tier1_down": impact.tier1_down,
        "slow": impact.slow,
    }


def _holding(one: Holding) -> dict[str, Any]:
    return {
        "role": one.role.value,
        "person": one.person,
        "state": one.state,
        "offered_by": one.offered_by,
        "offered_at": time(one.offered_at),
        "since": time(one.since),
        "until": time(one.until),
    }


def _task(one: Task) -> dict[str, Any]:
    return {
        "id": one.id,
        "text": one.text,
        "assignee": one.assignee,
        "state": one.state,
        "due_at": time(one.due_at),
        "made_by": one.made_by,
        "made_at": time(one.made_at),
        "done_at": time(one.done_at),
    }


def _card(one: Hypothesis) -> dict[str, Any]:
    return {
        "id": one.id,
        "column": column(one),
        "statement": one.statement,
        "prediction": one.prediction,
        "test": one.test,
        "owner": one.owner,
        "state": one.state,
        "finding": one.finding,
        "fix": one.fix,
        "due_at": time(one.due_at),
        "change": one.change or None,
    }


def _update(one: Update, zone: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "audience": one.audience,
        "stage": one.stage,
        "body": one.body,
        "block": as_block(one, zone=zone),
        "impact": one.impact,
        "team": one.team,
        "next_at": time(one.next_at),
        "components": dict(one.components),
        "channels": list(one.channels),
        "state": one.state,
        "author": one.author,
        "made_at": time(one.made_at),
        "decided_by": one.decided_by,
        "published_at": time(one.published_at),
    }


def _suspect(one: Suspect) -> dict[str, Any]:
    return {**_change(one.change), "score": one.score, "why": one.why}


def _change(one: ChangeEvent) -> dict[str, Any]:
    return {
        "id": one.id,
        "service": one.service,
        "at": time(one.at),
        "summary": one.summary,
        "source": one.source,
        "kind": one.kind,
        "link": one.link,
        "rollback": one.rollback,
    }


def _figure(one: Figure) -> dict[str, Any]:
    target = one.target.total_seconds() if one.target is not None else None
    return {
        "name": one.name,
        "seconds": one.value.total_seconds(),
        "at_least": one.at_least,
        "target_seconds": target,
        "is_met": one.is_met,
    }
