"""An incident's rules: what may follow what, which severity, who holds which role."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.cast import MONDAY_9AM
from tocsin.core.incidents import hypotheses, reminders, roles
from tocsin.core.incidents.changes import ChangeEvent, kind_of, suspects
from tocsin.core.incidents.entries import Entry, EntryKind, in_order
from tocsin.core.incidents.hypotheses import Hypothesis
from tocsin.core.incidents.impact import Impact, derived
from tocsin.core.incidents.incident_metrics import Moments, figures
from tocsin.core.incidents.incidents import BACK, STEPS, By, Incident, State, advanced
from tocsin.core.incidents.reminders import Seen
from tocsin.core.incidents.revisions import rated
from tocsin.core.incidents.roles import Holding, Role
from tocsin.core.incidents.tasks import Task
from tocsin.core.severity import Severity

NOW = MONDAY_9AM
ALICE = By("alice", "web")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def incident(state: State = State.INVESTIGATING, **more: object) -> Incident:
    times = (
        {one: NOW for one in STEPS[: STEPS.index(state) + 1]} if state in STEPS else {}
    )
    return Incident(
        1, "Card payments fail", Severity.SEV2, state, NOW, times=times, **more
    )  # type: ignore[arg-type]


FORWARD = {(a, b) for a, b in product(STEPS, STEPS) if STEPS.index(b) > STEPS.index(a)}
NEVER = {State.DETECTED, State.DECLARED, State.DUPLICATE}
BACKWARD = {(was, to) for was, all_ in BACK.items() for to in all_}


@pytest.mark.parametrize(("was", "to"), list(product(State, State)))
def test_only_what_may_follow_follows(was: State, to: State) -> None:
    ruling = advanced(incident(was), to, ALICE, now=NOW + minutes(90), reason="seen")
    may = (was, to) in FORWARD | BACKWARD and to not in NEVER
    if to is State.REVIEWED:
        may = was is State.CLOSED
    if to is State.CANCELLED:
        may = was in STEPS[:4]
    assert (not ruling.refused) is may, ruling.refused
    if may:
        assert ruling.incident.state is to
        assert ruling.incident.times[to] == NOW + minutes(90)
    else:
        assert ruling.incident == incident(was)


@given(st.lists(st.tuples(st.sampled_from(State), st.integers(1, 500)), max_size=12))
def test_times_go_forward_on_any_path(path: list[tuple[State, int]]) -> None:
    now, one = NOW, incident(State.DECLARED)
    for to, later in path:
        now += minutes(later)
        one = advanced(one, to, ALICE, now=now, reason="seen").incident
    known = [one.times[step] for step in STEPS if step in one.times]
    assert known == sorted(known)


def test_an_end_before_its_watch_needs_a_reason() -> None:
    watched = incident(State.MONITORING)
    early = advanced(watched, State.RESOLVED, ALICE, now=NOW + minutes(29))
    assert "30 quiet minutes" in early.refused
    assert not advanced(watched, State.RESOLVED, ALICE, now=NOW + minutes(30)).refused


def test_after_a_day_it_is_another_incident() -> None:
    ended = incident(State.RESOLVED)
    late = advanced(
        ended, State.INVESTIGATING, ALICE, now=NOW + timedelta(hours=25), reason="back"
    )
    assert "recurrence" in late.refused


@pytest.mark.parametrize(
    ("impact", "severity"),
    [
        (Impact(data_loss=True, share=0), Severity.SEV1),
        (Impact(safety=True), Severity.SEV1),
        (Impact(tier1_down=True, share=1), Severity.SEV1),
        (Impact(share=90), Severity.SEV1),
        (Impact(share=89.9), Severity.SEV2),
        (Impact(share=50), Severity.SEV2),
        (Impact(share=25), Severity.SEV2),
        (Impact(share=24), Severity.SEV3),
        (Impact(slow=True), Severity.SEV3),
        (Impact(share=1, slow=True), Severity.SEV3),
        (Impact(share=5), Severity.SEV3),
        (Impact(share=4), Severity.SEV4),
        (Impact(), Severity.SEV2),
    ],
)
def test_the_first_match_gives_the_severity(impact: Impact, severity: Severity) -> None:
    assert derived(impact)[0] is severity


def test_who_does_not_command_may_raise_and_not_lower() -> None:
    other = By("bob", "web", commands=False)
    up = rated(incident(), Severity.SEV1, other, now=NOW, reason="all of them")
    assert up.incident.severity is Severity.SEV1
    down = rated(incident(), Severity.SEV4, other, now=NOW, reason="two of them")
    assert down.refused


acts = st.tuples(
    st.sampled_from(["offer", "accept", "decline", "take", "release"]),
    st.sampled_from(Role),
    st.sampled_from(["ann", "ben", "cleo"]),
    st.sampled_from(["ann", "ben", "cleo"]),
)


@given(st.lists(acts, max_size=30))
def test_a_role_is_never_held_by_two_nor_lost_in_a_handover(
    path: list[tuple[str, Role, str, str]],
) -> None:
    held: list[Holding] = []
    for number, (word, role, who, to) in enumerate(path):
        now = NOW + minutes(number)
        before = roles.holder(held, role)
        changed = {
            "offer": lambda r=role, t=to, w=who, n=now: roles.offer(held, r, t, by=w, now=n),
            "accept": lambda r=role, w=who, n=now: roles.accept(held, r, by=w, now=n),
            "decline": lambda r=role, w=who, n=now: roles.decline(held, r, by=w, now=n),
            "take": lambda r=role, w=who, n=now: roles.take(held, r, by=w, now=n, reason="x"),
            "release": lambda r=role, w=who, n=now: roles.release(held, r, by=w, now=n),
        }[word]()  # fmt: skip
        by_id = {one.id: one for one in held}
        for one in changed.holdings:
            number_of = one.id or len(by_id) + 1
            by_id[number_of] = replace(one, id=number_of)
        held = list(by_id.values())
        for each in Role:
            assert sum(h.role is each and h.state == "held" for h in held) <= 1
            assert sum(h.role is each and h.state == "offered" for h in held) <= 1
        if before and word != "release":
            assert roles.holder(held, role)


def seen(**more: object) -> Seen:
    return Seen(**more)  # type: ignore[arg-type]


def said(one: Incident, look: Seen, after: float) -> list[str]:
    ready, _ = reminders.due(one, look, now=NOW + minutes(after))
    return [reminder.text for reminder in ready]


def commanded(since: datetime = NOW) -> list[Holding]:
    return [
        Holding(Role.IC, "alice", "held", "alice", since, since, id=1),
        Holding(Role.LEAD, "bob", "held", "bob", since, since, id=2),
    ]


def test_a_promise_is_reminded_of_before_at_and_after_its_time() -> None:
    one = incident(next_update_at=NOW + minutes(30))
    look = seen(holdings=commanded(), last_spoken_at=NOW + minutes(40))
    told = []
    for minute in range(60):
        ready, later = reminders.due(one, look, now=NOW + minutes(minute))
        told += [(minute, r.to, r.to_leads) for r in ready]
        one = replace(one, reminded=reminders.kept(one, ready))
        assert later is None or later > NOW + minutes(minute)
    assert told == [
        (25, ("alice",), False),
        (30, ("alice",), False),
        (35, ("alice",), False),
        (45, (), True),
        (55, ("alice",), False),
    ]


def test_after_a_time_of_standing_still_only_what_is_true_now_is_said() -> None:
    one = incident(next_update_at=NOW + minutes(30))
    look = seen(holdings=commanded(), last_spoken_at=NOW + minutes(40))
    assert said(one, look, 36) == ["The promised update is 5 minutes late."]


def test_a_task_whose_time_is_over_is_asked_for() -> None:
    task = Task("Roll back", "bob", "alice", NOW, NOW + minutes(10), id=7)
    look = seen(holdings=commanded(), tasks=[task], last_spoken_at=NOW)
    assert said(incident(), look, 9) == []
    assert said(incident(), look, 10) == [
        "The time for “Roll back” is over: how far is it?"
    ]
    done = replace(task, state="done")
    assert (
        said(
            incident(), seen(holdings=commanded(), tasks=[done], last_spoken_at=NOW), 10
        )
        == []
    )


def test_four_hours_are_enough_for_one_commander() -> None:
    look = seen(holdings=commanded(), last_spoken_at=NOW + minutes(239))
    assert said(incident(), look, 239) == []
    assert said(incident(), look, 240)[0].startswith(
        "alice has commanded for four hours"
    )


def test_nothing_is_said_once_it_is_over() -> None:
    over = incident(State.RESOLVED, next_update_at=NOW)
    assert reminders.due(over, seen(), now=NOW + minutes(600)) == ([], None)


def test_the_change_just_before_on_the_service_itself_is_checked_first() -> None:
    def change(number: int, service: str, before: float, what: str) -> ChangeEvent:
        at = NOW - minutes(before)
        return ChangeEvent(number, service, at, what, "ci", kind_of(what))

    found = suspects(
        [
            change(1, "checkout", 5, "Deploy v418"),
            change(2, "checkout", 600, "Deploy v417"),
            change(3, "bank", 2, "Flag fast_bank on"),
            change(4, "search", 1, "Deploy search"),
            change(5, "checkout", -5, "Deploy after it began"),
            change(6, "checkout", 60 * 25, "Deploy long ago"),
        ],
        services=["checkout"],
        neighbours=["bank"],
        start=NOW,
        detected=NOW + minutes(3),
    )
    assert [one.change.id for one in found] == [1, 3, 4, 2]
    assert found[0].score == pytest.approx(0.6 * 0.92 + 0.3 + 0.1, abs=0.001)


@given(st.permutations(range(6)))
def test_times_are_the_same_in_whatever_order_entries_come(order: list[int]) -> None:
    entries = [
        Entry(NOW + minutes(n), NOW + minutes(n), EntryKind.NOTE, str(n), id=n + 1)
        for n in range(6)
    ]
    lines = in_order([entries[n] for n in order])
    assert [line.entry.text for line in lines] == list("012345")


def test_the_article_s_example_gives_its_times() -> None:
    at = {"10:00": 0, "10:15": 15, "10:30": 30, "10:45": 45}
    told = figures(
        Moments(
            detected=NOW,
            identified=NOW + minutes(at["10:30"]),
            mitigated=NOW + minutes(at["10:45"]),
        )
    )
    assert [(one.name, one.value, one.at_least) for one in told] == [
        ("TTI", minutes(30), False),
        ("TTM", minutes(45), True),
    ]


def test_a_card_is_not_judged_without_what_was_seen() -> None:
    card = Hypothesis("The cache", "", "", "bob", "bob", NOW, NOW)
    for state in ("supported", "refuted", "inconclusive"):
        assert isinstance(
            hypotheses.moved(card, state, finding="", fix="", now=NOW), str
        )
    moved = hypotheses.moved(card, "refuted", finding="it is empty", fix="", now=NOW)
    assert isinstance(moved, Hypothesis)
    assert moved.state == "refuted"
