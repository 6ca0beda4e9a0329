"""One call of a Matrix homeserver, and what its refusals mean."""

import contextlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote

import msgspec

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress, HttpAnswer

_API = "/_matrix/client/v3"
TIMEOUT_SECONDS = 10.0


class MatrixWire:
    """Thread-safe. `me` is the bot's own name."""

    def __init__(self, url: str, token: str, egress: Egress) -> None:
        self._url = url
        self._token = token
        self._egress = egress

    @cached_property
    def me(self) -> str:
        """Such as @tocsin:example.org."""
        found = self.call("GET", "/account/whoami", seconds=TIMEOUT_SECONDS)
        return str(found["user_id"])

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        seconds: float,
    ) -> dict[str, Any]:
        """What it answered. Raises Refused, TooLong, DeliveryFailed, DeliveryUnknown."""
        answer = self._egress.request(
            method,
            f"{self._url}{_API}{path}",
            headers={
                "authorization": f"Bearer {self._token}",
                "content-type": "application/json",
                "user-agent": "Tocsin",
            },
            body=b"" if body is None else msgspec.json.encode(body),
            timeout_seconds=seconds,
        )
        if answer.status != 200:
            raise self._refusal(answer)
        return _object(answer, asked=method == "GET")

    def _refusal(self, answer: HttpAnswer) -> "Refused":
        said: dict[str, Any] = {}
        with contextlib.suppress(msgspec.DecodeError):
            said = msgspec.json.decode(answer.body, type=dict[str, Any])
        wait = answer.headers.get("retry-after", "")
        if not wait and isinstance(said.get("retry_after_ms"), int):
            wait = str(said["retry_after_ms"] / 1000)
        judged = verdict(answer.status, retry_after=wait)
        code = str(said.get("errcode", ""))
        reason = f"{answer.status} {code} {said.get('error', '')}".strip()
        return Refused(
            without(reason[:300], self._token),
            permanent=judged.permanent,
            retry_after_seconds=judged.retry_after_seconds,
            code=code,
        )


class Refused(DeliveryFailed):
    """With the server's own code for why."""

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        retry_after_seconds: float | None = None,
        code: str = "",
    ) -> None:
        super().__init__(
            reason, permanent=permanent, retry_after_seconds=retry_after_seconds
        )
        self.code = code


class TooLong(DeliveryFailed):
    """What was asked for is more than is read; the caller may ask for less."""


def object_of(value: object) -> dict[str, Any]:
    """A JSON object, empty when it is something else: people write into events."""
    return value if isinstance(value, dict) else {}


def _object(answer: HttpAnswer, *, asked: bool) -> dict[str, Any]:
    try:
        # People may write halves of characters, which msgspec takes for damage.
        return object_of(json.loads(answer.body))
    except (ValueError, RecursionError):
        reason = "the answer cannot be read"
        if asked:
            raise TooLong(reason, permanent=False) from None
        raise DeliveryUnknown(reason) from None


def room(channel: str) -> str:
    """The path of a room."""
    return f"/rooms/{quote(channel, safe='', errors='replace')}"
