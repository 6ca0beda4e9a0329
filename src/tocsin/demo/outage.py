"""The demo's outage, played over HTTP and SMTP like anybody outside would.

It knows the server's address, an integration's key and the mailbox; nothing else. What
it shows is what came back over the wire.
"""

import re
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import httpx2
import structlog
from msgspec import Struct

from tocsin.demo.mailbox import Mail, Mailbox
from tocsin.interfaces.machine import Clock

log = structlog.get_logger()

_LINK = re.compile(r"https?://\S+/p/\S+")
_PATIENCE_SECONDS = 60.0


class Step(Struct, frozen=True):
    """One thing that happened in the outage, for the live view."""

    at: datetime
    title: str
    detail: str
    state: str = "done"  # done | running | failed
    link: str = ""


class Outage:
    """Plays once, in a thread."""

    def __init__(self, *, url: str, key: str, mailbox: Mailbox, clock: Clock) -> None:
        self._url = url
        self._key = key
        self._mailbox = mailbox
        self._clock = clock
        self._steps: list[Step] = []
        self._started: datetime | None = None
        self._pause = threading.Event()
        self.finished = threading.Event()
        self.worked = False
        self._ended: Callable[[], None] | None = None
        self._thread = threading.Thread(
            target=self._run, name="tocsin-demo", daemon=True
        )

    def start(self, *, ended: Callable[[], None] | None = None) -> None:
        """Begin; `ended` is called when it is over, however it went."""
        self._ended = ended
        self._thread.start()

    def stop(self) -> None:
        """Do not wait any longer."""
        self._pause.set()

    def steps(self) -> Sequence[Step]:
        """What has happened so far, oldest first."""
        return list(self._steps)

    def _run(self) -> None:
        try:
            self._play()
            self.worked = True
        except (httpx2.HTTPError, _Failed) as error:
            self._say("The demo could not go on", str(error), state="failed")
            log.error("demo_failed", reason=str(error))
        finally:
            self.finished.set()
            if self._ended is not None:
                self._ended()

    def _play(self) -> None:
        # Of a demo that was stopped in the middle nobody is paged any more.
        self._post(self._alert(firing=False))
        self._started = None
        self._pause.wait(4)
        seen = self._last_mail()
        self._fire()
        first = self._mail(seen, timeout_seconds=_PATIENCE_SECONDS)
        self._say(
            f"{first.to} is paged by mail",
            "Nobody answers. Whoever is next on call is mailed 20 seconds later.",
            link=f"/demo/mail/{first.id}",
        )
        second = self._mail(
            first.id, timeout_seconds=_PATIENCE_SECONDS, not_to=first.to
        )
        self._say(
            f"{second.to} is paged as well",
            "The policy's second level was due and nobody had acknowledged.",
            link=f"/demo/mail/{second.id}",
        )
        self._pause.wait(8)
        self._acknowledge(second)
        self._pause.wait(12)
        self._resolve()

    def _fire(self) -> None:
        self._post(self._alert(firing=True))
        self._say(
            "Prometheus fires: checkout error rate 31%",
            f"POST {self._url}/in/…/api/v2/alerts was answered 200: it is stored.",
            link="/alerts",
        )

    def _acknowledge(self, mail: Mail) -> None:
        found = _LINK.search(mail.text)
        if found is None:
            raise _Failed(f"the mail to {mail.to} has no page link")
        link = found.group(0).rstrip(">.")
        answer = httpx2.post(link, data={"do": "ack"}, timeout=10)
        if answer.status_code >= 400:
            raise _Failed(f"the page link answered {answer.status_code}")
        self._say(
            f"{mail.to} acknowledges from the mail's link",
            "Nobody else is paged from here on.",
            link="/alerts",
        )

    def _resolve(self) -> None:
        self._post(self._alert(firing=False))
        self._say(
            "Prometheus resolves it",
            "The error rate is back to normal. Look at the alert's timeline.",
            link="/alerts",
        )

    def _mail(self, after: int, *, timeout_seconds: float, not_to: str = "") -> Mail:
        deadline = self._clock.monotonic() + timeout_seconds
        while (left := deadline - self._clock.monotonic()) > 0:
            mail = self._mailbox.wait_for_any(after=after, timeout_seconds=left)
            if mail is None:
                break
            if mail.to != not_to:
                return mail
            after = mail.id
        raise _Failed(f"no mail came within {timeout_seconds:.0f} s")

    def _last_mail(self) -> int:
        mails = self._mailbox.mails()
        return mails[0].id if mails else 0

    def _alert(self, *, firing: bool) -> list[dict[str, object]]:
        now = self._clock.now()
        self._started = self._started or now
        ends = now + timedelta(minutes=4) if firing else now
        return [
            {
                "labels": {
                    "alertname": "HighErrorRate",
                    "service": "checkout-web",
                    "region": "eu-central",
                    "severity": "critical",
                },
                "annotations": {
                    "summary": "Checkout error rate 31%, normal is 0.3%",
                    "description": "Customers in the EU cannot pay by card.",
                },
                "startsAt": self._started.isoformat(),
                "endsAt": ends.isoformat(),
                "generatorURL": "https://prometheus.meridian.example/graph",
            }
        ]

    def _post(self, alerts: list[dict[str, object]]) -> None:
        url = f"{self._url}/in/{self._key}/api/v2/alerts"
        answer = httpx2.post(url, json=alerts, timeout=10)
        if answer.status_code != 200:
            raise _Failed(f"the alert was answered {answer.status_code}: {answer.text}")

    def _say(
        self, title: str, detail: str, *, state: str = "done", link: str = ""
    ) -> None:
        self._steps.append(Step(self._clock.now(), title, detail, state, link))
        log.info("demo", step=title)


class _Failed(Exception):
    """The outage cannot go on; the text is shown."""
