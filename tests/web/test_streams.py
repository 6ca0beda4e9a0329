"""Streams of what happens, whoever else comes and goes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from tests.cast import MONDAY_9AM
from tocsin.core.timeline import Fact, FactKind
from tocsin.store import timeline
from tocsin.store.database import Database
from tocsin.web.live import Live

LEAVING = 12
ROUNDS = 4
LONG_SECONDS = 5


async def _silence() -> dict[str, str]:
    await asyncio.Event().wait()
    return {}


def _lines(live: Live) -> AsyncGenerator[str, None]:
    """What one more browser is told."""
    scope = {"type": "http", "headers": [], "query_string": b""}
    answer = live.stream(Request(scope, _silence), lambda: True)
    assert isinstance(answer, StreamingResponse)
    return answer.body_iterator  # type: ignore[return-value]


async def _is_told(lines: AsyncGenerator[str, None], fact: int) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(LONG_SECONDS):
            async for line in lines:
                if f"event: fact\ndata: {fact} " in line:
                    return True
    return False


async def _leave_with_all(
    live: Live,
    mine: anyio.CancelScope,
    all_of_them: Sequence[anyio.CancelScope],
    here: "asyncio.Queue[str]",
) -> None:
    """Whoever is told first takes all away, while the others are being told.

    As a server does it: each is cancelled until it is gone.
    """
    with mine:
        async for line in _lines(live):
            if "event: hello" in line:
                here.put_nowait(line)
            if "event: fact" in line:
                for scope in all_of_them:
                    scope.cancel()


@pytest.mark.slow  # It looks at the database as often as the real one.
def test_who_stays_is_told_whenever_others_leave(database: Database) -> None:
    def happens(number: int) -> None:
        said = Fact(MONDAY_9AM, FactKind.NOTE, f"{number}")
        database.write(lambda tx: timeline.append(tx, [(1, said)]))

    async def play() -> None:
        live = Live(database, asyncio.Event())
        staying = _lines(live)
        assert "event: hello" in await anext(staying)
        for number in range(1, ROUNDS + 1):
            scopes = [anyio.CancelScope() for _ in range(LEAVING)]
            told = asyncio.create_task(_is_told(staying, number))
            here: asyncio.Queue[str] = asyncio.Queue()
            others = [
                asyncio.create_task(_leave_with_all(live, one, scopes, here))
                for one in scopes
            ]
            for _ in scopes:
                await here.get()
            await asyncio.to_thread(happens, number)
            done, _ = await asyncio.wait(others, timeout=LONG_SECONDS)
            assert len(done) == LEAVING, "somebody could not leave"
            for one in done:
                one.result()
            assert await told, f"fact {number} was not told"
        await staying.aclose()
        await asyncio.sleep(0)  # the last to go ends the looking

    # Chromium's driver has a loop of its own in this thread. What cannot end is left alone.
    loop = asyncio.new_event_loop()
    with ThreadPoolExecutor(1) as apart:
        apart.submit(loop.run_until_complete, play()).result()
    loop.close()
