"""What the telephone providers' requests have in common."""

import base64
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct

from tocsin.interfaces.arrivals import Answer, Unreadable
from tocsin.interfaces.machine import Egress, HttpAnswer
from tocsin.judging import object_of, refuse_unless_taken


class Way(Struct, frozen=True):
    """An account with a provider, and where it reaches us: `back` is that address."""

    url: str
    account: str
    token: str
    sender: str
    back: str
    ring_seconds: int = 30


def posted(
    way: Way, egress: Egress, path: str, *, body: bytes, kind: str, seconds: float
) -> dict[str, Any]:
    """What the provider answered. Raises DeliveryFailed, DeliveryUnknown."""
    return _taken(way, _asked(way, egress, "POST", path, body, kind, seconds))


def hung_up(
    way: Way,
    egress: Egress,
    path: str,
    *,
    method: str,
    body: bytes = b"",
    kind: str = "application/json",
    seconds: float,
) -> str:
    """What became of a call that is to ring no more; it may have ended by itself.

    Raises DeliveryFailed, DeliveryUnknown.
    """
    answer = _asked(way, egress, method, path, body, kind, seconds)
    if answer.status in (400, 404):
        return "it does not ring any more"
    _taken(way, answer)
    return "called off"


def _asked(
    way: Way,
    egress: Egress,
    method: str,
    path: str,
    body: bytes,
    kind: str,
    seconds: float,
) -> HttpAnswer:
    basic = base64.b64encode(f"{way.account}:{way.token}".encode()).decode()
    return egress.request(
        method,
        f"{way.url}{path}",
        headers={
            "authorization": f"Basic {basic}",
            "content-type": kind,
            "user-agent": "Tocsin",
        },
        body=body,
        timeout_seconds=seconds,
    )


def _taken(way: Way, answer: HttpAnswer) -> dict[str, Any]:
    found = object_of(answer)
    why = found.get("message") or found.get("error") or ""
    said = " ".join(f"{found.get('code', '')} {why}".split())
    refuse_unless_taken(answer, way.token, said=said)
    return found


def fields_of(body: bytes) -> dict[str, str]:
    """A form's fields. Raises Unreadable."""
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
        )
    except ValueError:
        raise refused("expected a form", 400) from None


def number(text: str) -> str:
    """With its +: some providers leave it out."""
    bare = text.strip().lstrip("+").strip()
    return f"+{bare}" if bare else ""


def refused(reason: str, status: int = 403) -> Unreadable:
    """What a request gets that is not the provider's, or asks for nothing of ours."""
    return Unreadable(reason, Answer(status, reason.encode(), "text/plain"))
