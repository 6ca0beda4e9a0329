"""SCIM 2.0: a directory service brings people and teams, and takes them away."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tocsin.core.people.permissions import Scope
from tocsin.engine.signing_in.visits import Visit

BASE = "http://testserver/scim/v2"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Service:
    """A directory service: it speaks SCIM with a token of an admin."""

    def __init__(self, edge: Edge, client: TestClient) -> None:
        self.edge, self.client = edge, client

    def __call__(self, method: str, path: str, json: object = None) -> Response:
        return self.client.request(method, path, json=json)

    def patch(self, path: str, *operations: dict[str, Any]) -> Response:
        return self("PATCH", path, {"schemas": [PATCH], "Operations": operations})

    def user(self, handle: str, **more: Any) -> str:
        """The id of a new person."""
        made = self("POST", "/Users", {"userName": f"{handle}@example.com", **more})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def group(self, name: str, *members: str) -> str:
        """The id of a new team."""
        body = {"displayName": name, "members": [{"value": one} for one in members]}
        made = self("POST", "/Groups", body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def person(self, name: str) -> dict[str, Any]:
        """The document of a person, as people see it."""
        return dict(self.own("GET", f"/people/{name}").json())

    def own(self, method: str, path: str) -> Response:
        """A request to our own API, by an admin."""
        headers = {"authorization": f"Bearer {self.edge.tokens['carol']}"}
        return self.client.request(
            method, f"http://testserver/api/v1{path}", headers=headers
        )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    edge = Edge(tmp_path_factory.mktemp("scim"), people=("carol",))
    token = _token(edge, Scope.SCIM)
    headers = {"authorization": f"Bearer {token}"}
    with TestClient(
        edge, base_url=BASE, headers=headers, raise_server_exceptions=False
    ) as client:
        yield Service(edge, client)
    edge.installation.stop()


def _token(edge: Edge, scope: Scope) -> str:
    return edge.desk.sign_in.make_token("carol", label="directory", scopes=[scope])[0]


@pytest.mark.slow  # some hundred requests, each a transaction
def test_a_published_validator_finds_nothing_wrong(service: Service) -> None:
    results = check_server(SyncSCIMClient(service.client))
    assert [one for one in results if one.status is Status.SUCCESS]
    bad = (Status.ERROR, Status.CRITICAL, Status.DEVIATION)
    assert not [f"{one.title}: {one.reason}" for one in results if one.status in bad]


def test_who_is_brought_can_be_paged_and_may_only_look(service: Service) -> None:
    name = {"givenName": "Ada", "familyName": "Lovelace"}
    service.user("ada", name=name, externalId="00u1")
    person = service.person("ada")
    assert person["email"] == "ada@example.com"
    assert person["full_name"] == "Ada Lovelace"
    assert person["role"] == "viewer"
    entry = service.own("GET", "/audit?limit=1").json()["entries"][0]
    assert (entry["via"], entry["noun"], entry["name"]) == ("SCIM", "people", "ada")


def test_who_was_here_before_keeps_what_they_may_do(service: Service) -> None:
    before = service.person("bob")
    found = service.client.get("/Users", params={"filter": 'userName sw "bob"'})
    path = f"/Users/{found.json()['Resources'][0]['id']}"
    service.patch(path, {"op": "add", "path": "displayName", "value": "Bob B."})
    assert service.person("bob") == {**before, "full_name": "Bob B."}


def test_one_is_found_by_what_the_service_calls_them(service: Service) -> None:
    scim_id = service.user("grace", externalId="00u2")
    for wanted in (
        'userName eq "GRACE@example.com"',
        'externalId eq "00u2"',
        'emails[value eq "grace@example.com"]',
        'userName sw "grace" and active eq true',
        'not (userName co "@nowhere") and externalId pr and externalId eq "00u2"',
    ):
        found = service.client.get("/Users", params={"filter": wanted}).json()
        assert [one["id"] for one in found["Resources"]] == [scim_id], wanted
    query = {"filter": 'externalId eq "00u2"', "attributes": ["userName"]}
    by_body = service("POST", "/Users/.search", query).json()["Resources"]
    assert by_body == [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": scim_id,
            "userName": "grace@example.com",
        }
    ]


def test_a_long_list_comes_in_pages(service: Service) -> None:
    for number in range(3):
        service.user(f"paged-{number}")
    params: dict[str, str | int] = {"filter": 'userName sw "paged-"', "count": 2}
    first = service.client.get("/Users", params=params).json()
    assert (first["totalResults"], first["itemsPerPage"]) == (3, 2)
    rest = service.client.get("/Users", params={**params, "startIndex": 3}).json()
    assert len(rest["Resources"]) == 1


def test_a_name_belongs_to_one(service: Service) -> None:
    service.user("joan")
    again = service("POST", "/Users", {"userName": "Joan@example.com"})
    assert again.status_code == 409
    assert again.json()["scimType"] == "uniqueness"


def test_who_is_switched_off_is_out_and_the_gap_on_call_is_told(
    service: Service,
) -> None:
    desk = service.edge.desk
    alice = service.client.get("/Users", params={"filter": 'userName sw "alice"'})
    path = f"/Users/{alice.json()['Resources'][0]['id']}"
    link = desk.sign_in.link_for("alice")
    session = desk.credentials.links.enter(link, "sign-in", Visit()).session
    token = desk.sign_in.make_token("alice", label="mine")[0]
    assert desk.sign_in.by_session(session, address="") is not None
    # One large service sends its booleans as words, and its words with capitals.
    off = service.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    assert off.json()["active"] is False
    assert "payments/" in off.headers["tocsin-gap-on-call"]
    assert desk.sign_in.by_session(session, address="") is None
    assert desk.sign_in.by_token(token, address="") is None
    actions = service.own("GET", "/audit?limit=5").json()["entries"]
    assert "open a gap on call" in [one["action"] for one in actions]
    # A whole resource that does not speak of it does not bring them back.
    body = {"userName": "alice@example.com"}
    assert service("PUT", path, body).json()["active"] is False
    on = service.patch(path, {"op": "replace", "value": {"active": True}})
    assert on.json()["active"] is True
    assert desk.sign_in.by_session(session, address="") is None


def test_a_deleted_person_is_gone_for_the_service_and_kept_in_the_record(
    service: Service,
) -> None:
    scim_id = service.user("mary")
    assert service("DELETE", f"/Users/{scim_id}").status_code == 204
    assert service("GET", f"/Users/{scim_id}").status_code == 404
    assert service.person("mary")["active"] is False
    listed = service.client.get("/Users", params={"filter": 'userName sw "mary"'})
    assert listed.json()["totalResults"] == 0
    back = service.user("mary")
    assert back != scim_id
    assert service.person("mary").get("active", True) is True


def test_a_group_is_a_team_and_keeps_who_may_do_what(service: Service) -> None:
    one, two = service.user("team-one"), service.user("team-two")
    group = service.group("Site Reliability", one)
    assert service.person("team-one")["teams"] == ["site-reliability"]
    added = service.patch(
        f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": two}]}
    )
    assert {member["value"] for member in added.json()["members"]} == {one, two}
    service.patch(
        f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{one}"]'}
    )
    assert not service.person("team-one").get("teams")
    assert service.person("team-two")["teams"] == ["site-reliability"]
    groups = service("GET", f"/Users/{two}").json()["groups"]
    assert [group["display"] for group in groups] == ["Site Reliability"]
    assert service("DELETE", f"/Groups/{group}").status_code == 204
    assert not service.person("team-two").get("teams")


def test_a_team_that_owns_something_stays(service: Service) -> None:
    found = service.client.get(
        "/Groups", params={"filter": 'displayName eq "payments"'}
    )
    group = found.json()["Resources"][0]["id"]
    refused = service("DELETE", f"/Groups/{group}")
    assert refused.status_code == 409
    assert "payments" in refused.json()["detail"]
    assert service("GET", f"/Groups/{group}").status_code == 200


def test_the_last_admin_stays(service: Service) -> None:
    carol = service.client.get("/Users", params={"filter": 'userName sw "carol"'})
    path = f"/Users/{carol.json()['Resources'][0]['id']}"
    off = service.patch(path, {"op": "replace", "path": "active", "value": False})
    assert off.status_code == 400
    assert "at least one active admin" in off.json()["detail"]
    assert service("DELETE", path).status_code == 400
    assert service.person("carol").get("active", True) is True


def test_operations_are_done_together_or_not_at_all(service: Service) -> None:
    scim_id = service.user("emmy", displayName="Emmy")
    refused = service.patch(
        f"/Users/{scim_id}",
        {"op": "replace", "path": "displayName", "value": "Changed"},
        {"op": "replace", "path": "nowhere", "value": "x"},
    )
    assert refused.status_code == 400
    assert refused.json()["scimType"] == "invalidPath"
    assert service("GET", f"/Users/{scim_id}").json()["displayName"] == "Emmy"


@pytest.mark.parametrize("scope", [s for s in Scope if s is not Scope.SCIM])
def test_a_token_for_something_else_opens_nothing(
    service: Service, scope: Scope
) -> None:
    headers = {"authorization": f"Bearer {_token(service.edge, scope)}"}
    answer = service.client.get("/Users", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["status"] == "403"


def test_its_token_opens_nothing_else(service: Service) -> None:
    answer = service.client.get("http://testserver/api/v1/people")
    assert answer.status_code == 403


def test_a_session_is_no_way_in(service: Service) -> None:
    desk = service.edge.desk
    link = desk.sign_in.link_for("carol")
    session = desk.credentials.links.enter(link, "sign-in", Visit()).session
    headers = {"authorization": "", "cookie": f"{desk.cookie}={session}"}
    answer = service.client.get("/Users", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        'userName eq "x" or',
        'userName eq "unclosed',
        "userName eq \"' or 1=1 --",
        'password eq "x"',
        "userName",
        "(" * 500,
        'not ' * 500 + 'userName pr',
        'userName xx "a"',
        "\x00",
    ],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_told_apart(
    service: Service, wanted: str
) -> None:
    answer = service.client.get("/Users", params={"filter": wanted})
    if wanted:
        assert answer.status_code == 400, answer.text
        assert answer.json()["scimType"] == "invalidFilter"
    else:
        assert answer.status_code == 200


def test_quotes_of_a_database_are_only_text(service: Service) -> None:
    params = {"filter": "userName eq \"x' or '1'='1\""}
    assert service.client.get("/Users", params=params).json()["totalResults"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/Users", b""),
        ("POST", "/Users", b"{"),
        ("POST", "/Users", b"[]"),
        ("POST", "/Users", b"[" * 100_000),
        ("POST", "/Users", b"{}"),
        ("POST", "/Users", b'{"userName": 7}'),
        ("POST", "/Users", b'{"userName": "no address"}'),
        ("POST", "/Users", b'{"userName": "a\\r\\nBcc: b@example.com"}'),
        ("POST", "/Users", b'{"userName": "q@example.com", "emails": [7]}'),
        ("POST", "/Groups", b'{"displayName": "x", "members": [{"value": "ghost"}]}'),
        ("POST", "/.search", b'{"count": "many"}'),
        ("POST", "/.search", b'{"attributes": [7]}'),
        ("PATCH", "/Users/{id}", b'{"Operations": "x"}'),
        ("PATCH", "/Users/{id}", b'{"Operations": [7]}'),
        ("PATCH", "/Users/{id}", b'{"Operations": [{"op": "move"}]}'),
        ("PATCH", "/Users/{id}", b'{"Operations": [{"op": "remove"}]}'),
        ("PATCH", "/Users/{id}", b'{"Operations": [{"op": "add", "value": 1}]}'),
        ("PATCH", "/Users/{id}", b'{"Operations": [{"op": "add", "path": "id"}]}'),
        (
            "PATCH",
            "/Users/{id}",
            b'{"Operations": [{"op": "remove", "path": "emails[value eq"}]}',
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_scim_s_own_shape(
    service: Service, method: str, path: str, body: bytes
) -> None:
    found = service.client.get("/Users", params={"filter": 'userName sw "bob"'})
    path = path.replace("{id}", found.json()["Resources"][0]["id"])
    answer = service.client.request(method, path, content=body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/scim+json")
    told = answer.json()
    assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert told["detail"]


def test_a_body_without_end_is_refused(service: Service) -> None:
    answer = service.client.post("/Users", content=b'"' + b"a" * (5 * 1024 * 1024))
    assert answer.status_code == 413
