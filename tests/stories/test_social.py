"""An update goes to social networks once, and only after the commander's word."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.integrations.test_social import SECRET, FakeMastodon, FakePds
from tests.stories.stage import Stage
from tests.web.signed_in import SignedIn

LINK = "https://status.example.com"


@pytest.fixture
def mastodon() -> Iterator[FakeMastodon]:
    made = FakeMastodon()
    yield made
    made.stop()


@pytest.fixture
def pds() -> Iterator[FakePds]:
    made = FakePds()
    yield made
    made.stop()


@pytest.fixture
def stage(tmp_path: Path, mastodon: FakeMastodon, pds: FakePds) -> Iterator[Stage]:
    made = Stage(
        tmp_path, people=("alice", "bob"), mastodon_url=mastodon.url,
        mastodon_token=SECRET, bluesky_url=pds.url, bluesky_handle="acme.example",
        bluesky_password=SECRET, social_link=LINK,
    )  # fmt: skip
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()


def told(stage: Stage, who: str, body: str, **more: object) -> dict[str, object]:
    made = stage.do(
        who, "/incidents/1/updates", audience="external", stage="investigating",
        body=body, channels=["mastodon", "bluesky"], minutes=30, **more,
    )  # fmt: skip
    stage.post()
    return made


def updates(stage: Stage) -> list[dict[str, object]]:
    return list(stage.ask("alice", "GET", "/incidents/1").json()["updates"])


def test_what_the_commander_approved_is_posted_once_and_as_one_thread(
    stage: Stage, mastodon: FakeMastodon, pds: FakePds
) -> None:
    stage.do("alice", "/incidents", title="Cards fail", page=False)
    stage.do("alice", "/incidents/1/roles/ic", do="take")
    told(stage, "bob", "We are investigating failing payments.")
    assert mastodon.statuses == [] and pds.records == {}
    [proposed] = [one for one in updates(stage) if one["state"] == "proposed"]

    mastodon.lose_answers = 1
    stage.do("alice", f"/incidents/1/updates/{proposed['id']}", approve=True)
    stage.post(minutes=2)
    assert [one["content"] for one in mastodon.statuses] == [
        f"We are investigating failing payments. {LINK}"
    ]
    assert len(pds.records) == 1

    told(stage, "alice", "It is over.")
    assert mastodon.statuses[1]["in_reply_to_id"] == "1"
    assert len(pds.records) == 2
    log = stage.ask("alice", "GET", "/incidents/1/log").json()["log"]
    posted = [one["text"] for one in log if one["text"].startswith("Posted on")]
    assert len(posted) == 4
    assert "Posted on Mastodon: https://social.example/@acme/1" in posted


def test_a_page_shows_each_post_before_it_goes_out(
    stage: Stage, mastodon: FakeMastodon
) -> None:
    stage.do("alice", "/incidents", title="Cards fail", page=False)
    stage.do("alice", "/incidents/1/roles/ic", do="take")
    alice = SignedIn(stage, stage.client, "alice")
    path = "/incidents/1/update"
    form = alice.get(path)
    assert "Mastodon" in form and 'value="x"' not in form
    words = {"audience": "external", "stage": "update", "social": "bluesky"}
    body = "Card payments fail in the EU. " * 15
    _, seen = alice.post(path, 200, **words, body=body, do="look")
    assert "On Bluesky" in seen and "of 300" in seen and "so it is cut" in seen
    assert f"… {LINK}" in seen and mastodon.statuses == []
    words["social"] = "mastodon"
    alice.post(path, **words, body="We are on it.", do="send")
    stage.post()
    assert [one["content"] for one in mastodon.statuses] == [f"We are on it. {LINK}"]
    # What is for people inside is posted nowhere, whatever was ticked.
    words["audience"] = "internal"
    alice.post(path, **words, body="Between us.", do="send")
    stage.post()
    assert len(mastodon.statuses) == 1


def test_what_the_commander_did_not_approve_never_leaves(
    stage: Stage, mastodon: FakeMastodon, pds: FakePds
) -> None:
    stage.do("alice", "/incidents", title="Cards fail", page=False)
    stage.do("alice", "/incidents/1/roles/ic", do="take")
    told(stage, "bob", "It was Eve.")
    [proposed] = updates(stage)
    stage.do("alice", f"/incidents/1/updates/{proposed['id']}", approve=False)
    stage.do(
        "alice", "/incidents/1/updates", audience="internal", stage="update",
        body="Between us.", channels=["mastodon"],
    )  # fmt: skip
    stage.post(minutes=5)
    assert mastodon.statuses == [] and pds.records == {}


def test_a_drill_is_told_to_nobody(stage: Stage, mastodon: FakeMastodon) -> None:
    stage.do("alice", "/incidents", title="Cards fail", page=False, drill=True)
    stage.do("alice", "/incidents/1/roles/ic", do="take")
    told(stage, "alice", "Only a drill.")
    assert mastodon.statuses == []


def test_a_network_that_is_not_set_up_is_said_in_the_log(stage: Stage) -> None:
    stage.do("alice", "/incidents", title="Cards fail", page=False)
    stage.do("alice", "/incidents/1/roles/ic", do="take")
    stage.do(
        "alice", "/incidents/1/updates", audience="external", stage="update",
        body="We are on it.", channels=["x"],
    )  # fmt: skip
    stage.post()
    log = stage.ask("alice", "GET", "/incidents/1/log").json()["log"]
    assert "The post on X failed: nothing is set up for 'x'" in [e["text"] for e in log]
