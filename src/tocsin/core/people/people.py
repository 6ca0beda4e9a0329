"""A person, how to reach them and in which order. Knows no schedule and no alert."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from tocsin.core.people.quiet_hours import QuietHours
from tocsin.core.severity import Urgency

# By what people can be reached. What an installation has set up is a part of it.
CHANNELS = (
    "email", "sms", "voice", "push", "slack", "mattermost", "matrix", "teams",
    "telegram", "discord", "pushover", "ntfy", "webhook", "apprise",
)  # fmt: skip


class ContactMethod(Struct, frozen=True):
    """One way to reach a person. `channel` names a Pager: email, webhook, ntfy, …"""

    channel: str
    address: str
    # Distinguishes two addresses on one channel in `notify` rules; "" is the first.
    label: str = ""
    # False until its owner has entered the code that was sent to it (decision 0021).
    verified: bool = True


class NotifyRule(Struct, frozen=True):
    """Use `by` (a channel, or a contact's label) this long after the person is paged."""

    by: str
    after: timedelta


class Away(Struct, frozen=True):
    """Whole days, both included; `rather_not` is a wish and takes nobody off call."""

    first: date
    last: date
    rather_not: bool = False


class Person(Struct, frozen=True):
    """`name` is the immutable handle that policies and schedules use."""

    name: str
    email: str = ""
    full_name: str = ""
    zone: str = "UTC"
    contacts: tuple[ContactMethod, ...] = ()
    high: tuple[NotifyRule, ...] = ()
    low: tuple[NotifyRule, ...] = ()
    quiet: QuietHours | None = None
    # What chats call them: matrix (@ana:example.org), slack (U…), mattermost (ana).
    chat: Mapping[str, str] = {}
    away: tuple[Away, ...] = ()
    # When they were away as instants, and from when on the days of `away` count.
    away_past: tuple[tuple[datetime, datetime], ...] = ()
    away_since: datetime | None = None
    # Whose public holidays count for them, such as DE-BY.
    region: str = ""
    # Whether they hear of their shifts a day and an hour before.
    reminded: bool = True
    # Somebody who left stays known, but is neither paged nor let in.
    active: bool = True

    def is_called(self, provider: str, handle: str) -> bool:
        """Whether that is their name in a chat, or where they are paged there."""
        named = self.chat.get(provider)
        if named is not None:
            return named == handle
        return any(
            one.channel == provider and one.address == handle and one.verified
            for one in self.contacts
        )

    def rules(self, urgency: Urgency) -> tuple[NotifyRule, ...]:
        """What they chose for `urgency`, in order; without any the usual steps hold."""
        return self.high if urgency is Urgency.HIGH else self.low


# A list, a name or a route in an address would reach others as well.
_NEVER_IN_MAIL = frozenset(' ,;:<>()[]\\"')


def is_mail_address(text: str) -> bool:
    """Whether it is one bare address, such as ana@example.com."""
    local, _, domain = text.partition("@")
    if not local or not domain or "@" in domain:
        return False
    return text.isprintable() and _NEVER_IN_MAIL.isdisjoint(text)
