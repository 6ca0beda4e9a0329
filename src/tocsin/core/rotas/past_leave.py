"""Days away that have been stay, whoever takes them back or reads a calendar anew.

Where turns pass on to the next in order, who was away decides who was on call; so past
days are as fixed as past turns (domain 1.4). Works on whole days of a person's document.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.forms import Plain, Problem
from tocsin.core.rotas.layers import days_of_leave
from tocsin.core.wallclock import Span, minute_text, this_minute, union

TYPED, IMPORTED = "leave", "leave_imported"
PAST, SINCE = "leave_past", "leave_since"
_DAY = timedelta(days=1)
# Older days are let go: nothing is counted so far back.
_KEPT = timedelta(days=400)


def settled(
    document: Plain, held: Plain, where: str, problems: list[Problem], *, today: date
) -> Plain:
    """The document with the days before `today` as `held` has them.

    A typed entry that begins before today and was not there is a problem; of what a
    calendar says the past is left out.
    """
    typed = list(document.get(TYPED, ()))
    for index, one in enumerate(typed):
        first = one["from"]
        if date.fromisoformat(first) < today and not _is_known(one, held):
            expected = f"{today} or later; what has been stays"
            problems.append(Problem(f"{where}.{TYPED}[{index}].from", first, expected))
    found = dict(document)
    lost = list(_lost(typed, held.get(TYPED, ()), today))
    if lost:
        found[TYPED] = [*lost, *typed]
    if IMPORTED in document or IMPORTED in held:
        read = _ahead(document.get(IMPORTED, ()), today)
        kept = _joined([*_behind(held.get(IMPORTED, ()), today), *read])
        found.pop(IMPORTED, None)
        if kept:
            found[IMPORTED] = kept
    return found


def kept(
    document: Plain, held: Plain, before: ZoneInfo, after: ZoneInfo, *, now: datetime
) -> Plain:
    """The document with what has been of their leave as instants, once it changes.

    Other days, or another zone to read them in, count from now on: `leave_past` says
    what was before `leave_since`. `before` is the zone that `held` was read in.
    """
    rest = {key: one for key, one in document.items() if key not in (PAST, SINCE)}
    if before == after and _days(document) == _days(held):
        return rest | {key: held[key] for key in (PAST, SINCE) if key in held}
    at = this_minute(now)
    if spans := past(held, before, until=at):
        rest[PAST] = [
            {"start": minute_text(one), "end": minute_text(to)} for one, to in spans
        ]
    if any(span[0] < at for span in _of_days(document, after)):
        rest[SINCE] = minute_text(at)
    return rest


def past(held: Plain, zone: ZoneInfo, *, until: datetime) -> list[Span]:
    """When somebody was away before `until`, in order and apart."""
    begins = read_since(held)
    spans = read_past(held)
    spans += [
        (max(start, begins) if begins else start, min(end, until))
        for start, end in _of_days(held, zone)
    ]
    since = until - _KEPT
    return union(one for one in spans if one[0] < one[1] and one[1] > since)


def read_past(document: Plain) -> list[Span]:
    """What `leave_past` says."""
    return [
        (datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"]))
        for one in document.get(PAST, ())
    ]


def read_since(document: Plain) -> datetime | None:
    """From when on the days count; None where they always did."""
    text = document.get(SINCE)
    return datetime.fromisoformat(text) if text else None


def _of_days(document: Plain, zone: ZoneInfo) -> list[Span]:
    return [
        (leave.start, leave.end)
        for one in _days(document)
        for leave in [
            days_of_leave("", date.fromisoformat(one["from"]), _last(one), zone)
        ]
    ]


def _days(document: Plain) -> list[Plain]:
    """The days that take somebody off call."""
    every = (*document.get(TYPED, ()), *document.get(IMPORTED, ()))
    return [
        one
        for one in every
        if not one.get("rather_not") and _last(one) >= date.fromisoformat(one["from"])
    ]


def _is_known(one: Plain, held: Plain) -> bool:
    return any(
        other["from"] == one["from"]
        and bool(other.get("rather_not")) is bool(one.get("rather_not"))
        for other in held.get(TYPED, ())
    )


def _lost(
    typed: Sequence[Plain], held: Sequence[Plain], today: date
) -> Iterator[Plain]:
    """What of the held days has been and is not among the typed ones any more."""
    for one in _behind([one for one in held if not one.get("rather_not")], today):
        last = _last(one)
        stays = any(
            other["from"] == one["from"]
            and _last(other) >= last
            and not other.get("rather_not")
            for other in typed
        )
        if not stays:
            yield one


def _behind(entries: Sequence[Plain], today: date) -> list[Plain]:
    """The parts before today, without those that are long over."""
    return [
        {**one, "to": str(min(_last(one), today - _DAY))}
        for one in entries
        if date.fromisoformat(one["from"]) < today and _last(one) >= today - _KEPT
    ]


def _ahead(entries: Sequence[Plain], today: date) -> list[Plain]:
    """The parts from today on."""
    return [
        {**one, "from": str(max(date.fromisoformat(one["from"]), today))}
        for one in entries
        if _last(one) >= today
    ]


def _joined(entries: Sequence[Plain]) -> list[Plain]:
    """The same days in as few entries as can be, by their first day."""
    found: list[Plain] = []
    for one in sorted(entries, key=lambda each: str(each["from"])):
        first, last = date.fromisoformat(one["from"]), _last(one)
        if found and first <= _last(found[-1]) + _DAY:
            found[-1] = {**found[-1], "to": str(max(_last(found[-1]), last))}
        else:
            found.append({"from": str(first), "to": str(last)})
    return found


def _last(one: Plain) -> date:
    return date.fromisoformat(one.get("to") or one["from"])
