"""A line of a command as words, options and texts. Knows no command.

Phones turn `--` into a dash and quotes into curly ones; both are read as they were meant.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from tocsin.core.durations import BadDuration
from tocsin.core.durations import parse as parse_duration

_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»"}
_DASHES = ("—", "–")


class BadCommand(ValueError):
    """It cannot be read; the sentence says what was expected, for whoever wrote it."""


class Words:
    """Reads a line from its beginning."""

    def __init__(self, text: str) -> None:
        self._left = text.strip()

    def word(self) -> str:
        """The next word, or a quoted one; "" at the end."""
        if self._left[:1] in _QUOTES:
            return self._quoted()
        word, _, self._left = _split(self._left)
        return word

    def name(self, expected: str) -> str:
        """A name, without the @ before it. Raises BadCommand when there is none."""
        self._left = self._left.removeprefix("@") if self._left else ""
        word = self.word()
        if not word:
            raise BadCommand(f"expected {expected}")
        return word

    def shaped(self, shape: re.Pattern[str]) -> str:
        """The next word where it begins like that, which takes it; else ""."""
        return self.word() if shape.match(self._left) else ""

    def numbered(self, prefix: str) -> int:
        """The number of a leading `INC-214`, which is taken away; else 0."""
        word, _, left = _split(self._left)
        digits = word.upper().removeprefix(prefix).rstrip(":,")
        if not word.upper().startswith(prefix) or not digits.isdecimal():
            return 0
        if not digits.isascii() or len(digits) > 15:
            return 0
        self._left = left
        return int(digits)

    def options(self, known: Mapping[str, str]) -> dict[str, str]:
        """Options here and at the end; `known` maps each to the name of its value.

        One that takes no value is kept under its own name.
        """
        found: dict[str, str] = {}
        while (option := _option(self._left, known)) is not None:
            _, _, self._left = _split(self._left)
            self._take(option, known, found)
        if self._left[:1] not in _QUOTES:
            self._take_trailing(known, found)
            return found
        # Behind a quoted text there is nothing but options.
        text = self._quoted()
        while (option := _option(self._left, known)) is not None:
            _, _, self._left = _split(self._left)
            self._take(option, known, found)
        self.nothing()
        self._left = written(text, quoted=True)
        return found

    def rest(self) -> str:
        """What is left as one text, "" when nothing is."""
        if self._left[:1] in _QUOTES:
            before = self._left
            text = self._quoted()
            if not self._left:
                return text
            # `"a" is not "b"` begins with a quote without being one.
            self._left = before
        text, self._left = self._left, ""
        return text

    def text(self, expected: str) -> str:
        """The same. Raises BadCommand when nothing is left."""
        text = self.rest()
        if not text.strip():
            raise BadCommand(f"expected {expected}")
        return text

    def nothing(self) -> None:
        """Raises BadCommand when something is left."""
        if self._left:
            raise BadCommand(f"did not expect {self._left[:40]!r}")

    @staticmethod
    def duration(given: str | None, option: str) -> timedelta | None:
        """A duration such as 15m; None when none was given. Raises BadCommand."""
        if given is None:
            return None
        try:
            found = parse_duration(given)
        except BadDuration:
            found = timedelta(0)
        if not found:
            raise BadCommand(
                f"{option}: expected a time such as 15m, not {given[:40]!r}"
            )
        return found

    def _take(
        self, option: str, known: Mapping[str, str], found: dict[str, str]
    ) -> None:
        name = known[option]
        if not name:
            found[option] = ""
            return
        value = self.word()
        if not value:
            raise BadCommand(f"{option}: expected a value behind it")
        found[name] = value

    def _take_trailing(self, known: Mapping[str, str], found: dict[str, str]) -> None:
        while True:
            head, _, last = _rsplit(self._left)
            option = _named(last, known)
            if option is not None and not known[option] and head:
                found[option] = ""
                self._left = head
                continue
            before, _, word = _rsplit(head)
            option = _named(word, known)
            if option is None or not known[option] or not before or not last:
                return
            found[known[option]] = last
            self._left = before

    def _quoted(self) -> str:
        closing = {_QUOTES[self._left[0]], '"'}
        text: list[str] = []
        position = 1
        while position < len(self._left):
            char = self._left[position]
            if char == "\\" and position + 1 < len(self._left):
                text.append(self._left[position + 1])
                position += 2
                continue
            if char in closing:
                self._left = self._left[position + 1 :].lstrip()
                return "".join(text)
            text.append(char)
            position += 1
        raise BadCommand("expected a quote at the end of what begins with one")


def written(text: str, *, word: bool = False, quoted: bool = False) -> str:
    """A text, or one `word`, so that it is read back as it is."""
    plain = not quoted and text == text.strip()
    plain = plain and text[:1] not in _QUOTES and not text.startswith("@")
    if word:
        plain = plain and bool(text) and text.split() == [text]
    plain = plain and not any(part.startswith(("-", *_DASHES)) for part in text.split())
    if plain:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _option(text: str, known: Mapping[str, str]) -> str | None:
    return _named(_split(text)[0], known)


def _named(word: str, known: Mapping[str, str]) -> str | None:
    for dash in _DASHES:
        if word.startswith(dash):
            word = "--" + word[1:]
    return word if word in known else None


def _split(text: str) -> tuple[str, str, str]:
    """The first word, the blank, what follows."""
    parts = text.split(maxsplit=1)
    if not parts:
        return "", "", ""
    return parts[0], " ", parts[1].strip() if len(parts) > 1 else ""


def _rsplit(text: str) -> tuple[str, str, str]:
    parts = text.rsplit(maxsplit=1)
    if len(parts) < 2:
        return "", "", parts[0] if parts else ""
    return parts[0], " ", parts[1]
