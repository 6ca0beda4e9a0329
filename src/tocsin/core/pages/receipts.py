"""What a provider's delivery report means for a page, and what its absence means.

A report proves no human read anything, so it never stops escalation (reliability: only
a person's act does). Its absence is worth something: the person's next method is used
at once, and the message goes out again, by another provider where there is one.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

# A message that vanished twice is not helped by a third.
MOST_SENDINGS = 3


class Delivered(StrEnum):
    """What is known of a message that a provider took."""

    UNKNOWN = ""
    YES = "delivered"
    NO = "undelivered"
    # Nobody picked up; the provider is not to blame.
    UNANSWERED = "unanswered"
    SILENT = "silent"

    @property
    def blames_provider(self) -> bool:
        """Whether another provider might have done better."""
        return self in (Delivered.NO, Delivered.SILENT)


class AfterSilence(Struct, frozen=True):
    """What is done about a message that did not arrive, and why."""

    reason: str
    pull_next: bool = False
    again_at: datetime | None = None


def after_silence(
    delivered: Delivered,
    *,
    is_wanted: bool,
    has_arrived: bool,
    sendings: int,
    now: datetime,
) -> AfterSilence:
    """What to do at the time when a report was due, or a bad one came.

    `is_wanted`: nobody has answered yet. `has_arrived`: another sending of the same
    message did. `sendings` counts this page's so far.
    """
    if delivered is Delivered.YES or has_arrived:
        return AfterSilence("it arrived")
    if not is_wanted:
        return AfterSilence("answered meanwhile")
    if sendings >= MOST_SENDINGS:
        return AfterSilence("sent often enough", pull_next=True)
    return AfterSilence("sent again", pull_next=True, again_at=now)
