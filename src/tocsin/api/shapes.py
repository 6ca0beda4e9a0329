"""What the API gives: our values as JSON, times in UTC with a Z."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tocsin.core.alerts import maintenance
from tocsin.core.alerts.alerts import Alert
from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.alerts.silences import Silence, state
from tocsin.core.credentials import shown_address
from tocsin.core.directory import OnCallRow
from tocsin.core.pages.coming import Coming
from tocsin.engine.inquiries import AlertStory, Brief
from tocsin.engine.quiet_effect import Effect
from tocsin.engine.rehearsals import Rehearsal, Rehearsed


def time(at: datetime | None) -> str | None:
    """RFC 3339, UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def alert_json(brief: Brief) -> dict[str, Any]:
    """An alert in a list."""
    return {**_alert(brief.alert, brief.shown), "next": _coming(brief.coming)}


# long because: one literal of the answer's shape.
def story_json(story: AlertStory) -> dict[str, Any]:
    """All of one alert."""
    run = story.run
    return {
        **_alert(story.alert, story.shown),
        "integration": story.integration,
        "escalation_policy": story.policy,
        "next": _coming(story.coming),
        "run": None
        if run is None
        else {
            "state": run.state.value,
            "loop": run.loop,
            "next_level": run.next_level + 1,
            "due_at": time(run.due_at),
            "acknowledged_until": time(run.deadline),
            "answer_by": time(run.answer_by),
            "target_missed_at": time(run.missed_at),
        },
        "timeline": [
            {
                "id": number,
                "at": time(fact.at),
                "kind": fact.kind.value,
                "text": fact.text,
                "actor": fact.actor,
                "reason": fact.reason,
            }
            for number, fact in story.facts
        ],
        "pages": [
            {
                "id": page.id,
                "person": page.person,
                "channel": page.channel,
                "address": shown_address(page.channel, page.address),
                "state": page.state,
                "why": page.why,
                "due_at": time(page.due_at),
                "tries": page.tries,
            }
            for page in story.pages
        ],
        "attempts": [
            {
                "page": one.page,
                "person": one.person,
                "channel": one.channel,
                "started_at": time(one.started_at),
                "ended_at": time(one.ended_at),
                "outcome": one.outcome or "unknown",
                "provider_id": one.provider_id,
                "answer": one.answer,
            }
            for one in story.attempts
        ],
        "raw": None
        if story.raw is None
        else {
            "at": time(story.raw.at),
            "body": story.raw.body.decode("utf-8", "replace")[:100_000],
        },
    }


def on_call_json(rows: Sequence[OnCallRow]) -> list[dict[str, Any]]:
    """Who is on call."""
    return [
        {
            "schedule": row.schedule,
            "rotation": row.rotation,
            "people": list(row.people),
            "until": time(row.until),
            "then": list(row.then),
        }
        for row in rows
    ]


def rehearsal_json(found: Rehearsal) -> dict[str, Any]:
    """A dry run."""
    return {
        "policy": found.policy,
        "severity": found.severity.name,
        "at": time(found.begins),
        "pages": [_rehearsed(one) for one in found.pages],
        "faults": found.faults,
    }


def _rehearsed(one: Rehearsed) -> dict[str, Any]:
    return {
        "at": time(one.at),
        "person": one.person,
        "local_time": one.local.isoformat(),
        "level": one.level + 1 if one.level >= 0 else "fallback",
        "loop": one.loop,
        "why": one.why,
        "methods": [
            {"after_seconds": after.total_seconds(), "by": by}
            for after, by in one.methods
        ],
        "urgency": one.urgency.value,
        "reachable": bool(one.methods),
        "faults": list(one.faults),
    }


def silence_json(silence: Silence, *, now: datetime) -> dict[str, Any]:
    """A silence."""
    return {
        "id": silence.id,
        "matchers": [
            {
                "name": one.name,
                "value": one.value,
                "is_regex": one.is_regex,
                "is_equal": one.is_equal,
            }
            for one in silence.matchers
        ],
        "starts_at": time(silence.starts_at),
        "ends_at": time(silence.ends_at),
        "author": silence.author,
        "comment": silence.comment,
        "service": silence.service,
        "ticket": silence.ticket,
        "state": state(silence, now=now),
    }


def maintenance_json(window: Maintenance, *, now: datetime) -> dict[str, Any]:
    """A maintenance window."""
    return {
        "id": window.id,
        "services": list(window.services),
        "starts_at": time(window.starts_at),
        "ends_at": time(window.ends_at),
        "author": window.author,
        "reason": window.reason,
        "ticket": window.ticket,
        "public_text": window.public_text,
        "summary": window.summary or None,
        "state": maintenance.state(window, now=now),
    }


def effect_json(effect: Effect) -> dict[str, Any]:
    """What would be kept quiet."""
    return {
        "matches_now": effect.now,
        "matched_in_7_days": effect.week,
        "is_cut": effect.is_cut,
        "alerts_now": [_named(one) for one in effect.now_shown],
        "alerts_in_7_days": [_named(one) for one in effect.week_shown],
    }


def _named(alert: Alert) -> dict[str, Any]:
    return {
        "number": alert.number,
        "title": alert.title,
        "service": alert.service,
        "first_at": time(alert.first_at),
    }


def _alert(alert: Alert, shown: str) -> dict[str, Any]:
    return {
        "number": alert.number,
        "id": f"ALR-{alert.number}",
        "title": alert.title,
        "state": shown,
        "status": alert.status.value,
        "severity": alert.severity.name,
        "service": alert.service,
        "key": alert.key,
        "labels": alert.labels,
        "details": alert.details,
        "link": alert.link,
        "episode": alert.episode,
        "count": alert.count,
        "first_at": time(alert.first_at),
        "last_at": time(alert.last_at),
        "acknowledged_by": alert.acked_by or None,
        "acknowledged_at": time(alert.acked_at),
        "resolved_at": time(alert.resolved_at),
        "resolve_reason": alert.resolve_reason or None,
        "suppressed_by": list(alert.suppressed_by),
        "snoozed_until": time(alert.snoozed_until),
    }


def _coming(coming: Coming | None) -> dict[str, Any] | None:
    if coming is None:
        return None
    return {"at": time(coming.at), "people": list(coming.people)}
