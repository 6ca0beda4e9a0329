"""What joins one message, and what waits because its contact has had enough.

Rate limits bundle, they never drop. Domain 2.4 names a window of two minutes and one
message a minute; invariant I3 promises an attempt within sixty seconds. The bucket
here is sized so that both hold (docs/decisions/0003-bundling.md).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.pages.message_limits import JUMPS, LIMITS, SentPage, waits_until
from tocsin.core.severity import Severity

_BURST = 5
_REFILL = timedelta(seconds=12)
_NEW_SERVICE_WINDOW = timedelta(minutes=2)
MOST_IN_ONE_MESSAGE = 1000
# Machines want each alert on its own, as fast as it comes.
_MACHINES = ("webhook", "canary")


class DuePage(Struct, frozen=True):
    """A page that may be sent now."""

    page: int
    user: str
    channel: str
    address: str
    alert: int
    service: str
    severity: Severity
    is_retry: bool
    lead: int = 0
    # Until when it waits for its contact's limit, and may join a message before.
    held_until: datetime | None = None

    @property
    def is_human(self) -> bool:
        """Whether it goes to a person, who has a budget; a machine takes every one."""
        return self.channel not in _MACHINES


class Batch(Struct, frozen=True):
    """Messages to send now, each the ids of its pages, and pages that wait until.

    Those `held` wait for a limit of their contact and join its next message.
    """

    messages: tuple[tuple[int, ...], ...]
    deferred: tuple[tuple[int, datetime], ...]
    held: tuple[tuple[int, datetime], ...] = ()


Contact = tuple[str, str]


def bundle(
    pages: Sequence[DuePage],
    sent: Mapping[Contact, Sequence[SentPage]],
    *,
    now: datetime,
) -> Batch:
    """Join what goes to one contact; over the contact's budget wait, never drop.

    `pages` are those that are due, and those that are held for one of their contacts.
    """
    messages: list[tuple[int, ...]]
    messages = [(page.page,) for page in pages if not page.is_human]
    deferred: list[tuple[int, datetime]] = []
    held: list[tuple[int, datetime]] = []
    for (_, channel, address), joined in _by_contact(pages).items():
        if address.startswith("\0"):
            messages.append(tuple(page.page for page in _worst_first(joined)))
            continue
        recent = sent.get((channel, address), ())
        if channel in LIMITS:
            until = _limited_until(channel, joined, recent, now)
            if until is None:
                messages += _messages(joined)
            else:
                held += [(p.page, until) for p in joined if not _is_held(p, now)]
            continue
        token_at = _next_token(recent, now)
        if token_at <= now:
            messages += _messages(joined)
            continue
        jumping = _jumps(joined, recent, now)
        messages += _messages(jumping)
        jumped = {page.page for page in jumping}
        deferred += [(p.page, token_at) for p in joined if p.page not in jumped]
    return Batch(tuple(messages), tuple(deferred), tuple(held))


def _limited_until(
    channel: str, pages: Sequence[DuePage], recent: Sequence[SentPage], now: datetime
) -> datetime | None:
    """Until when they wait for their contact's limit; None: they go now."""
    return waits_until(
        channel, recent, now=now,
        services=[page.service for page in pages],
        severity=min(page.severity for page in pages),
        # Who has waited for the time that was told does not wait again.
        waited=any(p.held_until and p.held_until <= now for p in pages),
    )  # fmt: skip


def _by_contact(
    pages: Sequence[DuePage],
) -> dict[tuple[str, str, str], list[DuePage]]:
    """What may join one message, by person, channel and address."""
    found: dict[tuple[str, str, str], list[DuePage]] = {}
    for page in pages:
        if page.is_human:
            # A message that is tried again keeps its members, as it keeps its key.
            again = page.is_retry and page.lead
            place = f"\0{page.lead}" if again else page.address
            found.setdefault((page.user, page.channel, place), []).append(page)
    return found


def _is_held(page: DuePage, now: datetime) -> bool:
    return page.held_until is not None and page.held_until > now


def _messages(pages: Sequence[DuePage]) -> list[tuple[int, ...]]:
    ordered = [page.page for page in _worst_first(pages)]
    return [
        tuple(ordered[start : start + MOST_IN_ONE_MESSAGE])
        for start in range(0, len(ordered), MOST_IN_ONE_MESSAGE)
    ]


def _worst_first(pages: Sequence[DuePage]) -> list[DuePage]:
    return sorted(pages, key=lambda page: (page.severity, page.alert, page.page))


def _next_token(recent: Sequence[SentPage], now: datetime) -> datetime:
    """When the contact's bucket holds a token: burst of five, one more every 12 s."""
    tokens, last = float(_BURST), None
    for message in sorted(recent, key=lambda one: one.at):
        if last is not None:
            tokens = min(_BURST, tokens + (message.at - last) / _REFILL)
        tokens = max(0.0, tokens - 1)
        last = message.at
    if last is None:
        return now
    tokens = min(_BURST, tokens + (now - last) / _REFILL)
    return now if tokens >= 1 else now + _REFILL * (1 - tokens)


def _jumps(
    pages: Sequence[DuePage], recent: Sequence[SentPage], now: datetime
) -> list[DuePage]:
    """The first alert of a service does not wait behind another service's noise."""
    known = {one.service for one in recent if now - one.at < _NEW_SERVICE_WINDOW}
    lately = sum(1 for one in recent if now - one.at < timedelta(minutes=1))
    if lately >= _BURST + JUMPS:
        return []
    return [page for page in pages if page.service not in known]
