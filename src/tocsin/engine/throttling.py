"""Keeps how often each account and address tried, in this process's memory.

Only doors for credentials ask here; nothing that pages somebody, takes an alert or
shows a page link ever does. Each process counts for itself: with several web
processes a guesser has several times the tries, which the rules allow for.
"""

import threading
from collections import OrderedDict
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from tocsin.core import throttling as rules
from tocsin.core.throttling import ACCOUNT, ADDRESS, NO_WAIT, Held, Path, Rule
from tocsin.interfaces.machine import Clock

_MOST_HELD = 50_000
_Key = tuple[Path, str, str]


class Throttle:
    """Asked before every try, and told how it went."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # Least recently used first, so that memory has an end.
        self._held: OrderedDict[_Key, Held] = OrderedDict()

    def take(self, path: Path, *, account: str = "", address: str = "") -> timedelta:
        """How long to wait before this try may be made; zero: it may, and counts."""
        now = self._clock.now()
        with self._lock:
            longest = NO_WAIT
            for key, rule in _keys(path, account, address):
                held, wait = rules.take(rule, self._held.get(key), now=now)
                self._put(key, held)
                longest = max(longest, wait)
        return longest

    def failed(self, path: Path, *, account: str = "", address: str = "") -> None:
        """The credential was wrong."""
        now = self._clock.now()
        with self._lock:
            for key, rule in _keys(path, account, address):
                held = self._held.get(key) or Held(rule.burst, now)
                self._put(key, rules.failed(rule, held, now=now))

    def succeeded(self, path: Path, *, account: str = "", address: str = "") -> None:
        """The credential was right.

        Of the address only the try is given back: who knows one password of their own
        must not be able to clear the count of their guesses at others'.
        """
        with self._lock:
            for key, rule in _keys(path, account, address):
                held = self._held.get(key)
                if held is None:
                    continue
                fresh = rules.succeeded(rule, held)
                if key[1] == "address":
                    fresh = Held(fresh.tries, held.at, held.failures, held.closed_until)
                self._put(key, fresh)

    def _put(self, key: _Key, held: Held) -> None:
        self._held[key] = held
        self._held.move_to_end(key)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)


def _keys(path: Path, account: str, address: str) -> list[tuple[_Key, Rule]]:
    found: list[tuple[_Key, Rule]] = []
    if address and path in ADDRESS:
        found.append(((path, "address", network_of(address)), ADDRESS[path]))
    if account and path in ACCOUNT:
        # Digests: what is typed into the field of the name may be a secret, or long.
        name = account.strip().casefold().encode("utf-8", "replace")
        digest = sha256(name).hexdigest()
        found.append(((path, "account", digest), ACCOUNT[path]))
    return found


def network_of(address: str) -> str:
    """An IPv6 customer has a /64 to choose addresses from; that is one visitor."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)
