"""What each event from a source does to the alert of its key: the tables of domain 3."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.alerts import alerts as rules
from tocsin.core.alerts.absorbing import Absorbed, Outcome, absorb
from tocsin.core.alerts.alerts import Alert, AlertEvent, EventKind, Refused, Status
from tocsin.core.severity import Severity

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)
TRIGGER, ACK, RESOLVE = EventKind.TRIGGER, EventKind.ACKNOWLEDGE, EventKind.RESOLVE


def at(minute: float) -> datetime:
    return MONDAY_9AM + timedelta(minutes=minute)


class Key:
    """One dedup key, its alert and its tombstone, as the store would keep them."""

    def __init__(self) -> None:
        self.alert: Alert | None = None
        self.tombstone_at: datetime | None = None
        self.opened = 0
        self.paged = 0

    def hear(
        self,
        kind: EventKind,
        occurred: float | None,
        *,
        received: float | None = None,
        severity: Severity | None = Severity.SEV2,
        event_id: str = "",
    ) -> Absorbed:
        time = None if occurred is None else at(occurred)
        event = AlertEvent(
            kind, "errors", "Errors 31%", occurred_at=time, event_id=event_id
        )
        absorbed = absorb(
            self.alert,
            event,
            severity=severity,
            tombstone_at=self.tombstone_at,
            integration="1",
            service="checkout",
            received_at=at(received if received is not None else occurred or 0),
            raw=7,
        )
        self.tombstone_at = absorbed.tombstone_at or self.tombstone_at
        if absorbed.alert is not None:
            self.opened += self.alert is None or absorbed.superseded
            self.alert = absorbed.alert
        self.paged += absorbed.outcome in (Outcome.CREATED, Outcome.REOPENED)
        return absorbed

    @property
    def status(self) -> Status | None:
        return self.alert.status if self.alert is not None else None


def told(*events: tuple[EventKind, float]) -> Key:
    key = Key()
    for kind, occurred in events:
        key.hear(kind, occurred)
    return key


def test_trigger_then_resolve_is_resolved_with_one_page() -> None:
    key = told((TRIGGER, 10), (RESOLVE, 12))
    assert (key.status, key.paged) == (Status.RESOLVED, 1)


def test_a_trigger_from_before_a_tombstone_does_not_page() -> None:
    key = Key()
    assert key.hear(RESOLVE, 12).outcome is Outcome.TOMBSTONED
    assert key.hear(TRIGGER, 10).outcome is Outcome.LATE_TRIGGER
    assert (key.alert, key.paged) == (None, 0)


def test_an_older_resolve_does_not_take_a_newer_tombstones_place() -> None:
    key = told((RESOLVE, 20), (RESOLVE, 12))
    assert key.hear(TRIGGER, 15).outcome is Outcome.LATE_TRIGGER


def test_a_resolve_from_before_the_trigger_is_ignored() -> None:
    key = told((TRIGGER, 10))
    assert key.hear(RESOLVE, 9).outcome is Outcome.LATE_RESOLVE
    assert key.status is Status.TRIGGERED


def test_a_trigger_from_before_the_resolve_is_recorded_as_over() -> None:
    key = told((TRIGGER, 10), (RESOLVE, 12))
    assert key.hear(TRIGGER, 11).outcome is Outcome.LATE_TRIGGER
    assert (key.status, key.paged) == (Status.RESOLVED, 1)


def test_within_the_reopen_window_the_same_alert_starts_a_second_episode() -> None:
    key = told((TRIGGER, 10), (RESOLVE, 12), (TRIGGER, 15))
    assert key.alert is not None
    assert (key.status, key.alert.episode) == (Status.TRIGGERED, 2)
    assert (key.opened, key.paged) == (1, 2)


def test_after_the_reopen_window_it_is_a_new_alert() -> None:
    key = told((TRIGGER, 10), (RESOLVE, 12), (TRIGGER, 30))
    assert key.alert is not None
    assert (key.opened, key.alert.episode, key.alert.number) == (2, 1, 0)


@pytest.mark.parametrize(("minute", "opened"), [(22, 1), (22.01, 2)])
def test_the_reopen_window_is_ten_minutes(minute: float, opened: int) -> None:
    key = told((TRIGGER, 10), (RESOLVE, 12), (TRIGGER, minute))
    assert key.opened == opened


def test_a_reopened_alert_is_unacknowledged() -> None:
    key = told((TRIGGER, 10))
    assert key.alert is not None
    acked = rules.acknowledge(key.alert, by="alice", now=at(11))
    assert isinstance(acked, Alert)
    key.alert = acked
    key.hear(RESOLVE, 12)
    key.hear(TRIGGER, 15)
    assert key.status is Status.TRIGGERED
    assert (key.alert.acked_by, key.alert.acked_at) == ("", None)


def test_a_reopened_episode_starts_at_the_events_own_severity() -> None:
    key = Key()
    key.hear(TRIGGER, 10, severity=Severity.SEV1)
    key.hear(RESOLVE, 12)
    key.hear(TRIGGER, 15, severity=Severity.SEV3)
    assert key.alert is not None
    assert key.alert.severity is Severity.SEV3


@pytest.mark.parametrize(("minute", "opened"), [(64, 1), (70, 2)])
def test_after_a_person_resolved_the_window_runs_by_our_clock(
    minute: float, opened: int
) -> None:
    key = told((TRIGGER, 10))
    assert key.alert is not None
    over = rules.resolve(key.alert, by_reason="resolved by alice", now=at(55))
    assert isinstance(over, Alert)
    key.alert = over
    key.hear(TRIGGER, minute)
    assert (key.opened, key.paged) == (opened, 2)


def test_the_same_event_twice_is_one_event() -> None:
    key = Key()
    key.hear(TRIGGER, 10, event_id="a")
    assert key.hear(TRIGGER, 10, event_id="a").outcome is Outcome.DUPLICATE
    assert key.alert is not None
    assert key.alert.count == 1


def test_at_equal_times_the_trigger_wins() -> None:
    assert told((TRIGGER, 10), (RESOLVE, 10)).status is Status.TRIGGERED
    assert told((RESOLVE, 10), (TRIGGER, 10)).status is Status.TRIGGERED


def test_a_source_without_times_is_believed_in_order_of_arrival() -> None:
    key = Key()
    key.hear(TRIGGER, None, received=1)
    key.hear(RESOLVE, None, received=1)
    assert key.status is Status.RESOLVED
    key.hear(TRIGGER, None, received=1)
    assert (key.status, key.paged) == (Status.TRIGGERED, 2)


@pytest.mark.parametrize("occurred", [5.1, -24 * 60 - 1])
def test_a_time_out_of_range_is_replaced_by_ours_and_flagged(occurred: float) -> None:
    key = Key()
    assert key.hear(TRIGGER, occurred, received=0).flags == ("clock",)
    assert key.alert is not None
    assert key.alert.last_trigger_at == at(0)


@pytest.mark.parametrize("occurred", [5, -24 * 60])
def test_a_time_just_within_range_is_believed(occurred: float) -> None:
    assert Key().hear(TRIGGER, occurred, received=0).flags == ()


def test_severity_only_goes_up_within_an_episode() -> None:
    key = Key()
    key.hear(TRIGGER, 0, severity=Severity.SEV3)
    assert key.hear(TRIGGER, 1, severity=Severity.SEV4).outcome is Outcome.REPEATED
    assert key.hear(TRIGGER, 2, severity=Severity.SEV1).outcome is Outcome.RAISED
    assert key.alert is not None
    assert (key.alert.severity, key.alert.count) == (Severity.SEV1, 3)


def test_below_an_alert_it_is_recorded_only() -> None:
    key = Key()
    assert key.hear(TRIGGER, 0, severity=None) == Absorbed(Outcome.RECORDED)


def test_a_repeat_leaves_an_acknowledgement_alone() -> None:
    key = told((TRIGGER, 0), (ACK, 1))
    assert key.hear(TRIGGER, 2).outcome is Outcome.REPEATED
    assert key.alert is not None
    assert (key.status, key.alert.acked_by) == (Status.ACKNOWLEDGED, "source:1")


# Domain 3.2: the row of each event, the column of each state.
OUTCOMES = {
    (TRIGGER, None): Outcome.CREATED,
    (TRIGGER, Status.TRIGGERED): Outcome.REPEATED,
    (TRIGGER, Status.ACKNOWLEDGED): Outcome.REPEATED,
    (TRIGGER, Status.RESOLVED): Outcome.REOPENED,
    (ACK, None): Outcome.NO_OP,
    (ACK, Status.TRIGGERED): Outcome.SOURCE_ACKED,
    (ACK, Status.ACKNOWLEDGED): Outcome.NO_OP,
    (ACK, Status.RESOLVED): Outcome.NO_OP,
    (RESOLVE, None): Outcome.TOMBSTONED,
    (RESOLVE, Status.TRIGGERED): Outcome.RESOLVED,
    (RESOLVE, Status.ACKNOWLEDGED): Outcome.RESOLVED,
    (RESOLVE, Status.RESOLVED): Outcome.NO_OP,
}
WAY: dict[Status | None, tuple[tuple[EventKind, float], ...]] = {
    None: (),
    Status.TRIGGERED: ((TRIGGER, 0),),
    Status.ACKNOWLEDGED: ((TRIGGER, 0), (ACK, 1)),
    Status.RESOLVED: ((TRIGGER, 0), (RESOLVE, 1)),
}


@pytest.mark.parametrize("status", [None, *Status])
@pytest.mark.parametrize("kind", EventKind)
def test_every_event_in_every_state(kind: EventKind, status: Status | None) -> None:
    key = told(*WAY[status])
    assert key.status is status
    assert key.hear(kind, 2).outcome is OUTCOMES[kind, status]


moments = st.lists(
    st.tuples(st.sampled_from([TRIGGER, RESOLVE]), st.integers(0, 4 * 60)),
    min_size=1,
    max_size=7,
    unique_by=lambda one: one[1],
)


@given(moments, st.randoms(use_true_random=False))
def test_whatever_the_order_the_latest_event_of_the_source_decides(
    events: list[tuple[EventKind, int]], dice: object
) -> None:
    latest = max(events, key=lambda one: one[1])[0]
    shuffled = list(events)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    key = Key()
    for kind, second in shuffled:
        key.hear(kind, second / 60, received=5)
    expected = Status.TRIGGERED if latest is TRIGGER else Status.RESOLVED
    assert key.status in ((expected,) if latest is TRIGGER else (expected, None))


def test_every_order_of_four_events() -> None:
    events = ((TRIGGER, 1), (RESOLVE, 2), (TRIGGER, 3), (RESOLVE, 4))
    for order in permutations(events):
        assert told(*order).status in (Status.RESOLVED, None), order


@given(st.integers(1, 30))
def test_copies_of_one_trigger_are_one_alert(copies: int) -> None:
    key = told(*[(TRIGGER, 0)] * copies)
    assert key.alert is not None
    assert (key.opened, key.paged, key.alert.count) == (1, 1, copies)


def fired() -> Alert:
    alert = told((TRIGGER, 0)).alert
    assert alert is not None
    return alert


def test_an_acknowledgement_after_the_end_is_refused_and_says_why() -> None:
    over = rules.resolve(fired(), by_reason="resolved by bob", now=at(3))
    assert isinstance(over, Alert)
    assert rules.acknowledge(over, by="alice", now=at(4)) == Refused(
        "It is over since 09:03 UTC: resolved by bob."
    )


def test_suppressing_and_unsuppressing_gives_the_same_alert_back() -> None:
    acked = rules.acknowledge(fired(), by="alice", now=at(1))
    assert isinstance(acked, Alert)
    quiet = rules.suppress(rules.suppress(acked, by="silence:1"), by="silence:2")
    assert rules.shown_state(quiet, now=at(2)) == "suppressed"
    loud = rules.unsuppress(rules.unsuppress(quiet, by="silence:1"), by="silence:2")
    assert loud == acked


def test_the_shown_state_is_the_first_that_applies() -> None:
    snoozed = rules.snooze(fired(), until=at(10), now=at(1))
    assert isinstance(snoozed, Alert)
    assert rules.shown_state(snoozed, now=at(9)) == "snoozed"
    assert not rules.notifiable(snoozed, now=at(9))
    assert rules.shown_state(snoozed, now=at(10)) == "triggered"
    assert rules.notifiable(rules.wake(snoozed), now=at(2))


def test_an_alert_that_is_no_longer_refreshed_is_over_unless_somebody_has_it() -> None:
    stale = rules.go_stale(fired(), now=at(5))
    assert isinstance(stale, Alert)
    assert (stale.status, stale.resolve_reason) == (
        Status.RESOLVED,
        "its source stopped refreshing it",
    )
    held = rules.acknowledge(fired(), by="alice", now=at(1))
    assert isinstance(held, Alert)
    kept = rules.go_stale(held, now=at(5))
    assert isinstance(kept, Alert)
    assert kept.status is Status.ACKNOWLEDGED
