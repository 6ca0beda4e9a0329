"""SCIM 2.0 at /scim/v2 (RFC 7644): a directory service keeps people and teams.

Its token has the scope scim, which opens nothing else; nothing else opens this.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.api.access import by_token
from tocsin.api.scim import scim_descriptions
from tocsin.api.scim.scim_answers import EXCEPTION_HANDLERS, answer, listed
from tocsin.api.scim.scim_queries import page, seen
from tocsin.core.people import scim_patches
from tocsin.core.people.scim import KINDS, Kind, Resource, ScimRefused
from tocsin.engine.audit import Actor
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.leaving import Gap
from tocsin.engine.people.provisioning import Provisioning

PREFIX = "/scim/v2"
_LARGEST = 4 * 1024 * 1024
_WHO = "Send a token with the scope scim: `Authorization: Bearer …`."
Handler = Callable[[Request, Actor, Any], Response]


def build(desk: FrontDesk) -> Starlette:
    """The application; it expects whole paths."""
    base = f"{desk.public_url}{PREFIX}"
    kept = Provisioning(
        desk.database, desk.directories, desk.audit, desk.clock,
        new_id=desk.new_id, wake=desk.wake, base=base,
    )  # fmt: skip
    guard = _Guard(desk)
    routes = _published(guard, base)
    everything = _search(kept, [*KINDS.values()])
    routes.append(guard.route("/.search", {"POST": everything}))
    for kind in KINDS.values():
        served = _Served(kept, kind)
        routes += [
            guard.route(f"/{kind.path}", {"GET": served.list, "POST": served.create}),
            guard.route(f"/{kind.path}/.search", {"POST": _search(kept, [kind])}),
            guard.route(
                f"/{kind.path}/{{scim_id}}",
                {
                    "GET": served.get,
                    "PUT": served.replace,
                    "PATCH": served.patch,
                    "DELETE": served.delete,
                },
            ),
        ]
    return Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)


class _Guard:
    """Makes routes that only a token with the scope scim opens."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def route(self, path: str, handlers: Mapping[str, Handler]) -> Route:
        """One path; a method that has no handler is 405."""

        async def endpoint(request: Request) -> Response:
            actor = await run_in_threadpool(self._actor, request)
            asked = "GET" if request.method == "HEAD" else request.method
            body = await _body(request)
            return await run_in_threadpool(handlers[asked], request, actor, body)

        return Route(f"{PREFIX}{path}", endpoint, methods=[*handlers])

    def _actor(self, request: Request) -> Actor:
        """Raises HTTPException: 401, 403, or 429 after many wrong tokens."""
        address = request.client.host if request.client else ""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HTTPException(401, _WHO, {"www-authenticate": "Bearer"})
        viewer = by_token(self._desk, token.strip(), address)
        if not viewer.grant.may_provision():
            raise HTTPException(
                403, "This needs a token of an admin with the scope scim."
            )
        return Actor(viewer.person, "SCIM", address)


class _Served:
    """The acts of one resource type."""

    def __init__(self, kept: Provisioning, kind: Kind) -> None:
        self._kept = kept
        self._kind = kind

    def list(self, request: Request, actor: Actor, body: Any) -> Response:
        """Filtered, one page of it."""
        return answer(page(self._kept, [self._kind], request.query_params))

    def create(self, request: Request, actor: Actor, body: Any) -> Response:
        """201 with the resource."""
        made = self._kept.create(self._kind, _object(body), actor)
        headers = {"location": made["meta"]["location"]}
        return answer(seen(made, self._kind, request.query_params), 201, headers)

    def get(self, request: Request, actor: Actor, body: Any) -> Response:
        """One."""
        found = self._kept.one(self._kind, request.path_params["scim_id"])
        return answer(seen(found, self._kind, request.query_params))

    def replace(self, request: Request, actor: Actor, body: Any) -> Response:
        """All that the service may set; what it leaves out is taken away."""
        wanted = _object(body)
        return self._change(request, actor, lambda held: {**wanted})

    def patch(self, request: Request, actor: Actor, body: Any) -> Response:
        """Operations, all or none."""
        folded = {str(key).casefold(): value for key, value in _object(body).items()}
        operations = folded.get("operations")
        return self._change(
            request,
            actor,
            lambda held: scim_patches.patched(self._kind, held, operations),
        )

    def delete(self, request: Request, actor: Actor, body: Any) -> Response:
        """A person is deactivated, a team is gone."""
        gaps = self._kept.delete(self._kind, request.path_params["scim_id"], actor)
        return Response(status_code=204, headers=_gap_headers(gaps))

    def _change(
        self, request: Request, actor: Actor, change: Callable[[Resource], Resource]
    ) -> Response:
        scim_id = request.path_params["scim_id"]
        found, gaps = self._kept.change(self._kind, scim_id, change, actor)
        shown = seen(found, self._kind, request.query_params)
        return answer(shown, 200, _gap_headers(gaps))


def _search(kept: Provisioning, kinds: list[Kind]) -> Handler:
    """A query that comes in a body."""
    return lambda request, actor, body: answer(page(kept, kinds, _object(body)))


def _gap_headers(gaps: tuple[Gap, ...]) -> dict[str, str]:
    """What stands open on call now, for who reads the service's log."""
    if not gaps:
        return {}
    first = gaps[0]
    more = f", and {len(gaps) - 1} more in 30 days" if len(gaps) > 1 else ""
    rotation = first.rotation.encode("ascii", "replace").decode()
    said = f"{rotation} from {first.start.isoformat()} to {first.end.isoformat()}{more}"
    return {"tocsin-gap-on-call": said}


def _published(guard: _Guard, base: str) -> list[Route]:
    """What there is, for clients that ask before they act."""
    whole = scim_descriptions.provider(base)
    routes = [guard.route("/ServiceProviderConfig", {"GET": _told(whole)})]
    for path, held in (
        ("/Schemas", scim_descriptions.schemas(base)),
        ("/ResourceTypes", scim_descriptions.resource_types(base)),
    ):
        routes.append(guard.route(path, {"GET": _every(held)}))
        routes.append(guard.route(f"{path}/{{scim_id}}", {"GET": _each(held)}))
    return routes


def _told(resource: Resource) -> Handler:
    return lambda request, actor, body: answer(resource)


def _every(held: Mapping[str, Resource]) -> Handler:
    def handler(request: Request, actor: Actor, body: Any) -> Response:
        if "filter" in request.query_params:
            raise ScimRefused(403, "", "There is no filter here.")
        found = [*held.values()]
        return answer(listed(found, total=len(found), start=1))

    return handler


def _each(held: Mapping[str, Resource]) -> Handler:
    def handler(request: Request, actor: Actor, body: Any) -> Response:
        found = held.get(request.path_params["scim_id"])
        if found is None:
            raise ScimRefused(404, "", "There is no such description.")
        return answer(found)

    return handler


async def _body(request: Request) -> Any:
    """The JSON of a request. Raises ScimRefused."""
    if request.method not in ("POST", "PUT", "PATCH"):
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise ScimRefused(413, "", f"The body is larger than {_LARGEST} bytes.")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ScimRefused(400, "invalidSyntax", "The body is no JSON.") from None


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise ScimRefused(400, "invalidSyntax", "The body has to be an object.")
    return body
