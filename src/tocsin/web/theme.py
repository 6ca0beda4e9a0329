"""The theme: the system's, or light or dark by choice, kept in a cookie for a year."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.engine.front_desk import FrontDesk
from tocsin.web.browser import THEME_COOKIE, THEMES
from tocsin.web.gate import is_from_here, local_referer

_YEAR_SECONDS = 365 * 24 * 3600


def routes(desk: FrontDesk) -> list[Route]:
    """The route; anybody may choose how pages look to them."""

    async def choose(request: Request) -> Response:
        form = await request.form(max_fields=5, max_files=0)
        answer = RedirectResponse(local_referer(request), 303)
        if not is_from_here(request):
            return answer
        theme = str(form.get("theme", ""))
        if theme in THEMES:
            answer.set_cookie(
                THEME_COOKIE,
                theme,
                max_age=_YEAR_SECONDS,
                httponly=True,
                samesite="lax",
                secure=desk.is_secure,
            )
        else:
            answer.delete_cookie(THEME_COOKIE)
        return answer

    return [Route("/theme", choose, methods=["POST"])]
