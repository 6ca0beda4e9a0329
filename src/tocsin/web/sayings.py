"""What the next page says once: "Saved.", with a button to undo it.

Kept in a cookie for half a minute, so that it outlives the redirect after a form.
"""

from collections.abc import Mapping
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct, field
from starlette.responses import RedirectResponse, Response

from tocsin.web.browser import SAID_COOKIE, asked

_GOOD_FOR_SECONDS = 30
_LONGEST = 1500


class Saying(Struct, frozen=True):
    """`undo` is the address of a form, `fields` what it sends."""

    text: str
    undo: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def done(to: str, said: Saying | None = None) -> Response:
    """After a form: to the page `to`, which says `said`."""
    answer = RedirectResponse(to, 303)
    text = quote(msgspec.json.encode(said)) if said is not None else ""
    if text and len(text) <= _LONGEST:
        answer.set_cookie(
            SAID_COOKIE, text, max_age=_GOOD_FOR_SECONDS, httponly=True, samesite="lax"
        )
    return answer


def take() -> Saying | None:
    """What this page is to say; the page's answer deletes the cookie."""
    text = asked().said
    if not text:
        return None
    try:
        found = msgspec.json.decode(unquote(text), type=Saying)
    except msgspec.MsgspecError:
        return None
    ours = found.undo.startswith("/") and not found.undo.startswith("//")
    return found if ours else Saying(found.text)
