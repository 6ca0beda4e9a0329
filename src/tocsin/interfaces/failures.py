"""What can go wrong outside, as the engine has to know it."""


class TocsinError(Exception):
    """The root of our own errors."""


class DeliveryFailed(TocsinError):
    """The outside system did not take the message, and we know that it did not.

    `permanent` means that trying the same address again cannot help (a 4xx, a
    refused recipient). A timeout after the request was sent is *not* this error:
    raise `DeliveryUnknown`.
    """

    def __init__(
        self, reason: str, *, permanent: bool, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


class DeliveryUnknown(TocsinError):
    """The message may or may not have been taken (timeout, connection lost)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CannotOpen(TocsinError):
    """A text was not sealed with this installation's key, or not for this purpose."""


class NoSolver(TocsinError):
    """The solver of fair rotas is not installed, or could not be run; says which."""
