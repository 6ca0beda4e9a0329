"""A runbook in Markdown as steps to follow: what to look at, what to do (domain 6).

Symptoms feed matching; prevention bullets can become action items; steps keep their id
when others are added or moved, so that their history survives. Runs nothing: a command
is a text with a kind, until somebody registers an action that equals it.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml
from msgspec import Struct

from tocsin.core.outline import Part, outline, unified
from tocsin.core.runbook_steps import Step, bullets_of, steps_of, unlike

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Symptoms": ("symptoms", "symptom"),
    "Diagnosis": ("diagnosis", "diagnose", "investigate", "investigation", "triage"),
    "Resolution": ("resolution", "mitigation", "fix", "remediation"),
    "Prevention": ("prevention", "follow-up", "follow up"),
}
LONGEST = 60_000
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)


class Front(Struct, frozen=True):
    """The optional front matter."""

    id: str = ""
    service: str = ""
    owner: str = ""
    alerts: tuple[str, ...] = ()
    severity: str = ""
    reviewed: date | None = None
    # A data source's name and its dialect, such as {pg-main: postgresql}.
    data_sources: Mapping[str, str] = {}


class Runbook(Struct, frozen=True):
    """The parts of a runbook. `notes` are the sections that it does not know."""

    title: str
    symptoms: tuple[str, ...] = ()
    diagnosis: tuple[Step, ...] = ()
    resolution: tuple[Step, ...] = ()
    prevention: tuple[str, ...] = ()
    notes: tuple[Part, ...] = ()
    front: Front = Front()
    # The known sections that it has, empty or not.
    sections: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of Diagnosis and Resolution, without the sub-steps."""
        return (*self.diagnosis, *self.resolution)


class BadRunbook(ValueError):
    """The front matter cannot be read; says what was expected."""


def parse(text: str) -> Runbook:
    """The runbook that a Markdown text is. Raises BadRunbook.

    A text without known sections is a runbook of notes; `runbook_lint.py` says so.
    """
    text = unified(text)
    front, text = _front(text)
    read = outline(text, deepest=_section_level(text))
    parts = list(read.parts)
    title = ""
    if parts and not _known(parts[0].heading):
        first = parts.pop(0)
        title = first.heading
        if first.text:
            parts.insert(0, Part("", first.level, first.text))
    if read.opening:
        parts.insert(0, Part("", 1, read.opening))
    bullets: dict[str, list[str]] = {"Symptoms": [], "Prevention": []}
    steps: dict[str, list[Step]] = {"Diagnosis": [], "Resolution": []}
    notes, sections = [], []
    for part in parts:
        section = _known(part.heading)
        if not section:
            notes.append(part)
            continue
        sections.append(section)
        if section in bullets:
            bullets[section] += bullets_of(part.text)
        else:
            steps[section] += steps_of(part.text, section, len(steps[section]))
    return Runbook(
        title=title,
        symptoms=tuple(bullets["Symptoms"]),
        diagnosis=unlike(steps["Diagnosis"]),
        resolution=unlike(steps["Resolution"]),
        prevention=tuple(bullets["Prevention"]),
        notes=tuple(notes),
        front=front,
        sections=tuple(dict.fromkeys(sections)),
    )


def _known(heading: str) -> str:
    wanted = re.sub(r"[:\s]+\Z", "", " ".join(heading.split())).lower()
    return next((name for name, also in SECTIONS.items() if wanted in also), "")


def _section_level(text: str) -> int:
    parts = outline(text).parts
    return next((part.level for part in parts if _known(part.heading)), 6)


def _front(text: str) -> tuple[Front, str]:
    found = _FRONT.match(text)
    if found is None:
        return Front(), text
    try:
        values = yaml.safe_load(found.group(1)) or {}
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise BadRunbook(f"front matter: expected YAML, but {said}") from None
    if not isinstance(values, dict):
        raise BadRunbook("front matter: expected fields such as 'owner: payments'")
    reviewed = values.get("reviewed")
    if reviewed is not None and not isinstance(reviewed, date):
        raise BadRunbook(
            f"front matter: reviewed: {reviewed!r}: expected a day such as 2026-01-15"
        )
    return (
        Front(
            **{
                key: _word(values, key)
                for key in ("id", "service", "owner", "severity")
            },
            alerts=tuple(_listed(values.get("alerts"))),
            reviewed=reviewed,
            data_sources=_sources(values.get("data_sources")),
        ),
        text[found.end() :],
    )


def _word(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return "" if value is None else str(value)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _sources(value: Any) -> Mapping[str, str]:
    if isinstance(value, dict):
        return {str(name): str(kind) for name, kind in value.items()}
    return dict.fromkeys(_listed(value), "")
