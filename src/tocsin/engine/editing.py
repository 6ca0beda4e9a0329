"""One change of the configuration by a person: allowed, checked, written and recorded.

What `tocsin apply` does for files this does for one document. The ETag of a document
is a digest of its content: whoever edits says which content they saw.
"""

# long because: one change from who may make it to its record, read in one go.

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256

import msgspec
from msgspec import Struct

from tocsin.core import configuration
from tocsin.core.building.directory_building import build
from tocsin.core.configuration import Documents
from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall.leave_documents import is_leave_alone
from tocsin.core.people import contacts, memberships
from tocsin.core.people.permissions import ADMIN, LEAD, RESPONDER
from tocsin.core.rotas.override_documents import is_taking_over
from tocsin.engine import hour_words
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.configuration import Recorder
from tocsin.engine.configuration_files import readable
from tocsin.engine.settling import settle
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.machine import Sealer
from tocsin.store import directory as stored
from tocsin.store.database import Tx

# Which document field names the team that owns it; a service's integrations are its
# team's, people and teams are the admins' (a team's leads keep the team itself).
_OWNED = ("schedules", "escalation_policies", "services", "status_pages")
# What is never shown to anybody but who may change it, and never recorded.
SECRETS = ("key", "key_before")
_encode = msgspec.json.Encoder(order="sorted").encode


class Edited(Struct, frozen=True):
    """What became of a change: done when there is neither refusal nor problem."""

    document: Plain | None = None
    etag: str = ""
    created: bool = False
    problems: tuple[Problem, ...] = ()
    refused: str = ""  # why this person may not
    conflict: str = ""  # somebody else was faster, or nobody knows what was seen
    missing: str = ""  # there is nothing to delete
    etag_given: bool = True

    @property
    def done(self) -> bool:
        """Whether it was written."""
        return not (self.problems or self.refused or self.conflict or self.missing)


class Change(Struct, frozen=True):
    """What is asked: a document's new content, or None to delete it.

    `etag` is what the editor saw: "" when they saw nothing there, None when they do
    not care.
    """

    noun: str
    name: str
    document: Plain | None
    etag: str | None = None
    needs_etag: bool = False
    # Contacts whose owner entered the code just now (engine/people/contacts.py).
    proven: tuple[contacts.Place, ...] = ()
    # The team whose members or leads it concerns, where the document does not say it.
    team: str = ""


def etag_of(document: Plain) -> str:
    """Changes when the content does."""
    return sha256(_encode(document)).hexdigest()[:20]


def edit(
    tx: Tx,
    change: Change,
    *,
    viewer: Viewer,
    actor: Actor,
    auditor: Auditor,
    new_key: Callable[[], str],
    now: datetime,
) -> Edited:
    """Carry out one change, or say why not. Nothing is written unless it is done."""
    return edit_all(
        tx, [change], viewer=viewer, actor=actor, auditor=auditor,
        new_key=new_key, now=now,
    )  # fmt: skip


def edit_all(
    tx: Tx,
    changes: Sequence[Change],
    *,
    viewer: Viewer,
    actor: Actor,
    auditor: Auditor,
    new_key: Callable[[], str],
    now: datetime,
) -> Edited:
    """Several changes that only hold together: all of them, or none and why not.

    What it returns is of the first, or of the one that may not be.
    """
    before = stored.documents(tx)
    after, problems = before, list[Problem]()
    for change in changes:
        held = before.get(change.noun, {}).get(change.name)
        document, wrong = _wanted(tx, change, held, before, viewer, problems)
        if wrong is not None:
            return wrong
        after = documents_after(after, change, document)
    for one in changes:
        settle(before, after, one.noun, one.name, problems, now=now, new_key=new_key)
    problems += new_problems(tx, before, after)
    if problems:
        first = before.get(changes[0].noun, {}).get(changes[0].name)
        return Edited(first, problems=tuple(problems))
    written = [
        _write(
            tx, one, before.get(one.noun, {}).get(one.name), after, actor, auditor,
            now=now,
        )
        for one in (*changes, *_moved_with(changes, before, after))
    ]  # fmt: skip
    return written[0]


