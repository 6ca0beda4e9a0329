"""Writes the files of a status page into an S3-compatible bucket.

Source: Amazon S3 API reference "PutObject" and "Authenticating Requests (AWS Signature
Version 4)", read 2026-11-25. The bucket is in the path, which every such store knows. Only
what differs from what was written last is sent; pages come after what they lead to.
"""

import hmac
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import Receipt

_KINDS = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
}
# A network of caches between may keep it for so long: less than what counts as late.
_CACHE = "max-age=30"
_REGION = "us-east-1"


class BucketPoster:
    """The channel of exported pages to `https://ID:SECRET@HOST/BUCKET[/FOLDER]`."""

    channel = "bucket"

    def __init__(
        self, url: str, egress: Egress, *, now: Callable[[], datetime]
    ) -> None:
        """`?region=` names the region of the signature (us-east-1)."""
        parts = urlsplit(url)
        self._id = unquote(parts.username or "")
        self._secret = unquote(parts.password or "")
        self._host = parts.netloc.rpartition("@")[2]
        self._base = f"{parts.scheme}://{self._host}"
        self._folder = parts.path.strip("/")
        self._region = parse_qs(parts.query).get("region", [_REGION])[0]
        self._egress = egress
        self._now = now
        # What is there, as far as this process has written it.
        self._written: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def post(
        self,
        payload: Mapping[str, Any],
        *,
        to: str,
        key: str,
        timeout_seconds: float,
    ) -> Receipt:
        """Write what differs. Raises DeliveryFailed, DeliveryUnknown; may be repeated.

        What does not fit into the time is written by the next try, which goes on.
        """
        files: Mapping[str, str] = payload.get("files", {})
        began, sent = self._now(), 0
        for name in sorted(files, key=_order):
            path = quote(f"/{self._folder}/{to}/{name}")
            body = files[name].encode()
            digest = sha256(body).digest()
            if self._known(path) == digest:
                continue
            left = timedelta(seconds=timeout_seconds) - (self._now() - began)
            if left < timedelta(seconds=timeout_seconds / 5):
                reason = f"{sent} files written, more to come"
                raise DeliveryFailed(reason, permanent=False)
            self._put(path, body, left.total_seconds())
            with self._lock:
                self._written[path] = digest
            sent += 1
        return Receipt(key, f"{sent} of {len(files)} files written")

    def _known(self, path: str) -> bytes | None:
        with self._lock:
            return self._written.get(path)

    def _put(self, path: str, body: bytes, timeout_seconds: float) -> None:
        headers = {
            "cache-control": _CACHE,
            "content-type": _KINDS.get(path.rpartition(".")[2], "text/plain"),
        }
        signed = signature(
            "PUT", self._host, path, headers, body, key_id=self._id,
            secret=self._secret, region=self._region, at=self._now(),
        )  # fmt: skip
        answer = self._egress.request(
            "PUT",
            self._base + path,
            headers={**headers, **signed},
            body=body,
            timeout_seconds=timeout_seconds,
        )
        if answer.status != 200:
            said = without(answer.text, self._secret)[:300]
            wait = answer.headers.get("retry-after", "")
            judged = verdict(answer.status, retry_after=wait)
            raise DeliveryFailed(
                f"{answer.status} {said}".strip(),
                permanent=judged.permanent,
                retry_after_seconds=judged.retry_after_seconds,
            )


def _order(name: str) -> tuple[bool, bool, str]:
    return name == "index.html", name.endswith(".html"), name


def signature(
    method: str,
    host: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: str,
    secret: str,
    region: str,
    at: datetime,
) -> dict[str, str]:
    """The headers that sign a request without a query (Signature Version 4).

    `headers` are signed too; `path` is quoted already; `at` is aware.
    """
    stamp, day = f"{at:%Y%m%dT%H%M%SZ}", f"{at:%Y%m%d}"
    digest = sha256(body).hexdigest()
    own = {"x-amz-content-sha256": digest, "x-amz-date": stamp}
    signed = dict(sorted({**headers, **own, "host": host}.items()))
    names = ";".join(signed)
    lines = "".join(f"{name}:{value.strip()}\n" for name, value in signed.items())
    request = f"{method}\n{path}\n\n{lines}\n{names}\n{digest}"
    scope = f"{day}/{region}/s3/aws4_request"
    hashed = sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    made = hmac.new(key, text.encode(), sha256).hexdigest()
    credential = f"Credential={key_id}/{scope}"
    return {
        **own,
        "authorization": f"AWS4-HMAC-SHA256 {credential},SignedHeaders={names},"
        f"Signature={made}",
    }
