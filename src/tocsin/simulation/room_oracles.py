"""The promises of incidents and of the outbox (R1-R9), judged from outside.

Of the database this is looked at when all is over: the log of a room, and what the
incident and its roles have come to. Everything else is what people and channels saw.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec

from tocsin.simulation.following import SUBSCRIBERS, address, wants
from tocsin.simulation.history import MINUTE, SECOND, LiveTime, Post
from tocsin.simulation.room_ledger import Promise, Room
from tocsin.simulation.world import World

PROMISE = 60 * SECOND  # as of a page
LEASE = 60 * SECOND  # of the outbox
_RECOVERY = 5 * MINUTE
# Fifteen minutes with jitter, the promise and a lease.
_LONGEST_RETRY = 22 * MINUTE
Broken = tuple[str, int, str]


def broken(world: World) -> Iterator[Broken]:
    """Every broken promise: which, when, what."""
    if not world.rooms.drawn:
        return
    court = _Court(world)
    yield from court.of_posts()
    yield from court.of_mailings()
    yield from court.of_subscribers()
    for room in world.rooms.rooms:
        if room.declared is not None:
            yield from court.of_room(room)


class _Court:
    def __init__(self, world: World) -> None:
        self.world = world
        self.history = world.history
        self.doubt = world.history.clock_doubt
        self._live = LiveTime(world.history)
        self._about: dict[tuple[str, str, str], list[Post]] = defaultdict(list)
        for post in world.history.posts:
            self._about[post.channel, post.target, post.what].append(post)

    def _by(self, since: int, need: int) -> int:
        """When `need` of live time was had, by the lease of the outbox."""
        until = self._live.deadline(since, need, lease=LEASE)
        quiet = self.history.quiet_from
        if since + need <= quiet < until:
            until = min(until, quiet + _RECOVERY)
        return until

    # -- R3, R4, R8: what channels were asked ---------------------------------

    def of_posts(self) -> Iterator[Broken]:
        approved = {
            number: told
            for room in self.world.rooms.rooms
            for number, told in room.outside.items()
        }
        for post in self.history.posts:
            if not post.update:
                continue
            told = approved.get(post.update)
            if told is None or told.by != told.commander or told.at > post.begun:
                by = told.by if told else "nobody"
                what = f"{post.key} left, let out by {by}, who did not command"
                yield "R3 approved by the commander", post.begun, what
        for (channel, target, about), posts in self._about.items():
            yield from self._copies(f"{about} to {target} by {channel}", posts)
            yield from self._patience(posts)
        yield from self._order()

    def _copies(self, name: str, posts: list[Post]) -> Iterator[Broken]:
        """R4: at least once, and never again after an answer that was recorded."""
        taken = [post for post in posts if post.taken]
        doubts = sum(1 for p in posts if p.disturbed or p.outcome == "unknown")
        if len(taken) > 1 + doubts and not self.doubt:
            what = f"{name} was taken {len(taken)} times with {doubts} doubts"
            yield "R4 bounded copies", taken[-1].begun, what
        done = [
            p.recorded or 0
            for p in posts
            if p.outcome == "accepted" and self._written_down(p)
        ]
        late = [p for p in posts if done and p.begun > min(done)]
        if late:
            what = f"{name} was sent again after it was accepted and written down"
            yield "R4 bounded copies", late[0].begun, what

    def _written_down(self, post: Post) -> bool:
        """An answer that came after the lease was nobody's any more."""
        return post.recorded is not None and post.held_for < LEASE - self.doubt

    def _patience(self, posts: list[Post]) -> Iterator[Broken]:
        """R8: a channel that says when to come back is left alone until then."""
        for earlier, later in pairwise(posts):
            wait = earlier.retry_after if self._written_down(earlier) else 0
            way = earlier.channel == later.channel
            if way and wait and later.begun < earlier.ended + wait - self.doubt:
                what = f"{later.key} was sent again before its Retry-After"
                yield "R8 patience", later.begun, what

    def _order(self) -> Iterator[Broken]:
        """R5: a room's chat says things in the order in which they were written."""
        last: dict[str, int] = {}
        seen: set[tuple[str, int]] = set()
        for post in self.history.posts:
            place = (post.target, post.order)
            if not post.order or not post.taken or place in seen:
                continue
            seen.add(place)
            if post.order < last.get(post.target, 0):
                what = f"{post.key} reached {post.target} after what follows it"
                yield "R5 in order", post.begun, what
            last[post.target] = max(post.order, last.get(post.target, 0))

    # -- R9: who wants no mail gets none -------------------------------------------

    def of_subscribers(self) -> Iterator[Broken]:
        """Who left is mailed no more, and nobody is mailed what is not for them."""
        last = self.world.rooms.left
        for post in self.history.posts:
            if post.channel != "mail" or not post.update:
                continue
            number = next(n for n in range(SUBSCRIBERS) if address(n) == post.target)
            if not wants(number):
                what = f"{post.key} went to {post.target}, who did not ask for it"
                yield "R9 wanted mails only", post.begun, what
            # What was claimed before they left may be on its way until its lease ends.
            gone = last.get(number, self.history.ended) + LEASE + self.doubt
            if post.begun > gone:
                what = f"{post.key} went to {post.target} after they had left"
                yield "R9 wanted mails only", post.begun, what

    def _readers(self) -> list[int]:
        """Who wanted mails to the end."""
        left = self.world.rooms.left
        return [n for n in range(SUBSCRIBERS) if wants(n) and n not in left]

    # -- R5: everything arrives --------------------------------------------------

    def of_mailings(self) -> Iterator[Broken]:
        for what, count, at in self.world.rooms.mailings:
            for number in range(count):
                yield from self._arrives("mail", f"reader-{number}", what, at)

    def _arrives(
        self, channel: str, target: str, what: str, at: int
    ) -> Iterator[Broken]:
        quiet = max(at, self.history.quiet_from)
        until = self._by(quiet + self.doubt, _LONGEST_RETRY)
        if until >= self.history.ended:
            return
        posts = self._about.get((channel, target, what), ())
        if not any(p.taken or p.outcome == "permanent" for p in posts):
            said = f"{what} to {target} by {channel}: never taken"
            yield "R5 at least once", until, said
        soon = self._by(at + self.doubt, PROMISE)
        if channel == "page" and soon < self.history.ended:
            waits = any(
                p.channel == "page" and p.begun < soon and p.ended > at
                for p in self.history.posts
            )
            if not waits and not any(p.begun <= soon for p in posts):
                yield "R5 at least once", soon, f"{what}: no status page was written"

    # -- R1, R2, R6, R7: a room and its promises ---------------------------------

    def of_room(self, room: Room) -> Iterator[Broken]:
        log = self._log(room)
        yield from self._promises(room, log)
        for at, what in room.wrongs:
            yield "R7 refused leaves nothing", at, f"{room.title}: {what}"
        for number, told in room.outside.items():
            about = f"update {number}"
            yield from self._arrives("page", "status", about, told.at)
            yield from self._arrives("mastodon", "company", about, told.at)
            for n in self._readers():
                yield from self._arrives("mail", address(n), about, told.at)
        for key, at in room.notes.items():
            yield from self._arrives("matrix", f"room-{room.number}", key, at)
        yield from self._kept(room, log)

    def _promises(self, room: Room, log: list[dict[str, Any]]) -> Iterator[Broken]:
        ends = [one.at for one in room.promises[1:]] + [self.history.ended]
        for promise, end in zip(room.promises, ends, strict=True):
            yield from self._reminded(room, promise, end, log)
        told: dict[str, int] = defaultdict(int)
        for line in log:
            if line["kind"] == "reminder":
                told[line["key"].partition("#")[0]] += 1
        for key, count in told.items():
            if count > 1:
                what = f"{room.title}: {key} was said {count} times"
                yield "R2 reminded once", self.history.ended, what

    def _reminded(
        self, room: Room, promise: Promise, end: int, log: list[dict[str, Any]]
    ) -> Iterator[Broken]:
        """R1: no promised update without a reminder and without somebody who hears it."""
        if promise.due is None:
            return
        since = max(
            promise.at, (promise.due - self.world.start) // timedelta(microseconds=1)
        )
        until = self._by(since + self.doubt, PROMISE)
        if until >= min(end, self.history.ended):
            return
        name = f"update:{promise.due.isoformat()}:"
        # When several steps came due at once, the newest is said.
        lines = [
            line
            for line in log
            if line["key"].removeprefix(f"reminder:{name}") in ("0", "5", "15")
            and line["at"] <= until + self.doubt
        ]
        if not lines:
            what = f"{room.title}: nobody was reminded of {name}"
            yield "R1 promises are kept in mind", until, what
            return
        if not any(line["to"] for line in lines):
            return
        heard = self._by(until, PROMISE)
        prefix = f"nudge:{room.number}:{name}"
        if heard < self.history.ended and not any(
            post.key.startswith(prefix) and post.begun <= heard
            for post in self.history.posts
        ):
            what = f"{room.title}: nobody was nudged about {name}"
            yield "R1 promises are kept in mind", heard, what

    def _kept(self, room: Room, log: list[dict[str, Any]]) -> Iterator[Broken]:
        """R6: what was done is there once; what was not is not there."""
        at, connection = self.history.ended, self.world.connection
        rows = connection.all(
            "select number, severity, state from incidents where title = :title",
            title=room.title,
        )
        want = (room.number, int(room.severity), room.state)
        if [tuple(row) for row in rows] != [want]:
            yield "R6 what was done is there", at, f"{room.title}: {rows}, not {want}"
        rows = connection.all(
            "select person from holdings where incident = :n and role = 'IC' "
            "and state = 'held'",
            n=room.number,
        )
        held = [row[0] for row in rows]
        if held != ([room.commander] if room.commander else []):
            what = f"{room.title}: {held} command, not {room.commander or 'nobody'}"
            yield "R6 what was done is there", at, what
        for key in sorted(room.sent):
            count = sum(1 for line in log if line["text"] == f"saw {key}")
            if count != (1 if key in room.notes else 0):
                what = f"{room.title}: {key} is there {count} times"
                yield "R6 what was done is there", at, what

    def _log(self, room: Room) -> list[dict[str, Any]]:
        begun = self.world.start_plus(0)
        micros = int(begun.timestamp()) * SECOND
        return [
            {
                "at": row[0] - micros, "kind": row[1], "key": row[2] or "",
                "text": row[3], "to": msgspec.json.decode(row[4]).get("to", ()),
            }
            for row in self.world.connection.all(
                "select recorded_at, kind, key, text, data from entries "
                "where incident = :n order by id",
                n=room.number,
            )
        ]  # fmt: skip
