"""What is weak in how somebody is reached is said before it fails at night."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.building.directory_building import build
from tocsin.core.oncall.reachability import warnings
from tocsin.core.people.people import ContactMethod, NotifyRule, Person

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
NOBODY, _ = build({}, version=1, ids={})
EMAIL = ContactMethod("email", "ana@x.example")
SMS = ContactMethod("sms", "+4915112345678")
VOICE = ContactMethod("voice", "+4915112345678")
PHONES = ("email", "sms", "voice", "ntfy")
SLEEPS = "Urgent: no step of yours wakes you"


def said(*contacts: ContactMethod, high: tuple[str, ...] = ()) -> list[str]:
    rules = tuple(NotifyRule(by, timedelta(0)) for by in high)
    person = Person("ana", contacts=contacts, high=rules)
    return warnings(person, NOBODY, now=MONDAY, channels=PHONES)


@pytest.mark.parametrize(
    ("high", "warned"),
    [
        (("email",), True),
        (("email", "sms"), False),
        (("voice",), False),
        ((), False),
    ],
)
def test_steps_of_ones_own_that_wake_nobody_are_named(
    high: tuple[str, ...],
    warned: bool,  # noqa: FBT001
) -> None:
    found = said(EMAIL, SMS, VOICE, high=high)
    assert any(one.startswith(SLEEPS) for one in found) is warned
    if warned:
        assert found == [
            "Urgent: no step of yours wakes you, though sms and voice would: add one as "
            "a later step, or remove yours to have the usual ones."
        ]


def test_who_has_nothing_that_wakes_is_told_that_and_not_of_steps() -> None:
    found = said(EMAIL, ContactMethod("ntfy", "topic"), high=("email",))
    assert not any(one.startswith(SLEEPS) for one in found)
    assert (
        "You do not count as reachable: you have nothing that wakes somebody: a text "
        "message, a call or Pushover." in found
    )
    waiting = ContactMethod("sms", "+4915112345678", verified=False)
    assert not any(
        one.startswith(SLEEPS) for one in said(EMAIL, waiting, high=("email",))
    )


def test_steps_that_name_nothing_verified_are_replaced_by_the_usual_ones() -> None:
    waiting = ContactMethod("sms", "+4915112345678", verified=False)
    assert (
        "Urgent: no step names a contact that is verified, so the usual steps are used."
        in said(EMAIL, waiting, high=("sms",))
    )
