"""What the API takes about incidents, each field with its limits."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from tocsin.api.bodies import Body, Text

Word = Annotated[str, Field(max_length=200)]
Line = Annotated[str, Field(min_length=1, max_length=4000)]
SeverityName = Literal["SEV1", "SEV2", "SEV3", "SEV4"]
RoleWord = Literal["ic", "lead", "comms", "scribe"]
Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]
Number = Annotated[int, Field(ge=1, le=2**62)]


class ImpactIn(Body):
    """What it does to customers; `share` is the percentage of users affected."""

    text: Text = ""
    share: Annotated[float | None, Field(ge=0, le=100)] = None
    users: Annotated[int | None, Field(ge=0, le=10**12)] = None
    journeys: Annotated[tuple[Word, ...], Field(max_length=20)] = ()
    regions: Annotated[tuple[Word, ...], Field(max_length=20)] = ()
    start: datetime | None = None
    start_source: Word = ""
    start_confidence: Literal["", "sure", "likely", "guess"] = ""
    revenue: Word = ""
    data_loss: bool = False
    safety: bool = False
    tier1_down: bool = False
    slow: bool = False


class DeclareIn(Body):
    """A title is enough. Without a severity: the worst of the alerts, else SEV2."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    severity: SeverityName | None = None
    services: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    alerts: Annotated[tuple[Number, ...], Field(max_length=200)] = ()
    impact: ImpactIn = ImpactIn()
    private: bool = False
    drill: bool = False
    page: bool = True
    bridge: Annotated[str, Field(max_length=2000)] = ""
    recurrence_of: Annotated[int, Field(ge=0, le=2**62)] = 0


class EntryIn(Body):
    """A line of the log; `at` is when it happened, `key` makes it one if sent twice."""

    text: Line
    at: datetime | None = None
    kind: Literal["note", "evidence", "action"] = "note"
    link: Annotated[str, Field(max_length=2000)] = ""
    key: Word = ""


class DecisionIn(Body):
    """What was decided, between what, and who objected."""

    text: Line
    options: Text = ""
    dissent: Text = ""
    key: Word = ""


class CorrectionIn(Body):
    """What is right; the entry stays readable."""

    text: Line


class RatingIn(Body):
    """Another severity, with why."""

    severity: SeverityName
    reason: Text = ""


class StateIn(Body):
    """Another state. `review` at the close: yes, or why there will be none."""

    state: Literal[
        "investigating", "identified", "monitoring", "resolved", "closed", "cancelled"
    ]
    reason: Text = ""
    review: Text = ""


class StandingIn(Body):
    """Where we are, in three lines."""

    know: Text = ""
    doing: Text = ""
    otherwise: Text = ""


class TitleIn(Body):
    """Another title."""

    title: Annotated[str, Field(min_length=1, max_length=200)]


class MergeIn(Body):
    """The incident that it is the same as."""

    into: Number


class RecurrenceIn(Body):
    """The earlier incident that has happened again."""

    of: Number


class RoleIn(Body):
    """What is done with a role; `to` is whom it is offered to."""

    do: Literal["take", "offer", "accept", "decline", "release"]
    to: Word = ""
    reason: Text = ""


class TaskIn(Body):
    """Something to do, by one person, within minutes."""

    text: Line
    assignee: Annotated[str, Field(min_length=1, max_length=100)]
    minutes: Minutes = 15


class TaskMoveIn(Body):
    """Another state of a task, or another person."""

    state: Literal["open", "accepted", "done", "blocked", "dropped", "moved"] = "open"
    assignee: Word = ""


class HypothesisIn(Body):
    """What it may be, what we would see then, and how to test it."""

    statement: Line
    prediction: Text = ""
    test: Text = ""
    owner: Word = ""
    minutes: Minutes | None = None
    change: Annotated[int, Field(ge=0, le=2**62)] = 0


class HypothesisMoveIn(Body):
    """Another state of a card, with what was seen or done."""

    state: Literal[
        "proposed", "testing", "supported", "refuted", "inconclusive", "acted"
    ]
    finding: Text = ""
    fix: Text = ""


class UpdateIn(Body):
    """Words for inside or outside. `minutes` until the next one, or `next_at`.

    `block` is a whole `[UPDATE]` text, read in the incident's zone, instead of fields.
    """

    audience: Literal["internal", "external"] = "internal"
    stage: Literal[
        "investigating", "identified", "monitoring", "resolved", "update"
    ] = "update"
    body: Text = ""
    block: Text = ""
    impact: Text = ""
    team: Text = ""
    next_at: datetime | None = None
    minutes: Minutes | None = None
    components: Annotated[dict[Word, Word], Field(max_length=200, default_factory=dict)]
    channels: Annotated[tuple[Word, ...], Field(max_length=20)] = ()
    key: Word = ""


class ApprovalIn(Body):
    """Whether an external update goes out."""

    approve: bool
    reason: Text = ""


class LinkIn(Body):
    """Alerts that belong to the incident."""

    alerts: Annotated[list[Number], Field(min_length=1, max_length=200)]


class CallIn(Body):
    """Whom to page: a person, rotation (`schedule/rotation`), schedule or team."""

    target: Annotated[str, Field(min_length=1, max_length=201)]
    why: Text = ""
    role: RoleWord | None = None
