"""A request of each dialect that stands for a test of it: what a sender would send."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from tocsin.interfaces.arrivals import Outbound, SampleRequest

_TITLE = "Test from Tocsin: nothing is broken"
_LABEL = "tocsin_test"
_encode = msgspec.json.encode

# Of those who open no alert: what says only that it arrived.
_QUIET: Mapping[str, object] = {
    "github": {"zen": _TITLE, "hook_id": 1},
    "mail-bounces": {"RecordType": "Test", "Description": _TITLE},
    "kubernetes": {"reason": "Test", "message": _TITLE, "involvedObject": {}},
}


def sample(
    kind: str, *, key: str, mark: str, resolved: bool, now: datetime
) -> SampleRequest:
    """A request of the dialect `kind` for a test; `mark` names the test."""
    path = f"/in/{key}"
    if kind == "heartbeat":
        return SampleRequest(Outbound("GET", f"/ping/{key}"))
    if kind == "pagerduty-events":
        return _pagerduty(key, mark, resolved=resolved)
    if kind in _QUIET:
        return _sample(path, _QUIET[kind], "", "")
    if kind == "datadog":
        return _datadog(path, mark, resolved=resolved)
    labels = {"alertname": "TocsinTest", "severity": "warning", _LABEL: mark}
    alert: dict[str, object] = {
        "labels": labels,
        "annotations": {"summary": _TITLE},
        "startsAt": now.isoformat(),
        "generatorURL": "https://prometheus.example/graph",
    }
    if kind == "prometheus":
        end = now if resolved else now + timedelta(minutes=5)
        alert["endsAt"] = end.isoformat()
        return _sample(f"{path}/api/v2/alerts", [alert], _LABEL, mark)
    if kind == "alertmanager":
        alert["status"] = "resolved" if resolved else "firing"
        alert["fingerprint"] = mark
        if resolved:
            alert["endsAt"] = now.isoformat()
        body = {"version": "4", "groupKey": "{}:{}", "alerts": [alert]}
        return _sample(path, body, _LABEL, mark)
    generic = {
        "action": "resolve" if resolved else "trigger",
        "key": mark,
        "title": _TITLE,
        "severity": "SEV4",
        "labels": {_LABEL: mark},
    }
    return _sample(path, generic, _LABEL, mark)


def _pagerduty(key: str, mark: str, *, resolved: bool) -> SampleRequest:
    payload = {
        "summary": _TITLE,
        "source": mark,
        "severity": "warning",
        "class": _LABEL,
    }
    event = {
        "routing_key": key,
        "event_action": "resolve" if resolved else "trigger",
        "dedup_key": mark,
        "payload": payload,
    }
    return _sample("/v2/enqueue", event, "source", mark)


def _datadog(path: str, mark: str, *, resolved: bool) -> SampleRequest:
    notification = {
        "title": _TITLE,
        "cycle": mark,
        "transition": "Recovered" if resolved else "Triggered",
        "alert_type": "success" if resolved else "warning",
        "tags": f"{_LABEL}:{mark}",
    }
    return _sample(path, notification, _LABEL, mark)


def _sample(path: str, body: object, label: str, value: str) -> SampleRequest:
    return SampleRequest(Outbound("POST", path, _encode(body)), label, value)
