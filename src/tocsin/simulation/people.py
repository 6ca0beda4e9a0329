"""People who are paged: some answer, some late, some never, some the wrong alert."""

from collections.abc import Callable
from functools import partial

from tocsin.core.directory import Directory
from tocsin.engine import answering
from tocsin.engine.answering import Acted, Via
from tocsin.interfaces.pagers import PageMessage
from tocsin.simulation.faults import Fault
from tocsin.simulation.history import MINUTE, SECOND, Call
from tocsin.simulation.nodes import Node
from tocsin.simulation.stage import Stage
from tocsin.store.database import Tx

_TRIES = 40


class People:
    """Everybody's thumbs."""

    def __init__(self, world: Stage, working: Callable[[], list[Node]]) -> None:
        self._world = world
        self._working = working
        self._decided: set[tuple[str, int, int]] = set()
        self._numbers: list[int] = []
        self._titles: dict[int, str] = {}
        self._eager = world.dice.choice((0.2, 0.5, 0.8))

    def got(self, call: Call, message: PageMessage) -> None:
        """A message arrives on somebody's phone."""
        world = self._world
        dice = world.dice
        for alert in message.alerts:
            if alert.number not in self._titles:
                self._numbers.append(alert.number)
                self._titles[alert.number] = alert.title
            # A person makes up their mind about a page once in ten minutes.
            mind = (message.person, alert.number, world.time // (10 * MINUTE))
            if mind in self._decided:
                continue
            self._decided.add(mind)
            if dice.random() > self._eager:
                continue
            delay, number = dice.randrange(10 * SECOND, 5 * MINUTE), alert.number
            if world.faults.strikes(Fault.LATE_ANSWERS, "late"):
                delay = dice.randrange(10 * MINUTE, 40 * MINUTE)
            if world.faults.strikes(Fault.LATE_ANSWERS, "wrong alert", bias=0.3):
                number = dice.choice(self._numbers)
            what = "resolve" if dice.random() < 0.15 else "ack"
            act = partial(self._act, message.person, number, what, 0)
            world.later(delay, act)

    def _act(self, person: str, number: int, what: str, tries: int) -> None:
        world = self._world
        if tries >= _TRIES:
            world.note(f"{person} gives up on {self._titles[number]}")
            return
        nodes = self._working()
        done: list[Acted] = []
        if nodes:
            node = world.dice.choice(nodes)
            committed = self._ask(node, person, number, what, done)
            if committed:
                self._learn(person, number, what, done[-1])
            if committed and node.answered:
                return
        again = world.dice.randrange(2 * SECOND, 15 * SECOND)
        world.later(again, lambda: self._act(person, number, what, tries + 1))

    def _ask(
        self, node: Node, person: str, number: int, what: str, done: list[Acted]
    ) -> bool:
        act = answering.resolve if what == "resolve" else answering.acknowledge
        now = node.clock.now()

        def work(tx: Tx) -> None:
            directory: Directory = node.directories.current(tx)
            done.append(
                act(
                    tx, number, by=person, via=Via.PAGE_LINK,
                    directory=directory, now=now,
                )
            )  # fmt: skip

        commits = node.commits
        assert node.database is not None
        database = node.database
        node.answered = node.run("act", lambda: database.write(work))
        if node.alive:
            node.wake()
        return node.commits > commits

    def _learn(self, person: str, number: int, what: str, acted: Acted) -> None:
        world, title = self._world, self._titles[number]
        if not acted.done:
            world.note(f"{person} {what} {title}: refused: {acted.refused}")
            world.history.refusals.append((world.time, title, person, acted.refused))
            return
        world.note(f"{person} {what} {title}")
        if what == "ack":
            world.ledger.acked(title, person, at=world.time)
        else:
            world.ledger.resolved(title, at=world.time)
