"""How a person is reached, what a failure means, and what joins one message."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.pages.escalation import Paging, Reason
from tocsin.core.pages.paging import (
    AfterAttempt,
    Attempted,
    after_attempt,
    plan,
)
from tocsin.core.people.people import CHANNELS, ContactMethod, NotifyRule, Person
from tocsin.core.severity import Urgency

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)
ALICES = ("email", "alice@example.com")
PAGING = Paging("alice", 3, 0, 0, Reason.LEVEL_DUE, "Level 1: you are paged first.")


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def ways(person: Person, urgency: Urgency = Urgency.HIGH) -> list[tuple[str, float]]:
    pages = plan(person, PAGING, urgency=urgency, now=MONDAY_9AM)
    return [
        (page.address, (page.due_at - MONDAY_9AM).total_seconds()) for page in pages
    ]


def alice(*high: tuple[str, float]) -> Person:
    return Person(
        "alice",
        email="alice@example.com",
        contacts=(
            ContactMethod("ntfy", "alice-phone"),
            ContactMethod("ntfy", "alice-watch", label="watch"),
        ),
        high=tuple(NotifyRule(by, seconds(after)) for by, after in high),
        low=(NotifyRule("email", seconds(0)),),
    )


def test_rules_are_followed_in_order_from_when_the_person_is_paged() -> None:
    assert ways(alice(("ntfy", 0), ("watch", 60), ("email", 180))) == [
        ("alice-phone", 0),
        ("alice-watch", 60),
        ("alice@example.com", 180),
    ]


def test_low_urgency_has_its_own_list() -> None:
    assert ways(alice(("ntfy", 0)), Urgency.LOW) == [("alice@example.com", 0)]


def test_a_rule_for_a_contact_that_is_gone_is_skipped_and_numbers_stay() -> None:
    pages = plan(
        alice(("sms", 0), ("email", 60)), PAGING, urgency=Urgency.HIGH, now=MONDAY_9AM
    )
    assert [(page.rule, page.channel, page.paging) for page in pages] == [
        (1, "email", 3)
    ]


@pytest.mark.parametrize("rules", [(), (("sms", 0),)])
def test_without_a_rule_that_can_be_followed_the_usual_steps_stand_in(
    rules: tuple[tuple[str, float], ...],
) -> None:
    assert ways(alice(*rules)) == [
        ("alice@example.com", 0),
        ("alice-phone", 0),
        ("alice-watch", 0),
    ]


EMAIL, PUSH, CHAT, SMS, VOICE = (
    ContactMethod(channel, channel)
    for channel in ("email", "push", "slack", "sms", "voice")
)


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        # Domain 2.4: push + e-mail at once, SMS after 1 min, voice after 3 and 5 min.
        (
            (VOICE, SMS, PUSH, EMAIL),
            [("push", 0), ("email", 0), ("sms", 60), ("voice", 180), ("voice", 300)],
        ),
        ((EMAIL, CHAT), [("email", 0), ("slack", 0)]),
        ((EMAIL, SMS), [("email", 0), ("sms", 60)]),
        # A mail that nobody saw comes again; nothing else would.
        ((EMAIL,), [("email", 0), ("email", 300)]),
        # Where nothing comes at once, all come that much earlier.
        ((SMS, VOICE), [("sms", 0), ("voice", 120), ("voice", 240)]),
        ((VOICE,), [("voice", 0), ("voice", 120)]),
        ((), []),
    ],
)
def test_the_usual_steps_of_an_urgent_page(
    contacts: tuple[ContactMethod, ...], expected: list[tuple[str, float]]
) -> None:
    assert ways(Person("alice", contacts=contacts)) == expected


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ((VOICE, SMS, PUSH, EMAIL), [("push", 0), ("email", 0)]),
        ((VOICE, SMS), [("sms", 0)]),
        ((VOICE,), [("voice", 0)]),
        ((), []),
    ],
)
def test_the_usual_steps_of_a_page_that_is_not_urgent_call_nobody(
    contacts: tuple[ContactMethod, ...], expected: list[tuple[str, float]]
) -> None:
    assert ways(Person("alice", contacts=contacts), Urgency.LOW) == expected


def test_the_usual_steps_leave_out_what_is_not_verified() -> None:
    phone = ContactMethod("voice", "phone", verified=False)
    person = Person("alice", email="alice@example.com", contacts=(phone, SMS))
    assert ways(person) == [("alice@example.com", 0), ("sms", 60)]
    assert ways(Person("alice", contacts=(phone,))) == [("phone", 0), ("phone", 120)]


def test_two_of_a_kind_are_both_used_and_each_step_has_a_number_of_its_own() -> None:
    both = (ContactMethod("sms", "work", label="work"), ContactMethod("sms", "own"))
    person = Person("alice", contacts=(*both, EMAIL))
    assert ways(person) == [("email", 0), ("work", 60), ("own", 60)]
    pages = plan(person, PAGING, urgency=Urgency.HIGH, now=MONDAY_9AM)
    assert [page.rule for page in pages] == [0, 1, 2]


@given(
    contacts=st.lists(
        st.builds(
            ContactMethod,
            st.sampled_from(CHANNELS),
            st.uuids().map(str),
            verified=st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    rules=st.lists(
        st.builds(
            NotifyRule,
            st.sampled_from(CHANNELS),
            st.sampled_from([seconds(0), seconds(90)]),
        ),
        max_size=3,
    ),
    urgency=st.sampled_from(Urgency),
)
def test_nobody_who_has_a_contact_is_left_without_a_step(
    contacts: list[ContactMethod], rules: list[NotifyRule], urgency: Urgency
) -> None:
    chosen = tuple(rules)
    person = Person("alice", contacts=tuple(contacts), high=chosen, low=chosen)
    pages = plan(person, PAGING, urgency=urgency, now=MONDAY_9AM)
    assert pages
    if not rules:
        assert min(page.due_at for page in pages) == MONDAY_9AM
    assert len({page.rule for page in pages}) == len(pages)


def test_somebody_without_any_method_is_unreachable() -> None:
    assert ways(Person("dan")) == []


def test_only_acceptance_stops_the_next_method() -> None:
    pulled = {
        outcome: after_attempt(outcome, tries=1, now=MONDAY_9AM).pull_next
        for outcome in Attempted
    }
    assert pulled == {
        Attempted.ACCEPTED: False,
        Attempted.PERMANENT: True,
        Attempted.TEMPORARY: True,
        Attempted.UNKNOWN: True,
    }


def test_what_each_outcome_makes_of_a_page() -> None:
    after = {
        outcome: after_attempt(outcome, tries=1, now=MONDAY_9AM, jitter=0.5)
        for outcome in Attempted
    }
    again = MONDAY_9AM + seconds(2)
    assert after == {
        Attempted.ACCEPTED: AfterAttempt("accepted", None, False),
        Attempted.PERMANENT: AfterAttempt("failed", None, True),
        Attempted.TEMPORARY: AfterAttempt("due", again, True),
        Attempted.UNKNOWN: AfterAttempt("due", again, True),
    }


def test_retries_back_off_to_a_minute_and_end_at_fifty() -> None:
    waits = []
    for tries in (1, 2, 3, 5, 6, 49):
        after = after_attempt(
            Attempted.UNKNOWN, tries=tries, now=MONDAY_9AM, jitter=0.5
        )
        assert after.due_at is not None
        waits.append((after.due_at - MONDAY_9AM).total_seconds())
    assert waits == [2, 4, 8, 32, 60, 60]
    assert after_attempt(Attempted.UNKNOWN, tries=50, now=MONDAY_9AM).state == "failed"


@pytest.mark.parametrize(("asked", "waited"), [(30, 30), (1, 2), (86400, 300)])
def test_a_providers_retry_after_is_kept_within_reason(asked: int, waited: int) -> None:
    after = after_attempt(
        Attempted.TEMPORARY,
        tries=1,
        now=MONDAY_9AM,
        retry_after=seconds(asked),
        jitter=0.5,
    )
    assert after.due_at == MONDAY_9AM + seconds(waited)
