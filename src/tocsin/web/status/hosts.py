"""Status pages at host names of their own: at such a host there is that page, and no app.

What arrives is led to the page's usual address, and told that its links begin at `/`.
"""

from collections.abc import Callable, MutableMapping
from typing import Any

from tocsin.core.directory import Directory

Scope = MutableMapping[str, Any]

# In a request's scope: where the links of a page at its own host begin.
ROOT = "tocsin.status_root"


class OwnHosts:
    """Finds the page of a host. `seen` is the configuration, without asking for it.

    `app` is the host of the app itself, which no page takes away.
    """

    def __init__(self, seen: Callable[[], Directory | None], *, app: str) -> None:
        self._seen = seen
        self._app = app
        self._version = -1
        self._pages: dict[bytes, str] = {}

    def __call__(self, scope: Scope) -> Scope | None:
        """The request as one of the page's usual address, None where it is none."""
        pages = self._by_host()
        if not pages:
            return None
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        name = pages.get(host.partition(b":")[0].lower())
        if name is None:
            return None
        path = f"/status/{name}{scope['path']}".rstrip("/")
        return {**scope, "path": path, "raw_path": path.encode(), ROOT: "/"}

    def _by_host(self) -> dict[bytes, str]:
        directory = self._seen()
        if directory is not None and directory.version != self._version:
            self._pages = {
                page.domain.encode(): page.name
                for page in directory.status_pages.values()
                if page.domain not in ("", self._app) and not page.private
            }
            self._version = directory.version
        return self._pages
