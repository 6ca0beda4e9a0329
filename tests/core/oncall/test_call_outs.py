"""Who is on call soon and cannot be reached is said a week, a day and an hour before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.core.building.directory_building import build
from tocsin.core.oncall.call_outs import call_outs
from tocsin.core.oncall.reachability import unreachable

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
MAIL = {"by": "email", "address": "a@x.example"}
SMS = {"by": "sms", "address": "+4915112345678"}
PUSH = {"by": "ntfy", "address": "topic"}
BROWSER = {"by": "push", "address": "https://push.example.com/1"}
CHAT = {"by": "slack", "address": "U1"}
PHONES = ("email", "sms", "voice", "ntfy")
SILENT = ("email", "ntfy", "push", "slack")


def directory(*contacts: dict[str, Any], email: str = "") -> Any:
    person = {"name": "ana", "contacts": list(contacts), "teams": ["web"]}
    if email:
        person["email"] = email
    found, problems = build(
        {
            "people": {
                "ana": person,
                "ben": {"name": "ben", "email": "b@x.example", "contacts": [SMS]},
                "lea": {"name": "lea", "email": "l@x.example", "contacts": [SMS]},
            },
            "teams": {"web": {"name": "web", "leads": ["lea"]}},
            "schedules": {
                "web": {
                    "name": "web", "team": "web", "time_zone": "UTC",
                    "rotations": [
                        {
                            "name": "Primary", "users": ["ana", "ben"],
                            "start": "2026-11-30T09:00", "length": "1 week",
                        }
                    ],
                }
            },
        },
        version=1,
        ids={},
    )  # fmt: skip
    assert not problems
    return found


@pytest.mark.parametrize(
    ("contacts", "channels", "why"),
    [
        ([MAIL], PHONES, "has one verified contact"),
        ([MAIL, {**SMS, "verified": False}], PHONES, "has one verified contact"),
        ([{**MAIL, "verified": False}], PHONES, "has no verified contact"),
        ([MAIL, PUSH], PHONES, "has nothing that wakes somebody"),
        # Push alone is none, however much of it there is and whatever is set up.
        ([PUSH, BROWSER], PHONES, "has only push"),
        ([PUSH, BROWSER], SILENT, "has only push"),
        # A telephone that nothing here can call wakes nobody.
        ([MAIL, SMS], ("email", "pushover"), "has nothing that wakes somebody"),
        # Where nothing that wakes is set up, mail and one more have to do.
        ([MAIL, PUSH], SILENT, ""),
        ([MAIL, CHAT], SILENT, ""),
        ([PUSH, CHAT], SILENT, "has no verified mail address"),
        ([MAIL, {**PUSH, "verified": False}], SILENT, "has one verified contact"),
        ([MAIL, SMS], PHONES, ""),
        ([SMS, {"by": "voice", "address": "+4915112345678"}], PHONES, ""),
    ],
)
def test_two_verified_methods_of_which_one_wakes(
    contacts: list[dict[str, Any]], channels: tuple[str, ...], why: str
) -> None:
    person = directory(*contacts).people["ana"]
    assert unreachable(person, channels).startswith(why)
    assert bool(unreachable(person, channels)) == bool(why)


def test_who_left_or_is_not_known_is_not_reachable() -> None:
    assert unreachable(None, PHONES) == "is not among the people who are paged"


@pytest.mark.parametrize(
    ("before", "stage"),
    [
        (timedelta(days=8), None),
        (timedelta(days=7), "7 days"),
        (timedelta(hours=25), "7 days"),
        (timedelta(hours=24), "24 h"),
        (timedelta(minutes=61), "24 h"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=1), "1 h"),
        (timedelta(0), None),
    ],
)
def test_each_stage_is_said_when_it_has_come(
    before: timedelta, stage: str | None
) -> None:
    # Ana's turn after Ben's begins two weeks after the first Monday.
    start = MONDAY + timedelta(weeks=2)
    found = list(call_outs(directory(MAIL), PHONES, now=start - before))
    assert [one.stage for one in found] == ([stage] if stage else [])
    for one in found:
        assert (one.person, one.start, one.leads) == ("ana", start, ("lea",))


def test_who_can_be_reached_is_left_alone() -> None:
    now = MONDAY + timedelta(days=13)
    assert not list(call_outs(directory(MAIL, SMS), PHONES, now=now))
