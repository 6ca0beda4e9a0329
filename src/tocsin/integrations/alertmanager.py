"""Alertmanager's webhook, version 4: one POST holds firing and resolved alerts.

Source: prometheus.io/docs/alerting/latest/configuration (webhook_config), read
2026-11-23. Each alert is one event; its own fingerprint is the dedup key.
"""

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.excerpts import clean, clean_all, clean_title, web_link
from tocsin.core.labels import bounded_key, fingerprint
from tocsin.interfaces.arrivals import Answer, Desk, Inbound, Reading, Unreadable


class _Alert(Struct):
    status: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: datetime | None = None
    endsAt: datetime | None = None
    generatorURL: str = ""
    fingerprint: str = ""


class _Notification(Struct):
    alerts: list[_Alert]
    version: str = "4"
    groupKey: str = ""
    externalURL: str = ""
    truncatedAlerts: int = 0


_decode = msgspec.json.Decoder(_Notification).decode
_EXPECTED = (
    'expected Alertmanager\'s webhook body, version 4: {"alerts": [{"status": '
    '"firing"|"resolved", "labels": {…}, …}], …}'
)


class AlertmanagerWebhook:
    """The dialect of a webhook_config."""

    type = "alertmanager"

    def is_intake(self, inbound: Inbound) -> bool:
        """Any POST."""
        return inbound.method == "POST"

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """The alerts of one notification. Raises Unreadable."""
        try:
            notification = _decode(inbound.body)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            reason = f"{error}; {_EXPECTED}"
            raise Unreadable(reason, self.refuse(400, reason)) from None
        events = []
        for index, alert in enumerate(notification.alerts):
            if alert.status not in ("firing", "resolved"):
                reason = (
                    f"alerts[{index}].status is {alert.status[:40]!r}, "
                    'expected "firing" or "resolved"'
                )
                raise Unreadable(reason, self.refuse(400, reason))
            events.append(_event(alert, notification))
        problems = []
        if notification.truncatedAlerts > 0:
            problems.append(
                f"Alertmanager left out {notification.truncatedAlerts} alerts "
                "(max_alerts of its webhook_config)"
            )
        return Reading(events, Answer(200, b'{"status":"ok"}'), problems=problems)

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says what to configure."""
        if inbound.method not in ("GET", "HEAD"):
            return self.refuse(
                405, f"{inbound.method} is not allowed; POST alerts here"
            )
        text = (
            "Alertmanager posts here. alertmanager.yml:\n\nreceivers:\n"
            "  - name: tocsin\n    webhook_configs:\n"
            f"      - url: {inbound.base_url}\n        send_resolved: true\n"
        )
        return Answer(200, text.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """A problem document; Alertmanager logs it."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        body = msgspec.json.encode({"status": status, "title": reason})
        return Answer(status, body, "application/problem+json", headers)


def _event(alert: _Alert, notification: _Notification) -> AlertEvent:
    labels, notes = clean_all(alert.labels), clean_all(alert.annotations)
    firing = alert.status == "firing"
    details = dict(notes)
    if notification.groupKey:
        details["group"] = clean(notification.groupKey, longest=500)
    summary = notes.get("summary") or notes.get("description", "").split("\n")[0]
    name = labels.get("alertname", "Alert without a name")
    instance = labels.get("instance", "")
    at = _given(alert.startsAt if firing else alert.endsAt)
    return AlertEvent(
        kind=EventKind.TRIGGER if firing else EventKind.RESOLVE,
        key=bounded_key(clean(alert.fingerprint) or fingerprint(labels)),
        title=clean_title(summary or (f"{name} on {instance}" if instance else name)),
        level=labels.get("severity", ""),
        labels=labels,
        details=details,
        occurred_at=at,
        link=web_link(alert.generatorURL),
    )


def _given(at: datetime | None) -> datetime | None:
    if at is None or at.year <= 1:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


INTEGRATION = AlertmanagerWebhook()
