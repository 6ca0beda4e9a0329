"""PagerDuty Events API v2 (with change events) and v1, for senders that speak it.

Source: developer.pagerduty.com "Events API v2 overview", "Send a change event",
"Events API v1"; read 2026-11-23. The routing key is in the body.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import xxhash
from msgspec import Struct

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

V2 = "/v2/enqueue"
CHANGE = "/v2/change/enqueue"
V1 = "/generic/2010-04-15/create_event.json"
_ACTIONS = {kind.value: kind for kind in EventKind}
_SEVERITIES = ("critical", "error", "warning", "info")
_LONGEST_KEY = 255


class _Key(Struct):
    routing_key: str | None = None
    service_key: str | None = None


_decode_key = msgspec.json.Decoder(_Key).decode
_encode = msgspec.json.encode


def routing_key(body: bytes) -> str | None:
    """The key in a body, None when there is none to be found."""
    try:
        found = _decode_key(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return found.routing_key or found.service_key


class PagerDutyEvents:
    """The dialect of PagerDuty's senders."""

    type = "pagerduty-events"

    def is_intake(self, inbound: Inbound) -> bool:
        """Any POST; `/in/{key}` takes Events v2 without a routing key as well."""
        return inbound.method == "POST"

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """One event. Raises Unreadable with every error at once."""
        path = inbound.path.rstrip("/")
        try:
            body = msgspec.json.decode(inbound.body)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise self._invalid(path, ["JSON parse error"], str(error)) from None
        if not isinstance(body, dict):
            raise self._invalid(path, ["the event must be a JSON object"])
        if path.endswith("/change/enqueue"):
            return self._change(path, body)
        if path.endswith("/create_event.json"):
            return self._v1(path, body, inbound.body, now)
        return self._v2(path, body, inbound.body, now)

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says what to send."""
        if inbound.method not in ("GET", "HEAD"):
            return self.refuse(
                405, f"{inbound.method} is not allowed; POST events here"
            )
        base, _, key = inbound.base_url.partition("/in/")
        text = f"""PagerDuty Events v2 senders post here; set their address and key:

  curl -X POST {base}/v2/enqueue -H 'Content-Type: application/json' -d '{{
    "routing_key": "{key}", "event_action": "trigger", "dedup_key": "disk-db1",
    "payload": {{"summary": "Disk of db1 is 97% full", "source": "db1",
                "severity": "critical"}}}}'
"""
        return Answer(200, text.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """PagerDuty's error object."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        return Answer(status, _error([reason]), headers=headers)

    def _v2(
        self, path: str, body: Mapping[str, Any], raw: bytes, now: datetime
    ) -> Reading:
        fields = _Fields(body)
        kind = fields.choice("event_action", _ACTIONS)
        key = fields.text("dedup_key", longest=_LONGEST_KEY)
        if kind in (EventKind.ACKNOWLEDGE, EventKind.RESOLVE) and not key:
            fields.errors.append("'dedup_key' is missing or blank")
        payload = fields.mapping("payload", needed=kind is EventKind.TRIGGER)
        summary = source = level = ""
        if kind is EventKind.TRIGGER:
            summary = payload.text("summary", needed=True)
            source = payload.text("source", needed=True)
            level = str(payload.choice("severity", {s: s for s in _SEVERITIES}) or "")
        fields.errors += payload.errors
        if fields.errors or kind is None:
            raise self._invalid(path, fields.errors)
        key = key or _made_key(raw, now)
        event = AlertEvent(
            kind=kind,
            key=bounded_key(clean(key)),
            title=clean_title(summary),
            level=level,
            labels=payload.labels(("source", "component", "group", "class")),
            details=payload.details(
                ("custom_details",), {"summary": summary, "source": source}
            ),
            occurred_at=payload.time("timestamp"),
            link=web_link(fields.text("client_url") or _first_link(body)),
        )
        return Reading([event], Answer(202, _processed("dedup_key", key)))

    def _v1(
        self, path: str, body: Mapping[str, Any], raw: bytes, now: datetime
    ) -> Reading:
        fields = _Fields(body)
        kind = fields.choice("event_type", _ACTIONS)
        key = fields.text("incident_key", longest=_LONGEST_KEY)
        summary = fields.text("description", needed=kind is EventKind.TRIGGER)
        if kind in (EventKind.ACKNOWLEDGE, EventKind.RESOLVE) and not key:
            fields.errors.append("'incident_key' is missing or blank")
        if fields.errors or kind is None:
            raise self._invalid(path, fields.errors)
        key = key or _made_key(raw, now)
        event = AlertEvent(
            kind=kind,
            key=bounded_key(clean(key)),
            title=clean_title(summary),
            level="critical",
            labels=fields.labels(("client",)),
            details=fields.details(("details",), {}),
            link=web_link(fields.text("client_url")),
        )
        return Reading([event], Answer(200, _processed("incident_key", key)))

    def _change(self, path: str, body: Mapping[str, Any]) -> Reading:
        fields = _Fields(body)
        payload = fields.mapping("payload", needed=True)
        summary = payload.text("summary", needed=True)
        errors = fields.errors + payload.errors
        if errors:
            raise self._invalid(path, errors)
        change = Change(
            summary=clean_title(summary),
            source=clean(payload.text("source"), longest=500),
            occurred_at=payload.time("timestamp"),
            details=payload.details(("custom_details",), {}),
            links=tuple(link for link in [_first_link(body)] if web_link(link)),
        )
        text = {"status": "success", "message": "Change event processed"}
        return Reading([], Answer(202, _encode(text)), changes=[change])

    def _invalid(self, path: str, errors: list[str], detail: str = "") -> Unreadable:
        reason = "; ".join(errors) + (f": {detail}" if detail else "")
        return Unreadable(reason, Answer(400, _error(errors)))


