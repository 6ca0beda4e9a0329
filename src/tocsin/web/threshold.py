"""What every page of the door shares: whence a visit comes, where it goes on to, the
session's cookie, and threads of its own.
"""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.visits import Entry, Visit
from tocsin.web.gate import address_of

T = TypeVar("T")
HOME = "/"
CONFIRM = "/login/confirm"
_THREADS = 4
_MOST_WAITING = 100
_LONGEST_PATH = 1000
FOREIGN = "The form came from another site."
STALE = "This link has been used or is too old. Ask for another."


class Busy(Exception):
    """More people are at this door than it can see to."""


class Threads:
    """A few threads for what takes long (a hash, an identity provider).

    They are not those of the other pages: a crowd at this door must not keep
    anybody's page link waiting.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, f"tocsin-{name}")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises Busy."""
        if self._waiting >= _MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def visit_of(request: Request, desk: FrontDesk) -> Visit:
    """Where a request comes from."""
    return Visit(
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
        session=request.cookies.get(desk.cookie, ""),
    )


def own_path(text: str) -> str:
    """`text` if it is a path of ours, else home.

    Browsers read `//host`, `/\\host` and `/<tab>/host` as other hosts.
    """
    bad = not text.startswith("/") or len(text) > _LONGEST_PATH
    if bad or "\\" in text or any(ord(char) <= 32 or ord(char) == 127 for char in text):
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc or text.startswith("//") else text


def welcomed(desk: FrontDesk, entry: Entry, to: str) -> Response:
    """On to where they wanted, with the cookie of their new session."""
    answer = RedirectResponse(own_path(to), 303)
    set_session(answer, desk, entry)
    return answer


def set_session(answer: Response, desk: FrontDesk, entry: Entry) -> None:
    """The cookie: no script reads it, no other site sends it with a form."""
    answer.set_cookie(
        desk.cookie,
        entry.session,
        max_age=int(entry.good_for.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=desk.is_secure,
    )
    answer.headers["cache-control"] = "no-store"


def confirmed_first(request: Request, desk: FrontDesk, *, then: str) -> Response | None:
    """Off to confirm who they are, unless they did within the last ten minutes.

    For what gives lasting access: a password, a passkey, an API token. `then` is the
    page of ours to come back to. Blocks.
    """
    session = request.cookies.get(desk.cookie, "")
    if desk.credentials.sessions.is_recent(session):
        return None
    return RedirectResponse(f"{CONFIRM}?next={quote(own_path(then), safe='/')}", 303)


def too_often(wait: timedelta) -> str:
    """What is said to who tries too often."""
    seconds = seconds_of(wait)
    minutes = math.ceil(seconds / 60)
    when = f"{seconds} seconds" if seconds < 120 else f"{minutes} minutes"
    return (
        f"There were too many tries from here or for this name. Try again in {when}. "
        "Another way to sign in may be open; pages and their links go on working."
    )


def seconds_of(wait: timedelta) -> int:
    """Whole seconds, for Retry-After."""
    return max(1, math.ceil(wait.total_seconds()))