def _wanted(
    tx: Tx,
    change: Change,
    held: Plain | None,
    before: Documents,
    viewer: Viewer,
    problems: list[Problem],
) -> tuple[Plain | None, Edited | None]:
    """The document as it was sent, or why this change may not be."""
    document = read(change, tx.sealer, problems)
    teams = {team_of(change.noun, one, before) for one in (held, document) if one}
    refused = _refusal(viewer, change, teams, held, document)
    if refused:
        return None, Edited(refused=refused)
    if document and change.noun == "people" and not viewer.may(ADMIN):
        document = contacts.settled(held or {}, document, change.proven)
    if document is None and held is None:
        return None, Edited(missing=f"There is no {change.name!r} any more.")
    clash = _clash(change, held)
    if clash:
        etag = etag_of(held) if held else ""
        given = change.etag is not None
        return None, Edited(held, etag, conflict=clash, etag_given=given)
    return document, None


def _moved_with(
    changes: Sequence[Change], before: Documents, after: Documents
) -> list[Change]:
    """What another zone rewrites, or somebody who is gone, so that the past stays."""
    named = {(one.noun, one.name) for one in changes}
    return [
        Change(noun, name, one)
        for noun in ("people", "schedules")
        for name, one in after.get(noun, {}).items()
        if name in before.get(noun, {})
        and one != before[noun][name]
        and (noun, name) not in named
    ]


def team_of(noun: str, document: Plain, documents: Documents) -> str:
    """The team that owns a document, "" when only the whole installation does."""
    if noun == "integrations":
        service = documents.get("services", {}).get(document.get("service", ""), {})
        return str(service.get("team", ""))
    if noun == "teams":
        return str(document.get("name", ""))
    return str(document.get("team", "")) if noun in _OWNED else ""


def seen_by(viewer: Viewer, noun: str, documents: Documents) -> dict[str, Plain]:
    """The documents of a noun that a viewer may know of, without what they may not.

    Keys of integrations are for who keeps them; how somebody is reached is for
    themselves and the admins.
    """
    services = documents.get("services", {})
    hidden = {
        name
        for name, one in services.items()
        if one.get("private")
        and not viewer.grant.sees_private_of(str(one.get("team", "")))
    }
    found = {}
    for name, document in documents.get(noun, {}).items():
        about = name if noun == "services" else document.get("service")
        if noun in ("services", "integrations") and about in hidden:
            continue
        found[name] = _seen(viewer, noun, document, documents)
    return found


def _seen(viewer: Viewer, noun: str, document: Plain, documents: Documents) -> Plain:
    if noun == "integrations":
        keeper = viewer.may(LEAD, team_of(noun, document, documents))
        return document if keeper else shown(document)
    if noun == "people" and not (
        viewer.may(ADMIN) or viewer.person == document.get("name")
    ):
        return {k: v for k, v in document.items() if k not in ("contacts", "notify")}
    return document


def shown(document: Plain) -> Plain:
    """Without what only its keepers may see."""
    return {key: value for key, value in document.items() if key not in SECRETS}


def _clash(change: Change, held: Plain | None) -> str:
    if change.etag is None:
        if held is not None and change.needs_etag:
            return "Send If-Match with the ETag of what you saw."
        return ""
    if held is None:
        return "" if change.etag == "" else f"{change.name!r} was deleted meanwhile."
    if change.etag == "":
        return f"There is one named {change.name!r} already."
    if change.etag != etag_of(held):
        return f"{change.name!r} was changed meanwhile; look at it again."
    return ""


def read(change: Change, sealer: Sealer, problems: list[Problem]) -> Plain | None:
    if change.document is None:
        return None
    where = f"{change.noun}[{change.name}]"
    form = configuration.FORMS[change.noun]
    named = {**change.document, "name": change.document.get("name", change.name)}
    document = form.read(named, where, problems)
    if document.get("name") != change.name:
        expected = f"{change.name}: others refer to it by this name"
        problems.append(Problem(f"{where}.name", named["name"], expected))
    return readable(change.noun, document, sealer, where, problems)


