"""Somebody is deleted: what a schedule says of their past has to stand by itself.

Their days of leave decided who was on call, and a calendar's shifts of theirs were; both
are read with the help of a person who is known (domain 1.4).
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from tocsin.core.forms import Plain
from tocsin.core.rotas import imported_shifts
from tocsin.core.rotas.rota_patterns import layers_of
from tocsin.core.wallclock import Span, minute_text

_ODD = (ValueError, KeyError, TypeError, AttributeError)


def without_person(
    document: Plain, person: str, away: Sequence[Span], *, now: datetime
) -> Plain:
    """A schedule's document once somebody is gone: their past in it stands by itself.

    `away` is when they were on leave; shifts of a calendar that are ahead are nobody's.
    """
    leave = [
        {"user": person, "start": minute_text(start), "end": minute_text(end)}
        for start, end in away
    ]
    found = dict(document)
    for key in ("rotations", "retired"):
        if key in document:
            found[key] = [_gone_from(one, person, leave, now) for one in document[key]]
    return found


def _gone_from(
    rotation: Plain, person: str, leave: list[Plain], now: datetime
) -> Plain:
    kept = dict(rotation)
    try:
        shifts = imported_shifts.unwritten(rotation.get("imported", ()))
    except _ODD:
        shifts = []
    if any(one.user == person for one in shifts):
        theirs = [one for one in shifts if one.user == person]
        others = [one for one in shifts if one.user != person]
        past = [
            replace(one, gone=True)
            for one in imported_shifts.merged(theirs, (), now=now)
        ]
        kept["imported"] = imported_shifts.written([*past, *others])
    names = {who for one in layers_of(rotation) for who in one.get("participants", ())}
    if leave and person in names:
        kept["leave"] = [*rotation.get("leave", ()), *leave]
    return kept
