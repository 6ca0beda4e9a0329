"""Two who each have to acknowledge: the second finds the button, not "you can sleep"."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.stories.stage import Stage

POLICY = """
people:
  - {name: alice, email: alice@example.com, teams: [payments]}
  - {name: bob, email: bob@example.com, teams: [payments]}
escalation_policies:
  - name: payments
    team: payments
    levels:
      - {after: 0m, page: [{user: alice}, {user: bob}], everyone_acks: true}
    fallback: [{user: carol}]
"""
KEY = "0123456789abcdef0123456789abcdef"

pytestmark = pytest.mark.slow  # a whole edge is started


def test_the_second_is_asked_by_their_page_link(tmp_path: Path) -> None:
    stage = Stage(tmp_path, POLICY, people=("alice", "carol"))
    with TestClient(stage, raise_server_exceptions=False) as client:
        stage.open(client)
        body = {"action": "trigger", "key": "e", "severity": "SEV2", "title": "E"}
        assert client.post(f"/in/{KEY}", json=body).status_code == 202
        stage.pass_time(minutes=1)
        sent = stage.installation.recorders["email"].sent
        links = {who: one.link[one.link.index("/p/") :] for _, who, one in sent}
        alices, bobs = links["alice"], links["bob"]
        said = client.post(alices, data={"do": "ack"}, follow_redirects=False)
        assert said.status_code == 303
        assert "You have it" in client.get(alices).text
        shown = client.get(bobs).text
        assert 'value="ack"' in shown
        assert "You can sleep" not in shown
        said = client.post(bobs, data={"do": "ack"}, follow_redirects=False)
        assert said.status_code == 303
        assert "You have it" in client.get(bobs).text
        assert "You can sleep" in client.get(alices).text
    stage.installation.stop()
