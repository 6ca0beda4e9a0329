"""Pages to a machine by HTTP, signed as Standard Webhooks says.

Source: standard-webhooks.md 1.0.0, read 2026-11-23: the signature covers
`id.timestamp.body`, the id is the idempotency key. The address may carry its own secret:
`https://host/path#whsec_…`. Redirects are not followed, and where the name leads is
judged before the connection (no private networks unless the settings allow them).
"""

import base64
import binascii
import hmac
import ipaddress
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

import httpx2
import msgspec

from tocsin.interfaces import DeliveryFailed, DeliveryUnknown, PageMessage, Receipt

_PREFIX = "whsec_"


class WebhookPager:
    """The `webhook` channel."""

    channel = "webhook"

    def __init__(
        self, *, secret: str, allow_private: bool, now: Callable[[], datetime]
    ) -> None:
        self._secret = secret
        self._allow_private = allow_private
        self._now = now
        self._client = httpx2.Client(follow_redirects=False, trust_env=False)

    def problems(self, address: str) -> Sequence[str]:
        """Whether `address` is one that can be posted to."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return [f"{_masked(address)!r}: expected https://HOST/PATH[#whsec_SECRET]"]
        if parts.fragment and not parts.fragment.startswith(_PREFIX):
            return ["the part after # must be a secret that begins with whsec_"]
        return []

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """POST the page. Raises DeliveryFailed, DeliveryUnknown."""
        if self.problems(to):
            raise DeliveryFailed(self.problems(to)[0], permanent=True)
        url, _, own = to.partition("#")
        body = msgspec.json.encode(message)
        headers = self._headers(body, key, own or self._secret)
        try:
            host = urlsplit(url).hostname or ""
            address = public_address(host, allow_private=self._allow_private)
        except OSError as error:
            reason = f"the host cannot be found: {error.strerror}"
            raise DeliveryFailed(reason, permanent=False) from None
        return send(
            self._client, "POST", url, pinned=address, content=body, headers=headers,
            timeout_seconds=timeout_seconds,
        )  # fmt: skip

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


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The base64 HMAC-SHA-256 of Standard Webhooks."""
    plain = secret.removeprefix(_PREFIX)
    try:
        raw = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        raw = plain.encode()
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(raw, signed, sha256).digest()).decode()


def public_address(host: str, *, allow_private: bool) -> str:
    """The address to connect to. Raises DeliveryFailed for one inside, OSError."""
    found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    if not allow_private:
        for text in found:
            if not _is_public(ipaddress.ip_address(text.partition("%")[0])):
                reason = (
                    f"{host} leads to a private network; set "
                    "TOCSIN_ALLOW_PRIVATE_TARGETS=true if that is meant"
                )
                raise DeliveryFailed(reason, permanent=True)
    return sorted(found)[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return inner.is_global
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF).is_global
    return address.is_global and not address.is_multicast


def send(
    client: httpx2.Client,
    method: str,
    url: str,
    *,
    pinned: str,
    content: bytes,
    headers: dict[str, str],
    timeout_seconds: float,
) -> Receipt:
    """One request to the address that was judged; its answer as a receipt.

    Raises DeliveryFailed, DeliveryUnknown.
    """
    parts = urlsplit(url)
    netloc = f"[{pinned}]" if ":" in pinned else pinned
    if parts.port:
        netloc += f":{parts.port}"
    target = parts._replace(netloc=netloc, fragment="").geturl()
    host = parts.hostname or ""
    try:
        answer = client.request(
            method,
            target,
            content=content,
            headers={
                **headers,
                "host": host + (f":{parts.port}" if parts.port else ""),
            },
            timeout=timeout_seconds,
            extensions={"sni_hostname": host},
        )
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        reason = f"{host}: {type(error).__name__}"
        raise DeliveryFailed(reason, permanent=False) from None
    except httpx2.HTTPError as error:
        raise DeliveryUnknown(f"{host}: {type(error).__name__}") from None
    return judged(answer)


def judged(answer: httpx2.Response) -> Receipt:
    """2xx is a receipt; 408, 425, 429 and 5xx are temporary; the rest is final."""
    code = answer.status_code
    said = f"{code} {answer.text[:300]}".strip()
    if 200 <= code < 300:
        return Receipt(answer.headers.get("x-request-id", ""), said)
    wait = answer.headers.get("retry-after", "")
    raise DeliveryFailed(
        said,
        permanent=code not in (408, 425, 429) and code < 500,
        retry_after_seconds=float(wait) if wait.isdigit() else None,
    )


def _masked(address: str) -> str:
    return address.split("#")[0].split("?")[0][:80]
