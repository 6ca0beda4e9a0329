"""Prometheus and vmalert: Tocsin poses as an Alertmanager (API v2); amtool works too.

Source: Alertmanager 0.25 `api/v2/openapi.yaml` and its answers to bad requests, read
and tried 2026-11-23. POST alerts is the intake; the other eight operations answer
questions (queries.py has their shapes).
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.excerpts import (
    LONGEST_LINK,
    LONGEST_TITLE,
    LONGEST_VALUE,
    clean_all,
    clean_title,
    is_clean_json,
    web_link,
)
from tocsin.core.labels import fingerprint
from tocsin.integrations.prometheus import queries as api
from tocsin.interfaces.arrivals import Answer, Desk, Inbound, Reading, Unreadable

RESOLVE_TIMEOUT = timedelta(minutes=5)
# vmalert names an end only eight seconds ahead; three missed refreshes is the rule.
_SHORTEST_LIFE = timedelta(minutes=1)
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_ZERO = datetime(1, 1, 2, tzinfo=UTC)
_OK = Answer(200, b"")
# Looked up once: in Python 3.11 reading a member of an enum is a call.
_TRIGGER = EventKind.TRIGGER


class _Posted(Struct, gc=False):
    """One alert as senders write it."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    startsAt: datetime | None = None
    endsAt: datetime | None = None
    generatorURL: str = ""


_Name = Annotated[str, Meta(max_length=LONGEST_TITLE)]
_Value = Annotated[str, Meta(max_length=LONGEST_VALUE)]


class _Short(_Posted, gc=False):
    """One alert of which nothing has to be cut."""

    labels: dict[_Name, _Value] = {}
    annotations: dict[_Name, _Value] = {}
    generatorURL: Annotated[str, Meta(max_length=LONGEST_LINK)] = ""


_decode = msgspec.json.Decoder(list[_Posted]).decode
_decode_short = msgspec.json.Decoder(list[_Short]).decode
# Names of labels that were found good: senders use a few, again and again.
_good_names: set[str] = set()
_MOST_GOOD_NAMES = 10_000


class Prometheus:
    """The dialect of senders that believe we are an Alertmanager."""

    type = "prometheus"

    def is_intake(self, inbound: Inbound) -> bool:
        """POST …/api/v2/alerts, or POST to the bare address."""
        return inbound.method == "POST" and inbound.path.rstrip("/") in (
            "", "/api/v2/alerts",
        )  # fmt: skip

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """Alerts as Prometheus posts them. Raises Unreadable."""
        kind = inbound.headers.get("content-type", "application/json")
        if not kind.lower().startswith("application/json"):
            raise self._unreadable(415, _wrong_type(kind))
        try:
            posted = _posted(inbound.body)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            text = f'parsing alerts body from "" failed, because {error}'
            raise self._unreadable(400, api.problem(400, text), text) from None
        events: list[AlertEvent] = []
        problems: list[str] = []
        shortest_life = now + _SHORTEST_LIFE
        for alert in posted:
            problem = _problem(alert)
            if problem:
                problems.append(problem)
            else:
                events.append(_event(alert, now, shortest_life))
        if problems and not events:
            text = "; ".join(problems)
            raise self._unreadable(400, msgspec.json.encode(text), text)
        if problems:
            # As Alertmanager does: the good ones count and the sender hears of the bad.
            body = msgspec.json.encode("; ".join(problems))
            return Reading(events, Answer(400, body), problems=problems)
        return Reading(events, _OK)

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Everything but the intake."""
        if inbound.method == "GET" and inbound.path.rstrip("/") == "":
            return Answer(200, _help(inbound).encode(), "text/plain; charset=utf-8")
        return api.answer(inbound, desk)

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """Alertmanager's error object."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        return Answer(status, api.problem(status, reason), headers=headers)

    def _unreadable(self, status: int, body: bytes, reason: str = "") -> Unreadable:
        return Unreadable(reason or body.decode(), Answer(status, body))


def _wrong_type(kind: str) -> bytes:
    text = f'unsupported media type "{kind}", only [application/json] are allowed'
    return api.problem(415, text)


def _posted(body: bytes) -> Sequence[_Posted]:
    """The alerts of `body`; `_Short` ones need no cleaning."""
    if is_clean_json(body):
        with contextlib.suppress(msgspec.ValidationError):
            return _decode_short(body)
    return _decode(body)


def _problem(alert: _Posted) -> str:
    labels = alert.labels
    if not any(labels.values()):
        return "at least one label pair required"
    if not labels.keys() <= _good_names:
        for name in labels:
            if not _NAME.match(name):
                quoted = msgspec.json.encode(name).decode()
                return f"invalid label set: invalid name {quoted}"
        if len(_good_names) < _MOST_GOOD_NAMES:
            _good_names.update(labels)
    if alert.startsAt and alert.endsAt and _ZERO < alert.endsAt < alert.startsAt:
        return "start time must be before end time"
    return ""


def _event(alert: _Posted, now: datetime, shortest_life: datetime) -> AlertEvent:
    labels = alert.labels
    notes = alert.annotations
    starts = _given(alert.startsAt)
    ends = _given(alert.endsAt)
    # An empty label is the same as none (Prometheus' data model).
    if "" in labels.values():
        labels = {name: value for name, value in labels.items() if value}
    key = fingerprint(labels)
    if ends is not None and ends <= now:
        return AlertEvent(
            EventKind.RESOLVE, key, _title(labels, notes), occurred_at=ends
        )
    expires = now + RESOLVE_TIMEOUT if ends is None else max(ends, shortest_life)
    is_clean = type(alert) is _Short
    return AlertEvent(
        kind=_TRIGGER,
        key=key,
        title=_title(labels, notes),
        level=labels.get("severity", ""),
        labels=labels if is_clean else clean_all(labels),
        details=notes if is_clean else clean_all(notes),
        occurred_at=starts,
        expires_at=expires,
        link=web_link(alert.generatorURL),
    )


def _given(at: datetime | None) -> datetime | None:
    """Go's zero time means "none"; a time without a zone is read as UTC."""
    if at is None:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at if at.year > 1 else None


def _title(labels: Mapping[str, str], notes: Mapping[str, str]) -> str:
    for name in ("summary", "title", "description", "message"):
        text = notes.get(name)
        if text:
            return clean_title(text.split("\n", 1)[0])
    name = labels.get("alertname", "Alert without a name")
    instance = labels.get("instance", "")
    return clean_title(f"{name} on {instance}" if instance else name)


def _help(inbound: Inbound) -> str:
    return f"""This address takes alerts as an Alertmanager does (API v2).

prometheus.yml:

  alerting:
    alertmanagers:
      - scheme: {inbound.base_url.split(":", 1)[0]}
        path_prefix: /{inbound.base_url.split("/", 3)[-1]}
        static_configs:
          - targets: ["{inbound.base_url.split("/")[2]}"]

vmalert:   -notifier.url={inbound.base_url}
amtool:    amtool --alertmanager.url={inbound.base_url} alert query
"""


INTEGRATION = Prometheus()
