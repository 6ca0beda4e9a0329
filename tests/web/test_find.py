"""Find or do: as rules over a small company, and as a page that needs no scripts."""

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Site
from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.people.permissions import Grant
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web import finding
from tocsin.web.finding import find, number_of
from tocsin.web.navigation import ENTRIES, Navigation, here

DOCUMENTS = {
    "teams": {"payments": {"name": "payments"}, "storage": {"name": "storage"}},
    "people": {
        "ana": {"name": "ana", "full_name": "Ana Souza", "teams": ["payments"]},
    },
    "services": {
        "checkout": {"name": "checkout", "team": "payments"},
        "checkout-keys": {
            "name": "checkout-keys",
            "team": "storage",
            "private": True,
        },
    },
}
PATHS = {"/", "/alerts", "/services", "/services/{name}", "/new/service", "/theme"}


def company() -> Directory:
    directory, _ = build(DOCUMENTS, version=1, ids={})
    return directory


def found_by(query: str, *, grant: Grant) -> dict[str, list[finding.Found]]:
    viewer = Viewer("ana", grant)
    return dict(
        find(
            query,
            viewer=viewer,
            directory=company(),
            alerts=(),
            entries=[one for one in ENTRIES if one.href in PATHS],
            paths=PATHS,
        )
    )


@pytest.mark.parametrize(
    ("query", "number"),
    [("12", 12), ("ALR-12", 12), ("#12", 12), ("x12", None), ("", None), ("9" * 40, None), ("١٢", None)],
)  # fmt: skip
def test_a_number_is_an_alert(query: str, number: int | None) -> None:
    assert number_of(query) == number


def test_names_and_verbs_are_found_and_lead_to_their_page() -> None:
    found = found_by("check", grant=Grant("admin"))
    assert [(one.label, one.href) for one in found["Services"]] == [
        ("checkout", "/services/checkout"),
        ("checkout-keys", "/services/checkout-keys"),
    ]
    assert found_by("souza", grant=Grant("viewer"))["People"][0].label == "Ana Souza"
    assert found_by("dark", grant=Grant("viewer"))["Do"][0].action == "/theme"


def test_what_is_private_is_not_found_by_others() -> None:
    found = found_by("checkout", grant=Grant("viewer"))
    assert [one.label for one in found["Services"]] == ["checkout"]
    mine = found_by("checkout", grant=Grant("viewer", {"storage": "viewer"}))
    assert len(mine["Services"]) == 2


def test_what_begins_with_the_letters_comes_first() -> None:
    labels = [one.label for one in found_by("o", grant=Grant("viewer"))["Go to"]]
    assert labels == ["Home"]


def test_a_viewer_is_offered_what_a_viewer_may_do() -> None:
    offered = {one.label for one in found_by("", grant=Grant("viewer"))["Do"]}
    assert "Add a service" not in offered
    assert "Add a service" in {
        one.label for one in found_by("", grant=Grant("lead"))["Do"]
    }


def test_the_rail_holds_what_exists_and_what_one_may() -> None:
    navigation = Navigation()
    navigation.paths = {"/", "/alerts", "/admin/audit", "/find", "/me"}
    viewer, admin = Viewer("ana", Grant("viewer")), Viewer("ana", Grant("admin"))
    assert [one.key for one in navigation.entries(viewer)] == ["home", "alerts", "me"]
    assert "audit" in [one.key for one in navigation.entries(admin)]
    assert [one.key for one in navigation.tabs(viewer)] == [
        "home", "alerts", "find", "me",
    ]  # fmt: skip


def test_a_page_belongs_to_the_nearest_entry_above_it() -> None:
    assert here("/alerts/12") == "alerts"
    assert here("/admin/people/ana") == "people"
    assert here("/") == "home"
    assert here("/nowhere") == ""


