"""The short block `schedule: {rotation: …, escalation: …}` as canonical documents.

Domain 2.1: rotation i is level i, then everyone in the rotations and the team. The
block names no team, zone or fallback; what was taken instead is said in the plan.
"""

from typing import Any

from tocsin.core.configuration import Documents
from tocsin.core.durations import BadDuration, compact, parse
from tocsin.core.forms import Form, Problem, duration, many, name, names, text, whole

_NAME = "on-call"
_BLOCK = Form(
    {
        "rotation": many(
            Form(
                {
                    "name": name("the rotation's name"),
                    "users": names("who takes turns", needed=True, some=True),
                    "start": text("the first handoff, such as Mon 9am"),
                    "length": duration("how long a turn is"),
                }
            ),
            "at least one rotation",
            needed=True,
            some=True,
        ),
        "escalation": many(
            Form(
                {
                    "level": whole("1 for the first after the start", 1, 20),
                    "after": duration("how long after the first page"),
                }
            ),
            "levels after the first",
        ),
    }
)


def compiled(
    block: Any, where: str, known: Documents, problems: list[Problem]
) -> tuple[Documents, list[str]]:
    """A schedule and a policy named `on-call`, and what was assumed."""
    read = _BLOCK.read(block, f"{where}: schedule", problems)
    rotations = [one for one in read.get("rotation", []) if one.get("name")]
    team = next(iter(known.get("teams", {})), "")
    zone = known.get("teams", {}).get(team, {}).get("time_zone") or known.get(
        "organisation", {}
    ).get("organisation", {}).get("time_zone", "UTC")
    everyone = list(dict.fromkeys(u for one in rotations for u in one.get("users", [])))
    levels = [{"after": "0m", "page": [_rotation(rotations, 0)]}] if rotations else []
    for index, one in enumerate(read.get("escalation", []), start=1):
        after = compact(_parsed(one.get("after", "0m")))
        page = (
            [_rotation(rotations, index)]
            if index < len(rotations)
            else [{"user": user} for user in everyone]
            + ([{"team": team}] if team else [])
        )
        levels.append({"after": after, "page": page})
    schedule = {"name": _NAME, "team": team, "time_zone": zone, "rotations": rotations}
    policy = {
        "name": _NAME,
        "team": team,
        "levels": levels,
        "fallback": [{"user": user} for user in everyone],
    }
    if not team:
        del schedule["team"], policy["team"]
    notes = [
        f"schedule and policy are named {_NAME!r}, of team {team or 'none'}, in {zone}",
        f"the fallback is everyone in the rotations: {', '.join(everyone)}",
    ]
    documents = {
        "schedules": {_NAME: schedule},
        "escalation_policies": {_NAME: policy},
    }
    return documents, notes


def _rotation(rotations: list[dict[str, Any]], index: int) -> dict[str, str]:
    return {"rotation": f"{_NAME}/{rotations[index]['name']}"}


def _parsed(text_: str) -> Any:
    try:
        return parse(text_)
    except BadDuration:
        return parse("0m")
