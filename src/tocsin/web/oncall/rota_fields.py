"""The fields of a rota's form: a pattern as they hold it, and what was typed as a wish."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from msgspec import Struct
from starlette.datastructures import FormData

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.rotas.layers import OnUnavailable, Unit
from tocsin.core.rotas.rota_patterns import LAST_MONTH_DAY, MOST_UNITS, Hours, Pattern
from tocsin.core.wallclock import this_minute
from tocsin.engine.oncall.rotas import RotaWish, zone_of
from tocsin.web.filters import whole_number
from tocsin.web.moments import BadMoment, instant_of

FIELDS = (
    "name", "team", "rotation", "people", "count", "unit", "weekday", "month_day", "at",
    "weekend", "hours", "opens", "closes", "away", "begins",
)  # fmt: skip
UNITS = [
    (Unit.WEEK.value, "weeks"),
    (Unit.DAY.value, "days"),
    (Unit.HOUR.value, "hours"),
    (Unit.MONTH.value, "months"),
]
DAYS = [
    (str(n), name)
    for n, name in enumerate(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        1,
    )
]
HOURS = [
    ("", "Around the clock"),
    ("daily", "Every day, from and until"),
    ("workdays", "Monday to Friday, from and until"),
]
AWAY = [
    (OnUnavailable.NEXT.value, "The next in order takes those hours"),
    (OnUnavailable.FLAG.value, "They stay on call, and it is said"),
    (OnUnavailable.GAP.value, "Nobody is on call in this rotation"),
]
_STILL_NOW = timedelta(minutes=15)


class Filled(Struct, frozen=True):
    """What the form holds: `order` everybody who can be chosen, `chosen` who is."""

    values: Mapping[str, str]
    order: tuple[str, ...]
    chosen: tuple[str, ...]


def values_of(pattern: Pattern) -> dict[str, str]:
    """A pattern as the fields hold it."""
    hours = pattern.hours
    return {
        "count": str(pattern.count), "unit": pattern.unit.value,
        "weekday": str(pattern.weekday), "month_day": str(pattern.month_day),
        "at": pattern.at.strftime("%H:%M"),
        "weekend": "on" if pattern.weekend else "",
        "hours": "" if hours is None else "workdays" if hours.workdays else "daily",
        "opens": hours.start.strftime("%H:%M") if hours else "09:00",
        "closes": hours.end.strftime("%H:%M") if hours else "17:00",
        "away": pattern.away.value,
    }  # fmt: skip


def people_of(team: str, directory: Directory) -> tuple[str, ...]:
    """The team's people first, then everybody else."""
    known = directory.teams.get(team)
    members = known.people if known is not None else ()
    return directory.active((*members, *sorted(directory.people)))


def filled_in(form: FormData, name: str, directory: Directory) -> Filled:
    """What came back; `name` is the schedule's where there is one."""
    values = {one: clean(str(form.get(one, ""))) for one in FIELDS}
    if name:
        values |= {"name": name, "team": directory.schedules[name].team}
    given = [str(one) for one in form.getlist("order")]
    everybody = people_of(values["team"], directory)
    order = tuple(
        dict.fromkeys(one for one in (*given, *everybody) if one in everybody)
    )
    chosen = [str(one) for one in form.getlist("people")]
    return Filled(values, order, tuple(one for one in order if one in chosen))


def moved_up(filled: Filled, person: str) -> Filled:
    """With a person one place further up."""
    order = list(filled.order)
    if person in order:
        place = order.index(person)
        order.insert(max(0, place - 1), order.pop(place))
    chosen = tuple(one for one in order if one in filled.chosen)
    return Filled(filled.values, tuple(order), chosen)


def wish_of(
    filled: Filled, name: str, directory: Directory, now: datetime
) -> tuple[RotaWish | None, dict[str, str]]:
    """The wish, or a sentence for each field that cannot be read."""
    values = filled.values
    problems: dict[str, str] = {}
    pattern = _pattern(filled, problems)
    team = values["team"]
    try:
        begins = instant_of(values["begins"], zone_of(name, team, directory))
    except BadMoment as bad:
        begins, problems["begins"] = now, str(bad)
    if not name and values["name"] in directory.schedules:
        problems["name"] = "This name is taken; open that schedule, or choose another."
    if not name and team and team not in directory.teams:
        problems["team"] = "Choose a team that is known."
    if problems:
        return None, problems
    # What began a minute ago while the form was open begins now.
    if timedelta(0) < this_minute(now) - begins < _STILL_NOW:
        begins = this_minute(now)
    return RotaWish(values["name"], values["rotation"], pattern, begins, team), {}


def _pattern(filled: Filled, problems: dict[str, str]) -> Pattern:
    values = filled.values
    unit, weekday, away = (
        values[field] if values[field] in dict(options) else options[0][0]
        for field, options in (("unit", UNITS), ("weekday", DAYS), ("away", AWAY))
    )
    return Pattern(
        people=filled.chosen,
        unit=Unit(unit),
        count=_number(values, "count", MOST_UNITS, problems),
        weekday=int(weekday),
        at=_time(values, "at", "09:00", problems),
        weekend=values["weekend"] == "on",
        month_day=_number({"month_day": "1"} | _given(values), "month_day",
                          LAST_MONTH_DAY, problems),
        hours=_hours(values, problems),
        away=OnUnavailable(away),
    )  # fmt: skip


def _given(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _hours(values: Mapping[str, str], problems: dict[str, str]) -> Hours | None:
    if values["hours"] not in ("daily", "workdays"):
        return None
    opens = _time(values, "opens", "", problems)
    closes = _time(values, "closes", "", problems)
    return Hours(opens, closes, workdays=values["hours"] == "workdays")


def _number(
    values: Mapping[str, str], field: str, most: int, problems: dict[str, str]
) -> int:
    count = whole_number(values[field])
    if count is None or not 1 <= count <= most:
        problems[field] = f"Enter a whole number from 1 to {most}."
        return 1
    return count


def _time(
    values: Mapping[str, str], field: str, without: str, problems: dict[str, str]
) -> time:
    """By the minute, as the document has it."""
    try:
        return time.fromisoformat(values[field] or without).replace(
            second=0, microsecond=0, tzinfo=None
        )
    except ValueError:
        problems[field] = "Enter a time such as 09:00."
        return time(9)
