"""From checked documents to teams, and what is wrong with what they say."""

from datetime import time

from tocsin.core import public_holidays
from tocsin.core.building.policy_building import must_know
from tocsin.core.configuration import Documents
from tocsin.core.directory import Team
from tocsin.core.forms import Plain, Problem
from tocsin.core.level_times import SupportHours, day_numbers


def teams(documents: Documents, zone: str, problems: list[Problem]) -> dict[str, Team]:
    """Every team with its members; `zone` is the organisation's."""
    people = documents.get("people", {})
    found = {}
    for name, one in documents.get("teams", {}).items():
        where = f"teams[{name}]"
        members = tuple(p for p, doc in people.items() if name in doc.get("teams", []))
        for lead in one.get("leads", []):
            must_know(f"{where}.leads", lead, list(people), "person", problems)
        found[name] = Team(
            name,
            one.get("time_zone", zone),
            members,
            leads=tuple(lead for lead in one.get("leads", []) if lead in people),
            hours=_support_hours(one.get("support_hours"), where, problems),
            region=region(one.get("region", ""), where, problems),
        )
    return found


def region(given: str, where: str, problems: list[Problem]) -> str:
    """Whose public holidays count; "" for none and for a wrong one."""
    wrong = public_holidays.problem(given) if given else ""
    if wrong:
        problems.append(Problem(f"{where}.region", given, wrong))
    return "" if wrong else given


def _support_hours(
    given: Plain | None, where: str, problems: list[Problem]
) -> SupportHours | None:
    if not given:
        return None
    if not {"from", "to"} <= given.keys() or given["from"] == given["to"]:
        expected = "two different times such as {from: '09:00', to: '17:00'}"
        problems.append(Problem(f"{where}.support_hours", dict(given), expected))
        return None
    held = SupportHours(
        time.fromisoformat(given["from"]), time.fromisoformat(given["to"])
    )
    days = day_numbers(given.get("days", ()))
    return SupportHours(held.start, held.end, days) if days else held
