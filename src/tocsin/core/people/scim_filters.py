"""Filters of SCIM (RFC 7644 3.4.2.2): parsed to a tree of closures, never to SQL."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from tocsin.core.people.scim import Attribute, Kind, ScimRefused, find

Predicate = Callable[[Mapping[str, Any]], bool]
_LONGEST = 2000
_DEEPEST = 20
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])'
    r"|(?P<word>[A-Za-z$][\w.:$-]*)|(?P<number>-?\d+(?:\.\d+)?))"
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda held, wanted: held == wanted,
    "ne": lambda held, wanted: held != wanted,
    "co": lambda held, wanted: str(wanted) in str(held),
    "sw": lambda held, wanted: str(held).startswith(str(wanted)),
    "ew": lambda held, wanted: str(held).endswith(str(wanted)),
    "gt": lambda held, wanted: str(held) > str(wanted),
    "ge": lambda held, wanted: str(held) >= str(wanted),
    "lt": lambda held, wanted: str(held) < str(wanted),
    "le": lambda held, wanted: str(held) <= str(wanted),
}
_CONSTANTS = {"true": True, "false": False, "null": None}


class _Token(Struct, frozen=True):
    kind: str
    text: str


def parsed(text: str, kind: Kind) -> Predicate:
    """Which resources of a kind a filter means. Raises ScimRefused (invalidFilter)."""
    return _Parser(text, (*kind.attributes, *_common(kind)), kind.schema).whole()


def parsed_values(text: str, attribute: Attribute) -> Predicate:
    """Which values of a multi-valued attribute a filter in brackets means."""
    return _Parser(text, attribute.subs, "").whole()


def equalities(text: str) -> dict[str, str]:
    """What a filter says that must be equal: to make the value that it looks for."""
    found = re.findall(r'([A-Za-z$][\w$]*)\s+eq\s+"((?:[^"\\]|\\.)*)"', text, re.I)
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in found}


def _common(kind: Kind) -> list[Attribute]:
    names = ("id", "externalId", "meta")
    return [one for name in names if (one := kind.attribute(name)) is not None]


class _Parser:
    """Recursive descent: or < and < not, brackets, comparison."""

    def __init__(self, text: str, attributes: Sequence[Attribute], urn: str) -> None:
        if len(text) > _LONGEST:
            raise _bad(f"longer than {_LONGEST} characters")
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._attributes = attributes
        self._urn = urn

    def whole(self) -> Predicate:
        found = self._either()
        if self._at < len(self._tokens):
            raise _bad(f"{self._tokens[self._at].text!r} was not expected")
        return found

    def _either(self) -> Predicate:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _bad(f"nested deeper than {_DEEPEST}")
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda r: any(p(r) for p in parts)

    def _both(self) -> Predicate:
        parts = [self._single()]
        while self._takes("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda r: all(p(r) for p in parts)

    def _single(self) -> Predicate:
        if self._takes("not"):
            self._needs("(")
            inner = self._either()
            self._needs(")")
            return lambda resource: not inner(resource)
        if self._takes("("):
            inner = self._either()
            self._needs(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        path = self._next("an attribute")
        if path.kind != "word":
            raise _bad(f"an attribute was expected, not {path.text!r}")
        attribute, sub = self._resolved(path.text)
        if self._takes("["):
            return self._values(attribute)
        word = self._next("eq, ne, co, sw, ew, gt, ge, lt, le or pr").text.casefold()
        if word == "pr":
            return lambda resource: bool(_held(resource, attribute, sub))
        compare = _COMPARISONS.get(word)
        if compare is None:
            raise _bad(f"{word!r} is no comparison")
        exact = (sub or attribute).exact
        wanted = _folded(self._value(), exact=exact)
        if word == "ne":
            return lambda resource: all(
                _folded(one, exact=exact) != wanted
                for one in _held(resource, attribute, sub)
            )
        return lambda resource: any(
            compare(_folded(one, exact=exact), wanted)
            for one in _held(resource, attribute, sub)
        )

    def _values(self, attribute: Attribute) -> Predicate:
        """attribute[…]: some value of it for which all that is within holds."""
        before, self._attributes = self._attributes, attribute.subs
        inner = self._either()
        self._attributes = before
        self._needs("]")
        return lambda resource: any(
            inner(one)
            for one in resource.get(attribute.name, ())
            if isinstance(one, Mapping)
        )

    def _resolved(self, path: str) -> tuple[Attribute, Attribute | None]:
        if self._urn and path.casefold().startswith(self._urn.casefold() + ":"):
            path = path[len(self._urn) + 1 :]
        name, _, rest = path.partition(".")
        attribute = find(self._attributes, name)
        if attribute is None:
            raise _bad(f"{name!r} is no attribute")
        if not rest:
            default = find(attribute.subs, "value") if attribute.multi else None
            return attribute, default
        sub = find(attribute.subs, rest)
        if sub is None:
            raise _bad(f"{path!r} is no attribute")
        return attribute, sub

    def _value(self) -> Any:
        token = self._next("a value")
        if token.kind == "text":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "word" and token.text.casefold() in _CONSTANTS:
            return _CONSTANTS[token.text.casefold()]
        if token.kind == "number":
            return token.text
        raise _bad(f"a value was expected, not {token.text!r}")

    def _next(self, expected: str) -> _Token:
        if self._at >= len(self._tokens):
            raise _bad(f"it ends where {expected} was expected")
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, text: str) -> bool:
        is_next = self._at < len(self._tokens)
        token = self._tokens[self._at] if is_next else None
        if token is None or token.kind == "text" or token.text.casefold() != text:
            return False
        self._at += 1
        return True

    def _needs(self, text: str) -> None:
        if not self._takes(text):
            raise _bad(f"{text!r} is missing")


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad(f"{text[at : at + 20]!r} cannot be read")
        kind = match.lastgroup or ""
        found.append(_Token(kind, match.group(kind)))
        at = match.end()
    return found


def _held(
    resource: Mapping[str, Any], attribute: Attribute, sub: Attribute | None
) -> list[Any]:
    """Every value at a path."""
    value = resource.get(attribute.name)
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    if sub is None:
        return values
    return [
        one[sub.name] for one in values if isinstance(one, Mapping) and sub.name in one
    ]


def _folded(value: Any, *, exact: bool) -> Any:
    return value.casefold() if isinstance(value, str) and not exact else value


def _bad(why: str) -> ScimRefused:
    return ScimRefused(400, "invalidFilter", f"The filter cannot be used: {why}.")
