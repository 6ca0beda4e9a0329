"""Which part of a sender's body became which field of the alert, found by trying.

Each value of the body is changed in turn and the dialect's own `read` is asked again:
what comes out differently was made from that value. So it holds for every dialect and
mapping, and cannot disagree with what the dialect does. Bounded; only the first of
several alerts is traced.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.alerts.routing import severity_of
from tocsin.core.directory import Integration
from tocsin.interfaces.arrivals import Dialect, Inbound, Unreadable

_MOST_VALUES = 150
_LARGEST_BODY = 1024 * 1024
# Words that some field of some dialect tells apart.
_WORDS = ("resolved", "resolve", "acknowledge", "warning", "critical", "SEV1", "2")
_MOST_PATHS = 3
_KIND = "says"
_SAYS = {
    "trigger": "it fires",
    "resolve": "it is over",
    "acknowledge": "somebody has it",
}

Path = tuple[str | int, ...]


class Traced(Struct, frozen=True):
    """One field of an alert, and the places of the body that it was made from."""

    field: str
    value: str
    paths: tuple[str, ...]
    note: str = ""


class Trace(Struct, frozen=True):
    """What a dialect reads in one request; `unused` are values it makes nothing of."""

    fields: tuple[Traced, ...]
    unused: tuple[str, ...]
    events: int
    is_cut: bool = False


def trace(
    dialect: Dialect, inbound: Inbound, integration: Integration, *, now: datetime
) -> Trace:
    """The fields of the request's first alert. Raises Unreadable."""
    events = dialect.read(inbound, now=now).events
    if not events:
        return Trace((), (), 0)
    body = _plain(inbound.body)
    found: dict[str, list[Path]] = {}
    unused: list[str] = []
    leaves = list(_leaves(_first_only(body)))
    if body is not None:
        base = _first_only(body)
        known = _fields(_read(dialect, inbound, base, now), integration)
        for path, value in leaves[:_MOST_VALUES]:
            names = _made_from(
                dialect, inbound, base, path, value, known, integration, now
            )
            for name in names:
                found.setdefault(name, []).append(path)
            if not names:
                unused.append(_text(path))
    fields = [
        Traced(name, value, _paths(found.get(name, [])), note)
        for name, (value, note) in _fields(events[0], integration).items()
        if value
    ]
    service = Traced("service", integration.service, (), "this integration's own")
    return Trace(
        (*fields, service), tuple(unused), len(events), len(leaves) > _MOST_VALUES
    )


def _made_from(
    dialect: Dialect,
    inbound: Inbound,
    base: Any,
    path: Path,
    value: Any,
    known: Mapping[str, tuple[str, str]],
    integration: Integration,
    now: datetime,
) -> list[str]:
    """The fields that change when the value at `path` does."""
    found: list[str] = []
    for other in _others(value):
        event = _read(dialect, inbound, _with(base, path, other), now)
        if event is None:
            continue
        fields = _fields(event, integration)
        names = [
            name
            for name in {**known, **fields}
            if known.get(name, ("", ""))[0] != fields.get(name, ("", ""))[0]
        ]
        # Another kind of event has other fields; that they differ says nothing of them.
        found += [_KIND] if _KIND in names else names
        if found and not _is_time(value):
            break
    return list(dict.fromkeys(found))


def _read(
    dialect: Dialect, inbound: Inbound, body: Any, now: datetime
) -> AlertEvent | None:
    try:
        reading = dialect.read(
            replace(inbound, body=msgspec.json.encode(body)), now=now
        )
    except Unreadable:
        return None
    return reading.events[0] if reading.events else None


def _fields(
    event: AlertEvent | None, integration: Integration
) -> dict[str, tuple[str, str]]:
    """Field to (value, what is to be said of it)."""
    if event is None:
        return {}
    severity, is_known = severity_of(
        event,
        integration.severities,
        may_declare_sev1=integration.may_declare_sev1,
    )
    fires = event.kind is EventKind.TRIGGER
    word = f"{event.level!r}" if event.level else "no word"
    said = severity.name if severity is not None else "recorded only"
    note = f"{word}{'' if is_known else ', which is not known here'}: {said}"
    fields = {
        "title": (event.title, ""),
        _KIND: (_SAYS[event.kind.value], ""),
        "severity": (event.level or said if fires else "", note),
        "key": (event.key, "the same key is the same alert"),
        "time": (event.occurred_at.isoformat() if event.occurred_at else "", ""),
        "link": (event.link, ""),
    }
    fields |= {f"label {name}": (text, "") for name, text in event.labels.items()}
    fields |= {f"detail {name}": (text, "") for name, text in event.details.items()}
    return fields


def _plain(body: bytes) -> Any:
    if len(body) > _LARGEST_BODY:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _first_only(value: Any) -> Any:
    """Of several objects in a list the first: they are read alike."""
    if isinstance(value, dict):
        return {key: _first_only(one) for key, one in value.items()}
    if isinstance(value, list):
        several = value[:1] if value and isinstance(value[0], dict) else value
        return [_first_only(one) for one in several]
    return value


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _leaves(one, (*path, index))
    elif path:
        yield path, value


def _with(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, first: _with(value[first], rest, new)}
    changed = list(value)
    changed[int(first)] = _with(changed[int(first)], rest, new)
    return changed


def _others(value: Any) -> Iterator[Any]:
    """Values unlike this one, the likeliest to be taken first."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
        yield "changed"
    elif isinstance(value, str):
        yield f"{value}~"
        if _is_time(value):
            at = datetime.fromisoformat(value)
            # Earlier and later can mean different things: over, or not yet.
            yield (at - timedelta(hours=1)).isoformat()
            yield (at + timedelta(hours=1)).isoformat()
            return
        yield from (word for word in _WORDS if word != value)
    else:
        yield "changed"


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and 2 < datetime.fromisoformat(value).year < 9998
    except ValueError:
        return False


def _paths(paths: Sequence[Path]) -> tuple[str, ...]:
    """As text; many of one place are that place."""
    if len(paths) <= _MOST_PATHS:
        return tuple(_text(path) for path in paths)
    common = paths[0]
    for path in paths[1:]:
        length = 0
        while length < min(len(common), len(path)) and common[length] == path[length]:
            length += 1
        common = common[:length]
    return (f"all of {_text(common)}" if common else "the whole body",)


def _text(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
