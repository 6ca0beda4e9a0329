"""The preflight list: the same by page, API and doctor; slow checks are remembered."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.peers.programs import until
from tests.web.signed_in import SignedIn
from tocsin.engine.checks import BAD, OFF, OK, WARN, Check
from tocsin.engine.preflight import Preflight, Seen, Setting

GAP = """
schedules:
  - name: nights
    team: payments
    rotations:
      - {name: Late, users: [alice], start: "2099-01-01T00:00", length: 1 week}
"""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    made = Edge(tmp_path_factory.mktemp("edge"), GAP, people=("carol",))
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as made:
        yield made


def preflight(edge: Edge, reached: list[str], **settings: object) -> Preflight:
    setting = Setting(
        database_url=edge.installation.settings.database_url,
        channels=frozenset({"webhook", "canary"}),
        public_url="https://tocsin.example.com",
        has_public_url=True,
        ballast_mib=0,
        **settings,  # type: ignore[arg-type]
    )

    def reach() -> str:
        reached.append("asked")
        return "https://tocsin.example.com could not be reached: refused"

    return Preflight(
        edge.desk.database,
        setting,
        edge.desk.audit,
        edge.desk.clock,
        directory=edge.desk.directories.current,
        seen=lambda: Seen(
            started_at=edge.desk.clock.now(), pages_here=True, clock_steps=2
        ),
        reach=reach,
    )


def named(checks: list[Check]) -> dict[str, Check]:
    return {one.name: one for one in checks}


def test_every_line_that_is_not_well_says_what_to_do(edge: Edge) -> None:
    found = preflight(edge, []).checks(wait=True)
    assert not [one for one in found if one.state in (BAD, WARN) and not one.todo]
    by = named(found)
    assert by["channels"].state == BAD
    assert "TOCSIN_SMTP_URL" in by["channels"].says
    assert "alice" in by["people"].says
    assert by["clock"].state == WARN
    assert by["backups"].state == OFF
    assert by["own address"].state == WARN
    assert by["audit log"].state == OK
    assert by["ballast"].state == WARN


def test_slow_checks_are_looked_at_beside_and_once(edge: Edge) -> None:
    reached: list[str] = []
    made = preflight(edge, reached)
    assert named(made.checks())["audit log"].state in (OFF, OK)
    until(lambda: named(made.checks())["audit log"].state == OK)
    for _ in range(5):
        made.checks()
    assert reached == ["asked"]


def test_a_gap_of_the_next_fortnight_is_named(edge: Edge) -> None:
    found = named(preflight(edge, []).checks(wait=True))["coverage"]
    assert "nights/Late" in found.says or found.state == OK


def test_page_and_api_have_the_same_lines(edge: Edge, client: TestClient) -> None:
    until(lambda: len(edge.desk.preflight.checks()) > 18, what="the slow checks")
    headers = {"authorization": f"Bearer {edge.tokens['carol']}"}
    listed = client.get("/api/v1/health", headers=headers).json()["checks"]
    page = SignedIn(edge, client, "carol").get("/admin/health")
    for one in listed:
        assert f'data-key="{one["check"]}"' in page
    assert {one["state"] for one in listed} <= {"ok", "warn", "bad", "off"}
