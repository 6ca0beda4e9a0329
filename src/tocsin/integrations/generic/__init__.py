"""Any sender that can post JSON: common field names just work, others are mapped.

Settings: `mapping`, from our field to a path in the body (`a.b[0].c`), for key, title,
status, severity, description, time, link; `resolved_words` for the status field. What is posted to
`…/changes` is a change, no alert (changes.py).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.excerpts import clean, clean_title, web_link
from tocsin.core.labels import bounded_key
from tocsin.core.severity import Severity
from tocsin.integrations.generic import changes
from tocsin.integrations.generic.fields import problem, text, texts, time
from tocsin.interfaces.arrivals import (
    Answer,
    Change,
    Desk,
    Inbound,
    Reading,
    Unreadable,
)

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "key": ("key", "dedup_key", "alias", "incident_key", "fingerprint", "id"),
    "title": ("title", "summary", "message", "name", "alert", "text"),
    "status": ("action", "status", "state", "event_action", "type"),
    "severity": ("severity", "priority", "level"),
    "description": ("description", "body", "details_text"),
    "time": ("time", "timestamp", "occurred_at", "date"),
    "link": ("link", "url", "client_url"),
}
_RESOLVED = ("resolve", "resolved", "ok", "recovery", "recovered", "closed", "close",
             "cleared", "normal", "up", "success")  # fmt: skip
_ACKED = ("acknowledge", "acknowledged", "ack", "acked")
_PATH = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_MOST_EVENTS = 1000
_encode = msgspec.json.encode


class Generic:
    """The dialect of everything else, and of `tocsin send`."""

    type = "generic"

    def is_intake(self, inbound: Inbound) -> bool:
        """Any POST or PUT."""
        return inbound.method in ("POST", "PUT")

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """One object, or an array of them. Raises Unreadable with every problem."""
        try:
            body = msgspec.json.decode(inbound.body)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise self._unreadable([problem("body", "", f"JSON: {error}")]) from None
        objects = body if isinstance(body, list) else [body]
        if len(objects) > _MOST_EVENTS:
            expected = f"at most {_MOST_EVENTS} events in a request"
            raise self._unreadable([problem("body", len(objects), expected)])
        problems: list[dict[str, str]] = []
        events, changed = [], []
        is_change = inbound.path.rstrip("/") == changes.PATH
        for index, one in enumerate(objects):
            where = f"[{index}]." if isinstance(body, list) else ""
            if not isinstance(one, dict):
                problems.append(problem(where or "body", one, "a JSON object"))
            elif is_change:
                changed.append(changes.change(one, where, problems))
            else:
                events.append(_event(one, inbound.settings, where, problems))
        if problems:
            raise self._unreadable(problems)
        return _reading(
            [one for one in events if one is not None],
            [one for one in changed if one is not None],
        )

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says what to send."""
        if inbound.method not in ("GET", "HEAD"):
            return self.refuse(
                405, f"{inbound.method} is not allowed; POST events here"
            )
        help_ = f"""Post JSON here:

  curl -X POST {inbound.base_url} -H 'Content-Type: application/json' -d '{{
    "action": "trigger", "key": "disk-db1", "title": "Disk of db1 is 97% full",
    "severity": "SEV2"}}'

and {{"action": "resolve", "key": "disk-db1"}} when it is over. What was changed:

  curl -X POST {inbound.base_url}/changes -H 'Content-Type: application/json' -d '{{
    "summary": "checkout 1.24 to production", "kind": "deploy", "id": "build-812"}}'
"""
        return Answer(200, help_.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """A problem document (RFC 9457)."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        body = _encode({"type": "about:blank", "status": status, "title": reason})
        return Answer(status, body, "application/problem+json", headers)

    def _unreadable(self, problems: list[dict[str, str]]) -> Unreadable:
        reason = "; ".join(f"{p['field']}: expected {p['expected']}" for p in problems)
        body = _encode(
            {
                "type": "about:blank",
                "status": 400,
                "title": "The event cannot be read",
                "detail": clean(reason, longest=2000),
                "errors": problems[:50],
            }
        )
        answer = Answer(400, body, "application/problem+json")
        return Unreadable(clean(reason, longest=2000), answer)


def _reading(events: list[AlertEvent], changed: list[Change]) -> Reading:
    said: dict[str, object] = {"status": "accepted"}
    if changed:
        said["changes"] = [one.summary for one in changed]
    else:
        said["keys"] = [one.key for one in events]
    return Reading(events, Answer(202, _encode(said)), changes=changed)


def _event(
    one: Mapping[str, Any],
    settings: Mapping[str, object],
    where: str,
    problems: list[dict[str, str]],
) -> AlertEvent | None:
    found = {name: _find(one, name, settings) for name in _FIELDS}
    kind = _kind(found["status"], settings)
    title = text(found["title"])
    if not title and kind is EventKind.TRIGGER:
        expected = "a text (also read: summary, message, name)"
        problems.append(problem(f"{where}title", found["title"], expected))
        return None
    labels = texts(one.get("labels"))
    key = text(found["key"])
    if not key and kind is not EventKind.TRIGGER and not title:
        expected = "the key of the alert that is meant"
        problems.append(problem(f"{where}key", found["key"], expected))
        return None
    severity, level = _severity(text(found["severity"]))
    details = texts(one.get("details"))
    if found["description"] is not None:
        details["description"] = text(found["description"])
    return AlertEvent(
        kind=kind,
        key=bounded_key(clean(key)) if key else _identity(title, labels),
        title=clean_title(title),
        level=level,
        severity=severity,
        labels=labels,
        details=details,
        occurred_at=time(found["time"]),
        event_id=clean(text(one.get("event_id")), longest=200),
        link=web_link(text(found["link"])),
    )


def _find(one: Mapping[str, Any], name: str, settings: Mapping[str, object]) -> Any:
    mapping = settings.get("mapping")
    if isinstance(mapping, Mapping) and isinstance(mapping.get(name), str):
        return _at_path(one, mapping[name])
    for candidate in _FIELDS[name]:
        if one.get(candidate) is not None:
            return one[candidate]
    return None


def _at_path(value: Any, path: str) -> Any:
    for index, name in _PATH.findall(path.removeprefix("$").removeprefix(".")):
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        elif name and isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value


def _kind(status: Any, settings: Mapping[str, object]) -> EventKind:
    word = text(status).strip().lower()
    words = settings.get("resolved_words")
    resolved = [str(w).lower() for w in words] if isinstance(words, list) else _RESOLVED
    if word in resolved:
        return EventKind.RESOLVE
    return EventKind.ACKNOWLEDGE if word in _ACKED else EventKind.TRIGGER


def _severity(word: str) -> tuple[Severity | None, str]:
    name = word.strip().upper().replace(" ", "")
    if name in Severity.__members__:
        return Severity[name], name.lower()
    return None, clean(word.strip().lower(), longest=100)


def _identity(title: str, labels: Mapping[str, str]) -> str:
    parts = [title, *(f"{name}={labels[name]}" for name in sorted(labels))]
    return sha256("\n".join(parts).encode()).hexdigest()


INTEGRATION = Generic()
