"""Pages by mail, through an SMTP server with TLS and authentication.

Source: RFC 5321 (reply codes), RFC 3834 (Auto-Submitted). Settings: an address
`smtp://[user:password@]host[:port]` (STARTTLS is used when offered; `?starttls=required`
insists) or `smtps://…`, a sender, and a CA file for a private CA.
"""

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from tocsin.core.credentials import without
from tocsin.core.people.people import is_mail_address
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import PageMessage, Receipt

_MOST_TOLD = 50


class SmtpPager:
    """The `email` channel."""

    channel = "email"

    def __init__(self, url: str, *, sender: str, ca_file: str = "") -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._direct_tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._direct_tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._must_tls = parse_qs(parts.query).get("starttls") == ["required"]
        self._sender = sender
        self._tls = ssl.create_default_context(cafile=ca_file or None)

    def problems(self, address: str) -> Sequence[str]:
        """Whether `address` looks like a mail address."""
        if not is_mail_address(address):
            return [
                f"{address[:80]!r}: expected a mail address such as ana@example.com"
            ]
        return []

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send one mail. Raises DeliveryFailed, DeliveryUnknown."""
        if self.problems(to):
            raise DeliveryFailed(self.problems(to)[0], permanent=True)
        mail = compose(message, to=to, key=key, sender=self._sender)
        return self._deliver(mail, to, timeout_seconds)

    def send_text(
        self, *, to: str, subject: str, text: str, sent_at: datetime, key: str = ""
    ) -> Receipt:
        """A mail that is no page, such as a sign-in link. Same key, same mail."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self._sender, to, subject
        mail["Date"] = format_datetime(sent_at)
        if key:
            mail["Message-ID"] = _message_id(key, self._sender)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text, cte="quoted-printable")
        return self._deliver(mail, to, timeout_seconds=10)

    def send_bulk(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """A mail to a subscriber: `subject`, `text`, `sent_at`, `leave` (a link).

        `back_to` is where it comes back to when it cannot be delivered.
        """
        if not is_mail_address(to):
            refused = "no mail address"
            raise DeliveryFailed(refused, permanent=True)
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = self._sender, to
        # Words of people: a header has one line.
        mail["Subject"] = " ".join(str(payload["subject"]).split())
        mail["Date"] = format_datetime(datetime.fromisoformat(payload["sent_at"]))
        mail["Message-ID"] = _message_id(key, self._sender)
        mail["Auto-Submitted"] = "auto-generated"
        if payload.get("leave"):
            mail["Precedence"] = "bulk"
            mail["List-Unsubscribe"] = f"<{payload['leave']}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(str(payload["text"]), cte="quoted-printable")
        back_to = str(payload.get("back_to", ""))
        return self._deliver(mail, to, timeout_seconds, back_to=back_to)

    def _deliver(
        self, mail: EmailMessage, to: str, timeout_seconds: float, back_to: str = ""
    ) -> Receipt:
        try:
            server = self._connect(timeout_seconds)
        except smtplib.SMTPAuthenticationError as error:
            reason = without(_said(error), *self._credentials())
            raise DeliveryFailed(reason, permanent=False) from None
        except (OSError, smtplib.SMTPException) as error:
            reason = f"{self._host}:{self._port}: {type(error).__name__}: {error}"
            reason = without(reason, *self._credentials())
            raise DeliveryFailed(reason, permanent=False) from None
        try:
            return self._send(server, mail, to, back_to or parseaddr(self._sender)[1])
        finally:
            _leave(server)

    def _credentials(self) -> list[str]:
        """The password in each form that a server has seen and may repeat."""
        pair = f"\0{self._user}\0{self._password}".encode()
        coded = (b64encode(one).decode() for one in (pair, self._password.encode()))
        return [self._password, *coded]

    def _connect(self, timeout_seconds: float) -> smtplib.SMTP:
        if self._direct_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=timeout_seconds, context=self._tls
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=timeout_seconds)
        try:
            server.ehlo()
            if not self._direct_tls and (server.has_extn("starttls") or self._must_tls):
                server.starttls(context=self._tls)
                server.ehlo()
            if self._user:
                server.login(self._user, self._password)
        except (
            BaseException
        ):  # no connection is left open, also when we are told to end
            _leave(server)
            raise
        return server

    def _send(
        self, server: smtplib.SMTP, mail: EmailMessage, to: str, back_to: str
    ) -> Receipt:
        try:
            self._envelope(server, to, back_to)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            reason = f"connection lost before the message: {error}"
            raise DeliveryFailed(reason, permanent=False) from None
        try:
            # From here on the server may have taken it although we never hear so.
            code, answer = server.data(mail.as_bytes())
        except smtplib.SMTPDataError as error:
            raise DeliveryFailed(_said(error), permanent=_is_final(error)) from None
        except (OSError, smtplib.SMTPException) as error:
            reason = f"no answer after the message: {type(error).__name__}"
            raise DeliveryUnknown(reason) from None
        text = answer.decode("utf-8", "replace")
        if code != 250:
            failed = f"{code} {text}"
            raise DeliveryFailed(failed, permanent=500 <= code < 600)
        return Receipt(str(mail["Message-ID"]), f"{code} {text}")

    def _envelope(self, server: smtplib.SMTP, to: str, back_to: str) -> None:
        for code, answer in (server.mail(back_to), server.rcpt(to)):
            if code not in (250, 251):
                text = f"{code} {answer.decode('utf-8', 'replace')}"
                raise DeliveryFailed(text, permanent=500 <= code < 600)


