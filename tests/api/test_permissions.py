"""Every route × everybody: the table of docs/operations/permissions.md is what happens.

A route that the table does not have, or that is gone, fails. To write the table anew
after adding a route: `python -m tests.api.test_permissions`, then judge every line.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tocsin.core.people.permissions import Scope
from tocsin.engine.signing_in.visits import Visit

PAGE = Path("docs/operations/permissions.md")
PEOPLE = ("viewer", "other", "responder", "lead", "admin")
WHO = ("anonymous", *PEOPLE, *(f"token {scope.value}" for scope in Scope))
MORE = """
teams: [{name: search, time_zone: UTC}]
people:
  - {name: viewer, email: v@example.com, role: viewer}
  - {name: other, email: o@example.com, role: viewer, teams: [search]}
  - {name: responder, email: r@example.com, role: viewer, teams: [payments]}
  - {name: lead, email: l@example.com, role: viewer, team_roles: {payments: lead}}
  - {name: admin, email: a@example.com, role: admin}
  - {name: newcomer, email: n@example.com, role: viewer, teams: [payments]}
status_pages: [{name: meridian, title: M, team: payments, components: [{name: a}]}]
"""
# What stands in for the variable parts of a path; all of it is the team payments'.
PARTS = {
    "teams": "payments",
    "people": "newcomer",
    "schedules": "payments",
    "policies": "payments",
    "services": "checkout",
    "integrations": "checkout-generic",
    "status-pages": "meridian",
    "status": "meridian",
    "demo": "1",
}
LATER = "2099-01-01T00:00:00Z"
SILENCE = {
    "matchers": [{"name": "a", "value": "b"}],
    "ends_at": "2000-01-01T00:00:00Z",  # over, so that none is made
    "comment": "x",
    "service": "checkout",
}
# Bodies that reach the question who may; others are judged before their body is read.
OVERRIDE = {
    "rotation": "Primary",
    "start": "2099-01-01T00:00Z",
    "end": "2099-01-01T01:00Z",
}
BODIES: dict[str, object] = {
    "POST /api/v1/alerts": {"title": "Matrix", "service": "checkout", "key": "matrix"},
    "POST /api/v1/changes": {"summary": "Matrix", "services": ["checkout"]},
    "POST /api/v1/alerts/{number}/snooze": {"until": LATER},
    "POST /api/v1/alerts/{number}/pass": {"person": "nobody"},
    "POST /api/v1/alerts/{number}/note": {"text": "x"},
    "POST /api/v1/config": {"files": [{"name": "a", "text": "people: []"}], "dry_run": True},
    "POST /api/v1/silences": SILENCE,
    "PUT /api/v1/schedules/{name}": {"team": "payments"},
    "POST /api/v1/schedules/{name}/overrides": OVERRIDE,
    "POST /api/v1/schedules/{name}/overrides/preview": OVERRIDE,
    "POST /api/v1/schedules/{name}/cover-requests": OVERRIDE,
    "PUT /api/v1/schedules/{name}/handoffs/{number}/note": {"note": "x"},
    "PUT /api/v1/schedules/{name}/calendar/{rotation}": {"url": "ftp://none"},
    "POST /api/v1/schedules/{name}/rotations/{rotation}/rename": {"name": "Primary"},
    "POST /api/v1/me/leave": {"from": "2099-01-02", "to": "2099-01-01"},
    "POST /api/v1/people/{person}/leave": {"from": "2099-01-02", "to": "2099-01-01"},
    "POST /api/v1/me/leave-calendar/preview": {"url": "ftp://none"},
    "PUT /api/v1/me/leave-calendar": {"url": "ftp://none"},
    "POST /api/v1/thanks": {"to": "nobody", "text": "x"},
    "PUT /api/v1/policies/{name}": {"team": "payments"},
    "PUT /api/v1/services/{name}": {"team": "payments"},
    "PUT /api/v1/integrations/{name}": {"service": "checkout"},
    "PUT /api/v1/status-pages/{name}": {"team": "payments"},
    "POST /api/v1/maintenance": {
        "services": ["checkout"],
        "starts_at": "2000-01-01T00:00:00Z",
        "ends_at": "2000-01-01T01:00:00Z",
        "reason": "x",
    },
    "POST /api/v1/me/calendars": {"kind": "schedule", "name": "none"},
    "POST /api/v1/me/contacts": {"by": "email", "address": "nobody"},
    "POST /api/v1/me/contacts/{contact_id}/verify": {"code": "000000"},
    "POST /api/v1/tokens": {"label": "x", "scopes": ["read"]},
}  # fmt: skip
# A form without a team would take what it is about away from the team.
FORMS = {
    "POST /alerts": {"number": "{number}"},
    "POST /services/{name}/edit": {"team": "payments"},
    "POST /policies/{name}/edit": {"team": "payments"},
}
QUERIES = {
    "/api/v1/schedules/{name}/final": "?from=2024-03-04T00:00:00Z&to=2024-03-05T00:00:00Z",
}


class Cast:
    """The installation, everybody's way in, and one alert of checkout."""

    def __init__(self, home: Path) -> None:
        self.edge = Edge(home, MORE, people=())
        desk = self.edge.desk
        self.sessions = {
            name: desk.credentials.links.enter(
                desk.sign_in.link_for(name), "sign-in", Visit()
            ).session
            for name in PEOPLE
        }
        self.tokens = {
            f"token {scope.value}": desk.sign_in.make_token(
                "admin", label="m", scopes=[scope]
            )[0]
            for scope in Scope
        }
        self.silence = ""

    def begin(self, client: TestClient) -> None:
        """What the requests are about."""
        headers = self.headers("admin")
        made = client.post(
            "/api/v1/alerts",
            json={"title": "Matrix", "service": "checkout", "key": "matrix"},
            headers=headers,
        )
        self.number = str(made.json()["number"])
        end = self.edge.desk.clock.now() + timedelta(hours=1)
        body = {**SILENCE, "ends_at": end.isoformat()}
        made = client.post("/api/v1/silences", json=body, headers=headers)
        self.silence = made.json()["id"]

    def headers(self, who: str) -> dict[str, str]:
        """How `who` comes."""
        if who in self.sessions:
            return {
                "cookie": f"tocsin_session={self.sessions[who]}",
                "sec-fetch-site": "same-origin",
            }
        if who in self.tokens:
            return {"authorization": f"Bearer {self.tokens[who]}"}
        return {}

    def routes(self) -> list[str]:
        """`METHOD /path` of every route of the API and the pages."""
        pages, prefixes = self.edge.installation.edge(asyncio.Event())
        scim = prefixes["/scim/v2"]
        assert isinstance(scim, Starlette)
        found = {
            f"{method} {route.path}"
            for route in [*pages.routes, *scim.routes]
            if isinstance(route, Route)
            for method in set(route.methods or ()) - {"HEAD", "OPTIONS"}
        }
        api = prefixes["/api/v1"]
        assert isinstance(api, FastAPI)
        found |= {
            f"{method.upper()} {path}"
            for path, operations in api.openapi()["paths"].items()
            for method in operations
        }
        found.add(f"GET {api.openapi_url}")
        return sorted(found, key=lambda one: one.split(" ")[::-1])

    def is_allowed(self, client: TestClient, who: str, route: str) -> bool:
        """Whether `who` gets past the door of `route`."""
        method, path = route.split(" ")
        answer = client.request(
            method,
            self._filled(path) + QUERIES.get(path, ""),
            json=BODIES.get(route, {})
            if path.startswith(("/api/", "/scim/"))
            else None,
            data={
                key: value.replace("{number}", self.number)
                for key, value in FORMS.get(route, {}).items()
            },
            headers=self.headers(who),
            follow_redirects=False,
        )
        assert answer.status_code < 500, (who, route, answer.text[:300])
        to_the_door = answer.headers.get("location", "").startswith(
            ("/sign-in", "/login")
        )
        return answer.status_code not in (401, 403) and not to_the_door

    def _filled(self, path: str) -> str:
        parts = path.split("/")
        for index, part in enumerate(parts):
            if "{number" in part:
                parts[index] = self.number
            elif "silence" in part and "{" in part:
                parts[index] = self.silence
            elif "{name:path}" in part:
                parts[index] = "tocsin.css"
            elif "{" in part:
                parts[index] = PARTS.get(parts[index - 1], "x")
        return "/".join(parts)


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    made = Cast(tmp_path_factory.mktemp("cast"))
    yield made
    made.edge.installation.stop()


