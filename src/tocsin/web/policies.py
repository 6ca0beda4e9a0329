"""The escalation policies in sentences, and who would be paged if something broke."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.pages.escalation import Policy
from tocsin.core.pages.policy_lint import lint
from tocsin.core.people.permissions import LEAD
from tocsin.core.severity import Severity
from tocsin.core.wallclock import UnknownZone, first_instant, zone_named
from tocsin.engine.editing import team_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.rehearsals import Rehearsal, rehearse_next
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store import silences as stored_silences
from tocsin.store.database import Tx
from tocsin.web.gate import Gate
from tocsin.web.path_drawing import Drawing, drawn
from tocsin.web.rendering import dated_short

NOUN = "escalation_policies"
_ROWS = 50


class Question(Struct, frozen=True):
    """Who would be paged if: `at` as typed in `zone`, "" is now."""

    severity: Severity
    at: str
    zone: str
    service: str
    when: datetime
    wrong: str = ""


class Answered(Struct, frozen=True):
    """The dry run that answers a question."""

    question: Question
    run: Rehearsal
    drawing: Drawing | None
    quiet: tuple[str, ...]
    warnings: tuple[str, ...]


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/policies", pages.policies),
        gate.get("/policies/{name}", pages.policy),
    ]


def question(
    typed: Mapping[str, Any], viewer: Viewer, directory: Directory, now: datetime
) -> Question:
    """What is asked by the fields `severity`, `at`, `zone` and `service`."""
    severity = str(typed.get("severity", ""))
    known = Severity[severity] if severity in Severity.__members__ else Severity.SEV2
    at = clean(str(typed.get("at", "")), longest=40)
    zone = clean(str(typed.get("zone", "")), longest=60) or viewer.zone
    service = clean(str(typed.get("service", "")), longest=100)
    found = directory.services.get(service)
    if found is None or not viewer.sees(found):
        service = ""
    when, wrong = now, ""
    try:
        if at:
            local = datetime.fromisoformat(at).replace(tzinfo=None)
            when = first_instant(local, zone_named(zone))
    except UnknownZone as error:
        wrong, zone = f"Time zone: {error}.", viewer.zone
    except (ValueError, OverflowError):
        wrong = "Time: expected a date and a time such as 2026-03-14T03:00."
    if not 2000 <= when.year <= 2100:
        wrong, when = "Time: expected one between 2000 and 2100.", now
    return Question(known, at, zone, service, when, wrong)


def answer(tx: Tx, directory: Directory, policy: Policy, asked: Question) -> Answered:
    """Who would be paged, by the engine's own rules."""
    run = rehearse_next(
        tx, directory, policy,
        severity=asked.severity, at=asked.when, service=asked.service,
    )  # fmt: skip
    quiet = [
        f"A silence of {one.author} ({one.comment}) covers {asked.service} until "
        f"{dated_short(one.ends_at, asked.zone, now=asked.when)}: nobody is "
        "paged before it ends."
        for one in stored_silences.in_force(tx, now=asked.when)
        if asked.service and one.service == asked.service and not one.matchers
    ]
    return Answered(asked, run, drawn(run), tuple(quiet), lint(policy))


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def policies(self, request: Request, viewer: Viewer) -> Response:
        """All policies by name, with whom each would page first now."""
        text = clean(request.query_params.get("q", ""), longest=100)
        after = clean(request.query_params.get("after", ""), longest=100)
        now = self._desk.clock.now()
        directory, teams = self._desk.database.read(self._all)
        names = [
            name
            for name in sorted(directory.policies)
            if name > after and text.casefold() in name.casefold()
        ]
        shown = [directory.policies[name] for name in names[:_ROWS]]

        def rehearsed(tx: Tx) -> list[Rehearsal]:
            return [
                rehearse_next(tx, directory, one, severity=Severity.SEV2, at=now)
                for one in shown
            ]

        runs = self._desk.database.read(rehearsed)
        rows = [
            (one, teams[one.name], run, lint(one))
            for one, run in zip(shown, runs, strict=True)
        ]
        return self._gate.page(
            "policies.html",
            viewer,
            directory=directory,
            rows=rows,
            used=_used(directory, viewer),
            text=text,
            after=after,
            following=names[_ROWS - 1] if len(names) > _ROWS else "",
            may_add=viewer.may_somewhere(LEAD),
        )

    def _all(self, tx: Tx) -> tuple[Directory, dict[str, str]]:
        documents = stored.documents(tx)
        teams = {
            name: team_of(NOUN, one, documents)
            for name, one in documents.get(NOUN, {}).items()
        }
        return self._desk.directories.current(tx), teams

    def policy(self, request: Request, viewer: Viewer) -> Response:
        """One policy in sentences, and the dry run of a question."""
        name = request.path_params["name"]
        now = self._desk.clock.now()

        def work(tx: Tx) -> dict[str, Any]:
            directory, teams = self._all(tx)
            policy = directory.policies.get(name)
            if policy is None:
                raise HTTPException(404)
            asked = question(request.query_params, viewer, directory, now)
            return {
                "directory": directory,
                "policy": policy,
                "team": teams[name],
                "answered": answer(tx, directory, policy, asked),
                "some_hidden": bool(directory.hidden_from(viewer.grant)),
                "services": _used(directory, viewer).get(name, []),
            }

        values = self._desk.database.read(work)
        return self._gate.page(
            "policy.html",
            viewer,
            may_edit=viewer.may(LEAD, values["team"]),
            **values,
        )


def _used(directory: Directory, viewer: Viewer) -> dict[str, list[str]]:
    """The services of each policy that a viewer may know of."""
    found: dict[str, list[str]] = {}
    for service in directory.services.values():
        if viewer.sees(service):
            found.setdefault(service.policy, []).append(service.name)
    return found
