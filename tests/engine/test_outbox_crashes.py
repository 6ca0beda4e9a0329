"""The outbox under seeded dice: deaths, frozen processes, lost answers, a failing database.

Whatever happens, every message arrives, a channel reads its messages in the order of
writing, and what was recorded as taken is never sent again.
"""

import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import SetClock
from tests.peers.databases import PostgresServer
from tocsin.engine.outbox import Outbox, Posting
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import Receipt
from tocsin.simulation.storage import open_memory
from tocsin.store import outbox as stored
from tocsin.store.database import Database, StoreError
from tocsin.store.outbox import Message
from tocsin.store.postgres import open_postgres

SEEDS = 100


class Provider:
    """Takes a key once, however often it is sent, and loses answers."""

    def __init__(self, dice: random.Random, database: Database) -> None:
        self.channel = "room"
        self.database = database
        # What was sent although its receipt had been written.
        self.again: list[str] = []
        self.dice = dice
        self.chaos = True
        self.taken: dict[str, list[str]] = defaultdict(list)

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        held = self.database.read(lambda tx: stored.by_key(tx, key))
        if held is None or held.state == "accepted":
            self.again.append(key)
        fate = self.dice.random() if self.chaos else 1.0
        if fate < 0.15:
            raise DeliveryFailed("down", permanent=False)
        if fate < 0.2:
            raise DeliveryUnknown("timed out before")
        if key not in self.taken[to]:
            self.taken[to].append(key)
        if fate < 0.35:
            raise DeliveryUnknown("timed out after")
        return Receipt(key, "ok")


class Flaky:
    """A database that fails to commit now and then, as a process sees it."""

    def __init__(self, database: Database, world: "World") -> None:
        self.exclusive = False
        self.read = database.read
        self._database = database
        self._world = world

    def write(self, work: Any) -> Any:
        if self._world.provider.chaos and self._world.dice.random() < 0.1:
            raise StoreError("not committed")
        return self._database.write(work)


class World:
    """Two processes, one clock, and what each holds in its workers."""

    def __init__(self, database: Database, seed: int) -> None:
        self.dice = random.Random(seed)
        self.clock = SetClock()
        self.provider = Provider(self.dice, database)
        self.database = database
        self.lives = 0
        self.nodes = [self.boot(), self.boot()]

    def boot(self) -> "tuple[Outbox, list[Posting]]":
        self.lives += 1
        held: list[Posting] = []
        outbox = Outbox(
            Flaky(self.database, self),  # type: ignore[arg-type]
            posters={"room": self.provider},
            clerks={},
            clock=self.clock,
            dice=self.dice,
            incarnation=f"life-{self.lives}",
            dispatch=held.append,
        )
        return outbox, held

    def beat(self) -> None:
        dice, place = self.dice, self.dice.randrange(2)
        outbox, held = self.nodes[place]
        self.clock.at += timedelta(milliseconds=dice.randrange(1, 3000))
        if not held or dice.random() < 0.4:
            try:
                outbox.step()
            except StoreError:
                return
            return
        if self.provider.chaos and dice.random() < 0.05:
            self.nodes[place] = self.boot()  # it dies with all that it holds
            return
        posting = held.pop(dice.randrange(len(held)))
        if self.provider.chaos and dice.random() < 0.1:
            self.clock.at += timedelta(seconds=dice.choice((10, 50, 90)))  # it froze
        if self.provider.chaos and dice.random() < 0.1:
            outbox.call(posting.claimed)  # and dies before it can write the answer
            self.nodes[place] = self.boot()
            return
        posting()


def messages(dice: random.Random) -> list[Message]:
    lanes = ("chat", "chat", "chat", "mail", "nudge", "webhook")
    found = []
    for number in range(40):
        lane = dice.choice(lanes)
        target = f"{lane}-{dice.randrange(3)}"
        found.append(Message(lane, "room", target, f"{lane}/{number:02}", {}))
    return found


def play(database: Database, seed: int) -> None:
    database.write(lambda tx: tx.run("delete from outbox"))
    world = World(database, seed)
    wanted = messages(world.dice)
    database.write(lambda tx: stored.put(tx, wanted, now=world.clock.at))
    for beat in range(1100):
        world.provider.chaos = beat < 250
        world.beat()
        if beat > 250 and beat % 50 == 0 and not pending(database):
            break
    judge(world, wanted, f"seed {seed}")


def pending(database: Database) -> bool:
    return (
        database.read(
            lambda tx: tx.one("select 1 from outbox where state <> 'accepted' limit 1")
        )
        is not None
    )


@pytest.mark.slow  # a hundred worlds of some hundred beats each
def test_nothing_is_lost_reordered_or_sent_after_it_was_taken() -> None:
    connection = open_memory()
    database = Database(lambda _: connection, dialect="sqlite", threaded=False)
    for seed in range(SEEDS):
        play(database, seed)


@pytest.mark.slow  # every write waits for a real server
def test_the_same_holds_on_a_real_server(postgres_server: PostgresServer) -> None:
    url = postgres_server.create("outbox", template="migrated")
    database = open_postgres(url)
    for seed in range(3):
        play(database, seed)
    database.close()
    postgres_server.drop("outbox")


def judge(world: World, wanted: list[Message], seed: str) -> None:
    states = dict(
        world.database.read(lambda tx: tx.all("select key, state from outbox"))
    )
    waiting = {key: state for key, state in states.items() if state != "accepted"}
    assert not waiting, (seed, waiting)
    ordered = {one.target for one in wanted if one.lane in ("chat", "webhook")}
    for target in {one.target for one in wanted}:
        keys = [one.key for one in wanted if one.target == target]
        taken = world.provider.taken[target]
        assert sorted(taken) == keys, (seed, target)
        if target in ordered:
            assert taken == keys, (seed, target)
    assert not world.provider.again, (seed, world.provider.again)
