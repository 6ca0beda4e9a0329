"""Proving that a person reads an address: a code goes there, and comes back typed.

The same door sends the test of one contact. Whom that pages is none of its business.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

from tocsin.core.credentials import is_secret, without
from tocsin.core.forms import Plain
from tocsin.core.people.contacts import Place, id_of, place_of, shown
from tocsin.core.severity import Urgency
from tocsin.engine.audit import Auditor
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Clock
from tocsin.interfaces.pagers import PageMessage, Pager
from tocsin.store import contact_checks as stored
from tocsin.store import directory as stored_directory
from tocsin.store.database import Database, Tx

CODE_GOOD_FOR = timedelta(minutes=15)
MOST_TRIES = 5
# To one address, and to how many addresses an hour a person may have sent something.
_AGAIN_AFTER = timedelta(minutes=1)
_MOST_ADDRESSES = 10
_SEND_TIMEOUT_SECONDS = 10.0
_UNKNOWN = "You have no such contact any more."
# Whoever pages nobody is no way to be reached.
_NOT_FOR_PEOPLE = ("canary",)


class Told(Struct, frozen=True):
    """What became of it: `problem` says what did not work, `text` what did."""

    text: str = ""
    problem: str = ""
    took: timedelta | None = None


@dataclass(frozen=True)
class Contacts:
    """Made by app.py. All of it blocks: sending waits for the provider."""

    database: Database
    clock: Clock
    audit: Auditor
    pagers: Callable[[], Mapping[str, Pager]]
    secret: bytes
    public_url: str
    new_code: Callable[[], str]
    new_key: Callable[[], str]

    def channels(self) -> Sequence[str]:
        """What a contact can be, as this installation is set up."""
        found = [one for one in self.pagers() if one not in _NOT_FOR_PEOPLE]
        return sorted(found, key=lambda one: (one != "email", one))

    def problem(self, channel: str, address: str) -> str:
        """Why an address cannot be one of the channel, "" when it can."""
        pager = self.pagers().get(channel)
        if pager is None or channel in _NOT_FOR_PEOPLE:
            return f"expected a kind that is set up: {', '.join(self.channels())}"
        return "; ".join(pager.problems(address))

    def send_code(self, viewer: Viewer, contact_id: str) -> Told:
        """Send a new code to a contact; an earlier one is void."""
        code, now = self.new_code(), self.clock.now()

        def work(tx: Tx) -> tuple[Place, str]:
            place = _place(tx, viewer, contact_id)
            if place is None:
                return ("", ""), _UNKNOWN
            digest = self._digest(viewer.person, place, code)
            return place, _note(tx, viewer.person, place, code=digest, now=now)

        place, problem = self.database.write(work)
        if problem:
            return Told(problem=problem)
        told = self._send(
            viewer,
            place,
            subject=f"Your Tocsin code is {code}",
            text="Enter it on your page within 15 minutes to show that this contact is "
            "yours. Tell it to nobody: no colleague and no support needs it. If you did "
            "not add this contact, do nothing.",
            urgency=Urgency.LOW,
        )
        return told if told.problem else Told(f"A code went to {_named(place)}.")

    def verify(self, viewer: Viewer, contact_id: str, code: str) -> Told:
        """Judge a code that was entered; the contact pages from now on."""
        now = self.clock.now()

        def work(tx: Tx) -> Told:
            place = _place(tx, viewer, contact_id)
            if place is None:
                return Told(problem=_UNKNOWN)
            problem = self._judge(tx, viewer.person, place, code, now)
            if problem:
                return Told(problem=problem)
            done = self._trust(tx, viewer, place, now)
            problem = done.refused or "; ".join(str(one) for one in done.problems)
            return Told(f"{_named(place)} is verified and pages you.", problem)

        return self.database.write(work)

    def test(self, viewer: Viewer, contact_id: str) -> Told:
        """Send a marked message to one contact and say what its provider answered."""
        now = self.clock.now()

        def work(tx: Tx) -> tuple[Place, str]:
            place = _place(tx, viewer, contact_id)
            if place is None:
                return ("", ""), _UNKNOWN
            held = stored.get(tx, viewer.person, *place)
            code = held.code if held else ""
            return place, _note(tx, viewer.person, place, code=code, now=now, keep=True)

        place, problem = self.database.write(work)
        if problem:
            return Told(problem=problem)
        return self._send(
            viewer,
            place,
            subject="A test from Tocsin",
            text="You asked for it on your page, and this contact works. Nothing is "
            "wrong, and there is nothing to answer.",
            urgency=Urgency.HIGH,
        )

    def _judge(
        self, tx: Tx, person: str, place: Place, code: str, now: datetime
    ) -> str:
        held = stored.get(tx, person, *place)
        if held is None or not held.code or held.sent_at is None:
            return "Have a code sent first."
        if now - held.sent_at > CODE_GOOD_FOR:
            return "This code has expired; have a new one sent."
        if held.tries >= MOST_TRIES:
            return "Too many wrong codes; have a new one sent in a quarter of an hour."
        digest = self._digest(person, place, "".join(code.split()))
        if not hmac.compare_digest(digest, held.code):
            stored.tried(tx, person, *place)
            left = MOST_TRIES - held.tries - 1
            return f"That is not the code; {left} more {_tries(left)}."
        stored.verified(tx, person, *place, now=now)
        return ""

    def _trust(self, tx: Tx, viewer: Viewer, place: Place, now: datetime) -> Edited:
        held = stored_directory.documents(tx)["people"][viewer.person]
        contacts = [
            {key: value for key, value in one.items() if key != "verified"}
            if place_of(one) == place
            else one
            for one in held.get("contacts", [])
        ]
        document = {**held, "contacts": contacts}
        change = Change("people", viewer.person, document, proven=(place,))
        return edit(
            tx, change, viewer=viewer, actor=viewer.actor, auditor=self.audit,
            new_key=self.new_key, now=now,
        )  # fmt: skip

    def _send(
        self, viewer: Viewer, place: Place, *, subject: str, text: str, urgency: Urgency
    ) -> Told:
        channel, address = place
        pager = self.pagers().get(channel)
        if pager is None:
            return Told(problem=f"No {channel} is set up in this installation.")
        now, began = self.clock.now(), self.clock.monotonic()
        message = PageMessage(
            person=viewer.person,
            full_name=viewer.full_name or viewer.person,
            zone=viewer.zone,
            urgency=urgency,
            alerts=(),
            link=f"{self.public_url}/me",
            why=text,
            next_up="",
            sent_at=now,
            subject=subject,
        )
        key = sha256(f"{channel}\n{address}\n{now.isoformat()}".encode()).hexdigest()
        try:
            receipt = pager.page(
                message, to=address, key=key, timeout_seconds=_SEND_TIMEOUT_SECONDS
            )
        except DeliveryFailed as failed:
            answer = _kept(failed.reason, place)
            return Told(problem=f"{_named(place)} did not take it: {answer}")
        except DeliveryUnknown as unknown:
            answer = _kept(unknown.reason, place)
            return Told(problem=f"{_named(place)} gave no certain answer: {answer}")
        took = timedelta(seconds=self.clock.monotonic() - began)
        answer = _kept(receipt.answer, place)
        return Told(f"{_named(place)} took it: {answer}", took=took)

    def _digest(self, person: str, place: Place, code: str) -> str:
        text = "\n".join(("contact code", person, *place, code))
        return hmac.new(self.secret, text.encode(), sha256).hexdigest()


def _place(tx: Tx, viewer: Viewer, contact_id: str) -> Place | None:
    """The contact with this id among the viewer's own."""
    document: Plain = stored_directory.documents(tx)["people"].get(viewer.person, {})
    for one in document.get("contacts", []):
        if id_of(*place_of(one)) == contact_id:
            return place_of(one)
    return None


