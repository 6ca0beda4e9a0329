"""Live updates: what the timeline and the configuration gain, told to every browser.

One look at the database serves all open streams of a process. A stream is resumed by the
id of a fact: what was told before may be told again, what was not is never left out.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tocsin.store import directory, timeline
from tocsin.store.database import Database, StoreError, Tx

_LOOK_EVERY_SECONDS = 0.25
# A fact with a lower id may be committed after one with a higher id, by another engine.
_SETTLED_AFTER_LOOKS = 12
_MAY_BE_IN_FLIGHT = 64
_MOST_AT_ONCE = 200
_KEPT = 2000
_WAIT_SECONDS = 1.0
_STILL_HERE_EVERY = 15

Fact = tuple[int, int]


class Live:
    """Looks at the database while anybody listens."""

    def __init__(self, database: Database, stopping: asyncio.Event) -> None:
        self._database = database
        self._stopping = stopping
        self._told: deque[Fact] = deque(maxlen=_KEPT)
        # How many facts have been told; a stream remembers how many it has sent.
        self._count = 0
        self._floor = 0
        self._seen: dict[int, int] = {}
        self._version = 0
        self._looks = 0
        # Set, and replaced, whenever there is news. No lock: who waits may be cancelled
        # more than once on the way out, which leaves a lock with nobody.
        self._news = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None
        self._listeners = 0

    def stream(self, request: Request, is_signed_in: Callable[[], bool]) -> Response:
        """`fact` events (its id and its alert) and `config` events (the new version)."""
        return StreamingResponse(
            self._events(request, is_signed_in),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _events(
        self, request: Request, is_signed_in: Callable[[], bool]
    ) -> AsyncIterator[str]:
        self._listeners += 1
        try:
            await self._see_to_a_watcher()
            sent, version = self._count, self._version
            since = _since(request)
            yield f"retry: 2000\nid: {self._floor}\nevent: hello\ndata: {version}\n\n"
            for fact in await self._missed(since):
                yield self._line(fact)
            waits = 0
            while not self._stopping.is_set() and not await request.is_disconnected():
                for fact in self._after(sent):
                    yield self._line(fact)
                sent = self._count
                if version != self._version:
                    version = self._version
                    yield f"event: config\ndata: {version}\n\n"
                await self._wait(sent, version)
                waits += 1
                if waits % _STILL_HERE_EVERY == 0:
                    if not await asyncio.to_thread(is_signed_in):
                        return
                    # Without data: only the id that a resumed stream begins at.
                    yield f"id: {self._floor}\n\n"
        finally:
            self._leave()

    async def _see_to_a_watcher(self) -> None:
        if self._has_no_watcher():
            await asyncio.to_thread(self._database.read, self._begin)
            if self._has_no_watcher():
                self._watcher = asyncio.create_task(self._watch())

    def _has_no_watcher(self) -> bool:
        return self._watcher is None or self._watcher.done()

    def _leave(self) -> None:
        self._listeners -= 1
        if self._listeners == 0 and self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    def _begin(self, tx: Tx) -> None:
        self._version = directory.version(tx)
        self._floor = max(0, timeline.last_id(tx) - _MAY_BE_IN_FLIGHT)
        self._seen = {row[0]: self._looks for row in timeline.since(tx, self._floor)}

    async def _watch(self) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            try:
                found, version = await asyncio.to_thread(
                    self._database.read, self._look
                )
            except StoreError:
                # The pages say that the database is away; streams wait for it.
                continue
            if found or version != self._version:
                self._told.extend(found)
                self._count += len(found)
                self._version = version
                news, self._news = self._news, asyncio.Event()
                news.set()

    def _look(self, tx: Tx) -> tuple[list[Fact], int]:
        self._looks += 1
        rows = timeline.since(tx, self._floor, limit=_MOST_AT_ONCE)
        fresh = [(row[0], row[1]) for row in rows if row[0] not in self._seen]
        self._seen.update((number, self._looks) for number, _ in fresh)
        settled = [
            number
            for number, look in self._seen.items()
            if self._looks - look >= _SETTLED_AFTER_LOOKS
        ]
        if len(rows) == _MOST_AT_ONCE:
            # More than a look can hold: what it held has to make room for the rest.
            settled = [row[0] for row in rows]
        if settled:
            self._floor = max(self._floor, *settled)
            self._seen = {n: at for n, at in self._seen.items() if n > self._floor}
        return fresh, directory.version(tx)

    async def _wait(self, sent: int, version: int) -> None:
        """Until there is news, and a second at most."""
        if self._count != sent or self._version != version:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), _WAIT_SECONDS)

    def _after(self, sent: int) -> Sequence[Fact]:
        missing = self._count - sent
        return list(self._told)[-missing:] if missing else ()

    async def _missed(self, since: int | None) -> list[Fact]:
        """What the browser has not heard of, the newest `_KEPT` of it at most."""
        if since is None:
            return []

        def work(tx: Tx) -> list[Fact]:
            last = max(since, timeline.last_id(tx) - _KEPT)
            found: list[Fact] = []
            while rows := timeline.since(tx, last, limit=_MOST_AT_ONCE):
                found += [(row[0], row[1]) for row in rows]
                last = rows[-1][0]
            return found

        return await asyncio.to_thread(self._database.read, work)

    def _line(self, fact: Fact) -> str:
        return f"id: {self._floor}\nevent: fact\ndata: {fact[0]} {fact[1]}\n\n"


def _since(request: Request) -> int | None:
    text = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
