"""Reviews, actions and runbooks on pages, over HTTP and without scripts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.web.signed_in import SignedIn
from tocsin.web.markdown import html, inline

RUNBOOK = (
    "# Pool\n## Symptoms\n- Errors\n## Diagnosis\n- Look: `SELECT 1`\n"
    "  - closely\n## Resolution\n- Take **417**\n## History\nOld.\n"
)
MORE = f"""
services:
  - {{name: ledger, team: payments, escalation_policy: payments, runbook: {json.dumps(RUNBOOK)}}}
people:
  - {{name: dan, full_name: Dan Other, email: dan@example.com, role: viewer}}
"""


class Someone(SignedIn):
    """The whole answers of who is signed in."""

    def get(self, path: str):  # type: ignore[no-untyped-def,override]
        return self._client.get(path, headers=self._headers, follow_redirects=False)

    def post(self, path: str, form: dict[str, str]):  # type: ignore[no-untyped-def,override]
        return self._client.post(
            path, data=form, headers=self._headers, follow_redirects=False
        )


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path, MORE, people=("alice",))
    yield made
    made.installation.stop()


@pytest.fixture
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge) as made:
        yield made


@pytest.fixture
def alice(edge: Edge, client: TestClient) -> Someone:
    return Someone(edge, client, "alice")


@pytest.fixture
def dan(edge: Edge, client: TestClient) -> Someone:
    return Someone(edge, client, "dan")


def declared(edge: Edge, client: TestClient, **more: object) -> int:
    body = {
        "title": "Checkout is slow",
        "severity": "SEV2",
        "services": ["ledger"],
        "page": False,
    }
    headers = {"authorization": f"Bearer {edge.tokens['alice']}"}
    made = client.post("/api/v1/incidents", json={**body, **more}, headers=headers)
    return int(made.json()["number"])


def resolved(edge: Edge, client: TestClient, **more: object) -> int:
    number = declared(edge, client, **more)
    headers = {"authorization": f"Bearer {edge.tokens['alice']}"}
    for state in ("monitoring", "resolved"):
        client.post(
            f"/api/v1/incidents/{number}/state",
            json={"state": state, "reason": "417 is back"}, headers=headers,
        )  # fmt: skip
    return number


def seen_of(page: str, heading: str) -> str:
    pattern = rf'name="heading" value="{heading}"><input type="hidden" name="seen" value="([0-9a-f]+)"'
    found = re.search(pattern, page)
    assert found, heading
    return found.group(1)


def write(alice: Someone, number: int, heading: str, text: str, **more: str):  # type: ignore[no-untyped-def]
    page = alice.get(f"/reviews/{number}").text
    form = {
        "do": "save",
        "heading": heading,
        "text": text,
        "seen": seen_of(page, heading),
    }
    return alice.post(f"/reviews/{number}", {**form, **more})


@pytest.mark.slow  # many requests
def test_a_draft_is_listed_and_shown_with_what_is_left(edge, client, alice) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    listing = alice.get("/reviews").text
    assert "Checkout is slow" in listing and f'href="/reviews/{number}"' in listing
    page = alice.get(f"/reviews/{number}").text
    for text in ("417 is back", "Filled in, not confirmed", "Root Cause is empty",
                 "Summary is filled in and not confirmed"):  # fmt: skip
        assert text in page, text


def test_a_section_is_saved_and_its_advice_stands_beside_it(
    edge, client, alice
) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    saved = write(alice, number, "Root Cause", "Alice forgot the *limit*.\r\nReally.")
    assert (
        saved.status_code == 303
        and saved.headers["location"] == f"/reviews/{number}#s-root-cause"
    )
    page = alice.get(f"/reviews/{number}").text
    assert "<p>Alice forgot the <em>limit</em>.\nReally.</p>" in page
    assert "“Alice forgot”" in page and "BL1" in page
    key = re.search(r'name="key" value="([0-9a-f]+)"', page).group(1)
    alice.post(
        f"/reviews/{number}", {"do": "dismiss", "key": key, "heading": "Root Cause"}
    )
    assert "“Alice forgot”" not in alice.get(f"/reviews/{number}").text


def test_a_preview_shows_what_was_typed_and_saves_nothing(edge, client, alice) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    shown = write(alice, number, "Root Cause", "A **pool**.", do="preview")
    assert shown.status_code == 200
    assert (
        "<p>A <strong>pool</strong>.</p>" in shown.text
        and "Preview, not saved" in shown.text
    )
    assert ">A **pool**.</textarea>" in shown.text
    assert "A <strong>pool" not in alice.get(f"/reviews/{number}").text


def test_two_who_change_one_section_see_both_versions(edge, client, alice) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    old = seen_of(alice.get(f"/reviews/{number}").text, "Root Cause")
    write(alice, number, "Root Cause", "Theirs.")
    late = write(alice, number, "Root Cause", "Mine.", seen=old)
    assert late.status_code == 409
    assert ">Theirs.</pre>" in late.text and ">Mine.</textarea>" in late.text
    again = seen_of(late.text, "Root Cause")
    assert again != old
    form = {"do": "save", "heading": "Root Cause", "text": "Both.", "seen": again}
    assert alice.post(f"/reviews/{number}", form).status_code == 303


def test_a_section_can_be_added_and_goes_when_it_is_emptied(
    edge, client, alice
) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    page = alice.get(f"/reviews/{number}?add=Lessons").text
    form = {
        "do": "save",
        "heading": "Lessons",
        "text": "Limits.",
        "seen": seen_of(page, "Lessons"),
    }
    assert alice.post(f"/reviews/{number}", form).status_code == 303
    assert 'id="s-lessons"' in alice.get(f"/reviews/{number}").text
    write(alice, number, "Lessons", "")
    assert 'id="s-lessons"' not in alice.get(f"/reviews/{number}").text


def test_what_cannot_be_done_is_said_at_its_field(edge, client, alice) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    refused = alice.post(f"/reviews/{number}", {"do": "in_review", "reviewer": ""})
    assert refused.status_code == 422 and 'href="#reviewer"' in refused.text
    refused = alice.post(f"/reviews/{number}", {"do": "in_review", "reviewer": "bob"})
    assert "Still empty: Impact, Root Cause, Action Items." in refused.text
    assert alice.post(f"/reviews/{number}", {"do": "nonsense"}).status_code == 422
    assert (
        alice.post(
            f"/reviews/{number}", {"do": "confirm", "heading": "Summary"}
        ).status_code
        == 303
    )


def test_the_document_is_downloaded_in_the_form_of_the_template(
    edge, client, alice
) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    answer = alice.get(f"/reviews/{number}/review.md")
    assert answer.text.startswith(
        "## Incident Post-Mortem\nINC-1 Checkout is slow (SEV2, "
    )
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="INC-1-post-mortem.md"'
    )


@pytest.mark.slow  # many requests
def test_actions_are_on_the_board_and_done_with_a_proof(edge, client, alice) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    write(alice, number, "Action Items", (
        "- [ ] Limit the pool (Owner: Alice, Due: 2020-01-15)\n"
        "- [ ] Ask <b>them</b> (Owner: Zoe)"
    ))  # fmt: skip
    board = alice.get("/actions").text
    assert "You promised" in alice.get("/").text
    assert "days late" in board and "not known here" in board
    assert "Ask &lt;b&gt;them&lt;/b&gt;" in board
    assert "Limit the pool" in alice.get("/actions?owner=alice&overdue=1").text
    assert "Ask" not in alice.get("/actions?overdue=1").text.split("<table")[1]
    refused = alice.post("/actions/ACT-1", {"do": "finish", "proof": ""})
    assert refused.status_code == 422 and 'href="#proof"' in refused.text
    assert (
        alice.post("/actions/ACT-1", {"do": "finish", "proof": "in 419"}).status_code
        == 303
    )
    assert "in 419" in alice.get("/actions/ACT-1").text
    assert "☑ Limit the pool" in alice.get(f"/reviews/{number}").text
    assert alice.post("/actions/ACT-1", {"do": "reopen"}).status_code == 303
    changed = alice.post(
        "/actions/ACT-1", {"do": "promise", "owner": "bob", "due": "2099-01-01"}
    )
    assert (
        changed.status_code == 303 and "1 Jan 2099" in alice.get("/actions/ACT-1").text
    )


def test_an_empty_board_teaches_the_next_step(alice) -> None:  # type: ignore[no-untyped-def]
    assert "Reviews make actions" in alice.get("/actions").text
    assert "No review is open" in alice.get("/reviews").text
    for path in ("/reviews?mine=1", "/reviews?state=all&before=9", "/actions?state=done",
                 "/actions?overdue=1&after=1.x", "/actions?owner=alice", "/actions?after=zz"):  # fmt: skip
        assert alice.get(path).status_code == 200, path


def test_a_runbook_is_shown_as_steps_and_ticked_off(edge, client, alice) -> None:  # type: ignore[no-untyped-def]
    number = declared(edge, client)
    page = alice.get(f"/incidents/{number}/runbook").text
    for text in (
        "<p>Look</p>",
        "SELECT 1",
        "D1.1",
        "Take <strong>417</strong>",
        "History",
    ):
        assert text in page, text
    step = re.search(r'name="step" value="([^"]+)"', page).group(1)
    ticked = alice.post(
        f"/incidents/{number}/runbook",
        {"step": step, "result": "done", "back": f"/incidents/{number}"},
    )
    assert ticked.headers["location"] == f"/incidents/{number}#step-{step}"
    away = alice.post(
        f"/incidents/{number}/runbook",
        {"step": step, "result": "open", "back": "https://evil.example"},
    )
    assert away.headers["location"] == f"/incidents/{number}/runbook#step-{step}"
    refused = alice.post(
        f"/incidents/{number}/runbook", {"step": "zzz", "result": "done"}
    )
    assert refused.status_code == 422 and "expected a step" in refused.text


@pytest.mark.slow  # many requests
def test_the_room_has_the_runbook_and_leads_to_the_review(edge, client, alice) -> None:  # type: ignore[no-untyped-def]
    number = declared(edge, client)
    room = alice.get(f"/incidents/{number}").text
    assert 'id="runbook"' in room and "Take <strong>417</strong>" in room
    assert f'href="/reviews/{number}"' not in room
    number = resolved(edge, client)
    assert f'href="/reviews/{number}"' in alice.get(f"/incidents/{number}").text


def test_a_false_alarm_is_given_a_review_when_somebody_asks(
    edge, client, alice
) -> None:  # type: ignore[no-untyped-def]
    number = declared(edge, client)
    assert alice.post(f"/incidents/{number}/review", {}).status_code == 409
    headers = {"authorization": f"Bearer {edge.tokens['alice']}"}
    state = {"state": "cancelled", "reason": "a test"}
    client.post(f"/api/v1/incidents/{number}/state", json=state, headers=headers)
    assert (
        f'action="/incidents/{number}/review"' in alice.get(f"/incidents/{number}").text
    )
    assert (
        alice.post(f"/incidents/{number}/review", {}).headers["location"]
        == f"/reviews/{number}"
    )
    assert alice.post("/incidents/999/review", {}).status_code == 404


def test_who_may_not_know_of_an_incident_finds_nothing(
    edge, client, alice, dan
) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client, private=True)
    write(alice, number, "Action Items", "- [ ] Limit it (Owner: Alice, Due: Jan 1)")
    for path in (f"/reviews/{number}", f"/reviews/{number}/review.md", "/actions/ACT-1",
                 f"/incidents/{number}/runbook", "/reviews/99999999999999999999"):  # fmt: skip
        assert dan.get(path).status_code == 404, path
    assert "Checkout is slow" not in dan.get("/reviews").text
    assert "Limit it" not in dan.get("/actions").text


def test_who_only_looks_has_no_buttons_and_is_refused(edge, client, dan) -> None:  # type: ignore[no-untyped-def]
    number = resolved(edge, client)
    page = dan.get(f"/reviews/{number}").text
    assert 'name="do"' not in page.split("<main")[1]
    assert (
        dan.post(
            f"/reviews/{number}", {"do": "confirm", "heading": "Summary"}
        ).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("![x](https://evil.example/a.png)", ""),
        ("[x](https://example.com)", 'rel="noopener noreferrer nofollow"'),
        ("<a href='x' onclick='y'>", "&lt;a href="),
        ("# Big\n## Small", "<h3>Big</h3>\n<h4>Small</h4>"),
        ("- [ ] a\n- [x] b", "<li>☐ a</li>\n<li>☑ b</li>"),
    ],
)
def test_markdown_of_people_is_safe_to_show(text: str, shown: str) -> None:
    made = str(html(text))
    assert shown in made
    assert "<img" not in made and "<script" not in made


def test_one_line_has_no_paragraph() -> None:
    assert (
        str(inline("Look at `a`\nand *b*")) == "Look at <code>a</code> and <em>b</em>"
    )
