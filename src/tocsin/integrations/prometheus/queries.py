"""The eight operations of Alertmanager's API v2 that ask or silence, from a Desk.

Source: Alertmanager 0.25 `api/v2/openapi.yaml`; error bodies as 0.25 sends them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from tocsin.core.alerts.silences import Matcher, matches
from tocsin.interfaces.arrivals import (
    AlertView,
    Answer,
    Desk,
    Inbound,
    SilenceRefused,
    SilenceView,
)

# amtool warns when the server is not of its own version; this is Debian's.
VERSION = "0.25.0"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_FILTER = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*\Z", re.S)
_encode = msgspec.json.encode


def problem(code: int, message: str) -> bytes:
    """The error object of go-openapi."""
    return _encode({"code": code, "message": message})


def answer(inbound: Inbound, desk: Desk) -> Answer:
    """One of the eight operations, or the error that Alertmanager gives."""
    path = inbound.path.rstrip("/")
    if path.startswith("/api/v2/silence/"):
        silence_id = unquote(path.removeprefix("/api/v2/silence/"))
        return _one_silence(inbound.method, silence_id, desk)
    operation = _OPERATIONS.get((inbound.method, path))
    if operation is not None:
        try:
            return operation(inbound, desk)
        except _BadRequest as bad:
            return Answer(400, _encode(str(bad)))
    if any(path == known for _, known in _OPERATIONS) or path == "/api/v2/alerts":
        text = f"method {inbound.method} is not allowed"
        return Answer(405, problem(405, text))
    if path in ("/-/healthy", "/-/ready"):
        return Answer(200, b"OK", "text/plain; charset=utf-8")
    return Answer(404, problem(404, f"path {inbound.path} was not found"))


class _BadRequest(Exception):
    """What Alertmanager answers with a bare JSON string."""


def _status(_: Inbound, desk: Desk) -> Answer:
    receiver = desk.receivers()[0]
    config = (
        f"route:\n  receiver: {_encode(receiver).decode()}\n"
        f"receivers:\n- name: {_encode(receiver).decode()}\n"
    )
    return _json(
        {
            "cluster": {"status": "disabled", "peers": []},
            "config": {"original": config},
            "uptime": _time(desk.started_at()),
            "versionInfo": {
                "branch": "HEAD",
                "buildDate": "",
                "buildUser": "tocsin",
                "goVersion": "",
                "revision": "",
                "version": VERSION,
            },
        }
    )


def _receivers(_: Inbound, desk: Desk) -> Answer:
    return _json([{"name": name} for name in desk.receivers()])


def _alerts(inbound: Inbound, desk: Desk) -> Answer:
    return _json(
        [_alert(view, desk.receivers()) for view in _chosen_alerts(inbound, desk)]
    )


def _groups(inbound: Inbound, desk: Desk) -> Answer:
    receiver = desk.receivers()[0]
    chosen = _chosen_alerts(inbound, desk)
    if not chosen:
        return _json([])
    return _json(
        [
            {
                "alerts": [_alert(view, [receiver]) for view in chosen],
                "labels": {},
                "receiver": {"name": receiver},
            }
        ]
    )


def _chosen_alerts(inbound: Inbound, desk: Desk) -> list[AlertView]:
    matchers = _filters(inbound)
    wants = {
        name: _flag(inbound, name, default=True)
        for name in ("active", "silenced", "inhibited", "unprocessed")
    }
    receiver = dict(inbound.query).get("receiver")
    if receiver is not None and not any(
        re.fullmatch(_pattern(receiver), name) for name in desk.receivers()
    ):
        return []
    return [
        view
        for view in desk.alerts()
        if wants["silenced" if view.silenced_by else "active"]
        and all(matches(matcher, view.labels) for matcher in matchers)
    ]


def _silences(inbound: Inbound, desk: Desk) -> Answer:
    matchers = _filters(inbound)
    chosen = [
        view
        for view in desk.silences()
        if all(_silence_matches(matcher, view) for matcher in matchers)
    ]
    order = {"active": 0, "pending": 1, "expired": 2}
    chosen.sort(key=lambda view: (order[view.state], view.ends_at))
    return _json([_silence(view) for view in chosen])


def _silence_matches(matcher: Matcher, view: SilenceView) -> bool:
    named = [own for own in view.matchers if own.name == matcher.name]
    if not named:
        return False
    return any(matches(matcher, {own.name: own.value}) for own in named)


class _WireMatcher(Struct):
    name: str
    value: str
    isRegex: bool = False
    isEqual: bool = True


class _PostedSilence(Struct):
    matchers: list[_WireMatcher]
    startsAt: datetime
    endsAt: datetime
    createdBy: str
    comment: str
    id: str | None = ""


def _post_silence(inbound: Inbound, desk: Desk) -> Answer:
    try:
        posted = msgspec.json.decode(inbound.body, type=_PostedSilence)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        text = f'parsing silence body from "" failed, because {error}'
        return Answer(400, problem(400, text))
    matchers = [
        Matcher(one.name, one.value, one.isRegex, one.isEqual)
        for one in posted.matchers
    ]
    try:
        silence_id = desk.put_silence(
            silence_id=posted.id or "",
            matchers=matchers,
            starts_at=_utc(posted.startsAt),
            ends_at=_utc(posted.endsAt),
            author=posted.createdBy,
            comment=posted.comment,
        )
    except SilenceRefused as refused:
        status = 404 if "there is no silence" in str(refused) else 400
        return Answer(status, _encode(f"silence invalid: {refused}"))
    return _json({"silenceID": silence_id})


def _one_silence(method: str, silence_id: str, desk: Desk) -> Answer:
    if not _UUID.match(silence_id):
        text = f"silenceID in path must be of type uuid: {_encode(silence_id).decode()}"
        return Answer(422, problem(601, text))
    if method == "DELETE":
        return Answer(200) if desk.expire_silence(silence_id) else Answer(404)
    if method != "GET":
        return Answer(405, problem(405, f"method {method} is not allowed"))
    view = desk.silence(silence_id)
    return Answer(404) if view is None else _json(_silence(view))


def _filters(inbound: Inbound) -> list[Matcher]:
    return [_matcher(value) for name, value in inbound.query if name == "filter"]


def _matcher(text: str) -> Matcher:
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    found = _FILTER.match(inner)
    if found is None:
        raise _BadRequest(f"bad matcher format: {text}")
    name, operator, value = found.groups()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    is_regex = operator in ("=~", "!~")
    if is_regex:
        _pattern(value)
    return Matcher(name, value, is_regex, operator in ("=", "=~"))


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise _BadRequest(f"bad regular expression {text!r}: {error}") from None
    if len(text) > 512:
        raise _BadRequest("the regular expression is longer than 512 characters")
    return text


def _flag(inbound: Inbound, name: str, *, default: bool) -> bool:
    value = dict(inbound.query).get(name)
    if value is None:
        return default
    if value.lower() not in ("true", "false", "1", "0"):
        raise _BadRequest(f"{name} in query must be of type boolean: {value!r}")
    return value.lower() in ("true", "1")


def _alert(view: AlertView, receivers: Sequence[str]) -> dict[str, Any]:
    return {
        "annotations": view.annotations,
        "endsAt": _time(view.ends_at),
        "fingerprint": view.key[:16],
        "receivers": [{"name": name} for name in receivers],
        "startsAt": _time(view.starts_at),
        "status": {
            "inhibitedBy": [],
            "silencedBy": list(view.silenced_by),
            "state": "suppressed" if view.silenced_by else "active",
        },
        "updatedAt": _time(view.updated_at),
        "generatorURL": view.link,
        "labels": view.labels,
    }


def _silence(view: SilenceView) -> dict[str, Any]:
    return {
        "id": view.id,
        "status": {"state": view.state},
        "updatedAt": _time(view.updated_at),
        "comment": view.comment,
        "createdBy": view.author,
        "endsAt": _time(view.ends_at),
        "matchers": [
            {
                "isEqual": matcher.is_equal,
                "isRegex": matcher.is_regex,
                "name": matcher.name,
                "value": matcher.value,
            }
            for matcher in view.matchers
        ],
        "startsAt": _time(view.starts_at),
    }


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{at.microsecond // 1000:03d}Z"
    )


def _json(value: object) -> Answer:
    return Answer(200, _encode(value))


_OPERATIONS: Mapping[tuple[str, str], Callable[[Inbound, Desk], Answer]] = {
    ("GET", "/api/v2/status"): _status,
    ("GET", "/api/v2/receivers"): _receivers,
    ("GET", "/api/v2/silences"): _silences,
    ("POST", "/api/v2/silences"): _post_silence,
    ("GET", "/api/v2/alerts"): _alerts,
    ("GET", "/api/v2/alerts/groups"): _groups,
}
