"""How somebody gets an act done: they ask until they are answered.

Each time whichever node the balancer picks, so that what was done and not told is asked
again. Sometimes another node commits an act between the reading and the writing of this
one, as PostgreSQL allows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tocsin.core.incidents.roles import Role
from tocsin.core.people.permissions import Grant
from tocsin.core.severity import Severity
from tocsin.engine.incidents import acts, roles
from tocsin.engine.incidents.desk import Act, Done
from tocsin.engine.incidents.scene import Outcome, Scene
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.simulation.company import NAMES
from tocsin.simulation.history import SECOND
from tocsin.simulation.nodes import Node
from tocsin.simulation.room_ledger import Room
from tocsin.simulation.stage import Stage

_TRIES = 60
_GRANT = Grant("responder")

# What the ledger learns of an act once it is durable, and whose it was.
Learn = Callable[[str, Scene, Outcome], None]


def viewer_of(person: str) -> Viewer:
    """Somebody who may respond."""
    return Viewer(person, _GRANT)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody means to do in a room."""

    room: Room
    person: str
    what: str
    act: Act
    learn: Learn


class Asker:
    """Everybody's browser."""

    def __init__(
        self, world: Stage, working: Callable[[], list[Node]], dice: Random
    ) -> None:
        self._world = world
        self._working = working
        self._dice = dice

    def ask(self, deed: Deed, *, overtaken: bool, tries: int = 0) -> None:
        """Until it is answered; `overtaken` when another act comes between."""
        node = self.node()
        if node is None or not self._asked(node, deed, overtaken=overtaken):
            self.again(tries, lambda: self.ask(deed, overtaken=False, tries=tries + 1))

    def node(self) -> Node | None:
        """Who takes the next request."""
        nodes = self._working()
        return self._dice.choice(nodes) if nodes else None

    def again(self, tries: int, ask: Callable[[], None]) -> None:
        """A little later, but not for ever."""
        if tries < _TRIES:
            self._world.later(self._dice.randrange(2 * SECOND, 15 * SECOND), ask)

    def through(
        self, node: Node, work: Callable[[], Done]
    ) -> tuple[bool, bool, Done | None]:
        """Whether it committed, whether it was answered, and the answer."""
        answers: list[Done] = []
        commits = node.commits
        went = node.run("room", lambda: answers.append(work()))
        return node.commits > commits, went, answers[-1] if answers else None

    def _asked(self, node: Node, deed: Deed, *, overtaken: bool) -> bool:
        world, desk, room = self._world, node.desk, deed.room
        assert desk is not None
        seen: list[tuple[Scene, Outcome]] = []

        def traced(scene: Scene) -> Outcome:
            if overtaken and not seen:
                self._overtake(node, room)
            seen.append((scene, deed.act(scene)))
            return seen[-1][1]

        viewer = viewer_of(deed.person)
        committed, answered, done = self.through(
            node, lambda: desk.act(room.number, viewer, deed.what, traced)
        )
        refused = seen[-1][1].refused if seen else ""
        if committed and seen and not refused:
            deed.learn(deed.person, *seen[-1])
        if committed and refused:
            room.wrongs.append((world.time, f"{deed.what}: {refused}"))
        told = "no answer" if done is None else done.refused or "done"
        durable = ", committed" if committed else ""
        world.note(f"{deed.person} {deed.what} in {room.title}: {told}{durable}")
        return answered

    def _overtake(self, node: Node, room: Room) -> None:
        others = [one for one in self._working() if one is not node]
        if not others:
            return
        connection, person = self._world.connection, self._dice.choice(NAMES)
        is_rating = self._dice.random() < 0.5
        rival = self._rating(room, person) if is_rating else _taking(room, person)
        # Nothing is written yet: what was read holds no lock.
        connection.rollback()
        self._asked(others[0], rival, overtaken=False)
        connection.begin()

    def _rating(self, room: Room, person: str) -> Deed:
        world, severity = self._world, Severity(self._dice.choice((1, 2, 3)))

        def learn(person: str, scene: Scene, done: Outcome) -> None:
            room.rate(severity, world.time, scene.now)

        return Deed(
            room, person, f"rate {severity.name} meanwhile",
            lambda s: acts.rate(s, severity, reason="figures"), learn,
        )  # fmt: skip


def _taking(room: Room, person: str) -> Deed:
    """Command changes hands while whoever commanded decides."""
    return Deed(
        room, person, "take IC meanwhile",
        lambda s: roles.take(s, Role.IC, reason="nobody answers"),
        lambda person, scene, done: room.command(person),
    )  # fmt: skip
