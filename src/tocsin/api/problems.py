"""Every error of the API as a problem document (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from tocsin.core.credentials import HIDDEN
from tocsin.core.excerpts import clean
from tocsin.core.forms import Problem as Wrong
from tocsin.store.database import StoreError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, for people and for programs."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, str]] = []


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of an operation, for its documentation."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def problem(
    status: int,
    detail: str = "",
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": clean(detail, longest=2000),
        "errors": [dict(one) for one in errors],
    }
    return JSONResponse(body, status, dict(headers or {}), media_type=MEDIA_TYPE)


def refused_fields(found: Sequence[Wrong]) -> JSONResponse:
    """422 that names every field of a document that is wrong."""
    errors = [
        {
            "field": one.where,
            "value": "missing" if one.given is None else repr(one.given)[:200],
            "expected": one.expected,
        }
        for one in found
    ]
    return problem(422, "The document has fields that cannot be used.", errors=errors)


def install(application: FastAPI) -> None:
    """Make every error of `application` a problem."""
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_exception_handler(HTTPException, _refused)
    application.add_exception_handler(StoreError, _not_stored)
    application.add_exception_handler(UnicodeError, _not_text)


_DAY, _TIME = "a day such as 2026-12-24", "a time such as 2026-12-24T08:00:00Z"
# Where the words of the validator say what was wrong, and not what is right.
_EXPECTED = {
    "date_from_datetime_parsing": _DAY,
    "date_parsing": _DAY,
    "date_type": _DAY,
    "datetime_from_date_parsing": _TIME,
    "datetime_parsing": _TIME,
    "datetime_type": _TIME,
}


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {
            "field": ".".join(str(part) for part in one["loc"]),
            "value": _shown(one),
            "expected": _EXPECTED.get(one["type"]) or clean(str(one["msg"])),
        }
        for one in error.errors()
    ]
    return problem(422, "The request has fields that cannot be used.", errors=errors)


# What such a field was given may be a credential, or a file that holds some.
_NOT_REPEATED = (
    "password",
    "secret",
    "token",
    "key",
    "code",
    "address",
    "text",
    "files",
)


def _shown(error: Mapping[str, Any]) -> str:
    names = [str(part) for part in error["loc"]]
    if names == ["body"] or any(word in n for n in names for word in _NOT_REPEATED):
        return HIDDEN
    return clean(ascii(error.get("input"))[:200])


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    said = str(error.detail)
    if said == HTTPStatus.NOT_FOUND.phrase:
        # No route of ours answered: the phrase alone helps nobody.
        said = f"There is nothing at {request.url.path}."
    return problem(error.status_code, said, headers=error.headers)


async def _not_stored(_: Request, error: Exception) -> JSONResponse:
    detail = f"Nothing was changed; try again. ({error})"
    return problem(503, detail, headers={"retry-after": "5"})


async def _not_text(_: Request, error: Exception) -> JSONResponse:
    return problem(400, f"The request holds text that is not Unicode: {error}")
