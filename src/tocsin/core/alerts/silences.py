"""Silences: which alerts they cover and when (domain 3.8). An alert is still recorded."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from msgspec import Struct

LONGEST = timedelta(days=30)
_LONGEST_PATTERN = 512
# What a regular expression looks at; a longer value is matched by none, so its
# alert pages: a pattern must not be able to hold the engine up.
_LONGEST_VALUE = 1024
# Classes and escaped characters hold no structure.
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")


class Matcher(Struct, frozen=True):
    """`name` `= != =~ !~` `value`; regular expressions are anchored."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True


class Silence(Struct, frozen=True):
    """Keeps alerts quiet that all of its matchers match, from `starts_at` to `ends_at`.

    `service` "" covers every service; otherwise only alerts of that service.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
    service: str = ""
    integration: int = 0
    updated_at: datetime | None = None
    ticket: str = ""


def state(silence: Silence, *, now: datetime) -> str:
    """pending, active or expired; `[starts_at, ends_at)`."""
    if now >= silence.ends_at:
        return "expired"
    return "active" if now >= silence.starts_at else "pending"


def matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """Whether `labels` satisfy it; a missing label has the value ""."""
    value = labels.get(matcher.name, "")
    if matcher.is_regex:
        if len(value) > _LONGEST_VALUE:
            return False
        found = _compiled(matcher.value).fullmatch(value) is not None
    else:
        found = value == matcher.value
    return found == matcher.is_equal


def covers(silence: Silence, labels: Mapping[str, str], *, service: str) -> bool:
    """Whether it covers an alert, whatever the time."""
    if silence.service and silence.service != service:
        return False
    return all(matches(matcher, labels) for matcher in silence.matchers)


def covering(
    labels: Mapping[str, str],
    silences: Sequence[Silence],
    *,
    service: str = "",
    now: datetime,
) -> tuple[str, ...]:
    """The ids of the active silences that cover an alert."""
    return tuple(
        silence.id
        for silence in silences
        if silence.starts_at <= now < silence.ends_at
        and covers(silence, labels, service=service)
    )


def problems(silence: Silence, *, now: datetime) -> tuple[str, ...]:
    """What is wrong with it, each with the field and what was expected."""
    found = list(matcher_problems(silence.matchers))
    if silence.ends_at <= silence.starts_at:
        found.append("endsAt: expected a time after startsAt")
    if silence.ends_at <= now:
        found.append("endsAt: expected a time in the future")
    if silence.ends_at - max(silence.starts_at, now) > LONGEST:
        found.append("endsAt: expected at most 30 days after the start")
    if not silence.author:
        found.append("createdBy: expected who asks for it")
    if not silence.comment:
        found.append("comment: expected the reason")
    return tuple(found)


def matcher_problems(matchers: Sequence[Matcher]) -> tuple[str, ...]:
    """What is wrong with what it is to match."""
    found = []
    if not matchers:
        found.append("matchers: expected at least one")
    elif not any(_can_tell(matcher) for matcher in matchers):
        found.append("matchers: at least one must not match the empty string")
    found += [
        f"matchers: {matcher.name}: {problem}"
        for matcher in matchers
        if matcher.is_regex and (problem := _pattern_problem(matcher.value))
    ]
    return tuple(found)


def _can_tell(matcher: Matcher) -> bool:
    if matcher.is_regex and _pattern_problem(matcher.value):
        return True
    return not matches(matcher, {})


def _pattern_problem(pattern: str) -> str:
    if len(pattern) > _LONGEST_PATTERN:
        return f"expected a pattern of at most {_LONGEST_PATTERN} characters"
    if _can_take_for_ever(pattern):
        return "a repeated repetition or choice can take for ever; write it flat"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    return ""


def _can_take_for_ever(pattern: str) -> bool:
    """Whether it repeats a repetition or a choice: (a+)+, ((a+)){9}, (a|aa)*."""
    flat = _ATOM.sub("x", pattern)
    repeats, chooses = [False], [False]  # of each group that is open
    for place, char in enumerate(flat):
        if char == "(":
            repeats.append(False)
            chooses.append(False)
        elif char == ")" and len(repeats) > 1:
            repetition, choice = repeats.pop(), chooses.pop()
            unbounded = _UNBOUNDED.match(flat, place + 1) is not None
            if unbounded and (repetition or choice):
                return True
            if repetition and flat[place + 1 : place + 2] == "{":
                return True
            repeats[-1] |= repetition or unbounded
            chooses[-1] |= choice
        elif char == "|":
            chooses[-1] = True
        elif _UNBOUNDED.match(flat, place):
            repeats[-1] = True
    return False


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
