"""Looks ahead at coming shifts: whom nothing would reach, and what still wants cover.

Each word has a key of its own, so that looking again, or by another node, says it once.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from urllib.parse import quote

from tocsin.core.directory import Directory
from tocsin.core.oncall.call_outs import CallOut, call_outs
from tocsin.core.oncall.handoff_facts import Facts, frozen
from tocsin.core.oncall.handoffs import Handoff, State, lapsed
from tocsin.core.wallclock import local_words
from tocsin.engine import hole_words
from tocsin.engine.directories import Directories
from tocsin.engine.nudging import nudge
from tocsin.engine.oncall import cover_requests, first_shifts, handing_over, shift_words
from tocsin.engine.oncall.handoffs import facts_of
from tocsin.interfaces.machine import Clock
from tocsin.store import handoffs, outbox
from tocsin.store.database import Database, Tx
from tocsin.store.outbox import Message

_MOST = 200
_MOST_LAPSED = 20


class ShiftWatch:
    """Run by the upkeep every ten minutes."""

    def __init__(
        self,
        database: Database,
        directories: Directories,
        clock: Clock,
        *,
        channels: Callable[[], Collection[str]],
        public_url: str,
    ) -> None:
        self._database = database
        self._directories = directories
        self._clock = clock
        self._channels = channels
        self._public_url = public_url

    def look(self) -> None:
        """One look: read and worked out first, then written. Raises StoreError."""
        now, url, channels = self._clock.now(), self._public_url, self._channels()
        words, late = self._database.read(lambda tx: self._found(tx, now))

        def work(tx: Tx) -> None:
            directory = self._directories.current(tx)
            outbox.put(tx, words, now=now)
            cover_requests.remind(tx, directory, channels, public_url=url, now=now)
            for one, facts in late:
                held = handoffs.get(tx, one.id, lock=True)
                # Somebody may have accepted it in this very moment.
                if held is not None and held.state is State.MADE:
                    handoffs.put(tx, lapsed(held, frozen(facts)))

        self._database.write(work)

    def _found(
        self, tx: Tx, now: datetime
    ) -> tuple[list[Message], list[tuple[Handoff, Facts]]]:
        """Everything about coming and past shifts that is to be said by now."""
        directory, url = self._directories.current(tx), self._public_url
        again, waited = handing_over.reminders(tx, directory, public_url=url, now=now)
        channels = self._channels()
        found = list(call_outs(directory, channels, now=now))[:_MOST]
        words = [
            *(word for one in found for word in self._messages(one, directory)),
            *hole_words.told(directory, now=now),
            *shift_words.announced(directory, public_url=url, now=now),
            *shift_words.relief(tx, directory, channels, public_url=url, now=now),
            *first_shifts.words(tx, directory, now=now),
            *handing_over.asked_for_words(directory, public_url=url, now=now),
            *again,
        ]
        late = [
            (one, facts_of(tx, directory, one, now=now))
            if one.schedule in directory.schedules
            else (one, Facts())
            for one in waited[:_MOST_LAPSED]
        ]
        return words, late

    def _messages(self, one: CallOut, directory: Directory) -> list[Message]:
        """To whom it is about, and once it is near to who leads them as well."""
        is_near = one.stage != "7 days"
        people = dict.fromkeys((one.person, *(one.leads if is_near else ())))
        return [
            nudge(
                person,
                key=f"unreachable:{one.person}:{one.schedule}:{one.rotation}:"
                f"{one.start.isoformat()}:{one.stage}:{person}",
                subject=self._subject(one, person, directory.people[person].zone),
                text=self._text(one, person, directory.people[person].zone),
                url=f"{self._public_url}/me"
                if person == one.person
                else f"{self._public_url}/schedules/{quote(one.schedule, safe='')}",
            )
            for person in people
        ]

    def _subject(self, one: CallOut, person: str, zone: str) -> str:
        who = "You are" if person == one.person else f"{one.person} is"
        return (
            f"{who} on call from {local_words(one.start, zone)} and cannot be reached"
        )

    def _text(self, one: CallOut, person: str, zone: str) -> str:
        place = f"{one.schedule}, {one.rotation}; the time is in {zone}"
        if person == one.person:
            return f"{place}. Your page says what is missing; it takes two minutes."
        return f"{place}. {one.person} {one.why}. Help them, or let somebody stand in."
