"""Configuration as code: files in, a plan, one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core import article, conditions, configuration, starts
from tocsin.core.configuration import NOUNS, Documents
from tocsin.core.credentials import masked
from tocsin.core.directory_building import build
from tocsin.core.forms import Plain, Problem
from tocsin.engine.configuration_files import line_of, parsed, readable
from tocsin.interfaces import Sealer
from tocsin.store import directory as stored
from tocsin.store.database import Database, Tx

# Writes one document's change to the audit log: noun, name, before, after, all.
Recorder = Callable[[Tx, str, str, Plain | None, Plain | None, Documents], None]
_ORDER = ("organisation", *NOUNS, "rules")


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
    _settle(before, wanted, problems, now=now, new_key=new_key)
    return wanted


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
    for noun in ("integrations", "schedules", "rules"):
        for name in wanted.named.get(noun, ()):
            settle(
                before, wanted.documents, noun, name, problems, now=now, new_key=new_key
            )
    if wanted.named.get("rules"):
        wanted.notes.append(
            "alert rules are checked and stored; they are evaluated from the "
            "Detection release on"
        )


def settle(
    before: Documents,
    after: Documents,
    noun: str,
    name: str,
    problems: list[Problem],
    *,
    now: datetime,
    new_key: Callable[[], str],
) -> None:
    """What a document may leave open: a key, and the date that "Mon 9am" means."""
    document = after.get(noun, {}).get(name)
    if document is None:
        return
    known = before.get(noun, {}).get(name, {})
    if noun == "integrations":
        _settle_keys(document, known, new_key)
    elif noun == "schedules":
        zone = _zone_of(document, after)
        held = {one.get("name"): one for one in known.get("rotations", [])}
        for rotation in document.get("rotations", []):
            where = f"schedules[{name}].rotations[{rotation.get('name')}]"
            earlier = held.get(rotation.get("name"), {})
            if "imported" in earlier:  # a calendar's last good copy; [] ends it
                rotation.setdefault("imported", earlier["imported"])
            _settle_start(rotation, earlier, zone, where, problems, now=now)
    elif noun == "rules":
        _judge_rule(name, document, problems)


def _settle_keys(document: Plain, known: Plain, new_key: Callable[[], str]) -> None:
    """A key where none is given; a former one stays good while nothing is said of it."""
    if not document.get("key"):
        document["key"] = known.get("key") or new_key()
    if not document.get("key_before") and known.get("key_before"):
        document["key_before"] = known["key_before"]
        document["key_before_until"] = known.get("key_before_until")
    if not document.get("key_before_until"):
        document.pop("key_before", None)


def _settle_start(
    rotation: Plain,
    known: Plain,
    zone: str,
    where: str,
    problems: list[Problem],
    *,
    now: datetime,
) -> None:
    text = rotation.get("start", "")
    try:
        held = known.get("start")
        if held and starts.fits(text, datetime.fromisoformat(held)):
            rotation["start"] = held
            return
        anchor = starts.anchor_of(text, ZoneInfo(zone), now=now)
    except starts.BadStart as error:
        problems.append(Problem(f"{where}.start", text, str(error)))
        rotation["start"] = "2024-01-01T00:00"
        return
    rotation["start"] = anchor.isoformat(timespec="minutes")


def _zone_of(schedule: Plain, documents: Documents) -> str:
    team = documents.get("teams", {}).get(schedule.get("team", ""), {})
    organisation = documents.get("organisation", {}).get("organisation", {})
    zones = (one.get("time_zone") for one in (schedule, team, organisation))
    return str(next(filter(None, zones), "UTC"))


def _judge_rule(name: str, rule: Plain, problems: list[Problem]) -> None:
    where = f"rules[{name}]"
    wrong = conditions.condition_problem(rule.get("condition", ""))
    if wrong:
        problems.append(Problem(f"{where}.condition", rule.get("condition"), wrong))
    wrong = conditions.action_problem(rule.get("action", ""))
    if wrong:
        problems.append(Problem(f"{where}.action", rule.get("action"), wrong))


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
        return tuple(
            f"{one.get('name')}: turns from {one.get('start')}"
            for one in document.get("rotations", [])
        )
    return ()


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
