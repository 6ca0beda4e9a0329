"""Who does what in an incident, and what is found, through the API: one route per act."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path

from tocsin.api.access import allowed
from tocsin.api.incidents.incident_answers import Answering
from tocsin.api.incidents.incident_bodies import (
    CallIn,
    HypothesisIn,
    HypothesisMoveIn,
    LinkIn,
    RoleIn,
    RoleWord,
    TaskIn,
    TaskMoveIn,
)
from tocsin.core.excerpts import clean
from tocsin.core.incidents.roles import role_named
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents import alerts, board, roles, tasks
from tocsin.engine.incidents.desk import Act
from tocsin.engine.signing_in.sign_in import Viewer

Number = Annotated[int, Path(ge=1, le=2**62, description="the incident's number")]
Id = Annotated[int, Path(ge=1, le=2**62)]


def add(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    """Every act of people with each other."""
    _staffing(router, desk, answering)
    _finding(router, desk, answering)
    _calling(router, desk, answering)


# long because: each route is a closure over the desk.
def _staffing(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    responder = allowed(desk, RESPONDER)

    @router.post("/{number}/roles/{role}")
    def role(
        number: Number, role: RoleWord, body: RoleIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Take, offer, accept, decline or lay down a role."""
        meant = role_named(role)
        assert meant is not None
        to, reason = clean(body.to), clean(body.reason)
        by_word: dict[str, Act] = {
            "take": lambda scene: roles.take(scene, meant, reason=reason),
            "offer": lambda scene: roles.offer(scene, meant, to),
            "accept": lambda scene: roles.accept(scene, meant),
            "decline": lambda scene: roles.decline(scene, meant),
            "release": lambda scene: roles.release(scene, meant),
        }
        return answering.act(number, who, f"{body.do} role", by_word[body.do])

    @router.post("/{number}/tasks", status_code=201)
    def make_task(
        number: Number, body: TaskIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Ask one person for one thing, within minutes."""
        text, whom = clean(body.text), clean(body.assignee)
        within = timedelta(minutes=body.minutes)
        return answering.act(
            number, who, "task",
            lambda scene: tasks.make(scene, text, whom, within=within),
        )  # fmt: skip

    @router.post("/{number}/tasks/{task}")
    def move_task(
        number: Number, task: Id, body: TaskMoveIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Say how far a task is, or give it to somebody else."""
        whom = clean(body.assignee)
        return answering.act(
            number, who, "move task",
            lambda scene: tasks.move(scene, task, body.state, assignee=whom),
        )  # fmt: skip


# long because: each route is a closure over the desk.
def _finding(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    responder = allowed(desk, RESPONDER)

    @router.post("/{number}/hypotheses", status_code=201)
    def propose(
        number: Number, body: HypothesisIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Say what it may be, and how we would know."""
        within = timedelta(minutes=body.minutes) if body.minutes else None
        return answering.act(
            number, who, "propose",
            lambda scene: board.propose(
                scene, clean(body.statement), prediction=clean(body.prediction),
                test=clean(body.test), owner=clean(body.owner), within=within,
                change=body.change,
            ),
        )  # fmt: skip

    @router.post("/{number}/hypotheses/{card}")
    def move_card(
        number: Number, card: Id, body: HypothesisMoveIn, who: Viewer = responder
    ) -> dict[str, Any]:
        """Say what a test showed; a supported card identifies the cause."""
        return answering.act(
            number, who, "move hypothesis",
            lambda scene: board.move(
                scene, card, body.state, finding=clean(body.finding),
                fix=clean(body.fix),
            ),
        )  # fmt: skip


# long because: each route is a closure over the desk.
def _calling(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    responder = allowed(desk, RESPONDER)

    @router.post("/{number}/alerts")
    def link(number: Number, body: LinkIn, who: Viewer = responder) -> dict[str, Any]:
        """These alerts belong to the incident."""
        hidden = desk.directory().hidden_from(who.grant)
        return answering.act(
            number, who, "link alerts",
            lambda scene: alerts.link(scene, body.alerts, hidden=hidden),
        )  # fmt: skip

    @router.delete("/{number}/alerts/{alert}")
    def unlink(number: Number, alert: Id, who: Viewer = responder) -> dict[str, Any]:
        """An alert has nothing to do with it."""
        return answering.act(
            number, who, "unlink alert", lambda scene: alerts.unlink(scene, alert)
        )

    @router.post("/{number}/page", status_code=202)
    def page(number: Number, body: CallIn, who: Viewer = responder) -> dict[str, Any]:
        """Page somebody about it, until they answer."""
        role = role_named(body.role) if body.role else None
        target, why = clean(body.target), clean(body.why)
        return answering.act(
            number, who, "page",
            lambda scene: alerts.page(scene, target, why=why, role=role),
        )  # fmt: skip
