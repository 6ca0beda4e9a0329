"""A change that anything can post as JSON: a deploy, a flag, a setting, a migration.

`POST …/changes`, one object or an array: `summary` is needed; `kind`, `time`, `link`, `id`
(what is sent twice is kept once), `by`, `environment`, `ref`, `sha`, `rollback` (how it is
undone) and a `details` object are read; more words for each are in `_FIELDS`.
"""

from collections.abc import Mapping
from typing import Any

from tocsin.core.excerpts import clean, clean_title, web_link
from tocsin.core.incidents.changes import KINDS
from tocsin.integrations.generic.fields import problem, text, texts, time
from tocsin.interfaces.arrivals import Change

PATH = "/changes"
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "summary": ("summary", "title", "message", "name", "description"),
    "kind": ("kind", "type"),
    "time": ("time", "at", "timestamp", "finished_at", "occurred_at", "started_at"),
    "link": ("link", "url"),
    "id": ("id", "event_id", "key"),
    "by": ("by", "author", "user", "actor"),
    "environment": ("environment", "env"),
    "ref": ("ref", "version", "tag", "branch"),
    "sha": ("sha", "commit", "revision"),
    "rollback": ("rollback", "undo"),
    "source": ("source", "tool"),
}
_DETAILS = ("by", "environment", "ref", "sha", "rollback")


def change(
    one: Mapping[str, Any], where: str, problems: list[dict[str, str]]
) -> Change | None:
    """The change that an object tells; what is wrong is added to `problems`."""
    found = {name: _find(one, words) for name, words in _FIELDS.items()}
    summary = text(found["summary"])
    if not summary:
        expected = "what was changed (also read: title, message, name)"
        problems.append(problem(f"{where}summary", found["summary"], expected))
        return None
    kind = text(found["kind"]).lower()
    if kind and kind not in KINDS:
        expected = f"one of {', '.join(KINDS)}, or nothing"
        problems.append(problem(f"{where}kind", found["kind"], expected))
        return None
    at = time(found["time"])
    if found["time"] is not None and at is None:
        expected = "a time such as 2026-11-25T09:30:00Z, or seconds since 1970"
        problems.append(problem(f"{where}time", found["time"], expected))
        return None
    details = texts(one.get("details"))
    details |= {name: text(found[name]) for name in _DETAILS if found[name] is not None}
    link = web_link(text(found["link"]))
    return Change(
        summary=clean_title(summary),
        source=clean(text(found["source"]), longest=100) or "a webhook",
        occurred_at=at,
        details=details | ({"kind": kind} if kind else {}),
        links=(link,) if link else (),
        event_id=clean(text(found["id"]), longest=200),
    )


def _find(one: Mapping[str, Any], words: tuple[str, ...]) -> Any:
    return next((one[word] for word in words if one.get(word) is not None), None)
