"""Pages to a machine by HTTP, signed as Standard Webhooks says.

Source: standard-webhooks.md 1.0.0, read 2026-11-23: the signature covers
`id.timestamp.body`, the id is the idempotency key. The address may carry its own secret:
`https://host/path#whsec_…`. Where it leads is judged by the Egress it goes through.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tocsin.core.alerts.standard_webhooks import PREFIX, signature
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import Egress, HttpAnswer
from tocsin.interfaces.pagers import PageMessage, Receipt


class WebhookPager:
    """The `webhook` channel."""

    channel = "webhook"

    def __init__(
        self, *, secret: str, egress: Egress, now: Callable[[], datetime]
    ) -> None:
        self._secret = secret
        self._egress = egress
        self._now = now

    def problems(self, address: str) -> Sequence[str]:
        """Whether `address` is one that can be posted to."""
        url, _, secret = address.partition("#")
        found = self._egress.problems(url)
        if found:
            return [f"{found[0]}, such as https://HOST/PATH[#whsec_SECRET]"]
        if secret and not secret.startswith(PREFIX):
            return ["after #: expected a secret that begins with whsec_"]
        return []

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """POST the page. Raises DeliveryFailed, DeliveryUnknown."""
        if self.problems(to):
            raise DeliveryFailed(self.problems(to)[0], permanent=True)
        url, _, own = to.partition("#")
        body = msgspec.json.encode(message)
        answer = self._egress.request(
            "POST",
            url,
            headers=self._headers(body, key, own or self._secret),
            body=body,
            timeout_seconds=timeout_seconds,
        )
        return judged(answer)

    def _headers(self, body: bytes, key: str, secret: str) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "user-agent": "Tocsin",
            "webhook-id": key,
            "webhook-timestamp": str(int(self._now().timestamp())),
        }
        if secret:
            stamp = headers["webhook-timestamp"]
            headers["webhook-signature"] = "v1," + signature(secret, key, stamp, body)
        return headers


def judged(answer: HttpAnswer) -> Receipt:
    """2xx is a receipt; 408, 425, 429 and 5xx are temporary; the rest is final."""
    code = answer.status
    said = f"{code} {answer.text[:300]}".strip()
    if 200 <= code < 300:
        return Receipt(answer.headers.get("x-request-id", ""), said)
    wait = answer.headers.get("retry-after", "")
    raise DeliveryFailed(
        said,
        permanent=code not in (408, 425, 429) and code < 500,
        retry_after_seconds=float(wait) if wait.isdigit() else None,
    )
