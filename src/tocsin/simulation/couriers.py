"""The outbox of one simulated process: it steps, sends in beats and dies with it.

The outbox is the real one; its channels fail as the providers of pages do.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tocsin.core.pages.outbox import LANES
from tocsin.engine.nudges import NudgeClerk
from tocsin.engine.outbox import Claimed, Outbox, Posting
from tocsin.engine.paging import Sent
from tocsin.engine.status.mailing import MailingPoster
from tocsin.interfaces.pagers import Poster, Receipt
from tocsin.simulation.following import CHUNK
from tocsin.simulation.history import SECOND, Post
from tocsin.simulation.nodes import Node, Trip
from tocsin.simulation.providers import POSTED, Providers, refusal_of
from tocsin.simulation.stage import Stage

# `serve` looks every two seconds; looks that can find nothing are left out.
_GRID = 2 * SECOND
_FAR = timedelta(hours=1)
_LONGEST_REST = 240 * SECOND
# While a lease may run out, or clocks disagree about what is due.
_WATCHFUL_REST = 10 * SECOND
_LEASE_AND_A_LOOK = 90 * SECOND
_BULK = 0.1


class Courier:
    """The outbox of a node, over all its lives."""

    def __init__(self, world: Stage, node: Node, providers: Providers) -> None:
        self._world = world
        self._node = node
        self._posters: dict[str, Poster] = {
            name: NodePoster(world, node, providers, name) for name in POSTED
        }
        self._posters[MailingPoster.channel] = MailingPoster()
        self._outbox: Outbox | None = None
        self._step_at: int | None = None
        self._told_at = 0
        node.also.append(self._start)

    def look_soon(self) -> None:
        """Something was written: the next look may find it."""
        self._told_at = self._world.time
        if self._node.alive:
            self._plan(_GRID)

    def _start(self) -> None:
        node, world = self._node, self._world
        assert node.database is not None
        self._step_at = None
        self._told_at = world.time
        outbox = self._outbox = world.rig.outbox(
            node.database,
            posters=self._posters,
            clerks={
                "nudge": NudgeClerk(node.directories.current),
                "mail": world.rig.mail_clerk(
                    "https://tocsin.example.com", b"a secret", chunk=CHUNK
                ),
            },
            clock=node.clock,
            dice=world.dice,
            incarnation=f"node{node.index}.{node.life}",
            dispatch=self._dispatch,
            longest_wait=_FAR,
        )
        outbox.wake = lambda: self._plan(SECOND // 100)
        if node.run("outbox", outbox.boot):
            self._plan(0)
        elif node.alive:
            node.die("boot of the outbox failed")

    def _plan(self, delay: int) -> None:
        at = self._world.time + delay
        if not self._node.alive or (self._step_at is not None and self._step_at <= at):
            return
        self._step_at = at
        life = self._node.life
        self._world.at(at, lambda: self._step(life, at))

    def _step(self, life: int, planned: int) -> None:
        node, outbox = self._node, self._outbox
        if life != node.life or self._step_at != planned or outbox is None:
            return
        if node.frozen:
            thaw = self._step_at = node.thaws_at
            self._world.at(thaw, lambda: self._step(life, thaw))
            return
        self._step_at = None
        due: list[datetime] = []
        if node.run("outbox", lambda: due.append(outbox.step())):
            wait = (due[0] - node.clock.now()) // timedelta(microseconds=1) + 1000
            self._plan(max(SECOND // 20, min(wait, self._rest())))
        elif node.alive:
            self._plan(SECOND)

    def _rest(self) -> int:
        world = self._world
        passed = world.time - self._told_at
        recent = passed < _LEASE_AND_A_LOOK + 2 * world.clock_doubt
        return _WATCHFUL_REST if recent else _LONGEST_REST

    def _dispatch(self, posting: Posting) -> None:
        is_bulk = posting.claimed.message.lane == "mail"
        self._node.carry(
            Trip(
                _Carrier(posting), posting.claimed,
                risk=_BULK if is_bulk else 1.0,
                doing="mail" if is_bulk else "record",
                since=self._world.time,
            )
        )  # fmt: skip


class _Carrier:
    """A Posting, as a node takes its beats."""

    def __init__(self, posting: Posting) -> None:
        self._outbox = posting.outbox
        self._lane = LANES[posting.claimed.message.lane]

    def call(self, claimed: Claimed) -> Sent | None:
        return self._outbox.call(claimed)

    def record(self, claimed: Claimed, sent: Sent) -> None:
        self._outbox.record(claimed, sent)

    def ended(self) -> None:
        self._outbox.ended(self._lane)


class NodePoster:
    """A channel of the outbox as one node calls it."""

    def __init__(
        self, world: Stage, caller: Node, providers: Providers, channel: str
    ) -> None:
        self.channel = channel
        self._world = world
        self._caller = caller
        self._providers = providers

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """One call. Raises DeliveryFailed, DeliveryUnknown."""
        world = self._world
        person = str(payload.get("person", ""))
        fate = self._providers.fate(self.channel, to, person)
        update = int(payload.get("update", 0))
        about = f"update {update}" if update else key
        post = Post(
            begun=world.time,
            ended=world.time + fate.took,
            node=self._caller.index,
            life=self._caller.life,
            channel=self.channel,
            target=person or to,
            key=key,
            what=str(payload.get("what", about)),
            update=update,
            order=int(payload.get("order", 0)),
            outcome=fate.outcome,
            taken=fate.taken,
            retry_after=fate.retry_after * SECOND,
        )
        world.call = post
        world.history.posts.append(post)
        world.note(
            f"node{post.node} posts {key} to {to} by {self.channel}: "
            f"{post.outcome} ({fate.why})"
        )
        refusal = refusal_of(fate)
        if refusal is not None:
            raise refusal
        return Receipt(provider_id=key, answer="ok")
