"""Pages for when there is no page: not allowed, not there, broken, no database."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin.core.directory import Directory
from tocsin.store.database import StoreError
from tocsin.web.gate import Gate, guarded
from tocsin.web.rendering import render

_MOST_NAMED = 3
Handler = Callable[[Request, Exception], Awaitable[Response]]


class NotAllowed(HTTPException):
    """The viewer lacks a right. `team` is whose leads can grant it; without it, admins."""

    def __init__(self, said: str, *, team: str = "") -> None:
        super().__init__(403, said)
        self.team = team


def handlers(gate: Gate) -> dict[int | type[Exception], Handler]:
    """What the site answers instead of pages."""

    async def refused(request: Request, error: Exception) -> Response:
        return await run_in_threadpool(_refused, gate, request, error)

    return {
        403: refused,
        404: refused,
        405: refused,
        500: _broken,
        StoreError: _without_database,
    }


def _refused(gate: Gate, request: Request, error: Exception) -> Response:
    try:
        viewer = gate.viewer(request)
    except StoreError:
        return _static(503)
    status = getattr(error, "status_code", 404)
    path = request.url.path
    said = str(getattr(error, "detail", "")) if isinstance(error, NotAllowed) else ""
    who: Sequence[str] = ()
    if status == 403 and viewer is not None:
        who = who_can_grant(gate.desk.directory(), getattr(error, "team", ""))
    return gate.page(
        "error.html",
        viewer,
        status=status,
        code=status,
        path=path,
        said=said,
        who=who,
        guess=_guess(path),
    )


def who_can_grant(directory: Directory, team: str = "") -> list[str]:
    """The full names of the leads of `team`, else of the admins; three at most."""
    members = directory.teams[team].members if team in directory.teams else ()
    leads = [n for n in members if directory.roles.get(n) in ("lead", "admin")]
    names = leads or list(directory.admins)
    people = (directory.people.get(name) for name in names[:_MOST_NAMED])
    return [one.full_name or one.name for one in people if one is not None]


def _guess(path: str) -> str:
    """What somebody may have looked for who came to `path`."""
    last = path.rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.-]+", " ", last)[:100].strip()


async def _broken(request: Request, error: Exception) -> Response:
    return _static(500)


async def _without_database(request: Request, error: Exception) -> Response:
    return _static(503)


def _static(status: int) -> Response:
    answer = guarded(HTMLResponse(_text(status), status))
    if status == 503:
        answer.headers["retry-after"] = "5"
    return answer


@lru_cache(maxsize=4)
def _text(status: int) -> str:
    return render("broken.html", status=status)