def _note(
    tx: Tx, person: str, place: Place, *, code: str, now: datetime, keep: bool = False
) -> str:
    """Write that something is sent now, or say why it must not be.

    Wrong tries count on when a new code is sent soon: asking again is no way to guess.
    """
    held = stored.get(tx, person, *place)
    sent_at = held.sent_at if held is not None else None
    if sent_at is not None and now - sent_at < _AGAIN_AFTER:
        wait = int((_AGAIN_AFTER - (now - sent_at)).total_seconds()) + 1
        return f"Something went there a moment ago; try again in {wait} s."
    lately = stored.sent_since(tx, person, since=now - timedelta(hours=1))
    is_new = sent_at is None or now - sent_at > timedelta(hours=1)
    if is_new and lately >= _MOST_ADDRESSES:
        return "You had something sent to many addresses; try again in an hour."
    is_fresh = sent_at is None or now - sent_at > CODE_GOOD_FOR
    tries = 0 if held is None or (is_fresh and not keep) else held.tries
    # A test must not make an old code good for longer.
    code = "" if keep and is_fresh else code
    stored.put(tx, person, *place, code=code, tries=tries, now=now)
    return ""


def _named(place: Place) -> str:
    return f"{place[0]} {shown({'by': place[0], 'address': place[1]})}"


def _kept(answer: str, place: Place) -> str:
    """A provider may echo a secret address."""
    return without(answer, place[1])[:200] if is_secret(place[0]) else answer[:200]


def _tries(left: int) -> str:
    return "try" if left == 1 else "tries"
