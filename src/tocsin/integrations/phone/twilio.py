"""Twilio: text messages, calls with a menu, and what it tells us.

Sources, read 2026-11-25: twilio.com/docs (Messages and Calls resources, message and call
status callbacks, TwiML Say, Gather and Message, "Security": requests are signed with
HMAC-SHA1 over the address and the sorted fields). What it is asked to say stands in the
request itself, so a call speaks even where Twilio cannot reach us.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape, quoteattr

from tocsin.core.pages.receipts import Delivered
from tocsin.core.pages.replies import MENU
from tocsin.integrations.phone.requests import (
    Way,
    fields_of,
    hung_up,
    number,
    posted,
    refused,
)
from tocsin.integrations.phone.words import speech, text_message
from tocsin.interfaces.arrivals import Answer, Inbound
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Rang, Receipt

URL = "https://api.twilio.com"
_XML = "text/xml"
_DELIVERED = {
    "delivered": Delivered.YES,
    "read": Delivered.YES,
    "in-progress": Delivered.YES,
    "completed": Delivered.YES,
    "undelivered": Delivered.NO,
    "failed": Delivered.NO,
    "canceled": Delivered.NO,
    "busy": Delivered.UNANSWERED,
    "no-answer": Delivered.UNANSWERED,
}


class TwilioPhone:
    """A carrier of `sms` or `voice`."""

    name = "twilio"

    def __init__(self, way: Way, egress: Egress, *, channel: str) -> None:
        self._way = way
        self._egress = egress
        self._channel = channel

    def send(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """One request. Raises DeliveryFailed, DeliveryUnknown."""
        is_call = self._channel == "voice"
        fields = self._call(message, to) if is_call else self._text(message, to)
        what = "Calls" if is_call else "Messages"
        found = posted(
            self._way,
            self._egress,
            f"/2010-04-01/Accounts/{self._way.account}/{what}.json",
            body=urlencode(fields).encode(),
            kind="application/x-www-form-urlencoded",
            seconds=timeout_seconds,
        )
        return Receipt(str(found.get("sid", "")), str(found.get("status", "taken")))

    def hang_up(self, call: str, *, timeout_seconds: float) -> str:
        """`canceled` ends what waits or rings and leaves alone who speaks."""
        return hung_up(
            self._way,
            self._egress,
            f"/2010-04-01/Accounts/{self._way.account}/Calls/{quote(call, safe='')}.json",
            method="POST",
            body=b"Status=canceled",
            kind="application/x-www-form-urlencoded",
            seconds=timeout_seconds,
        )

    def _text(self, message: PageMessage, to: str) -> dict[str, str]:
        return {
            "To": to,
            "From": self._way.sender,
            "Body": text_message(message),
            "StatusCallback": f"{self._way.back}/report",
        }

    def _call(self, message: PageMessage, to: str) -> dict[str, str]:
        again = f"{self._way.back}/voice/{message.token}" if message.token else ""
        return {
            "To": to,
            "From": self._way.sender,
            "Twiml": spoken(f"{speech(message)} {MENU if again else ''}", again),
            "Timeout": str(self._way.ring_seconds),
            "StatusCallback": f"{self._way.back}/report",
        }


class TwilioDoor:
    """What Twilio asks and tells us; every request is signed."""

    provider = "twilio"

    def __init__(self, token: str) -> None:
        self._token = token

    def read(self, inbound: Inbound, *, now: datetime) -> Rang:
        """Check the signature, then read. Raises Unreadable."""
        fields = fields_of(inbound.body)
        query = f"?{urlencode(inbound.query)}" if inbound.query else ""
        address = f"{inbound.base_url}{inbound.path}{query}"
        given = inbound.headers.get("x-twilio-signature", "")
        expected = signature(self._token, address, fields)
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise refused("the signature is not Twilio's")
        return self._read(inbound.path, fields)

    def _read(self, path: str, fields: Mapping[str, str]) -> Rang:
        word, _, token = path.strip("/").partition("/")
        sent = fields.get("MessageSid") or fields.get("CallSid", "")
        message = f"{self.provider}:{sent}"
        if word == "sms":
            sender = number(fields.get("From", ""))
            return Rang("reply", sender, fields.get("Body", ""), message=message)
        if word == "voice":
            kind = "key" if "Digits" in fields else "answered"
            sender = number(fields.get("To", ""))
            return Rang(kind, sender, fields.get("Digits", ""), token, message)
        if word == "report":
            state = fields.get("MessageStatus") or fields.get("CallStatus", "")
            known = _DELIVERED.get(state, Delivered.UNKNOWN)
            return Rang("report", message=message, delivered=known)
        raise refused("there is nothing at this address", 404)

    def reply(self, rang: Rang, text: str) -> Answer:
        """A text message back."""
        inside = f"<Message>{escape(text)}</Message>" if text else ""
        return Answer(200, f"<Response>{inside}</Response>".encode(), _XML)

    def speak(self, text: str, *, again: str) -> Answer:
        """Say it, and listen for a key."""
        return Answer(200, spoken(text, again).encode(), _XML)


def spoken(text: str, again: str) -> str:
    """TwiML that says it twice and listens each time, or (`again` "") says it once."""
    say = f"<Say>{escape(text)}</Say>"
    if not again:
        return f"<Response>{say}<Hangup/></Response>"
    listen = (
        f'<Gather numDigits="1" timeout="8" method="POST" action={quoteattr(again)}>'
        f"{say}</Gather>"
    )
    return f"<Response>{listen * 2}</Response>"


def signature(token: str, address: str, fields: Mapping[str, str]) -> str:
    """What Twilio signs: the address, then each field's name and value, sorted."""
    said = address + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(token.encode(), said.encode(), sha1).digest()
    return base64.b64encode(digest).decode()
