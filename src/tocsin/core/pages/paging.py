"""How a person is reached: which methods when, and what comes after an attempt.

What is usual for somebody who chose nothing (domain 2.4) is told by `steps`; the plan,
pages, the API and dry runs all ask it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.core.pages.escalation import Paging
from tocsin.core.people.people import ContactMethod, NotifyRule, Person
from tocsin.core.people.quiet_hours import quiet_until
from tocsin.core.severity import Urgency
from tocsin.core.wallclock import zone_named

MOST_TRIES = 50
_FIRST_RETRY = timedelta(seconds=2)
_LONGEST_RETRY = timedelta(seconds=60)
# When the usual steps of an urgent page use a channel; every other one at once.
_USUAL = {
    "sms": (timedelta(minutes=1),),
    "voice": (timedelta(minutes=3), timedelta(minutes=5)),
}
# What waits, rings or repeats itself until somebody takes it, and so long at most.
RINGING = frozenset({"voice", "pushover"})
RINGS_FOR = timedelta(minutes=5)
_SAID_AGAIN = timedelta(minutes=5)


class Step(Struct, frozen=True):
    """Use `contact` this long after the person is paged; `rule` is the step's number."""

    rule: int
    contact: ContactMethod
    after: timedelta

    @property
    def by(self) -> str:
        """What a rule calls the contact."""
        return self.contact.label or self.contact.channel


class PlannedPage(Struct, frozen=True):
    """One page to be made: `rule` is its place among the person's rules."""

    user: str
    paging: int
    rule: int
    channel: str
    address: str
    due_at: datetime
    urgency: Urgency
    # The end of the quiet hours that it waits for; None when it does not wait.
    deferred_until: datetime | None = None


def plan(
    person: Person, paging: Paging, *, urgency: Urgency, now: datetime
) -> tuple[PlannedPage, ...]:
    """The person's steps for `urgency` as pages; () when nothing can reach them.

    Quiet hours move what is of low urgency to their end.
    """
    waits = urgency is Urgency.LOW
    begins = (_end_of_quiet(person, now) if waits else None) or now
    planned = []
    for step in steps(person, urgency):
        due_at = begins + step.after
        # A later rule may fall into quiet hours that had not begun.
        until = _end_of_quiet(person, due_at) if waits else None
        planned.append(
            PlannedPage(
                user=person.name,
                paging=paging.number,
                rule=step.rule,
                channel=step.contact.channel,
                address=step.contact.address,
                due_at=until or due_at,
                urgency=urgency,
                deferred_until=until or (begins if begins != now else None),
            )
        )
    return tuple(planned)


def steps(person: Person, urgency: Urgency) -> tuple[Step, ...]:
    """What is in force: the person's own rules, else the usual steps.

    The usual ones stand in where no rule names a contact that may be used, because
    somebody who was to be paged is paged. () only for who has no contact at all.
    """
    contacts = methods(person)
    own = tuple(
        Step(index, contact, rule.after)
        for index, rule in enumerate(person.rules(urgency))
        if (contact := _named(rule, contacts)) is not None
    )
    return own or _usual(contacts, urgency)


def _usual(contacts: Sequence[ContactMethod], urgency: Urgency) -> tuple[Step, ...]:
    """Domain 2.4: messages at once, texts, then calls; low urgency calls nobody."""
    if urgency is Urgency.LOW:
        found = [(timedelta(0), one) for one in _quietest(contacts)]
    else:
        found = [
            (after, one)
            for one in contacts
            for after in _USUAL.get(one.channel, (timedelta(0),))
        ]
        if all(one.channel == "email" for one in contacts):
            # Nothing else comes: a mail that nobody saw is said again.
            found += [(_SAID_AGAIN, one) for one in contacts]
    # A person is tried at once, also where only a telephone is there.
    first = min((after for after, _ in found), default=timedelta(0))
    ordered = sorted(found, key=lambda one: one[0])
    return tuple(
        Step(index, contact, after - first)
        for index, (after, contact) in enumerate(ordered)
    )


def _quietest(contacts: Sequence[ContactMethod]) -> list[ContactMethod]:
    """Those that do not use the telephone; texts, then calls, where nothing else is."""
    silent = [one for one in contacts if one.channel not in _USUAL]
    texts = [one for one in contacts if one.channel == "sms"]
    return silent or texts or list(contacts)


def methods(person: Person) -> tuple[ContactMethod, ...]:
    """The ways to page the person: those that are verified, all when none is.

    A mail address that an admin gave them is one too. Nobody becomes unreachable
    because they have not entered a code yet (decision 0021).
    """
    every = all_methods(person)
    return tuple(one for one in every if one.verified) or every


def all_methods(person: Person) -> tuple[ContactMethod, ...]:
    """Every way to reach the person, in their order, verified or not.

    The mail address is the first, unless a contact without a label of its own says
    where mail goes instead.
    """
    if not person.email or any(
        one.channel == "email"
        and one.verified
        and (not one.label or one.address == person.email)
        for one in person.contacts
    ):
        return person.contacts
    return (ContactMethod("email", person.email), *person.contacts)


def rule_method(person: Person, rule: NotifyRule) -> ContactMethod | None:
    """The contact that a step of the person's rules uses, if it may be used."""
    return _named(rule, methods(person))


def _end_of_quiet(person: Person, at: datetime) -> datetime | None:
    if person.quiet is None:
        return None
    return quiet_until(person.quiet, zone_named(person.zone), now=at)


def _named(rule: NotifyRule, contacts: Sequence[ContactMethod]) -> ContactMethod | None:
    for contact in contacts:
        if rule.by in (contact.label, contact.channel) and rule.by:
            return contact
    return None


class Attempted(StrEnum):
    """What an attempt amounts to. Only ACCEPTED and PERMANENT are proof of anything."""

    ACCEPTED = "accepted"
    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"


class AfterAttempt(Struct, frozen=True):
    """The page's next state; `pull_next`: use the person's next method now."""

    state: str
    due_at: datetime | None
    pull_next: bool


def after_attempt(
    outcome: Attempted,
    *,
    tries: int,
    now: datetime,
    retry_after: timedelta | None = None,
    jitter: float = 0.0,
) -> AfterAttempt:
    """What an attempt's outcome means for its page; `jitter` in [0, 1)."""
    if outcome is Attempted.ACCEPTED:
        return AfterAttempt("accepted", None, False)
    if outcome is Attempted.PERMANENT or tries >= MOST_TRIES:
        return AfterAttempt("failed", None, True)
    backoff = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(tries - 1, 10))
    wait = backoff * (0.75 + 0.5 * jitter)
    if retry_after is not None:
        wait = max(wait, min(retry_after, timedelta(minutes=5)))
    return AfterAttempt("due", now + wait, True)
