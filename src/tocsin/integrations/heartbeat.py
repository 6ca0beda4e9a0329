"""Heartbeats: `/ping/{key}`, `…/start`, `…/fail`, `…/{exit status}`.

The path is that of healthchecks.io, so that its clients work. Settings: `period` and
`grace`, durations; a ping is wanted within their sum.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.durations import BadDuration, parse
from tocsin.interfaces.arrivals import Answer, Desk, Inbound, Reading, Unreadable

DEFAULT_PERIOD = timedelta(hours=1)
DEFAULT_GRACE = timedelta(minutes=5)
_KEY = "heartbeat"
_OK = Answer(200, b"OK", "text/plain; charset=utf-8")


def overdue_at(last_ping: datetime, settings: Mapping[str, object]) -> datetime:
    """When the next ping is missed."""
    period = _duration(settings.get("period"), DEFAULT_PERIOD)
    return last_ping + period + _duration(settings.get("grace"), DEFAULT_GRACE)


class Heartbeat:
    """The dialect of jobs that say they are well."""

    type = "heartbeat"

    def is_intake(self, inbound: Inbound) -> bool:
        """Everything: a GET from cron is a ping."""
        return inbound.method in ("GET", "POST", "HEAD", "PUT")

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """A ping resolves, a failure triggers, a start says nothing yet."""
        word = inbound.path.strip("/").lower()
        if word == "start":
            return Reading([], _OK)
        if word in ("", "success", "0"):
            return Reading([AlertEvent(EventKind.RESOLVE, _KEY)], _OK)
        if word == "fail" or (word.isascii() and word.isdigit() and len(word) < 4):
            said = (
                "said that it failed" if word == "fail" else f"ended with status {word}"
            )
            event = AlertEvent(
                EventKind.TRIGGER, _KEY, f"The job {said}", level="critical"
            )
            return Reading([event], _OK)
        reason = (
            f"{inbound.path[:80]!r}: expected nothing, /start, /fail or an exit status "
            "(0-999) after the key"
        )
        raise Unreadable(reason, self.refuse(400, reason))

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says how to ping."""
        address = inbound.base_url.replace("/in/", "/ping/")
        text = f"curl -fsS -m 10 --retry 5 {address}\n"
        return Answer(200, text.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """Plain text: a cron mail shows it."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        return Answer(status, reason.encode(), "text/plain; charset=utf-8", headers)


def _duration(value: object, default: timedelta) -> timedelta:
    try:
        return parse(str(value)) if value else default
    except BadDuration:
        return default


INTEGRATION = Heartbeat()
