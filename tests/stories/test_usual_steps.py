"""Somebody who chose no steps is texted and called, in the order that is usual."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.cast import MONDAY_9AM, RecordingPager
from tests.stories.stage import Stage, StagedInstallation
from tocsin.interfaces.pagers import Pager

PHONE = "+4915100000001"
PEOPLE = f"""
people:
  - name: alice
    email: alice@example.com
    time_zone: UTC
    teams: [payments]
    contacts:
      - {{by: voice, address: "{PHONE}"}}
      - {{by: sms, address: "{PHONE}"}}
"""
KEY = "0123456789abcdef0123456789abcdef"


class WithPhones(StagedInstallation):
    """Texts and calls are noted as mails are."""

    def _pagers(self) -> dict[str, Pager]:
        found = super()._pagers()
        for channel in ("sms", "voice"):
            self.recorders[channel] = RecordingPager(channel, self.clock)
        return {**found, **self.recorders}


class Play(Stage):
    """Alice has a mail address and a telephone, and chose nothing."""

    def make(self, settings: Any) -> WithPhones:
        self.staged = WithPhones(settings, clock=self.clock)
        return self.staged

    def alert(self, severity: str) -> None:
        body = {"action": "trigger", "key": severity, "severity": severity}
        answer = self.client.post(f"/in/{KEY}", json={**body, "title": "Errors 31%"})
        assert answer.status_code == 202, answer.text
        self.installation.engine.step()

    def reached(self, person: str = "alice") -> list[tuple[int, str]]:
        """(minute, channel) of what went out to somebody."""
        return sorted(
            (round((at - MONDAY_9AM).total_seconds() / 60), channel)
            for channel, recorder in self.staged.recorders.items()
            for at, who, _ in recorder.sent
            if who == person
        )


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    made = Play(tmp_path, PEOPLE, people=("alice", "carol"))
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()


URGENT = [(0, "email"), (1, "sms"), (3, "voice"), (5, "voice")]


def test_the_telephone_rings_for_who_chose_nothing(play: Play) -> None:
    play.alert("SEV2")
    play.pass_time(minutes=10)
    assert play.reached() == URGENT


def test_what_is_not_urgent_rings_nobody(play: Play) -> None:
    play.alert("SEV4")
    play.pass_time(minutes=30)
    assert play.reached() == [(0, "email")]


def test_one_is_shown_the_steps_that_are_in_force(play: Play) -> None:
    me = play.ask("alice", "GET", "/me").json()
    assert me["notify"] == {"high": [], "low": []}
    shown = [(one["after_seconds"] // 60, one["by"]) for one in me["steps"]["high"]]
    assert shown == URGENT
    assert me["steps"]["low"] == [{"by": "email", "after_seconds": 0}]
    own = {"notify": {"high": [{"by": "sms", "after": "0s"}]}}
    assert play.ask("alice", "PATCH", "/me", own).status_code == 200
    me = play.ask("alice", "GET", "/me").json()
    assert me["steps"]["high"] == [{"by": "sms", "after_seconds": 0}]
