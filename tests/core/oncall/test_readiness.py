"""The checklist of a service: what has to be so that an alert finds somebody."""

from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM
from tocsin.core.building.directory_building import build
from tocsin.core.oncall.readiness import Outlook, checklist
from tocsin.core.pages.policy_lint import lint

SMS = {"by": "sms", "address": "+4915112345678"}
ANA = {"name": "ana", "email": "ana@example.com", "contacts": [SMS]}
COMPANY = {
    "people": {"ana": ANA},
    "teams": {"web": {"name": "web"}},
    "schedules": {
        "web": {
            "name": "web",
            "team": "web",
            "rotations": [{"name": "Primary", "users": ["ana"]}],
        }
    },
    "escalation_policies": {
        "web": {
            "name": "web",
            "levels": [{"after": "0s", "page": [{"rotation": "web/Primary"}]}],
            "fallback": [{"user": "ana"}],
        }
    },
    "services": {"shop": {"name": "shop", "team": "web", "escalation_policy": "web"}},
}


def failing(heard=(MONDAY_9AM,), **changed) -> dict[str, str]:
    directory, _ = build({**COMPANY, **changed}, version=1, ids={})
    outlook = Outlook(directory, now=MONDAY_9AM)
    found = checklist(
        directory.services["shop"], outlook, heard=heard, channels=("email", "sms")
    )
    return {one.key: one.said for one in found if not one.passed}


def test_a_service_with_all_it_needs_is_ready() -> None:
    assert failing() == {}


def test_a_service_without_a_team_or_a_sender_says_so() -> None:
    service = {"name": "shop", "escalation_policy": "web"}
    assert failing(heard=(), services={"shop": service}) == {
        "owner": "No team owns it.",
        "heard": "Nothing sends alerts for it.",
    }
    assert failing(heard=(None,)) == {
        "heard": "Its integrations have not sent anything yet."
    }


def test_a_gap_of_the_first_level_is_told_with_its_time() -> None:
    layer = {
        "id": "one",
        "participants": ["ana"],
        "anchor": "2024-01-01T00:00",
        "turn": {"unit": "week", "count": 1},
        "until": "2024-03-11T09:00",
    }
    rotations = [{"name": "Primary", "layers": [layer]}]
    schedule = {"name": "web", "team": "web", "rotations": rotations}
    assert failing(schedules={"web": schedule}) == {
        "covered": "Nobody on level 1 from Mon 11 Mar, 09:00 UTC for 23 d."
    }


def test_somebody_whom_nothing_reaches_is_named() -> None:
    assert failing(people={"ana": {"name": "ana"}}) == {
        "reachable": "ana has no verified contact."
    }
    assert failing(people={"ana": {**ANA, "contacts": []}}) == {
        "reachable": "ana has one verified contact, and two are needed."
    }


@pytest.mark.parametrize(
    ("second", "warned"),
    [
        ("5m", []),
        ("15m", ["SEV1"]),
        ("16m", ["SEV1", "SEV2"]),
        ("5h", ["SEV1", "SEV2", "SEV3", "SEV4"]),
    ],
)
def test_a_first_escalation_later_than_the_response_target_is_warned_of(
    second: str, warned: list[str]
) -> None:
    levels = [
        {"after": "0s", "page": [{"user": "ana"}]},
        {"after": second, "page": [{"user": "ana"}]},
    ]
    policy = {"name": "web", "levels": levels, "fallback": [{"user": "ana"}]}
    documents = {**COMPANY, "escalation_policies": {"web": policy}}
    found = lint(build(documents, version=1, ids={})[0].policies["web"])
    assert [one.partition(":")[0] for one in found] == warned


def test_with_one_level_the_wait_before_the_fallback_counts() -> None:
    directory, _ = build(COMPANY, version=1, ids={})
    found = lint(directory.policies["web"])
    assert len(found) == 1
    assert found[0].startswith("SEV1: the first escalation comes after 15 min")
    assert directory.policies["web"].wait == timedelta(minutes=15)
