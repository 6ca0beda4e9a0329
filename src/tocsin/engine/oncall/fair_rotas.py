"""Proposals of fair rotas: asked of a solver, checked, shown, and saved when accepted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.building.directory_building import build
from tocsin.core.configuration import Documents
from tocsin.core.forms import Plain
from tocsin.core.oncall import fair_rota as rules
from tocsin.core.oncall.fair_documents import accepted
from tocsin.core.oncall.fair_rota import Puzzle
from tocsin.core.oncall.fair_turns import Turn
from tocsin.core.oncall.oncall_load import gini
from tocsin.core.oncall.rota_effect import RotaEffect, effect
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.wallclock import Window, this_minute
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.failures import NoSolver
from tocsin.store import directory as stored
from tocsin.store.database import Tx

WEEKS = (8, 13, 26)
_OLD = (
    "The rota, somebody's leave or the time has moved on since this was proposed. "
    "Ask for a new proposal."
)


class Proposal(Struct, frozen=True):
    """Who would have each turn, beside who has it; or (`problem`) why there is none."""

    puzzle: Puzzle | None = None
    picked: tuple[int, ...] = ()
    since: datetime | None = None
    effect: RotaEffect | None = None
    problem: str = ""

    @property
    def rows(self) -> list[tuple[Turn, str, str]]:
        """(turn, whose it is, whose it would be)."""
        if self.puzzle is None:
            return []
        people = self.puzzle.people
        return [
            (turn, turn.now, people[p])
            for turn, p in zip(self.puzzle.turns, self.picked, strict=True)
        ]

    def loads(self) -> Mapping[str, tuple[float, float]]:
        """Each person's load with what they carried, as it is and as it would be."""
        if self.puzzle is None:
            return {}
        before = rules.shares(self.puzzle, rules.as_it_is(self.puzzle)).loads
        after = rules.shares(self.puzzle, self.picked).loads
        return dict(
            zip(self.puzzle.people, zip(before, after, strict=True), strict=True)
        )

    def evenness(self) -> tuple[float, float]:
        """The Gini coefficient of those loads, before and after."""
        loads = list(self.loads().values())
        return gini([one for one, _ in loads]), gini([one for _, one in loads])

    @property
    def mends(self) -> list[tuple[str, str]]:
        """What the rota as it is breaks: (who, what about them)."""
        if self.puzzle is None:
            return []
        return rules.broken(self.puzzle, rules.as_it_is(self.puzzle))

    @property
    def unrested(self) -> list[tuple[str, Turn]]:
        """Who has a turn without rest around what is fixed, as no answer avoids it."""
        return rules.unrested(self.puzzle, self.picked) if self.puzzle else []

    @property
    def unrested_keys(self) -> list[str]:
        """The same as the form sends it back."""
        return _keys(self.puzzle, self.picked) if self.puzzle else []

    @property
    def unheard(self) -> int:
        """How many wishes it does not honour."""
        return rules.unheard(self.puzzle, self.picked) if self.puzzle else 0


def _keys(puzzle: Puzzle, picked: Sequence[int]) -> list[str]:
    found = rules.unrested(puzzle, picked)
    return [f"{turn.start.isoformat()} {who}" for who, turn in found]