class MailPoster:
    """The `mail` channel of the outbox: what people subscribed to, and can leave.

    Source: RFC 8058 (List-Unsubscribe-Post, a mail program's own button).
    """

    channel = "mail"

    def __init__(self, server: SmtpPager) -> None:
        self._server = server

    def post(
        self,
        payload: Mapping[str, Any],
        *,
        to: str,
        key: str,
        timeout_seconds: float,
    ) -> Receipt:
        """Send one mail. Raises DeliveryFailed, DeliveryUnknown."""
        return self._server.send_bulk(
            payload, to=to, key=key, timeout_seconds=timeout_seconds
        )


def compose(message: PageMessage, *, to: str, key: str, sender: str) -> EmailMessage:
    """The mail of a page: what is wrong first, then the link, then why and who next."""
    mail = EmailMessage(policy=SMTP)
    domain = _domain(sender)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(message.sent_at)
    # The same page tried again is the same mail to a client that compares ids.
    mail["Message-ID"] = _message_id(key, sender)
    if message.alerts:
        thread = f"<alert-{message.alerts[0].number}@{domain}>"
        mail["References"] = thread
        mail["In-Reply-To"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Priority"] = "1" if message.urgency == "high" else "3"
    # Lines of any length and any script arrive whole, whatever the server allows.
    mail.set_content(text_of(message), cte="quoted-printable")
    return mail


def _message_id(key: str, sender: str) -> str:
    return f"<{sha256(key.encode()).hexdigest()[:32]}@{_domain(sender)}>"


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "tocsin.invalid"


def subject(message: PageMessage) -> str:
    """`[SEV2] checkout: Checkout error rate 31%`; a bundle names its worst."""
    if message.subject:
        return " ".join(message.subject.split())[:250]
    mark = "TEST: " if message.test else ""
    if not message.alerts:
        return f"{mark}Tocsin"
    worst = message.alerts[0]
    name = f"[{worst.severity.name}] {worst.service}: {worst.title}"
    if len(message.alerts) > 1:
        name = f"{len(message.alerts)} alerts, worst {name}"
    return (mark + " ".join(name.split()))[:250]


def text_of(message: PageMessage) -> str:
    """The body as plain text; times in the reader's zone."""
    if message.subject:
        return f"{message.why}\n\n{message.link}\n"
    lines: list[str] = []
    if message.may_be_repeat:
        lines += ["(This may be a repeat: it was not certain that it reached you.)", ""]
    for alert in message.alerts[:_MOST_TOLD]:
        since = _local(alert.since, message.zone)
        lines.append(f"{alert.severity.name} {alert.service}: {alert.title}")
        if alert.summary and alert.summary != alert.title:
            lines.append(alert.summary[:1000])
        lines += [f"ALR-{alert.number}, since {since}", ""]
    if len(message.alerts) > _MOST_TOLD:
        lines += [f"… and {len(message.alerts) - _MOST_TOLD} more.", ""]
    lines += ["Acknowledge, pass on or resolve:", message.link, ""]
    lines += [f"Why you: {message.why}"]
    if message.next_up:
        lines.append(f"Next: {message.next_up}.")
    return "\n".join(lines) + "\n"


def _local(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M} ({local:%a %d %b}, {zone})"


def _said(error: smtplib.SMTPResponseException) -> str:
    raw = error.smtp_error
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return f"{error.smtp_code} {text}"


def _is_final(error: smtplib.SMTPResponseException) -> bool:
    return 500 <= error.smtp_code < 600


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
