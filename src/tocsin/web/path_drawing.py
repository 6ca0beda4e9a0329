"""The time line of a dry run as numbers for an SVG: a row per person, a mark per method."""

from datetime import timedelta

from msgspec import Struct

from tocsin.core.durations import words
from tocsin.engine.rehearsals import Rehearsal

WIDTH = 640
_LABELS = 132
_ROW = 28
_TOP = 22
_MOST_ROWS = 12


class Mark(Struct, frozen=True):
    """One method used; `late` when others are paged before it."""

    x: float
    y: float
    text: str


class Row(Struct, frozen=True):
    """One person."""

    person: str
    y: float
    marks: tuple[Mark, ...]


class Drawing(Struct, frozen=True):
    """`ticks` are (x, label) of the moments at which somebody is paged."""

    height: int
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    said: str


def drawn(rehearsal: Rehearsal) -> Drawing | None:
    """The picture of a dry run; None when nobody is paged."""
    pages = rehearsal.pages
    if not pages:
        return None
    ends = [one.at + after for one in pages for after, _ in one.methods]
    end = max([*ends, pages[-1].at])
    length = max(end - rehearsal.begins, timedelta(minutes=1))

    def place(after: timedelta) -> float:
        return round(_LABELS + after / length * (WIDTH - _LABELS - 8), 1)

    rows = []
    for index, name in enumerate(dict.fromkeys(one.person for one in pages)):
        y = _TOP + _ROW * index + _ROW / 2
        marks = [
            Mark(place(one.at + after - rehearsal.begins), y, by)
            for one in pages
            if one.person == name
            for after, by in one.methods
        ]
        rows.append(Row(name, y, tuple(marks)))
    moments = dict.fromkeys(one.at - rehearsal.begins for one in pages)
    return Drawing(
        height=_TOP + _ROW * len(rows[:_MOST_ROWS]) + 4,
        ticks=tuple((place(after), _label(after)) for after in moments),
        rows=tuple(rows[:_MOST_ROWS]),
        said="; ".join(
            f"{one.person} {_label(one.at - rehearsal.begins)}" for one in pages[:20]
        ),
    )


def _label(after: timedelta) -> str:
    return "at once" if after < timedelta(seconds=1) else f"+{words(after)}"
