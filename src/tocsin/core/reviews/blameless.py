"""Blame in a review, found sentence by sentence, with what to write instead.

Advice only (domain 7, BL1 to BL7): it never blocks, and a person may wave it away. It
looks at words; whether a text is fair it cannot know.
"""

import re
from collections.abc import Collection, Iterator

from tocsin.core.advice import Advice

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?!\s|\Z)[^.!?\n]+)*[.!?]*")
_ROLES = (
    r"(?:the |an? )?(?:engineer|developer|operator|admin(?:istrator)?|sysadmin|dba"
    r"|on-?call(?: engineer| person)?|responder|commander|ic|lead|manager|author"
    r"|reviewer|intern|contractor|user|team|person|someone|somebody)s?"
    r"|he|she|they|you|i|we"
)
_BLAMED = (
    r"(?:caused|forgot|failed to|fails to|ignored|neglected|broke|messed up|screwed up"
    r"|botched|overlooked|missed|mistakenly|incorrectly|wrongly|carelessly"
    r"|did(?:n't| not) (?:check|notice|test|follow|read|think|bother|realize|realise)"
    r"|never (?:checked|tested|read|looked)|was (?:at fault|to blame|responsible for)"
    r"|were (?:at fault|to blame|responsible for)|made (?:a|the) mistake)"
)
_COUNTER = re.compile(
    r"\b(?:(?:should|could|would|ought to) (?:not )?have|(?:should|could|would)n't have"
    r"|(?:should|could|would)(?:'|’)?ve|if only)\b",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"\b(?:(?:human|operator|user|pilot|finger)[ -]errors?|fat[ -]finger(?:ed|ing)?"
    r"|careless(?:ly|ness)?|negligen(?:t|ce|tly)|sloppy|sloppiness|incompeten(?:t|ce)"
    r"|stupid(?:ly|ity)?|lazy|laziness|inattenti(?:on|ve)|lack of (?:care|attention)"
    r"|complacen(?:t|cy))\b",
    re.IGNORECASE,
)
_HINDSIGHT = re.compile(
    r"\b(?:obvious(?:ly)?|clearly|of course|simply|as everyone knows|needless to say"
    r"|it was (?:clear|evident)|evidently|in hindsight|with hindsight"
    r"|common sense)\b",
    re.IGNORECASE,
)
_EXHORTS = re.compile(
    r"\b(?:be more careful|be careful|take (?:more |better )?care|pay (?:more|closer)?"
    r" ?attention|remind (?:everyone|everybody|all|people|the team|engineers|staff)"
    r"|remember to|try (?:harder|to)|be (?:more )?(?:aware|mindful|vigilant|diligent)"
    r"|make sure (?:everyone|everybody|people|engineers|we|to)|don(?:'|’)?t forget"
    r"|double[- ]check|raise awareness|do better|follow the process|retrain)\b",
    re.IGNORECASE,
)
_SAID = {
    "BL1": "a person as the cause. Say what the system let happen, and what was known then.",
    "BL2": "what did not happen explains nothing. Say what did, and what made it sensible.",
    "BL3": "a label that ends the search. Say what made the slip possible and its effect large.",
    "BL4": "'why' asks a person to defend. Ask what made it sensible, or how it came about.",
    "BL5": "clear only now. Say what could be seen at that time, and where.",
    "BL6": "a name in the cause. Name the step, the tool or the missing guard.",
    "BL7": "asks people to be better. Change the system so that the care is not needed.",
}


def lint(
    heading: str, text: str, *, people: Collection[str] = ()
) -> tuple[Advice, ...]:
    """Remarks on one section of a review. `people` are the names that may be meant."""
    section = heading.strip().lower()
    found: list[Advice] = []
    for sentence in sentences(text):
        for code, given in _of(sentence, section, people):
            found.append(Advice(code, given, _SAID[code], where=heading))
    return tuple(found)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text; a line break and a list item end one too."""
    # Code and quotes are what was there, not what somebody says about it.
    plain = re.sub(r"```.*?(?:```|\Z)|`[^`\n]*`", " ", text, flags=re.DOTALL)
    lines = (line for line in plain.split("\n") if not line.lstrip().startswith(">"))
    return tuple(
        found.group().strip(" \t-*")
        for line in lines
        for found in _SENTENCE.finditer(line)
        if found.group().strip(" \t-*")
    )


def _of(
    sentence: str, section: str, people: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The codes of one sentence, each with the words that it is about."""
    is_record = section in ("timeline", "action items")
    names = _names(people)
    who = f"{names}|(?i:{_ROLES})" if names else f"(?i:{_ROLES})"
    if not is_record:
        verb = rf"\b(?:{who})\b(?:\s+\w+)?\s+(?i:{_BLAMED})\b"
        yield from _found("BL1", re.compile(verb), sentence)
    yield from _found("BL2", _COUNTER, sentence)
    yield from _found("BL3", _ERROR, sentence)
    why = rf"\b(?i:why did(?:n't| not)?)\s+(?:{who})\b"
    yield from _found("BL4", re.compile(why), sentence)
    yield from _found("BL5", _HINDSIGHT, sentence)
    if names and section == "root cause":
        yield from _found("BL6", re.compile(rf"\b(?:{names})\b"), sentence)
    if section == "action items":
        yield from _found("BL7", _EXHORTS, sentence)


def _found(
    code: str, pattern: re.Pattern[str], sentence: str
) -> Iterator[tuple[str, str]]:
    found = pattern.search(sentence)
    if found:
        yield code, found.group()


def _names(people: Collection[str]) -> str:
    """The people's names, whole and first, as one expression.

    Case matters: Will and Mark are also words. A handle counts capitalised as well.
    """
    words = {name.strip() for name in people if name.strip()}
    words |= {name.split()[0] for name in words}
    written = {form for word in words for form in (word, word[:1].upper() + word[1:])}
    longest_first = sorted(written, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word) for word in longest_first)