class _Fields:
    """Reads the fields of an object and collects what is wrong with them."""

    def __init__(self, body: Mapping[str, Any], where: str = "") -> None:
        self.body = body
        self.where = where
        self.errors: list[str] = []

    def text(self, name: str, *, needed: bool = False, longest: int = 0) -> str:
        value = self.body.get(name)
        label = f"{self.where}{name}"
        if value is None or value == "":
            if needed:
                self.errors.append(f"'{label}' is missing or blank")
            return ""
        if not isinstance(value, str | int | float):
            self.errors.append(f"'{label}' must be a string")
            return ""
        text = str(value)
        if longest and len(text) > longest:
            self.errors.append(f"'{label}' must be at most {longest} characters")
        return text

    def choice(self, name: str, allowed: Mapping[str, Any]) -> Any:
        value = self.body.get(name)
        if isinstance(value, str) and value.lower() in allowed:
            return allowed[value.lower()]
        words = ", ".join(allowed)
        label = f"{self.where}{name}"
        shown = str(value)[:60] if value is not None else "missing"
        self.errors.append(f"'{label}' is {shown!r}, expected one of: {words}")
        return None

    def mapping(self, name: str, *, needed: bool) -> "_Fields":
        value = self.body.get(name)
        if isinstance(value, dict):
            return _Fields(value, f"{name}.")
        if value is not None or needed:
            self.errors.append(f"'{name}' must be an object")
        return _Fields({}, f"{name}.")

    def time(self, name: str) -> datetime | None:
        """The source's time; one that cannot be read counts as none."""
        value = self.body.get(name)
        if not isinstance(value, str):
            return None
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        if not 1970 <= at.year <= 9000:
            return None
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)

    def labels(self, names: tuple[str, ...]) -> dict[str, str]:
        return {
            name: clean(str(self.body[name]), longest=500)
            for name in names
            if isinstance(self.body.get(name), str | int | float)
        }

    def details(
        self, names: tuple[str, ...], base: Mapping[str, str]
    ) -> dict[str, str]:
        found = {name: clean(text) for name, text in base.items() if text}
        for name in names:
            value = self.body.get(name)
            if isinstance(value, dict):
                found.update(
                    {
                        clean(str(key), longest=500): _flat(one)
                        for key, one in value.items()
                    }
                )
            elif value is not None:
                found[name] = _flat(value)
        return found


def _flat(value: object) -> str:
    return clean(value if isinstance(value, str) else _encode(value).decode())


def _first_link(body: Mapping[str, Any]) -> str:
    links = body.get("links")
    if isinstance(links, list) and links and isinstance(links[0], dict):
        return str(links[0].get("href", ""))
    return ""


def _made_key(raw: bytes, now: datetime) -> str:
    # PagerDuty makes a key when there is none, so the event is always a new alert.
    return xxhash.xxh3_128_hexdigest(raw + now.isoformat().encode())


def _processed(name: str, key: str) -> bytes:
    return _encode(
        {"status": "success", "message": "Event processed", name: clean(key)}
    )


def _error(errors: list[str]) -> bytes:
    message = (
        "Event object format is unrecognized"
        if errors == ["JSON parse error"]
        else "Event object is invalid"
    )
    return _encode({"status": "invalid event", "message": message, "errors": errors})


INTEGRATION = PagerDutyEvents()
