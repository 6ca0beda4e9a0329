"""The addresses that telephone providers call: /phone/twilio/…, /phone/plivo/….

Who may call is judged by each door from the request's signature; what a person may do,
by the page that they answer. A request that is not the provider's is on the record.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.wire import Receive, Scope, Send
from tocsin.engine.telephone import Telephone
from tocsin.interfaces.arrivals import Answer, Inbound, Unreadable
from tocsin.interfaces.pagers import PhoneDoor, Rang
from tocsin.store.database import StoreError

log = structlog.get_logger()

PREFIX = "/phone"
_LARGEST = 64 * 1024


class PhoneDoors:
    """One application for every provider that calls."""

    def __init__(
        self, doors: Mapping[str, PhoneDoor], telephone: Telephone, *, public_url: str
    ) -> None:
        self._doors = doors
        self._telephone = telephone
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        name, _, rest = scope["path"].removeprefix(f"{PREFIX}/").partition("/")
        answer = await self._answer(self._doors.get(name), f"/{rest}", request)
        response = Response(
            answer.body,
            answer.status,
            headers=dict(answer.headers),
            media_type=answer.content_type,
        )
        await response(scope, receive, send)

    async def _answer(
        self, door: PhoneDoor | None, path: str, request: Request
    ) -> Answer:
        if door is None:
            message = b"No telephone provider that is set up has this address."
            return Answer(404, message, "text/plain")
        if request.method != "POST":
            return Answer(405, headers={"allow": "POST"})
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST:
                return Answer(413)
        inbound = Inbound(
            "POST",
            path,
            parse_qsl(request.url.query, keep_blank_values=True),
            {name.lower(): value for name, value in request.headers.items()},
            bytes(body),
            # Signed was the address that we gave away, whatever a proxy makes of it.
            f"{self._public_url}{PREFIX}/{door.provider}",
        )
        address = request.client.host if request.client is not None else ""
        return await asyncio.to_thread(self._heard, door, inbound, address)

    def _heard(self, door: PhoneDoor, inbound: Inbound, address: str) -> Answer:
        now = self._telephone.desk.clock.now()
        try:
            rang = door.read(inbound, now=now)
        except Unreadable as unreadable:
            log.warning("call_refused", by=door.provider, reason=unreadable.reason)
            if unreadable.answer.status == 403:
                self._telephone.refused(door.provider, unreadable.reason, address)
            return unreadable.answer
        try:
            said = self._telephone.hear(rang)
        except StoreError as error:
            # The provider asks again, or the person presses the key again.
            log.warning("call_not_heard", by=door.provider, error=str(error))
            return Answer(503)
        return self._told(door, rang, said.text, listens=said.listens)

    def _told(self, door: PhoneDoor, rang: Rang, text: str, *, listens: bool) -> Answer:
        if rang.kind == "report":
            return Answer(204)
        if rang.kind == "reply":
            return door.reply(rang, text)
        here = f"{self._public_url}{PREFIX}/{door.provider}/voice/{rang.token}"
        return door.speak(text, again=here if listens else "")
