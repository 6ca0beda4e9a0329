"""The long tail of notify-only services, by Apprise URLs (extra `tocsin[apprise]`).

Source: github.com/caronc/apprise, read 2026-11-23. Apprise says only whether a service
took the message, so anything but yes is an unknown outcome and is tried again.
"""

from collections.abc import Sequence
from typing import Any

from tocsin.interfaces import DeliveryFailed, DeliveryUnknown, PageMessage, Receipt


class ApprisePager:
    """The `apprise` channel."""

    channel = "apprise"

    def problems(self, address: str) -> Sequence[str]:
        """Whether Apprise knows the URL."""
        library = _library()
        if library is None:
            return ["install tocsin[apprise] to use Apprise URLs"]
        if not library.Apprise().add(address):
            scheme = address.split(":", 1)[0][:30]
            return [f"{scheme!r}…: expected a URL that Apprise knows"]
        return []

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Notify. Raises DeliveryFailed, DeliveryUnknown."""
        found = self.problems(to)
        if found:
            raise DeliveryFailed(found[0], permanent=True)
        library = _library()
        assert library is not None
        target = library.Apprise()
        joiner = "&" if "?" in to else "?"
        seconds = max(1, int(timeout_seconds // 2))
        target.add(f"{to}{joiner}cto={seconds}&rto={seconds}")
        worst = message.alerts[0] if message.alerts else None
        title = f"{worst.severity.name} {worst.service}: {worst.title}" if worst else ""
        body = "\n".join(
            [*(alert.title for alert in message.alerts[:10]), message.why, message.link]
        )
        if not target.notify(body=body, title=title[:200]):
            raise DeliveryUnknown("Apprise could not tell that the service took it")
        return Receipt("", "Apprise: the service took it")


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        return None
    return apprise
