"""The dialect of what came back: a mail as it stands, or a provider's JSON."""

from datetime import datetime

import msgspec

from tocsin.core.excerpts import web_link
from tocsin.integrations.mail_bounces import providers, reports
from tocsin.interfaces.arrivals import (
    Answer,
    Bounce,
    Desk,
    Inbound,
    Reading,
    Unreadable,
)

_encode = msgspec.json.encode


class MailBounces:
    """Counts what came back; knows nothing of alerts."""

    type = "mail-bounces"

    def is_intake(self, inbound: Inbound) -> bool:
        """Any POST."""
        return inbound.method == "POST"

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """One mail, or one request of a provider. Raises Unreadable."""
        try:
            bounces = _bounces(inbound.body)
        except providers.MustConfirm as asked:
            link = web_link(str(asked))
            reason = f"Amazon SNS asks to confirm: open its SubscribeURL, {link}"
            # Taken, and shown: whoever set it up has to open that link.
            return Reading([], Answer(202, _encode({"status": reason})), (), [reason])
        except (providers.Unknown, reports.NoReport) as error:
            raise Unreadable(str(error), self.refuse(400, str(error))) from None
        said = {"status": "accepted", "bounces": len(bounces)}
        return Reading([], Answer(202, _encode(said)), bounces=bounces)

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Says what to send."""
        if inbound.method not in ("GET", "HEAD"):
            return self.refuse(405, f"{inbound.method} is not allowed; POST here")
        text = f"""POST what came back to {inbound.base_url}

  a mail server     the mail as it stands (curl --data-binary @-)
  a mail provider   JSON of Amazon SES (SNS), Mailgun, Postmark or SendGrid
"""
        return Answer(200, text.encode(), "text/plain; charset=utf-8")

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """An object with the reason."""
        headers = (
            {"retry-after": str(retry_after_seconds)} if retry_after_seconds else {}
        )
        return Answer(status, _encode({"error": reason}), headers=headers)


def _bounces(body: bytes) -> list[Bounce]:
    # A mail begins with a header or a "From " line, never with a bracket.
    if body.lstrip()[:1] not in (b"{", b"["):
        return reports.read(body)
    try:
        return providers.read(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError) as error:
        said = f"the body cannot be read, expected JSON: {error}"
        raise providers.Unknown(said) from None


INTEGRATION = MailBounces()
