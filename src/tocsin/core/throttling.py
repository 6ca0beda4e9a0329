"""How often a credential may be tried: a token bucket, and delays that double.

The bucket bounds tries whoever they are by; failures in a row add a delay on top, so
that guessing one secret slows down and a mistyped one does not. Pure: `now` and what
is held are handed in; `engine/throttling.py` keeps it. Knows no secret and no person.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

NO_WAIT = timedelta(0)
# Beyond this a doubled delay is past every limit below.
_MOST_DOUBLINGS = 20


class Path(StrEnum):
    """One way of handing in a credential."""

    PASSWORD = "password"
    LINK_REQUEST = "link request"
    LINK = "link"
    PASSKEY = "passkey"
    SSO = "single sign-on"
    EMERGENCY = "emergency code"
    TOKEN = "API token"
    SUBSCRIPTION = "subscription"


class Rule(Struct, frozen=True):
    """How many tries at once, how soon one comes back, and what failures cost."""

    burst: int
    every: timedelta
    free_failures: int = 1_000_000
    first_delay: timedelta = timedelta(seconds=1)
    longest_delay: timedelta = timedelta(minutes=15)


class Held(Struct, frozen=True):
    """What is remembered of one account or address on one path."""

    tries: float
    at: datetime
    failures: int = 0
    closed_until: datetime | None = None


_SECOND, _MINUTE, _HOUR = (
    timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1),
)  # fmt: skip
# Per account: whoever is asked for, known or not.
ACCOUNT: Mapping[Path, Rule] = {
    Path.PASSWORD: Rule(10, 30 * _SECOND, 5, _SECOND, 15 * _MINUTE),
    Path.LINK_REQUEST: Rule(3, 5 * _MINUTE),
    Path.EMERGENCY: Rule(5, 2 * _MINUTE, 3, 10 * _SECOND, _HOUR),
    Path.SUBSCRIPTION: Rule(3, 5 * _MINUTE),
}
# Per network address: an office behind one address has many people.
ADDRESS: Mapping[Path, Rule] = {
    Path.PASSWORD: Rule(30, 3 * _SECOND, 20, _SECOND, _HOUR),
    Path.LINK_REQUEST: Rule(20, 30 * _SECOND),
    Path.LINK: Rule(30, 5 * _SECOND, 20, _SECOND, _HOUR),
    Path.PASSKEY: Rule(60, 2 * _SECOND, 30, _SECOND, _HOUR),
    Path.SSO: Rule(60, 2 * _SECOND, 30, _SECOND, _HOUR),
    Path.EMERGENCY: Rule(10, _MINUTE, 5, 10 * _SECOND, _HOUR),
    Path.TOKEN: Rule(60, 2 * _SECOND),
    Path.SUBSCRIPTION: Rule(20, 30 * _SECOND),
}


def take(rule: Rule, held: Held | None, *, now: datetime) -> tuple[Held, timedelta]:
    """One try; when the wait is not zero it may not be made, and nothing was taken."""
    if held is None:
        return Held(rule.burst - 1, now), NO_WAIT
    held = _refilled(rule, held, now=now)
    if held.closed_until is not None and held.closed_until > now:
        return held, held.closed_until - now
    if held.tries < 1:
        return held, rule.every * (1 - held.tries)
    return Held(held.tries - 1, held.at, held.failures, None), NO_WAIT


def failed(rule: Rule, held: Held, *, now: datetime) -> Held:
    """The try was wrong: from the first failure that is not free, delays double."""
    failures = held.failures + 1
    over = failures - rule.free_failures
    if over < 0:
        return Held(held.tries, held.at, failures, held.closed_until)
    doubled = rule.first_delay * 2 ** min(over, _MOST_DOUBLINGS)
    until = now + min(doubled, rule.longest_delay)
    return Held(held.tries, held.at, failures, until)


def succeeded(rule: Rule, held: Held) -> Held:
    """The try was right: it costs nothing, and earlier failures are forgotten."""
    return Held(min(rule.burst, held.tries + 1), held.at)


def is_forgettable(rule: Rule, held: Held, *, now: datetime) -> bool:
    """Whether somebody new would be treated the same, so that it need not be kept."""
    full = _refilled(rule, held, now=now).tries >= rule.burst
    open_ = held.closed_until is None or held.closed_until <= now
    # Failures age with the delay: after a quiet time as long as the longest, they are over.
    return full and open_ and now - held.at >= rule.longest_delay


def _refilled(rule: Rule, held: Held, *, now: datetime) -> Held:
    gained = max(0.0, (now - held.at) / rule.every)
    quiet = now - held.at >= rule.longest_delay and (
        held.closed_until is None or held.closed_until <= now
    )
    return Held(
        min(float(rule.burst), held.tries + gained),
        max(now, held.at),
        0 if quiet else held.failures,
        held.closed_until,
    )
