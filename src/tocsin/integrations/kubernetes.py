"""Rollouts in Kubernetes as changes: from Flux, and from the cluster's own events.

No alerts. Sources, read 2026-11-25: Flux "Events" and "Providers" (`generic` posts the event,
`generic-hmac` signs it in `X-Signature`), Kubernetes API reference "Event v1 core" as event
exporters post it. Argo CD writes whatever its template says: it posts to a `generic`
integration's `/changes`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tocsin.core.alerts.body_signatures import is_signed
from tocsin.core.excerpts import clean, clean_title
from tocsin.interfaces.arrivals import (
    Answer,
    Change,
    Desk,
    Inbound,
    Reading,
    Unreadable,
)

_encode = msgspec.json.encode
_MOST_EVENTS = 1000
# What Flux says when something has been put into the cluster, or could not be.
_DONE = (
    "ReconciliationSucceeded", "InstallSucceeded", "UpgradeSucceeded",
    "RollbackSucceeded", "UninstallSucceeded",
)  # fmt: skip
_SCALED_UP = re.compile(r"Scaled up replica set (\S+) ")


class _Ignored(Exception):
    """The event is well and no change; the text is why."""


class Kubernetes:
    """The dialect of who tells what a cluster did."""

    type = "kubernetes"

    def is_intake(self, inbound: Inbound) -> bool:
        """Any POST."""
        return inbound.method == "POST"

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """One event, or an array of them. Raises Unreadable."""
        _check_signature(inbound)
        changes, ignored = [], []
        for one in _events(inbound.body):
            try:
                changes.append(_change(one))
            except _Ignored as reason:
                ignored.append(str(reason))
        said: dict[str, object] = {"status": "accepted" if changes else "ignored"}
        said["changes"] = [one.summary for one in changes]
        if ignored:
            said["ignored"] = ignored[:20]
        return Reading([], Answer(202, _encode(said)), changes=changes)

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says what to set up."""
        if inbound.method not in ("GET", "HEAD"):
            return self.refuse(
                405, f"{inbound.method} is not allowed; POST events here"
            )
        text = f"""Events of a cluster are POSTed here: {inbound.base_url}

  Flux              a Provider of the type generic (or generic-hmac, with the last part of
                    that address as its token) and an Alert that names it
  event exporters   a webhook of the events ScalingReplicaSet, DeploymentRollback and
                    SuccessfulRescale, as they are
"""
        return Answer(200, text.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """A Status object, as the API server has it."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        body = {
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "message": reason, "code": status,
        }  # fmt: skip
        return Answer(status, _encode(body), headers=headers)


def _check_signature(inbound: Inbound) -> None:
    """A signature that is there must be right; without one the address is the key."""
    given = inbound.headers.get("x-signature", "")
    if not given or not inbound.secrets:
        return
    if is_signed(given, inbound.body, inbound.secrets):
        return
    reason = (
        "'X-Signature' does not match, expected the SHA-256 HMAC of the body with the "
        "integration's key; set the key as the Provider's token"
    )
    raise _unreadable(reason, status=401)


def _events(raw: bytes) -> list[Mapping[str, Any]]:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise _unreadable(f"the body cannot be read, expected JSON: {error}") from None
    found = body if isinstance(body, list) else [body]
    if len(found) > _MOST_EVENTS:
        raise _unreadable(f"{len(found)} events, expected at most {_MOST_EVENTS}")
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("involvedObject"), dict):
            shown = clean(_encode(one).decode(), longest=60)
            raise _unreadable(f"{shown}: expected an event with an 'involvedObject'")
    return found


def _change(event: Mapping[str, Any]) -> Change:
    """The change that an event tells. Raises _Ignored."""
    if "severity" in event:
        return _by_flux(event)
    return _by_cluster(event)


def _by_flux(event: Mapping[str, Any]) -> Change:
    reason = _text(event, "reason")
    failed = _text(event, "severity") == "error"
    if not failed and reason not in _DONE:
        said = f"{reason or 'an event'} is not the end of a reconciliation"
        raise _Ignored(clean(said, longest=100))
    name, revision = _name(event), _revision(event)
    verb = "Failed to apply" if failed else "Applied"
    what = f"{verb} {name}" + (f" at {revision}" if revision else "")
    if failed or not revision:
        what += f": {_text(event, 'message')}"
    return _made(
        event, what, source="Flux", ref=revision,
        # Flux repeats itself while nothing changes.
        event_id=f"{_text(event, 'involvedObject', 'uid') or name}:{revision}:{reason}",
    )  # fmt: skip


def _by_cluster(event: Mapping[str, Any]) -> Change:
    reason, message = _text(event, "reason"), _text(event, "message")
    name, uid = _name(event), _text(event, "involvedObject", "uid")
    if reason == "ScalingReplicaSet":
        found = _SCALED_UP.match(message + " ")
        if found is None:
            raise _Ignored("a replica set that is scaled down is no new one")
        # A rollout is many steps; its new replica set is one.
        return _made(
            event, f"Rollout of {name}: {found[1]}", source="Kubernetes", ref=found[1],
            event_id=f"{uid or name}:{found[1]}",
        )  # fmt: skip
    if reason == "DeploymentRollback":
        return _made(event, f"Rollback of {name}: {message}", source="Kubernetes")
    if reason == "SuccessfulRescale":
        return _made(
            event, f"Rescaled {name}: {message}", source="Kubernetes", kind="infra"
        )
    raise _Ignored(
        f"{clean(reason, longest=60) or 'an event'} changes nothing that runs"
    )


def _made(
    event: Mapping[str, Any],
    summary: str,
    *,
    source: str,
    kind: str = "deploy",
    ref: str = "",
    event_id: str = "",
) -> Change:
    space = _text(event, "involvedObject", "namespace")
    details = {
        "kind": kind, "namespace": space, "ref": ref, "reason": _text(event, "reason"),
    }  # fmt: skip
    if _text(event, "involvedObject", "kind") == "Deployment":
        name = _text(event, "involvedObject", "name")
        details["rollback"] = f"kubectl -n {space} rollout undo deployment/{name}"
    return Change(
        summary=clean_title(summary),
        source=source,
        occurred_at=_time(event),
        details={name: text for name, text in details.items() if text},
        event_id=clean(event_id or _text(event, "metadata", "uid"), longest=200),
    )


def _name(event: Mapping[str, Any]) -> str:
    parts = (
        _text(event, "involvedObject", "kind"),
        "/".join(
            filter(
                None,
                (
                    _text(event, "involvedObject", "namespace"),
                    _text(event, "involvedObject", "name"),
                ),
            )
        ),
    )
    return " ".join(filter(None, parts)) or "an object"


def _revision(event: Mapping[str, Any]) -> str:
    """Of the metadata, whatever the controller calls its group."""
    known = event.get("metadata")
    for name, value in known.items() if isinstance(known, dict) else ():
        if str(name).rpartition("/")[2] == "revision" and isinstance(value, str):
            return clean(value, longest=200)
    return ""


def _text(event: Mapping[str, Any], *path: str) -> str:
    value: Any = event
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return clean(value) if isinstance(value, str) else ""


def _time(event: Mapping[str, Any]) -> datetime | None:
    for name in ("timestamp", "lastTimestamp", "eventTime", "firstTimestamp"):
        text = _text(event, name)
        try:
            at = datetime.fromisoformat(text) if text else None
        except ValueError:
            at = None
        if at is not None and 1970 < at.year <= 9000:
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _unreadable(reason: str, *, status: int = 400) -> Unreadable:
    return Unreadable(reason, INTEGRATION.refuse(status, reason))


INTEGRATION = Kubernetes()
