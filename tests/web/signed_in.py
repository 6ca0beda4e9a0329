"""Somebody who is signed in, without a browser: pages and forms over HTTP."""

from starlette.testclient import TestClient

from tests.api.edge import Edge


class SignedIn:
    """A client that is signed in as somebody."""

    def __init__(self, edge: Edge, client: TestClient, person: str) -> None:
        desk = edge.desk
        link = f"/sign-in/{desk.sign_in.link_for(person)}"
        session = client.post(link, follow_redirects=False).cookies[desk.cookie]
        client.cookies.clear()
        self._client = client
        self._headers = {
            "cookie": f"{desk.cookie}={session}",
            "sec-fetch-site": "same-origin",
        }

    def get(self, path: str, status: int = 200) -> str:
        answer = self._client.get(path, headers=self._headers, follow_redirects=False)
        assert answer.status_code == status, answer.text[-2000:]
        return answer.text

    def post(self, path: str, status: int = 303, **form: str) -> tuple[str, str]:
        """(where it leads, the page) of a form."""
        answer = self._client.post(
            path, data=form, headers=self._headers, follow_redirects=False
        )
        assert answer.status_code == status, answer.text[-2000:]
        return answer.headers.get("location", ""), answer.text
