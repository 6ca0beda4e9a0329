"""Status pages as those who keep them see them: made, changed, set by hand, told to whom."""

import re
from collections.abc import Iterator

import pytest

from tests.cast import MONDAY_9AM
from tests.web.pages import Desk, desk, etag_in
from tocsin.core.status.bounces import failed
from tocsin.store import subscribers
from tocsin.web.status.hosts import OwnHosts

pytestmark = pytest.mark.slow  # a whole edge is started once for the module
PAGES = """
status_pages:
  - name: meridian
    title: Meridian Pay
    team: payments
    domain: status.meridian.example
    components:
      - {name: cards, title: Card payments, services: [checkout]}
      - {name: transfers, title: Bank transfers}
  - {name: inside, title: Inside, private: true, domain: inside.meridian.example, components: [{name: all}]}
"""
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
ONE = "/status-pages/meridian"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("status"), PAGES) as made:
        yield made


def subscribed(site: Desk, name: str, address: str, kind: str = "email") -> None:
    def work(tx: object) -> None:
        subscribers.ask(
            tx, name, page="meridian", address=address, components=["cards"],
            now=MONDAY_9AM, kind=kind,
        )  # type: ignore[arg-type]  # fmt: skip
        subscribers.confirm(tx, name, components=["cards"], now=MONDAY_9AM)  # type: ignore[arg-type]

    site.edge.desk.database.write(work)


def state_of(site: Desk, component: str) -> str:
    found = site.get("/status/meridian/api/v2/components.json", "viewer").json()
    return str(
        next(one["status"] for one in found["components"] if one["id"] == component)
    )


def test_the_list_says_what_customers_read_and_a_new_page_is_made_in_three_fields(
    site: Desk,
) -> None:
    assert "All services are working" in site.get("/status-pages", "viewer").text
    form = site.get("/new/status-page").text
    assert 'name="c0-title"' in form
    made = site.post(
        "/new/status-page", title="Café Ledger", do="save", team="payments",
        **{"c0-title": "Statements", "c0-services": "checkout"},
    )  # fmt: skip
    assert made.headers["location"] == "/status-pages/cafe-ledger"
    kept = site.document("status-pages", "cafe-ledger")
    assert kept is not None
    assert kept["components"] == [
        {"name": "statements", "title": "Statements", "services": ["checkout"]}
    ]
    assert "Café Ledger" in site.get("/status/cafe-ledger", "viewer").text


def test_buttons_of_the_form_add_move_and_take_away_without_saving(site: Desk) -> None:
    typed = {
        "title": "New", "c0-title": "First", "c0-services": "", "c1-title": "Second",
        "c1-services": "",
    }  # fmt: skip
    more = site.post("/new/status-page", do="add", **typed).text
    assert 'name="c2-title"' in more
    moved = site.post("/new/status-page", do="up-1", **typed).text
    assert moved.index('value="Second"') < moved.index('value="First"')
    less = site.post("/new/status-page", do="drop-0", **typed).text
    assert 'value="First"' not in less
    assert 'value="Second"' in less
    assert site.document("status-pages", "new") is None


def test_what_is_wrong_is_said_where_it_is_and_nothing_typed_is_lost(
    site: Desk,
) -> None:
    wrong = site.post(
        "/new/status-page", title="Pale", do="save", team="payments", accent="#ffee88",
        domain="no host", private="on", export="on",
        **{"c0-title": "Things", "c0-services": "unheard-of"},
    )  # fmt: skip
    assert wrong.status_code == 422
    assert "stands out from white by 4.5 to 1 (this one by 1.2)" in wrong.text
    assert "Expected a host name such as status.example.com" in wrong.text
    assert "no export of a private page" in wrong.text
    assert "unheard-of" in wrong.text
    assert 'value="Things"' in wrong.text
    empty = site.post("/new/status-page", do="save", title="")
    assert empty.status_code == 422
    assert "Say what stands on top" in empty.text
    taken = site.post(
        "/new/status-page", title="x", name="meridian", do="save", team="payments",
        **{"c0-title": "a"},
    )  # fmt: skip
    assert taken.status_code == 409


