"""How a person is reached, what a failure means, and what joins one message."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.escalation import Paging, Reason
from tocsin.core.message_limits import SentPage
from tocsin.core.paging import (
    AfterAttempt,
    Attempted,
    DuePage,
    after_attempt,
    bundle,
    plan,
)
from tocsin.core.people import ContactMethod, NotifyRule, Person
from tocsin.core.severity import Severity, Urgency

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
def test_without_a_rule_that_can_be_followed_every_method_is_used_at_once(
    rules: tuple[tuple[str, float], ...],
) -> None:
    assert ways(alice(*rules)) == [
        ("alice@example.com", 0),
        ("alice-phone", 0),
        ("alice-watch", 0),
    ]


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


def due(page: int, **more: object) -> DuePage:
    values: dict[str, object] = {
        "user": "alice",
        "channel": "email",
        "address": "alice@example.com",
        "alert": page,
        "service": "checkout",
        "severity": Severity.SEV2,
        "is_retry": False,
    }
    return DuePage(page, **{**values, **more})  # type: ignore[arg-type]


def sent(
    *ago: float, service: str = "checkout"
) -> dict[tuple[str, str], list[SentPage]]:
    return {ALICES: [SentPage(MONDAY_9AM - seconds(one), service) for one in ago]}


def test_what_is_due_to_one_contact_is_one_message_worst_first() -> None:
    pages = [due(1, severity=Severity.SEV3), due(2), due(3, severity=Severity.SEV1)]
    assert bundle(pages, {}, now=MONDAY_9AM).messages == ((3, 2, 1),)


def test_two_people_and_two_channels_never_share_a_message() -> None:
    pages = [due(1), due(2, user="bob"), due(3, channel="ntfy", address="phone")]
    assert bundle(pages, {}, now=MONDAY_9AM).messages == ((1,), (2,), (3,))


def test_machines_get_each_alert_on_its_own() -> None:
    pages = [due(n, channel="webhook", address="https://x.example") for n in (1, 2)]
    assert bundle(pages, {}, now=MONDAY_9AM).messages == ((1,), (2,))


def test_a_message_that_is_tried_again_keeps_its_members() -> None:
    pages = [due(1, is_retry=True, lead=1), due(2, is_retry=True, lead=1), due(3)]
    assert bundle(pages, {}, now=MONDAY_9AM).messages == ((1, 2), (3,))


def test_over_the_budget_pages_wait_for_the_next_token_and_none_is_dropped() -> None:
    batch = bundle([due(1), due(2)], sent(4, 3, 2, 1, 0), now=MONDAY_9AM)
    assert batch.messages == ()
    assert [page for page, _ in batch.deferred] == [1, 2]
    until = batch.deferred[0][1]
    assert MONDAY_9AM < until <= MONDAY_9AM + seconds(12)
    assert bundle([due(1), due(2)], sent(*(16, 15, 14, 13, 12)), now=until).messages


def test_the_first_alert_of_a_service_does_not_wait_behind_anothers_noise() -> None:
    pages = [due(1), due(2, service="search")]
    batch = bundle(pages, sent(4, 3, 2, 1, 0), now=MONDAY_9AM)
    assert batch.messages == ((2,),)
    assert [page for page, _ in batch.deferred] == [1]


def test_even_first_alerts_wait_after_five_jumps_in_a_minute() -> None:
    batch = bundle([due(1, service="search")], sent(*range(10)), now=MONDAY_9AM)
    assert batch.messages == ()
    assert len(batch.deferred) == 1


pages_due = st.lists(
    st.tuples(
        st.sampled_from(["alice", "bob"]),
        st.sampled_from(["email", "ntfy", "webhook"]),
        st.sampled_from(["checkout", "search"]),
        st.sampled_from(Severity),
    ),
    max_size=20,
)


@given(pages_due, st.lists(st.integers(0, 119), max_size=12))
def test_every_page_is_sent_or_waits_at_most_a_token(
    wanted: list[tuple[str, str, str, Severity]], ago: list[int]
) -> None:
    pages = [
        due(
            n, user=user, channel=channel, address=user, service=service, severity=grade
        )
        for n, (user, channel, service, grade) in enumerate(wanted)
    ]
    lately = {
        (channel, user): [
            SentPage(MONDAY_9AM - seconds(one), "checkout") for one in ago
        ]
        for channel in ("email", "ntfy")
        for user in ("alice", "bob")
    }
    batch = bundle(pages, lately, now=MONDAY_9AM)
    going = [page for message in batch.messages for page in message]
    waiting = [page for page, _ in batch.deferred]
    assert sorted(going + waiting) == list(range(len(pages)))
    for _, until in batch.deferred:
        assert MONDAY_9AM < until <= MONDAY_9AM + seconds(12)
