"""What a document may leave open is filled in, and what has been stays as it was."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.core import conditions
from tocsin.core.configuration import Documents
from tocsin.core.forms import Plain, Problem
from tocsin.core.rotas import (
    departures,
    imported_shifts,
    past_leave,
    past_turns,
    retirement,
    starts,
)
from tocsin.core.rotas.retirement import RETIRED
from tocsin.core.wallclock import this_minute, wall_time, zone_named


def settle(
    before: Documents,
    after: Documents,
    noun: str,
    name: str,
    problems: list[Problem],
    *,
    now: datetime,
    new_key: Callable[[], str],
) -> None:
    """What a document may leave open: a key, and the date that "Mon 9am" means."""
    document = after.get(noun, {}).get(name)
    if document is None:
        if noun == "people":
            problems += _turns_left(name, after, now=now)
            _keep_their_past(name, before, after, now=now)
        return
    known = before.get(noun, {}).get(name, {})
    if noun == "integrations":
        _settle_keys(document, known, new_key)
    elif noun == "people" and known:
        zone = _where(document, after)
        document = past_leave.settled(
            document, known, f"people[{name}]", problems,
            today=wall_time(now, zone).date(),
        )  # fmt: skip
        was = _where(known, before)
        after[noun][name] = past_leave.kept(document, known, was, zone, now=now)
    elif noun in ("teams", "organisation"):
        _settle_zones(before, after, problems, now=now)
    elif noun == "schedules":
        _settle_schedule(document, known, (before, after), problems, now=now)
    elif noun == "rules":
        _judge_rule(name, document, problems)


def _turns_left(person: str, after: Documents, *, now: datetime) -> list[Problem]:
    """Turns ahead of somebody who is to be deleted; what has been keeps nobody."""
    return [
        Problem(
            f"schedules[{schedule}].rotations[{one.get('name')}].layers",
            person,
            "somebody else, before this person is deleted",
        )
        for schedule, document in after.get("schedules", {}).items()
        for one in document.get("rotations", [])
        if person in past_turns.ahead(one, ZoneInfo(_zone_of(document, after)), now=now)
    ]


def _settle_zones(
    before: Documents, after: Documents, problems: list[Problem], *, now: datetime
) -> None:
    """Schedules and people who take their zone from others keep their past."""
    for name, held in before.get("people", {}).items():
        document = after.get("people", {}).get(name)
        was, will = _where(held, before), _where(held, after)
        if document == held and was != will:
            kept = past_leave.kept(held, held, was, will, now=now)
            after["people"][name] = kept
    for name, held in before.get("schedules", {}).items():
        document = after.get("schedules", {}).get(name)
        if document != held:
            continue  # gone, or settled on its own account
        if _zone_of(held, before) == _zone_of(document, after):
            continue
        document = dict(document)
        after["schedules"][name] = document
        _settle_schedule(document, held, (before, after), problems, now=now)


def _keep_their_past(
    person: str, before: Documents, after: Documents, *, now: datetime
) -> None:
    """Of somebody who is deleted: what they were away for, and on call for by calendars."""
    held = before.get("people", {}).get(person, {})
    at = this_minute(now)
    spans = past_leave.past(held, _where(held, before), until=at)
    for name, document in after.get("schedules", {}).items():
        changed = departures.without_person(document, person, spans, now=now)
        if changed != document:
            after["schedules"][name] = changed


def _where(person: Plain, documents: Documents) -> ZoneInfo:
    """The zone that a person lives in: their own, their first team's, the organisation's."""
    teams = documents.get("teams", {})
    known = [teams[one] for one in person.get("teams", []) if one in teams]
    named = person.get("time_zone") or (known[0].get("time_zone") if known else "")
    return zone_named(named or _zone_of({}, documents))


def _settle_schedule(
    document: Plain,
    known: Plain,
    documents: tuple[Documents, Documents],
    problems: list[Problem],
    *,
    now: datetime,
) -> None:
    gone = {one.get("name"): one for one in known.get(RETIRED, [])}
    held = gone | {one.get("name"): one for one in known.get("rotations", [])}
    renamed = retirement.renames(document, known)
    document["rotations"] = [
        _settled_rotation(
            retirement.back(one, gone, now=now),
            document,
            known,
            held,
            documents,
            problems,
            now=now,
        )
        if isinstance(one, dict)
        else one
        for one in document.get("rotations", [])
    ]
    if not known:  # an export for a new installation, perhaps
        _end(document, ZoneInfo(_zone_of(document, documents[1])), now=now)
    else:
        zone = ZoneInfo(_zone_of(known, documents[0]))
        _retire(document, known, gone, renamed, zone, now=now)


def _retire(
    document: Plain,
    known: Plain,
    gone: dict[str, Plain],
    renamed: dict[str, str],
    before: ZoneInfo,
    *,
    now: datetime,
) -> None:
    """Keep what was of each rotation that is there no more, whatever the document says."""
    there = {one.get("name") for one in document["rotations"] if isinstance(one, dict)}
    for one in known.get("rotations", []):
        if one.get("name") not in there:
            past = retirement.left(one, before, now=now)
            gone |= {one["name"]: past} if past is not None else {}
    for old, new in renamed.items():
        for name, past in gone.items():
            if old in (name, past.get("became")):
                gone[name] = {**past, "became": new}
    kept = [one for name, one in gone.items() if name not in there]
    document.pop(RETIRED, None)
    if kept:
        document[RETIRED] = kept


def _end(document: Plain, zone: ZoneInfo, *, now: datetime) -> None:
    """What is retired is over, also where somebody else says it."""
    given = document.pop(RETIRED, [])
    ended = [(one, retirement.left(one, zone, now=now)) for one in given]
    kept = [
        past | {key: one[key] for key in ("became",) if key in one}
        for one, past in ended
        if past is not None
    ]
    if kept:
        document[RETIRED] = kept


def _settled_rotation(
    rotation: Plain,
    schedule: Plain,
    known: Plain,
    before: dict[str, Plain],
    documents: tuple[Documents, Documents],
    problems: list[Problem],
    *,
    now: datetime,
) -> Plain:
    """With the dates that it leaves open, and what has been as it was."""
    name = rotation.get("name")
    where = f"schedules[{schedule.get('name')}].rotations[{name}]"
    held: Plain = before.get(str(name), {})
    rotation = dict(rotation)
    # A calendar's last good copy; [] ends it from now on.
    if "imported" in held or ("imported" in rotation and known):
        rotation["imported"] = imported_shifts.kept(held, rotation, now=now)
    zone = _zone_of(schedule, documents[1])
    if rotation.get("layers") is None:
        was = held or retirement.before_its_name(rotation, schedule, known)
        turns = past_turns.turns_of(was)
        _settle_start(rotation, turns, zone, where, problems, now=now)
    if held:
        other = ZoneInfo(_zone_of(known, documents[0]))
        rotation = past_turns.settled(rotation, held, ZoneInfo(zone), other, now=now)
        kept = past_turns.overrides(rotation, held, where, problems, now=now)
        if kept or "overrides" in rotation:
            rotation["overrides"] = kept
        away = past_turns.leave(rotation, held, now=now)
        if away or "leave" in rotation:
            rotation["leave"] = away
    elif known:
        rotation = retirement.came(rotation, ZoneInfo(zone), now=now)
    people = documents[1].get("people", {})
    old = past_turns.ahead(held, ZoneInfo(zone), now=now) if held else []
    for who in past_turns.ahead(rotation, ZoneInfo(zone), now=now):
        if who not in people and who not in old:
            problems.append(Problem(f"{where}.layers", who, "a person who is known"))
    return rotation


def _settle_keys(document: Plain, known: Plain, new_key: Callable[[], str]) -> None:
    """A key where none is given; a former one stays good while nothing is said of it."""
    if not document.get("key"):
        document["key"] = known.get("key") or new_key()
    if not document.get("key_before") and known.get("key_before"):
        document["key_before"] = known["key_before"]
        document["key_before_until"] = known.get("key_before_until")
    if not document.get("key_before_until"):
        document.pop("key_before", None)


def _settle_start(
    rotation: Plain,
    known: Plain,
    zone: str,
    where: str,
    problems: list[Problem],
    *,
    now: datetime,
) -> None:
    text = rotation.get("start", "")
    try:
        held = known.get("start")
        if held and starts.fits(text, datetime.fromisoformat(held)):
            rotation["start"] = held
            return
        anchor = starts.anchor_of(text, ZoneInfo(zone), now=now)
    except starts.BadStart as error:
        problems.append(Problem(f"{where}.start", text, str(error)))
        rotation["start"] = "2024-01-01T00:00"
        return
    rotation["start"] = anchor.isoformat(timespec="minutes")


def _zone_of(schedule: Plain, documents: Documents) -> str:
    team = documents.get("teams", {}).get(schedule.get("team", ""), {})
    organisation = documents.get("organisation", {}).get("organisation", {})
    zones = (one.get("time_zone") for one in (schedule, team, organisation))
    return str(next(filter(None, zones), "UTC"))


def _judge_rule(name: str, rule: Plain, problems: list[Problem]) -> None:
    where = f"rules[{name}]"
    wrong = conditions.condition_problem(rule.get("condition", ""))
    if wrong:
        problems.append(Problem(f"{where}.condition", rule.get("condition"), wrong))
    wrong = conditions.action_problem(rule.get("action", ""))
    if wrong:
        problems.append(Problem(f"{where}.action", rule.get("action"), wrong))
