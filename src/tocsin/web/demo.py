"""The demo's own pages: the outage as it happens, and the mails it sent."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.web.gate import Gate


def routes(gate: Gate, shown: Any) -> list[Route]:
    """`shown` has `steps()`, `mails()`, `mail(id)` and `link`."""

    async def outage(request: Request) -> Response:
        return gate.page(
            "demo.html",
            gate.viewer(request),
            steps=shown.steps(),
            mails=shown.mails()[:5],
            finished=shown.finished(),
            link=shown.link,
        )

    async def mails(request: Request) -> Response:
        return gate.page("mails.html", gate.viewer(request), mails=shown.mails())

    async def mail(request: Request) -> Response:
        found = shown.mail(request.path_params["number"])
        status = 200 if found else 404
        return gate.page("mail.html", gate.viewer(request), mail=found, status=status)

    return [
        Route("/demo", outage),
        Route("/demo/mail", mails),
        Route("/demo/mail/{number:int}", mail),
    ]
