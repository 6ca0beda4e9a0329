"""What should not stand in a text for customers: names, hosts, guesses, "outage".

Advice only (domain 5.4): a person decides, and the commander approves.
"""

import re
from collections.abc import Collection, Iterator

from tocsin.core.advice import Advice

_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z][\w.-]*\w")
_HOST = re.compile(
    # An address, a name below an inner domain, or a pod.
    r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
    r"|\b[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\."
    r"(?:internal|local|localdomain|lan|corp|cluster|svc|intra|prod|staging)\b(?::\d+)?"
    r"|\b[a-z][a-z0-9-]*-[a-f0-9]{8,10}-[a-z0-9]{5}\b"
    # A numbered machine: `db-01`, `pg-main-3`, `web12.fra`.
    r"|\b(?:db|pg|web|app|node|host|redis|kafka|mysql|k8s|srv|vm|lb|cache)"
    r"(?:-[a-z]+)*-?\d{1,4}(?:\.[a-z0-9.-]*[a-z0-9])?\b",
    re.IGNORECASE,
)
_GUESS = re.compile(
    r"\b(?:probably|maybe|perhaps|possibly|presumably|likely|apparently|seemingly"
    r"|(?:may|might|could) be|(?:seems?|appears?) to"
    r"|we (?:think|believe|suspect|guess|assume)|should be (?:fixed|fine|ok|okay))\b",
    re.IGNORECASE,
)
_OUTAGE = re.compile(r"\boutages?\b", re.IGNORECASE)


def lint(
    text: str, *, names: Collection[str] = (), is_total: bool
) -> tuple[Advice, ...]:
    """Remarks on an external text, in its order.

    `names` are the people, teams and services that only colleagues know; `is_total`
    says that everything is down for everybody.
    """
    found = [*_named(text, names), *_matches(text)]
    if not is_total:
        found += [
            (one.start(), Advice("UP4", one.group(), _SAID["UP4"]))
            for one in _OUTAGE.finditer(text)
        ]
    return tuple(advice for _, advice in sorted(found, key=lambda one: one[0]))


_SAID = {
    "UP1": "an inner name. Customers know the product and what they see of it.",
    "UP2": "a machine's name or address. Say which part of the product is affected.",
    "UP3": "a guess. Say what is known, and that you look into the rest.",
    "UP4": "more than it is, unless nothing works for anybody. Say what fails, for whom.",
}


def _named(text: str, names: Collection[str]) -> Iterator[tuple[int, Advice]]:
    for one in _HANDLE.finditer(text):
        yield one.start(), Advice("UP1", one.group(), _SAID["UP1"])
    for name in sorted(names):
        # Two letters are words of the language more often than they are names.
        if len(name) < 3:
            continue
        # A service `checkout` is also a word; only a name in its own writing counts.
        for one in re.finditer(rf"(?<![\w@-]){re.escape(name)}(?![\w-])", text):
            yield one.start(), Advice("UP1", one.group(), _SAID["UP1"])


def _matches(text: str) -> Iterator[tuple[int, Advice]]:
    for code, pattern in (("UP2", _HOST), ("UP3", _GUESS)):
        for one in pattern.finditer(text):
            yield one.start(), Advice(code, one.group(), _SAID[code])
