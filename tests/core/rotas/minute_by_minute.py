"""Who is on call, minute by minute: written apart from the core and as plainly as can be.

Uses the ratcheting clock of domain 1.2: W(t) is the latest wall time shown by t, and a
local time h has happened by t exactly when W(t) >= h. Shares no code with the core.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
LEAD = timedelta(days=3)


class Ratchet:
    """W(t) for every minute of a span."""

    def __init__(self, zone: str, start: datetime, end: datetime) -> None:
        self.start = start - LEAD
        place = ZoneInfo(zone)
        self.shown: list[datetime] = []
        highest = datetime.min
        at = self.start
        while at < end:
            highest = max(highest, at.astimezone(place).replace(tzinfo=None))
            self.shown.append(highest)
            at += MINUTE

    def at(self, instant: datetime) -> datetime:
        return self.shown[int((instant - self.start) / MINUTE)]


def month_later(anchor: datetime, months: int) -> datetime:
    year, month = anchor.year, anchor.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    for day in range(anchor.day, 0, -1):
        try:
            return anchor.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    raise AssertionError


def nominal(layer: dict, k: int) -> datetime:
    anchor = datetime.fromisoformat(layer["anchor"])
    unit, count = layer["turn"]["unit"], layer["turn"]["count"]
    if unit == "month":
        return month_later(anchor, k * count)
    hours = {"hour": 1, "day": 24, "week": 168}[unit]
    return anchor + timedelta(hours=hours * count * k)


def turn_at(layer: dict, wall: datetime) -> int:
    """The last k whose nominal start has happened."""
    hours = {"hour": 1, "day": 24, "week": 168, "month": 24 * 28}[layer["turn"]["unit"]]
    k = (
        int(
            (wall - datetime.fromisoformat(layer["anchor"]))
            / timedelta(hours=hours * layer["turn"]["count"])
        )
        + 2
    )
    while nominal(layer, k) > wall:
        k -= 1
    return k


def open_now(restrictions: list[dict], wall: datetime) -> bool:
    if not restrictions:
        return True
    for one in restrictions:
        start, end = (
            tuple(map(int, one[name].split(":"))) for name in ("start", "end")
        )
        for back in range(9):
            day = (wall - timedelta(days=back)).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            if one["type"] == "daily":
                if day.isoweekday() not in one.get("days", range(1, 8)):
                    continue
                closes = day + timedelta(hours=end[0], minutes=end[1])
                if end <= start:
                    closes += timedelta(days=1)
            else:
                if day.isoweekday() != one["start_day"]:
                    continue
                days = (one["end_day"] - one["start_day"]) % 7
                closes = day + timedelta(days=days, hours=end[0], minutes=end[1])
                if days == 0 and end <= start:
                    closes += timedelta(days=7)
            opens = day + timedelta(hours=start[0], minutes=start[1])
            if opens <= wall < closes:
                return True
    return False


def away(schedule: dict, user: str, at: datetime) -> bool:
    return any(
        one["user"] == user and instant(one["start"]) <= at < instant(one["end"])
        for one in schedule["unavailability"]
    )


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def holder(schedule: dict, layer: dict, wall: datetime, at: datetime) -> str | None:
    if wall < datetime.fromisoformat(layer["anchor"]) or not open_now(
        layer.get("restrictions", []), wall
    ):
        return None
    people = layer["participants"]
    k = turn_at(layer, wall)
    user = people[k % len(people)]
    policy = layer.get("on_unavailable", "flag")
    if user is None or policy == "flag" or not away(schedule, user, at):
        return user
    if policy == "gap":
        return None
    for step in range(1, len(people)):
        other = people[(k + step) % len(people)]
        if other is not None and not away(schedule, other, at):
            return other
    return None


def on_call(
    schedule: dict, start: datetime, end: datetime
) -> list[tuple[datetime, frozenset[str]]]:
    """Each minute of [start, end) with the set of people who are on call."""
    ratchet = Ratchet(schedule["tz"], start, end)
    found, at = [], start
    while at < end:
        wall = ratchet.at(at)
        claims = [
            (layer.get("priority", 0), user)
            for layer in schedule["layers"]
            if (user := holder(schedule, layer, wall, at)) is not None
        ]
        top = max((priority for priority, _ in claims), default=0)
        people = {user for priority, user in claims if priority == top}
        for one in sorted(schedule["overrides"], key=lambda one: one["seq"]):
            if not instant(one["start"]) <= at < instant(one["end"]):
                continue
            if one["kind"] == "cover":
                people = {one["user"]}
            elif one["kind"] == "add":
                people = people | {one["user"]}
            elif one["kind"] == "remove":
                people = people - {one["for_user"]}
            elif one["for_user"] in people:
                people = people - {one["for_user"]} | {one["user"]}
        found.append((at, frozenset(people)))
        at += MINUTE
    return found
