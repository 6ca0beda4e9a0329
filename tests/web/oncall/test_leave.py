"""Days away on one's own page: whoever has the turns then is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.web.pages import Desk, desk
from tocsin.store.database import Tx

pytestmark = pytest.mark.slow  # a whole edge is started

ROTA = {
    "name": "week", "team": "payments", "rotation": "Primary",
    "people": ["lead", "responder"], "order": ["lead", "responder"], "count": "1",
    "unit": "day", "weekday": "1", "at": "09:00", "do": "save",
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("leave")) as made:
        yield made


def _told(pages: Desk) -> list[str]:
    def read(tx: Tx) -> list[str]:
        rows = tx.all("select target from outbox where key like 'hours:%' order by id")
        return [row[0] for row in rows]

    return pages.edge.desk.database.read(read)


def _on_call(pages: Desk, day: datetime) -> set[str]:
    span = f"from={day:%Y-%m-%dT00:00Z}&to={day + timedelta(days=3):%Y-%m-%dT00:00Z}"
    found = pages.get(f"/api/v1/schedules/week/final?{span}", "carol").json()
    return {one["user"] for one in found["rotations"]["Primary"]["shifts"]}


def test_who_is_away_takes_no_turns_and_the_next_is_told(pages: Desk) -> None:
    begins = datetime.now(UTC) + timedelta(days=1)  # noqa: DTZ005 - ahead of any clock
    rota = {**ROTA, "begins": begins.strftime("%Y-%m-%dT%H:%M")}
    assert pages.form("/new/rota", rota).status_code == 303
    day = begins + timedelta(days=10)
    assert _on_call(pages, day) == {"lead", "responder"}
    first, last = day - timedelta(days=1), day + timedelta(days=4)
    told = _told(pages)
    fields = {"away_from": f"{first:%Y-%m-%d}", "away_to": f"{last:%Y-%m-%d}"}
    assert pages.form("/me/away", {**fields, "away_kind": "away"}).status_code == 303
    assert _on_call(pages, day) == {"responder"}
    assert _told(pages)[len(told) :] == ["responder"]
    assert f"{first:%a} {first.day} {first:%b %Y}" in pages.get("/me").text
    held = pages.get("/api/v1/me").json()
    assert held["leave"] == [
        {"from": fields["away_from"], "to": fields["away_to"], "rather_not": False}
    ]
    assert pages.form("/me/away", {**fields, "do": "remove"}).status_code == 303
    assert _on_call(pages, day) == {"lead", "responder"}
    assert _told(pages)[len(told) :] == ["responder", "responder"]


def test_what_is_no_day_is_said_at_its_field(pages: Desk) -> None:
    answer = pages.form("/me/away", {"away_from": "soon", "away_to": ""})
    assert answer.status_code == 422
    assert "a day such as 2026-12-24" in answer.text
    answer = pages.form("/me/profile", {"full_name": "L", "region": "nowhere"})
    assert answer.status_code == 422
    assert (
        pages.form("/me/profile", {"full_name": "L", "region": "de-by"}).status_code
        == 303
    )


def test_nobody_was_away_afterwards_and_the_field_says_so(pages: Desk) -> None:
    first = datetime.now(UTC) - timedelta(days=3)  # noqa: DTZ005 - behind any clock
    fields = {"away_from": f"{first:%Y-%m-%d}", "away_to": "", "away_kind": "away"}
    answer = pages.form("/me/away", fields)
    assert answer.status_code == 422
    assert 'href="#away_from"' in answer.text
    assert "or later; what has been stays" in answer.text


def _said(pages: Desk, person: str) -> list[str]:
    def read(tx: Tx) -> list[str]:
        rows = tx.all(
            "select payload from outbox where target = :who and key like 'leave:%' "
            "order by id",
            who=person,
        )
        return [row[0] for row in rows]

    return pages.edge.desk.database.read(read)


def test_a_lead_enters_days_for_somebody_who_cannot_and_they_are_told(
    pages: Desk,
) -> None:
    where = "/admin/people/responder"
    assert 'id="away_from"' in pages.get(where).text
    day = {"away_from": "2099-07-01", "away_to": "2099-07-03", "away_kind": "away"}
    assert pages.form(where, {**day, "do": "away"}).status_code == 303
    shown = pages.get(where).text
    assert "Wed 1 Jul 2099 to Fri 3 Jul 2099" in shown
    held = {"from": "2099-07-01", "to": "2099-07-03", "rather_not": False}
    listed = pages.get("/api/v1/people/responder/leave").json()["leave"]
    assert held in listed
    [told] = _said(pages, "responder")
    assert "entered days away for you: 2099-07-01 to 2099-07-03." in told
    wrong = pages.form(where, {**day, "away_to": "2099-06-01", "do": "away"})
    assert wrong.status_code == 422
    assert 'aria-describedby="away_to' in wrong.text
    assert "2099-07-01 or later" in wrong.text
    assert pages.form(where, {**day, "do": "remove"}).status_code == 303
    assert held not in pages.get("/api/v1/people/responder/leave").json()["leave"]
    again = pages.form(where, {**day, "do": "remove"})
    assert again.status_code == 404, "nothing is said to be taken back that was not"
    assert "took back days away of yours" in _said(pages, "responder")[-1]


def test_nobody_else_enters_days_for_others(pages: Desk) -> None:
    day = {"away_from": "2099-07-01", "away_to": "", "do": "away"}
    assert pages.form("/admin/people/lead", day, "responder").status_code == 403
    assert pages.form("/admin/people/carol", day, "lead").status_code == 403
    assert 'id="away_from"' not in pages.get("/admin/people/lead", "responder").text
    assert not _said(pages, "lead") and not _said(pages, "carol")
