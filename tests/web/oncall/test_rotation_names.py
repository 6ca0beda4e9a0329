"""A rotation under another name, or gone: all that names it goes along."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.pages import Desk, desk
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.store import on_call
from tocsin.store.database import Tx

pytestmark = pytest.mark.slow  # a whole edge is started

PAGE = "/schedules/payments/rotation"
NOW = datetime.now(UTC)  # noqa: DTZ005 - ahead of any clock


@pytest.fixture
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("names")) as made:
        yield made


def _told(pages: Desk) -> list[Any]:
    def read(tx: Tx) -> list[Any]:
        return tx.all("select target from outbox where key like 'hours:%'")

    return pages.edge.desk.database.read(read)


def _on_call(pages: Desk) -> dict[str, list[str]]:
    found = pages.get("/api/v1/oncall?schedule=payments", "carol").json()["on_call"]
    return {one["rotation"]: one["people"] for one in found}


def _rename(pages: Desk, old: str, new: str, person: str = "lead") -> Any:
    return pages.form(PAGE, {"rotation": old, "name": new, "do": "rename"}, person)


def test_everything_that_names_it_follows_and_nobody_s_turn_moves(pages: Desk) -> None:
    day = NOW + timedelta(days=3)
    ask = {
        "rotation": "Primary", "start": f"{day:%Y-%m-%dT10:00Z}",
        "end": f"{day:%Y-%m-%dT12:00Z}", "why": "x",
    }  # fmt: skip
    first = _on_call(pages)["Primary"]
    where = "/api/v1/schedules/payments/cover-requests"
    # Whose turn it is then depends on the week that the test runs in.
    asked = [pages.json(where, ask, one).status_code for one in ("alice", "bob")]
    assert 201 in asked
    alert = {"title": "Errors", "service": "checkout", "key": "errors"}
    number = pages.json("/api/v1/alerts", alert, "carol").json()["number"]
    assert 'value="Primary"' in pages.get(f"{PAGE}?rotation=Primary").text
    database, now = pages.edge.desk.database, pages.edge.desk.clock.now()
    place = "payments/Primary"
    database.write(lambda tx: on_call.first_seen(tx, place, ["gone"], now=now))
    assert _rename(pages, "Primary", "Main").status_code == 303
    seen = database.read(on_call.seen)
    assert place not in seen, "a hand-over right after the rename is one"
    assert seen["payments/Main"].people
    assert _on_call(pages)["Main"] == first
    assert "Primary" not in _on_call(pages)
    policy = pages.document("policies", "payments")
    assert "payments/Main" in str(policy)
    assert "payments/Primary" not in str(policy)
    assert not _told(pages), "nobody's hours change"
    found = pages.get(where, "carol").json()["requests"]
    assert {one["rotation"] for one in found} == {"Main"}
    assert pages.get(f"/api/v1/alerts/{number}", "carol").status_code == 200
    # Who is being paged already by the policy of before is found all the same.
    target = Target(TargetKind.ROTATION, "payments/Primary")
    assert pages.edge.desk.directory().resolve(target, now=now) == tuple(first)
    assert _rename(pages, "Main", "First").status_code == 303
    directory = pages.edge.desk.directory()
    assert directory.resolve(target, now=now) == tuple(first)
    assert directory.rotation("payments/Primary") is None, "nobody else is told of it"


def test_what_is_wrong_with_a_name_is_said_at_it(pages: Desk) -> None:
    for name, said in (
        ("Secondary", "a name that no rotation of this schedule has"),
        ("a/b", "a name without"),
        ("", "a name of 1 to 100 characters"),
    ):
        answer = _rename(pages, "Primary", name)
        assert answer.status_code == 422, name
        assert said in answer.text
        assert 'href="#name"' in answer.text
    assert _rename(pages, "None", "x").status_code == 404
    assert _rename(pages, "Primary", "x", "responder").status_code == 403
    assert pages.get(f"{PAGE}?rotation=None").status_code == 404
    api = "/api/v1/schedules/payments/rotations/Primary/rename"
    assert pages.json(api, {"name": "x"}, "responder").status_code == 403
    assert pages.json(api, {"name": "Secondary"}).status_code == 422


def test_it_is_removed_once_nothing_pages_it(pages: Desk) -> None:
    assert "Take it out there first" in pages.get(f"{PAGE}?rotation=Secondary").text
    gone = {"rotation": "Secondary", "do": "remove", "confirm": "Secondary"}
    assert pages.form(PAGE, gone).status_code == 422, "a policy pages it"
    begins = datetime.now(UTC) + timedelta(days=1)  # noqa: DTZ005 - ahead of any clock
    third = {
        "rotation": "Third", "people": ["lead", "responder"],
        "order": ["lead", "responder"], "count": "1", "unit": "day", "weekday": "1",
        "at": "09:00", "begins": f"{begins:%Y-%m-%dT%H:%M}", "do": "save",
    }  # fmt: skip
    assert pages.form("/schedules/payments/rota", third).status_code == 303
    gone = {"rotation": "Third", "do": "remove", "confirm": "third"}
    assert pages.form(PAGE, gone).status_code == 422
    assert "Third" in _on_call(pages)
    told = len(_told(pages))
    assert pages.form(PAGE, {**gone, "confirm": "Third"}).status_code == 303
    assert "Third" not in _on_call(pages)
    assert len(_told(pages)) > told, "whose hours end is told"
