"""Mails of a status page, for customers: asking for them, confirming, choosing, leaving.

A link in a mail only shows: mail scanners follow links. What it offers is a POST, and
the POST of a mail program's own button (RFC 8058) leaves.
"""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tocsin.core.credentials import shown_address
from tocsin.core.status.status_pages import StatusPage
from tocsin.core.status.subscribers import CHAT, EMAIL, WEBHOOK, Subscriber, hook_secret
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.status import subscribing
from tocsin.web.gate import address_of, guarded, new_nonce
from tocsin.web.rendering import render
from tocsin.web.status.hosts import ROOT

_MOST_FIELDS = 200
_EXPECTED = {
    True: "Expected a mail address such as ana@example.com.",
    False: "Expected an address that begins with https://, as the chat shows it.",
}


def routes(desk: FrontDesk) -> list[Route]:
    """The routes; each guards itself."""

    async def ask(request: Request) -> Response:
        return await run_in_threadpool(_ask, desk, request)

    async def asked(request: Request) -> Response:
        form = await request.form(max_fields=_MOST_FIELDS, max_files=0)
        return await run_in_threadpool(_asked, desk, request, form)

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, desk, request)

    async def act(request: Request) -> Response:
        form = await request.form(max_fields=_MOST_FIELDS, max_files=0)
        return await run_in_threadpool(_act, desk, request, form)

    return [
        Route("/status/{page}/mails", ask, methods=["GET"]),
        Route("/status/{page}/mails", asked, methods=["POST"]),
        Route("/status/{page}/mails/{token}", show, methods=["GET"]),
        Route("/status/{page}/mails/{token}", act, methods=["POST"]),
    ]


def _page(desk: FrontDesk, request: Request) -> StatusPage:
    page = desk.directory().status_pages.get(request.path_params["page"])
    if page is None or not subscribing.is_open(page):
        raise HTTPException(404)
    return page


def _ask(desk: FrontDesk, request: Request) -> Response:
    return _form(desk, request, _page(desk, request))


def _asked(desk: FrontDesk, request: Request, form: FormData) -> Response:
    page = _page(desk, request)
    kind, address = _wanted(form)
    if kind == EMAIL and not subscribing.takes_mail(desk):
        raise HTTPException(404)
    wait = subscribing.ask(
        desk, page, address, _chosen(page, form), network=address_of(request), kind=kind
    )
    typed = address[:1000]
    if wait is None:
        said = _EXPECTED[kind == EMAIL]
        return _form(
            desk, request, page, status=422, kind=kind, problem=said, address=typed
        )
    if wait:
        minutes = int(wait.total_seconds() // 60) + 1
        said = f"That was asked for too often. Try again in {minutes} min."
        answer = _form(
            desk, request, page, status=429, kind=kind, problem=said, address=typed
        )
        answer.headers["retry-after"] = str(minutes * 60)
        return answer
    return _form(desk, request, page, said="asked", kind=kind)


def _wanted(form: FormData) -> tuple[str, str]:
    """(kind, address) of what was filled in."""
    hook = str(form.get("hook", ""))
    if not hook:
        return EMAIL, str(form.get("address", ""))
    return (WEBHOOK if form.get("kind") == WEBHOOK else CHAT), hook


def _show(desk: FrontDesk, request: Request) -> Response:
    page, one = _page(desk, request), _subscriber(desk, request)
    return _form(desk, request, page, one=one, chosen=one.components)


def _act(desk: FrontDesk, request: Request, form: FormData) -> Response:
    page, one = _page(desk, request), _subscriber(desk, request)
    if form.get("do") == "confirm":
        is_good = subscribing.confirm(desk, one, _chosen(page, form))
        said = "confirmed" if is_good else "late"
    elif form.get("do") == "leave" or form.get("List-Unsubscribe") == "One-Click":
        subscribing.leave(desk, one)
        said = "left"
    else:
        said = ""
    now_is = _subscriber(desk, request)
    return _form(desk, request, page, one=now_is, chosen=now_is.components, said=said)


def _subscriber(desk: FrontDesk, request: Request) -> Subscriber:
    name, token = request.path_params["page"], request.path_params["token"]
    one = subscribing.found(desk, name, token)
    if one is None:
        raise HTTPException(404)
    return one


def _chosen(page: StatusPage, form: FormData) -> tuple[str, ...]:
    given = {str(one) for one in form.getlist("component")}
    found = tuple(one.name for one in page.components if one.name in given)
    # All of them is "whatever there is", also what is added later.
    return () if len(found) == len(page.components) else found


def _form(
    desk: FrontDesk,
    request: Request,
    page: StatusPage,
    *,
    status: int = 200,
    one: Subscriber | None = None,
    kind: str = EMAIL,
    **values: object,
) -> Response:
    nonce = new_nonce()
    if one is not None:
        kind = one.kind
        values["shown"] = (
            one.address if kind == EMAIL else shown_address(WEBHOOK, one.address)
        )
        values["key"] = hook_secret(desk.secret, one.id) if kind == WEBHOOK else ""
    text = render(
        "status_mails.html",
        **{"problem": "", "address": "", "chosen": (), "said": "", **values},
        one=one, kind=kind, takes_mail=subscribing.takes_mail(desk),
        page=page, root=request.scope.get(ROOT) or f"/status/{page.name}/", nonce=nonce, zone=page.zone,
        now=desk.clock.now(),
    )  # fmt: skip
    return guarded(HTMLResponse(text, status), nonce=nonce)
