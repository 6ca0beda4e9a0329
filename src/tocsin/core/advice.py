"""One remark on a text that people write. Advice refuses nothing.

Updates, reviews, action items and runbooks are each read by their own rules; this is
the form in which all of them answer.
"""

from msgspec import Struct


class Advice(Struct, frozen=True):
    """`given` is the words it is about, `said` why and what to write instead."""

    code: str
    given: str
    said: str
    # The section or field that it was found in, for a page to show it beside.
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{self.code} {place}{self.given!r}: {self.said}"
