"""Configuration as code: files in, a plan, one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from msgspec import Struct

from tocsin.core import configuration
from tocsin.core.building import article
from tocsin.core.building.directory_building import build
from tocsin.core.configuration import NOUNS, Documents
from tocsin.core.credentials import masked
from tocsin.core.forms import Plain, Problem
from tocsin.core.people.contacts import OWN_FIELDS
from tocsin.core.rotas import past_turns
from tocsin.core.rotas.retirement import RETIRED, before_its_name
from tocsin.engine.configuration_files import line_of, parsed, readable
from tocsin.engine.settling import settle
from tocsin.interfaces.machine import Sealer
from tocsin.store import directory as stored
from tocsin.store.database import Database, Tx

# Writes one document's change to the audit log: noun, name, before, after, all.
Recorder = Callable[[Tx, str, str, Plain | None, Plain | None, Documents], None]
_ORDER = ("organisation", *NOUNS, "rules")
# What people keep themselves, by noun; a rotation's overrides too.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "people": (*OWN_FIELDS, "leave_imported"),
    "schedules": ("shadows",),
}


class Change(Struct, frozen=True):
    """One object that differs: create, update, delete or unchanged."""

    kind: str
    noun: str
    name: str
    notes: tuple[str, ...] = ()


class Plan(Struct, frozen=True):
    """What applying would do."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return all(change.kind == "unchanged" for change in self.changes)


class Applied(Struct, frozen=True):
    """The plan, or why there is none."""

    plan: Plan
    problems: tuple[str, ...] = ()
    done: bool = False


class _Wanted(Struct):
    documents: Documents
    notes: list[str]
    named: dict[str, set[str]]


def apply_files(
    database: Database,
    files: Sequence[tuple[str, str]],
    *,
    now: datetime,
    new_key: Callable[[], str],
    recorder: Recorder,
    prune: bool = False,
    dry_run: bool = False,
) -> Applied:
    """Bring the configuration to what `files` (name, text) say, all or nothing.

    `recorder` is told of each change. Raises StoreError.
    """
    problems: list[Problem] = []
    given = _read(files, database.sealer, problems)

    def work(tx: Tx) -> Applied:
        found = list(problems)
        before = stored.documents(tx)
        wanted = _merge(before, given, found, now=now, new_key=new_key, prune=prune)
        _, cross = build(wanted.documents, version=0, ids=stored.ids(tx))
        texts = tuple(dict.fromkeys(_said(one, files) for one in [*found, *cross]))
        plan = _plan(before, wanted, prune=prune)
        if texts or dry_run:
            return Applied(plan, texts)
        _write(tx, plan, before, wanted.documents, recorder)
        return Applied(plan, (), done=True)

    return database.write(work)


def _read(
    files: Sequence[tuple[str, str]], sealer: Sealer, problems: list[Problem]
) -> list[tuple[str, Documents]]:
    found = []
    for name, text in files:
        for data in parsed(name, text, problems):
            documents, wrong = configuration.read(data, name)
            problems += wrong
            for noun, held in documents.items():
                for one, document in held.items():
                    where = f"{name}: {noun}[{one}]"
                    held[one] = readable(noun, document, sealer, where, problems)
            found.append((name, documents))
    return found


def _merge(
    before: Documents,
    given: Sequence[tuple[str, Documents]],
    problems: list[Problem],
    *,
    now: datetime,
    new_key: Callable[[], str],
    prune: bool,
) -> _Wanted:
    start: Documents = {} if prune else {n: dict(d) for n, d in before.items()}
    if prune:
        start = {n: dict(before.get(n, {})) for n in ("organisation", "rules")}
    wanted = _Wanted(start, [], {})
    blocks = []
    for name, documents in given:
        for noun, items in documents.items():
            if noun == "article":
                blocks += [(name, block) for block in items.values()]
            else:
                _take(wanted, noun, items)
    for name, block in blocks:
        made, notes = article.compiled(block, name, wanted.documents, problems)
        wanted.notes += notes
        for noun, items in made.items():
            _take(wanted, noun, items)
    _keep_what_people_keep(before, wanted)
    _settle(before, wanted, problems, now=now, new_key=new_key)
    return wanted


def _keep_what_people_keep(before: Documents, wanted: _Wanted) -> None:
    """What is done on pages from day to day stays where the files do not mention it.

    Files that are applied again must not take away somebody's telephone, their days off,
    or a night that a colleague agreed to take. An empty list does.
    """
    for noun, keys in _KEPT.items():
        for name in wanted.named.get(noun, ()):
            held = before.get(noun, {}).get(name, {})
            document = {**wanted.documents[noun][name]}
            _keep(document, held, keys)
            if noun == "schedules":
                _keep_overrides(document, held)
            wanted.documents[noun][name] = document


