"""An escalation policy while it is being written in a form: fields in, document out.

Nothing is lost between two presses of a button, however wrong it is; what it means is
judged by the engine. Levels are numbered from 0 in the names of fields.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from tocsin.core.durations import compact
from tocsin.core.excerpts import clean
from tocsin.core.forms import Plain, Problem
from tocsin.core.level_times import days_typed
from tocsin.core.pages.escalation_levels import DEFAULT_ACK_TIMEOUTS
from tocsin.core.severity import Severity

SEVERITIES = tuple(Severity.__members__)
MOST_LEVELS = 20
MOST_TARGETS = 20
_PLAIN = ("name", "team", "repeat", "wait", "nag")
_WHEN = ("support_hours", "days", "holiday", "local_night")
_LEVEL = re.compile(r"levels\[(\d+)\]\.?(\w*)\.?(\w*)")


@dataclass
class LevelDraft:
    """One sentence: after how long whom to page. `targets` are `kind:name`."""

    after: str = "0m"
    by_severity: dict[str, str] = field(default_factory=dict)
    targets: list[str] = field(default_factory=lambda: [""])
    condition: str = "if_not_acked"
    everyone_acks: bool = False
    in_turn: bool = False
    # Of `when`: "true", "false" or "" for "does not matter"; `days` as typed.
    when: dict[str, str] = field(default_factory=dict)


@dataclass
class Draft:
    """The whole form."""

    values: dict[str, str] = field(default_factory=dict)
    levels: list[LevelDraft] = field(default_factory=list)
    fallback: list[str] = field(default_factory=lambda: [""])
    ack: dict[str, str] = field(default_factory=dict)

    def change(self, word: str) -> None:
        """What a button does to the form: `add-level`, `up-1`, `drop-target-0-2`, …"""
        verb, *numbers = re.split(r"-(?=\d)", word)
        at = [int(one) for one in numbers if one.isdigit()]
        if verb == "add-level" and len(self.levels) < MOST_LEVELS:
            self.levels.append(LevelDraft(after=self._next_delay()))
        elif verb == "add-fallback" and len(self.fallback) < MOST_TARGETS:
            self.fallback.append("")
        elif verb == "drop-fallback" and at and at[0] < len(self.fallback):
            del self.fallback[at[0]]
        elif at and at[0] < len(self.levels):
            self._change_level(verb, at)

    def _change_level(self, verb: str, at: list[int]) -> None:
        levels, index = self.levels, at[0]
        targets = levels[index].targets
        if verb == "drop-level":
            del levels[index]
        elif verb == "up" and index > 0:
            self._swap(index - 1, index)
        elif verb == "down" and index + 1 < len(levels):
            self._swap(index, index + 1)
        elif verb == "add-target" and len(targets) < MOST_TARGETS:
            targets.append("")
        elif verb == "drop-target" and len(at) > 1 and at[1] < len(targets):
            del targets[at[1]]

    def _swap(self, one: int, other: int) -> None:
        """Two levels change places; their delays stay where they are."""
        a, b = self.levels[one], self.levels[other]
        a.after, b.after = b.after, a.after
        a.by_severity, b.by_severity = b.by_severity, a.by_severity
        self.levels[one], self.levels[other] = b, a

    def _next_delay(self) -> str:
        return f"{5 * len(self.levels)}m" if self.levels else "0m"

    def document(self) -> Plain:
        """As a configuration document."""
        found: Plain = {
            "name": self.values.get("name", ""),
            "levels": [_level_document(one) for one in self.levels],
            "fallback": _targets(self.fallback, in_turn=False),
        }
        for name in ("team", "wait", "nag"):
            if self.values.get(name):
                found[name] = self.values[name]
        repeat = self.values.get("repeat", "")
        if repeat:
            found["repeat"] = int(repeat) if repeat.isdecimal() else repeat
        if any(self.ack.values()):
            found["ack_timeout"] = {
                name: self.ack.get(name) or _default_ack(name) for name in SEVERITIES
            }
        return found


def of_form(form: FormData, *, name: str = "") -> Draft:
    """What was typed."""
    values = {one: _text(form, one) for one in _PLAIN}
    if name:
        values["name"] = name
    count = _text(form, "levels")
    levels = min(int(count), MOST_LEVELS) if count.isdecimal() else 0
    return Draft(
        values=values,
        levels=[_level_of(form, index) for index in range(levels)],
        fallback=_many(form, "fallback-"),
        ack={one: _text(form, f"ack-{one}") for one in SEVERITIES},
    )


def of_document(document: Mapping[str, Any]) -> Draft:
    """What is saved."""
    timeout = document.get("ack_timeout")
    if timeout is not None and not isinstance(timeout, Mapping):
        timeout = dict.fromkeys(SEVERITIES, timeout)
    return Draft(
        values={one: str(document.get(one, "")) for one in _PLAIN},
        levels=[_level_draft(one) for one in document.get("levels", [])],
        fallback=_words(document.get("fallback", [])) or [""],
        ack={one: str((timeout or {}).get(one, "")) for one in SEVERITIES},
    )


def blank(team: str, rotation: str = "") -> Draft:
    """What a new policy begins with: two levels, as most have."""
    values = {"team": team, "repeat": "1"}
    first = LevelDraft(targets=[f"rotation:{rotation}" if rotation else ""])
    return Draft(values, [first, LevelDraft(after="5m")])


def problems_of(found: tuple[Problem, ...]) -> tuple[dict[str, str], str]:
    """Sentences by the name of the form's field, and those of no field."""
    known: dict[str, str] = {}
    rest = []
    for one in found:
        said = one.sentence
        if one.given not in (None, "", []):
            said = f"{said[:-1]}, not {str(one.given)[:80]!r}."
        name = _field_of(one.where)
        if name:
            known.setdefault(name, said)
        else:
            rest.append(said)
    return known, " ".join(rest)


