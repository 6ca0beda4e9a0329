"""Pages for when there is no page: nothing there, too much, broken, no database."""

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin.store.database import StoreError
from tocsin.web.gate import Gate, guarded
from tocsin.web.rendering import render

_LONGEST_GUESS = 100
_TRY_AGAIN_SECONDS = "5"
Handler = Callable[[Request, Exception], Awaitable[Response]]


def handlers(gate: Gate) -> dict[int | type[Exception], Handler]:
    """What the site answers instead of pages. (403 is the gate's own.)"""

    async def nothing(request: Request, error: Exception) -> Response:
        status = int(getattr(error, "status_code", 404))
        return await run_in_threadpool(_nothing, gate, request, status)

    return {
        404: nothing,
        405: nothing,
        413: _too_much,
        500: _broken,
        StoreError: _without_database,
    }


def _nothing(gate: Gate, request: Request, status: int) -> Response:
    try:
        viewer = gate.viewer(request)
    except StoreError:
        return _static(503)
    path = request.url.path
    values = {"code": status, "path": path, "guess": _guess(path)}
    return gate.page("nothing.html", viewer, status=status, **values)


def _guess(path: str) -> str:
    """What somebody may have looked for who came to `path`."""
    last = path.rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.-]+", " ", last)[:_LONGEST_GUESS].strip()


async def _too_much(request: Request, error: Exception) -> Response:
    text = render("error.html", status=413, path=request.url.path)
    return guarded(HTMLResponse(text, 413))


async def _broken(request: Request, error: Exception) -> Response:
    return _static(500)


async def _without_database(request: Request, error: Exception) -> Response:
    return _static(503)


def _static(status: int) -> Response:
    answer = guarded(HTMLResponse(_text(status), status))
    if status == 503:
        answer.headers["retry-after"] = _TRY_AGAIN_SECONDS
    return answer


@lru_cache(maxsize=4)
def _text(status: int) -> str:
    return render("broken.html", status=status)