def _keep_overrides(document: Plain, held: Plain) -> None:
    known = {one.get("name"): one for one in held.get("rotations", [])}
    kept = []
    for rotation in document.get("rotations", []):
        if isinstance(rotation, dict):
            rotation = dict(rotation)
            was = known.get(rotation.get("name")) or before_its_name(
                rotation, document, held
            )
            _keep(rotation, was, ("overrides",))
        kept.append(rotation)
    document["rotations"] = kept


def _keep(document: Plain, held: Plain, keys: Sequence[str]) -> None:
    for key in keys:
        if key in held:
            document.setdefault(key, held[key])


def _take(wanted: _Wanted, noun: str, items: Mapping[str, Plain]) -> None:
    wanted.documents.setdefault(noun, {}).update(items)
    wanted.named.setdefault(noun, set()).update(items)


def _settle(
    before: Documents,
    wanted: _Wanted,
    problems: list[Problem],
    *,
    now: datetime,
    new_key: Callable[[], str],
) -> None:
    nouns = ("people", "integrations", "schedules", "teams", "organisation", "rules")
    for noun in nouns:
        for name in wanted.named.get(noun, ()):
            settle(
                before, wanted.documents, noun, name, problems, now=now, new_key=new_key
            )
    for name in before.get("people", {}).keys() - wanted.documents.get("people", {}):
        settle(
            before, wanted.documents, "people", name, problems, now=now, new_key=new_key
        )
    # What another zone rewrites, or somebody who is gone, so that the past stays.
    for noun in ("people", "schedules"):
        known = before.get(noun, {})
        for name, one in wanted.documents.get(noun, {}).items():
            if name in known and one != known[name]:
                wanted.named.setdefault(noun, set()).add(name)
    if wanted.named.get("rules"):
        wanted.notes.append(
            "alert rules are checked and stored; they are evaluated from the "
            "Detection release on"
        )


def _plan(before: Documents, wanted: _Wanted, *, prune: bool) -> Plan:
    changes = []
    for noun in _ORDER:
        held = before.get(noun, {})
        for name in sorted(wanted.named.get(noun, ())):
            document = wanted.documents[noun][name]
            if name not in held:
                kind = "create"
            else:
                kind = "unchanged" if held[name] == document else "update"
            changes.append(Change(kind, noun, name, _notes(noun, document)))
        if prune and noun in NOUNS:
            gone = sorted(set(held) - set(wanted.documents.get(noun, {})))
            changes += [Change("delete", noun, name) for name in gone]
    return Plan(tuple(changes), tuple(wanted.notes))


def _notes(noun: str, document: Plain) -> tuple[str, ...]:
    if noun == "integrations":
        # The whole address is on the integration's page and in its API.
        return (f"/in/{masked(document['key'])}",)
    if noun == "schedules":
        said = [_turns_said(one) for one in document.get("rotations", [])]
        gone = [one.get("name") for one in document.get(RETIRED, [])]
        return (*said, *(f"{name}: gone; what has been stays" for name in gone))
    return ()


def _turns_said(rotation: Plain) -> str:
    """When the turns begin, as the plan shows it."""
    name = rotation.get("name")
    turns = past_turns.turns_of(rotation)
    said = (
        "turns in layers" if "layers" in turns else f"turns from {turns.get('start')}"
    )
    stays = "; what has been stays" if past_turns.GIVEN in rotation else ""
    return f"{name}: {said}{stays}"


def _write(
    tx: Tx, plan: Plan, before: Documents, after: Documents, recorder: Recorder
) -> None:
    for change in plan.changes:
        held = before.get(change.noun, {}).get(change.name)
        document = after.get(change.noun, {}).get(change.name)
        if change.kind in ("create", "update") and document is not None:
            stored.save(tx, change.noun, change.name, document)
        elif change.kind == "delete":
            document = None
            stored.delete(tx, change.noun, change.name)
        else:
            continue
        recorder(tx, change.noun, change.name, held, document, after)


def _said(problem: Problem, files: Sequence[tuple[str, str]]) -> str:
    """The problem with the line it is probably on."""
    given = problem.given if isinstance(problem.given, str) else ""
    key = problem.where.rpartition(".")[2].split("[")[0]
    for name, text in files:
        line = line_of(text, given) or (line_of(text, f"{key}:") if key else 0)
        if line and (problem.where.startswith(name) or ":" not in problem.where):
            rest = problem.where.removeprefix(f"{name}: ")
            where = f"{name}:{line}: {rest}"
            return str(replace(problem, where=where))
    return str(problem)
