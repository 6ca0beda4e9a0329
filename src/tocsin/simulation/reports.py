"""Delivery reports: what a provider tells us of messages that did arrive."""

from collections.abc import Callable

from tocsin.core.pages.receipts import Delivered
from tocsin.engine import receipts
from tocsin.simulation.history import SECOND, Call
from tocsin.simulation.nodes import Node
from tocsin.simulation.stage import Stage

# How often a provider tells it again where nobody took the report.
_TRIES = 3


class Reports:
    """One provider reports (`providers.REPORTING`); it asks whichever node works."""

    def __init__(self, world: Stage, working: Callable[[], list[Node]]) -> None:
        self._world = world
        self._working = working

    def of(self, call: Call, tries: int = 0) -> None:
        """The message of `call` has arrived."""
        if not call.receipt or tries >= _TRIES:
            return
        nodes = self._working()
        if nodes and self._told(self._world.dice.choice(nodes), call):
            call.reported = self._world.time
            return
        self._world.later(5 * SECOND, lambda: self.of(call, tries + 1))

    def _told(self, node: Node, call: Call) -> bool:
        now, commits = node.clock.now(), node.commits
        assert node.database is not None
        database = node.database
        node.run(
            "act",
            lambda: database.write(
                lambda tx: receipts.report(tx, call.receipt, Delivered.YES, now=now)
            ),
        )
        return node.commits > commits
