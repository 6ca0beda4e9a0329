"""Static files: their addresses hold a digest, so that browsers keep them for ever.

The scripts of every page go out as one file; text goes out compressed.
"""

import gzip
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

STATIC = Path(__file__).parent / "static"
SCRIPT = "tocsin.js"
# What the script is made of, in order. Without the vendor's file the pages still work.
_PARTS = (
    "vendor/htmx.min.js",
    "stream.js",
    "morph.js",
    "live.js",
    "keys.js",
    "elements.js",
    "rooms.js",
)
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_COMPRESSIBLE = (".css", ".js", ".svg")
_LONGEST_NAME = 200
# A worker is bound by the policy of its own file: it may ask this site, and nothing else.
WORKER_POLICY = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
# Our scripts say why for who reads them here; browsers need neither that nor indents.
_WHISPERED = re.compile(rb"^[ \t]*(//.*\n)?", re.M)
_FOREVER = "public, max-age=31536000, immutable"


class Asset(Struct, frozen=True):
    """One file as it goes out."""

    content: bytes
    compressed: bytes
    digest: str
    media_type: str


@lru_cache(maxsize=128)
def load(name: str) -> Asset | None:
    """The file `name`, None where there is none."""
    kind = _TYPES.get(Path(name).suffix)
    content = _content(name)
    if content is None or kind is None:
        return None
    return Asset(
        content=content,
        compressed=gzip.compress(content, 9, mtime=0)
        if name.endswith(_COMPRESSIBLE)
        else b"",
        digest=sha256(content).hexdigest()[:12],
        media_type=kind,
    )


def asset(name: str) -> str:
    """The address of a static file; it changes when the file does."""
    found = load(name)
    return f"/static/{found.digest if found else '-'}/{name}"


async def answer(request: Request) -> Response:
    """`/static/{digest}/{name}`."""
    found = load(request.path_params["name"])
    if found is None:
        return Response(status_code=404)
    kept = _FOREVER if request.path_params["digest"] != "-" else "no-cache"
    headers = {"cache-control": kept, "x-content-type-options": "nosniff"}
    if found.media_type == _TYPES[".js"]:
        headers["content-security-policy"] = WORKER_POLICY
    content = found.content
    if found.compressed:
        headers["vary"] = "accept-encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            content = found.compressed
    return Response(content, media_type=found.media_type, headers=headers)


def _read(name: str) -> bytes | None:
    if "\0" in name or "\\" in name or len(name) > _LONGEST_NAME:
        return None
    path = (STATIC / name).resolve()
    if STATIC.resolve() not in path.parents or not path.is_file():
        return None
    return path.read_bytes()


def _content(name: str) -> bytes | None:
    if name == SCRIPT:
        parts = [_content(part) for part in _PARTS]
        return b"\n;".join(part for part in parts if part)
    content = _read(name)
    if content is not None and name.endswith(".js") and "/" not in name:
        return _WHISPERED.sub(b"", content)
    return content
