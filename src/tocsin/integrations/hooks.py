"""Updates of a status page to readers' hooks: a chat's incoming webhook, or a program.

Sources, read 2026-11-25: Slack "Sending messages using incoming webhooks" (`text`, with
&, < and > escaped), whose form Mattermost and Google Chat take too; Statuspage "Webhook
notifications" for what a program is told; standard-webhooks.md 1.0.0 for its signature.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tocsin.core.alerts.standard_webhooks import signature
from tocsin.core.http_verdicts import verdict
from tocsin.core.status.subscribers import CHAT
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import Receipt


class HookPoster:
    """The channel of readers' hooks. The addresses are of strangers: see its Egress."""

    channel = "hook"

    def __init__(self, egress: Egress, *, now: Callable[[], datetime]) -> None:
        self._egress = egress
        self._now = now

    def post(
        self,
        payload: Mapping[str, Any],
        *,
        to: str,
        key: str,
        timeout_seconds: float,
    ) -> Receipt:
        """One POST. Raises DeliveryFailed, DeliveryUnknown."""
        headers = {"content-type": "application/json", "user-agent": "Tocsin"}
        if payload["kind"] == CHAT:
            body = msgspec.json.encode({"text": escaped(str(payload["text"]))})
        else:
            body = msgspec.json.encode(payload["body"])
            stamp = str(int(self._now().timestamp()))
            made = signature(str(payload["secret"]), key, stamp, body)
            headers |= {
                "webhook-id": key,
                "webhook-timestamp": stamp,
                "webhook-signature": f"v1,{made}",
            }
        answer = self._egress.request(
            "POST",
            str(payload["url"]),
            headers=headers,
            body=body,
            timeout_seconds=timeout_seconds,
        )
        said = f"{answer.status} {answer.text[:300]}".strip()
        if not 200 <= answer.status < 300:
            wait = answer.headers.get("retry-after", "")
            judged = verdict(answer.status, retry_after=wait)
            raise DeliveryFailed(
                said,
                permanent=judged.permanent,
                retry_after_seconds=judged.retry_after_seconds,
            )
        return Receipt(key, said)


def escaped(text: str) -> str:
    """No word of it addresses everybody, or is a link that says something else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
