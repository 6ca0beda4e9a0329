"""Which network addresses an outgoing request may go to. Looks nothing up.

Source: IANA's IPv4 and IPv6 special-purpose address registries, read 2026-11-24, and the
metadata services of the large clouds. What is not known to be public is refused.
"""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address

# Inside, yet ordinary networks: the settings can open all of them at once.
_PRIVATE_4 = [
    IPv4Network(one)
    for one in (
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
    )
]  # fmt: skip
_PRIVATE_6 = [IPv6Network("::1/128"), IPv6Network("fc00::/7")]
# Nowhere a page belongs; only an entry of its own opens one of these.
_SPECIAL_4 = [
    IPv4Network(one)
    for one in (
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4",
    )
]  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")
_SPECIAL_6 = [
    IPv6Network(one)
    # IETF protocols with Teredo and ORCHID, documentation (two), 6to4.
    for one in ("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16")
]
# Cloud metadata that stands in an otherwise private network.
_METADATA: set[Address] = {
    ip_address(one) for one in ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")
}
# Names of the same, for where a resolver would be asked first.
_METADATA_NAMES = ("metadata.google.internal", "metadata.goog", "instance-data")
_NAT64 = IPv6Network("64:ff9b::/96")


class Allowed:
    """The public network, and what the settings add to it."""

    def __init__(
        self, entries: Sequence[str] = (), *, private: bool = False, any_: bool = False
    ) -> None:
        """`entries`: host names, addresses, networks; `any_`: the operator's own word."""
        self._private = private
        self._any = any_
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in entries:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._hosts.add(_name(entry))

    def refuses(self, host: str) -> str:
        """Why a host's name alone is refused, "" when it has to be looked up."""
        if self._any or _name(host) in self._hosts:
            return ""
        if _name(host) in _METADATA_NAMES:
            return _sentence(host, "a cloud's metadata")
        return ""

    def refuses_address(self, host: str, address: Address) -> str:
        """Why `address`, which `host` leads to, is refused; "" when it is not."""
        if self._any or _name(host) in self._hosts:
            return ""
        meant = _meant(address)
        if any(
            one in net
            for net in self._networks
            for one in {address, meant}
            if one.version == net.version
        ):
            return ""
        if meant in _METADATA:
            return _sentence(host, "a cloud's metadata")
        if is_private(meant):
            if self._private:
                return ""
            return _sentence(host, "a private network") + (
                ", or TOCSIN_ALLOW_PRIVATE_TARGETS=true for all private networks"
            )
        return "" if is_public(meant) else _sentence(host, "a private network")


def is_private(address: Address) -> bool:
    """Whether it is in a network of somebody's own, or this machine."""
    networks = _PRIVATE_4 if isinstance(address, IPv4Address) else _PRIVATE_6
    return any(address in net for net in networks)


def is_public(address: Address) -> bool:
    """Whether it is an ordinary address of the public network."""
    if isinstance(address, IPv4Address):
        return not any(address in net for net in (*_PRIVATE_4, *_SPECIAL_4))
    return address in _PUBLIC_6 and not any(address in net for net in _SPECIAL_6)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    # Behind DNS64 every IPv4 host has such an address.
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _name(host: str) -> str:
    return host.lower().rstrip(".")


def _sentence(host: str, what: str) -> str:
    return f"{host} leads to {what}; if that is meant, add it to TOCSIN_ALLOWED_TARGETS"
