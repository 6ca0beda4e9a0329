"""The shapes of what /scim/v2 answers: a resource, a list, an error (RFC 7644 3.12)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.excerpts import clean
from tocsin.core.people.scim import Resource, ScimRefused
from tocsin.store.database import StoreError

_MEDIA_TYPE = "application/scim+json"
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_encode = msgspec.json.Encoder().encode


def listed(resources: list[Resource], *, total: int, start: int) -> Resource:
    """A page of a list; `start` counts from 1 (RFC 7644 3.4.2)."""
    return {
        "schemas": [_LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def answer(
    body: Resource, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A body in SCIM's own media type."""
    return Response(_encode(body), status, dict(headers or {}), _MEDIA_TYPE)


def _error(
    status: int, detail: str, scim_type: str = "", headers: Any = None
) -> Response:
    body = {"schemas": [_ERROR], "status": str(status)}
    if detail:
        body["detail"] = clean(detail, longest=2000)
    if scim_type:
        body["scimType"] = scim_type
    return answer(body, status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ScimRefused)
    return _error(error.status, error.detail, error.scim_type)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, str(error.detail), headers=error.headers)


async def _not_stored(_: Request, error: Exception) -> Response:
    return _error(503, f"Nothing was changed; try again. ({error})")


EXCEPTION_HANDLERS: Mapping[Any, Any] = {
    ScimRefused: _refused,
    HTTPException: _http,
    StoreError: _not_stored,
}
