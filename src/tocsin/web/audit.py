"""The audit log: who changed what, from where, field by field; admins see all of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import ADMIN, LEAD
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import audit as stored
from tocsin.store.database import Tx
from tocsin.web.differences import differences
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form
from tocsin.web.gate import Gate

PAGE = "/admin/audit"
_FILTERS = ("actor", "noun", "name", "team", "from", "to")
_ROWS = 50
# Where an entry's thing has a page.
_PLACES = {
    "people": "/admin/people/{}",
    "teams": "/admin/teams/{}",
    "services": "/services/{}",
    "schedules": "/schedules/{}",
    "escalation_policies": "/policies/{}",
    "alert": "/alerts/{}",
    "silence": "/quiet/silences/{}",
    "maintenance": "/quiet/maintenance/{}",
}


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""
    return [gate.get(PAGE, _Pages(desk, gate).listing, need=LEAD)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    # long because: every filter of the address, read and handed on.
    def listing(self, request: Request, viewer: Viewer) -> Response:
        """Entries, newest first, narrowed by the address."""
        query = request.query_params
        wanted = {key: clean(query.get(key, ""), longest=200) for key in _FILTERS}
        before = whole_number(query.get("before"))
        zone = ZoneInfo(viewer.zone)
        since, until = _day(wanted["from"], zone), _day(wanted["to"], zone)

        def work(tx: Tx) -> tuple[Any, list[stored.Entry], list[str]]:
            directory = self._desk.directories.current(tx)
            teams = viewer.record_of(directory.teams)
            if wanted["team"]:
                mine = teams is None or wanted["team"] in teams
                teams = frozenset({wanted["team"]}) if mine else frozenset()
            found = stored.listing(
                tx,
                before=before,
                limit=_ROWS + 1,
                actor=wanted["actor"],
                noun=wanted["noun"],
                name=wanted["name"],
                teams=teams,
                since=since,
                until=until + timedelta(days=1) if until else None,
            )
            return directory, found, stored.nouns(tx)

        directory, found, nouns = self._desk.database.read(work)
        shown = found[:_ROWS]
        seen = viewer.record_of(directory.teams)
        # The whole chain is read only when asked: it grows for ever.
        checked = viewer.may(ADMIN) and query.get("check") == "1"
        return self._gate.page(
            "audit.html",
            viewer,
            form=Form(wanted),
            rows=[(one, differences(one.before, one.after)) for one in shown],
            directory=directory,
            nouns=nouns,
            teams=sorted(directory.teams if seen is None else seen),
            older=str(shown[-1].id) if len(found) > _ROWS else "",
            first=before is None,
            link=partial(_link, wanted),
            admin=viewer.may(ADMIN),
            checked=checked,
            broken=self._desk.audit.broken(self._desk.database) if checked else "",
            place=partial(_place, self._gate.navigation.paths),
        )


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day such as 2026-01-31 in the reader's zone."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    # A day at the edge of the calendar has no neighbour to be shifted to.
    if not 1970 <= day.year < 9000:
        return None
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _place(paths: Any, noun: str, name: str) -> str:
    pattern = _PLACES.get(noun, "")
    parent = pattern.rpartition("/")[0]
    known = any(path.startswith(f"{parent}/{{") for path in paths) if parent else False
    return pattern.format(name) if known else ""


def _link(wanted: Mapping[str, str], **changed: str) -> str:
    query = {key: value for key, value in {**wanted, **changed}.items() if value}
    return f"{PAGE}?{urlencode(query)}" if query else PAGE
