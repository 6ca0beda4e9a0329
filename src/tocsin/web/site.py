"""The routes of the pages. Reads call the store, writes call the engine."""

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.front_desk import FrontDesk
from tocsin.web import (
    alerts,
    assets,
    audit,
    demo,
    doors,
    errors,
    find,
    health,
    home,
    incidents,
    integration,
    integrations,
    live,
    maintenance,
    me,
    messages,
    outbox,
    page_link,
    passkeys,
    people,
    policies,
    policy_forms,
    pwa,
    quiet,
    security,
    service_forms,
    services,
    setup,
    silences,
    single_sign_on,
    teams,
    theme,
    tokens,
)
from tocsin.web.browser import Remembering
from tocsin.web.gate import (
    Gate,
    address_of,
    must_all_be_guarded,
)
from tocsin.web.guard import Guard
from tocsin.web.navigation import Navigation
from tocsin.web.oncall import (
    calendar_imports,
    calendars,
    cover_requests,
    fair_rotas,
    handoffs,
    oncall,
    oncall_load,
    override_form,
    readiness,
    rotas,
    rotation_names,
    schedules,
    thanks,
)
from tocsin.web.reviews import actions, editor, listing, runbook
from tocsin.web.status import forming, keeping
from tocsin.web.status import mails as status_mails
from tocsin.web.status import public as status_pages
from tocsin.web.threshold import Threads

# What a stranger may ask for; each of them guards itself.
OPEN = {
    "/static/{digest}/{name:path}",
    "/p/{token}",
    "/live",
    "/theme",
    "/manifest.webmanifest",
    "/sw.js",
    "/offline",
    "/login",
    "/login/emergency",
    "/login/invitation/{token}",
    "/login/passkey",
    "/login/passkey/options",
    "/login/reset",
    "/login/sso",
    "/login/sso/callback",
    "/login/reset/{token}",
    "/login/verify/{token}",
    "/sign-in",
    "/sign-in/{token}",
    "/sign-out",
    "/status/{page}",
    "/status/{page}/mails",
    "/status/{page}/mails/{token}",
    "/status/{page}/{path:path}",
    "/ical/{secret}.ics",
    "/demo",
    "/demo/mail",
    "/demo/mail/{number:int}",
}

# Pages that need nothing but the desk and the gate.
_PAGES = (
    home, setup, me, alerts, incidents, oncall, services, service_forms, rotas, rotation_names,
    fair_rotas, cover_requests, handoffs, thanks, readiness, calendar_imports, schedules, override_form, oncall_load, calendars, policies,
    policy_forms, quiet, silences, maintenance, integrations, integration, people,
    teams, tokens, audit, messages, outbox, keeping, forming,
    health, find, listing, editor, actions, runbook,
)  # fmt: skip


def build(desk: FrontDesk, *, stopping: asyncio.Event, demo: Any) -> Starlette:
    """The application of all pages."""
    navigation = Navigation()
    gate = Gate(desk, navigation)
    routes = [
        *_open_routes(desk, gate, stopping),
        *(route for page in _PAGES for route in page.routes(desk, gate)),
        *_demo_routes(gate, demo),
    ]
    must_all_be_guarded(routes, open_to_all=OPEN)
    navigation.paths = {route.path for route in routes}
    site = Starlette(
        routes=routes,
        middleware=[
            Middleware(Guard, is_https=desk.is_secure),
            Middleware(Remembering),
            Middleware(GZipMiddleware, minimum_size=1000),
        ],
        exception_handlers=errors.handlers(gate),
    )
    site.router.redirect_slashes = False
    return site


def _open_routes(desk: FrontDesk, gate: Gate, stopping: asyncio.Event) -> list[Route]:
    """What guards itself, and the doors."""
    threads = Threads("door")
    return [
        Route("/static/{digest}/{name:path}", assets.answer),
        *_page_link_routes(desk),
        *_live_routes(desk, gate, stopping),
        *doors.routes(desk, gate, threads),
        *passkeys.routes(desk, gate),
        *security.routes(desk, gate, threads),
        *single_sign_on.routes(desk, gate),
        *theme.routes(desk),
        *status_mails.routes(desk),
        *status_pages.routes(desk, gate),
        *pwa.routes(),
        *calendars.open_routes(desk),
    ]


def _page_link_routes(desk: FrontDesk) -> list[Route]:
    async def get(request: Request) -> Response:
        token = request.path_params["token"]
        return await run_in_threadpool(page_link.show, desk, token)

    async def post(request: Request) -> Response:
        token = request.path_params["token"]
        form = await request.form(max_fields=10, max_files=0)
        return await run_in_threadpool(
            page_link.act, desk, token, form, address_of(request)
        )

    return [
        Route("/p/{token}", get, methods=["GET"]),
        Route("/p/{token}", post, methods=["POST"]),
    ]


def _live_routes(desk: FrontDesk, gate: Gate, stopping: asyncio.Event) -> list[Route]:
    streams = live.Live(desk.database, stopping)

    async def events(request: Request) -> Response:
        if await run_in_threadpool(gate.viewer, request) is None:
            return Response(status_code=401)
        return streams.stream(request, lambda: gate.viewer(request) is not None)

    return [Route("/live", events)]


def _demo_routes(gate: Gate, shown: Any) -> list[Route]:
    return demo.routes(gate, shown) if shown is not None else []
