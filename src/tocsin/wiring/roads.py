"""Which addresses a request may go to, by who named the address."""

from tocsin.config import Settings, targets
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations import ical_feed
from tocsin.interfaces.machine import Egress


def own_egress() -> Egress:
    """The way to addresses of the settings, which are the operator's own word."""
    return GuardedEgress(Allowed(any_=True))


def typed_egress(settings: Settings) -> Egress:
    """The way to addresses that people typed."""
    return GuardedEgress(_typed(settings))


def calendar_egress(settings: Settings) -> Egress:
    """As for any address that people typed, with room for a whole calendar."""
    return GuardedEgress(_typed(settings), most_read=ical_feed.LARGEST)


def strangers_egress(settings: Settings) -> Egress:
    """Readers of a status page typed these: what is inside needs an entry of its own."""
    return GuardedEgress(Allowed(targets(settings.allowed_targets)))


def _typed(settings: Settings) -> Allowed:
    entries = targets(settings.allowed_targets)
    return Allowed(entries, private=settings.allow_private_targets)
