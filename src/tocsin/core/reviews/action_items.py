"""`- [ ] Add alert for X (Owner: Alice, Due: Jan 15)`: one line of work, read and written.

The grammar is that of domain 7, and lossless: a line that nobody changed is written as
it was found. Knows no document around it and no person; `postmortems.py` has the lines.

    item  = ("-"|"*") " [" (" "|"x"|"X") "] " text [ " (" field { "," field } ")" ]
    field = ("Owner"|"Due"|"Priority"|"Type"|"Ticket"|"Id") ":" value
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.advice import Advice
from tocsin.core.reviews.lessons import KINDS

KEYS = ("Owner", "Due", "Priority", "Type", "Ticket", "Id")
_LINE = re.compile(r"(?P<bullet>[-*]) \[(?P<mark>[ xX])\] (?P<text>.*?)(?P<tail>\s*)\Z")
_KEY = "|".join(KEYS)
_OPENING = re.compile(rf" \((?=(?:{_KEY}):)")
# A comma separates fields only if a key follows: "Due: Jan 15, 2026, Owner: Bob".
_COMMA = re.compile(rf",(?=\s*(?:{_KEY}):)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z")
_WORDED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:, ?(\d{4}))?\Z")
EXPECTED_DUE = "a date such as 'Jan 15', 'Jan 15, 2026' or '2026-01-15'"
_SEVERAL = re.compile(r",|/|&|\band\b|\bor\b|\+", re.IGNORECASE)
_GROUP = re.compile(
    r"\b(team|everyone|everybody|all|we|us|tbd|nobody|someone|somebody)\b",
    re.IGNORECASE,
)


class BadDue(ValueError):
    """The text names no day; says what was expected."""


class ActionItem(Struct, frozen=True):
    """One line. `fields` are kept as written, blanks and all; read them by `value`."""

    text: str
    fields: tuple[str, ...] = ()
    mark: str = " "
    bullet: str = "-"
    tail: str = ""

    @property
    def is_done(self) -> bool:
        """Whether its box is ticked."""
        return self.mark != " "

    def value(self, key: str) -> str:
        """What the first field of this name says; '' without one."""
        for field in self.fields:
            name, _, value = field.strip().partition(":")
            if name == key:
                return value.strip()
        return ""

    @property
    def owner(self) -> str:
        """The person who does it, as written."""
        return self.value("Owner")

    @property
    def due(self) -> str:
        """The day, as written; `due_on` reads it."""
        return self.value("Due")

    @property
    def id(self) -> str:
        """Its number once it was saved, such as ACT-12."""
        return self.value("Id")


def parse(line: str) -> ActionItem | None:
    """The item that a line is; None for a line that is something else."""
    found = _LINE.match(line)
    if found is None or not found["text"].strip():
        return None
    text, fields = _parted(found["text"])
    return ActionItem(text, fields, found["mark"], found["bullet"], found["tail"])


def render(item: ActionItem) -> str:
    """The line."""
    fields = f" ({','.join(item.fields)})" if item.fields else ""
    return f"{item.bullet} [{item.mark}] {item.text}{fields}{item.tail}"


def items_of(text: str) -> tuple[ActionItem, ...]:
    """The items of a section, without the other lines."""
    return tuple(item for item in map(parse, text.split("\n")) if item is not None)


def rewritten(text: str, items: Iterable[ActionItem]) -> str:
    """The section with its items replaced in their order, all other lines kept.

    Raises ValueError when there are fewer or more of them than the section has.
    """
    coming = iter(items)
    lines = [
        line if parse(line) is None else render(next(coming, _NONE_LEFT))
        for line in text.split("\n")
    ]
    if next(coming, None) is not None or render(_NONE_LEFT) in lines:
        raise ValueError("as many items as the section has")
    return "\n".join(lines)


_NONE_LEFT = ActionItem("\0")


def with_value(item: ActionItem, key: str, value: str) -> ActionItem:
    """The item with a field set; the others stay as they were written."""
    assert key in KEYS
    written = f"{key}: {value}"
    fields = list(item.fields)
    for index, field in enumerate(fields):
        if field.strip().partition(":")[0] == key:
            fields[index] = " " + written if index else written
            return replace(item, fields=tuple(fields))
    fields.append(" " + written if fields else written)
    return replace(item, fields=tuple(fields))


def ticked(item: ActionItem, *, done: bool) -> ActionItem:
    """The item with its box ticked or not; an `X` that was there stays one."""
    if done == item.is_done:
        return item
    return replace(item, mark="x" if done else " ")


def due_on(written: str, *, document_date: date) -> date | None:
    """The day that `Due:` names; None when it is empty. Raises BadDue.

    Without a year it is the next such day from the document's date, today included.
    """
    if not written:
        return None
    exact = _ISO.match(written)
    if exact:
        year, month_number, day = (int(part) for part in exact.groups())
        return _day(year, month_number, day, written)
    worded = _WORDED.match(written)
    month = worded.group(1).lower()[:3] if worded else ""
    if worded is None or month not in _MONTHS or not _is_month(worded.group(1)):
        raise BadDue(f"{written!r}: expected {EXPECTED_DUE}")
    number, day = _MONTHS.index(month) + 1, int(worded.group(2))
    if worded.group(3):
        return _day(int(worded.group(3)), number, day, written)
    # Eight years, since the next 29 February can be that far away.
    for year in range(document_date.year, document_date.year + 9):
        try:
            found = date(year, number, day)
        except ValueError:
            continue
        if found >= document_date:
            return found
    raise BadDue(f"{written!r}: expected a day that exists")


def lint(item: ActionItem, *, document_date: date) -> tuple[Advice, ...]:
    """What keeps this item from being done. AI01 to AI04 are errors at review."""
    found = []
    if not item.owner:
        found.append(
            ("AI01", item.text, "nobody owns it. Name one person: Owner: Alice")
        )
    elif _SEVERAL.search(item.owner) or _GROUP.search(item.owner):
        said = "several share it, so nobody does it. Name one person."
        found.append(("AI03", item.owner, said))
    if not item.due:
        found.append(("AI02", item.text, "no day is named. Add one: Due: Jan 15"))
    else:
        try:
            day = due_on(item.due, document_date=document_date)
        except BadDue:
            found.append(("AI04", item.due, f"is no day. Write {EXPECTED_DUE}."))
        else:
            if day and day < document_date and not item.is_done:
                found.append(("AI05", item.due, "is before the document's own date."))
    kind = item.value("Type")
    if kind and kind.lower() not in KINDS:
        found.append(("AI06", kind, f"is no type. Write one of {', '.join(KINDS)}."))
    return tuple(Advice(*one, where="Action Items") for one in found)


ERRORS = frozenset({"AI01", "AI02", "AI03", "AI04"})
WEEK = timedelta(weeks=1)


def due_by_rule(priority: str, *, document_date: date) -> date:
    """Four weeks for what has a priority, eight for the rest (domain 7)."""
    return document_date + (4 * WEEK if priority.strip() else 8 * WEEK)


def reminder_days(due: date, *, until: date) -> tuple[date, ...]:
    """When it is reminded of, up to `until`: a week and a day before, then weekly."""
    days = [due - WEEK, due - timedelta(days=1), due]
    while days[-1] + WEEK <= until:
        days.append(days[-1] + WEEK)
    return tuple(day for day in days if day <= until)


def _parted(text: str) -> tuple[str, tuple[str, ...]]:
    """The text, and the fields of the last parenthesis if it ends the line."""
    for opening in _OPENING.finditer(text):
        if _closes_last(text, opening.end()):
            fields = _COMMA.split(text[opening.end() : -1])
            return text[: opening.start()], tuple(fields)
    return text, ()


def _closes_last(text: str, start: int) -> bool:
    """Whether the parenthesis before `start` is closed by the last character."""
    depth = 1
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position == len(text) - 1
    return False


def _is_month(word: str) -> bool:
    full = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip
    return word.lower() == "sept" or any(
        word.lower() in (name, name[:3]) for name in full
    )


def _day(year: int, month: int, day: int, written: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadDue(f"{written!r}: expected a day that exists") from None
