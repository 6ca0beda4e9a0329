"""The whole installation behind HTTP, on a clock that the story moves."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.cast import MONDAY_9AM, RecordingPager, SetClock
from tocsin.app import Installation
from tocsin.engine.loop import Delivery
from tocsin.engine.outbox import Posting
from tocsin.interfaces.pagers import Pager
from tocsin.system import SteadyClock
from tocsin.wiring.channels import pagers


class StoryClock(SetClock, SteadyClock):
    """Stands still until it is told to move, as the installation's own clock."""

    steps = 0


class StagedInstallation(Installation):
    """Steps when it is told to, and calls channels that note what they were asked."""

    clock: StoryClock

    def _pagers(self) -> dict[str, Pager]:
        made = [RecordingPager(one, self.clock) for one in ("email", "webhook")]
        self.recorders = {one.channel: one for one in made}
        real = pagers(self.settings, now=self.clock.now, monotonic=self.clock.monotonic)
        return {**real, **self.recorders}

    def _dispatch(self, delivery: Delivery) -> None:
        delivery()

    def _hand_out(self, posting: Posting) -> None:
        posting()

    def start(self) -> None:
        """Boot; the story steps."""
        self.engine.boot()
        self.outbox.boot()

    def stop(self) -> None:
        """Nothing runs that would have to be ended."""
        self.database.close()


class Stage(Edge):
    """People who act over HTTP, and time that passes between."""

    def __init__(
        self, home: Path, *more: str, people: tuple[str, ...], **settings: Any
    ) -> None:
        self.clock = StoryClock()
        super().__init__(home, *more, people=people, **settings)

    def make(self, settings: Any) -> Installation:
        """The installation."""
        self.staged = StagedInstallation(settings, clock=self.clock)
        return self.staged

    def open(self, client: TestClient) -> None:
        """Requests go through this client."""
        self.client = client

    def ask(
        self,
        who: str,
        method: str,
        path: str,
        body: object = None,
        *,
        if_match: str = "",
        **more: Any,
    ) -> Response:
        """A request of somebody with their token."""
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        if if_match:
            headers["if-match"] = f'"{if_match}"'
        return self.client.request(
            method, f"/api/v1{path}", json=body, headers=headers, **more
        )

    def do(self, who: str, path: str, **body: object) -> dict[str, Any]:
        """A POST that succeeds."""
        answer = self.ask(who, "POST", path, body)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return dict(answer.json())

    def pass_time(self, *, minutes: float) -> None:
        """Time passes; the engine steps whenever it asked to be woken."""
        engine = self.installation.engine
        end = self.clock.at + timedelta(minutes=minutes)
        while (due := engine.step()) < end:
            self.clock.at = max(due, self.clock.at + timedelta(milliseconds=10))
        self.clock.at = end
        engine.step()

    def post(self, *, minutes: float = 0) -> None:
        """The outbox sends what is due, for so long."""
        outbox, end = (
            self.installation.outbox,
            self.clock.at + timedelta(minutes=minutes),
        )
        # A few looks more: what is in order goes out one by one.
        end += timedelta(seconds=5)
        while (due := outbox.step()) < end:
            self.clock.at = max(due, self.clock.at)
        self.clock.at = end
        outbox.step()

    def paged(self) -> list[tuple[int, str]]:
        """(minute, person) of everything that went out."""
        sent = sorted(
            (at, person)
            for one in self.staged.recorders.values()
            for at, person, _ in one.sent
        )
        return [
            (round((at - MONDAY_9AM).total_seconds() / 60), person)
            for at, person in sent
        ]
