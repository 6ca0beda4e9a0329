"""The first team from six answers: all of its documents are written at once, or none."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tocsin.core.forms import Plain
from tocsin.engine import first_run
from tocsin.engine.configuration import Applied
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored_directory

_HANDLE = re.compile(r"[^a-z0-9]+")
_LINE = re.compile(r"\s*(?:(?P<name>[^<>@]*)<)?(?P<mail>[^\s<>]+@[^\s<>]+)>?\s*\Z")
_TURNS = {"start": "Mon 9am", "length": "1 week"}


class Rota(Struct, frozen=True):
    """The answers to the six questions of a first team."""

    team: str
    service: str
    primary: Sequence[str]
    secondary: Sequence[str]
    delay_minutes: int
    repeats: int
    source: str  # the dialect


def rota(desk: FrontDesk, viewer: Viewer, answers: Rota) -> tuple[Applied, str]:
    """Team, people, schedule, policy, service and integration of the answers at once.

    Also returns the name of the integration.
    """
    documents = desk.database.read(stored_directory.documents)
    people = {name: dict(one) for name, one in documents.get("people", {}).items()}
    primary = [_person(line, people, answers.team) for line in answers.primary]
    secondary = [_person(line, people, answers.team) for line in answers.secondary]
    name = f"{answers.service}-{answers.source}"
    wanted = {
        "teams": [{"name": answers.team, "leads": [viewer.person]}],
        "people": [people[one] for one in dict.fromkeys([*primary, *secondary])],
        **_watch(answers, primary, secondary, fallback=viewer.person),
        "services": [
            {
                "name": answers.service,
                "team": answers.team,
                "escalation_policy": answers.team,
            }
        ],
        "integrations": [
            {"name": name, "type": answers.source, "service": answers.service}
        ],
    }
    done = first_run.applied(desk, viewer, wanted)
    return done, name


def _watch(
    answers: Rota, primary: list[str], secondary: list[str], *, fallback: str
) -> dict[str, list[Plain]]:
    """The schedule and the policy."""
    team = answers.team
    rotations: list[Plain] = [{"name": "Primary", "users": primary, **_TURNS}]
    levels: list[Plain] = [{"after": "0s", "page": [{"rotation": f"{team}/Primary"}]}]
    if secondary:
        rotations.append({"name": "Secondary", "users": secondary, **_TURNS})
        target = [{"rotation": f"{team}/Secondary"}]
        levels.append({"after": f"{answers.delay_minutes}m", "page": target})
    policy = {
        "name": team,
        "team": team,
        "levels": levels,
        "repeat": answers.repeats,
        "fallback": [{"user": fallback}],
    }
    return {
        "schedules": [{"name": team, "team": team, "rotations": rotations}],
        "escalation_policies": [policy],
    }


def _person(line: str, people: dict[str, Plain], team: str) -> str:
    """The handle of a line: somebody known, or somebody new by their mail address."""
    text = line.strip()
    known = text if text in people else _by_mail(text, people)
    if not known:
        found = _LINE.match(text)
        mail = found["mail"] if found else text
        full = (found["name"] or "").strip() if found else ""
        base = _HANDLE.sub("-", mail.partition("@")[0].lower()).strip("-") or "person"
        known = base
        number = 2
        while known in people:
            known, number = f"{base}-{number}", number + 1
        people[known] = {"name": known, "email": mail}
        if full:
            people[known]["full_name"] = full
    teams = people[known].get("teams", [])
    people[known]["teams"] = list(dict.fromkeys([*teams, team]))
    return known


def _by_mail(text: str, people: Mapping[str, Plain]) -> str:
    found = _LINE.match(text)
    mail = found["mail"].lower() if found else ""
    hits = (
        n for n, one in people.items() if mail and one.get("email", "").lower() == mail
    )
    return next(hits, "")
