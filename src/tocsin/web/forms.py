"""What was typed into a form and what is wrong with it; the macros of `_forms.html` draw it."""

from collections.abc import Mapping

from msgspec import Struct, field


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
