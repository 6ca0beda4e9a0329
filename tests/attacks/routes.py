"""Every route of the program, found by asking it: what is added is attacked as well."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from starlette.routing import Route

from tests.api.edge import Edge

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
_FILLED = {"number": "1", "token": "t0ken", "digest": "-", "name": "checkout"}


def filled(path: str) -> str:
    """The path with something in each of its holes."""

    def one(found: re.Match[str]) -> str:
        name, _, kind = found.group(1).partition(":")
        return "1" if kind == "int" else _FILLED.get(name, "x1")

    return re.sub(r"{([^}]+)}", one, path)


def of_pages(edge: Edge) -> list[tuple[str, str]]:
    """(method, path) of every page and form."""
    pages, _ = edge.installation.edge(asyncio.Event())
    return list(_all(pages.routes))


def of_the_api(edge: Edge) -> list[tuple[str, str]]:
    """(method, path) of every operation of the API, as its description has them."""
    _, prefixes = edge.installation.edge(asyncio.Event())
    described = prefixes["/api/v1"].openapi()["paths"]  # type: ignore[attr-defined]
    return [
        (method.upper(), filled(path))
        for path, operations in described.items()
        for method in operations
    ]


def _all(routes: Any) -> Iterator[tuple[str, str]]:
    for route in routes:
        assert isinstance(route, Route), route
        for method in sorted(route.methods or {"GET"}):
            if method != "HEAD":
                yield method, filled(route.path)
