"""What mail providers post when a mail came back, or was called spam.

Sources, read 2026-11-25: Amazon SES "Notification contents" (by itself or inside an SNS
message), Mailgun "Webhooks payloads", Twilio SendGrid "Event Webhook reference", Postmark
"Bounce webhook" and "Spam complaint webhook". Deliveries, opens and clicks count for
nothing. The address of the integration is secret: who posts there is believed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tocsin.core.excerpts import clean
from tocsin.core.people.people import is_mail_address
from tocsin.interfaces.arrivals import Bounce

_SPAM = "They called it spam."


class Unknown(Exception):
    """JSON of no provider that we know; the text says what is missing."""


class MustConfirm(Exception):
    """Somebody has to open this link first."""


def read(body: Any) -> list[Bounce]:
    """The bounces of a provider's request. Raises Unknown, MustConfirm."""
    if isinstance(body, list):
        return [one for event in body for one in _sendgrid(_object(event))]
    body = _object(body)
    if "Type" in body and "TopicArn" in body:
        return _sns(body)
    if "notificationType" in body or "eventType" in body:
        return _ses(body)
    if "event-data" in body:
        return _mailgun(_object(body["event-data"]))
    if "RecordType" in body:
        return _postmark(body)
    said = "expected a notification of Amazon SES, Mailgun, Postmark or SendGrid"
    raise Unknown(said)


def _sns(body: Mapping[str, Any]) -> list[Bounce]:
    if body["Type"] == "SubscriptionConfirmation":
        raise MustConfirm(clean(str(body.get("SubscribeURL", "")), longest=2000))
    try:
        inner = msgspec.json.decode(str(body.get("Message", "")))
    except msgspec.DecodeError:
        said = "'Message' is no JSON, expected a notification of Amazon SES"
        raise Unknown(said) from None
    return _ses(_object(inner))


def _ses(body: Mapping[str, Any]) -> list[Bounce]:
    kind = body.get("notificationType") or body.get("eventType")
    if kind == "Complaint":
        told = _object(body.get("complaint"))
        return _of(told.get("complainedRecipients"), "emailAddress", final=True)
    if kind != "Bounce":
        return []
    told = _object(body.get("bounce"))
    final = told.get("bounceType") == "Permanent"
    return _of(told.get("bouncedRecipients"), "emailAddress", final=final)


def _of(recipients: Any, name: str, *, final: bool) -> list[Bounce]:
    if not isinstance(recipients, Sequence) or isinstance(recipients, str):
        said = "the recipients are missing, expected a list of them"
        raise Unknown(said)
    found = []
    for one in recipients:
        told = _object(one)
        answer = told.get("diagnosticCode") or told.get("status") or _SPAM
        found.append(_bounce(told.get(name), str(answer), final=final))
    return found


def _mailgun(event: Mapping[str, Any]) -> list[Bounce]:
    kind = event.get("event")
    if kind == "complained":
        return [_bounce(event.get("recipient"), _SPAM, final=True)]
    if kind != "failed":
        return []
    told = event.get("delivery-status")
    status = told if isinstance(told, dict) else {}
    answer = status.get("message") or status.get("description") or event.get("reason")
    # Mailgun refuses by itself what it has on a list of its own.
    final = event.get("severity") == "permanent"
    return [_bounce(event.get("recipient"), str(answer or "failed"), final=final)]


def _sendgrid(event: Mapping[str, Any]) -> list[Bounce]:
    kind = event.get("event")
    if kind == "spamreport":
        return [_bounce(event.get("email"), _SPAM, final=True)]
    if kind not in ("bounce", "dropped"):
        return []
    # A block is about who sends; a drop repeats what bounced or complained before.
    reason = str(event.get("reason") or event.get("status") or kind)
    final = kind == "bounce" and event.get("type") != "blocked"
    final = final or (kind == "dropped" and "bounced" in reason.lower())
    return [_bounce(event.get("email"), reason, final=final)]


def _postmark(body: Mapping[str, Any]) -> list[Bounce]:
    kind = body["RecordType"]
    if kind == "SpamComplaint":
        return [_bounce(body.get("Email"), _SPAM, final=True)]
    if kind != "Bounce":
        return []
    answer = body.get("Details") or body.get("Description") or body.get("Name")
    final = body.get("Type") in ("HardBounce", "BadEmailAddress", "SpamComplaint")
    return [_bounce(body.get("Email"), str(answer or "bounced"), final=final)]


def _bounce(address: Any, answer: str, *, final: bool) -> Bounce:
    shown = clean(str(address or ""), longest=300).strip()
    if not is_mail_address(shown):
        said = f"the recipient is {shown[:80]!r}, expected a mail address"
        raise Unknown(said)
    text = clean(" ".join(answer.split()), longest=400)
    return Bounce(final=final, answer=text, address=shown.casefold())


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        shown = clean(msgspec.json.encode(value).decode(), longest=60)
        said = f"{shown}: expected an object"
        raise Unknown(said)
    return value