def _field_of(where: str) -> str:
    path = where.partition("].")[2]
    level = _LEVEL.match(path)
    if level is not None:
        if level.group(2) == "when":
            return f"{level.group(3)}-{level.group(1)}"
        part = "after" if level.group(2) == "after" else "target"
        return f"{part}-{level.group(1)}" + ("-0" if part == "target" else "")
    first = re.split(r"[.\[]", path)[0]
    if first == "ack_timeout":
        return f"ack-{path.rpartition('.')[2]}" if "." in path else "ack-SEV1"
    return {"fallback": "fallback-0", "levels": "after-0"}.get(
        first, first if first in _PLAIN else ""
    )


def _level_of(form: FormData, index: int) -> LevelDraft:
    return LevelDraft(
        after=_text(form, f"after-{index}"),
        by_severity={one: _text(form, f"after-{index}-{one}") for one in SEVERITIES},
        targets=_many(form, f"target-{index}-"),
        condition=_text(form, f"condition-{index}") or "if_not_acked",
        everyone_acks=bool(form.get(f"everyone-{index}")),
        in_turn=bool(form.get(f"turn-{index}")),
        when={one: _text(form, f"{one}-{index}") for one in _WHEN},
    )


def _level_draft(document: Mapping[str, Any]) -> LevelDraft:
    after = document.get("after", "0m")
    by_severity: dict[str, str] = {}
    if isinstance(after, Mapping):
        by_severity = {one: str(after.get(one, "")) for one in SEVERITIES}
        after = by_severity.get("SEV2") or next(iter(after.values()), "0m")
    targets = document.get("page", [])
    in_turn = any("round_robin" in one for one in targets)
    return LevelDraft(
        after=str(after),
        by_severity=by_severity,
        targets=_words(targets) or [""],
        condition=document.get("condition", "if_not_acked"),
        everyone_acks=document.get("everyone_acks", False),
        in_turn=in_turn,
        when={one: _when_word(document.get("when", {}).get(one)) for one in _WHEN},
    )


def _when_word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "true", False: "false"}.get(value, "")


def _level_document(level: LevelDraft) -> Plain:
    own = {name: text for name, text in level.by_severity.items() if text}
    after: Any = level.after
    if own:
        after = {name: own.get(name, level.after) for name in SEVERITIES}
    found: Plain = {
        "after": after,
        "page": _targets(level.targets, in_turn=level.in_turn),
    }
    if level.condition != "if_not_acked":
        found["condition"] = level.condition
    if level.everyone_acks:
        found["everyone_acks"] = True
    when = {one: _when_value(one, text) for one, text in level.when.items() if text}
    if when:
        found["when"] = when
    return found


def _when_value(name: str, text: str) -> Any:
    if name == "days":
        return days_typed(text)
    return {"true": True, "false": False}.get(text, text)


def _targets(words: list[str], *, in_turn: bool) -> list[Plain]:
    chosen = [one.partition(":") for one in words if one]
    people = [name for kind, _, name in chosen if kind == "user"]
    if not in_turn or not people:
        return [{kind: name} for kind, _, name in chosen]
    rest = [{kind: name} for kind, _, name in chosen if kind != "user"]
    return [{"round_robin": people}, *rest]


def _words(targets: list[Mapping[str, Any]]) -> list[str]:
    found = []
    for target in targets:
        for kind, name in target.items():
            if kind == "round_robin":
                found += [f"user:{person}" for person in name]
            else:
                found.append(f"{kind}:{name}")
    return found


def _many(form: FormData, prefix: str) -> list[str]:
    found = []
    for index in range(MOST_TARGETS):
        if f"{prefix}{index}" not in form:
            break
        found.append(_text(form, f"{prefix}{index}"))
    return found


def _text(form: FormData, name: str) -> str:
    return clean(str(form.get(name, "")), longest=200).strip()


def _default_ack(severity: str) -> str:
    held = DEFAULT_ACK_TIMEOUTS[Severity[severity]]
    return "none" if held is None else compact(held)
