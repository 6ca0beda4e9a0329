"""Days away that have been stay, whoever takes them back or reads a calendar anew.

Where turns pass on to the next in order, who was away decides who was on call; so past
days are as fixed as past turns (domain 1.4). Works on whole days of a person's document.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from tocsin.core.forms import Plain, Problem

TYPED, IMPORTED = "leave", "leave_imported"
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
