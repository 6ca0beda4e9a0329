"""Serves an Installation over HTTP until it is told to stop, then ends cleanly.

The server is embedded: open live streams are closed first, then requests are finished,
then the engine stops. What is due stays due in the database.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
import uvicorn

from tocsin import logs
from tocsin.api.front import Asgi, Front
from tocsin.api.inbound import InboundApp, settle_on
from tocsin.api.lane import LaneProtocol
from tocsin.api.proxies import TrustedProxies
from tocsin.app import Installation
from tocsin.config import Settings
from tocsin.core.people.permissions import ADMIN

log = structlog.get_logger()

_GRACE_SECONDS = 10


class Served:
    """What is told to who started the server."""

    def __init__(self, installation: Installation, stopping: asyncio.Event) -> None:
        self.installation = installation
        self.stopping = stopping
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """End the server, from any thread."""
        self._loop.call_soon_threadsafe(self.stopping.set)


Ready = Callable[[Served], None]


async def serve(installation: Installation, *, ready: Ready | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    installation.start()
    served = Served(installation, stopping)
    server = _Server(_config(installation, *_front(served)))
    serving = asyncio.create_task(server.serve())
    try:
        await _started(server, serving)
        if ready is not None:
            ready(served)
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.set()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await asyncio.to_thread(installation.stop)


async def run(settings: Settings, *, role: str) -> int:
    """`tocsin serve`."""
    logs.configure()
    installation = Installation(settings, role=role)
    link = _first_link(installation)

    def ready(served: Served) -> None:
        lines = [f"Tocsin is running at {installation.public_url}"]
        if link:
            lines.append(f"Nobody can sign in yet; this link is for the first: {link}")
        print("\n".join(lines), flush=True)

    await serve(installation, ready=ready)
    return 0


def _first_link(installation: Installation) -> str:
    directory = installation.database.read(installation.directories.current)
    if ADMIN in directory.roles.values():
        return ""
    _, token = installation.front_desk().sign_in.first_link()
    return f"{installation.public_url}/sign-in/{token}"


def _front(served: Served) -> tuple[Asgi, InboundApp | None]:
    installation = served.installation
    loop = asyncio.get_running_loop()
    site, prefixes = installation.edge(served.stopping)
    inbound = installation.inbound(settle_on(loop))
    taking = inbound if installation.role != "engine" else None
    front = Front(
        inbound=taking,
        prefixes=prefixes,
        pages=site,
        proxies=TrustedProxies(installation.settings.proxies),
        hosted=installation.hosted(),
    )
    return front, taking


def _config(
    installation: Installation, application: Asgi, inbound: InboundApp | None
) -> uvicorn.Config:
    settings = installation.settings
    lane: Any = partial(LaneProtocol, inbound=inbound) if inbound else "httptools"
    return uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        http=lane,
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        """No handlers of its own."""
        yield


async def _started(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    while not server.started:
        if serving.done():
            serving.result()
            message = "the address could not be listened on; is the port in use?"
            raise OSError(message)
        await asyncio.sleep(0.01)