class FairRotas:
    """For the pages."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def propose(self, schedule: str, rotation: str, weeks: int) -> Proposal:
        """Blocks for some seconds: a solver is asked, twice where rest is given up."""
        since = this_minute(self._desk.clock.now())
        asked = self._puzzle(schedule, rotation, since, weeks)
        if asked is None:
            return Proposal(problem="There is no such rotation any more.")
        problem = rules.cannot_be(asked)
        if problem:
            return Proposal(problem=problem)
        try:
            picked = self._desk.solve(asked)
            if picked is None and asked.tired:
                asked = rules.eased(asked)
                picked = self._desk.solve(asked)
        except NoSolver as error:
            return Proposal(problem=str(error))
        if picked is None:
            few = "Too few people for the rest and the leave of everybody: no proposal."
            return Proposal(problem=few)
        broken = rules.violations(asked, picked)
        if broken:
            return Proposal(problem=f"The solver's answer does not hold: {broken[0]}")
        shown = self._shown(schedule, rotation, asked, picked)
        return Proposal(asked, tuple(picked), since, shown)

    def accept(
        self,
        schedule: str,
        rotation: str,
        weeks: int,
        since: datetime,
        names: Sequence[str],
        viewer: Viewer,
        *,
        shown: Collection[str] = (),
    ) -> tuple[Edited, str]:
        """Save what was shown, if it still holds; else why not.

        `shown` are the turns without rest that the lead was told of, as `unrested` says.
        """
        now = self._desk.clock.now()
        asked = self._puzzle(schedule, rotation, since, weeks)
        if asked is None:
            return Edited(), "There is no such rotation any more."
        place = {who: p for p, who in enumerate(asked.people)}
        picked = [place.get(who, -1) for who in names]
        without = rules.eased(asked)
        if shown and set(shown) == set(_keys(without, picked)):
            asked = without
        if rules.violations(asked, picked) or asked.turns[0].start < now:
            return Edited(), _OLD
        if picked == rules.as_it_is(asked):
            return Edited(), ""  # sent twice: it is so already

        edited = self._desk.database.write(
            lambda tx: self._save(tx, schedule, rotation, asked, picked, viewer)
        )
        if edited.done:
            self._desk.directory()
            self._desk.wake()
        return edited, edited.missing

    def _save(
        self,
        tx: Tx,
        schedule: str,
        rotation: str,
        asked: Puzzle,
        picked: Sequence[int],
        viewer: Viewer,
    ) -> Edited:
        """The document, and the messages to whoever's hours change."""
        desk, now = self._desk, self._desk.clock.now()
        documents = stored.documents(tx)
        known = desk.directories.current(tx).rotation(f"{schedule}/{rotation}")
        if schedule not in documents["schedules"] or known is None:
            return Edited(missing="There is no such rotation any more.")
        tag = desk.new_id()[:6]
        document, _ = _after(documents, schedule, known, asked, picked, tag)
        return edit(
            tx, Change("schedules", schedule, document), viewer=viewer,
            actor=viewer.actor, auditor=desk.audit, new_key=desk.new_key, now=now,
        )  # fmt: skip

    def _shown(
        self, schedule: str, rotation: str, asked: Puzzle, picked: Sequence[int]
    ) -> RotaEffect | None:
        """What accepting would change, by the functions that page."""
        known = self._desk.directory().rotation(f"{schedule}/{rotation}")
        documents = self._desk.database.read(stored.documents)
        if known is None or schedule not in documents["schedules"]:
            return None
        _, new = _after(documents, schedule, known, asked, picked, "shown")
        return effect(known, new, now=self._desk.clock.now())

    def _puzzle(
        self, schedule: str, rotation: str, since: datetime, weeks: int
    ) -> Puzzle | None:
        directory = self._desk.directory()
        known = directory.schedules.get(schedule)
        found = directory.rotation(f"{schedule}/{rotation}")
        if known is None or found is None:
            return None
        # One week more than asked: turns that are whole in it are `weeks` of them.
        window = Window(since, since + timedelta(weeks=weeks + 1))
        return rules.puzzle(directory, known, found, window)


def _after(
    documents: Documents,
    schedule: str,
    known: Rotation,
    asked: Puzzle,
    picked: Sequence[int],
    tag: str,
) -> tuple[Plain, Rotation]:
    """The schedule's document with the turns given out, and its rotation then."""
    held = documents["schedules"][schedule]
    rotations = [
        accepted(one, known, asked, picked, tag=tag)
        if one.get("name") == known.name
        else one
        for one in held["rotations"]
    ]
    document = {**held, "rotations": rotations}
    after = {**documents["schedules"], schedule: document}
    built, _ = build({**documents, "schedules": after}, version=0, ids={})
    new = built.rotation(f"{schedule}/{known.name}")
    assert new is not None
    return document, new
