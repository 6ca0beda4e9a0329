"""The fields of configuration objects as data: checked, explained and published from it.

One table per object gives the checks, their sentences and the JSON Schema, so that the
three cannot disagree. Knows no object itself; those are in configuration.py.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tocsin.core.credentials import masked
from tocsin.core.durations import BadDuration, parse
from tocsin.core.excerpts import said_once
from tocsin.core.level_times import DAYS
from tocsin.core.wallclock import UnknownZone, zone_named

Plain = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what was given, what was expected."""

    where: str
    given: object
    expected: str
    is_secret: bool = False

    @property
    def sentence(self) -> str:
        """For people who see what they gave: `Expected a mail address.`"""
        said = said_once("expected", self.expected.rstrip("."))
        return f"{said[:1].upper()}{said[1:]}."

    def __str__(self) -> str:
        given = "missing" if self.given is None else repr(self.given)[:120]
        if self.is_secret and self.given is not None:
            given = masked(str(self.given))
        return f"{self.where}: {given}: {said_once('expected', self.expected)}"


_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
# What a moment may be: no arithmetic of ours reaches past the ends of the calendar.
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
Check = Callable[[Any, str, "list[Problem]"], Any]


@dataclass(frozen=True)
class Field:
    """One field: how its value is checked and what it means."""

    check: Check
    schema: Mapping[str, Any]
    about: str
    needed: bool = False


@dataclass(frozen=True)
class Form:
    """The fields of one kind of object."""

    fields: Mapping[str, Field] = field(default_factory=dict)

    def read(self, value: Any, where: str, problems: list[Problem]) -> Plain:
        """The object with its values checked; unknown keys are problems."""
        if not isinstance(value, Mapping):
            problems.append(Problem(where, value, "an object with named fields"))
            return {}
        result: Plain = {}
        for key in value:
            if key not in self.fields:
                known = ", ".join(self.fields)
                problems.append(
                    Problem(f"{where}.{key}", value[key], f"one of {known}")
                )
        for name, one in self.fields.items():
            given = value.get(name)
            if given is None:
                if one.needed:
                    problems.append(Problem(f"{where}.{name}", None, one.about))
                continue
            result[name] = one.check(given, f"{where}.{name}", problems)
        return result

    def schema(self) -> Mapping[str, Any]:
        """As JSON Schema."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [name for name, one in self.fields.items() if one.needed],
            "properties": {
                name: {**one.schema, "description": one.about}
                for name, one in self.fields.items()
            },
        }


def text(about: str, *, needed: bool = False) -> Field:
    """Any text that is not empty."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, str) or not value.strip():
            problems.append(Problem(where, value, "a text"))
            return ""
        return value.strip()

    return Field(check, {"type": "string", "minLength": 1}, about, needed)


def name(about: str, *, needed: bool = True) -> Field:
    """The handle of an object: what others refer to it by."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, str) or not value.strip() or len(value) > 100:
            problems.append(Problem(where, value, "a name of 1 to 100 characters"))
            return ""
        if any(char in value for char in "/,\n\r\t\0"):
            expected = "a name without '/', ',' and line breaks"
            problems.append(Problem(where, value, expected))
        return value.strip()

    schema = {"type": "string", "minLength": 1, "maxLength": 100}
    return Field(check, schema, about, needed)


def choice(about: str, allowed: Sequence[str], *, needed: bool = False) -> Field:
    """One of a few words."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if value not in allowed:
            problems.append(Problem(where, value, "one of " + ", ".join(allowed)))
        return value

    return Field(check, {"enum": list(allowed)}, about, needed)


