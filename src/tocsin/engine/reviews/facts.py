"""What the record of an incident holds for its review, read at one moment."""

import re
from collections.abc import Iterator, Sequence

from tocsin.core.directory import Directory
from tocsin.core.incidents.entries import EntryKind, Line
from tocsin.core.incidents.hypotheses import Hypothesis
from tocsin.core.incidents.impact import Impact
from tocsin.core.incidents.incidents import Incident, State
from tocsin.core.incidents.roles import Holding
from tocsin.core.incidents.updates_written import Update
from tocsin.core.reviews import lessons
from tocsin.core.reviews.postmortem_draft import Entry, Facts, Held
from tocsin.engine.incidents.log import log_of
from tocsin.engine.reviews.runbooks import books_of
from tocsin.store import hypotheses as stored_cards
from tocsin.store import roles as stored_roles
from tocsin.store import runbooks as stored_runbooks
from tocsin.store import tasks as stored_tasks
from tocsin.store import updates as stored_updates
from tocsin.store.database import Tx

# What people write into a log to be done later becomes an action item.
_TODO = re.compile(r"\b(?:TODO|FIXME)\b[:\s]+(.+)", re.IGNORECASE | re.DOTALL)
_PAGING = re.compile(
    r"\A.*\bPaging (?:the fallback: )?(?!the fallback|starts)([^.]+)\.\Z", re.DOTALL
)
# Their reasons are the title, the cause and the summary, which stand elsewhere.
_SAID_ABOVE = frozenset({State.DECLARED, State.IDENTIFIED, State.RESOLVED})
_PROVED = ("supported", "acted")


def facts_of(
    tx: Tx, incident: Incident, directory: Directory, *, public_url: str
) -> Facts:
    """The facts for `postmortem_draft.draft`."""
    number = incident.number
    log = log_of(tx, incident)
    cards = stored_cards.of_incident(tx, number)
    resolution = _resolution(log.lines, cards)
    sent = [u for u in stored_updates.of_incident(tx, number) if u.state == "published"]
    times = incident.times
    return Facts(
        number=number,
        title=incident.title,
        zone=incident.zone,
        severity=incident.severity,
        impact_began_at=incident.impact.start,
        detected_at=incident.detected_at,
        declared_at=times.get(State.DECLARED),
        identified_at=times.get(State.IDENTIFIED),
        mitigated_at=times.get(State.MONITORING),
        resolved_at=times.get(State.RESOLVED),
        users_affected=_users(incident.impact),
        revenue=incident.impact.revenue,
        impact_lines=tuple(_lines(incident.impact)),
        last_update=_last_words(sent),
        resolution=resolution,
        entries=tuple(_entries(log.lines, resolution, public_url)),
        roles=tuple(_roles(stored_roles.of_incident(tx, number))),
        hypotheses=tuple(_cause(one) for one in cards if one.state in _PROVED),
        prevention=tuple(_prevention(tx, incident, directory, log.lines)),
    )


def _users(impact: Impact) -> str:
    if impact.users is not None:
        return f"{impact.users:,}"
    return f"{impact.share:g}% of users" if impact.share is not None else ""


def _lines(impact: Impact) -> Iterator[tuple[str, str]]:
    if impact.text:
        yield "Seen by customers", impact.text
    if impact.journeys:
        yield "Journeys", ", ".join(impact.journeys)
    if impact.regions:
        yield "Regions", ", ".join(impact.regions)
    if impact.data_loss:
        yield "Data", "lost or exposed"


def _last_words(sent: Sequence[Update]) -> str:
    """What customers heard last, else colleagues."""
    for audience in ("external", "internal"):
        said = [one.body for one in sent if one.audience == audience]
        if said:
            return said[-1]
    return ""


def _resolution(lines: Sequence[Line], cards: Sequence[Hypothesis]) -> str:
    """Why it was resolved in the words of who did so, else what fixed it."""
    for line in reversed(lines):
        entry = line.entry
        is_end = entry.data.get("to") == State.RESOLVED.value
        if entry.kind is EntryKind.STATE and is_end:
            why = entry.text.partition(": ")[2]
            if why:
                return why
            break
    fixes = [one.fix for one in cards if one.fix and one.state in _PROVED]
    return fixes[-1] if fixes else ""


def _entries(
    lines: Sequence[Line], resolution: str, public_url: str
) -> Iterator[Entry]:
    """The log as the draft reads it: what was corrected in the words that are right."""
    for line in lines:
        entry = line.entry
        if entry.kind is EntryKind.CORRECTION:
            continue
        text = line.corrected_by.text if line.corrected_by else entry.text
        said, _, why = text.partition(": ")
        is_state = entry.kind is EntryKind.STATE
        if is_state and (entry.data.get("to") in _SAID_ABOVE or why == resolution):
            text = said
        if entry.kind is EntryKind.PAGE:
            # Facts of pages are told to who is paged; a review has other readers.
            text = _PAGING.sub(r"Paged \1", text)
        link = str(entry.data.get("link") or "")
        if "alert" in entry.data and not link:
            link = f"{public_url}/alerts/{entry.data['alert']}"
        yield Entry(entry.occurred_at, entry.kind.value, text, link)


def _roles(holdings: Sequence[Holding]) -> Iterator[Held]:
    for one in holdings:
        if one.since is not None:
            yield Held(one.role.value, one.person, one.since, one.until)


def _cause(card: Hypothesis) -> str:
    return f"{card.statement} ({card.finding})" if card.finding else card.statement


def _prevention(
    tx: Tx, incident: Incident, directory: Directory, lines: Sequence[Line]
) -> Iterator[str]:
    """What is to be done, from all that says so in the record (domain 7)."""
    for task in stored_tasks.of_incident(tx, incident.number):
        if task.state == "moved":
            yield task.text
    for line in lines:
        said = _TODO.search(line.entry.text)
        if said and line.corrected_by is None:
            yield said.group(1)
        if line.entry.kind is EntryKind.ACTION:
            yield from lessons.long_term_of(line.entry.text)
    ticked = stored_runbooks.ticks_of(tx, incident.number)
    for book in books_of(directory, incident.services):
        if any(step.id in ticked for step in book.runbook.steps):
            yield from book.runbook.prevention
