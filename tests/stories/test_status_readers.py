"""Whoever reads a status page reads the same: in a feed, by mail, in JSON, from a file.

The files are read by the npm client of Statuspage's API, with Tocsin stopped.
"""

import functools
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.peers.programs import require
from tests.stories.stage import Stage
from tests.stories.test_status import _send_all, declared, page, told
from tests.stories.test_status_mails import Mailbox, mailbox, stage, subscribed

__all__ = ["mailbox", "stage"]  # fixtures
SCRIPT = Path(__file__).parent.parent / "peers" / "statuspage.mjs"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *said: Any) -> None:
        """Nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[str]:
    """The address of a file server that knows nothing of Tocsin."""
    handler = functools.partial(_Quiet, directory=str(tmp_path / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/meridian"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.slow  # starts node
def test_statuspages_own_client_reads_the_files_with_tocsin_stopped(
    stage: Stage, folder: str
) -> None:
    stage.ask(
        "carol", "POST", "/maintenance-windows",
        {"name": "db", "services": ["checkout"], "notice": "We move a database.",
         "start": "2024-03-05T09:00:00Z", "end": "2024-03-05T10:00:00Z"},
    )  # fmt: skip
    number = declared(stage)
    told(stage, number, "Some card payments fail.", "investigating", minutes=20)
    over = declared(stage)
    told(stage, over, "Transfers were slow.", "resolved")
    _send_all(stage)
    stage.installation.stop()
    read = json.loads(
        subprocess.run(
            [require("node"), str(SCRIPT), folder],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
    )  # fmt: skip
    assert read["status"]["page"]["name"] == "Meridian Pay"
    assert read["status"]["status"]["indicator"] == "major"
    states = {one["id"]: one["status"] for one in read["components"]["components"]}
    assert states == {"cards": "partial_outage", "transfers": "operational"}
    (open_,) = read["unresolved"]["incidents"]
    assert open_["incident_updates"][0]["body"] == "Some card payments fail."
    assert read["summary"]["incidents"] == [open_]
    assert len(read["incidents"]["incidents"]) == 2


def test_feed_json_page_file_and_mail_say_the_same_within_a_minute(
    stage: Stage, mailbox: Mailbox, tmp_path: Path
) -> None:
    subscribed(stage, mailbox, "eve@example.com")
    number = declared(stage)
    for stage_, body in (
        ("investigating", "Some card payments fail. Transfers work."),
        ("identified", "A disk is full, and we make room."),
        ("resolved", "All payments work again."),
    ):
        said_at = stage.clock.at
        told(stage, number, body, stage_)
        stage.pass_time(minutes=0)
        stage.post(minutes=0.5)
        assert (stage.clock.at - said_at).total_seconds() <= 60
        site = tmp_path / "site" / "meridian"
        places = {
            "page": page(stage, f"/i/{number}.html"),
            "atom": page(stage, "/feed.atom"),
            "rss": page(stage, "/feed.rss"),
            "json": page(stage, "/api/v2/incidents.json"),
            "file": (site / "i" / f"{number}.html").read_text(),
            "file's feed": (site / "feed.atom").read_text(),
            "file's JSON": (site / "api" / "v2" / "incidents.json").read_text(),
            "mail": mailbox.to("eve@example.com")[-1],
        }
        missing = [name for name, text in places.items() if body not in text]
        assert not missing, stage_
