"""Where canary alerts end: a channel that takes everything and tells nobody."""

from collections.abc import Sequence

from tocsin.interfaces.pagers import PageMessage, Receipt


class CanaryPager:
    """The `canary` channel."""

    channel = "canary"

    def problems(self, address: str) -> Sequence[str]:
        """None."""
        return ()

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Taken."""
        return Receipt(key, "arrived")
