"""What a person sends back to a page by text message or key: `1a`, `1p`, `1d`.

The number is the message's own, so that one reply answers one message; the letter says
what is done about all of it. Domain 2.4: nothing acknowledges but an act of a person.
"""

import re
from enum import StrEnum

from msgspec import Struct

# Numbers come round again: a phone has room for a short one, and a night for few.
HIGHEST = 99
_SHAPE = re.compile(r"(?:(\d{1,3})\s*)?([a-z]+)", re.ASCII)
_WORD = re.compile(r"\w+")


class Verb(StrEnum):
    """What can be done from a phone."""

    ACKNOWLEDGE = "acknowledge"
    PASS = "pass"
    DECLARE = "declare"
    REPEAT = "repeat"


_LETTERS = {
    "a": Verb.ACKNOWLEDGE,
    "ack": Verb.ACKNOWLEDGE,
    "p": Verb.PASS,
    "pass": Verb.PASS,
    "d": Verb.DECLARE,
    "declare": Verb.DECLARE,
}
# The menu of a call, as it is spoken.
MENU = "Press 1 to acknowledge, 2 to pass it on, 3 to hear it again."
KEYS = {"1": Verb.ACKNOWLEDGE, "2": Verb.PASS, "3": Verb.REPEAT}


class Reply(Struct, frozen=True):
    """A reply that was understood; `code` 0 means the newest message."""

    verb: Verb
    code: int = 0


def read(text: str) -> Reply | None:
    """What a text message asks for; None where it is none of our replies.

    Words may follow a reply with a number ("1a, thanks"), as long as none of them has a
    digit or is another reply. Without one "a" is a word as any other.
    """
    said = text.strip().lower()
    found = _SHAPE.match(said)
    if found is None:
        return None
    number, word = found.groups()
    verb = _LETTERS.get(word)
    if verb is None or (number is not None and not int(number)):
        return None
    words = _WORD.findall(said[found.end() :])
    if words and (number is None or not all(_is_talk(one, verb) for one in words)):
        return None
    return Reply(verb, int(number or 0))


def _is_talk(word: str, verb: Verb) -> bool:
    if any(letter.isdigit() for letter in word):
        return False
    return _LETTERS.get(word, verb) is verb


def next_code(last: int) -> int:
    """The number of a phone's next message, after `last` (0: it never had one)."""
    return last % HIGHEST + 1
