"""Posts on Mastodon, by an application's access token.

Source: docs.joinmastodon.org (POST /api/v1/statuses), read 2026-11-25. `Idempotency-Key`
makes a post that is sent twice within an hour one post.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import Receipt


class MastodonPoster:
    """The network `mastodon`."""

    channel = "mastodon"

    def __init__(self, url: str, token: str, egress: Egress) -> None:
        self._url = url
        self._token = token
        self._egress = egress

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """A public post. Raises DeliveryFailed, DeliveryUnknown."""
        fields = {"status": payload["text"], "visibility": "public"}
        if payload.get("parent"):
            fields["in_reply_to_id"] = payload["parent"]
        answer = self._egress.request(
            "POST",
            f"{self._url}/api/v1/statuses",
            headers={
                "authorization": f"Bearer {self._token}",
                "content-type": "application/x-www-form-urlencoded",
                "idempotency-key": key,
                "user-agent": "Tocsin",
            },
            body=urlencode(fields).encode(),
            timeout_seconds=timeout_seconds,
        )
        if answer.status != 200:
            wait = answer.headers.get("retry-after", "")
            judged = verdict(answer.status, retry_after=wait)
            raise DeliveryFailed(
                f"{answer.status} {without(answer.text, self._token)[:300]}".strip(),
                permanent=judged.permanent,
                retry_after_seconds=judged.retry_after_seconds,
            )
        try:
            posted = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise DeliveryUnknown("the answer cannot be read") from None
        return Receipt(str(posted.get("id", "")), str(posted.get("url", "")))