def edited(site: Desk, **fields: str) -> dict[str, str]:
    """What a browser would send for the page as it is, with changes."""
    text = site.get(f"{ONE}/edit").text
    return {
        "etag": etag_in(text), "title": "Meridian Pay", "team": "payments",
        "domain": "status.meridian.example", "c0-name": "cards",
        "c0-title": "Card payments", "c0-services": "checkout",
        "c1-name": "transfers", "c1-title": "Bank transfers", "c1-services": "",
        "do": "save", **fields,
    }  # fmt: skip


def test_a_logo_is_a_part_of_the_page_and_has_to_be_a_small_image(site: Desk) -> None:
    def sent(raw: bytes, kind: str) -> tuple[int, str]:
        answer = site.send_file(
            f"{ONE}/edit", edited(site), "logo", ("logo", raw, kind)
        )
        return answer.status_code, answer.text

    assert sent(b"GIF89a", "image/gif")[0] == 422
    assert "is what it says (image/png)" in sent(b"<svg></svg>", "image/png")[1]
    assert "16 kB at most" in sent(PNG * 200, "image/png")[1]
    assert sent(PNG, "image/png")[0] == 303
    assert '<img src="data:image/png;base64,' in site.get("/status/meridian").text
    # It stays when the form is saved without another, and goes when asked to.
    site.post(f"{ONE}/edit", **edited(site, support="help@example.com"))
    assert (site.document("status-pages", "meridian") or {})["logo"]
    site.post(f"{ONE}/edit", **edited(site), **{"no-logo": "on"})
    assert "logo" not in (site.document("status-pages", "meridian") or {})


def test_what_somebody_else_saved_meanwhile_is_shown(site: Desk) -> None:
    old = edited(site, title="Mine")
    site.post(f"{ONE}/edit", **edited(site, title="Theirs"))
    answer = site.post(f"{ONE}/edit", **old)
    assert answer.status_code == 409
    assert "title: Theirs" in answer.text
    assert 'value="Mine"' in answer.text


def test_a_page_is_deleted_by_who_types_its_name(site: Desk) -> None:
    refused = site.post(f"{ONE}/edit", do="delete", confirm="no")
    assert refused.status_code == 422
    assert site.post(f"{ONE}/edit", do="delete", confirm="meridian").status_code == 303
    assert site.get("/status/meridian").status_code == 404


def test_a_component_is_set_by_hand_and_given_back_with_a_reason_on_record(
    site: Desk,
) -> None:
    fields = {"component": "transfers", "state": "degraded"}
    without = site.post(ONE, **fields)
    assert without.status_code == 422
    assert "expected why" in without.text
    assert site.post(ONE, reason="The bank says so", **fields).status_code == 303
    assert state_of(site, "transfers") == "degraded_performance"
    assert "by hand" in site.get(ONE, "viewer").text
    again = site.post(ONE, reason="The bank says so", **fields)
    assert "It is so already." in again.text
    assert site.post(ONE, component="transfers", state="").status_code == 303
    assert state_of(site, "transfers") == "operational"
    for wrong in ({"component": "x", "state": ""}, {**fields, "state": "odd"}):
        assert site.post(ONE, **wrong).status_code == 422
    audit = site.get("/admin/audit", "carol").text
    assert "set state" in audit
    assert "The bank says so" in audit


def test_only_who_keeps_it_changes_it_and_sees_its_subscribers(site: Desk) -> None:
    subscribed(site, "s1", "eve@example.com")
    assert "eve@example.com" in site.get(f"{ONE}/subscribers").text
    for person in ("viewer", "other", "responder"):
        assert site.get(f"{ONE}/subscribers", person).status_code == 403
        assert site.get(f"{ONE}/edit", person).status_code == 403
        assert site.post(ONE, person, component="cards", state="").status_code == 403
        assert "Set by hand" not in site.get(ONE, person).text


