"""Whom a policy would page: the saved one, or one that somebody is still writing."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Path, Query

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.instants import bounded, utc
from tocsin.api.problems import refused_fields
from tocsin.api.shapes import rehearsal_json
from tocsin.core.configuration import FORMS
from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.pages.policy_lint import lint
from tocsin.core.people.permissions import VIEWER
from tocsin.core.severity import Severity
from tocsin.engine.editing import Change
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.rehearsals import rehearse_next
from tocsin.engine.signing_in.sign_in import Viewer

Name = Annotated[str, Path(max_length=100)]
Sev = Annotated[str, Query(pattern="^SEV[1-4]$")]
_NOUN = "escalation_policies"


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(responses=ERRORS, tags=["on call"])
    _saved(router, desk)
    _unsaved(router, desk)
    return router


def _saved(router: APIRouter, desk: FrontDesk) -> None:
    @router.get("/policies/{name}/test")
    def test_policy(
        name: Name,
        caller: Viewer = allowed(desk, VIEWER),
        severity: Sev = "SEV2",
        at: datetime | None = None,
    ) -> dict[str, Any]:
        """Who would be paged for a service or policy if nobody answered."""
        directory = desk.directory()
        service = _service_with(directory, name, caller)
        policy = directory.policy_of(service)
        if not service:
            policy = directory.policies[name]
        when = _instant(at, desk)
        found = desk.database.read(
            lambda tx: rehearse_next(
                tx,
                directory,
                policy,
                severity=Severity[severity],
                at=when,
                service=service,
            )
        )
        return {
            "service": service,
            **rehearsal_json(found),
            "warnings": list(lint(policy)),
        }


def _unsaved(router: APIRouter, desk: FrontDesk) -> None:
    shape = {"content": {"application/json": {"schema": dict(FORMS[_NOUN].schema())}}}

    @router.post(
        "/policies/{name}/test",
        name="test_unsaved_policy",
        openapi_extra={"requestBody": shape},
    )
    def test_unsaved(
        name: Name,
        document: Annotated[dict[str, Any], Body()],
        _: Viewer = allowed(desk, VIEWER),
        severity: Sev = "SEV2",
        at: datetime | None = None,
    ) -> Any:
        """Who would be paged by a policy as it is sent here; nothing is saved."""
        seen = desk.preview(Change(_NOUN, name, document))
        if seen.problems:
            return refused_fields(seen.problems)
        policy = seen.after.policies[name]
        when = _instant(at, desk)
        found = desk.database.read(
            lambda tx: rehearse_next(
                tx, seen.after, policy, severity=Severity[severity], at=when
            )
        )
        return {**rehearsal_json(found), "warnings": list(lint(policy))}


def _service_with(directory: Directory, name: str, caller: Viewer) -> str:
    """The service of this name, else one that uses the policy; "" when none does."""
    seen = [one for one in directory.services.values() if caller.sees(one)]
    if any(one.name == name for one in seen):
        return name
    if name not in directory.policies:
        said = f"There is no service or policy named {clean(name)}."
        raise HTTPException(404, said)
    return next((one.name for one in seen if one.policy == name), "")


def _instant(at: datetime | None, desk: FrontDesk) -> datetime:
    return desk.clock.now() if at is None else bounded(utc(at))
