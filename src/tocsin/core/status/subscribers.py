"""Who wants mails of a status page: their token, whether an update is for them, the words.

A token belongs to one subscriber and is only ever mailed to their address, so whoever
holds it may confirm, choose and leave. Knows no database and no mail server.
"""

import base64
import hmac
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from msgspec import Struct

# By mail, into a chat (Slack, Mattermost, Google Chat), to a program.
EMAIL, CHAT, WEBHOOK = "email", "chat", "webhook"
PENDING, CONFIRMED, ENDED, SUPPRESSED = "pending", "confirmed", "ended", "suppressed"
# Who has not confirmed by then is forgotten.
CONFIRM_WITHIN = timedelta(days=7)
# So many are written at a time; others of the lane wait for no more than these.
CHUNK = 200
_MAC_BYTES = 16
_NO_SUCH_BOX = ("550", "551", "553")


class Subscriber(Struct, frozen=True):
    """One address of one page; no components are all of them.

    `address` is a mail address, else the secret address of a chat's or a program's hook.
    """

    id: str
    page: str
    address: str
    components: tuple[str, ...]
    state: str
    made_at: datetime
    kind: str = EMAIL

    def wants(self, components: Collection[str]) -> bool:
        """Whether an update of these components is for them."""
        return not self.components or not set(self.components).isdisjoint(components)


def token(secret: bytes, subscriber: str) -> str:
    """What their links carry. It has no end: an old mail must still unsubscribe."""
    text = f"subscriber\n{subscriber}".encode()
    digest = hmac.new(secret, text, sha256).digest()[:_MAC_BYTES]
    return f"{subscriber}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def subscriber_of(secret: bytes, given: str) -> str:
    """Whom a token is of (compared in constant time), empty when it is not ours."""
    name = given.rpartition(".")[0]
    if not name or len(given) > 100:
        return ""
    good = hmac.compare_digest(token(secret, name).encode(), given.encode())
    return name if good else ""


def is_hook(text: str, *, plain: bool) -> bool:
    """Whether it is an address to POST to; `plain` ones need no TLS (a trial at home)."""
    try:
        parts = urlsplit(text)
        schemes = ("https", "http") if plain else ("https",)
        is_whole = parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        return False
    return is_whole and "@" not in parts.netloc and text.isprintable() and (
        " " not in text
    )  # fmt: skip


def hook_secret(secret: bytes, subscriber: str) -> str:
    """What their program checks signatures with (Standard Webhooks)."""
    digest = hmac.new(secret, f"hook\n{subscriber}".encode(), sha256).digest()
    return "whsec_" + base64.b64encode(digest).decode()


def is_gone(answer: str) -> bool:
    """Whether a hook says that it is there no more (404 and 410, as chats answer)."""
    return answer[:3] in ("404", "410")


def is_hard_bounce(answer: str) -> bool:
    """Whether a refusal says that there is no such mailbox (RFC 5321, RFC 3463).

    5.7.x is about who sends (a policy, no relaying): the address may be good.
    """
    return answer[:3] in _NO_SUCH_BOX and " 5.7." not in answer[:12]


def confirmation(title: str, link: str, *, confirmed: bool) -> tuple[str, str]:
    """Subject and text for who asked; the same mail whether or not they are known."""
    said = (
        "It is so already. What is sent is kept here:"
        if confirmed
        else "If it was you, confirm it here:"
    )
    return one_line(f"{title} status: updates about incidents"), (
        f"Somebody asked for updates of {one_line(title)} status to this address.\n"
        f"{said}\n\n{link}\n\nIf it was not you, do nothing.\n"
    )


def notice(title: str, stage: str, body: str, page: str) -> tuple[str, str]:
    """Subject and text of one update, without the way out."""
    first = body.strip().partition("\n")[0]
    subject = one_line(f"{title}: {stage}: {first}")
    return subject, f"{stage}\n\n{body.strip()}\n\n{page}\n"


def one_line(text: str) -> str:
    """As a header may hold it."""
    return " ".join(text.split())[:200]