@pytest.mark.slow  # drives a real browser
def test_find_is_a_page_without_scripts_and_themes_are_kept(site: Site) -> None:
    page = site.page("/find", java_script_enabled=False)
    page.locator("main").get_by_label("Find or do").fill("ledger")
    page.locator("main").get_by_role("button", name="Find").click()
    expect(page.locator("main")).to_contain_text("ledger")
    page.goto("/find?q=dark")
    page.get_by_role("button", name="Use the dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/alerts")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/find?q=theme")
    page.get_by_role("button", name="Follow the system").click()
    assert page.locator("html").get_attribute("data-theme") is None
    page.context.close()


@pytest.mark.slow  # asks a real server
def test_an_alert_is_found_by_number_and_title(site: Site) -> None:
    site.send("find-me", "Needle_100% in the hay")
    # Dan is not paged for it, so that no bar above the page names it too.
    assert "Needle_100% in the hay" in site.get("/find?q=needle_100%25", "dan").text
    assert "Needle_100% in the hay" not in site.get("/find?q=needlex100", "dan").text
    assert "/alerts/1" in site.get("/find?q=ALR-1", "dan").text


@pytest.mark.slow  # asks a real server
def test_choosing_a_theme_leads_nowhere_else(site: Site) -> None:
    for referer, expected in (
        ("https://evil.example/x", "/"),
        (site.url + "//evil.example", "/"),
        (site.url + "/alerts?tab=closed", "/alerts?tab=closed"),
    ):
        answer = site.post("/theme", data={"theme": "dark"}, referer=referer)
        assert answer.headers["location"] == expected
    answer = site.post("/theme", data={"theme": "<script>"})
    assert "<script>" not in answer.headers.get("set-cookie", "")


ON_CALL = {
    **DOCUMENTS,
    "schedules": {
        name: {
            "name": name,
            "team": name,
            "time_zone": "UTC",
            "rotations": [
                {
                    "name": "Primary",
                    "layers": [
                        {
                            "id": "week",
                            "participants": [person],
                            "anchor": "2024-03-04T09:00",
                            "turn": {"unit": "week", "count": 1},
                        }
                    ],
                }
            ],
        }
        for name, person in (("payments", "ana"), ("storage", "ben"))
    },
}
DUTY = {
    *(f"/schedules/{{name}}/{one}" for one in ("cover", "override", "handoff", "load", "readiness", "fair")),
    "/new/rota", "/me", "/me/calendars", "/thanks",
}  # fmt: skip
RESPONDER = Grant("viewer", {"payments": "responder"})


def done_by(query: str, grant: Grant) -> list[str]:
    directory, _ = build(ON_CALL, version=1, ids={})
    found = dict(
        find(
            query, viewer=Viewer("ana", grant), directory=directory, alerts=(),
            entries=(), paths=DUTY,
        )
    )  # fmt: skip
    return [one.href for one in found.get("Do", [])]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ask for cover", ["/schedules/payments/cover"]),
        ("swap", ["/schedules/payments/cover"]),
        ("thanks", ["/thanks"]),
        ("leave", ["/me#away"]),
        ("subscribe", ["/me/calendars"]),
        ("hand-over", ["/schedules/payments/handoff?rotation=Primary"]),
        ("load", ["/schedules/payments/load", "/schedules/storage/load"]),
        ("readiness", ["/schedules/payments/readiness", "/schedules/storage/readiness"]),
        ("fair rota", []),
        ("new rota", []),
    ],
)  # fmt: skip
def test_what_a_responder_does_about_shifts_leads_to_its_page(
    query: str, expected: list[str]
) -> None:
    assert done_by(query, RESPONDER) == expected


def test_a_lead_makes_rotas_and_plans_them_where_they_lead() -> None:
    lead = Grant("viewer", {"payments": "lead"})
    assert done_by("new rota", lead) == ["/new/rota"]
    assert done_by("fair rota", lead) == ["/schedules/payments/fair"]
    assert done_by("stand in", Grant("viewer")) == []
