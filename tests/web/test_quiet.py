"""Silences and maintenance windows as forms that need no script."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.web.doors import House, house
from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.engine.alerts import Arrival
from tocsin.engine.front_desk import by_hand
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import maintenance as stored_maintenance
from tocsin.store import silences as stored_silences


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def raise_alert(home: House, **labels: str) -> int:
    event = AlertEvent(EventKind.TRIGGER, "errors", "Errors 31%", labels=labels)
    reading = Reading([event], Answer(202))
    arrival = Arrival(by_hand("checkout"), reading, "", {}, b"{}")
    return home.desk.accept(arrival)[0].number


def filled(**more: Any) -> dict[str, Any]:
    """A silence of host=a for two hours."""
    form = {"m_name": ["host"], "m_op": ["="], "m_value": ["a"], "lasts": "2h"}
    return {**form, "service": "", "comment": "known", **more}


def seen(text: str) -> str:
    return text.split('name="seen" value="')[1].split('"')[0]


def silences(home: House) -> Any:
    return home.desk.database.read(stored_silences.listing)


def test_the_effect_is_seen_before_anything_is_saved(home: House) -> None:
    raise_alert(home, host="a")
    browser = home.signed_in("alice")
    unseen = browser.post("/quiet/silences/new", data=filled(do="save"))
    assert unseen.status_code == 200
    assert silences(home) == []
    assert "It keeps 1 open alert quiet now" in unseen.text
    assert "It would have matched 1 alert of the last 7 days" in unseen.text
    saved = filled(do="save", seen=seen(unseen.text), ticket="OPS-7")
    assert browser.post("/quiet/silences/new", data=saved).status_code == 303
    (made,) = silences(home)
    assert (made.author, made.comment, made.ticket) == ("alice", "known", "OPS-7")
    assert made.ends_at - made.starts_at == timedelta(hours=2)
    assert ("alice", "create", "silence", made.id) in home.record()


def test_what_was_changed_after_the_effect_is_shown_again(home: House) -> None:
    browser = home.signed_in("alice")
    first = browser.post("/quiet/silences/new", data=filled()).text
    wider = filled(do="save", seen=seen(first), m_op=["=~"], m_value=[".+"])
    assert browser.post("/quiet/silences/new", data=wider).status_code == 200
    assert silences(home) == []


def test_rows_are_added_and_removed_without_a_script(home: House) -> None:
    browser = home.signed_in("alice")
    more = browser.post("/quiet/silences/new", data=filled(do="add")).text
    assert more.count('name="m_name"') == 2
    two = filled(m_name=["host", "job"], m_op=["=", "!="], m_value=["a", "b"])
    less = browser.post("/quiet/silences/new", data={**two, "do": "drop-0"}).text
    assert less.count('name="m_name"') == 1
    assert 'value="job"' in less


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"comment": ""}, "comment"),
        ({"m_name": [""]}, "matchers"),
        ({"m_op": ["=~"], "m_value": ["(a+)+"]}, "matchers"),
        ({"m_op": ["=~"], "m_value": [".*"]}, "matchers"),
        ({"lasts": "31 days"}, "lasts"),
        ({"lasts": "soon"}, "lasts"),
        ({"lasts": ""}, "lasts"),
        ({"ends": "2024-03-04T08:00"}, "ends"),
        ({"ends": "9999-99-99T99:99"}, "ends"),
        ({"starts": "yesterday"}, "starts"),
        ({"service": "nowhere"}, "service"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    home: House, change: dict[str, Any], field: str
) -> None:
    browser = home.signed_in("alice")
    answer = browser.post("/quiet/silences/new", data=filled(do="save", **change))
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text


def test_an_alert_fills_the_form_in(home: House) -> None:
    number = raise_alert(home, host="a", job="web")
    browser = home.signed_in("alice")
    assert (
        f"/quiet/silences/new?alert={number}" in browser.get(f"/alerts/{number}").text
    )
    text = browser.get(f"/quiet/silences/new?alert={number}").text
    assert 'value="host"' in text
    assert 'value="web"' in text
    assert '<option value="checkout" selected>' in text
    assert browser.get("/quiet/silences/new?alert=999").status_code == 404


def test_a_change_makes_a_new_one_and_ends_the_old(home: House) -> None:
    browser = home.signed_in("alice")
    text = browser.post("/quiet/silences/new", data=filled()).text
    browser.post("/quiet/silences/new", data=filled(do="save", seen=seen(text)))
    (old,) = silences(home)
    text = browser.get(f"/quiet/silences/new?edit={old.id}").text
    assert f'name="replaces" value="{old.id}"' in text
    form = filled(do="save", seen=seen(text), replaces=old.id, lasts="3h")
    home.clock.at += timedelta(minutes=5)
    assert browser.post("/quiet/silences/new", data=form).status_code == 303
    now = home.clock.now()
    ends = sorted(one.ends_at for one in silences(home))
    assert ends == [now, now + timedelta(hours=3)]


def test_ending_it_is_for_responders_of_the_team(home: House) -> None:
    browser = home.signed_in("alice")
    form = filled(service="checkout")
    text = browser.post("/quiet/silences/new", data=form).text
    browser.post("/quiet/silences/new", data={**form, "do": "save", "seen": seen(text)})
    (made,) = silences(home)
    admin = home.signed_in("carol")
    page = admin.get("/admin/people/bob").text
    etag = page.split('name="etag" value="')[1].split('"')[0]
    admin.post("/admin/people/bob", data={
        "do": "save", "role": "viewer", "email": "bob@example.com", "etag": etag,
    })  # fmt: skip
    admin.post("/admin/teams/payments", data={"do": "remove", "person": "bob"})
    bob = home.signed_in("bob")
    assert bob.get(f"/quiet/silences/{made.id}").status_code == 200
    assert bob.post(f"/quiet/silences/{made.id}").status_code == 403
    assert bob.get("/quiet/silences/new").status_code == 403
    assert browser.post(f"/quiet/silences/{made.id}").status_code == 303
    assert silences(home)[0].ends_at == home.clock.now()


def test_a_maintenance_window_from_effect_to_end(home: House) -> None:
    raise_alert(home)
    browser = home.signed_in("alice")
    form = {"services": ["checkout"], "reason": "new disks", "lasts": "1h"}
    text = browser.post("/quiet/maintenance/new", data={**form, "do": "save"}).text
    assert "It keeps 1 open alert quiet now" in text
    saved = {**form, "do": "save", "seen": seen(text)}
    answer = browser.post("/quiet/maintenance/new", data=saved)
    assert answer.status_code == 303
    (made,) = home.desk.database.read(stored_maintenance.listing)
    assert made.services == ("checkout",)
    assert "Maintenance of checkout" in browser.get("/quiet").text
    assert "End it now" in browser.get(answer.headers["location"]).text
    browser.post(answer.headers["location"], data={"do": "end"})
    text = browser.get(answer.headers["location"]).text
    assert "What still fires pages at" in text
    assert "new disks" in browser.get("/quiet?state=expired").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"services": []}, "services"),
        ({"services": ["nowhere"]}, "services"),
        ({"reason": " "}, "reason"),
        ({"starts": "2024-03-03T09:00"}, "starts"),
        ({"lasts": "40 days"}, "lasts"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(
    home: House, change: dict[str, Any], field: str
) -> None:
    form = {"services": ["checkout"], "reason": "disks", "lasts": "1h", "do": "save"}
    answer = home.signed_in("alice").post(
        "/quiet/maintenance/new", data={**form, **change}
    )
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_times_are_read_in_the_zone_of_who_types(home: House) -> None:
    browser = home.signed_in("alice")  # Europe/Berlin, by her team
    form = {"services": ["checkout"], "reason": "disks", "starts": "2024-03-05T03:00"}
    form |= {"ends": "2024-03-05T04:00"}
    text = browser.post("/quiet/maintenance/new", data=form).text
    browser.post(
        "/quiet/maintenance/new", data={**form, "do": "save", "seen": seen(text)}
    )
    (made,) = home.desk.database.read(stored_maintenance.listing)
    assert made.starts_at.isoformat() == "2024-03-05T02:00:00+00:00"
    assert "Pending" in browser.get(f"/quiet/maintenance/{made.id}").text
