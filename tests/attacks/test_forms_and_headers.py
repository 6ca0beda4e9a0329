"""Forms of other sites, foreign hosts, frames, caches, cookies, paths and bodies.

Every route is found by asking the program, so a page that is added is attacked too.
"""

import asyncio
import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.api.test_api import EVENTS, KEY, MORE
from tests.attacks import routes
from tocsin.api import access

EVIL = "evil.example"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    made = Edge(tmp_path_factory.mktemp("attacked"), MORE, people=("alice", "carol"))
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def anyone(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, base_url="http://127.0.0.1:8080") as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture(scope="module")
def cookie(edge: Edge, anyone: TestClient) -> str:
    """The session of an admin, as a Cookie header."""
    answer = anyone.post(f"/sign-in/{edge.link}", follow_redirects=False)
    anyone.cookies.clear()
    anyone.post(
        f"/in/{KEY}", json={"key": "k", "title": "Fires", "severity": "critical"}
    )
    return answer.headers["set-cookie"].split(";")[0]


# The same for everybody: nothing of anybody's is in it.
PUBLIC = ("/static/", "/manifest.webmanifest", "/sw.js")
FOREIGN = [
    {"sec-fetch-site": "cross-site", "origin": f"https://{EVIL}"},
    {"sec-fetch-site": "same-site", "origin": "http://other.127.0.0.1:8080"},
    {"sec-fetch-site": "cross-site"},
    {"origin": f"https://{EVIL}"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8081"},
    {"origin": "http://127.0.0.1:8080.evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_form_of_another_site_does_anything(
    edge: Edge, anyone: TestClient, cookie: str, headers: dict[str, str]
) -> None:
    attacked = [
        (method, path)
        for method, path in routes.of_pages(edge) + routes.of_the_api(edge)
        if method in routes.UNSAFE
    ]
    assert len(attacked) >= 8
    let_through = []
    for method, path in attacked:
        answer = anyone.request(
            method,
            path,
            headers={**headers, "cookie": cookie},
            data={"do": "resolve", "email": "carol@example.com"},
            follow_redirects=False,
        )
        if answer.status_code != 403:
            let_through.append((method, path, answer.status_code))
    assert not let_through


def test_the_start_sees_every_operation_that_is_described(edge: Edge) -> None:
    """A route that the check of permissions does not see could stand open."""
    _, prefixes = edge.installation.edge(asyncio.Event())
    api = prefixes["/api/v1"]
    seen = [
        method
        for route in access.operations(api.routes)  # type: ignore[attr-defined]
        for method in route.methods
    ]
    assert len(seen) == len(routes.of_the_api(edge))


def test_a_form_of_our_own_page_is_taken(anyone: TestClient, cookie: str) -> None:
    own = {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8080"}
    answer = anyone.post(
        "/alerts/1",
        data={"do": "note", "text": "seen"},
        headers={**own, "cookie": cookie},
        follow_redirects=False,
    )
    assert answer.status_code == 303


def every_answer(edge: Edge, anyone: TestClient, cookie: str, **headers: str):  # type: ignore[no-untyped-def]
    paths = [
        (method, path)
        for method, path in routes.of_pages(edge) + routes.of_the_api(edge)
        if method == "GET" and path != "/live"
    ]
    assert len(paths) >= 20
    more = ["/static/-/tocsin.css", "/nothing", "/alerts/99", "/healthz", "/metrics"]
    for path in [*(one for _, one in paths), *more, f"/in/{KEY}"]:
        for who in ({"cookie": cookie}, {}):
            yield (
                path,
                anyone.get(path, headers={**headers, **who}, follow_redirects=False),
            )


def test_no_answer_can_be_framed_sniffed_or_kept(
    edge: Edge, anyone: TestClient, cookie: str
) -> None:
    wrong = []
    for path, answer in every_answer(edge, anyone, cookie):
        headers = answer.headers
        if headers.get("x-content-type-options") != "nosniff":
            wrong.append((path, "sniffed"))
        if path.startswith("/in/"):
            continue
        policy = headers.get("content-security-policy", "")
        if "frame-ancestors 'none'" not in policy or "default-src 'none'" not in policy:
            wrong.append((path, "framed", policy))
        if "unsafe" in policy or "*" in policy:
            wrong.append((path, "loose", policy))
        kept = headers.get("cache-control", "")
        if "no-store" not in kept and not path.startswith(PUBLIC):
            wrong.append((path, "cached", kept))
        if answer.status_code >= 500 and path != "/readyz":
            wrong.append((path, answer.status_code))
    assert not wrong


def test_a_foreign_host_header_stands_in_no_link(
    edge: Edge, anyone: TestClient, cookie: str
) -> None:
    shown = []
    for path, answer in every_answer(
        edge,
        anyone,
        cookie,
        host=EVIL,
        **{"x-forwarded-host": EVIL, "forwarded": f"host={EVIL}"},
    ):
        if EVIL in answer.text or EVIL in str(answer.headers):
            shown.append(path)
    assert not shown


def test_a_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    edge: Edge, anyone: TestClient
) -> None:
    link = edge.installation.front_desk().sign_in.link_for("alice")
    answer = anyone.post(f"/sign-in/{link}", follow_redirects=False)
    anyone.cookies.clear()
    attributes = {
        one.strip().lower() for one in answer.headers["set-cookie"].split(";")
    }
    assert "httponly" in attributes
    assert attributes & {"samesite=lax", "samesite=strict"}
    assert "path=/" in attributes
    assert not any(one.startswith("domain") for one in attributes)


@pytest.mark.parametrize(
    "name",
    [
        "../site.py", "..%2fsite.py", "%2e%2e/site.py", "..%5csite.py", "%00", "a%00.css",
        "....//site.py", "/etc/passwd", "%2fetc%2fpasswd", "vendor/../../site.py",
        "..%252fsite.py", "..\\site.py", ".", "", "%c0%ae%c0%ae/site.py", "x" * 5000,
    ],
)  # fmt: skip
def test_static_files_lead_nowhere_else(anyone: TestClient, name: str) -> None:
    for digest in ("-", "..", "%2e%2e"):
        answer = anyone.get(f"/static/{digest}/{name}", follow_redirects=False)
        assert answer.status_code in (303, 404, 405), (digest, name)
        assert "def build" not in answer.text and "root:" not in answer.text


DEEP = b"[" * 200_000 + b"]" * 200_000
BODIES = {
    "deep list": DEEP,
    "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(60_000)) + b"}",
    "long number": b'{"severity":' + b"9" * 100_000 + b"}",
    "not text": b"\xff\xfe\x00" * 1000,
    "lone surrogate": b'{"key":"k","title":"\\ud800"}',
    "too long": b'{"title":"' + b"x" * 1_100_000 + b'"}',
    "nothing": b"",
    "nan": b'{"severity":NaN}',
}


@pytest.mark.slow  # bodies of a megabyte, through every dialect
@pytest.mark.parametrize("kind", BODIES)
def test_no_body_breaks_or_holds_up_an_intake(anyone: TestClient, kind: str) -> None:
    places = [
        f"/in/{KEY}",
        f"/in/{KEY[::-1]}/api/v2/alerts",
        f"/in/{'a' * 32}",
        f"/in/{EVENTS}",
        "/v2/enqueue",
        "/v2/change/enqueue",
        f"/ping/{'b' * 32}",
        "/api/v1/alerts",
    ]
    for path in places:
        began = time.monotonic()
        answer = anyone.post(
            path, content=BODIES[kind], headers={"content-type": "application/json"}
        )
        assert answer.status_code < 500, path
        assert time.monotonic() - began < 5, path


@pytest.mark.parametrize("path", ["/sign-in", "/alerts/1", "/p/1-x-y"])
@pytest.mark.parametrize("is_told", [True, False])
def test_no_form_fills_the_memory(
    anyone: TestClient, cookie: str, path: str, is_told: bool
) -> None:
    body = b"email=" + b"a" * 2_000_000
    headers = {"content-type": "application/x-www-form-urlencoded", "cookie": cookie}

    def chunks() -> Iterator[bytes]:
        for at in range(0, len(body), 65536):
            yield body[at : at + 65536]

    content = body if is_told else chunks()
    answer = anyone.post(path, content=content, headers=headers, follow_redirects=False)
    assert answer.status_code == 413
    assert "1 MiB" in answer.text


def test_the_list_can_be_downloaded_as_it_is_filtered(
    anyone: TestClient, cookie: str
) -> None:
    anyone.post(
        f"/in/{KEY}",
        json={"key": "csv", "title": '=cmd|"/C calc"!A0', "severity": "critical"},
    )
    answer = anyone.get("/alerts.csv?tab=firing", headers={"cookie": cookie})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    lines = answer.text.split("\r\n")
    assert lines[0].startswith('"alert","severity","state","service","title"')
    assert """"'=cmd|""/C calc""!A0\"""" in answer.text
    closed = anyone.get("/alerts.csv?tab=closed", headers={"cookie": cookie})
    assert len(closed.text.split("\r\n")) == 2
    assert anyone.get("/alerts.csv", follow_redirects=False).status_code == 303