def zone(about: str) -> Field:
    """An IANA time zone."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        try:
            zone_named(str(value))
        except UnknownZone as error:
            said = str(error).removeprefix("expected ")
            problems.append(Problem(where, value, said))
            # Stands in for what is refused, so that the rest can still be judged.
            return "UTC"
        return str(value)

    return Field(check, {"type": "string", "examples": ["Europe/Berlin"]}, about)


def clock_time(about: str) -> Field:
    """`22:00`: a time on the wall."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, str) or not _CLOCK.fullmatch(value):
            # YAML reads 22:00 without quotes as a number.
            expected = 'a time from 00:00 to 23:59 in quotes, such as "22:00"'
            problems.append(Problem(where, value, expected))
            return "00:00"
        return value

    schema = {"type": "string", "pattern": f"^({_CLOCK.pattern})$"}
    return Field(check, schema, about, needed=True)


def day(about: str, *, needed: bool = False) -> Field:
    """A day of the calendar, such as 2026-12-24."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        try:
            found = date.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year <= 2100:
            problems.append(Problem(where, value, "a day such as 2026-12-24"))
            return "2000-01-01"
        return found.isoformat()

    return Field(check, {"type": "string", "format": "date"}, about, needed=needed)


def duration(about: str) -> Field:
    """`30s`, `15 minutes`, `1 week`."""
    schema = {"type": "string", "examples": ["30s", "15m", "1 week"]}
    return Field(check_duration, schema, about)


def check_duration(value: Any, where: str, problems: list[Problem]) -> Any:
    """A duration, kept as written."""
    try:
        parse(str(value))
    except BadDuration as error:
        expected = str(error).partition("expected ")[2] or str(error)
        problems.append(Problem(where, value, expected))
        return "0s"
    return str(value)


def instant(about: str, *, needed: bool = False) -> Field:
    """A moment with its offset from UTC, such as 2026-11-25T09:00:00+00:00."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            expected = "a moment such as 2026-11-25T09:00:00+00:00"
            problems.append(Problem(where, value, expected))
            return "1970-01-01T00:00:00+00:00"
        return at.isoformat()

    return Field(check, {"type": "string", "format": "date-time"}, about, needed)


def whole(about: str, low: int, high: int) -> Field:
    """A whole number from `low` to `high`."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        good = isinstance(value, int) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            expected = f"a whole number from {low} to {high}"
            problems.append(Problem(where, value, expected))
            return low
        return value

    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Field(check, schema, about)


def yes_no(about: str) -> Field:
    """true or false."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, bool):
            problems.append(Problem(where, value, "true or false"))
        return value

    return Field(check, {"type": "boolean"}, about)


def names(about: str, *, needed: bool = False, some: bool = False) -> Field:
    """A list of names; `some`: at least one."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            problems.append(Problem(where, value, "a list of names"))
            return []
        if some and not value:
            problems.append(Problem(where, value, "at least one name"))
        return list(value)

    schema = {"type": "array", "items": {"type": "string"}}
    return Field(check, schema, about, needed)


def weekdays(about: str) -> Field:
    """A list of days of the week: mon, tue, …"""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        given = value if isinstance(value, list) else []
        if not given or not all(isinstance(one, str) and one in DAYS for one in given):
            expected = "a list of days such as [mon, tue, wed]"
            problems.append(Problem(where, value, expected))
            return []
        return list(value)

    schema = {"type": "array", "items": {"enum": list(DAYS)}, "minItems": 1}
    return Field(check, schema, about)


def many(form: Form, about: str, *, needed: bool = False, some: bool = False) -> Field:
    """A list of objects of one form."""

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, list):
            problems.append(Problem(where, value, "a list"))
            return []
        if some and not value:
            problems.append(Problem(where, value, "at least one"))
        return [
            form.read(one, f"{where}[{index}]", problems)
            for index, one in enumerate(value)
        ]

    return Field(check, {"type": "array", "items": form.schema()}, about, needed)


def one(form: Form, about: str) -> Field:
    """One object."""
    return Field(form.read, form.schema(), about)


def anything(about: str, schema: Mapping[str, Any]) -> Field:
    """A value that somebody else checks."""
    return Field(lambda value, where, problems: value, schema, about)
