"""Datadog: monitors by a webhook whose payload is ours, events by its own API.

Sources: docs.datadoghq.com "Webhooks" (variables), "Events API v1", the official client
datadog-api-client; read 2026-11-25. `POST …` takes the webhook, `POST …/api/v1/events` the
events of `dog` and the clients. An event that is an error or a warning is an alert, of the
others each is a change. Variables that Datadog does not set arrive as `$NAME`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.excerpts import clean, clean_title, web_link
from tocsin.core.labels import bounded_key
from tocsin.interfaces.arrivals import (
    Answer,
    Change,
    Desk,
    Inbound,
    Reading,
    Unreadable,
)

_encode = msgspec.json.encode
_EVENTS = "/api/v1/events"
_VALIDATE = "/api/v1/validate"
# What `alert_type` says, as a level; the others tell no trouble.
_TROUBLE = ("error", "warning")
_TYPES = (*_TROUBLE, "info", "success", "user_update", "recommendation", "snapshot")


class Datadog:
    """The dialect of Datadog's webhook and of its clients."""

    type = "datadog"

    def is_intake(self, inbound: Inbound) -> bool:
        """A POST of the webhook or of an event."""
        return inbound.method == "POST" and inbound.path.rstrip("/") in ("", _EVENTS)

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """One notification, or one event. Raises Unreadable."""
        body = _body(inbound.body)
        if inbound.path.rstrip("/") == _EVENTS:
            return _event(body, now)
        event, change = _notification(body)
        said = {"status": "ok", "key": event.key if event is not None else ""}
        return Reading(
            [event] if event is not None else [],
            Answer(202, _encode(said)),
            changes=[change] if change is not None else (),
        )

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says what to set up, and that a key is good."""
        if inbound.path.rstrip("/") == _VALIDATE:
            return Answer(200, _encode({"valid": True}))
        if inbound.method not in ("GET", "HEAD") or inbound.path.rstrip("/"):
            return self.refuse(
                404, f"{inbound.method} {clean(inbound.path, longest=80)} is not here"
            )
        text = f"""In Datadog: Integrations, Webhooks, New.

  URL      {inbound.base_url}
  Payload  as "Add integration" shows it

and @webhook-tocsin in the message of each monitor. Events of programs:
  DATADOG_HOST={inbound.base_url} dog event post "Deploy 1.24" "to production"
"""
        return Answer(200, text.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """Datadog's error object."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        return Answer(status, _encode({"errors": [reason]}), headers=headers)


# Also the names of other templates that are in use.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "transition": ("transition", "alert_transition"),
    "body": ("body", "event_msg", "text"),
    "cycle": ("cycle", "alert_cycle_key"),
    "monitor_id": ("monitor_id", "alert_id"),
    "query": ("query", "alert_query"),
    "severity": ("severity", "priority"),
    "date": ("date", "last_updated"),
}


def _notification(
    body: Mapping[str, Any],
) -> tuple[AlertEvent | None, Change | None]:
    title = _said(body, "title")
    if not title:
        shown = clean(_encode(body.get("title")).decode(), longest=60)
        raise _unreadable(f"'title' is {shown}, expected $EVENT_TITLE")
    transition, level = _said(body, "transition"), _said(body, "alert_type").lower()
    details = {
        name: _said(body, name) for name in ("body", "query", "scopes", "host", "tags")
    }
    details = {name: text for name, text in details.items() if text}
    if not transition and level not in _TROUBLE:
        # An event that names the webhook in its text.
        return None, Change(
            clean_title(title), "Datadog", _time(_said(body, "date")), details,
            tuple(filter(None, [web_link(_said(body, "url"))])), _said(body, "id"),
        )  # fmt: skip
    is_over = "recovered" in transition.lower() or level == "success"
    parts = (_said(body, "monitor_id"), _said(body, "scopes"))
    key = _said(body, "cycle") or ":".join(filter(None, parts)) or title
    return (
        AlertEvent(
            kind=EventKind.RESOLVE if is_over else EventKind.TRIGGER,
            key=bounded_key(key),
            title=clean_title(title),
            level=(_said(body, "severity") or _level(transition, level)).lower(),
            labels=_labels(_said(body, "tags").split(",")),
            details=details,
            occurred_at=_time(_said(body, "date")),
            event_id=_said(body, "id")[:200],
            link=web_link(_said(body, "url")),
        ),
        None,
    )


