"""The forms of a room, each as one act of the engine."""

from collections.abc import Callable
from datetime import timedelta

from starlette.datastructures import FormData

from tocsin.core.durations import BadDuration, parse
from tocsin.core.excerpts import clean
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.impact import Impact
from tocsin.core.incidents.incidents import Incident, Standing, State
from tocsin.core.incidents.roles import role_named
from tocsin.core.incidents.tasks import DEFAULT_BOX
from tocsin.core.severity import Severity
from tocsin.engine.incidents import acts, alerts, board, roles, tasks, updates
from tocsin.engine.incidents.desk import Act
from tocsin.engine.incidents.scene import Outcome, Scene, refused
from tocsin.store.database import Tx
from tocsin.web.filters import whole_number

_KINDS = ("note", "evidence", "action")


# The incident of a number, None also where whoever asks may not know of it.
Seen = Callable[[Tx, int], Incident | None]


class Fields:
    """What a form holds, cleaned; `seen` finds other incidents that it names."""

    def __init__(self, form: FormData, seen: Seen) -> None:
        self._form = form
        self._seen = seen

    def __call__(self, name: str, longest: int = 4000) -> str:
        return clean(str(self._form.get(name, "")), longest=longest).strip()

    def number(self, name: str) -> int:
        """A whole number, 0 when there is none."""
        return whole_number(self(name, 30)) or 0

    def incident(self, scene: Scene, name: str) -> int:
        """The number of another incident, 0 when it is none that one may know of."""
        number = self.number(name) or whole_number(self(name, 30).upper()[4:]) or 0
        return number if self._seen(scene.tx, number) is not None else 0


def act_of(form: FormData, seen: Seen) -> tuple[str, Act] | None:
    """What a form asks for: its name for the record, and the act."""
    fields = Fields(form, seen)
    word = fields("do", 40)
    found = _ACTS.get(word)
    return (word, lambda scene: found(scene, fields)) if found is not None else None


def _say(scene: Scene, f: Fields) -> Outcome:
    kind, text, key = f("kind", 20), f("text", 8000), f("key", 100)
    if kind == "decision":
        return acts.decide(scene, text, dissent=f("dissent"), key=key)
    if kind == "task":
        return _task(scene, f)
    chosen = EntryKind(kind) if kind in _KINDS else EntryKind.NOTE
    return acts.note(scene, text, kind=chosen, key=key)


def _task(scene: Scene, f: Fields) -> Outcome:
    within = _span(f("within", 40))
    if within is None:
        return refused(scene, "within: expected a time-box such as 15m")
    return tasks.make(
        scene, f("text", 500), f("assignee", 100) or scene.by.person, within=within
    )


def _role(scene: Scene, f: Fields) -> Outcome:
    role = role_named(f("role", 20))
    if role is None:
        return refused(scene, "role: expected IC, Lead, Comms or Scribe")
    word = f("how", 20)
    if word == "offer":
        return roles.offer(scene, role, f("to", 100))
    if word == "take":
        return roles.take(scene, role, reason=f("reason"))
    by_word: dict[str, Callable[[], Outcome]] = {
        "accept": lambda: roles.accept(scene, role),
        "decline": lambda: roles.decline(scene, role),
        "release": lambda: roles.release(scene, role),
    }
    act = by_word.get(word)
    return act() if act is not None else refused(scene, "Nothing was chosen.")


def _severity(scene: Scene, f: Fields) -> Outcome:
    word = f("severity", 10)
    if word not in Severity.__members__:
        return refused(scene, "severity: expected SEV1, SEV2, SEV3 or SEV4")
    return acts.rate(scene, Severity[word], reason=f("reason"))


def _impact(scene: Scene, f: Fields) -> Outcome:
    share = f("share", 20).rstrip("% ").lstrip("~≈ ")
    try:
        known = float(share) if share else None
    except ValueError:
        return refused(scene, "share: expected a percentage such as 38")
    if known is not None and not 0 <= known <= 100:
        return refused(scene, "share: expected a percentage such as 38")
    before = scene.incident.impact
    return acts.revise_impact(
        scene,
        Impact(
            text=f("text", 1000),
            share=known,
            users=before.users,
            journeys=before.journeys,
            regions=before.regions,
            start=before.start,
            start_source=before.start_source,
            start_confidence=before.start_confidence,
            revenue=f("revenue", 200),
            data_loss=bool(f("data_loss", 5)),
            safety=before.safety,
            tier1_down=bool(f("tier1_down", 5)),
            slow=bool(f("slow", 5)),
        ),
    )


def _state(scene: Scene, f: Fields) -> Outcome:
    word = f("state", 20)
    if word not in set(State):
        return refused(scene, "state: expected one of the list")
    return acts.move(scene, State(word), reason=f("reason"), review=f("review"))


def _propose(scene: Scene, f: Fields) -> Outcome:
    return board.propose(
        scene, f("statement"), prediction=f("prediction"), test=f("test"),
        change=f.number("change"),
    )  # fmt: skip


def _span(text: str) -> timedelta | None:
    if not text:
        return DEFAULT_BOX
    try:
        return parse(text)
    except BadDuration:
        return None


_ACTS: dict[str, Callable[[Scene, Fields], Outcome]] = {
    "say": _say,
    "task": _task,
    "move task": lambda scene, f: tasks.move(
        scene, f.number("task"), f("state", 20), assignee=f("assignee", 100)
    ),
    "role": _role,
    "stand": lambda scene, f: acts.stand(
        scene, Standing(f("know", 1000), f("doing", 1000), f("otherwise", 1000))
    ),
    "severity": _severity,
    "impact": _impact,
    "state": _state,
    "title": lambda scene, f: acts.retitle(scene, f("title", 200)),
    "correct": lambda scene, f: acts.correct(scene, f.number("entry"), f("text", 8000)),
    "propose": _propose,
    "move hypothesis": lambda scene, f: board.move(
        scene, f.number("card"), f("state", 20), finding=f("finding"), fix=f("fix")
    ),
    "approve": lambda scene, f: updates.decide(scene, f.number("update"), approve=True),
    "reject": lambda scene, f: updates.decide(
        scene, f.number("update"), approve=False, reason=f("reason")
    ),
    "page": lambda scene, f: alerts.page(
        scene, f("target", 201), why=f("why"), role=role_named(f("role", 20))
    ),
    "merge": lambda scene, f: acts.merge(scene, f.incident(scene, "into")),
    "recurs": lambda scene, f: acts.recurs(scene, f.incident(scene, "of")),
}
