"""Posts on X, with the four secrets of an app that acts for one account.

Source: docs.x.com (POST /2/tweets, OAuth 1.0a) and RFC 5849, read 2026-11-25. X knows no
idempotency keys, but takes no text twice: after a doubt, its refusal of a duplicate is
the proof that the post is there.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha1
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress, HttpAnswer
from tocsin.interfaces.pagers import Receipt

URL = "https://api.x.com"


class XSecrets(Struct, frozen=True):
    """Of the app, and of the account that it acts for."""

    key: str
    key_secret: str
    token: str
    token_secret: str


class XPoster:
    """The network `x`."""

    channel = "x"

    def __init__(
        self,
        secrets: XSecrets,
        egress: Egress,
        *,
        now: Callable[[], datetime],
        nonce: Callable[[], str],
        url: str = URL,
    ) -> None:
        self._secrets = secrets
        self._egress = egress
        self._now = now
        self._nonce = nonce
        self._url = url

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """A post. Raises DeliveryFailed, DeliveryUnknown."""
        url = f"{self._url}/2/tweets"
        body: dict[str, Any] = {"text": payload["text"]}
        if payload.get("parent"):
            body["reply"] = {"in_reply_to_tweet_id": payload["parent"]}
        stamp = str(int(self._now().timestamp()))
        answer = self._egress.request(
            "POST",
            url,
            headers={
                "authorization": authorization(
                    "POST", url, self._secrets, nonce=self._nonce(), stamp=stamp
                ),
                "content-type": "application/json",
                "user-agent": "Tocsin",
            },
            body=msgspec.json.encode(body),
            timeout_seconds=timeout_seconds,
        )
        if answer.status != 201:
            if payload.get("doubtful") and _is_duplicate(answer):
                return Receipt("", "it was there already")
            raise self._refusal(answer)
        try:
            posted = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise DeliveryUnknown("the answer cannot be read") from None
        number = str((posted.get("data") or {}).get("id", ""))
        return Receipt(number, f"https://x.com/i/status/{number}")

    def _refusal(self, answer: HttpAnswer) -> DeliveryFailed:
        reset = answer.headers.get("x-rate-limit-reset", "")
        wait = answer.headers.get("retry-after", "")
        if not wait and answer.status == 429 and reset.isascii() and reset.isdigit():
            wait = str(max(1, int(reset) - int(self._now().timestamp())))
        judged = verdict(answer.status, retry_after=wait)
        secrets = self._secrets
        said = without(answer.text, secrets.token, secrets.key)[:300]
        return DeliveryFailed(
            f"{answer.status} {said}".strip(),
            permanent=judged.permanent,
            retry_after_seconds=judged.retry_after_seconds,
        )


def authorization(
    method: str,
    url: str,
    secrets: XSecrets,
    *,
    nonce: str,
    stamp: str,
    fields: Mapping[str, str] = {},
) -> str:
    """The header of RFC 5849; `fields` are those of a query or form, never of JSON."""
    signed = {
        "oauth_consumer_key": secrets.key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": stamp,
        "oauth_token": secrets.token,
        "oauth_version": "1.0",
    }
    pairs = sorted((_coded(k), _coded(v)) for k, v in (signed | dict(fields)).items())
    said = "&".join(f"{name}={value}" for name, value in pairs)
    text = f"{method}&{_coded(url)}&{_coded(said)}"
    key = f"{_coded(secrets.key_secret)}&{_coded(secrets.token_secret)}"
    digest = hmac.new(key.encode(), text.encode(), sha1).digest()
    signed["oauth_signature"] = base64.b64encode(digest).decode()
    shown = (f'{_coded(k)}="{_coded(v)}"' for k, v in sorted(signed.items()))
    return "OAuth " + ", ".join(shown)


def _coded(text: str) -> str:
    return quote(text, safe="~")


def _is_duplicate(answer: HttpAnswer) -> bool:
    return answer.status == 403 and "duplicate content" in answer.text.lower()
