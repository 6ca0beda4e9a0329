"""Live updates: one stream per browser, resumed by event id, closed before shutdown."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tocsin.engine.front_desk import FrontDesk
from tocsin.store import timeline

_LOOK_EVERY_SECONDS = 0.5
_COMMENT_EVERY = 30


def stream(desk: FrontDesk, request: Request, stopping: asyncio.Event) -> Response:
    """`fact` events: the id of the newest fact and the alert it is about."""
    text = request.headers.get("last-event-id", "")
    since = int(text) if text.isdigit() and len(text) < 19 else None
    return StreamingResponse(
        _events(desk, request, stopping, since),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(
    desk: FrontDesk, request: Request, stopping: asyncio.Event, since: int | None
) -> AsyncIterator[str]:
    last = since
    if last is None:
        last = await asyncio.to_thread(desk.database.read, timeline.last_id)
    yield f"retry: 2000\nid: {last}\nevent: hello\ndata: {last}\n\n"
    quiet = 0
    while not stopping.is_set() and not await request.is_disconnected():
        found: Any = await asyncio.to_thread(_since, desk, last)
        for number, alert, _ in found:
            last = number
            yield f"id: {number}\nevent: fact\ndata: {alert}\n\n"
        quiet = 0 if found else quiet + 1
        if quiet and quiet % _COMMENT_EVERY == 0:
            yield ": still here\n\n"
        try:
            await asyncio.wait_for(stopping.wait(), _LOOK_EVERY_SECONDS)
        except TimeoutError:
            continue


def _since(desk: FrontDesk, last: int) -> Any:
    return desk.database.read(lambda tx: timeline.since(tx, last))
