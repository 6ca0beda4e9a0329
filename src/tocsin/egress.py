"""The way out to addresses that somebody typed: webhooks, ntfy servers, the dead man.

A name is looked up once per connection, every address it leads to is judged, and only
an address that was judged is connected to, so a name that changes its answer in between
(DNS rebinding) gains nothing. Host header, SNI and certificate stay those of the name.
"""

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import httpcore2

from tocsin.core.targets import Allowed
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import HttpAnswer

# What is read of an answer; pages need its beginning, discovery documents a few KiB.
_MOST_READ = 256 * 1024
_AT_ONCE = 64
Resolve = Callable[[str], Sequence[str]]
_NOT_SENT = (
    httpcore2.ConnectError,
    httpcore2.ConnectTimeout,
    httpcore2.PoolTimeout,
    httpcore2.LocalProtocolError,
    httpcore2.UnsupportedProtocol,
)
_IN_DOUBT = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
)


def resolve(host: str) -> list[str]:
    """Every address of `host`, as the system's resolver has it. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        message = "not a host name"
        raise OSError(message) from None
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class GuardedEgress:
    """An Egress that goes where `allowed` says."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        most_read: int = _MOST_READ,
    ) -> None:
        """`most_read` bytes of an answer are read; what comes after is left."""
        self._most_read = most_read
        self._allowed = allowed
        self._resolve = resolve
        self._deadline = _Deadline()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls or _tls(),
            max_connections=_AT_ONCE,
            max_keepalive_connections=8,
            keepalive_expiry=15,
            network_backend=_Backend(self.addresses, self._deadline),
        )

    def problems(self, url: str) -> Sequence[str]:
        """What is wrong with `url` before any name is looked up."""
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https"):
            return ["expected an address that begins with https:// or http://"]
        host = parts.hostname
        if not host or any(char <= " " or char == "\x7f" for char in url):
            return ["expected an address with a host and without spaces"]
        refused = self._allowed.refuses(host)
        return [refused] if refused else []

    def addresses(self, host: str) -> list[str]:
        """Every address of `host`, all of them judged. Raises DeliveryFailed."""
        refused = self._allowed.refuses(host)
        if refused:
            raise DeliveryFailed(refused, permanent=True)
        try:
            found = [one.partition("%")[0] for one in self._resolve(host)]
        except OSError as error:
            reason = f"the host cannot be found: {error.strerror or error}"
            raise DeliveryFailed(reason, permanent=False) from None
        if not found:
            raise DeliveryFailed("the host has no address", permanent=False)
        for one in found:
            refused = self._allowed.refuses_address(host, ip_address(one))
            if refused:
                raise DeliveryFailed(refused, permanent=True)
        return found

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float,
    ) -> HttpAnswer:
        """One request. Raises DeliveryFailed (certainly not sent), DeliveryUnknown."""
        found = self.problems(url)
        if found:
            raise DeliveryFailed(found[0], permanent=True)
        parts = urlsplit(url)
        host = parts.hostname or ""
        self._deadline.set(timeout_seconds)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), timeout_seconds)
        try:
            with self._pool.stream(
                method,
                _without_user(parts),
                headers=[*_user(parts), *headers.items()],
                content=body,
                extensions={"timeout": limits},
            ) as answer:
                return HttpAnswer(
                    answer.status,
                    {
                        name.decode("latin-1").lower(): value.decode("latin-1")
                        for name, value in answer.headers
                    },
                    _beginning(answer.iter_stream(), self._most_read),
                )
        except _NOT_SENT as error:
            # The library's own words may hold the address; its type says enough.
            reason = f"{host}: {type(error).__name__}"
            raise DeliveryFailed(reason, permanent=False) from None
        except _IN_DOUBT as error:
            raise DeliveryUnknown(f"{host}: {type(error).__name__}") from None

    def close(self) -> None:
        """Done."""
        self._pool.close()


class _Deadline:
    """When the request of this thread has to be over: slow drips do not prolong it."""

    def __init__(self) -> None:
        self._local = threading.local()

    def set(self, seconds: float) -> None:
        self._local.at = time.monotonic() + seconds

    def left(self) -> float:
        at: float = self._local.at
        return at - time.monotonic()


class _Backend(httpcore2.NetworkBackend):
    """Connects to judged addresses only."""

    def __init__(
        self, addresses: Callable[[str], Sequence[str]], deadline: _Deadline
    ) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failed: Exception | None = None
        for address in self._addresses(host.strip("[]")):
            left = self._deadline.left()
            if left <= 0:
                raise httpcore2.ConnectTimeout from None
            try:
                stream = self._inner.connect_tcp(
                    address, port, left, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._deadline)
        assert failed is not None
        raise failed


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step ends by the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.left()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._deadline.left()
        if left <= 0:
            raise httpcore2.WriteTimeout
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = max(self._deadline.left(), 0.01)
        inner = self._inner.start_tls(ssl_context, server_hostname, left)
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Reading the system's certificates takes 20 ms; one set serves all."""
    return ssl.create_default_context()


def _beginning(chunks: Iterable[bytes], most: int) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= most:
            break
    return b"".join(parts)[:most]


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts


def _without_user(parts: SplitResult) -> str:
    netloc = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=netloc, path=parts.path or "/", fragment="").geturl()


def _user(parts: SplitResult) -> list[tuple[str, str]]:
    if parts.username is None:
        return []
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    coded = base64.b64encode(pair.encode()).decode()
    return [("authorization", f"Basic {coded}")]
