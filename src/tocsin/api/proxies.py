"""Which network address a request came from, where proxies stand before us.

`X-Forwarded-For` can be written by anybody, so it is read only as far as the proxies
that the settings name have written it: from the right, up to the first address that is
not one of them.
"""

from collections.abc import MutableMapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from ipaddress import IPv4Network as Network4
from typing import Any

Network = Network4 | IPv6Network
Scope = MutableMapping[str, Any]


class TrustedProxies:
    """Reads addresses past the proxies in `networks`."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(
            ip_network(one, strict=False) for one in networks
        )

    def seen_through(self, scope: Scope) -> Scope:
        """The scope of a request with the client's own address."""
        peer = scope.get("client")
        if not self._networks or not peer or not self._trusts(peer[0]):
            return scope
        found = peer[0]
        for hop in reversed(_forwarded(scope)):
            address = _address(hop)
            if address is None:
                break
            found = str(address)
            if not self._trusts(found):
                break
        return {**scope, "client": (found, 0)}

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in one for one in self._networks)


def _forwarded(scope: Scope) -> list[str]:
    lines = [
        value.decode("latin-1")
        for name, value in scope["headers"]
        if name == b"x-forwarded-for"
    ]
    return [hop for line in lines for hop in line.split(",")]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with or without brackets and a port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
