"""Reviews, actions and runbooks as JSON, times in UTC with a Z."""

from typing import Any

from tocsin.api.shapes import time
from tocsin.core.incidents.incidents import Incident
from tocsin.core.reviews import postmortem_impact
from tocsin.core.reviews.action_board import Action
from tocsin.core.reviews.postmortems import missing
from tocsin.core.reviews.reviews import Review, digest_of
from tocsin.core.runbook_steps import Step
from tocsin.engine.reviews.desk import Promise, Seen
from tocsin.engine.reviews.runbooks import Book


def review_json(review: Review, incident: Incident) -> dict[str, Any]:
    """One review, as lists show it."""
    return {
        "incident": review.incident,
        "title": incident.title,
        "severity": incident.severity.name,
        "state": review.state.value,
        "owner": review.owner,
        "reviewer": review.reviewer,
        "waived": review.waived,
        "drafted_at": time(review.drafted_at),
        "changed_at": time(review.changed_at),
        "reviewed_at": time(review.reviewed_at),
        "closed_at": time(review.closed_at),
        "unconfirmed": list(review.document.unconfirmed),
        "missing": list(missing(review.document)),
        "version": review.version,
    }


def seen_json(seen: Seen) -> dict[str, Any]:
    """All of a review. `etag` of a section is what a change of it sends as If-Match."""
    document = seen.review.document
    section = document.section("Impact")
    impact = postmortem_impact.parse(section.text if section else "")
    return {
        **review_json(seen.review, seen.incident),
        "opening": document.opening,
        "due_on": seen.due_on.isoformat() if seen.due_on else None,
        "sections": [
            {
                "heading": one.heading,
                "text": one.text,
                "filled": one.is_filled,
                "etag": digest_of(one),
            }
            for one in document.sections
        ],
        "impact": {
            "users_affected": impact.users,
            "duration_seconds": int(impact.duration.total_seconds())
            if impact.duration is not None
            else None,
            "revenue": impact.revenue,
        },
        "actions": [action_json(one) for one in seen.actions if one.state != "removed"],
        "advice": [
            {
                "key": one.key,
                "code": one.code,
                "section": one.where,
                "given": one.given,
                "said": one.said,
                "error": one.is_error,
            }
            for one in seen.remarks
        ],
    }


def action_json(action: Action) -> dict[str, Any]:
    """One action."""
    return {
        "id": action.id,
        "incident": action.incident,
        "text": action.text,
        "owner": action.owner,
        "due": action.due,
        "due_on": action.due_on.isoformat() if action.due_on else None,
        "priority": action.priority,
        "type": action.type,
        "ticket": action.ticket,
        "state": action.state,
        "proof": action.proof,
        "made_at": time(action.made_at),
        "done_at": time(action.done_at),
        "remind_at": time(action.remind_at),
    }


def promise_json(promise: Promise) -> dict[str, Any]:
    """An action with the incident that taught it."""
    return {
        **action_json(promise.action),
        "incident_title": promise.incident.title,
        "severity": promise.incident.severity.name,
    }


def book_json(book: Book) -> dict[str, Any]:
    """A runbook with what became of its steps."""
    runbook = book.runbook
    return {
        "service": book.service,
        "title": runbook.title,
        "symptoms": list(runbook.symptoms),
        "diagnosis": [_step(one, book) for one in runbook.diagnosis],
        "resolution": [_step(one, book) for one in runbook.resolution],
        "prevention": list(runbook.prevention),
        "notes": [{"heading": n.heading, "text": n.text} for n in runbook.notes],
        "left": book.left,
    }


def _step(step: Step, book: Book) -> dict[str, Any]:
    tick = book.ticks.get(step.id)
    return {
        "id": step.id,
        "number": step.number,
        "text": step.text,
        "kind": step.kind,
        "commands": [
            {"text": one.text, "kind": one.kind, "source": one.source}
            for one in step.commands
        ],
        "result": tick.result if tick else None,
        "by": tick.by if tick else None,
        "at": time(tick.at) if tick else None,
        "steps": [_step(one, book) for one in step.steps],
    }
