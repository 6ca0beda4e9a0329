"""Configuration as YAML files: read with the line of what is wrong, and written again.

What leaves is sealed unless secrets are asked for; what comes back sealed is opened.
"""

from typing import Any

import yaml

from tocsin.core.configuration import NOUNS, Documents
from tocsin.core.forms import Plain, Problem
from tocsin.interfaces.machine import SEALED, Sealer
from tocsin.store import directory as stored
from tocsin.store import sealing
from tocsin.store.database import Database

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_BYTES = 4 * 1024 * 1024


class _Strict(_Loader):  # type: ignore[misc]
    """Refuses a key that stands twice in one mapping."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """As YAML says, but strict."""
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                line = key_node.start_mark.line + 1
                message = f"line {line}: the key {key!r} stands twice"
                raise yaml.YAMLError(message)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def parsed(name: str, text: str, problems: list[Problem]) -> list[Any]:
    """Every document of one file."""
    if len(text) > _MOST_BYTES:
        problems.append(Problem(name, f"{len(text)} bytes", "at most 4 MiB"))
        return []
    try:
        documents = list(yaml.load_all(text, Loader=_Strict))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problems.append(Problem(name, _where(error), "YAML"))
        return []
    return [one for one in documents if one is not None]


def line_of(text: str, words: str) -> int:
    """The first line (from 1) that holds `words`, 0 when none does."""
    for number, line in enumerate(text.splitlines(), start=1):
        if words and words in line:
            return number
    return 0


def readable(
    noun: str, document: Plain, sealer: Sealer, where: str, problems: list[Problem]
) -> Plain:
    """A document whose sealed values, as `export` gives them, are readable again."""
    document = sealing.open_document(sealer, noun, document)
    for field, text, _ in sealing.secrets_of(noun, document):
        if text.startswith(SEALED):
            expected = (
                "a value that this installation's key opens; this one was sealed "
                "elsewhere: give the value itself, or leave the field out"
            )
            problems.append(Problem(f"{where}.{field}", text[:24] + "…", expected))
            document.pop(field, None)  # nothing more is to be said of it
    return document


def export_text(database: Database) -> str:
    """Everything as YAML that `apply` brings to the same state; secrets stay sealed.

    What is sealed is of use only where the key is that sealed it.
    """
    documents = database.read(stored.documents)
    for noun, held in documents.items():
        for name, document in held.items():
            held[name] = sealing.seal_document(database.sealer, noun, document)
    return _yaml(documents)


def export_one(database: Database, noun: str, name: str) -> str:
    """One object in the same form; "" where there is none of that name."""
    held = database.read(stored.documents).get(noun, {}).get(name)
    if held is None:
        return ""
    return _yaml({noun: {name: sealing.seal_document(database.sealer, noun, held)}})


def export_with_secrets(database: Database) -> str:
    """The same with every secret readable, to move to another installation."""
    return _yaml(database.read(stored.documents))


def _yaml(documents: Documents) -> str:
    out: dict[str, object] = {}
    organisation = documents.get("organisation", {}).get("organisation")
    if organisation:
        out["organisation"] = organisation
    for noun in NOUNS:
        if documents.get(noun):
            out[noun] = list(documents[noun].values())
    if documents.get("rules"):
        out["rules"] = list(documents["rules"].values())
    text: str = yaml.safe_dump(out, sort_keys=False, allow_unicode=True, width=100)
    return text


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    problem = getattr(error, "problem", "") or "not YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
