"""A mail that came back, read from its delivery report.

Source: RFC 3462 (multipart/report), RFC 3464 (message/delivery-status), RFC 5965 (abuse
reports). Anybody can send such a mail, so only the address that it came back to is
believed, which nobody else knows; what it says of recipients is only shown.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import getaddresses

from tocsin.core.excerpts import clean
from tocsin.interfaces.arrivals import Bounce

_RETURNED_IN = ("to", "delivered-to", "x-original-to", "envelope-to")
_STATUS = re.compile(r"^([245])\.\d{1,3}\.\d{1,3}")


class NoReport(Exception):
    """The mail is no report of a delivery; the text says what it is."""


def read(raw: bytes) -> list[Bounce]:
    """What a mail says of deliveries; none where it only says "delayed".

    Raises NoReport.
    """
    mail = message_from_bytes(raw, policy=default)
    if not isinstance(mail, EmailMessage) or not mail.keys():
        said = "expected a mail with headers"
        raise NoReport(said)
    back = _returned_to(mail)
    if not back:
        said = "it has no 'To', expected the address that the mail came back to"
        raise NoReport(said)
    reports = list(_reports(mail))
    if not reports:
        kind = clean(mail.get_content_type(), longest=60)
        said = f"it is {kind}, expected a delivery report (multipart/report)"
        raise NoReport(said)
    return [
        Bounce(final=final, answer=answer, returned_to=back)
        for final, answer in reports
        if answer
    ]


def _returned_to(mail: EmailMessage) -> tuple[str, ...]:
    given = [str(one) for name in _RETURNED_IN for one in mail.get_all(name, [])]
    found = (address for _, address in getaddresses(given) if "@" in address)
    return tuple(dict.fromkeys(found))[:10]


def _reports(mail: EmailMessage) -> Iterator[tuple[bool, str]]:
    """(final, answer) of each recipient; an empty answer is nothing to count."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            yield from _deliveries(part)
        elif kind == "message/feedback-report":
            yield True, "They called it spam."


def _deliveries(part: Message) -> Iterator[tuple[bool, str]]:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        action = str(block.get("action", "")).strip().lower()
        status = _STATUS.match(str(block.get("status", "")).strip())
        if not action:
            continue  # what is about the whole message
        if action != "failed" or status is None:
            yield False, ""
            continue
        said = str(block.get("diagnostic-code", "")).partition(";")[2]
        text = " ".join(f"{status[0]} {said}".split())
        # 5.7.x is about who sends, 5.2.2 is a full mailbox: both may pass.
        may_pass = status[0].startswith(("5.7.", "5.2.2"))
        yield status[1] == "5" and not may_pass, clean(text, longest=400)
