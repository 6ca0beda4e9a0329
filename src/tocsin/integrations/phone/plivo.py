"""Plivo: text messages, calls with a menu, and what it tells us.

Sources, read 2026-11-25: plivo.com/docs (Message and Call APIs, message status and hangup
callbacks, XML Speak, GetInput and Message, "Signature validation" version 3: HMAC-SHA256
over the address, the sorted fields and a nonce). Numbers go without their +.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import msgspec

from tocsin.core.pages.receipts import Delivered
from tocsin.integrations.phone.requests import (
    Way,
    fields_of,
    hung_up,
    number,
    posted,
    refused,
)
from tocsin.integrations.phone.words import text_message
from tocsin.interfaces.arrivals import Answer, Inbound
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Rang, Receipt

URL = "https://api.plivo.com"
_XML = "application/xml"
_DELIVERED = {
    "delivered": Delivered.YES,
    "read": Delivered.YES,
    "completed": Delivered.YES,
    "undelivered": Delivered.NO,
    "failed": Delivered.NO,
    "rejected": Delivered.NO,
    "cancel": Delivered.NO,
    "busy": Delivered.UNANSWERED,
    "timeout": Delivered.UNANSWERED,
    "no-answer": Delivered.UNANSWERED,
}


class PlivoPhone:
    """A carrier of `sms` or `voice`."""

    name = "plivo"

    def __init__(self, way: Way, egress: Egress, *, channel: str) -> None:
        self._way = way
        self._egress = egress
        self._channel = channel

    def send(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """One request. Raises DeliveryFailed, DeliveryUnknown."""
        is_call = self._channel == "voice"
        body = self._call(message, to) if is_call else self._text(message, to)
        what = "Call" if is_call else "Message"
        found = posted(
            self._way,
            self._egress,
            f"/v1/Account/{self._way.account}/{what}/",
            body=msgspec.json.encode(body),
            kind="application/json",
            seconds=timeout_seconds,
        )
        return Receipt(_id_of(found), str(found.get("message", "taken")))

    def hang_up(self, call: str, *, timeout_seconds: float) -> str:
        """A request that is deleted rings no more; whoever speaks goes on."""
        return hung_up(
            self._way,
            self._egress,
            f"/v1/Account/{self._way.account}/Request/{quote(call, safe='')}/",
            method="DELETE",
            seconds=timeout_seconds,
        )

    def _text(self, message: PageMessage, to: str) -> dict[str, object]:
        return {
            "src": self._way.sender.lstrip("+"),
            "dst": to.lstrip("+"),
            "text": text_message(message),
            "url": f"{self._way.back}/report",
            "method": "POST",
        }

    def _call(self, message: PageMessage, to: str) -> dict[str, object]:
        token = message.token or "-"
        return {
            "from": self._way.sender.lstrip("+"),
            "to": to.lstrip("+"),
            "answer_url": f"{self._way.back}/voice/{token}",
            "answer_method": "POST",
            "hangup_url": f"{self._way.back}/report",
            "hangup_method": "POST",
            "ring_timeout": self._way.ring_seconds,
        }


def _id_of(found: Mapping[str, object]) -> str:
    """Of a call or a message; a message's is a list, for it may have gone to many."""
    known = found.get("message_uuid") or found.get("request_uuid") or ""
    if isinstance(known, list):
        known = known[0] if known else ""
    return str(known)


class PlivoDoor:
    """What Plivo asks and tells us; every request is signed."""

    provider = "plivo"

    def __init__(self, token: str) -> None:
        self._token = token

    def read(self, inbound: Inbound, *, now: datetime) -> Rang:
        """Check the signature, then read. Raises Unreadable."""
        fields = fields_of(inbound.body)
        nonce = inbound.headers.get("x-plivo-signature-v3-nonce", "")
        given = inbound.headers.get("x-plivo-signature-v3", "")
        address = f"{inbound.base_url}{inbound.path}"
        expected = signature(self._token, address, fields, nonce).encode()
        found = [one.strip().encode("utf-8", "replace") for one in given.split(",")]
        if not nonce or not any(hmac.compare_digest(expected, one) for one in found):
            raise refused("the signature is not Plivo's")
        return self._read(inbound.path, fields)

    def _read(self, path: str, fields: Mapping[str, str]) -> Rang:
        word, _, token = path.strip("/").partition("/")
        sent = (
            fields.get("MessageUUID")
            or fields.get("RequestUUID")
            or fields.get("CallUUID", "")
        )
        message = f"{self.provider}:{sent}"
        if word == "sms":
            sender = number(fields.get("From", ""))
            ours = number(fields.get("To", ""))
            return Rang("reply", sender, fields.get("Text", ""), ours, message)
        if word == "voice":
            kind = "key" if "Digits" in fields else "answered"
            sender = number(fields.get("To", ""))
            return Rang(kind, sender, fields.get("Digits", ""), token, message)
        if word == "report":
            state = fields.get("Status") or fields.get("CallStatus", "")
            known = _DELIVERED.get(state, Delivered.UNKNOWN)
            return Rang("report", message=message, delivered=known)
        raise refused("there is nothing at this address", 404)

    def reply(self, rang: Rang, text: str) -> Answer:
        """A text message back, from the number that was written to (`token`)."""
        source, to = rang.token.lstrip("+"), rang.sender.lstrip("+")
        inside = (
            f"<Message src={quoteattr(source)} dst={quoteattr(to)}>"
            f"{escape(text)}</Message>"
            if text
            else ""
        )
        return Answer(200, f"<Response>{inside}</Response>".encode(), _XML)

    def speak(self, text: str, *, again: str) -> Answer:
        """Say it, and listen for a key."""
        say = f"<Speak>{escape(text)}</Speak>"
        if not again:
            return Answer(200, f"<Response>{say}<Hangup/></Response>".encode(), _XML)
        listen = (
            f'<GetInput action={quoteattr(again)} method="POST" inputType="dtmf" '
            f'numDigits="1" executionTimeout="15">{say}</GetInput>'
        )
        return Answer(200, f"<Response>{listen * 2}</Response>".encode(), _XML)


def signature(token: str, address: str, fields: Mapping[str, str], nonce: str) -> str:
    """What Plivo signs: the address, `?` and the sorted fields if any, a dot, the nonce."""
    said = "".join(name + fields[name] for name in sorted(fields))
    whole = f"{address}?{said}.{nonce}" if fields else f"{address}.{nonce}"
    return base64.b64encode(
        hmac.new(token.encode(), whole.encode(), sha256).digest()
    ).decode()
