"""The promises (reliability I1-I11, I13, I17), judged only from outside.

Input is what senders were answered, what providers were asked, what people did and
which faults were injected; of the database only whether, at the end, each accepted
event is there with its count. Times between are live time: promises wait while no
engine could work, and each death, freeze or database error may cost one lease.
"""

# long because: the invariants, one after the other, against one ledger.

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

from msgspec import Struct

from tocsin.core.level_times import LevelTimes
from tocsin.core.pages.escalation import Level, Target
from tocsin.core.pages.receipts import MOST_SENDINGS
from tocsin.core.people.people import ContactMethod, Person
from tocsin.core.severity import Severity
from tocsin.simulation import raise_oracles, room_oracles, turn_oracles, urgency_oracles
from tocsin.simulation.company import RING, Company, contacts_for
from tocsin.simulation.duties import Duty, Phase, duties, phases
from tocsin.simulation.faults import Fault
from tocsin.simulation.history import MINUTE, SECOND, Call, LiveTime
from tocsin.simulation.ledger import Episode, Key
from tocsin.simulation.providers import REPORT_WITHIN
from tocsin.simulation.storage import Reads
from tocsin.simulation.world import World

PROMISE = 60 * SECOND  # D: an attempt is begun within it
SECOND_CHANNEL = 20 * SECOND  # F
SILENCE = 45 * SECOND  # G
LEASE = 30 * SECOND  # P
RECOVERY = 5 * MINUTE
_LONGEST_BACKOFF = 75 * SECOND
_MOST_TRIES = 50
_A_MINUTE = 75 * SECOND  # within which a hand-over is noticed
_LEVELS = ("I3 first page", "I4 escalation", "I20 missed target")
_IN_HOURS = LevelTimes("UTC", in_hours=True)


class Violation(Struct, frozen=True):
    """A promise that was broken."""

    seed: int
    invariant: str
    at: int
    what: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.invariant} at {self.at / SECOND:.1f} s: {self.what}"


def judge(world: World) -> list[Violation]:
    """Every broken promise of a finished outage, in the order of time."""
    court = _Court(world)
    found: list[Violation] = []
    for key in world.ledger.keys.values():
        found += court.of_key(key)
    found += court.of_calls()
    found += court.of_refusals()
    found += court.of_the_end()
    doubt = world.history.clock_doubt
    found += [
        Violation(world.seed, *one)
        for one in raise_oracles.broken(
            world, court.phases, lambda at: court.by(at + doubt, PROMISE)
        )
    ]
    for more in (turn_oracles, urgency_oracles, room_oracles):
        found += [Violation(world.seed, *one) for one in more.broken(world)]
    return sorted(found, key=lambda one: (one.at, one.invariant, one.what))


def _unreported(call: Call) -> bool:
    """Whether its report, of a channel that has them, did not come in time."""
    late = call.ended + REPORT_WITHIN
    return bool(call.receipt) and (call.reported is None or call.reported >= late)


