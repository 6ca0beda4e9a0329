"""The addresses that chats call: /chat/slack, /chat/mattermost, /chat/telegram, ….

Who may call is judged by each door from the request itself; what a person may do, by
their rights in Tocsin.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.wire import Receive, Scope, Send
from tocsin.engine.chat.hearing import Hearing
from tocsin.engine.pressing import Pressing
from tocsin.interfaces.arrivals import Answer, Inbound, Unreadable
from tocsin.interfaces.chats import ChatDoor
from tocsin.interfaces.machine import Clock
from tocsin.store.database import StoreError

log = structlog.get_logger()

PREFIX = "/chat"
_LARGEST = 512 * 1024


class ChatDoors:
    """One application for every chat that calls."""

    def __init__(
        self,
        doors: Mapping[str, ChatDoor],
        hearing: Hearing,
        pressing: Pressing,
        clock: Clock,
    ) -> None:
        self._doors = doors
        self._pressing = pressing
        self._hearing = hearing
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        door = self._doors.get(scope["path"].removeprefix(PREFIX).strip("/"))
        answer = await self._answer(door, request)
        response = Response(
            answer.body,
            answer.status,
            headers=dict(answer.headers),
            media_type=answer.content_type,
        )
        await response(scope, receive, send)

    async def _answer(self, door: ChatDoor | None, request: Request) -> Answer:
        if door is None:
            return Answer(
                404, b"No chat that is set up has this address.", "text/plain"
            )
        if request.method != "POST":
            return Answer(405, headers={"allow": "POST"})
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST:
                return Answer(413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = parse_qsl(request.url.query, keep_blank_values=True)
        inbound = Inbound("POST", "", query, headers, bytes(body))
        return await asyncio.to_thread(self._heard, door, inbound)

    def _heard(self, door: ChatDoor, inbound: Inbound) -> Answer:
        try:
            overheard = door.read(inbound, now=self._clock.now())
        except Unreadable as unreadable:
            log.warning("chat_refused", chat=door.provider, reason=unreadable.reason)
            return unreadable.answer
        if overheard.heard is None and overheard.pressed is None:
            return overheard.answer
        try:
            if overheard.pressed is not None:
                shown = self._pressing.press(door.provider, overheard.pressed)
                return door.show(overheard.pressed, shown.text, done=shown.done)
            assert overheard.heard is not None
            reply = self._hearing.hear(overheard.heard, prefix=door.prefix)
        except StoreError as error:
            log.warning("chat_not_heard", chat=door.provider, error=str(error))
            return Answer(503)
        is_command = overheard.heard.kind == "command"
        return door.reply(reply.text) if is_command else overheard.answer
