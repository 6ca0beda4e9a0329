"""People in rooms: they declare, take and hand over, promise, propose, approve and end.

What becomes of an act the ledger of its room learns when it is durable.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from tocsin.core.incidents.incidents import State
from tocsin.core.incidents.roles import Role
from tocsin.core.incidents.updates_written import Update
from tocsin.core.severity import Severity
from tocsin.engine.incidents import acts, roles, updates
from tocsin.engine.incidents.declaring import Draft
from tocsin.engine.incidents.desk import Act
from tocsin.engine.incidents.scene import Outcome, Scene
from tocsin.simulation import following
from tocsin.simulation.asking import Asker, Deed, Learn, viewer_of
from tocsin.simulation.company import NAMES, SERVICES
from tocsin.simulation.history import MINUTE, SECOND
from tocsin.simulation.nodes import Node
from tocsin.simulation.room_ledger import Room, Told
from tocsin.simulation.stage import Stage
from tocsin.store import outbox
from tocsin.store.outbox import Message

# Rooms cost the simulator as much again; a quarter of the seeds has some.
_SHARE = 0.25
_MAILING = (120, 200, 300)
_RIVALS = 0.3


def has_rooms(seed: int) -> bool:
    """Whether anybody declares an incident in this outage."""
    return _dice(seed).random() < _SHARE


def _dice(seed: int) -> Random:
    return Random(f"rooms of {seed}")


class Rooms:
    """Every incident of an outage, and the mailings."""

    def __init__(self, world: Stage, working: Callable[[], list[Node]]) -> None:
        self._world = world
        # Dice of its own: seeds without rooms are what they were.
        self.dice = _dice(world.seed)
        self.drawn = self.dice.random() < _SHARE
        self._asker = Asker(world, working, self.dice)
        self.rooms: list[Room] = []
        # What was put into the outbox in one go: what, recipients, when.
        self.mailings: list[tuple[str, int, int]] = []
        # Subscribers who left, and when that was durable.
        self.left: dict[int, int] = {}
        self._serial = 0

    def plan(self, chaos: int) -> None:
        """Draw when somebody declares, and when bulk is sent."""
        dice, world = self.dice, self._world
        for index in range(dice.choice((1, 2, 2, 3))):
            services = tuple(dice.sample(SERVICES, dice.choice((0, 1))))
            severity = Severity(dice.choice((1, 1, 2, 2, 3)))
            room = Room(f"outage {index}", f"declared {index}", services, severity)
            self.rooms.append(room)
            world.at(dice.randrange(0, chaos - 30 * MINUTE), self._declares(room))
        for number in dice.sample(range(following.SUBSCRIBERS), 3):
            at = dice.randrange(0, chaos)
            world.at(at, lambda number=number: self._leave(number, 0))  # type: ignore[misc]
        if dice.random() < 0.5:
            count = dice.choice(_MAILING)
            at = dice.randrange(0, chaos - 20 * MINUTE)
            world.at(at, lambda: self._mail("mailing 0", count, 0))

    # -- what they mean to do ----------------------------------------------------

    def _declares(self, room: Room) -> Callable[[], None]:
        draft = Draft(
            room.title, room.severity, room.services,
            page=self.dice.random() < 0.4, key=room.key,
        )  # fmt: skip
        person = self.dice.choice(NAMES)
        return lambda: self._declare(room, draft, person, 0)

    def _declare(self, room: Room, draft: Draft, person: str, tries: int) -> None:
        world = self._world
        node = self._asker.node()
        if node is not None:
            now, desk = node.clock.now(), node.desk
            assert desk is not None
            viewer = viewer_of(person)
            committed, answered, _ = self._asker.through(
                node, lambda: desk.declare(draft, viewer)
            )
            if committed and room.declared is None:
                rows = world.connection.all(
                    "select number from incidents where title = :t", t=room.title
                )
                room.number = rows[0][0]
                room.declare(world.time, now)
                world.note(f"{person} declares {room.title}, INC-{room.number}")
                self._live(room)
            if answered:
                return
        self._asker.again(tries, lambda: self._declare(room, draft, person, tries + 1))

    def _live(self, room: Room) -> None:
        """Draw a life: somebody commands or not, acts follow, an end comes or not."""
        dice, world = self.dice, self._world
        at = dice.randrange(20 * SECOND, 6 * MINUTE)
        if dice.random() < 0.8:
            world.later(at, lambda: self._take(room))
        for _ in range(dice.choice((6, 12, 18))):
            at += int(dice.choice((0.5, 2, 4, 8)) * MINUTE * dice.uniform(0.5, 1.5))
            choice = dice.choice(_DEEDS)
            world.later(at, lambda choice=choice: choice(self, room))  # type: ignore[misc]
        if dice.random() < 0.7:
            world.later(at + MINUTE, lambda: self._end(room))

    def _note(self, room: Room) -> None:
        self._serial += 1
        key = f"note {self._serial}"
        room.sent.add(key)

        def learn(person: str, scene: Scene, done: Outcome) -> None:
            room.notes.setdefault(key, self._world.time)

        self._does(room, "note", lambda s: acts.note(s, f"saw {key}", key=key), learn)

    def _take(self, room: Room) -> None:
        reason = self.dice.choice(("", "", "nobody answers"))

        def learn(person: str, scene: Scene, done: Outcome) -> None:
            room.command(person)

        self._does(
            room, "take IC", lambda s: roles.take(s, Role.IC, reason=reason), learn
        )

    def _hand_over(self, room: Room) -> None:
        if not room.commander:
            self._take(room)
            return
        to = self.dice.choice([n for n in NAMES if n != room.commander])

        def offered(person: str, scene: Scene, done: Outcome) -> None:
            self._world.later(
                self.dice.randrange(5 * SECOND, 3 * MINUTE), lambda: accepts()
            )

        def accepted(person: str, scene: Scene, done: Outcome) -> None:
            room.command(person)

        def accepts() -> None:
            self._does(
                room, "accept IC", lambda s: roles.accept(s, Role.IC), accepted, by=to
            )

        self._does(
            room, f"offer IC to {to}", lambda s: roles.offer(s, Role.IC, to), offered,
            by=room.commander,
        )  # fmt: skip

    def _update(self, room: Room) -> None:
        self._write(room, "internal")

    def _propose(self, room: Room) -> None:
        self._write(room, "external")

    def _write(self, room: Room, audience: str) -> None:
        self._serial += 1
        key, world = f"update {self._serial}", self._world
        minutes = self.dice.choice((None, None, 2, 3, 5, 12, 25))

        def act(scene: Scene) -> Outcome:
            next_at = scene.now + timedelta(minutes=minutes) if minutes else None
            made = Update(
                audience, "investigating", f"text of {key}", scene.by.person,
                scene.now, next_at=next_at,
            )  # fmt: skip
            return updates.write(scene, made, key=key)

        def learn(person: str, scene: Scene, done: Outcome) -> None:
            assert done.update is not None
            if done.update.state == "proposed":
                room.proposed.append(done.update.id)
                return
            if audience == "external":
                told = Told(world.time, person, room.commander)
                room.outside[done.update.id] = told
            room.told(world.time, scene.now, done.update.next_at)

        self._does(room, f"{audience} {key}", act, learn)

    def _decide(self, room: Room) -> None:
        if not room.proposed:
            self._propose(room)
            return
        number, approve = self.dice.choice(room.proposed), self.dice.random() < 0.7
        by = room.commander if self.dice.random() < 0.6 else ""

        def learn(person: str, scene: Scene, done: Outcome) -> None:
            room.proposed.remove(number)
            if approve:
                assert done.update is not None
                told = Told(self._world.time, person, room.commander)
                room.outside[number] = told
                room.told(self._world.time, scene.now, done.update.next_at)

        self._does(
            room, f"decide on update {number}",
            lambda s: updates.decide(s, number, approve=approve, reason="so"),
            learn, by=by,
        )  # fmt: skip

    def _rate(self, room: Room) -> None:
        severity = Severity(self.dice.choice((1, 2, 3)))

        def learn(person: str, scene: Scene, done: Outcome) -> None:
            room.rate(severity, self._world.time, scene.now)

        self._does(
            room, f"rate {severity.name}",
            lambda s: acts.rate(s, severity, reason="figures"), learn,
        )  # fmt: skip

    def _end(self, room: Room) -> None:
        self._move(room, State.RESOLVED)
        self._world.later(
            self.dice.randrange(MINUTE, 8 * MINUTE),
            lambda: self._move(room, State.CLOSED),
        )

    def _watch(self, room: Room) -> None:
        self._move(room, State.MONITORING)

    def _move(self, room: Room, to: State) -> None:
        def learn(person: str, scene: Scene, done: Outcome) -> None:
            room.move(to.value, self._world.time, scene.now)

        by = room.commander if self.dice.random() < 0.8 else ""
        self._does(
            room, f"to {to}", lambda s: acts.move(s, to, reason="seen", review="no"),
            learn, by=by,
        )  # fmt: skip

    def _does(
        self, room: Room, what: str, act: Act, learn: Learn, *, by: str = ""
    ) -> None:
        rival = self.dice.random() < _RIVALS
        person = by or self.dice.choice(NAMES)
        self._asker.ask(Deed(room, person, what, act, learn), overtaken=rival)

    def _leave(self, number: int, tries: int) -> None:
        """A subscriber wants no more mails."""
        node = self._asker.node()
        if node is not None:
            now, database, commits = node.clock.now(), node.database, node.commits
            assert database is not None
            answered = node.run(
                "room",
                lambda: database.write(lambda tx: following.leave(tx, number, now=now)),
            )
            if node.commits > commits:
                self.left.setdefault(number, self._world.time)
            if answered:
                return
        self._asker.again(tries, lambda: self._leave(number, tries + 1))

    def _mail(self, what: str, count: int, tries: int) -> None:
        """Some hundred mails are put into the outbox in one go."""
        node = self._asker.node()
        if node is not None:
            now: datetime = node.clock.now()
            messages = [
                Message("mail", "mail", f"reader-{n}", f"{what}:{n}", {"what": what})
                for n in range(count)
            ]
            database, commits = node.database, node.commits
            assert database is not None
            answered = node.run(
                "room",
                lambda: database.write(lambda tx: outbox.put(tx, messages, now=now)),
            )
            if node.commits > commits and not self.mailings:
                self.mailings.append((what, count, self._world.time))
            self._world.note(f"{what} of {count} is put into the outbox: {answered}")
            if answered and (tries or self.dice.random() < 0.6):
                return  # else somebody presses twice
        self._asker.again(tries, lambda: self._mail(what, count, tries + 1))


_DEEDS: tuple[Callable[[Rooms, Room], None], ...] = (
    Rooms._note, Rooms._note, Rooms._note, Rooms._update, Rooms._update, Rooms._update,
    Rooms._propose, Rooms._propose, Rooms._decide, Rooms._decide, Rooms._hand_over,
    Rooms._rate, Rooms._watch,
)  # fmt: skip
