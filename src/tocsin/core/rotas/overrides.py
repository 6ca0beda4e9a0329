"""Exceptions to a rotation: cover, replace, add, remove, and swaps (domain 1.4).

Knows no layer: it changes the set of people the layers put on call.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from tocsin.core.rotas.imported_shifts import CALENDAR
from tocsin.core.rotas.layers import Leave, Shift
from tocsin.core.wallclock import this_minute

_BY_HAND = "override:"


class OverrideKind(StrEnum):
    """How an override changes who is on call."""

    COVER = "cover"  # {user}, also in a gap
    REPLACE = "replace"  # for_user by user, only where for_user is on call
    ADD = "add"  # user as well
    REMOVE = "remove"  # for_user no longer


@dataclass(frozen=True, slots=True)
class Override:
    """An exception in [start, end), UTC; overrides apply in order of `seq`."""

    id: str
    seq: int
    kind: OverrideKind
    start: datetime
    end: datetime
    user: str | None = None
    for_user: str | None = None

    @property
    def source(self) -> str:
        """How a shift names it that is because of it; a calendar's names itself."""
        return self.id if self.is_of_calendar else f"{_BY_HAND}{self.id}"

    @property
    def is_of_calendar(self) -> bool:
        """Whether it is an event of a subscribed calendar, and nobody's override."""
        return self.id.startswith(CALENDAR)


def kind_of(source: str) -> str:
    """What a shift's source is: a turn, an override of somebody or a calendar."""
    if source.startswith(CALENDAR):
        return "calendar"
    return "override" if source.startswith(_BY_HAND) else "turn"


class OverrideProblem(StrEnum):
    """What is wrong with an override; WARNINGS do not stop it."""

    WRONG_PEOPLE = "wrong_people"
    NOT_WHOLE_MINUTES = "not_whole_minutes"
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    OVER_ALREADY = "over_already"
    CHANGES_THE_PAST = "changes_the_past"
    UNKNOWN_USER = "unknown_user"
    UNREACHABLE_USER = "unreachable_user"
    ON_CALL_ELSEWHERE = "on_call_elsewhere"
    ON_LEAVE = "on_leave"
    RESTING = "resting"


WARNINGS = frozenset(
    {
        OverrideProblem.ON_CALL_ELSEWHERE,
        OverrideProblem.ON_LEAVE,
        OverrideProblem.RESTING,
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the people an override may name, as far as it matters here.

    `reachable` have a verified contact method, `elsewhere` are shifts of other
    rotations, `resting` are under the rest rule of domain 1.8.
    """

    people: Collection[str]
    reachable: Collection[str]
    leave: Sequence[Leave] = ()
    elsewhere: Sequence[Shift] = ()
    resting: Collection[str] = field(default_factory=frozenset)


class SwapProblem(StrEnum):
    """Why two shifts cannot be swapped."""

    SAME_PERSON = "same_person"
    SHIFTS_OVERLAP = "shifts_overlap"


class SwapRefused(ValueError):
    """The two shifts cannot be swapped."""

    def __init__(self, reason: SwapProblem) -> None:
        super().__init__(reason.value)
        self.reason = reason


def apply_overrides(
    on_call: Mapping[str, str], overrides: Sequence[Override]
) -> dict[str, str]:
    """Fold the overrides in force over user -> source, in seq order (domain 1.4).

    The last override to put a user on call is that user's source.
    """
    after = dict(on_call)
    for override in sorted(overrides, key=lambda o: o.seq):
        match override.kind:
            case OverrideKind.COVER:
                after.clear()
            case OverrideKind.REPLACE:
                if override.for_user not in after:
                    continue
                del after[override.for_user]
            case OverrideKind.REMOVE:
                after.pop(override.for_user or "", None)
                continue
        assert override.user is not None
        after[override.user] = override.source
    return after


def problems(
    override: Override, standing: Standing, *, now: datetime
) -> tuple[OverrideProblem, ...]:
    """Everything wrong with a new override (domain 1.4); empty means accept it.

    The minute in progress is not past yet: one that begins at once begins with it.
    """
    found = [*_problems_of_form(override, now), *_problems_of_user(override, standing)]
    if override.for_user is not None and override.for_user not in standing.people:
        found.append(OverrideProblem.UNKNOWN_USER)
    return tuple(dict.fromkeys(found))


def names_the_right_people(override: Override) -> bool:
    """Whether the kind's people are given, and nobody is replaced by themselves."""
    wants_user = override.kind is not OverrideKind.REMOVE
    wants_for_user = override.kind in {OverrideKind.REPLACE, OverrideKind.REMOVE}
    return (
        bool(override.user) == wants_user
        and bool(override.for_user) == wants_for_user
        and override.user != override.for_user
    )


def withdrawn(override: Override, *, now: datetime) -> Override | None:
    """What is left of an override withdrawn at `now`: what has happened stays.

    None when it had not begun (domain 1.4: past edits are refused).
    """
    until = this_minute(now)
    if override.start >= until:
        return None
    return replace(override, end=min(override.end, until))


def swap(
    first: Shift, second: Shift, *, ids: tuple[str, str], seq: int
) -> tuple[Override, Override]:
    """Two replace overrides by which two people take each other's shift (domain 1.4).

    They belong in one transaction. They take `seq` and `seq + 1`. Raises SwapRefused.
    """
    if first.user == second.user:
        raise SwapRefused(SwapProblem.SAME_PERSON)
    if first.start < second.end and second.start < first.end:
        raise SwapRefused(SwapProblem.SHIFTS_OVERLAP)
    theirs, mine = (
        Override(
            id=ids[place],
            seq=seq + place,
            kind=OverrideKind.REPLACE,
            start=shift.start,
            end=shift.end,
            user=taker,
            for_user=shift.user,
        )
        for place, (shift, taker) in enumerate(
            [(first, second.user), (second, first.user)]
        )
    )
    return theirs, mine


def _problems_of_form(override: Override, now: datetime) -> list[OverrideProblem]:
    """What is wrong with the override whoever it names."""
    found = []
    if not names_the_right_people(override):
        found.append(OverrideProblem.WRONG_PEOPLE)
    if any(this_minute(t) != t for t in (override.start, override.end)):
        found.append(OverrideProblem.NOT_WHOLE_MINUTES)
    if override.end <= override.start:
        found.append(OverrideProblem.ENDS_BEFORE_IT_STARTS)
    if override.end <= now:
        found.append(OverrideProblem.OVER_ALREADY)
    elif override.start < this_minute(now):
        found.append(OverrideProblem.CHANGES_THE_PAST)
    return found


def _problems_of_user(override: Override, standing: Standing) -> list[OverrideProblem]:
    """What speaks against the person who would be on call."""
    user = override.user
    if user is None:
        return []
    if user not in standing.people:
        return [OverrideProblem.UNKNOWN_USER]
    found = []
    if user not in standing.reachable:
        found.append(OverrideProblem.UNREACHABLE_USER)
    if _busy(user, override, standing.elsewhere):
        found.append(OverrideProblem.ON_CALL_ELSEWHERE)
    if _busy(user, override, standing.leave):
        found.append(OverrideProblem.ON_LEAVE)
    if user in standing.resting:
        found.append(OverrideProblem.RESTING)
    return found


def _busy(
    user: str, override: Override, spans: Sequence[Leave] | Sequence[Shift]
) -> bool:
    """Whether one of the user's spans overlaps the override."""
    return any(
        span.user == user and span.start < override.end and override.start < span.end
        for span in spans
    )
