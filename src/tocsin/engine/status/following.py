"""What an incident means for status pages, written with the update itself.

Text goes out only when the commander approved it; that an incident is over is told
without words, so that no page says "outage" for ever.
"""

from collections.abc import Iterable
from datetime import datetime

from tocsin.core.incidents.incidents import OPEN, Incident
from tocsin.core.incidents.updates_written import Update
from tocsin.core.status import status_pages as rules
from tocsin.core.status.status_pages import OPERATIONAL, Interval, StatusPage
from tocsin.engine.incidents.scene import Happened
from tocsin.engine.status import exporting, mailing
from tocsin.store import status_pages as stored
from tocsin.store.database import Tx


def follow(tx: Tx, happened: Happened) -> None:
    """A follower of incidents (engine/incidents/transaction.py)."""
    incident, update = happened.after, happened.update
    if incident.private or incident.drill:
        return
    pages = happened.directory.status_pages.values()
    is_told = (
        update is not None
        and update.audience == "external"
        and update.state == "published"
    )
    if is_told and update is not None:
        changed = [
            page for page in pages if _tell(tx, page, incident, update, happened.now)
        ]
        exporting.ask(tx, changed, why=f"update {update.id}", now=happened.now)
    if happened.entered and incident.state not in OPEN:
        _end(tx, pages, incident, happened.now)


def _tell(
    tx: Tx, page: StatusPage, incident: Incident, update: Update, now: datetime
) -> bool:
    """Set the components as an update says; whether the page has anything of it."""
    said = rules.affected(
        page, services=incident.services, severity=incident.severity,
        said=update.components, is_over=update.stage == "resolved",
    )  # fmt: skip
    held = {
        one.component: one
        for _, one in stored.open_intervals(
            tx, incident=incident.number, page=page.name
        )
    }
    for name, state in said.items():
        old = held.get(name)
        if old is not None and old.state == state:
            continue
        if old is not None:
            stored.end(tx, old, now=now)
        if state != OPERATIONAL:
            new = Interval(name, state, now, incident=incident.number)
            stored.begin(tx, page.name, new)
    if said:
        mailing.begin(tx, page, incident, update, said, now=now)
    return bool(said)


def _end(
    tx: Tx, pages: Iterable[StatusPage], incident: Incident, now: datetime
) -> None:
    found = stored.open_intervals(tx, incident=incident.number)
    for _, one in found:
        stored.end(tx, one, now=now)
    names = {name for name, _ in found}
    changed = [page for page in pages if page.name in names]
    exporting.ask(tx, changed, why=f"end of {incident.name}", now=now)
