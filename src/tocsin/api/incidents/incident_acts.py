"""What is said and judged in an incident through the API: one route per act."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path

from tocsin.api.access import allowed
from tocsin.api.incidents.incident_answers import Answering, impact_of, when
from tocsin.api.incidents.incident_bodies import (
    ApprovalIn,
    CorrectionIn,
    DecisionIn,
    EntryIn,
    ImpactIn,
    MergeIn,
    RatingIn,
    RecurrenceIn,
    StandingIn,
    StateIn,
    TitleIn,
    UpdateIn,
)
from tocsin.core.excerpts import clean, web_link
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.incidents import Standing, State
from tocsin.core.incidents.updates_written import Update
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.severity import Severity
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents import acts, updates
from tocsin.engine.incidents.scene import Outcome, Scene
from tocsin.engine.signing_in.sign_in import Viewer

Number = Annotated[int, Path(ge=1, le=2**62, description="the incident's number")]
Id = Annotated[int, Path(ge=1, le=2**62)]


def add(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    """Every act of words and judgement."""
    _saying(router, desk, answering)
    _judging(router, desk, answering)
    _telling(router, desk, answering)


# long because: each route is a closure over the desk.
def _saying(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    responder = allowed(desk, RESPONDER)

    @router.post("/{number}/entries", status_code=201)
    def note(number: Number, body: EntryIn, who: Viewer = responder) -> dict[str, Any]:
        """Write what was seen, heard or done."""
        return answering.act(
            number, who, "note",
            lambda scene: acts.note(
                scene, clean(body.text), kind=EntryKind(body.kind),
                at=when(body.at), key=clean(body.key), link=web_link(body.link),
            ),
        )  # fmt: skip

    @router.post("/{number}/entries/{entry}/correction", status_code=201)
    def correct(
        number: Number, entry: Id, body: CorrectionIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Correct an entry; it stays readable."""
        text = clean(body.text)
        return answering.act(
            number, who, "correct", lambda scene: acts.correct(scene, entry, text)
        )

    @router.post("/{number}/decisions", status_code=201)
    def decide(
        number: Number, body: DecisionIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Write a decision, with its options and who objected."""
        return answering.act(
            number, who, "decide",
            lambda scene: acts.decide(
                scene, clean(body.text), options=clean(body.options),
                dissent=clean(body.dissent), key=clean(body.key),
            ),
        )  # fmt: skip

    @router.post("/{number}/standing")
    def stand(
        number: Number, body: StandingIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Say where we are, in three lines."""
        said = Standing(clean(body.know), clean(body.doing), clean(body.otherwise))
        return answering.act(
            number, who, "stand", lambda scene: acts.stand(scene, said)
        )


# long because: each route is a closure over the desk.
def _judging(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    responder = allowed(desk, RESPONDER)

    @router.post("/{number}/severity")
    def rate(number: Number, body: RatingIn, who: Viewer = responder) -> dict[str, Any]:
        """Raise the severity (anyone) or lower it (the commander)."""
        severity, reason = Severity[body.severity], clean(body.reason)
        return answering.act(
            number, who, "rate", lambda scene: acts.rate(scene, severity, reason=reason)
        )

    @router.post("/{number}/impact")
    def impact(
        number: Number, body: ImpactIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Say what it does to customers; every revision is kept."""
        revised = impact_of(body)
        return answering.act(
            number, who, "revise impact",
            lambda scene: acts.revise_impact(scene, revised),
        )  # fmt: skip

    @router.post("/{number}/state")
    def move(number: Number, body: StateIn, who: Viewer = responder) -> dict[str, Any]:
        """Move it on, or back."""
        to, reason, review = State(body.state), clean(body.reason), clean(body.review)
        return answering.act(
            number, who, "move",
            lambda scene: acts.move(scene, to, reason=reason, review=review),
        )  # fmt: skip

    @router.post("/{number}/title")
    def retitle(
        number: Number, body: TitleIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Give it another title."""
        title = clean(body.title)
        return answering.act(
            number, who, "retitle", lambda scene: acts.retitle(scene, title)
        )

    @router.post("/{number}/duplicate")
    def merge(number: Number, body: MergeIn, who: Viewer = responder) -> dict[str, Any]:
        """It is the same as another, which takes its alerts."""

        def act(scene: Any) -> Any:
            known = desk.incidents.seen(scene.tx, body.into, who)
            return acts.merge(scene, body.into if known is not None else 0)

        return answering.act(number, who, "merge", act)

    @router.post("/{number}/recurrence")
    def recurs(
        number: Number, body: RecurrenceIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """An earlier one has happened again; both stay, linked."""

        def act(scene: Scene) -> Outcome:
            known = desk.incidents.seen(scene.tx, body.of, who)
            return acts.recurs(scene, body.of if known is not None else 0)

        return answering.act(number, who, "recurs", act)


# long because: each route is a closure over the desk.
def _telling(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    responder = allowed(desk, RESPONDER)

    @router.post("/{number}/updates", status_code=201)
    def write(
        number: Number, body: UpdateIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Tell people inside, or (once the commander approves) customers."""
        now = desk.clock.now()
        promised = when(body.next_at)
        if body.minutes is not None:
            promised = now + timedelta(minutes=body.minutes)
        update = Update(
            audience=body.audience, stage=body.stage, body=clean(body.body),
            author=who.person, made_at=now, impact=clean(body.impact),
            team=clean(body.team), next_at=promised,
            components={clean(k): clean(v) for k, v in body.components.items()},
            channels=tuple(clean(one) for one in body.channels),
        )  # fmt: skip
        key = clean(body.key)

        def act(scene: Scene) -> Outcome:
            if not body.block:
                return updates.write(scene, update, key=key)
            return updates.write_block(scene, clean(body.block), update, key=key)

        return answering.act(number, who, "update", act)

    @router.post("/{number}/updates/{update}")
    def approve(
        number: Number, update: Id, body: ApprovalIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """The commander lets an external update out, or not."""
        reason = clean(body.reason)
        return answering.act(
            number, who, "decide update",
            lambda scene: updates.decide(
                scene, update, approve=body.approve, reason=reason
            ),
        )  # fmt: skip
