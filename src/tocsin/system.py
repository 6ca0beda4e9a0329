"""The real clock, dice and ids. The only module that reads them."""

import getpass
import os
import random
import secrets
import socket
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import structlog

log = structlog.get_logger()

# A wall clock that moves by more than this against the monotonic one was stepped.
_STEP = timedelta(seconds=2)


class SteadyClock:
    """UTC that is anchored to the monotonic clock and never goes back.

    A step forward of the wall clock is followed (the machine may have slept); a step
    back is not: time goes on at the monotonic pace until the wall clock agrees again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = datetime.now(UTC)
        self._last_monotonic = time.monotonic()
        self.steps = 0

    def now(self) -> datetime:
        """Aware UTC."""
        with self._lock:
            wall, monotonic = datetime.now(UTC), time.monotonic()
            steady = self._last + timedelta(seconds=monotonic - self._last_monotonic)
            if abs(wall - steady) > _STEP:
                self.steps += 1
                log.warning("clock_stepped", seconds=(wall - steady).total_seconds())
            result = steady if wall < steady - _STEP else max(wall, self._last)
            self._last, self._last_monotonic = result, monotonic
            return result

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()


def user_name() -> str:
    """Who runs this process, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else ""


def new_key() -> str:
    """32 hexadecimal digits: an integration's key."""
    return secrets.token_hex(16)


def random_bytes(count: int) -> bytes:
    """For salts."""
    return secrets.token_bytes(count)


def new_code() -> str:
    """Six digits that a person types."""
    return f"{secrets.randbelow(1_000_000):06}"


def new_uuid() -> str:
    """A random UUID, as Alertmanager's clients expect of a silence."""
    return str(uuid.uuid4())


def new_token() -> str:
    """256 bits for sessions, links and API tokens."""
    return secrets.token_urlsafe(32)


def new_incarnation() -> str:
    """Names this process, once."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def dice() -> random.Random:
    """Randomness that need not be secret."""
    return random.Random(secrets.randbits(64))
