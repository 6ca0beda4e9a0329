"""Somebody asks for cover, somebody takes it: by page and by API, once."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.pages import Desk, desk
from tocsin.engine.oncall.shift_watch import ShiftWatch
from tocsin.store.database import Tx

pytestmark = pytest.mark.slow  # a whole edge is started

ROTA = {
    "name": "week", "team": "payments", "rotation": "Primary",
    "people": ["lead", "responder"], "order": ["lead", "responder"], "count": "1",
    "unit": "week", "weekday": "1", "at": "09:00", "do": "save",
}  # fmt: skip
API = "/api/v1/schedules/week/cover-requests"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("cover")) as made:
        begins = datetime.now(UTC) + timedelta(hours=3)  # noqa: DTZ005 - ahead of any clock
        rota = {**ROTA, "begins": begins.strftime("%Y-%m-%dT%H:%M")}
        assert made.form("/new/rota", rota).status_code == 303
        yield made


def _shift(pages: Desk, person: str, n: int = 1) -> tuple[datetime, datetime]:
    """The first whole turn of somebody that is ahead."""
    start = datetime.now(UTC) + timedelta(days=1)  # noqa: DTZ005 - ahead of any clock
    span = (
        f"from={start:%Y-%m-%dT00:00Z}&to={start + timedelta(days=70):%Y-%m-%dT00:00Z}"
    )
    found = pages.get(f"/api/v1/schedules/week/final?{span}", "carol").json()
    mine = [
        one for one in found["rotations"]["Primary"]["shifts"] if one["user"] == person
    ]
    begins = datetime.fromisoformat(mine[n]["start"]) + timedelta(hours=10)
    return begins, begins + timedelta(hours=8)


def _on_call(pages: Desk, start: datetime, end: datetime) -> set[str]:
    span = f"from={start:%Y-%m-%dT%H:%MZ}&to={end:%Y-%m-%dT%H:%MZ}"
    found = pages.get(f"/api/v1/schedules/week/final?{span}", "carol").json()
    return {one["user"] for one in found["rotations"]["Primary"]["shifts"]}


def _told(pages: Desk, prefix: str) -> list[str]:
    def read(tx: Tx) -> list[str]:
        rows = tx.all("select target, key from outbox order by id")
        return [row[0] for row in rows if row[1].startswith(prefix)]

    return pages.edge.desk.database.read(read)


def _body(start: datetime, end: datetime) -> dict[str, Any]:
    return {"rotation": "Primary", "start": start.isoformat(), "end": end.isoformat()}


def test_asked_on_a_page_and_taken_there(pages: Desk) -> None:
    start, end = _shift(pages, "responder")
    local = {
        k: at.strftime("%Y-%m-%dT%H:%M") for k, at in (("start", start), ("end", end))
    }
    page = pages.get("/schedules/week?view=list", "responder").text
    assert "Ask for cover" in page
    asked = pages.form(
        "/schedules/week/cover",
        {"rotation": "Primary", **local, "why": "<b>dentist</b>"},
        "responder",
    )
    assert asked.status_code == 303, asked.text
    assert "lead" in _told(pages, "cover:")
    assert "responder" not in _told(pages, "cover:")
    assert "Cover is asked for" in pages.get("/").text
    assert "Cover is asked for" not in pages.get("/", "responder").text
    seen = pages.get("/schedules/week").text
    assert "&lt;b&gt;dentist" in seen
    [number] = re.findall(r"/schedules/week/cover/([\w-]+)", seen)
    [held] = pages.get(API).json()["requests"]
    start, end = (datetime.fromisoformat(held[one]) for one in ("start", "end"))
    assert _on_call(pages, start, end) == {"responder"}, "still theirs"
    assert (
        pages.post(f"/schedules/week/cover/{number}", "other", do="take").status_code
        == 403
    )
    taken = pages.post(f"/schedules/week/cover/{number}", do="take")
    assert taken.status_code == 303
    assert _on_call(pages, start, end) == {"lead"}
    assert "responder" in _told(pages, "hours:")
    assert pages.get(API).json()["requests"] == []
    assert pages.json(f"{API}/{number}/take", {}).status_code == 409, "once"


def test_by_api_and_withdrawn(pages: Desk) -> None:
    start, end = _shift(pages, "lead")
    made = pages.json(API, _body(start, end))
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert pages.json(f"{API}/{number}/take", {}).status_code == 409, "one's own"
    wrong = pages.json(API, _body(start - timedelta(days=400), end))
    assert wrong.status_code == 422
    assert pages.json(f"{API}/unknown/take", {}).status_code == 404
    denied = pages.post(f"/schedules/week/cover/{number}", "responder", do="withdraw")
    assert denied.status_code == 403
    assert (
        pages.post(f"/schedules/week/cover/{number}", do="withdraw").status_code == 303
    )
    assert pages.get(API).json()["requests"] == []


def test_what_is_left_open_is_said_again_and_then_over(pages: Desk) -> None:
    start, end = _shift(pages, "lead")
    number = pages.json(API, _body(start, end)).json()["id"]
    desk, clock = pages.edge.desk, _Later(start - timedelta(hours=30))
    watch = ShiftWatch(
        desk.database, desk.directories, clock, channels=lambda: ("email",),
        public_url="https://t.example",
    )  # fmt: skip
    before = len(_told(pages, f"cover:{number}"))
    watch.look()
    watch.look()
    assert len(_told(pages, f"cover:{number}")) == before + 1
    clock.at = start
    watch.look()
    assert (
        pages.json(
            f"{API}/{number}/take",
            {},
        ).status_code
        == 409
    )


class _Later:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def test_a_swap_changes_both_shifts_or_neither(pages: Desk) -> None:
    mine, theirs = _shift(pages, "responder", -3), _shift(pages, "lead", -3)
    form = pages.get("/schedules/week/cover?rotation=Primary", "responder").text
    assert "In return I take" in form
    local = {
        k: at.strftime("%Y-%m-%dT%H:%M")
        for k, at in zip(("start", "end"), mine, strict=True)
    }
    back = f"lead|{theirs[0].isoformat()}|{theirs[1].isoformat()}"
    asked = pages.form(
        "/schedules/week/cover",
        {"rotation": "Primary", **local, "back": back},
        "responder",
    )
    assert asked.status_code == 303, asked.text
    held = next(one for one in pages.get(API).json()["requests"] if one["of"])
    mine = tuple(datetime.fromisoformat(held[one]) for one in ("start", "end"))
    path = f"/schedules/week/cover/{held['id']}"
    # It is offered to one person.
    assert "Swap" not in pages.get("/schedules/week", "carol").text
    pages.post(path, "carol", do="take")
    assert _on_call(pages, *mine) == {"responder"}
    assert pages.post(path, do="take").status_code == 303
    assert _on_call(pages, *mine) == {"lead"}
    assert _on_call(pages, *theirs) == {"responder"}


def test_a_swap_with_what_is_not_theirs_is_refused(pages: Desk) -> None:
    start, end = _shift(pages, "responder", -2)
    body = {**_body(start, end), "of": "lead", "back_start": start.isoformat()}
    answer = pages._client.post(API, json=body, headers=pages._headers("responder"))
    assert answer.status_code == 422
    body["back_end"] = end.isoformat()
    answer = pages._client.post(API, json=body, headers=pages._headers("responder"))
    assert answer.status_code == 422
    assert "does not meet your own" in answer.text


def test_who_takes_turns_finds_it_in_the_head_of_the_schedule(pages: Desk) -> None:
    head = pages.get("/schedules/week", "responder").text.partition("On call now")[0]
    assert 'href="/schedules/week/cover"' in head
    form = pages.get("/schedules/week/cover", "responder").text
    filled = re.findall(r'name="(?:start|end)"[^>]* value="([^"]+)"', form)
    assert [one[-5:] for one in filled] == ["09:00", "09:00"], "the next shift's hours"
    without = pages.get("/schedules/week", "carol").text.partition("On call now")[0]
    assert "/cover" not in without, "who takes no turns has nothing to give away"


@pytest.mark.parametrize("page", ["/", "/me"])
def test_each_of_ones_own_shifts_leads_to_the_form_with_its_hours(
    pages: Desk, page: str
) -> None:
    shown = pages.get(page, "responder").text
    links = re.findall(r'href="(/schedules/week/cover\?[^"#]+)(#back)?"', shown)
    assert len(links) >= 2
    assert links[1] == (links[0][0], "#back"), "and a swap likewise"
    form = pages.get(links[0][0].replace("&amp;", "&"), "responder").text
    filled = re.findall(r'name="(?:start|end)"[^>]* value="([^"]+)"', form)
    assert [one[-5:] for one in filled] == ["09:00", "09:00"]


def test_who_can_only_take_hours_that_are_theirs_is_led_to_asking(pages: Desk) -> None:
    shown = pages.get("/me", "responder").text
    [first, *_] = re.findall(r'href="(/schedules/week/cover\?[^"#]+)"', shown)
    same = first.replace("&amp;", "&").replace("/cover?", "/override?")
    form = pages.get(same, "responder").text
    assert "These hours are yours already." in form
    assert f'href="{first}"' in form
    assert "These hours are yours already." not in pages.get(same).text, "to a lead"


def test_what_a_lead_gave_to_somebody_else_is_not_taken_any_more(pages: Desk) -> None:
    start, end = _shift(pages, "responder", -1)
    made = pages._client.post(
        API, json=_body(start, end), headers=pages._headers("responder")
    )
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    given = {
        **_body(start, start + timedelta(hours=2)), "person": "bob", "leaving": "responder",
    }  # fmt: skip
    assert pages.json("/api/v1/schedules/week/overrides", given).status_code == 201
    refused = pages.json(f"{API}/{number}/take", {})
    assert refused.status_code == 409
    assert "has not got these hours any more" in refused.text
    assert "lead" not in _on_call(pages, start, end)
    assert [one["id"] for one in pages.get(API).json()["requests"]] == [number]
    pages.post(f"/schedules/week/cover/{number}", do="withdraw")


def test_who_is_on_call_then_is_told_before_they_take_more(pages: Desk) -> None:
    start, end = _shift(pages, "responder", -3)
    beside = {
        "name": "beside", "team": "payments", "rotation": "Only", "people": ["lead"],
        "order": ["lead"], "count": "1", "unit": "week", "weekday": "1", "at": "09:00",
        "do": "save", "begins": start.strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    assert pages.form("/new/rota", beside).status_code == 303
    made = pages._client.post(
        API, json=_body(start, end), headers=pages._headers("responder")
    )
    assert made.status_code == 201, made.text
    assert (
        "You: on call then already: beside, Only." in pages.get("/schedules/week").text
    )
    assert "Cover is asked for" not in pages.get("/").text, "they are not asked"
    pages.post(f"/schedules/week/cover/{made.json()['id']}", do="withdraw")
