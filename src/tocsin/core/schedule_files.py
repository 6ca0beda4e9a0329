"""A schedule as a JSON object, and its final timeline as one (domain 1.1, 1.5).

The form is that of the worked examples: {tz, layers, overrides, unavailability}.
Reads no file: it takes what a JSON parser gave. Every problem is told at once, each
with the path of its field and what was expected there.
"""

from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
