"""People and teams as a directory service sees and keeps them (SCIM 2.0).

Each act is one transaction: what the service knows, the documents it means, and the
record. It gives no role: what somebody may do is said by people, not by the directory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec.structs import replace

from tocsin.core.configuration import Documents
from tocsin.core.forms import Plain
from tocsin.core.people import scim
from tocsin.core.people.memberships import with_role, without_team
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.people.scim import Kind, Resource
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.directories import Directories
from tocsin.engine.leaving import Gap, leaving
from tocsin.engine.people import provisioned
from tocsin.engine.people.provisioned import Entry, Shelf, checked_write
from tocsin.interfaces.machine import Clock
from tocsin.store import credentials
from tocsin.store import directory as stored_directory
from tocsin.store import scim as stored
from tocsin.store.database import Database, Tx
from tocsin.store.scim import Known

Change = Callable[[Resource], Resource]
T = TypeVar("T")


@dataclass(frozen=True)
class Provisioning:
    """Made for the edge. `base` is the address of /scim/v2 as clients know it."""

    database: Database
    directories: Directories
    audit: Auditor
    clock: Clock
    new_id: Callable[[], str]
    wake: Callable[[], None]
    base: str

    def all(self, kind: Kind) -> list[Resource]:
        """Every person, or every team."""
        return self._seen(lambda shelf: shelf.resources(kind))

    def one(self, kind: Kind, scim_id: str) -> Resource:
        """One of them. Raises ScimRefused (404)."""
        return self._seen(lambda shelf: shelf.resource(kind, scim_id))

    def create(self, kind: Kind, body: Mapping[str, Any], actor: Actor) -> Resource:
        """A new one. Raises ScimRefused."""
        wanted = scim.read(kind, body)
        if kind.name == "User":
            wanted.setdefault("active", True)

        def work(tx: Tx) -> Resource:
            shelf = self._shelf(tx)
            shelf.must_be_free(kind, wanted)
            known = Known(
                self.new_id(), shelf.new_name(kind, wanted),
                "", {}, shelf.now, shelf.now,
            )  # fmt: skip
            held = shelf.document(kind, known.name)
            return self._put(tx, shelf, kind, known, held, wanted, actor)[0]

        return self._changed(work)

    def change(
        self, kind: Kind, scim_id: str, change: Change, actor: Actor
    ) -> tuple[Resource, tuple[Gap, ...]]:
        """What a change makes of one, and the gaps on call that it opens."""

        def work(tx: Tx) -> tuple[Resource, tuple[Gap, ...]]:
            shelf = self._shelf(tx)
            entry = shelf.entry(kind, scim_id)
            before = shelf.settable(kind, entry)
            wanted = scim.read(kind, change(before))
            shelf.must_be_free(kind, wanted, but=scim_id)
            return self._put(
                tx, shelf, kind, entry.known, entry.document, wanted, actor
            )

        return self._changed(work)

    def delete(self, kind: Kind, scim_id: str, actor: Actor) -> tuple[Gap, ...]:
        """A person is deactivated and loses every way in; a team goes."""

        def work(tx: Tx) -> tuple[Gap, ...]:
            shelf = self._shelf(tx)
            entry = shelf.entry(kind, scim_id)
            name = entry.known.name
            changes: dict[tuple[str, str], Plain | None]
            if kind.name == "User":
                gaps = self._gaps(shelf, entry, active=False)
                changes = {("people", name): {**entry.document, "active": False}}
            else:
                gaps = ()
                changes = {
                    ("people", person): without_team(document, name)
                    for person, document in shelf.members(name)
                }
                changes[("teams", name)] = None
            self._save(tx, shelf, changes, actor, gaps, name)
            stored.bury(tx, kind.name, scim_id)
            if kind.name == "User":
                credentials.forget(tx, name)
            return gaps

        return self._changed(work)

    def _put(
        self,
        tx: Tx,
        shelf: Shelf,
        kind: Kind,
        known: Known,
        held: Plain | None,
        wanted: Resource,
        actor: Actor,
    ) -> tuple[Resource, tuple[Gap, ...]]:
        gaps: tuple[Gap, ...] = ()
        changes: dict[tuple[str, str], Plain | None]
        if kind.name == "User":
            document = provisioned.person_of(known.name, held, wanted)
            changes = {("people", known.name): document}
            if held is not None:
                active = document.get("active", True)
                gaps = self._gaps(shelf, Entry(known, held), active=active)
        else:
            changes = self._membership(shelf, known.name, held, wanted)
        self._save(tx, shelf, changes, actor, gaps, known.name)
        data = {k: v for k, v in wanted.items() if k not in provisioned.DERIVED}
        external = wanted.get("externalId", "")
        known = replace(known, external_id=external, data=data, changed_at=shelf.now)
        stored.save(tx, kind.name, known)
        return self._shelf(tx).resource(kind, known.id), gaps

    def _membership(
        self, shelf: Shelf, team: str, held: Plain | None, wanted: Resource
    ) -> dict[tuple[str, str], Plain | None]:
        people = shelf.people_of(wanted.get("members") or [])
        changes: dict[tuple[str, str], Plain | None] = {}
        if held is None:
            changes["teams", team] = {"name": team}
        for person, document in shelf.members(team):
            if person not in people:
                changes["people", person] = without_team(document, team)
        for person in people:
            document = shelf.documents["people"][person]
            # Whoever is in the team already keeps what they may do in it.
            if team not in document.get("teams", []):
                changes["people", person] = with_role(document, team, RESPONDER)
        leads = (held or {}).get("leads", [])
        if held is not None and any(one not in people for one in leads):
            left = [one for one in leads if one in people]
            rest = {k: v for k, v in held.items() if k != "leads"}
            changes["teams", team] = {**rest, "leads": left} if left else rest
        return changes

    def _gaps(self, shelf: Shelf, entry: Entry, *, active: bool) -> tuple[Gap, ...]:
        if active or not entry.document.get("active", True):
            return ()
        name = entry.known.name
        return leaving(shelf.documents, shelf.directory, name, now=shelf.now).gaps

    def _save(
        self,
        tx: Tx,
        shelf: Shelf,
        changes: Mapping[tuple[str, str], Plain | None],
        actor: Actor,
        gaps: tuple[Gap, ...],
        name: str,
    ) -> None:
        checked_write(tx, shelf.documents, changes, self.audit, actor, now=shelf.now)
        if gaps:
            opens = [
                f"{one.rotation} {one.start:%Y-%m-%d %H:%M} to {one.end:%Y-%m-%d %H:%M}"
                for one in gaps
            ]
            self.audit.write(
                tx, actor, "open a gap on call", "people", name,
                after={"gaps": opens}, now=shelf.now,
            )  # fmt: skip

    def _shelf(self, tx: Tx) -> Shelf:
        """What there is, every person and team with an id of its own."""
        documents = stored_directory.documents(tx)
        now = self.clock.now()
        for kind, noun in provisioned.NOUNS.items():
            provisioned.enrol(tx, kind, documents[noun], new_id=self.new_id, now=now)
        return self._looked_at(tx, documents)[0]

    def _looked_at(self, tx: Tx, documents: Documents) -> tuple[Shelf, bool]:
        """What there is, and whether everybody has an id."""
        directory, now = self.directories.current(tx), self.clock.now()
        known, is_whole = {}, True
        for kind, noun in provisioned.NOUNS.items():
            known[kind], missing = provisioned.enrolled(tx, kind, documents[noun])
            is_whole = is_whole and not missing
        return Shelf(documents, directory, known, self.base, now), is_whole

    def _seen(self, look: Callable[[Shelf], T]) -> T:
        """Read; written is only when somebody new was made by hand meanwhile."""

        def read(tx: Tx) -> tuple[Shelf, bool]:
            return self._looked_at(tx, stored_directory.documents(tx))

        shelf, is_whole = self.database.read(read)
        return look(shelf if is_whole else self.database.write(self._shelf))

    def _changed(self, work: Callable[[Tx], T]) -> T:
        """Do it; whoever is on call or gone is so for everybody at once."""
        done = self.database.write(work)
        self.database.read(self.directories.current)
        self.wake()
        return done
