"""What was typed into a form and what is wrong with it; the macros of `_forms.html` draw it."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, field

from tocsin.core.forms import Problem


class Form(Struct, frozen=True):
    """`problems` is a sentence per field; `said` is one that belongs to no field."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    said: str = ""

    def value(self, name: str) -> str:
        """What the field holds."""
        return self.values.get(name, "")

    def problem(self, name: str) -> str:
        """What is wrong with the field, empty when nothing is."""
        return self.problems.get(name, "")


def by_field(
    found: Sequence[Problem], fields: Collection[str]
) -> tuple[dict[str, str], str]:
    """Problems of a document as sentences per field, and those that are of no field."""
    known: dict[str, str] = {}
    rest = []
    for one in found:
        name = one.where.rpartition(".")[2]
        said = one.sentence
        if one.given not in (None, "") and not one.is_secret:
            said = f"{said[:-1]}, not {str(one.given)[:80]!r}."
        if name in fields:
            known.setdefault(name, said)
        else:
            rest.append(f"{one.where}: {said}")
    return known, " ".join(rest)