def _refusal(
    viewer: Viewer,
    change: Change,
    teams: set[str],
    held: Plain | None,
    document: Plain | None,
) -> str:
    if viewer.may(ADMIN):
        return ""
    if change.noun == "people":
        mine = contacts.refusal(
            viewer.person if viewer.keeps_own else "", held, document
        )
        if not mine or (held or {}).get("name") == viewer.person:
            return mine
        if is_leave_alone(held, document):
            return _not_their_lead(viewer, held or {})
        return memberships.refusal(partial(viewer.may, LEAD), held, document)
    if change.noun == "teams" and (held is None or document is None):
        return "Teams are made and removed by the admins."
    # Who takes somebody's hours asks nobody: it is no burden but their own.
    if (
        change.noun == "schedules"
        and is_taking_over(viewer.person, held, document)
        and all(viewer.may(RESPONDER, team) for team in teams)
    ):
        return ""
    for team in sorted(teams or {""}):
        if not viewer.may(LEAD, team):
            whose = f"the team {team}" if team else "the whole installation"
            return f"This needs the role lead for {whose}."
    return ""


def _not_their_lead(viewer: Viewer, person: Plain) -> str:
    teams = [str(one) for one in person.get("teams", [])]
    if any(viewer.may(LEAD, team) for team in teams):
        return ""
    return "Days away are entered by whoever is away, or by a lead of their team."


def documents_after(
    before: Documents, change: Change, document: Plain | None
) -> Documents:
    after = {noun: dict(held) for noun, held in before.items()}
    if document is None:
        after[change.noun].pop(change.name, None)
    else:
        after.setdefault(change.noun, {})[change.name] = document
    return after


def new_problems(tx: Tx, before: Documents, after: Documents) -> list[Problem]:
    """What is wrong now and was not before: old troubles stop nobody from mending."""
    ids = stored.ids(tx)
    known = {str(one) for one in build(before, version=0, ids=ids)[1]}
    found = build(after, version=0, ids=ids)[1]
    if _has_an_admin(before) and not _has_an_admin(after):
        found.append(Problem("people", None, "at least one active admin, the last one"))
    return [one for one in found if str(one) not in known]


def _has_an_admin(documents: Documents) -> bool:
    return any(
        one.get("role") == ADMIN and one.get("active", True)
        for one in documents.get("people", {}).values()
    )


def _write(
    tx: Tx,
    change: Change,
    held: Plain | None,
    after: Documents,
    actor: Actor,
    auditor: Auditor,
    *,
    now: datetime,
) -> Edited:
    document = after.get(change.noun, {}).get(change.name)
    if document == held:
        return Edited(document, etag_of(document) if document else "")
    if document is None:
        stored.delete(tx, change.noun, change.name)
    else:
        stored.save(tx, change.noun, change.name, document)
    record(
        tx, auditor, actor, change.noun, change.name, held, document, after,
        team=change.team, now=now,
    )  # fmt: skip
    hour_words.tell(tx, actor, change.noun, change.name, held, after, now=now)
    etag = etag_of(document) if document else ""
    return Edited(document, etag, created=held is None)


def record(
    tx: Tx,
    auditor: Auditor,
    actor: Actor,
    noun: str,
    name: str,
    before: Plain | None,
    after: Plain | None,
    documents: Documents,
    *,
    team: str = "",
    now: datetime,
) -> None:
    """One entry of the audit log for a document that was written."""
    action = "create" if before is None else "delete" if after is None else "update"
    auditor.write(
        tx,
        actor,
        action,
        noun,
        name,
        before=recorded(before),
        after=recorded(after),
        team=team or team_of(noun, after or before or {}, documents),
        now=now,
    )


def recorder(auditor: Auditor, actor: Actor, *, now: datetime) -> Recorder:
    """Records what `apply` changes for `actor`."""

    def told(
        tx: Tx,
        noun: str,
        name: str,
        before: Plain | None,
        after: Plain | None,
        documents: Documents,
    ) -> None:
        record(tx, auditor, actor, noun, name, before, after, documents, now=now)
        # A company that is set up from files hears of it by its first reminders.
        if before is not None:
            hour_words.tell(tx, actor, noun, name, before, documents, now=now)

    return told


def recorded(document: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """As the audit log may keep it: a contact's address can hold a secret."""
    if document is None:
        return None
    kept = shown(dict(document))
    contacts = kept.get("contacts")
    if isinstance(contacts, list):
        kept["contacts"] = [
            {**one, "address": _masked(str(one.get("address", "")))} for one in contacts
        ]
    return kept


def _masked(address: str) -> str:
    """Enough to tell two apart."""
    return f"…{address[-4:]}" if len(address) > 8 else "…"
