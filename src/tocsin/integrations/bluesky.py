"""Posts on Bluesky (AT Protocol), by an app password.

Source: atproto.com (com.atproto.server.createSession, com.atproto.repo.putRecord, record
keys of the type tid) and docs.bsky.app (posts, facets), read 2026-11-25; tried on the
real PDS 0.5. The record's key is made of when the update was published and of our key,
so a post that is put twice is one record.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.core.status.social import links
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress, HttpAnswer
from tocsin.interfaces.pagers import Receipt

_COLLECTION = "app.bsky.feed.post"
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_STALE = ("ExpiredToken", "InvalidToken")


class BlueskyPoster:
    """The network `bluesky`."""

    channel = "bluesky"

    def __init__(self, url: str, handle: str, password: str, egress: Egress) -> None:
        self._url = url
        self._handle = handle
        self._password = password
        self._egress = egress
        self._lock = threading.Lock()
        self._session: tuple[str, str] | None = None

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """A post, with its links as links. Raises DeliveryFailed, DeliveryUnknown."""
        at = datetime.fromisoformat(payload["at"])
        record = _record(payload, at)
        rkey = record_key(at, key)
        try:
            put = self._put(rkey, record, timeout_seconds)
        except _Refused as refused:
            if refused.code not in _STALE:
                raise
            with self._lock:
                self._session = None
            put = self._put(rkey, record, timeout_seconds)
        url = f"https://bsky.app/profile/{self._handle}/post/{rkey}"
        return Receipt(f"{put.get('uri', '')} {put.get('cid', '')}", url)

    def _put(
        self, rkey: str, record: Mapping[str, Any], seconds: float
    ) -> dict[str, Any]:
        did, token = self._signed_in(seconds)
        body = {"repo": did, "collection": _COLLECTION, "rkey": rkey, "record": record}
        return self._call("com.atproto.repo.putRecord", body, seconds, token=token)

    def _signed_in(self, seconds: float) -> tuple[str, str]:
        """Kept as long as it is taken: sessions are counted."""
        with self._lock:
            if self._session is None:
                body = {"identifier": self._handle, "password": self._password}
                made = self._call("com.atproto.server.createSession", body, seconds)
                self._session = (str(made["did"]), str(made["accessJwt"]))
            return self._session

    def _call(
        self, method: str, body: Mapping[str, Any], seconds: float, *, token: str = ""
    ) -> dict[str, Any]:
        headers = {"content-type": "application/json", "user-agent": "Tocsin"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        answer = self._egress.request(
            "POST", f"{self._url}/xrpc/{method}", headers=headers,
            body=msgspec.json.encode(body), timeout_seconds=seconds,
        )  # fmt: skip
        if answer.status != 200:
            raise self._refusal(answer, token)
        try:
            return msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise DeliveryUnknown("the answer cannot be read") from None

    def _refusal(self, answer: HttpAnswer, token: str) -> "_Refused":
        try:
            said = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError:
            said = {}
        code = str(said.get("error", ""))
        judged = verdict(
            answer.status, retry_after=answer.headers.get("retry-after", "")
        )
        reason = f"{answer.status} {code} {said.get('message', '')}".strip()
        secrets = [one for one in (self._password, token) if one]
        return _Refused(
            without(reason, *secrets)[:300],
            permanent=judged.permanent and code not in _STALE,
            retry_after_seconds=judged.retry_after_seconds,
            code=code,
        )


class _Refused(DeliveryFailed):
    """With the server's own code for why."""

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        retry_after_seconds: float | None,
        code: str,
    ) -> None:
        super().__init__(
            reason, permanent=permanent, retry_after_seconds=retry_after_seconds
        )
        self.code = code


def record_key(at: datetime, key: str) -> str:
    """A tid: microseconds since 1970 and ten bits that tell two keys apart."""
    clock = int.from_bytes(sha256(key.encode()).digest()[:2], "big") & 0x3FF
    number = (int(at.timestamp() * 1_000_000) & ((1 << 53) - 1)) << 10 | clock
    return "".join(_DIGITS[number >> shift & 31] for shift in range(60, -5, -5))


def _record(payload: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    text = str(payload["text"])
    record: dict[str, Any] = {
        "$type": _COLLECTION,
        "text": text,
        "createdAt": at.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{at.microsecond // 1000:03}Z",
        "facets": [
            {
                "index": {"byteStart": start, "byteEnd": end},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}],
            }
            for start, end, uri in links(text)
        ],
    }
    if payload.get("parent"):
        places = {"root": payload["root"], "parent": payload["parent"]}
        record["reply"] = {name: _ref(place) for name, place in places.items()}
    return record


def _ref(place: str) -> dict[str, str]:
    uri, _, cid = place.partition(" ")
    return {"uri": uri, "cid": cid}