def test_subscribers_are_searched_freed_and_forgotten(site: Desk) -> None:
    subscribed(site, "s1", "eve@example.com")
    subscribed(site, "s2", "gone_1@example.com")
    subscribed(site, "s3", "https://hooks.example.com/very-secret-path", "chat")
    found = site.get(f"{ONE}/subscribers?q=EVE").text
    assert "eve@example.com" in found
    assert "gone_1@" not in found
    assert "gone_1@" not in site.get(f"{ONE}/subscribers?q=gone%251").text
    whole = site.get(f"{ONE}/subscribers").text
    assert "very-secret-path" not in whole
    assert "https://hooks.example.com/" in whole
    refused = site.post(f"{ONE}/subscribers", do="free", subscriber="s2")
    assert refused.status_code == 409
    database = site.edge.desk.database
    known = database.read(lambda tx: subscribers.standing(tx, "gone_1@example.com"))
    assert known is not None
    gone = failed(known, final=True, now=MONDAY_9AM)
    database.write(
        lambda tx: subscribers.save_standing(
            tx, "gone_1@example.com", gone, answer="550 5.1.1 no", now=MONDAY_9AM
        )
    )
    assert "550 5.1.1 no" in site.get(f"{ONE}/subscribers?state=suppressed").text
    assert (
        site.post(f"{ONE}/subscribers", do="free", subscriber="s2").status_code == 303
    )
    assert "Nobody is like that" in site.get(f"{ONE}/subscribers?state=suppressed").text
    assert (
        site.post(f"{ONE}/subscribers", do="remove", subscriber="s1").status_code == 303
    )
    assert "eve@example.com" not in site.get(f"{ONE}/subscribers").text


def test_a_program_does_the_same(site: Desk) -> None:
    subscribed(site, "s1", "eve@example.com")
    path = f"/api/v1{ONE}"
    assert site.json(f"{path}/components/cards", {"state": "odd"}).status_code == 422
    set_ = site.json(
        f"{path}/components/cards", {"state": "partial_outage", "reason": "the bank"}
    )
    assert set_.json() == {"component": "cards", "by_hand": "partial_outage"}
    now = site.get(f"{path}/now", "viewer").json()
    assert [(one["state"], one["by_hand"]) for one in now["components"]] == [
        ("partial_outage", "partial_outage"), ("operational", None),
    ]  # fmt: skip
    assert now["subscribers"] == {"confirmed": 1}
    listed = site.get(f"{path}/subscribers").json()["subscribers"]
    assert [one["address"] for one in listed] == ["eve@example.com"]
    assert site.get(f"{path}/subscribers", "responder").status_code == 403
    assert site.json(f"{path}/subscribers/s1/free", {}).status_code == 409
    assert site.json(f"{path}/subscribers/nobody/free", {}).status_code == 404
    assert site.get("/api/v1/status-pages/nothing/now").status_code == 404


def test_at_its_own_host_a_page_is_all_that_there_is(site: Desk) -> None:
    def at(path: str, host: str = "status.meridian.example:8443") -> tuple[int, str]:
        answer = site.at(host, path)
        return answer.status_code, answer.text

    status, text = at("/")
    assert status == 200
    assert "All services are working" in text
    assert 'href="/history.html"' in text
    assert "/status/meridian" not in text
    for path in ("/history.html", "/feed.atom", "/api/v2/summary.json", "/mails"):
        assert at(path)[0] == 200, path
    for path in (
        "/login",
        "/api/v1/incidents",
        "/healthz",
        "/status/inside",
        "/i/9.html",
    ):
        assert at(path)[0] == 404, path
    # A private page has no host: there is the app, which asks who one is.
    assert "Inside" not in at("/", "inside.meridian.example")[1]
    assert at("/login", "inside.meridian.example")[0] == 200
    asked = re.search(r'<form method="post"[^>]*>', at("/mails")[1])
    assert asked
    assert "action" not in asked[0]


def test_no_page_takes_the_host_of_the_app_itself(site: Desk) -> None:
    directory = site.edge.desk.directory
    own = OwnHosts(directory, app="status.meridian.example")
    scope = {"path": "/", "headers": [(b"host", b"status.meridian.example")]}
    assert own(scope) is None
    assert OwnHosts(directory, app="tocsin.example")(scope) is not None
