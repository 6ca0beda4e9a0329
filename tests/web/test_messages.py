"""The message log: who reads which part of it, and a failed message sent once more."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.peers.programs import until
from tests.web.signed_in import SignedIn

KEY = "0123456789abcdef0123456789abcdef"
HOME = "/admin/messages"
MORE = """
teams: [{name: search, time_zone: UTC}]
people:
  - {name: lea, email: lea@example.com, role: viewer, team_roles: {payments: lead}}
  - {name: otto, email: otto@example.com, role: viewer, team_roles: {search: lead}}
  - {name: vic, email: vic@example.com, role: viewer}
"""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """No mail server is set up, so the first page of every alert fails."""
    made = Edge(tmp_path_factory.mktemp("edge"), MORE, people=("carol",))
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as made:
        made.post(f"/in/{KEY}", json={"title": "Cards fail", "key": "cards"})
        until(lambda: _failed(edge), what="a page that failed")
        yield made


def _failed(edge: Edge) -> list[tuple[int, int]]:
    return edge.desk.database.read(
        lambda tx: tx.all(
            "select id, alert from attempts where outcome = 'permanent' "
            "and channel = 'email' order by id"
        )
    )


def test_the_log_is_for_the_leads_of_the_service(
    edge: Edge, client: TestClient
) -> None:
    page = SignedIn(edge, client, "lea").get(HOME)
    assert "no pager is set up for &#39;email&#39;" in page
    assert "Refused" in page
    assert "Nothing was sent yet" in SignedIn(edge, client, "otto").get(HOME)
    SignedIn(edge, client, "vic").get(HOME, 403)


def test_filters_are_in_the_address(edge: Edge, client: TestClient) -> None:
    carol = SignedIn(edge, client, "carol")
    assert "Send again" in carol.get(
        f"{HOME}?person=alice&outcome=failed&channel=email"
    )
    assert "No message is like that" in carol.get(f"{HOME}?outcome=taken&person=alice")
    assert "No message is like that" in carol.get(f"{HOME}?to=2001-01-01")
    assert "Send again" in carol.get(f"{HOME}?from=2001-01-01&to=nonsense&before=x-y")


def test_a_failed_one_is_sent_again_by_a_page_of_its_own(
    edge: Edge, client: TestClient
) -> None:
    lea = SignedIn(edge, client, "lea")
    first, alert = _failed(edge)[0]
    SignedIn(edge, client, "otto").post(HOME, 404, message=str(first))
    client.post(f"/in/{KEY}", json={"title": "Cards fail", "key": "cards"})
    lea.post(HOME, message=str(first))
    until(lambda: len(_failed(edge)) > 1, what="the second attempt")
    story = lea.get(f"/alerts/{alert}")
    assert "Sent again to alice by email" in story
    assert re.search(r"lea sent this again", story)
    headers = {"authorization": f"Bearer {edge.tokens['carol']}"}
    again = client.post(f"/api/v1/messages/{first}/resend", headers=headers)
    assert again.status_code == 202
    until(lambda: len(_failed(edge)) > 2, what="the third attempt")


def test_nobody_is_paged_again_for_what_somebody_has(
    edge: Edge, client: TestClient
) -> None:
    lea = SignedIn(edge, client, "lea")
    first, alert = _failed(edge)[0]
    lea.post(f"/alerts/{alert}", do="acknowledge")
    _, page = lea.post(HOME, 409, message=str(first))
    assert "lea has the alert" in page
    lea.post(f"/alerts/{alert}", do="resolve")
    _, page = lea.post(HOME, 409, message=str(first))
    assert "The alert is over" in page


def test_the_api_pages_through_the_log(edge: Edge, client: TestClient) -> None:
    headers = {"authorization": f"Bearer {edge.tokens['carol']}"}
    seen: list[int] = []
    before = ""
    while True:
        at = f"/api/v1/messages?limit=1&before={before}"
        found = client.get(at, headers=headers).json()
        seen += [one["id"] for one in found["messages"]]
        if found["next"] is None:
            break
        before = found["next"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) > 1
