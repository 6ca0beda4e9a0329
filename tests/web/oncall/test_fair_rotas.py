"""A fair rota is proposed, looked at, accepted; what is old by then is not."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.pages import Desk, desk

pytestmark = pytest.mark.slow  # a whole edge is started, and the solver

FORM = "/schedules/payments/fair"
ROTA = {"rotation": "Primary", "weeks": "8"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("fair")) as made:
        yield made


def _final(pages: Desk, weeks: tuple[int, int]) -> list[tuple[str, str]]:
    start, end = (datetime.now(UTC) + timedelta(weeks=n) for n in weeks)  # noqa: DTZ005
    span = f"from={start:%Y-%m-%dT00:00Z}&to={end:%Y-%m-%dT00:00Z}"
    found = pages.get(f"/api/v1/schedules/payments/final?{span}", "carol").json()
    return [
        (one["start"], one["user"]) for one in found["rotations"]["Primary"]["shifts"]
    ]


def _accepting(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = dict(
        re.findall(r'name="(rotation|weeks|since)" value="([^"]*)"', text)
    )
    fields["who"] = re.findall(r'name="who" value="([^"]*)"', text)
    fields["unrested"] = re.findall(r'name="unrested" value="([^"]*)"', text)
    return {**fields, "do": "accept"}


def test_where_nobody_could_be_given_rest_it_is_said_and_agreed_to(
    pages: Desk,
) -> None:
    # Alice and Bob stand behind each other, so that both are always on call.
    shown = pages.form(FORM, {**ROTA, "do": "propose"})
    assert shown.status_code == 200, shown.text
    assert "less than 11 hours of rest around the turn of" in shown.text
    fields = _accepting(shown.text)
    assert len(fields["unrested"]) == len(fields["who"])
    unsaid = pages.form(FORM, {**fields, "unrested": fields["unrested"][1:]})
    assert unsaid.status_code == 409
    assert pages.form(FORM, fields).status_code == 303


def test_a_proposal_is_shown_accepted_and_then_old(pages: Desk) -> None:
    # Bob stands behind Alice in Secondary, so three share what two had.
    people = ["alice", "bob", "responder", "lead"]
    change = {
        "rotation": "Primary", "people": people, "order": people, "count": "1",
        "unit": "week", "weekday": "1", "at": "09:00", "do": "save",
        "begins": (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"),  # noqa: DTZ005
    }  # fmt: skip
    zone = timedelta(hours=2)
    later = datetime.now(UTC) + zone  # noqa: DTZ005 - the form's zone is ahead of UTC
    change["begins"] = later.strftime("%Y-%m-%dT%H:%M")
    assert pages.form("/schedules/payments/rota?", change).status_code == 303
    before, far = _final(pages, (0, 1)), _final(pages, (14, 20))
    shown = pages.form(FORM, {**ROTA, "do": "propose"})
    assert shown.status_code == 200, shown.text
    assert "Gini" in shown.text
    fields = _accepting(shown.text)
    assert len(fields["who"]) >= 7
    saved = pages.form(FORM, fields)
    assert saved.status_code == 303, saved.text
    starts = _final(pages, (0, 12))
    assert [who for _, who in _final(pages, (0, 1))][:1] == [who for _, who in before][
        :1
    ]
    # Each turn is whose it was shown to be.
    runs = [
        who
        for n, who in enumerate(fields["who"])
        if n == 0 or fields["who"][n - 1] != who
    ]
    found = [who for _, who in starts]
    assert any(found[n : n + len(runs)] == runs for n in range(len(found)))
    # And after the proposed weeks the order goes on as before.
    assert _final(pages, (14, 20)) == far
    # Pressed twice it is saved once.
    held = pages.document("schedules", "payments")
    assert pages.form(FORM, fields).status_code == 303
    assert pages.document("schedules", "payments") == held


def test_a_turn_that_somebody_stands_in_for_is_left_alone(pages: Desk) -> None:
    shown = pages.form(FORM, {**ROTA, "do": "propose"})
    since = _accepting(shown.text)["since"]
    day = datetime.fromisoformat(since) + timedelta(days=16)
    body = {
        "rotation": "Primary", "start": f"{day:%Y-%m-%dT02:00Z}",
        "end": f"{day:%Y-%m-%dT04:00Z}", "person": "responder",
    }  # fmt: skip
    taken = pages.json("/api/v1/schedules/payments/overrides", body)
    assert taken.status_code < 300, taken.text
    again = pages.form(FORM, {**ROTA, "do": "propose"})
    assert "1 turn stays as it is, because somebody stands in then" in again.text
    before, after = (len(_accepting(one.text)["who"]) for one in (shown, again))
    assert after == before - 1


def test_what_was_not_proposed_is_not_saved(pages: Desk) -> None:
    shown = pages.form(FORM, {**ROTA, "do": "propose"})
    fields = _accepting(shown.text)
    for who in (
        ["nobody"] * len(fields["who"]),
        fields["who"][:1] * len(fields["who"]),
        [],
    ):
        answer = pages.form(FORM, {**fields, "who": who})
        assert answer.status_code == 409
        assert "Ask for a new proposal" in answer.text
    assert (
        pages.form(FORM, {**ROTA, "rotation": "x", "do": "propose"}).status_code == 422
    )


def test_it_takes_a_lead_of_the_team(pages: Desk) -> None:
    assert pages.get(FORM, "responder").status_code == 403
    assert pages.form(FORM, {**ROTA, "do": "propose"}, "other").status_code == 403
