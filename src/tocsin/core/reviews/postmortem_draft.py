"""The first draft of a post-mortem, from the record of an incident. Every fact once.

What the record does not hold stays empty: why it happened is for people. Everything
that is filled in is marked until somebody confirms it (domain 7).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.durations import words
from tocsin.core.reviews import action_items, postmortem_impact, postmortem_timeline
from tocsin.core.reviews.action_items import ActionItem
from tocsin.core.reviews.postmortem_timeline import Moment
from tocsin.core.reviews.postmortems import OPTIONAL, ORDER, Postmortem, Section
from tocsin.core.severity import Severity
from tocsin.core.wallclock import wall_time, zone_named

# The kinds of entries that tell the story; the others are detail of the record.
# In the order in which they follow each other where they have the same instant.
TOLD = (
    "change", "alert", "page", "ack", "state", "severity", "decision", "action",
    "update_external",
)  # fmt: skip
# Updates to customers this close together are one: the same text in several places.
_SECOND = timedelta(seconds=1)
BURST = timedelta(minutes=10)


class Entry(Struct, frozen=True):
    """One entry of the incident's timeline; `link` is its address in the room."""

    at: datetime
    kind: str
    text: str
    link: str = ""


class Held(Struct, frozen=True):
    """A role and who held it, from when to when."""

    role: str
    person: str
    from_at: datetime
    until: datetime | None = None


class Facts(Struct, frozen=True):
    """What the record holds. Instants are UTC; None and '' are what nobody knows."""

    number: int
    title: str
    zone: str
    severity: Severity | None = None
    impact_began_at: datetime | None = None
    detected_at: datetime | None = None
    declared_at: datetime | None = None
    identified_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    users_affected: str = ""
    revenue: str = ""
    # Further lines of the impact: (`Regions`, `EU`).
    impact_lines: tuple[tuple[str, str], ...] = ()
    last_update: str = ""
    resolution: str = ""
    entries: tuple[Entry, ...] = ()
    roles: tuple[Held, ...] = ()
    # Statements that were supported by a test.
    hypotheses: tuple[str, ...] = ()
    # What is to be done: prevention bullets, long-term fixes, notes, open tasks.
    prevention: tuple[str, ...] = ()
    external_message: str = ""


def draft(facts: Facts) -> Postmortem:
    """The draft, with the required sections and those that the record can fill."""
    filled = {
        "Summary": _summary(facts),
        "Impact": _impact(facts),
        "Contributing Factors": _bullets(facts.hypotheses),
        "Detection": _detection(facts),
        "Response": _response(facts),
        "Timeline": _timeline(facts),
        "Action Items": _items(facts),
        "External Message": facts.external_message.strip(),
    }
    return Postmortem(
        tuple(
            Section(heading, filled.get(heading, ""), bool(filled.get(heading)))
            for heading in ORDER
            if heading not in OPTIONAL or filled.get(heading)
        ),
        opening=_opening(facts),
    )


def _opening(facts: Facts) -> str:
    began = _began(facts)
    day = f", {_local(facts, began):%Y-%m-%d}" if began else ""
    grade = f" ({facts.severity.name}{day})" if facts.severity else ""
    return f"INC-{facts.number} {_line(facts.title)}{grade}"


def _summary(facts: Facts) -> str:
    """The last update and how it ended, one of them where they say the same."""
    said = [" ".join(t.split()) for t in (facts.last_update, facts.resolution)]
    kept = [
        t for t in said if t and not any(t in other for other in said if t != other)
    ]
    return "\n\n".join(dict.fromkeys(kept))


def _impact(facts: Facts) -> str:
    duration = None
    if facts.impact_began_at and facts.mitigated_at:
        duration = facts.mitigated_at - facts.impact_began_at
    return postmortem_impact.render(
        users=facts.users_affected,
        duration=duration,
        revenue=facts.revenue,
        others=facts.impact_lines,
    )


def _detection(facts: Facts) -> str:
    """How long each step took, where both of its ends are known (domain 5.6)."""
    spans = (
        ("Time to detect", facts.impact_began_at, facts.detected_at),
        ("Time to declare", facts.detected_at, facts.declared_at),
        ("Time to identify", facts.detected_at, facts.identified_at),
    )
    return "\n".join(
        f"- {name}: {words(end - start)}"
        for name, start, end in spans
        if start and end and end - start >= _SECOND
    )


def _response(facts: Facts) -> str:
    zone = zone_named(facts.zone)
    lines = []
    for held in sorted(facts.roles, key=lambda one: (one.from_at, one.role)):
        until = f" to {held.until.astimezone(zone):%H:%M}" if held.until else ""
        span = f"from {held.from_at.astimezone(zone):%H:%M}{until}"
        lines.append(f"- {held.role}: {held.person}, {span}")
    return "\n".join(lines)


def _timeline(facts: Facts) -> str:
    told = _told(facts)
    began = _began(facts)
    if began is None:
        return ""
    moments = [Moment(one.at, _with_link(one)) for one in told]
    day = _local(facts, began).date()
    return postmortem_timeline.render(moments, day=day, zone=zone_named(facts.zone))


def _told(facts: Facts) -> list[Entry]:
    """The entries that tell the story, each once."""
    found: list[Entry] = []
    seen: set[tuple[datetime, str]] = set()
    last_external: datetime | None = None
    told = [one for one in facts.entries if one.kind in TOLD]
    for entry in sorted(told, key=lambda one: (one.at, TOLD.index(one.kind))):
        if entry.kind == "update_external":
            in_burst = last_external and entry.at - last_external <= BURST
            last_external = entry.at
            if in_burst:
                continue
            entry = replace(entry, text=_sent(entry, facts))
        key = (entry.at.replace(second=0, microsecond=0), _line(entry.text))
        if key not in seen:
            seen.add(key)
            found.append(entry)
    return found


def _sent(entry: Entry, facts: Facts) -> str:
    """What an update to customers is called: its words stand in one place only."""
    text = _line(entry.text)
    elsewhere = _line(
        f"{facts.last_update} {facts.resolution} {facts.external_message}"
    )
    return (
        "Update to customers" if text in elsewhere else f"Update to customers: {text}"
    )


def _items(facts: Facts) -> str:
    """Each as an item without owner and day: those are for people to promise."""
    return "\n".join(
        action_items.render(ActionItem(text)) for text in _once(facts.prevention)
    )


def _bullets(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in _once(texts))


def _once(texts: Iterable[str]) -> Sequence[str]:
    """The texts as lines, without those that say the same in another writing."""
    found: dict[str, str] = {}
    for text in texts:
        line = _line(text)
        found.setdefault(line.rstrip(".").lower(), line)
    return [line for key, line in found.items() if key]


def _with_link(entry: Entry) -> str:
    return f"[{_line(entry.text)}]({entry.link})" if entry.link else entry.text


def _began(facts: Facts) -> datetime | None:
    """The first instant that the record knows: its day is the document's."""
    known = [facts.impact_began_at, facts.detected_at, facts.declared_at]
    known += [entry.at for entry in facts.entries if entry.kind in TOLD]
    return min((at for at in known if at is not None), default=None)


def _local(facts: Facts, at: datetime) -> datetime:
    return wall_time(at, zone_named(facts.zone))


def _line(text: str) -> str:
    return " ".join(text.split())
