"""A schedule as a JSON object, and its final timeline as one (domain 1.1, 1.5).

The form is that of the worked examples: {tz, layers, overrides, unavailability}.
Reads no file: it takes what a JSON parser gave. Every problem is told at once, each
with the path of its field and what was expected there.
"""

# long because: one reader; each field stands beside its check and its sentence.

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tocsin.core.rotas.imported_shifts import CALENDAR
from tocsin.core.rotas.layers import Layer, Leave, OnUnavailable, Turn, TurnClock, Unit
from tocsin.core.rotas.overrides import Override, OverrideKind, names_the_right_people
from tocsin.core.rotas.restrictions import EVERY_DAY, Daily, Weekly
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import UnknownZone, Window, minute_text, zone_named

E = TypeVar("E", bound=StrEnum)

_SCHEDULE_KEYS = {"tz", "name", "layers", "overrides", "unavailability"}
_LAYER_KEYS = {
    "id", "priority", "participants", "anchor", "turn", "clock", "tz", "start", "until",
    "restrictions", "on_unavailable",
}  # fmt: skip
_LONGEST_YEARS = 20


class BadSchedule(ValueError):
    """The object cannot be read; `problems` names each field and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def render(document: object, start: datetime, end: datetime) -> dict[str, object]:
    """`{"shifts": […], "gaps": […]}` of one schedule object. Raises BadSchedule."""
    rotation = read(document)
    if not start < end:
        raise BadSchedule([f"--to {minute_text(end)}: expected a time after --from"])
    if end.year - start.year > _LONGEST_YEARS:
        raise BadSchedule(
            [f"--to: expected at most {_LONGEST_YEARS} years after --from"]
        )
    final = final_schedule(rotation, Window(start, end))
    return {
        "shifts": [
            {
                "start": minute_text(one.start),
                "end": minute_text(one.end),
                "user": one.user,
                "source": one.source,
            }
            for one in final.shifts
        ],
        "gaps": [
            {"start": minute_text(one.start), "end": minute_text(one.end)}
            for one in final.gaps
        ],
    }


def read(document: object) -> Rotation:
    """The rotation that the object describes. Raises BadSchedule."""
    reader = _Reader()
    rotation = reader.rotation(document)
    if reader.problems:
        raise BadSchedule(reader.problems)
    return rotation


def instant(text: str, where: str) -> datetime:
    """A UTC instant such as 2024-01-01T08:00Z. Raises BadSchedule."""
    expected = "expected a UTC time such as 2024-01-01T08:00Z"
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise BadSchedule([f"{where}: {text!r}: {expected}"]) from None
    if at.tzinfo is None or not 1950 <= at.year <= 2300:
        raise BadSchedule([f"{where}: {text!r}: {expected}"])
    return at.astimezone(UTC).replace(second=0, microsecond=0)


class _Reader:
    """Reads fields and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def rotation(self, document: object) -> Rotation:
        found = self._rotation(document)
        ids = [one.id for one in found.overrides]
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            self._wrong("overrides", twice, "ids that are used once")
        return found

    def _rotation(self, document: object) -> Rotation:
        body = self._mapping(document, "schedule", _SCHEDULE_KEYS)
        zone = self._zone(body.get("tz"), "tz")
        layers = self._list(body.get("layers"), "layers")
        if not layers:
            self._wrong("layers", body.get("layers"), "at least one layer")
        return Rotation(
            name=str(body.get("name", "")),
            layers=tuple(
                layer
                for index, one in enumerate(layers)
                if (layer := self._layer(one, f"layers[{index}]", zone)) is not None
            ),
            overrides=tuple(
                override
                for index, one in enumerate(
                    self._list(body.get("overrides"), "overrides")
                )
                if (override := self._override(one, index)) is not None
            ),
            leave=tuple(
                leave
                for index, one in enumerate(
                    self._list(body.get("unavailability"), "unavailability")
                )
                if (leave := self._leave(one, index)) is not None
            ),
        )

    # long because: one field after the other.
    def _layer(self, value: object, where: str, zone: ZoneInfo) -> Layer | None:
        before = len(self.problems)
        body = self._mapping(value, where, _LAYER_KEYS)
        people = self._list(body.get("participants"), f"{where}.participants")
        if not people or not all(one is None or isinstance(one, str) for one in people):
            expected = "at least one name (null is nobody)"
            self._wrong(f"{where}.participants", people, expected)
        own = self._zone(body["tz"], f"{where}.tz") if body.get("tz") else zone
        turn = self._turn(body.get("turn"), f"{where}.turn")
        clock = self._choice(TurnClock, body.get("clock", "wall"), f"{where}.clock")
        policy = body.get("on_unavailable", "flag")
        away = self._choice(OnUnavailable, policy, f"{where}.on_unavailable")
        anchor = self._local(body.get("anchor"), f"{where}.anchor")
        priority = body.get("priority", 0)
        if not isinstance(priority, int):
            self._wrong(f"{where}.priority", priority, "a whole number")
        restrictions = [
            self._restriction(one, f"{where}.restrictions[{index}]")
            for index, one in enumerate(
                self._list(body.get("restrictions"), f"{where}.restrictions")
            )
        ]
        start = self._boundary(body.get("start"), f"{where}.start")
        until = self._boundary(body.get("until"), f"{where}.until")
        if clock is TurnClock.ABSOLUTE and turn.unit is Unit.MONTH:
            self._wrong(
                f"{where}.clock", "absolute", "wall: a month has no fixed length"
            )
        if len(self.problems) > before:
            return None
        return Layer(
            id=str(body.get("id", where)),
            participants=tuple(people),
            anchor=anchor,
            turn=turn,
            zone=own,
            priority=priority,
            clock=clock or TurnClock.WALL,
            start=start,
            until=until,
            restrictions=tuple(one for one in restrictions if one is not None),
            on_unavailable=away or OnUnavailable.FLAG,
        )

    def _turn(self, value: object, where: str) -> Turn:
        body = self._mapping(value, where, {"unit", "count"})
        unit = self._choice(Unit, body.get("unit"), f"{where}.unit")
        count = body.get("count", 1)
        if (
            not isinstance(count, int)
            or isinstance(count, bool)
            or not 0 < count < 1000
        ):
            self._wrong(f"{where}.count", count, "a whole number from 1 to 999")
            count = 1
        return Turn(unit or Unit.WEEK, count)

    def _restriction(self, value: object, where: str) -> Daily | Weekly | None:
        keys = {"type", "start", "end", "days", "start_day", "end_day"}
        body = self._mapping(value, where, keys)
        start = self._time(body.get("start"), f"{where}.start")
        end = self._time(body.get("end"), f"{where}.end")
        if body.get("type") == "daily":
            days = body.get("days") or list(EVERY_DAY)
            if not isinstance(days, list) or not all(self._is_day(day) for day in days):
                self._wrong(f"{where}.days", days, "ISO weekdays, 1 (Monday) to 7")
                return None
            return Daily(start, end, frozenset(days))
        if body.get("type") == "weekly":
            first, last = body.get("start_day"), body.get("end_day")
            if not self._is_day(first) or not self._is_day(last):
                expected = "ISO weekdays, 1 (Monday) to 7"
                self._wrong(f"{where}.start_day, end_day", (first, last), expected)
                return None
            assert isinstance(first, int)
            assert isinstance(last, int)
            return Weekly(first, start, last, end)
        self._wrong(f"{where}.type", body.get("type"), "daily or weekly")
        return None

    def _override(self, value: object, index: int) -> Override | None:
        where, before = f"overrides[{index}]", len(self.problems)
        keys = {"id", "seq", "type", "kind", "start", "end", "user", "for_user", "by",
                "replace"}  # fmt: skip
        body = self._mapping(value, where, keys)
        word = body.get("kind", body.get("type"))
        kind = self._choice(OverrideKind, word, f"{where}.kind")
        start = self._instant(body.get("start"), f"{where}.start")
        end = self._instant(body.get("end"), f"{where}.end")
        if len(self.problems) > before or kind is None:
            return None
        if start >= end:
            self._wrong(f"{where}.end", body.get("end"), "a time after start")
            return None
        name = str(body.get("id", index))
        if name.startswith(CALENDAR):
            expected = f"a name that does not begin with {CALENDAR!r}, "
            self._wrong(f"{where}.id", name, f"{expected}as the shifts of calendars do")
            return None
        seq = body.get("seq", index)
        self._known(seq, int, f"{where}.seq", "a whole number")
        for key in ("user", "for_user", "replace"):
            self._known(body.get(key, ""), str | None, f"{where}.{key}", "a name")
        if len(self.problems) > before:
            return None
        override = Override(
            id=name,
            seq=seq,
            kind=kind,
            start=start,
            end=end,
            user=body.get("user"),
            for_user=body.get("for_user", body.get("replace")),
        )
        if not names_the_right_people(override):
            expected = f"the people that {kind.value} needs (user, for_user)"
            self._wrong(where, body, expected)
        return override

    def _leave(self, value: object, index: int) -> Leave | None:
        where, before = f"unavailability[{index}]", len(self.problems)
        body = self._mapping(value, where, {"user", "start", "end"})
        start = self._instant(body.get("start"), f"{where}.start")
        end = self._instant(body.get("end"), f"{where}.end")
        user = body.get("user")
        if not isinstance(user, str) or not user:
            self._wrong(f"{where}.user", user, "a name")
        if len(self.problems) > before:
            return None
        return Leave(str(user), start, end)

    def _mapping(self, value: object, where: str, keys: set[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self._wrong(where, value, "an object")
            return {}
        for key in value:
            if key not in keys:
                known = ", ".join(sorted(keys))
                self._wrong(f"{where}.{key}", value[key], f"one of {known}")
        return value

    def _list(self, value: object, where: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong(where, value, "a list")
            return []
        return value

    def _zone(self, value: object, where: str) -> ZoneInfo:
        try:
            return zone_named(str(value) if value else "")
        except UnknownZone as error:
            self.problems.append(f"{where}: {error}")
            return ZoneInfo("UTC")

    def _choice(self, kind: type[E], value: object, where: str) -> E | None:
        try:
            return kind(str(value))
        except ValueError:
            self._wrong(where, value, "one of " + ", ".join(one.value for one in kind))
            return None

    def _local(self, value: object, where: str) -> datetime:
        at: datetime | None = self._parsed(
            datetime.fromisoformat, value, where, "2024-01-01T09:00"
        )
        if at is None or at.tzinfo is not None or not 1950 <= at.year <= 2300:
            if at is not None:
                self._wrong(where, value, "a local time such as 2024-01-01T09:00")
            return datetime(2000, 1, 1)  # noqa: DTZ001 - never used: a problem was told
        return at

    def _boundary(self, value: object, where: str) -> datetime | None:
        if value is None:
            return None
        at: datetime | None = self._parsed(
            datetime.fromisoformat, value, where, "2024-01-01T09:00"
        )
        return at.astimezone(UTC) if at is not None and at.tzinfo else at

    def _instant(self, value: object, where: str) -> datetime:
        try:
            return instant(value if isinstance(value, str) else repr(value), where)
        except BadSchedule as bad:
            self.problems += bad.problems
            return datetime(2000, 1, 1, tzinfo=UTC)

    def _time(self, value: object, where: str) -> time:
        at: time = self._parsed(time.fromisoformat, value, where, "09:00") or time(0)
        if at.tzinfo is not None:
            self._wrong(where, value, "a local time such as 09:00, without a zone")
            return time(0)
        return at

    def _parsed(
        self, parse: Callable[[str], Any], value: object, where: str, example: str
    ) -> Any:
        try:
            return parse(value if isinstance(value, str) else repr(value))
        except ValueError:
            self._wrong(where, value, f"a local time such as {example}")
            return None

    def _known(self, value: object, kind: Any, where: str, expected: str) -> None:
        if not isinstance(value, kind):
            self._wrong(where, value, expected)

    def _is_day(self, value: object) -> bool:
        return isinstance(value, int) and 1 <= value <= 7

    def _wrong(self, where: str, value: object, expected: str) -> None:
        given = "missing" if value is None else repr(value)[:100]
        self.problems.append(f"{where}: {given}: expected {expected}")
