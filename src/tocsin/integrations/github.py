"""GitHub's webhooks: what was deployed, pushed, released and run becomes changes.

No alerts. Source: docs.github.com "Webhook events and payloads" and "Validating webhook
deliveries"; read 2026-11-25. The webhook's secret is the integration's key.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec

from tocsin.core.alerts.body_signatures import is_signed
from tocsin.core.excerpts import clean, clean_title, web_link
from tocsin.interfaces.arrivals import (
    Answer,
    Change,
    Desk,
    Inbound,
    Reading,
    Unreadable,
)

_STATES = ("success", "failure")
_encode = msgspec.json.encode


class _Ignored(Exception):
    """The event is well and no change; the text is why."""


class GitHub:
    """The dialect of a repository's or an organization's webhook."""

    type = "github"

    def is_intake(self, inbound: Inbound) -> bool:
        """Any POST."""
        return inbound.method == "POST"

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """One delivery. Raises Unreadable: a wrong signature, or no GitHub event."""
        _check_signature(inbound)
        body = _body(inbound)
        event = inbound.headers.get("x-github-event", "")
        if not event and "zen" in body:
            event = "ping"
        if not event:
            raise _unreadable(
                "'X-GitHub-Event' is missing, expected the name of an event"
            )
        try:
            change = _change(event, body)
        except _Ignored as ignored:
            said = {"status": "ignored", "reason": str(ignored)}
            return Reading([], Answer(202, _encode(said)))
        delivery = clean(inbound.headers.get("x-github-delivery", ""), longest=200)
        change = msgspec.structs.replace(change, event_id=delivery)
        said = {"status": "accepted", "change": change.summary}
        return Reading([], Answer(202, _encode(said)), changes=[change])

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says what to set up."""
        if inbound.method not in ("GET", "HEAD"):
            return self.refuse(
                405, f"{inbound.method} is not allowed; POST deliveries here"
            )
        text = f"""In GitHub: Settings, Webhooks, Add webhook.

  Payload URL   {inbound.base_url}
  Content type  application/json
  Secret        the last part of that address
  Events        Deployments, Deployment statuses, Pushes, Releases, Workflow runs
"""
        return Answer(200, text.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """GitHub's error object."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        body = {"message": reason, "documentation_url": "", "status": str(status)}
        return Answer(status, _encode(body), headers=headers)


def _check_signature(inbound: Inbound) -> None:
    """A signature that is there must be right; without one the address is the key."""
    given = inbound.headers.get("x-hub-signature-256", "")
    if not given or not inbound.secrets:
        return
    if is_signed(given, inbound.body, inbound.secrets):
        return
    reason = (
        "'X-Hub-Signature-256' does not match, expected the SHA-256 HMAC of the body "
        "with the integration's key; set the key as the webhook's secret"
    )
    raise _unreadable(reason, status=401)


def _body(inbound: Inbound) -> Mapping[str, Any]:
    raw = inbound.body
    kind = inbound.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            raw = parse_qs(raw.decode(), strict_parsing=True)["payload"][0].encode()
        body = msgspec.json.decode(raw)
    except KeyError:
        raise _unreadable("'payload' is missing, expected JSON in the form") from None
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise _unreadable(f"the body cannot be read, expected JSON: {error}") from None
    if not isinstance(body, dict):
        shown = clean(_encode(body).decode(), longest=60)
        raise _unreadable(f"the body is {shown}, expected a JSON object")
    return body


def _change(event: str, body: Mapping[str, Any]) -> Change:
    """The change that an event tells. Raises _Ignored or Unreadable."""
    if event not in _READERS:
        raise _Ignored(f"{clean(event, longest=60)} is not a change")
    action = _text(body, "action")
    needed, reader = _READERS[event]
    for name in (*needed, "repository"):
        if not isinstance(body.get(name), dict):
            shown = clean(_encode(body.get(name)).decode(), longest=60)
            raise _unreadable(f"'{name}' is {shown}, expected an object")
    return reader(body, action)


def _deployment(body: Mapping[str, Any], action: str) -> Change:
    what, where = _deployed(body)
    return _made(
        body,
        f"Deployment of {what} to {where} began",
        at=_text(body, "deployment", "created_at"),
        link=_text(body, "workflow_run", "html_url"),
        **_deployment_details(body),
    )


def _deployment_status(body: Mapping[str, Any], action: str) -> Change:
    state = _text(body, "deployment_status", "state")
    if state not in _STATES:
        raise _Ignored(f"a deployment status of {state!r} is not its end")
    what, where = _deployed(body)
    verb = "Deployed" if state == "success" else "Failed to deploy"
    link = _text(body, "deployment_status", "log_url")
    return _made(
        body,
        f"{verb} {what} to {where}",
        at=_text(body, "deployment_status", "created_at"),
        link=link or _text(body, "deployment_status", "target_url"),
        state=state,
        **_deployment_details(body),
    )


def _push(body: Mapping[str, Any], action: str) -> Change:
    branch = _text(body, "repository", "default_branch")
    ref = _text(body, "ref")
    if ref != f"refs/heads/{branch}":
        raise _Ignored(f"{ref} is not the default branch ({branch})")
    if body.get("deleted") is True:
        raise _Ignored("the branch was deleted")
    commits = body.get("commits")
    count = len(commits) if isinstance(commits, list) else 0
    lines = _text(body, "head_commit", "message").splitlines() or [""]
    first = lines[0]
    how = "Forced push" if body.get("forced") is True else "Push"
    number = f"{count} commit{'' if count == 1 else 's'}"
    return _made(
        body,
        f"{how} to {branch} of {_repository(body)}, {number}"
        + (f": {first}" if first else ""),
        at=_number(body, "repository", "pushed_at"),
        link=_text(body, "compare"),
        ref=branch,
        sha=_text(body, "after"),
        by=_text(body, "pusher", "name"),
    )


def _release(body: Mapping[str, Any], action: str) -> Change:
    if action != "published":
        raise _Ignored(f"a release that was {action} is not its publication")
    tag = _text(body, "release", "tag_name")
    return _made(
        body,
        f"Release {tag} of {_repository(body)}",
        at=_text(body, "release", "published_at"),
        link=_text(body, "release", "html_url"),
        ref=tag,
    )


def _workflow_run(body: Mapping[str, Any], action: str) -> Change:
    if action != "completed":
        raise _Ignored(f"a workflow run that was {action} has not completed")
    if _text(body, "workflow_run", "event").startswith("pull_request"):
        raise _Ignored("a workflow run of a pull request changes nothing that runs")
    name = _text(body, "workflow_run", "name") or _text(body, "workflow", "name")
    branch = _text(body, "workflow_run", "head_branch")
    end = _text(body, "workflow_run", "conclusion") or "completed"
    return _made(
        body,
        f"Workflow {name or 'run'} on {branch} of {_repository(body)}: {end}",
        at=_text(body, "workflow_run", "updated_at"),
        link=_text(body, "workflow_run", "html_url"),
        ref=branch,
        sha=_text(body, "workflow_run", "head_sha"),
        state=end,
    )


_READERS: Mapping[
    str, tuple[tuple[str, ...], Callable[[Mapping[str, Any], str], Change]]
] = {
    "deployment": (("deployment",), _deployment),
    "deployment_status": (("deployment", "deployment_status"), _deployment_status),
    "push": ((), _push),
    "release": (("release",), _release),
    "workflow_run": (("workflow_run",), _workflow_run),
}


def _deployed(body: Mapping[str, Any]) -> tuple[str, str]:
    ref = _text(body, "deployment", "ref")
    return f"{_repository(body)} {ref}".strip(), (
        _text(body, "deployment", "environment") or "an environment"
    )


def _deployment_details(body: Mapping[str, Any]) -> dict[str, str]:
    names = ("ref", "sha", "environment")
    found = {name: _text(body, "deployment", name) for name in names}
    return found | {"by": _text(body, "deployment", "creator", "login")}


def _made(
    body: Mapping[str, Any], summary: str, *, at: str | int, link: str, **details: str
) -> Change:
    link = web_link(link) or web_link(_text(body, "repository", "html_url"))
    details.setdefault("by", _text(body, "sender", "login"))
    told = {"kind": "deploy", "repository": _repository(body), **details}
    return Change(
        summary=clean_title(summary),
        source="GitHub",
        occurred_at=_time(at),
        details={name: text for name, text in told.items() if text},
        links=(link,) if link else (),
    )


def _repository(body: Mapping[str, Any]) -> str:
    return _text(body, "repository", "full_name") or "a repository"


def _at(body: Any, *path: str) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _text(body: Mapping[str, Any], *path: str) -> str:
    value = _at(body, *path)
    return clean(value) if isinstance(value, str) else ""


def _number(body: Mapping[str, Any], *path: str) -> int:
    value = _at(body, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _time(value: str | int) -> datetime | None:
    """ISO 8601 or seconds since 1970; what cannot be read counts as none."""
    try:
        if isinstance(value, int):
            at = datetime.fromtimestamp(value, UTC)
        else:
            at = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    if not 1970 < at.year <= 9000:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _unreadable(reason: str, *, status: int = 400) -> Unreadable:
    return Unreadable(reason, INTEGRATION.refuse(status, reason))


INTEGRATION = GitHub()
