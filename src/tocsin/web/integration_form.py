"""The fields of an integration as a form, and back to its document."""

from collections.abc import Mapping

from starlette.datastructures import FormData

from tocsin.core.excerpts import clean
from tocsin.core.forms import Plain
from tocsin.engine.editing import Edited
from tocsin.web.forms import Form

_LEVELS = ("SEV1", "SEV2", "SEV3", "SEV4", "NONE")
_MAPPED = (
    "key", "title", "status", "severity", "description", "time", "link",
)  # fmt: skip


def values(sent: FormData) -> dict[str, str]:
    """What was typed, as text."""
    return {
        name: clean(str(text), longest=8000).replace("\r\n", "\n")
        for name, text in sent.items()
    }


def defaults(kind: str) -> dict[str, str]:
    """What a new one begins with."""
    return {"period": "1 day", "grace": "1 hour"} if kind == "heartbeat" else {}


def of_document(document: Plain) -> dict[str, str]:
    """The form's values for what is stored."""
    return {
        "name": str(document.get("name", "")),
        "service": str(document.get("service", "")),
        "severities": _lines(document.get("severities")),
        "may_declare_sev1": "on" if document.get("may_declare_sev1") else "",
        "mapping": _lines(document.get("mapping")),
        "resolved_words": ", ".join(document.get("resolved_words") or ()),
        "period": str(document.get("period", "")),
        "grace": str(document.get("grace", "")),
    }


def document(given: Mapping[str, str], kind: str) -> tuple[Plain, dict[str, str]]:
    """The document's fields (None takes one away) and a sentence per wrong field."""
    problems: dict[str, str] = {}
    found: Plain = {"type": kind, "service": given.get("service", "").strip()}
    if not found["service"]:
        problems["service"] = "Choose the service that its alerts are about."
    if kind == "heartbeat":
        for name in ("period", "grace"):
            found[name] = given.get(name, "").strip() or None
        return found, problems
    found["severities"] = _pairs(given, "severities", problems) or None
    for word, level in (found["severities"] or {}).items():
        if level.upper() not in _LEVELS:
            problems["severities"] = (
                f"{word} is {level!r}: expected SEV1, SEV2, SEV3, SEV4 or none."
            )
    found["may_declare_sev1"] = True if given.get("may_declare_sev1") else None
    if kind == "generic":
        found["mapping"] = _pairs(given, "mapping", problems) or None
        for field in found["mapping"] or {}:
            if field not in _MAPPED:
                problems["mapping"] = (
                    f"{field!r} is not a field: expected one of {', '.join(_MAPPED)}."
                )
        words = [one.strip() for one in given.get("resolved_words", "").split(",")]
        found["resolved_words"] = [one for one in words if one] or None
    return found, problems


def refused(given: Mapping[str, str], done: Edited) -> Form:
    """The form again with what the engine found wrong."""
    problems: dict[str, str] = {}
    rest = [text for text in (done.refused, done.conflict, done.missing) if text]
    for one in done.problems:
        field = one.where.rpartition(".")[2]
        said = one.sentence
        if field in given:
            problems.setdefault(field, said)
        else:
            rest.append(str(one))
    return Form(given, problems, " ".join(rest))


def status_of(done: Edited) -> int:
    """The answer's status for what was not done."""
    if done.refused:
        return 403
    return 409 if done.conflict else 404 if done.missing else 422


def _lines(pairs: object) -> str:
    if not isinstance(pairs, Mapping):
        return ""
    return "\n".join(f"{name} = {value}" for name, value in pairs.items())


def _pairs(
    given: Mapping[str, str], field: str, problems: dict[str, str]
) -> dict[str, str]:
    found = {}
    for line in given.get(field, "").split("\n"):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or not name or not value:
            problems[field] = (
                f"{line.strip()[:80]!r}: expected one “name = value” a line."
            )
            continue
        found[name] = value
    return found
