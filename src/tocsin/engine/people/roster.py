"""Everybody at once: who they are, how they are reached, when they were last here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.reachability import unreachable
from tocsin.core.pages.paging import methods
from tocsin.core.people.permissions import LEAD
from tocsin.store import people as stored
from tocsin.store.database import Tx
from tocsin.store.people import LastTry

REACHES = ("well", "not", "left")


class Row(Struct, frozen=True):
    """One person in the list. `reach` is one of REACHES, `why` what speaks against it."""

    name: str
    full_name: str
    role: str
    teams: tuple[str, ...]
    leads: tuple[str, ...]
    channels: tuple[str, ...]
    reach: str
    seen_at: datetime | None
    why: str = ""


class Roster(Struct, frozen=True):
    """A page of people; `after` is the cursor of the next, "" at the end."""

    rows: Sequence[Row]
    tries: Mapping[str, LastTry]
    total: int
    after: str = ""


# long because: one filter after the other, as the page shows them.
def roster(
    tx: Tx,
    directory: Directory,
    channels: Collection[str],
    *,
    text: str = "",
    team: str = "",
    role: str = "",
    reach: str = "",
    after: str = "",
    limit: int = 50,
) -> Roster:
    """People by name, narrowed by whatever is not empty.

    `channels` are those by which people can be reached here.
    """
    words = text.casefold().split()
    seen = stored.last_seen(tx)
    found = []
    for name in sorted(directory.people):
        row = row_of(directory, name, seen, channels)
        if team and team not in row.teams:
            continue
        if role and row.role != role:
            continue
        if reach and row.reach != reach:
            continue
        # Somebody who left is looked for by name or by saying so.
        if row.reach == "left" and not (reach or words):
            continue
        known = f"{name} {row.full_name} {directory.people[name].email}".casefold()
        if all(word in known for word in words):
            found.append(row)
    start = [row for row in found if row.name > after]
    shown = start[:limit]
    more = shown[-1].name if len(start) > limit else ""
    tries = stored.last_tries(tx, [row.name for row in shown])
    return Roster(shown, tries, len(found), more)


def row_of(
    directory: Directory,
    name: str,
    seen: Mapping[str, datetime],
    channels: Collection[str],
) -> Row:
    """One person as the list has them."""
    person = directory.people[name]
    why = unreachable(person, channels) if person.active else ""
    reach = "not" if why else "well" if person.active else "left"
    roles = directory.team_roles.get(name, {})
    return Row(
        name=name,
        full_name=person.full_name or name,
        role=directory.roles[name],
        teams=tuple(roles),
        leads=tuple(team for team, role in roles.items() if role == LEAD),
        channels=tuple(dict.fromkeys(one.channel for one in methods(person))),
        reach=reach,
        seen_at=seen.get(name),
        why=why,
    )