@pytest.fixture(scope="module")
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(cast.edge, raise_server_exceptions=False) as made:
        cast.begin(made)
        yield made


def table() -> dict[str, list[bool]]:
    """The documented answers, in the order of WHO."""
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.match(r"`[A-Z]+ /", cells[0]):
            found[cells[0].strip("`")] = [cell == "yes" for cell in cells[1:]]
    return found


def test_every_route_is_in_the_table_and_none_that_is_gone(cast: Cast) -> None:
    assert sorted(table()) == sorted(cast.routes())


@pytest.mark.slow  # each route once for everybody: some hundred requests
@pytest.mark.parametrize("who", WHO)
def test_what_the_table_says_is_what_happens(
    cast: Cast, client: TestClient, who: str
) -> None:
    column = WHO.index(who)
    wrong = [
        f"{route}: {who} is {'not ' if answers[column] else ''}let in"
        for route, answers in table().items()
        if route not in APART
        and cast.is_allowed(client, who, route) is not answers[column]
    ]
    assert not wrong


# One ends the session that asks, one wants the password, one's answer never ends.
# True: for everybody; False: for people who are signed in.
APART = {"POST /sign-out": True, "POST /login/confirm": False, "GET /live": False}


def test_nobody_follows_what_happens_without_signing_in(client: TestClient) -> None:
    assert client.get("/live").status_code == 401


def _answered(cast: Cast, client: TestClient, who: str, route: str) -> str:
    if route in APART:
        allowed = APART[route] or who in PEOPLE
    else:
        allowed = cast.is_allowed(client, who, route)
    return "yes" if allowed else "–"


def main() -> None:
    """Print the table's rows as the routes answer now."""
    with tempfile.TemporaryDirectory() as home:
        cast = Cast(Path(home))
        with TestClient(cast.edge, raise_server_exceptions=False) as client:
            cast.begin(client)
            print(f"| request | {' | '.join(WHO)} |\n|{'---|' * (len(WHO) + 1)}")
            for route in cast.routes():
                cells = [_answered(cast, client, who, route) for who in WHO]
                print(f"| `{route}` | {' | '.join(cells)} |", flush=True)
        cast.edge.installation.stop()


if __name__ == "__main__":
    sys.exit(main())