def _level(transition: str, alert_type: str) -> str:
    if "warn" in transition.lower():
        return "warning"
    return alert_type if alert_type in _TROUBLE else "error"


def _event(body: Mapping[str, Any], now: datetime) -> Reading:
    """An event of the API: title and text are needed, all else has a default."""
    title, level = _said(body, "title"), _said(body, "alert_type") or "info"
    _check(body, title, level)
    raw = body.get("tags")
    tags = [str(one) for one in raw] if isinstance(raw, list) else []
    at = _time(body.get("date_happened"))
    group = _said(body, "aggregation_key")
    number = _number(body, at or now)
    details = {"text": _said(body, "text"), "host": _said(body, "host")}
    details = {name: text for name, text in details.items() if text}
    labels = _labels(tags)
    answer = {
        "status": "ok",
        "event": {
            "id": number, "id_str": str(number), "title": title,
            "text": details["text"], "tags": tags, "priority": body.get("priority"),
            "date_happened": int((at or now).timestamp()),
            "handle": None, "url": "",
        },
    }  # fmt: skip
    said = Answer(202, _encode(answer))
    if level in _TROUBLE or (level == "success" and group):
        event = AlertEvent(
            kind=EventKind.TRIGGER if level in _TROUBLE else EventKind.RESOLVE,
            key=bounded_key(group or f"{title}:{details.get('host', '')}"),
            title=clean_title(title), level=level, labels=labels, details=details,
            occurred_at=at,
        )  # fmt: skip
        return Reading([event], said)
    source = _said(body, "source_type_name") or "Datadog"
    told = Change(clean_title(title), source, at, {**labels, **details}, (), group)
    return Reading([], said, changes=[told])


def _check(body: Mapping[str, Any], title: str, level: str) -> None:
    """Raises Unreadable."""
    for name, given in (("title", title), ("text", _said(body, "text"))):
        if not given:
            shown = clean(_encode(body.get(name)).decode(), longest=60)
            raise _unreadable(f"'{name}' is {shown}, expected a text")
    if level not in _TYPES:
        shown = clean(level, longest=60)
        raise _unreadable(f"'alert_type' is {shown!r}, expected one of {_TYPES}")


def _number(body: Mapping[str, Any], at: datetime) -> int:
    """The same event has the same id."""
    text = _encode([body.get("title"), body.get("text"), at.timestamp()])
    return int.from_bytes(sha256(text).digest()[:7], "big")


def _labels(tags: list[str]) -> dict[str, str]:
    found = {}
    for tag in tags[:100]:
        name, mark, value = clean(tag, longest=400).strip().partition(":")
        if name:
            found[name[:200]] = value if mark else "true"
    return found


def _said(body: Mapping[str, Any], name: str) -> str:
    """A text of the payload, "" where Datadog had nothing to put in."""
    for one in _NAMES.get(name, (name,)):
        value = body.get(one)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip() and not value.startswith("$"):
            return "" if value.strip() == "null" else clean(value.strip())
    return ""


def _time(value: Any) -> datetime | None:
    """Seconds or milliseconds since 1970; what cannot be read counts as none."""
    try:
        seconds = float(value)
        seconds = seconds / 1000 if seconds > 1e11 else seconds
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise _unreadable(f"the body cannot be read, expected JSON: {error}") from None
    if not isinstance(body, dict):
        shown = clean(_encode(body).decode(), longest=60)
        raise _unreadable(f"the body is {shown}, expected a JSON object")
    return body


def _unreadable(reason: str) -> Unreadable:
    return Unreadable(reason, INTEGRATION.refuse(400, reason))


INTEGRATION = Datadog()
