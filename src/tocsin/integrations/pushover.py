"""Pages by Pushover, which repeats an urgent one until somebody acknowledges it.

Source: pushover.net/api and /api/receipts, read 2026-11-25. Its callback is not signed:
what it says is asked for again with our own token before anything is believed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlencode

from tocsin.core.severity import Urgency
from tocsin.interfaces.arrivals import Answer, Inbound, Unreadable
from tocsin.interfaces.chats import Overheard, Pressed
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress, HttpAnswer
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.judging import object_of, refuse_unless_taken
from tocsin.wording import body, heading, way_in

URL = "https://api.pushover.net"
_KEY_LENGTH = 30
_LONGEST = 1000
# An urgent one rings every minute for five: then the next step of the person is due.
_RETRY_SECONDS, _EXPIRE_SECONDS = 60, 300
_TIMEOUT_SECONDS = 5.0


class PushoverPager:
    """The channel `pushover`: an address is a user key."""

    channel = "pushover"

    def __init__(
        self, token: str, egress: Egress, *, back: str, url: str = URL
    ) -> None:
        """`back` is where an acknowledgement is told."""
        self._token = token
        self._egress = egress
        self._back = back
        self._url = url

    def problems(self, address: str) -> Sequence[str]:
        """Whether it is a user key."""
        if address.isascii() and address.isalnum() and len(address) == _KEY_LENGTH:
            return ()
        return ["the user key: expected the 30 letters and digits that Pushover shows"]

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send. Raises DeliveryFailed, DeliveryUnknown."""
        fields = {
            "token": self._token,
            "user": to,
            "title": heading(message)[:250],
            "message": body(message)[:_LONGEST] or heading(message),
            "url": message.link,
            "url_title": way_in(message),
        }
        if message.urgency is Urgency.HIGH and message.token:
            fields |= {
                "priority": "2",
                "retry": str(_RETRY_SECONDS),
                "expire": str(_EXPIRE_SECONDS),
                "callback": f"{self._back}?page={quote(message.token)}",
            }
        answer = self._posted("/1/messages.json", fields, timeout_seconds)
        found = object_of(answer)
        errors = found.get("errors")
        said = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
        refuse_unless_taken(answer, self._token, to, said=said)
        return Receipt(str(found.get("receipt") or found.get("request", "")), "queued")

    def recall(self, provider_id: str, *, timeout_seconds: float) -> str:
        """Repeat it no more. Raises DeliveryFailed, DeliveryUnknown.

        What is not urgent has no receipt and rings once: there is nothing to call off.
        """
        path = f"/1/receipts/{quote(provider_id, safe='')}/cancel.json"
        answer = self._posted(path, {"token": self._token}, timeout_seconds)
        if answer.status in (400, 404) and "receipt" in object_of(answer):
            return "there is nothing to call off"
        refuse_unless_taken(answer, self._token)
        return "called off"

    def _posted(
        self, path: str, fields: Mapping[str, str], seconds: float
    ) -> HttpAnswer:
        return self._egress.request(
            "POST",
            f"{self._url}{path}",
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "user-agent": "Tocsin",
            },
            body=urlencode(fields).encode(),
            timeout_seconds=seconds,
        )


class PushoverDoor:
    """Acknowledgements in the app."""

    provider = "pushover"
    prefix = ""

    def __init__(self, token: str, egress: Egress, *, url: str = URL) -> None:
        self._token = token
        self._egress = egress
        self._url = url

    def read(self, inbound: Inbound, *, now: datetime) -> Overheard:
        """Ask Pushover whether it is so. Raises Unreadable."""
        try:
            fields = dict(parse_qsl(inbound.body.decode(), max_num_fields=50))
        except ValueError:
            raise Unreadable("expected a form", Answer(400)) from None
        receipt = fields.get("receipt", "")
        token = dict(inbound.query).get("page", "")
        if not (receipt.isascii() and receipt.isalnum() and token):
            raise Unreadable("no acknowledgement of Pushover's", Answer(400))
        try:
            answer = self._egress.request(
                "GET",
                f"{self._url}/1/receipts/{receipt}.json?token={quote(self._token)}",
                headers={"user-agent": "Tocsin"},
                timeout_seconds=_TIMEOUT_SECONDS,
            )
        except (DeliveryFailed, DeliveryUnknown):
            raise Unreadable("Pushover cannot be asked now", Answer(503)) from None
        found = object_of(answer)
        if answer.status != 200 or found.get("acknowledged") != 1:
            reason = "Pushover knows of no such acknowledgement"
            raise Unreadable(reason, Answer(403, reason.encode(), "text/plain"))
        who = str(found.get("acknowledged_by", ""))
        return Overheard(Answer(200), pressed=Pressed(token, "ack", who))

    def reply(self, text: str) -> Answer:
        """Nobody gives commands here."""
        return Answer(200)

    def show(self, pressed: Pressed, text: str, *, done: bool) -> Answer:
        """The app shows by itself that it is acknowledged."""
        return Answer(200)
