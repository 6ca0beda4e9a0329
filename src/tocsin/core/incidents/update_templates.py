"""What an external update says at each stage, with the blanks a person fills in.

The texts are those of domain 5.4. A blank is required: a template with an empty one is
no text. Where nothing is to be said, the person says so ("No further impact is
expected"); a machine never fills a blank with a guess.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from tocsin.core.forms import Problem

_BLANK = re.compile(r"\{([a-z_]+)\}")


class Blank(Struct, frozen=True):
    """One thing to fill in: the name in the text, a label, and an example."""

    name: str
    label: str
    example: str


class Template(Struct, frozen=True):
    """`stage` is the incident's state that it fits; '' fits at any time."""

    name: str
    title: str
    stage: str
    text: str
    blanks: tuple[Blank, ...]


_SYMPTOM = Blank("symptom", "What customers see", "card payments are declined")
_NEXT = Blank("next", "Time of the next update, with its zone", "3:15 PM PST")
_WORKAROUND = Blank("workaround", "What works meanwhile", "Bank transfers work")

TEMPLATES: Mapping[str, Template] = {
    one.name: one
    for one in (
        Template(
            "investigating",
            "Investigating",
            "investigating",
            "We are investigating {symptom} affecting {where} since {since}. "
            "Next update by {next}.",
            (
                _SYMPTOM,
                Blank("where", "Who or where", "shops in the EU"),
                Blank("since", "Since when, with the zone", "2:31 PM PST"),
                _NEXT,
            ),
        ),
        Template(
            "identified",
            "Identified",
            "identified",
            "We have found the cause of {symptom} and are working on {action}. "
            "{impact}. Next update by {next}.",
            (
                _SYMPTOM,
                Blank("action", "What is done, in plain words", "going back a version"),
                Blank("impact", "What is affected now", "One payment in six fails"),
                _NEXT,
            ),
        ),
        Template(
            "monitoring",
            "Monitoring",
            "monitoring",
            "A fix is in place since {since}. We are watching recovery. "
            "{residual}. Next update by {next}.",
            (
                Blank("since", "Since when, with the zone", "3:05 PM PST"),
                Blank("residual", "What is still affected, or that nothing is",
                      "No further impact is expected"),
                _NEXT,
            ),
        ),
        Template(
            "resolved",
            "Resolved",
            "resolved",
            "From {start} to {end} {who} saw {symptom}. This is resolved. "
            "{data_loss}. {review}.",
            (
                Blank("start", "Start, with the zone", "2:31 PM PST"),
                Blank("end", "End, with the zone", "3:16 PM PST"),
                Blank("who", "Who was affected", "shops in the EU"),
                _SYMPTOM,
                Blank("data_loss", "Whether data was lost, and what",
                      "No data was lost"),
                Blank("review", "When a review follows, or that none does",
                      "A review will follow by 22 January"),
            ),
        ),
        Template(
            "long-running",
            "Long-running",
            "",
            "Work continues; we will now update every {interval}. {workaround}.",
            (Blank("interval", "How often from now on", "60 minutes"), _WORKAROUND),
        ),
        Template(
            "third-party",
            "Third party",
            "",
            "{provider} reports {report}; our {function} is affected. {workaround}.",
            (
                Blank("provider", "Who has the trouble", "Our card processor"),
                Blank("report", "What they report", "slow authorisations"),
                Blank("function", "What of ours is affected", "checkout"),
                _WORKAROUND,
            ),
        ),
        Template(
            "false-alarm",
            "False alarm",
            "",
            "The earlier notice of {time} was in error; no impact.",
            (Blank("time", "Time of that notice, with its zone", "2:45 PM PST"),),
        ),
    )
}  # fmt: skip


def fields_of(template: Template) -> tuple[str, ...]:
    """The names of its blanks, in the order in which the text has them."""
    return tuple(dict.fromkeys(_BLANK.findall(template.text)))


def fill(template: Template, values: Mapping[str, str]) -> str | tuple[Problem, ...]:
    """The text, or a problem for each blank that is empty or unknown."""
    found = [
        Problem(blank.name, None, f"{blank.label}, such as '{blank.example}'")
        for blank in template.blanks
        if not values.get(blank.name, "").strip()
    ]
    named = fields_of(template)
    known = ", ".join(named)
    found += [
        Problem(name, value, f"one of {known}")
        for name, value in values.items()
        if name not in named
    ]
    if found:
        return tuple(found)
    return _BLANK.sub(lambda blank: _woven(values[blank.group(1)]), template.text)


def _woven(value: str) -> str:
    """A value as a part of a sentence, whose own full stop follows."""
    return " ".join(value.split()).rstrip(".")
