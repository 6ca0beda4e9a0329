"""What joins one message, and what waits for its contact."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.pages.bundling import DuePage, bundle
from tocsin.core.pages.message_limits import SentPage
from tocsin.core.severity import Severity

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)
ALICES = ("email", "alice@example.com")


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


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