class _Court:
    """Everything the judgements share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.history = world.history
        self.live = LiveTime(world.history)
        self.doubt = world.history.clock_doubt
        self.calls: dict[str, list[Call]] = defaultdict(list)
        for call in world.history.calls:
            for title in call.titles:
                self.calls[title].append(call)
        self.phases: dict[str, list[Phase]] = {}
        self.changes = self._changes()
        # Whether people may turn out to be unreachable, so that levels come early.
        self.early = any(
            world.faults.has(fault)
            for fault in (Fault.CONTACT_REMOVED, Fault.PHONE_OFF, Fault.REFUSAL)
        )

    def _changes(self) -> list[int]:
        """When somebody else came on call or the configuration changed."""
        found = {at for at, _ in self.world.versions}
        company = self.world.company
        last: tuple[tuple[str, ...], ...] = ()
        for minute in range(0, self.history.ended, MINUTE):
            now = self.world.start_plus(minute)
            open_now = company.applies(_IN_HOURS, now)
            on_call = (
                *(shifts.on_call(now) for shifts in company.shifts),
                ("open",) if open_now else (),
            )
            if on_call != last:
                found.add(minute)
                last = on_call
        return sorted(found)

    def version_at(self, at: int) -> Company:
        """The configuration in force at `at`."""
        first, *later = self.world.versions
        return [first[1], *(company for since, company in later if since <= at)][-1]

    def by(self, since: int, need: int) -> int:
        """The moment by which `need` of live time has been had."""
        until = self.live.deadline(since, need, lease=LEASE)
        quiet = self.history.quiet_from
        if since + need <= quiet < until:
            until = min(until, quiet + RECOVERY)
        return until

    def violation(self, invariant: str, at: int, what: str) -> Violation:
        return Violation(self.world.seed, invariant, at, what)

    # -- I3, I4, I5, I6, I8, I11, I13: what is owed to each alert --------------

    def of_key(self, key: Key) -> Iterator[Violation]:
        if key.doubtful:
            return
        for index, episode in enumerate(key.episodes):
            following = key.episodes[index + 1 : index + 2]
            found = phases(
                episode, end=self.history.ended,
                over=following[0].origin if following else self.history.ended,
                doubt=self.doubt, by=self._by_tick,
            )  # fmt: skip
            self.phases.setdefault(key.title, []).extend(found)
            early = any(self._ever_empty(level) for level in episode.policy.levels)
            # Somebody is to answer sooner from then on, so that levels come early too.
            early = early or bool(episode.raises)
            for number, phase in enumerate(found):
                if phase.quiet:
                    yield from self._silence(episode, phase, found[number + 1 :])
                    continue
                for duty in duties(
                    episode, phase, always_empty=self._always_empty,
                    doubt=self.doubt, early=self.early or early, by=self._by_tick,
                    end=self.history.ended,
                ):  # fmt: skip
                    yield from self._owed(episode, phase, duty)
                    if duty.invariant in _LEVELS:
                        yield from self._handed_over(episode, phase, duty)
            if episode.poisoned is not None:
                yield from self._poisoned(episode, episode.poisoned)
                return

    def _by_tick(self, since: int) -> int:
        return self.by(since, PROMISE)

    def _always_empty(self, level: Level) -> bool:
        """Nobody at all, ever; who merely cannot be reached may count as somebody."""
        return not any(
            self.version_at(at).who(target, self.world.start_plus(at))
            for at in self.changes
            if self._applies(level.times, at)
            for target in level.targets
        )

    def _ever_empty(self, level: Level) -> bool:
        return not all(
            self._people(level.targets, level.times, at) for at in self.changes
        )

    def _applies(self, times: LevelTimes | None, at: int) -> bool:
        return self.world.company.applies(times, self.world.start_plus(at))

    def _people(
        self, targets: Iterable[Target], times: LevelTimes | None, at: int
    ) -> tuple[str, ...]:
        company, now = self.version_at(at), self.world.start_plus(at)
        found: dict[str, None] = {}
        if not company.applies(times, now):
            return ()
        for target in targets:
            for name in company.who(target, now):
                if company.reachable(name):
                    found[name] = None
        return tuple(found)

    def _owed(self, episode: Episode, phase: Phase, duty: Duty) -> Iterator[Violation]:
        until = self.by(duty.latest, PROMISE)
        if until >= min(phase.end, self.history.ended):
            return
        since = duty.earliest
        # Who is on call at a moment is asked of a clock that may be wrong.
        first, last = since - self.doubt, until + self.doubt
        moments = [first, *(at for at in self.changes if first < at <= last)]
        tried = self._first_attempts(episode.title, since, until)
        missing: tuple[str, ...] = ()
        for moment in moments:
            people = tuple(
                dict.fromkeys(
                    (
                        *self._people(duty.targets, duty.times, moment),
                        *self._also(duty, moment),
                    )
                )
            )
            if not people:
                return
            if RING in duty.targets:
                # One of them has the turn: whose it is, turn_oracles.py judges.
                if any(name in tried for name in people):
                    return
                missing = people[:1]
                continue
            missing = tuple(name for name in people if name not in tried)
            if not missing:
                yield from self._every_rule(
                    episode, phase, duty, people, moment, since, until
                )
                return
        yield self.violation(
            duty.invariant, until,
            f"{episode.title}: {duty.what}, due {duty.latest / SECOND:.1f} s, "
            f"never tried {', '.join(missing)}",
        )  # fmt: skip

    def _stays(self, duty: Duty, name: str, since: int, until: int) -> bool:
        """Whether nobody takes over: a hand-over calls off what was to come."""
        last = until + self.doubt
        return all(
            name in self._people(duty.targets, None, at)
            for at in self.changes
            if since < at <= last
        )

    def _also(self, duty: Duty, moment: int) -> tuple[str, ...]:
        company = self.version_at(moment)
        return tuple(name for name in duty.also if company.reachable(name))

    def _first_attempts(self, title: str, since: int, until: int) -> dict[str, int]:
        tried: dict[str, int] = {}
        for call in self.calls[title]:
            if since <= call.begun <= until:
                tried.setdefault(call.person, call.begun)
        return tried

    def _every_rule(
        self,
        episode: Episode,
        phase: Phase,
        duty: Duty,
        people: tuple[str, ...],
        moment: int,
        since: int,
        paged_by: int,
    ) -> Iterator[Violation]:
        """I6, second half: every method of a person is used when its rule is due."""
        company = self.version_at(moment)
        for name in people:
            if self._lost_contacts(name):
                continue
            for contact, after in self._surely(
                company.people[name], episode.severities, since, paged_by
            ):
                due = paged_by + int(after.total_seconds()) * SECOND + self.doubt
                until = self.by(due, PROMISE)
                if until >= min(phase.end, self.history.ended):
                    continue
                if not self._stays(duty, name, moment, until):
                    continue
                if not any(
                    call.address == contact.address and since <= call.begun <= until
                    for call in self.calls[episode.title]
                ):
                    what = f"{episode.title}: {contact.address} was never tried"
                    yield self.violation("I6 every method", until, what)

    def _surely(
        self, person: Person, severities: Iterable[Severity], since: int, until: int
    ) -> list[tuple[ContactMethod, timedelta]]:
        """The ways that a paging between two instants uses, whatever its urgency was."""
        found = [
            dict(contacts_for(person, urgency))
            for urgency in urgency_oracles.urgencies(
                self.world, severities, since, until
            )
        ]
        return [
            (contact, max(one[contact] for one in found))
            for contact in found[0]
            if all(contact in one for one in found)
        ]

    def _handed_over(
        self, episode: Episode, phase: Phase, duty: Duty
    ) -> Iterator[Violation]:
        """I18: who comes on call while nobody has answered hears of it too."""
        if episode.policy.repeat or RING in duty.targets:
            return  # a level of the loop before is no level that was paged in this one
        before = self._people(duty.targets, None, duty.earliest)
        paged = self.by(duty.latest, PROMISE)
        for at in self.changes:
            if at <= duty.earliest:
                continue
            people = self._people(duty.targets, None, at)
            came = [name for name in people if name not in before]
            before = people
            until = self.by(at + _A_MINUTE + self.doubt, PROMISE)
            if at < paged + self.doubt or until >= min(phase.end, self.history.ended):
                continue
            if not (self._applies(duty.times, at) and self._applies(duty.times, until)):
                continue
            tried = self._first_attempts(episode.title, phase.start, until)
            missing = [n for n in came if n not in tried and not self._lost_contacts(n)]
            if missing and set(self._people(duty.targets, None, until)) >= set(missing):
                what = f"{episode.title}: {', '.join(missing)} took over unpaged"
                yield self.violation("I18 handed over", until, what)

    def _went(self, name: str, since: int, until: int) -> bool:
        """Whether their shift ended then: who took over is owed the pages (I18)."""
        shifts, world = self.world.company.shifts, self.world
        first, last = since - _A_MINUTE - self.doubt, until + self.doubt
        return any(
            name in one.on_call(world.start_plus(at - MINUTE))
            and name not in one.on_call(world.start_plus(at))
            for at in self.changes
            if first < at <= last
            for one in shifts
        )

    def _lost_contacts(self, name: str) -> bool:
        return any(not company.reachable(name) for _, company in self.world.versions)

    def _silence(
        self, episode: Episode, phase: Phase, later: list[Phase]
    ) -> Iterator[Violation]:
        """I8: nobody is called about what somebody has, or what is over."""
        last = max(self.doubt, 0)
        for call in self.calls[episode.title]:
            if self._hears_of_worse(episode, phase, call):
                continue
            if phase.start + SILENCE < call.begun < phase.end - last:
                what = f"{episode.title}: {call.address} was called after {phase.why}"
                yield self.violation("I8 silence after ack", call.begun, what)

    def _hears_of_worse(self, episode: Episode, phase: Phase, call: Call) -> bool:
        """Whoever has it is told that it got worse meanwhile."""
        had = any(call.person == person for _, person in episode.acks)
        return had and any(
            phase.start - self.doubt <= at <= call.begun for at, _ in episode.raises
        )

    def _poisoned(self, episode: Episode, since: int) -> Iterator[Violation]:
        """I13: a damaged run is paged all the same, within its next timer."""
        until = self.by(since + 31 * MINUTE + self.doubt, PROMISE + LEASE)
        closed = episode.closed if episode.closed is not None else self.history.ended
        held = any(at >= since - 30 * MINUTE for at, _ in episode.acks)
        if until >= min(closed, self.history.ended) or held:
            return
        tried = self._first_attempts(episode.title, since, until)
        missing: list[str] = []
        # A snapshot that cannot be read is no snapshot: the policy of then counts.
        for at in (since, *(one for one in self.changes if since < one <= until)):
            policy = self.version_at(at).policy_of(episode.service)
            people = self._people(policy.fallback, None, at)
            missing = [name for name in people if name not in tried]
            if not missing:
                return
        what = f"{episode.title}: damaged, and {', '.join(missing)} never heard"
        yield self.violation("I13 isolation", until, what)

    # -- I6, I7, I9, I10: what is owed after each call -------------------------

    def of_calls(self) -> Iterator[Violation]:
        by_key: dict[str, list[Call]] = defaultdict(list)
        for call in self.history.calls:
            by_key[call.key].append(call)
            if call.outcome in ("temporary", "unknown"):
                yield from self._again(call)
            if call.outcome != "accepted":
                yield from self._other_channel(call)
            elif call.receipt and not call.taken:
                yield from self._swallowed(call)
        for key, calls in by_key.items():
            yield from self._copies(key, calls)

    def _active(self, title: str, since: int, until: int) -> bool:
        """Whether the alert wants paging through all of [since, until]."""
        key = self.world.ledger.keys.get(title)
        if key is None or any(episode.poisoned is not None for episode in key.episodes):
            return False
        known = self.phases.get(title, ())
        if any(not one.quiet and since - SILENCE < one.end <= since for one in known):
            # The call may be a late one of the time before; no more is owed for that.
            return False
        return until < self.history.ended and any(
            not one.quiet and one.start <= since and until < one.end for one in known
        )

    def _again(self, call: Call) -> Iterator[Violation]:
        """I7: only proof closes a page."""
        wait = max(_LONGEST_BACKOFF, min(call.retry_after, 5 * MINUTE))
        until = self.by(call.ended + self.doubt, wait + PROMISE)
        for title in call.titles:
            if not self._active(title, call.begun, until):
                continue
            if self._went(call.person, call.begun, until):
                continue
            same = [c for c in self.calls[title] if c.address == call.address]
            # A claim that died before its call counts as a try too.
            lost = sum(1 for at in self.history.disturbances if at <= until)
            if len(same) + lost >= _MOST_TRIES:
                continue
            if not any(call.begun < c.begun <= until for c in same):
                what = f"{title}: {call.address} got no proof and was never tried again"
                yield self.violation("I7 only proof closes", until, what)

    def _other_channel(self, call: Call) -> Iterator[Violation]:
        """I6, first half: anything but certain acceptance brings another channel."""
        until = self.by(call.ended + self.doubt, SECOND_CHANNEL)
        if self._lost_contacts(call.person):
            return
        if self._went(call.person, call.begun, until):
            return
        person = self.version_at(call.begun).people[call.person]
        for title in call.titles:
            if not self._active(title, call.begun, until):
                continue
            episodes = self.world.ledger.keys[title].episodes
            known = dict.fromkeys(one for e in episodes for one in e.severities)
            sure = self._surely(person, known, episodes[0].origin, call.begun)
            others = {contact.address for contact, _ in sure}
            others.discard(call.address)
            if not others:
                continue
            phase = next(
                p
                for p in self.phases[title]
                if not p.quiet and p.start <= call.begun < p.end
            )
            since = min(phase.start, phase.earliest)
            if not any(
                c.address in others and since <= c.begun <= until
                for c in self.calls[title]
            ):
                what = f"{title}: {call.address} failed and no other was tried in time"
                yield self.violation("I6 second channel", until, what)

    def _swallowed(self, call: Call) -> Iterator[Violation]:
        """I6, third: what was accepted and never arrived brings another call."""
        until = self.by(call.ended + self.doubt + REPORT_WITHIN, PROMISE)
        if self._lost_contacts(call.person):
            return
        if self._went(call.person, call.begun, until):
            return
        for title in call.titles:
            if not self._active(title, call.begun, until):
                continue
            known = [c for c in self.calls[title] if c.person == call.person]
            sendings = sum(c.key == call.key and c.begun <= call.begun for c in known)
            lost = sum(1 for at in self.history.disturbances if at <= until)
            if sendings + lost >= MOST_SENDINGS:
                continue
            if not any(call.begun < c.begun <= until for c in known):
                what = f"{title}: {call.address} was lost and nothing took its place"
                yield self.violation("I6 lost on the way", until, what)

    def _copies(self, key: str, calls: list[Call]) -> Iterator[Violation]:
        """I9: copies are bounded by what was in doubt. I10: one owner at a time."""
        taken = [call for call in calls if call.taken]
        doubtful = sum(
            1
            for call in calls
            if call.disturbed or call.outcome == "unknown" or _unreported(call)
        )
        if len(taken) > 1 + doubtful and not self.doubt:
            what = f"{key} was delivered {len(taken)} times with {doubtful} doubts"
            yield self.violation("I9 bounded duplicates", taken[-1].begun, what)
        for earlier, later in pairwise(calls):
            if later.begun < earlier.ended and not earlier.disturbed and not self.doubt:
                what = f"{key} was being sent by two at once"
                yield self.violation("I10 one owner", later.begun, what)

    # -- people who were paged may answer --------------------------------------

    def of_refusals(self) -> Iterator[Violation]:
        for at, title, person, why in self.history.refusals:
            if " has it" not in why:
                continue
            since = at - PROMISE - LEASE - self.doubt
            if self._active(title, since, at):
                what = f"{title}: {person} was paged but may not have it: {why}"
                yield self.violation("I15 who is paged may answer", at, what)

    # -- I1, I17: the end --------------------------------------------------------

    def of_the_end(self) -> Iterator[Violation]:
        at = self.history.ended
        told: dict[tuple[str, str], int] = {}
        for when, doing, error in self.world.broken:
            told.setdefault((doing, error), when)
        for (doing, error), when in told.items():
            yield self.violation("I13 isolation", when, f"{doing} broke: {error}")
        for key in self.world.ledger.keys.values():
            if key.doubtful:
                continue
            if key.answered and not any(e.poisoned is not None for e in key.episodes):
                yield from self._kept(key, self.world.connection, at)

    def _kept(self, key: Key, reads: Reads, at: int) -> Iterator[Violation]:
        rows = reads.all(
            "select status, count, current from alerts where key = :key", key=key.title
        )
        count = sum(row[1] for row in rows)
        if count != key.count:
            what = f"{key.title}: {key.count} events were taken, {count} are counted"
            yield self.violation("I1 durability", at, what)
        current = [row[0] for row in rows if row[2] == 1]
        if key.episodes and len(current) != 1:
            what = f"{key.title}: {len(current)} current alerts"
            yield self.violation("I1 durability", at, what)
        elif key.episodes and (current[0] == "resolved") != (key.open is None):
            want = "resolved" if key.open is None else "open"
            what = f"{key.title} should be {want}, is {current[0]}"
            yield self.violation("I11 re-fire", at, what)
