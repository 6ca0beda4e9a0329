"""Where monitoring systems knock: `/in/{key}…`, PagerDuty's paths, `/ping/{key}`.

Plain ASGI, because this is the hot path. A 2xx is sent only after the commit; every
other answer is in the sender's own dialect, and what could not be read is kept raw.
"""

import asyncio
from collections.abc import (
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from urllib.parse import parse_qsl

import structlog

from tocsin.api.wire import Receive, Scope, Send, TooLarge, read_body, send_answer
from tocsin.core.credentials import HIDDEN
from tocsin.core.directory import Directory, Integration
from tocsin.engine.alerts import Arrival
from tocsin.engine.desk import ScopedDesk
from tocsin.engine.door import Door, Settled
from tocsin.engine.heartbeats import Heartbeats
from tocsin.engine.reception import Reception, kept, without_key
from tocsin.interfaces.arrivals import Answer, Dialect, Inbound, Reading, Unreadable
from tocsin.store.database import StoreError

log = structlog.get_logger()

BODY_LIMIT = 1024 * 1024
# PagerDuty's own limit on its paths.
_PAGERDUTY_LIMIT = 512 * 1024
_KEY_IN_BODY = {
    "/v2/enqueue",
    "/v2/change/enqueue",
    "/generic/2010-04-15/create_event.json",
}
_RETRY_AFTER_SECONDS = 5


def settle_on(
    loop: asyncio.AbstractEventLoop,
) -> Callable[[list[Settled]], None]:
    """Hands results from the writer's thread to who waits on `loop`, in one call."""

    def settle(results: list[Settled]) -> None:
        for result in results:
            result.waiter(result)

    def hand_over(results: list[Settled]) -> None:
        loop.call_soon_threadsafe(settle, results)

    return hand_over


class InboundApp:
    """Answers senders; `claims` says which paths are its own."""

    def __init__(
        self,
        *,
        dialects: Mapping[str, Dialect],
        routing_key_of: Callable[[bytes], str | None],
        door: Door,
        reception: Reception,
        heartbeats: Heartbeats,
    ) -> None:
        self._dialects = dialects
        self._routing_key_of = routing_key_of
        self._door = door
        self._reception = reception
        self._heartbeats = heartbeats

    @staticmethod
    def claims(path: str) -> bool:
        """Whether `path` is a sender's."""
        return path.startswith(("/in/", "/ping/")) or path.rstrip("/") in _KEY_IN_BODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path: str = scope["path"]
        limit = BODY_LIMIT
        if path.startswith("/in/") or path.startswith("/ping/"):
            _, _, key, *rest = path.split("/", 3)
            tail = "/" + rest[0] if rest else ""
        else:
            key, tail, limit = "", path, _PAGERDUTY_LIMIT
        try:
            body = await read_body(receive, limit)
        except TooLarge as large:
            answer = await self._too_large(key, tail, scope, large, limit)
            await send_answer(send, answer)
            return
        if not key:
            key = self._routing_key_of(body) or ""
        answer = await self._serve(scope, key, tail, body)
        await send_answer(send, answer)

    async def _serve(self, scope: Scope, key: str, tail: str, body: bytes) -> Answer:
        integration = await self._integration(key)
        dialect = self._dialect(integration, tail)
        if integration is None:
            return dialect.refuse(404 if tail not in _KEY_IN_BODY else 400, _UNKNOWN)
        if integration.type == "heartbeat":
            return await self._ping(integration, dialect, tail)
        inbound = _inbound(scope, integration, tail, body, self._reception.public_url)
        if not dialect.is_intake(inbound):
            return await self._answer_question(dialect, integration, inbound)
        if integration.paused:
            return dialect.refuse(
                503, "this integration is paused", _RETRY_AFTER_SECONDS * 12
            )
        try:
            reading = dialect.read(inbound, now=self._reception.clock.now())
        except Unreadable as unreadable:
            await self._keep_refused(integration, inbound, unreadable)
            return unreadable.answer
        arrival = _arrival(integration, inbound, reading)
        return await self._take(arrival, dialect)

    async def _take(self, arrival: Arrival, dialect: Dialect) -> Answer:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()

        def tell(settled: Settled) -> None:
            if not future.done():
                future.set_result(settled)

        if not self._door.offer(arrival, tell):
            reason = "too many events are waiting; none of yours was taken"
            return dialect.refuse(429, reason, _RETRY_AFTER_SECONDS)
        return _after_commit(await future, arrival.reading.answer, dialect)

    # long because: the checks of the long way, in its order, without its waiting.
    def take(
        self,
        path: str,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        answer: Callable[[Answer], None],
    ) -> bool:
        """Take a POST to `/in/…` without waiting; `answer` is called after its commit.

        False when it is not plainly an event that can be taken now: nothing has been
        done then, and the request is to be served as any other.
        """
        _, _, key, *rest = path.split("/", 3)
        tail = "/" + rest[0] if rest else ""
        directory = self._reception.seen()
        integration = directory.by_key(key) if directory is not None else None
        if integration is None or integration.paused:
            return False
        dialect = self._dialects.get(integration.type)
        if dialect is None or integration.type == "heartbeat":
            return False
        inbound = Inbound(
            "POST",
            tail,
            (),
            _text_headers(headers),
            body,
            f"{self._reception.public_url}/in/{key}",
            integration.settings,
            integration.keys,
        )
        if not dialect.is_intake(inbound):
            return False
        try:
            reading = dialect.read(inbound, now=self._reception.clock.now())
        except Unreadable:
            return False

        def tell(settled: Settled) -> None:
            answer(_after_commit(settled, reading.answer, dialect))

        arrival = _arrival(integration, inbound, reading)
        return self._door.offer(arrival, tell)

    async def _answer_question(
        self, dialect: Dialect, integration: Integration, inbound: Inbound
    ) -> Answer:
        desk: ScopedDesk = self._reception.desk(integration)
        try:
            return await asyncio.to_thread(dialect.serve, inbound, desk)
        except Unreadable as unreadable:
            return unreadable.answer
        except StoreError as error:
            return dialect.refuse(503, str(error), _RETRY_AFTER_SECONDS)

    async def _ping(
        self, integration: Integration, dialect: Dialect, tail: str
    ) -> Answer:
        try:
            await asyncio.to_thread(self._heartbeats.ping, integration, tail)
        except Unreadable as unreadable:
            return unreadable.answer
        except StoreError as error:
            return dialect.refuse(503, str(error), _RETRY_AFTER_SECONDS)
        return Answer(200, b"OK", "text/plain; charset=utf-8")

    async def _keep_refused(
        self, integration: Integration, inbound: Inbound, unreadable: Unreadable
    ) -> None:
        try:
            await asyncio.to_thread(
                self._reception.keep_refused,
                integration,
                inbound,
                status=unreadable.answer.status,
                reason=unreadable.reason,
            )
        except StoreError as error:
            log.error("refused_event_not_kept", error=str(error))

    async def _too_large(
        self, key: str, tail: str, scope: Scope, large: TooLarge, limit: int
    ) -> Answer:
        integration = await self._integration(key) if key else None
        reason = f"the body is larger than {limit} bytes"
        answer = self._dialect(integration, tail).refuse(413, reason)
        if integration is not None:
            inbound = _inbound(scope, integration, tail, large.beginning, "")
            await self._keep_refused(integration, inbound, Unreadable(reason, answer))
        return answer

    async def _integration(self, key: str) -> Integration | None:
        directory: Directory = self._reception.directory()
        now = self._reception.clock.now()
        found = directory.by_key(key, now=now)
        if found is None:
            directory = await asyncio.to_thread(self._reception.refresh)
            found = directory.by_key(key, now=now)
        return found

    def _dialect(self, integration: Integration | None, tail: str) -> Dialect:
        if integration is not None and integration.type in self._dialects:
            return self._dialects[integration.type]
        if tail.rstrip("/") in _KEY_IN_BODY:
            return self._dialects["pagerduty-events"]
        return self._dialects["generic"]


_UNKNOWN = (
    "no integration has this key; look the address up on the integration's page, "
    "or make one with `tocsin apply`"
)


def _after_commit(settled: Settled, answer: Answer, dialect: Dialect) -> Answer:
    """The 2xx if the commit came, else a refusal."""
    if settled.error is None:
        return answer
    log.error("event_refused", reason=str(settled.error))
    reason = "the event could not be stored; send it again"
    return dialect.refuse(503, reason, _RETRY_AFTER_SECONDS)


def _text_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}


def _arrival(integration: Integration, inbound: Inbound, reading: Reading) -> Arrival:
    """What is kept of a request is kept without its key."""
    path, headers, body = inbound.path, inbound.headers, inbound.body
    for key in integration.keys:
        path = path.replace(key, HIDDEN)
        headers = kept(headers, key=key)
        body = without_key(body, key=key)
    return Arrival(integration, reading, path, headers, body)


def _inbound(
    scope: Scope, integration: Integration, tail: str, body: bytes, public_url: str
) -> Inbound:
    query = scope["query_string"]
    return Inbound(
        method=scope["method"],
        path=tail,
        query=parse_qsl(query.decode("latin-1"), True) if query else (),
        headers=_text_headers(scope["headers"]),
        body=body,
        base_url=f"{public_url}/in/{integration.key}",
        settings=integration.settings,
        secrets=integration.keys,
    )
