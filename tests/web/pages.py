"""Pages without a browser: the whole edge in this process, and people signed in to it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from tests.api.edge import Edge
from tocsin.engine.signing_in.visits import Visit

PEOPLE = """
teams: [{name: search, time_zone: UTC}]
people:
  - {name: viewer, email: v@example.com, role: viewer}
  - {name: other, email: o@example.com, role: viewer, teams: [search]}
  - {name: responder, email: r@example.com, role: viewer, teams: [payments]}
  - {name: lead, email: l@example.com, role: viewer, team_roles: {payments: lead}}
"""


class Desk:
    """What somebody gets who is signed in as a person of the cast."""

    def __init__(self, edge: Edge, client: TestClient) -> None:
        self.edge, self._client = edge, client
        self._sessions: dict[str, str] = {}

    def get(self, path: str, person: str = "lead") -> Any:
        return self._client.get(
            path, headers=self._headers(person), follow_redirects=False
        )

    def post(self, path: str, person: str = "lead", **fields: Any) -> Any:
        return self.form(path, fields, person)

    def form(self, path: str, fields: Any, person: str = "lead") -> Any:
        """A form with a field of any name."""
        return self._client.post(
            path, data=fields, headers=self._headers(person), follow_redirects=False
        )

    def send_file(
        self, path: str, fields: Any, name: str, file: Any, person: str = "lead"
    ) -> Any:
        """A form with a file."""
        return self._client.post(
            path, data=fields, files={name: file}, headers=self._headers(person),
            follow_redirects=False,
        )  # fmt: skip

    def at(self, host: str, path: str) -> Any:
        """What a stranger gets at another host name."""
        return self._client.get(path, headers={"host": host}, follow_redirects=False)

    def json(self, path: str, body: Any, person: str = "lead") -> Any:
        """What a program of a person is answered."""
        return self._client.post(path, json=body, headers=self._headers(person))

    def put(self, path: str, body: Any, person: str = "lead") -> Any:
        """The same of a program that puts an object in its place."""
        return self._client.put(path, json=body, headers=self._headers(person))

    def replace(self, path: str, body: Any, person: str = "lead") -> Any:
        """The same over what is there, whatever that is; None takes it away."""
        known = self.get(path, person).headers["etag"]
        headers = {**self._headers(person), "if-match": known}
        if body is None:
            return self._client.delete(path, headers=headers)
        return self._client.put(path, json=body, headers=headers)

    def document(self, noun: str, name: str) -> dict[str, Any] | None:
        """What is stored, as the API gives it."""
        answer = self.get(f"/api/v1/{noun}/{name}", "carol")
        return answer.json() if answer.status_code == 200 else None

    def _headers(self, person: str) -> dict[str, str]:
        desk = self.edge.desk
        if person not in self._sessions:
            link = desk.sign_in.link_for(person)
            visit = desk.credentials.links.enter(link, "sign-in", Visit())
            self._sessions[person] = visit.session
        cookie = f"{self.edge.desk.cookie}={self._sessions[person]}"
        return {"cookie": cookie, "sec-fetch-site": "same-origin"}


@contextmanager
def desk(home: Path, *more: str) -> Iterator[Desk]:
    """A running edge with the cast of tests/cast.py and PEOPLE."""
    edge = Edge(home, PEOPLE, *more, people=())
    with TestClient(edge, base_url="http://localhost") as client:
        yield Desk(edge, client)


def etag_in(text: str) -> str:
    """The version that a form was made of."""
    found = re.search(r'name="etag" value="([0-9a-f]+)"', text)
    assert found, "the form has no etag"
    return found.group(1)
