"""`Idempotency-Key` on a POST: a request that is sent again is carried out once.

The answer of the first is given again for a day. Answers that did nothing (4xx, 5xx)
are not kept, nor is the one that shows a token's secret. (After the IETF draft
"The Idempotency-Key HTTP Header Field".)
"""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256

from fastapi import Request
from fastapi.responses import Response

from tocsin.api.access import PREFIX
from tocsin.api.problems import problem
from tocsin.engine.front_desk import FrontDesk
from tocsin.store import idempotency as stored
from tocsin.store.idempotency import Kept

_HEADER = "idempotency-key"
_LONGEST = 200
# Events know their own repetitions by this key; a secret is shown once.
_APART = {f"{PREFIX}/alerts", f"{PREFIX}/tokens"}
Next = Callable[[Request], Awaitable[Response]]


class Once:
    """Middleware of the API."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    async def __call__(self, request: Request, call_next: Next) -> Response:
        """Carry a request out, or give its answer again."""
        key = request.headers.get(_HEADER, "")
        path = request.scope["path"].rstrip("/")
        if request.method != "POST" or not key or path in _APART:
            return await call_next(request)
        if len(key) > _LONGEST:
            return problem(400, f"{_HEADER}: expected at most {_LONGEST} characters")
        digest = _digest(request, path, key)
        asked = sha256(await request.body()).digest()
        kept = await asyncio.to_thread(self._reserve, digest, asked)
        if kept is None:
            return await self._carry_out(request, call_next, digest, asked)
        if kept.request != asked:
            said = f"{_HEADER}: this key was used for another request; take a new one"
            return problem(422, said)
        if not kept.status:
            said = "The request with this key is being carried out; ask again."
            return problem(409, said, headers={"retry-after": "1"})
        return Response(kept.body, kept.status, media_type=kept.content_type or None)

    async def _carry_out(
        self, request: Request, call_next: Next, digest: str, asked: bytes
    ) -> Response:
        answer: Response | None = None
        try:
            answer = await _whole(await call_next(request))
        finally:
            done = answer is not None and answer.status_code < 300
            kept = None
            if done and answer is not None:
                kind = answer.headers.get("content-type", "")
                kept = Kept(asked, answer.status_code, kind, bytes(answer.body))
            await asyncio.to_thread(self._settle, digest, kept)
        assert answer is not None
        return answer

    def _reserve(self, digest: str, asked: bytes) -> Kept | None:
        now = self._desk.clock.now()
        return self._desk.database.write(
            lambda tx: stored.reserve(tx, digest, asked, now=now)
        )

    def _settle(self, digest: str, kept: Kept | None) -> None:
        if kept is None:
            self._desk.database.write(lambda tx: stored.release(tx, digest))
        else:
            self._desk.database.write(lambda tx: stored.keep(tx, digest, kept))


def _digest(request: Request, path: str, key: str) -> str:
    """Keys of one caller mean nothing to another."""
    caller = request.headers.get("authorization") or request.headers.get("cookie", "")
    text = "\n".join((caller, path, key))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def _whole(answer: Response) -> Response:
    """The answer with all of its body at hand."""
    parts = [part async for part in answer.body_iterator]  # type: ignore[attr-defined]
    body = b"".join(one if isinstance(one, bytes) else one.encode() for one in parts)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name.lower() != "content-length"
    }
    return Response(body, answer.status_code, headers)
