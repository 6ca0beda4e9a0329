"""Status pages as they are served: open to all, or (private ones) to who is signed in."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.status.status_pages import Snapshot, StatusPage
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.status import subscribing
from tocsin.engine.status.reading import snapshot
from tocsin.store.database import Tx
from tocsin.web.gate import Gate, guarded, new_nonce
from tocsin.web.status.hosts import ROOT
from tocsin.web.status.rendering import files

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".json": "application/json",
}
# A page may be a minute old everywhere between us and who reads it.
_FRESH = "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes; each guards itself."""

    async def first(request: Request) -> Response:
        return await run_in_threadpool(_answer, desk, gate, request, "index.html")

    async def other(request: Request) -> Response:
        path = request.path_params["path"]
        return await run_in_threadpool(_answer, desk, gate, request, path)

    return [
        Route("/status/{page}", first, methods=["GET"]),
        Route("/status/{page}/{path:path}", other, methods=["GET"]),
    ]


def address_of(desk: FrontDesk, page: StatusPage) -> str:
    """Where customers find a page."""
    if page.domain:
        return f"https://{page.domain}"
    return f"{desk.public_url}/status/{page.name}"


def _answer(desk: FrontDesk, gate: Gate, request: Request, path: str) -> Response:
    now = desk.clock.now()
    name = request.path_params["page"]

    def work(tx: Tx) -> Snapshot | None:
        page = desk.directories.current(tx).status_pages.get(name)
        return snapshot(tx, page, now=now) if page is not None else None

    shot = desk.database.read(work)
    is_known = shot is not None and (
        not shot.page.private or gate.viewer(request) is not None
    )
    if shot is None or not is_known:
        raise HTTPException(404)
    nonce = new_nonce()
    url = address_of(desk, shot.page)
    path = path.rstrip("/") or "index.html"
    prefix = request.scope.get(ROOT) or f"/status/{name}/"
    mails = f"{prefix}mails" if subscribing.is_open(shot.page) else ""
    text = files(shot, url, prefix=prefix, nonce=nonce, mails=mails).get(path)
    if text is None:
        raise HTTPException(404)
    kind = _TYPES["." + path.rpartition(".")[2]]
    answer = guarded(Response(text, media_type=kind), nonce=nonce)
    if not shot.page.private:
        answer.headers["cache-control"] = _FRESH
        if path.startswith("api/"):
            answer.headers["access-control-allow-origin"] = "*"
    return answer
