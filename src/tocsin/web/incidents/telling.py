"""Where an update for customers will be read: which pages, as what, and by how many mails.

Seen before it goes out, and where a component is not what the severity says, chosen.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from starlette.datastructures import FormData

from tocsin.core.incidents.incidents import Incident
from tocsin.core.status import status_pages as rules
from tocsin.core.status.status_pages import LABELS, RANK, StatusPage
from tocsin.store import subscribers
from tocsin.store.database import Tx

_PREFIX = "component:"


class Choice(Struct, frozen=True):
    """A component and what it can be told to be; "" is as the severity says."""

    field: str
    title: str
    options: Sequence[tuple[str, str]]


class Place(Struct, frozen=True):
    """A status page. `shown` is (component, state) as it will be; `mails` how many."""

    page: StatusPage
    choices: Sequence[Choice]
    shown: Sequence[tuple[str, str]]
    mails: int


def places(
    tx: Tx,
    pages: Iterable[StatusPage],
    incident: Incident,
    said: Mapping[str, str],
    *,
    is_over: bool,
) -> list[Place]:
    """Every status page, those with something to show first."""
    if incident.private or incident.drill:
        return []
    found = [_place(tx, page, incident, said, is_over=is_over) for page in pages]
    return sorted(found, key=lambda one: (not one.shown, one.page.title))


def _place(
    tx: Tx,
    page: StatusPage,
    incident: Incident,
    said: Mapping[str, str],
    *,
    is_over: bool,
) -> Place:
    usual = _affected(page, incident, {}, is_over=is_over)
    states = _affected(page, incident, said, is_over=is_over)
    choices = [
        Choice(
            f"{_PREFIX}{page.name}/{one.name}",
            one.title,
            [
                (
                    "",
                    f"As the severity says: {LABELS[usual[one.name]]}"
                    if one.name in usual
                    else "Not affected",
                ),
                *((state, LABELS[state]) for state in RANK),
            ],
        )
        for one in page.components
    ]
    shown = [
        (one.title, states[one.name]) for one in page.components if one.name in states
    ]
    mails = 0
    if shown and not page.private:
        mails = subscribers.count_of(tx, page.name, tuple(states))
    return Place(page, choices, shown, mails)


def chosen(
    form: FormData, pages: Iterable[StatusPage], incident: Incident, *, is_over: bool
) -> dict[str, str]:
    """The components of an update: what was chosen, and the usual beside it."""
    found: dict[str, str] = {}
    for page in pages:
        own = {
            one.name: str(form.get(f"{_PREFIX}{page.name}/{one.name}", ""))
            for one in page.components
        }
        picked = {name: state for name, state in own.items() if state in RANK}
        if picked:
            usual = _affected(page, incident, {}, is_over=is_over)
            both = {**usual, **picked}
            found |= {f"{page.name}/{name}": state for name, state in both.items()}
    return found


def typed(form: FormData) -> dict[str, str]:
    """What the form's fields of components hold."""
    return {
        name: str(value)[:50]
        for name, value in form.items()
        if name.startswith(_PREFIX)
    }


def _affected(
    page: StatusPage, incident: Incident, said: Mapping[str, str], *, is_over: bool
) -> dict[str, str]:
    return rules.affected(
        page, services=incident.services, severity=incident.severity, said=said,
        is_over=is_over,
    )  # fmt: skip
