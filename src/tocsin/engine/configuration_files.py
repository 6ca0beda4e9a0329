"""YAML files as plain data, with the line of each thing that is wrong in them."""

from typing import Any

import yaml

from tocsin.core.forms import Problem

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


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    problem = getattr(error, "problem", "") or "not YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
