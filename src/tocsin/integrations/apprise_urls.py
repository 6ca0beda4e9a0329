"""The long tail of notify-only services, by Apprise URLs (extra `tocsin[apprise]`).

Source: github.com/caronc/apprise 2.3, read 2026-11-24. Apprise says only whether a
service took the message, so anything but yes is an unknown outcome and is tried again.

Apprise connects by itself, so its connections are made to pass the Egress: what it opens
through `requests` (160 of its services) goes to judged addresses only. The few that open
sockets of their own (mail, MQTT, APRS) are judged before they are handed the message;
services that reach this machine instead of a person are refused.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Receipt

# They show something on the screen, or in the log, of the server.
_LOCAL = {
    "syslog",
    "rsyslog",
    "dbus",
    "kde",
    "qt",
    "glib",
    "gnome",
    "macosx",
    "windows",
}
_HOST_ARGUMENTS = {"smtp", "host", "server", "gateway", "url", "api", "base_url"}


class ApprisePager:
    """The `apprise` channel."""

    channel = "apprise"

    def __init__(self, *, egress: Egress) -> None:
        self._egress = egress
        self._is_guarded = False

    def problems(self, address: str) -> Sequence[str]:
        """Whether Apprise knows the URL, and it leads to a person."""
        library = _library()
        if library is None:
            return ["expected another kind: tocsin[apprise] is not installed here"]
        scheme = address.split(":", 1)[0][:30].lower()
        if scheme in _LOCAL:
            return [f"{scheme}: reaches the server itself, expected a service"]
        if _target(library, address) is None:
            return [f"{scheme!r}…: expected a URL that Apprise knows"]
        return []

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Notify. Raises DeliveryFailed, DeliveryUnknown."""
        found = self.problems(to)
        if found:
            raise DeliveryFailed(found[0], permanent=True)
        self._guard()
        library = _library()
        assert library is not None
        joiner = "&" if "?" in to else "?"
        seconds = max(1, int(timeout_seconds // 2))
        target = _target(library, f"{to}{joiner}cto={seconds}&rto={seconds}")
        assert target is not None
        # What the URL says of redirects does not count.
        target.redirects = False
        for host in _typed_hosts(target, to):
            self._egress.addresses(host)
        worst = message.alerts[0] if message.alerts else None
        title = f"{worst.severity.name} {worst.service}: {worst.title}" if worst else ""
        title = message.subject or title
        body = "\n".join(
            [*(alert.title for alert in message.alerts[:10]), message.why, message.link]
        )
        sender = library.Apprise()
        sender.add(target)
        if not sender.notify(body=body, title=title[:200]):
            raise DeliveryUnknown("Apprise could not tell that the service took it")
        return Receipt("", "Apprise: the service took it")

    def _guard(self) -> None:
        """Have `requests`, which only Apprise uses here, connect to judged addresses."""
        if self._is_guarded:
            return
        from urllib3.util import connection

        plain = connection.create_connection
        plain = getattr(plain, "plain", plain)

        def create_connection(
            address: tuple[str, int], *more: Any, **named: Any
        ) -> Any:
            failed: OSError | None = None
            for one in self._egress.addresses(address[0].strip("[]")):
                try:
                    return plain((one, address[1]), *more, **named)
                except OSError as error:
                    failed = error
            assert failed is not None
            raise failed

        create_connection.plain = plain  # type: ignore[attr-defined]
        connection.create_connection = create_connection
        self._is_guarded = True


def _typed_hosts(target: Any, address: str) -> list[str]:
    """The hosts of an Apprise URL that somebody typed, not those the service fixes."""
    hosts = []
    if any("{host}" in template for template in target.templates):
        hosts.append(str(target.host or ""))
    hosts.append(str(getattr(target, "smtp_host", "") or ""))
    for name, value in parse_qsl(address.partition("?")[2]):
        if "://" in value:
            hosts.append(urlsplit(value).hostname or "")
        elif name.lower() in _HOST_ARGUMENTS:
            hosts.append(value.partition(":")[0])
    return [host for host in dict.fromkeys(hosts) if host]


def _target(library: Any, address: str) -> Any:
    asset = library.AppriseAsset(http_redirects=False, secure_logging=True)
    return library.Apprise.instantiate(address, asset=asset)


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        return None
    return apprise
