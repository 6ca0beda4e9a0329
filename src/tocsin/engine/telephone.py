"""What comes back by telephone: replies, keys, delivery reports. Blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.pages import replies
from tocsin.core.pages.replies import KEYS, MENU, Verb
from tocsin.engine import page_answers, receipts
from tocsin.engine.answering import Acted, Via
from tocsin.engine.audit import Actor
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.declaring import Draft
from tocsin.engine.page_answers import Message
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.pagers import Rang
from tocsin.store import alerts as stored_alerts
from tocsin.store import reply_codes
from tocsin.store.database import Tx

# A number means the message that it named within this time, as long as its link.
_CODES_GOOD_FOR = timedelta(hours=24)
_HELP = (
    "Reply with the message's number and a letter, such as 1a: a acknowledges, p passes "
    "it on, d declares an incident."
)
_GONE = "This message is too old to be answered; sign in to act."
# Forged requests are counted by the log; the record holds one a minute for each door.
_RECORD_EVERY = timedelta(minutes=1)


class Said(Struct, frozen=True):
    """What is said back; `listens` where another key may be pressed."""

    text: str
    listens: bool = False


@dataclass
class Telephone:
    """Thread-safe but for the times of `_recorded`, where a tie costs one row more."""

    desk: FrontDesk

    def __post_init__(self) -> None:
        self._recorded: dict[str, datetime] = {}

    def hear(self, rang: Rang) -> Said:
        """Do what is asked, committed when this returns."""
        match rang.kind:
            case "report":
                self._report(rang)
                return Said("")
            case "reply":
                return Said(self._reply(rang))
            case "answered":
                return self._answered(rang)
        return self._key(rang)

    def refused(self, provider: str, reason: str, address: str) -> None:
        """Somebody who is not the provider asked in its name: on the record."""
        now = self.desk.clock.now()
        last = self._recorded.get(provider)
        if last is not None and now - last < _RECORD_EVERY:
            return
        self._recorded[provider] = now
        actor = Actor("", "telephone", address)
        self.desk.database.write(
            lambda tx: self.desk.audit.write(
                tx, actor, "refuse", "telephone", provider,
                after={"reason": reason}, now=now,
            )
        )  # fmt: skip

    def _report(self, rang: Rang) -> None:
        now = self.desk.clock.now()
        self.desk.database.write(
            lambda tx: receipts.report(tx, rang.message, rang.delivered, now=now)
        )
        self.desk.wake()

    def _reply(self, rang: Rang) -> str:
        asked = replies.read(rang.text)
        now = self.desk.clock.now()
        since = now - _CODES_GOOD_FOR

        def work(tx: Tx) -> Message | None:
            page = reply_codes.page_of(
                tx, address=rang.sender, code=asked.code if asked else 0, since=since
            )
            return page_answers.of_page(tx, page) if page is not None else None

        message = self.desk.database.read(work)
        if message is None:
            # Whoever was never paged learns nothing, and is sent nothing.
            return _HELP if asked and self._is_known(rang.sender, since) else ""
        if asked is None:
            return _HELP
        return self._do(message, asked.verb, Via.SMS, rang)

    def _is_known(self, number: str, since: datetime) -> bool:
        return self.desk.database.read(
            lambda tx: reply_codes.page_of(tx, address=number, code=0, since=since)
        ) is not None  # fmt: skip

    def _answered(self, rang: Rang) -> Said:
        message = self._of_token(rang.token)
        if message is None:
            return Said("This is Tocsin. There is nothing to say any more. Goodbye.")
        said = self._titles(message)
        if message.expired:
            return Said(said)
        return Said(f"This is Tocsin. {said} {MENU}", listens=True)

    def _key(self, rang: Rang) -> Said:
        message = self._of_token(rang.token)
        verb = KEYS.get(rang.text[:1])
        if message is None or message.expired:
            return Said(_GONE)
        if verb is None:
            return Said(f"There is nothing on this key. {MENU}", listens=True)
        if verb is Verb.REPEAT:
            return Said(f"{self._titles(message)} {MENU}", listens=True)
        return Said(f"{self._do(message, verb, Via.CALL, rang)} Goodbye.")

    def _of_token(self, token: str) -> Message | None:
        desk = self.desk
        now = desk.clock.now()
        return desk.database.read(
            lambda tx: page_answers.of_token(tx, desk.secret, token, now=now)
        )

    def _titles(self, message: Message) -> str:
        alerts = self.desk.database.read(
            lambda tx: stored_alerts.get_many(tx, list(message.numbers[:3]))
        )
        found = sorted(alerts.values(), key=lambda one: (one.severity, one.number))
        said = [
            f"Severity {int(one.severity)} on {one.service}. {one.title}."
            for one in found[:1]
        ]
        more = len(message.numbers) - 1
        return " ".join(said + ([f"And {more} more."] if more > 0 else []))

    def _do(self, message: Message, verb: Verb, via: Via, rang: Rang) -> str:
        if verb is Verb.DECLARE:
            return self._declare(message, via, rang)
        word = "ack" if verb is Verb.ACKNOWLEDGE else "pass"
        done = self.desk.act(
            message.numbers,
            verb.value,
            lambda tx, number, directory, now: page_answers.act(
                tx, number, word=word, person=message.person, via=via,
                directory=directory, now=now,
            ),
            Actor(message.person, via.value, rang.sender),
        )  # fmt: skip
        return _told(done, verb, message.numbers)

    def _declare(self, message: Message, via: Via, rang: Rang) -> str:
        directory = self.desk.directory()
        alerts = self.desk.database.read(
            lambda tx: stored_alerts.get_many(tx, list(message.numbers))
        )
        found = sorted(alerts.values(), key=lambda one: (one.severity, one.number))
        if not found:
            return _GONE
        person = directory.people.get(message.person)
        viewer = Viewer(
            message.person,
            directory.grant(message.person),
            zone=person.zone if person else "UTC",
            via=via.value,
            address=rang.sender,
        )
        services = tuple(dict.fromkeys(one.service for one in found))
        draft = Draft(
            found[0].title, found[0].severity, services, alerts=message.numbers,
            key=f"page:{message.page}",
        )  # fmt: skip
        done = self.desk.incidents.declare(draft, viewer)
        if done.incident is None or done.refused:
            return done.refused or "No incident was declared."
        made = done.incident
        acked = self._do(message, Verb.ACKNOWLEDGE, via, rang)
        url = f"{self.desk.public_url}/incidents/{made.number}"
        return f"{made.name} {made.severity.name} is declared. {acked} {url}"


def _told(done: Acted, verb: Verb, numbers: Sequence[int]) -> str:
    if done.refused:
        return done.refused
    what = f"{len(numbers)} alerts" if len(numbers) > 1 else f"ALR-{numbers[0]}"
    if verb is Verb.PASS:
        return f"{what} passed on."
    return f"{what} acknowledged; nobody else is paged."
