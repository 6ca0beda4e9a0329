"""Find or do: everything that has a name and everything that can be done, by a few letters.

What a viewer may not see is `hidden`, asked of the directory once. Knows no page and no SQL.
"""

from collections.abc import Collection, Iterable, Sequence
from urllib.parse import quote

from msgspec import Struct

from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import Directory
from tocsin.core.incidents.incidents import Incident
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.navigation import ME, Entry
from tocsin.web.oncall.duty_verbs import verbs

_MOST_OF_A_KIND = 6


class Found(Struct, frozen=True):
    """One line. Without an `href` it is something to do: `action` is a form's address."""

    kind: str
    label: str
    note: str = ""
    href: str = ""
    icon: str = ""
    action: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def number_of(query: str) -> int | None:
    """The number of an alert that the query names: `12`, `ALR-12`, `#12`."""
    text = query.strip().lower().removeprefix("alr-").removeprefix("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def find(
    query: str,
    *,
    viewer: Viewer,
    directory: Directory,
    alerts: Sequence[Alert],
    entries: Sequence[Entry],
    paths: Iterable[str],
    incidents: Sequence[Incident] = (),
) -> list[tuple[str, list[Found]]]:
    """What matches, by kind, the best first; without a query all that can be done.

    `alerts` are those that match by number or title; `paths` are the site's pages.
    """
    words = query.lower().split()
    known = set(paths)
    hidden = directory.hidden_from(viewer.grant)
    # Without a query they would be as many as the schedules times their acts.
    duty = [
        Found("act", one.label, one.note, href=one.href, icon=one.icon)
        for one in (verbs(viewer, directory, known) if words else ())
    ]
    kinds = (
        ("Incidents", _incidents(incidents) if words else []),
        ("Alerts", _alerts(alerts, hidden) if words else []),
        ("Do", _matching([*_acts(known, viewer), *duty], words)),
        ("Go to", _matching(_places(entries), words)),
        *(
            (heading, _matching(found, words) if words else [])
            for heading, found in _nouns(directory, hidden, known)
        ),
    )
    shown = [(heading, found) for heading, found in kinds if found]
    # Without a query it is the phone's way to the rest: places come first.
    return shown if words else shown[::-1]


def _matching(found: Iterable[Found], words: Sequence[str]) -> list[Found]:
    ranked = []
    for one in found:
        label, all_of_it = one.label.lower(), f"{one.label} {one.note}".lower()
        if all(word in all_of_it for word in words):
            starts = not words or label.startswith(words[0])
            inside = bool(words) and words[0] in label
            ranked.append((not starts, not inside, label, one))
    ranked.sort(key=lambda row: row[:3] if words else ())
    most = _MOST_OF_A_KIND if words else len(ranked)
    return [one for *_, one in ranked][:most]


def _alerts(alerts: Sequence[Alert], hidden: Collection[str]) -> list[Found]:
    return [
        Found(
            "alert",
            one.title,
            f"ALR-{one.number}, {one.service}, {one.severity.name}",
            href=f"/alerts/{one.number}",
            icon="bell-ring",
        )
        for one in alerts
        if one.service not in hidden
    ][:_MOST_OF_A_KIND]


def _incidents(incidents: Sequence[Incident]) -> list[Found]:
    return [
        Found(
            "incident",
            one.title,
            f"{one.name}, {one.severity.name}, {one.state}",
            href=f"/incidents/{one.number}",
            icon="siren",
        )
        for one in incidents
    ][:_MOST_OF_A_KIND]


def _places(entries: Sequence[Entry]) -> list[Found]:
    return [
        Found(
            "page",
            one.label,
            one.group if one.group != ME else "",
            href=one.href,
            icon=one.icon,
        )
        for one in entries
    ]


def _acts(known: set[str], viewer: Viewer) -> list[Found]:
    """What can be done without more to say, and where the rest is done."""
    acts = [
        ("/incidents/new", "Declare an incident", "a title is enough", "siren", "responder"),
        ("/me", "Test my page", "the real path rings you", "bell-ring", "viewer"),
        ("/quiet", "Silence alerts", "with an end", "bell-off", "responder"),
        ("/new/service", "Add a service", "", "layers", "lead"),
        ("/admin/integrations/new", "Connect monitoring", "an address that takes alerts", "plug", "lead"),
        ("/admin/people", "Invite somebody", "", "user-round-plus", "admin"),
    ]  # fmt: skip
    places = [
        Found("act", label, note, href=path, icon=icon)
        for path, label, note, icon, role in acts
        if path in known and viewer.may_somewhere(role)
    ]
    themes = [
        Found(
            "act", label, "theme", icon=icon, action="/theme", fields=(("theme", word),)
        )
        for word, label, icon in (
            ("dark", "Use the dark theme", "moon"),
            ("light", "Use the light theme", "sun"),
            ("system", "Follow the system's theme", "sun-moon"),
        )
        if "/theme" in known
    ]
    out = Found("act", "Sign out", icon="log-out", action="/sign-out")
    return [*places, *themes, out]


def _nouns(
    directory: Directory, hidden: Collection[str], known: set[str]
) -> list[tuple[str, list[Found]]]:
    """Everything that was configured and whose page exists."""
    people = [
        Found("person", one.full_name or name, _person_note(name, one.email), icon="user-round")
        for name, one in directory.people.items()
    ]  # fmt: skip
    shelves = [
        ("Services", "/services", "layers", [
            (name, one.team) for name, one in directory.services.items()
            if name not in hidden
        ]),
        ("Schedules", "/schedules", "calendar-days", [
            (name, one.team) for name, one in directory.schedules.items()
        ]),
        ("Escalation policies", "/policies", "route", [
            (name, "") for name in directory.policies
        ]),
        ("Teams", "/admin/teams", "network", [(name, "") for name in directory.teams]),
        ("Integrations", "/admin/integrations", "plug", [
            (one.name, f"{one.type}, for {one.service}")
            for one in directory.integrations
            if one.service not in hidden
        ]),
    ]  # fmt: skip
    nouns = [("People", _linked(people, directory, known))]
    for heading, path, icon, rows in shelves:
        found = [
            Found(heading, name, note, href=_address(path, name, known), icon=icon)
            for name, note in rows
        ]
        nouns.append((heading, [one for one in found if one.href]))
    return nouns


def _person_note(name: str, email: str) -> str:
    return f"{name}, {email}" if email else name


def _linked(
    people: Sequence[Found], directory: Directory, known: set[str]
) -> list[Found]:
    names = list(directory.people)
    return [
        Found(
            one.kind,
            one.label,
            one.note,
            href=_address("/admin/people", name, known) or "/oncall",
            icon=one.icon,
        )
        for name, one in zip(names, people, strict=True)
    ]


def _address(path: str, name: str, known: set[str]) -> str:
    """The page of `name`; before there is one, the page of all; else none."""
    if f"{path}/{{name}}" in known:
        return f"{path}/{quote(name, safe='')}"
    return path if path in known else ""
