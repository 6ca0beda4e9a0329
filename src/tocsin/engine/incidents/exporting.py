"""A room as Markdown: every entry once, in order, with times in UTC."""

from datetime import UTC, datetime

from tocsin.core.incidents.entries import EntryKind, Line
from tocsin.core.incidents.impact import told
from tocsin.core.incidents.incident_metrics import DEFINITIONS, Figure
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.roles import TITLES, Holding, holder
from tocsin.core.incidents.updates_written import Update
from tocsin.engine.incidents.log import Log

_SPEAKING = {
    EntryKind.UPDATE_INTERNAL: "update (internal)",
    EntryKind.UPDATE_EXTERNAL: "update (external)",
    EntryKind.RUNBOOK_STEP: "runbook step",
}


def markdown(
    incident: Incident,
    log: Log,
    *,
    holdings: list[Holding],
    updates: list[Update],
    figures: list[Figure],
) -> str:
    """The whole room."""
    lines = [f"# {incident.name}: {_inline(incident.title)}", ""]
    lines += _facts(incident, holdings)
    if figures:
        lines += ["", "## Times", "", "| | is | means |", "|---|---|---|"]
        lines += [
            f"| {one.name} | {'≥ ' if one.at_least else ''}{_span(one)} "
            f"| {DEFINITIONS[one.name]} |"
            for one in figures
        ]
    waiting = [one for one in updates if one.state == "proposed"]
    if waiting:
        lines += ["", f"{len(waiting)} updates wait for the commander."]
    lines += ["", "## Log (UTC)", ""]
    day = ""
    for line in log.lines:
        at = line.entry.occurred_at.astimezone(UTC)
        if f"{at:%Y-%m-%d}" != day:
            day = f"{at:%Y-%m-%d}"
            lines += [f"### {day}", ""]
        lines.append(_line(line, at))
    return "\n".join(lines) + "\n"


def _facts(incident: Incident, holdings: list[Holding]) -> list[str]:
    found = [
        f"- Severity: {incident.severity.name}",
        f"- State: {incident.state.value}",
    ]
    if incident.services:
        found.append(f"- Services: {', '.join(incident.services)}")
    impact = told(incident.impact)
    if impact:
        found.append(f"- Impact: {_inline(impact)}")
    if incident.impact.start is not None:
        found.append(f"- Impact since: {_stamp(incident.impact.start)}")
    for role, title in TITLES.items():
        who = holder(holdings, role) or _last(holdings, role)
        if who:
            found.append(f"- {title}: {who}")
    found += [
        f"- {state.capitalize()}: {_stamp(at)}"
        for state, at in sorted(incident.times.items(), key=lambda one: one[1])
    ]
    return found


def _last(holdings: list[Holding], role: object) -> str:
    held = [one.person for one in holdings if one.role == role and one.since]
    return held[-1] if held else ""


def _line(line: Line, at: datetime) -> str:
    entry = line.entry
    kind = _SPEAKING.get(entry.kind, entry.kind.value)
    who = "" if entry.author in ("engine", "") else f" {entry.author}:"
    text = _inline(entry.text)
    if line.corrected_by is not None:
        text = f"~~{text}~~ (corrected by {line.corrected_by.author})"
    for name in ("options", "dissent", "link"):
        if entry.data.get(name):
            text += f" ({name}: {_inline(str(entry.data[name]))})"
    late = entry.recorded_at - entry.occurred_at
    if late.total_seconds() > 60:
        text += f" (written down at {entry.recorded_at.astimezone(UTC):%H:%M:%S})"
    return f"- {at:%H:%M:%S} *{kind}*{who} {text}"


def _inline(text: str) -> str:
    """Text of people on one line, so that it makes no structure of its own."""
    flat = " ".join(text.split())
    return (
        flat.replace("\\", "\\\\")
        .replace("`", "\\`")
        .replace("*", "\\*")
        .replace("[", "\\[")
        .replace("<", "&lt;")
        .replace("|", "\\|")
    )


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _span(figure: Figure) -> str:
    minutes, seconds = divmod(int(figure.value.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds:02} s"
