"""What a page says on a phone: in a text message, and spoken.

What matters comes first, so that whatever is cut off is the rest; control characters
never reach a handset, and only our own address is ever a link.
"""

import re

from tocsin.interfaces.pagers import PageMessage

# Two parts of a long text message: more is split differently by every network.
LONGEST_TEXT = 306
LONGEST_SPEECH = 900
_TITLE = 90
# A code is heard digit by digit.
_DIGITS = re.compile(r"\d{4,}")


def text_message(message: PageMessage) -> str:
    """The whole text message, with how to answer it and the link."""
    head = _head(message)
    how = f"Reply {message.code}a ack, {message.code}p pass, {message.code}d declare"
    tail = f"{how}\n{message.link}" if message.code else message.link
    repeat = " (may be a repeat)" if message.may_be_repeat else ""
    room = LONGEST_TEXT - len(tail) - len(repeat) - 1
    return f"{_cut(head, room)}{repeat}\n{tail}"


def speech(message: PageMessage) -> str:
    """What a call says before it lists the keys."""
    said = f"This is Tocsin, for {plain(message.full_name)}. {_spoken(message)}"
    if message.next_up:
        said += f" {plain(message.next_up)}."
    return _cut(said, LONGEST_SPEECH)


def plain(text: str) -> str:
    """On one line, without what a handset or a voice cannot show or say."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _head(message: PageMessage) -> str:
    if message.subject:
        return f"{_named(message.subject)}. {plain(message.why)}"
    test = "TEST " if message.test else ""
    if not message.alerts:
        return f"{test}Tocsin: {plain(message.why)}"
    worst = message.alerts[0]
    more = len(message.alerts) - 1
    title = _cut(plain(worst.title), _TITLE)
    also = f" and {more} more" if more else ""
    return f"{test}{worst.severity.name} {plain(worst.service)}: {title}{also}"


def _named(subject: str) -> str:
    """A subject that says from whom it is."""
    return plain(subject if "Tocsin" in subject else f"Tocsin: {subject}")


def _spoken(message: PageMessage) -> str:
    if message.subject:
        return f"{_by_digit(plain(message.subject))}. {plain(message.why)}"
    if not message.alerts:
        return plain(message.why)
    worst = message.alerts[0]
    test = "This is a test. " if message.test else ""
    severity = f"Severity {int(worst.severity)}"
    more = len(message.alerts) - 1
    also = f" And {more} more." if more else ""
    title = _by_digit(plain(worst.title))
    return f"{test}{severity} on {plain(worst.service)}. {title}.{also}"


def _by_digit(text: str) -> str:
    return _DIGITS.sub(lambda found: " ".join(found.group()), text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: max(0, longest - 1)] + "…"
