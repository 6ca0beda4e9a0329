"""What makes the pages an app that can be installed: manifest, service worker, offline page."""

import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tocsin.web.assets import SCRIPT, STATIC, WORKER_POLICY, asset
from tocsin.web.gate import guarded
from tocsin.web.rendering import render

_OFFLINE = "/offline"
# What the pages are drawn with; a page itself is never kept, so none is taken for fresh.
_KEPT = ("tocsin.css", SCRIPT, "stream.js", "vendor/icons.svg", "bell.svg")
_FONT = "vendor/instrument-sans-latin-wght-normal.woff2"


def routes() -> list[Route]:
    """Open to all: a browser asks for them without cookies."""
    return [
        Route("/manifest.webmanifest", _manifest),
        Route("/sw.js", _worker),
        Route(_OFFLINE, _offline),
    ]


async def _manifest(request: Request) -> Response:
    icons = [
        {"src": asset("bell-app.svg"), "type": "image/svg+xml", "sizes": "any"},
        *(
            {
                "src": asset(f"icon-{size}.png"),
                "type": "image/png",
                "sizes": f"{size}x{size}",
                "purpose": purpose,
            }
            for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
        ),
    ]
    manifest = {
        "name": "Tocsin",
        "short_name": "Tocsin",
        "description": "Who is paged, and what is on fire",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#141210",
        "theme_color": "#141210",
        "icons": icons,
        "shortcuts": [
            {"name": "Alerts", "url": "/alerts"},
            {"name": "On-call", "url": "/oncall"},
        ],
    }
    return Response(
        json.dumps(manifest),
        media_type="application/manifest+json",
        headers={"cache-control": "no-cache"},
    )


async def _worker(request: Request) -> Response:
    styled = asset("tocsin.css").removesuffix("tocsin.css")
    kept = [_OFFLINE, *(asset(name) for name in _KEPT)]
    if (STATIC / _FONT).is_file():
        # The style sheet names its font beside itself.
        kept.append(styled + _FONT)
    code = (STATIC / "sw.js").read_text("utf-8").replace("[]", json.dumps(kept), 1)
    return Response(
        code,
        media_type="text/javascript",
        headers={
            "cache-control": "no-cache",
            "content-security-policy": WORKER_POLICY,
        },
    )


async def _offline(request: Request) -> Response:
    return guarded(HTMLResponse(render("offline.html")))
