"""Text messages and calls of one contact: how many, and that none is lost or late."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.core.pages.bundling import Batch, DuePage, bundle
from tocsin.core.pages.message_limits import LIMITS, LONGEST, SentPage
from tocsin.core.severity import Severity

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NUMBER = "+4915112345678"


def due(page: int, *, channel: str = "sms", service: str = "checkout") -> DuePage:
    return DuePage(
        page, "alice", channel, NUMBER, page, service, Severity.SEV2, is_retry=False
    )


def asked(
    ago: Sequence[float], *pages: DuePage, channel: str = "sms", known: str = "checkout"
) -> Batch:
    """What becomes of pages when messages went so many minutes ago."""
    recent = [SentPage(MONDAY_9AM - one * MINUTE, known) for one in ago]
    return bundle(pages, {(channel, NUMBER): recent}, now=MONDAY_9AM)


def spread(count: int, *, over: float, since: float) -> list[float]:
    """So many times, evenly within `over` minutes, the newest `since` minutes ago."""
    return [since + over * number / count for number in range(count)]


@pytest.mark.parametrize(
    ("channel", "ago", "waits"),
    [
        ("sms", [1, 2, 3, 4], None),
        ("sms", [1, 2, 3, 4, 10], 5),  # five in a quarter of an hour
        ("sms", [1, 2, 3, 4, 15], None),
        ("voice", [1, 2], None),
        ("voice", [1, 2, 10], 5),
        # Eleven in an hour, four of them in the last quarter.
        ("sms", [1, 2, 3, 4, 20, 25, 30, 35, 40, 45, 50], 10),
        ("voice", [1, 2, 20, 30, 35, 40, 50], 10),
        # Twenty-one in three hours, ten in the last.
        ("sms", spread(10, over=50, since=16) + spread(11, over=90, since=80), 18),
    ],
)
def test_over_a_limit_a_page_waits_until_the_oldest_has_left_the_window(
    channel: str, ago: list[float], waits: float | None
) -> None:
    batch = asked(ago, due(1, channel=channel), channel=channel)
    if waits is None:
        assert batch == Batch(((1,),), ())
        return
    assert (batch.messages, batch.deferred) == ((), ())
    ((page, until),) = batch.held
    assert page == 1
    assert round((until - MONDAY_9AM) / MINUTE) == pytest.approx(waits, abs=1)


def test_what_is_worse_than_all_before_it_does_not_wait_behind_them() -> None:
    noise = [
        SentPage(MONDAY_9AM - one * MINUTE, "checkout", Severity.SEV3)
        for one in (1, 2, 3, 4, 10)
    ]
    worst = replace(due(1), severity=Severity.SEV1)
    same = replace(due(2), severity=Severity.SEV3)
    sent = {("sms", NUMBER): noise}
    assert bundle([worst], sent, now=MONDAY_9AM).messages == ((1,),)
    assert [page for page, _ in bundle([same], sent, now=MONDAY_9AM).held] == [2]
    # It takes along what waits, and only a few may jump.
    assert bundle([worst, same], sent, now=MONDAY_9AM).messages == ((1, 2),)
    more = {("sms", NUMBER): [*noise, *noise]}
    assert bundle([worst], more, now=MONDAY_9AM).messages == ()


def test_each_channel_and_contact_has_limits_of_its_own() -> None:
    recent = [SentPage(MONDAY_9AM - MINUTE, "checkout")] * 5
    pages = [due(1), due(2, channel="voice"), replace(due(3), address="+49151999")]
    batch = bundle(pages, {("sms", NUMBER): recent}, now=MONDAY_9AM)
    assert batch.messages == ((2,), (3,))
    assert [page for page, _ in batch.held] == [1]


def test_what_waits_joins_the_next_message() -> None:
    waiting = replace(due(1), held_until=MONDAY_9AM + MINUTE)
    assert asked([1, 2], waiting, due(2)).messages == ((1, 2),)
    # Alone it stays where it is, and its time stays what it was told.
    assert asked([1, 2, 3, 4, 5], waiting, due(2)).held == (
        (2, MONDAY_9AM + 10 * MINUTE),
    )


def test_the_first_alert_of_a_service_does_not_wait_and_takes_along_what_does() -> None:
    waiting = replace(due(1), held_until=MONDAY_9AM + MINUTE)
    full = [1, 2, 3, 4, 5]
    assert asked(full, waiting, due(2, service="search")).messages == ((1, 2),)
    # Five such in a window; then they wait as well.
    batch = asked([*full, *full], due(2, service="search"))
    assert [page for page, _ in batch.held] == [2]


def test_what_has_waited_as_long_as_it_was_told_goes() -> None:
    waited = replace(due(1), held_until=MONDAY_9AM)
    assert asked([1] * 30, waited, due(2)).messages == ((1, 2),)


arrivals = st.lists(
    st.tuples(
        st.integers(0, 400), st.sampled_from(["checkout", "search", "mail", "disk"])
    ),
    max_size=120,
)


@settings(max_examples=60)
@given(arrivals, st.sampled_from(["sms", "voice"]))
def test_in_a_storm_each_page_goes_once_and_none_waits_longer_than_the_window(
    given: list[tuple[int, str]], channel: str
) -> None:
    came = {number: MONDAY_9AM + at * MINUTE for number, (at, _) in enumerate(given)}
    left = {n: due(n, channel=channel, service=s) for n, (_, s) in enumerate(given)}
    at = dict(came)
    sent: list[SentPage] = []
    gone: dict[int, datetime] = {}
    for minute in range(400 + 181):
        now = MONDAY_9AM + minute * MINUTE
        ready = [page for number, page in left.items() if at[number] <= now]
        if not ready:
            continue
        held = [p for n, p in left.items() if at[n] > now and p.held_until]
        recent = {(channel, NUMBER): [one for one in sent if now - one.at < LONGEST]}
        batch = bundle([*ready, *held], recent, now=now)
        for number, until in batch.held:
            assert now < until
            at[number], left[number] = until, replace(left[number], held_until=until)
        for message in batch.messages:
            sent.append(SentPage(now, left[message[0]].service))
            for number in message:
                gone[number] = now
                del left[number]
    assert not left
    assert all(gone[number] - came[number] <= LONGEST for number in came)
    for limit in LIMITS[channel]:
        for one in sent:
            inside = [o for o in sent if timedelta(0) <= one.at - o.at < limit.within]
            # First alerts of a service may go over it, at most five in a window.
            assert len(inside) <= limit.most + 5


@settings(max_examples=40)
@given(st.lists(st.integers(0, 400), max_size=150), st.sampled_from(["sms", "voice"]))
def test_alerts_of_one_service_never_break_a_limit(
    given: list[int], channel: str
) -> None:
    sent: list[SentPage] = []
    left = {n: (MONDAY_9AM + at * MINUTE, due(n, channel=channel)) for n, at in enumerate(given)}  # fmt: skip
    for minute in range(400 + 181):
        now = MONDAY_9AM + minute * MINUTE
        ready = [n for n, (at, _) in left.items() if at <= now]
        held = [n for n, (at, page) in left.items() if at > now and page.held_until]
        if not ready:
            continue
        recent = {(channel, NUMBER): [one for one in sent if now - one.at < LONGEST]}
        batch = bundle([left[n][1] for n in (*ready, *held)], recent, now=now)
        for n, until in batch.held:
            left[n] = (until, replace(left[n][1], held_until=until))
        for message in batch.messages:
            sent.append(SentPage(now, "checkout"))
            for n in message:
                del left[n]
    assert not left
    for limit in LIMITS[channel]:
        for one in sent:
            inside = [o for o in sent if timedelta(0) <= one.at - o.at < limit.within]
            assert len(inside) <= limit.most
