"""From checked documents to status pages, and what is wrong with them."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

from tocsin.core.building.policy_building import must_know
from tocsin.core.forms import Plain, Problem
from tocsin.core.status.status_pages import Component, StatusPage

_ACCENT = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_SURFACE = (0xFF, 0xFE, 0xFC)
_LEAST_CONTRAST = 4.5
_MOST_LOGO = 16_000
# What the bytes of each kind begin with. An image runs no script, also not an SVG.
_BEGINS = {
    "data:image/png": (b"\x89PNG\r\n\x1a\n",),
    "data:image/jpeg": (b"\xff\xd8\xff",),
    "data:image/webp": (b"RIFF",),
    "data:image/svg+xml": (b"<svg", b"<?xml"),
}


def status_pages(
    documents: Mapping[str, Plain],
    *,
    zone: str,
    teams: Sequence[str],
    services: Sequence[str],
    problems: list[Problem],
) -> dict[str, StatusPage]:
    """Every page."""
    found: dict[str, StatusPage] = {}
    for name, one in documents.items():
        where = f"status_pages[{name}]"
        if one.get("team"):
            must_know(f"{where}.team", one["team"], teams, "team", problems)
        components = tuple(_component(part) for part in one.get("components", []))
        for service in dict.fromkeys(s for part in components for s in part.services):
            must_know(f"{where}.components", service, services, "service", problems)
        problems += _identity(where, name, one, components)
        accent, domain = one.get("accent", ""), one.get("domain", "")
        problems += _looks(where, accent, domain)
        logo = one.get("logo", "")
        problems += _logo(f"{where}.logo", logo)
        found[name] = StatusPage(
            name, one.get("title", name), one.get("team", ""),
            one.get("time_zone", zone), one.get("private", False), domain,
            one.get("support", ""), accent, one.get("export", False), logo,
            components,
        )  # fmt: skip
    return found


def _component(part: Plain) -> Component:
    return Component(
        part.get("name", ""),
        str(part.get("title") or part.get("name", "")),
        part.get("description", ""),
        part.get("group", ""),
        tuple(part.get("services", ())),
    )


def _identity(
    where: str, name: str, one: Plain, components: Sequence[Component]
) -> list[Problem]:
    found = []
    if not _NAME.fullmatch(name):
        expected = "small letters, digits and dashes: it is a part of the address"
        found.append(Problem(f"{where}.name", name, expected))
    if one.get("private") and one.get("export"):
        expected = "no export of a private page: a web server would show it to all"
        found.append(Problem(f"{where}.export", True, expected))
    names = [part.name for part in components]
    if len(set(names)) != len(names):
        found.append(Problem(f"{where}.components", names, "different names"))
    return found


def _looks(where: str, accent: str, domain: str) -> list[Problem]:
    found = []
    if accent and not _ACCENT.fullmatch(accent):
        found.append(Problem(f"{where}.accent", accent, "a colour such as #0b655d"))
    elif accent and contrast(accent) < _LEAST_CONTRAST:
        expected = (
            f"a colour that stands out from white by 4.5 to 1 (this one by "
            f"{contrast(accent):.1f})"
        )
        found.append(Problem(f"{where}.accent", accent, expected))
    if domain and not _DOMAIN.fullmatch(domain):
        expected = "a host name such as status.example.com"
        found.append(Problem(f"{where}.domain", domain, expected))
    return found


def _logo(where: str, logo: str) -> list[Problem]:
    """It is a part of every page: small, and what it says that it is."""
    if not logo:
        return []
    kind, mark, coded = logo.partition(";base64,")
    begins = _BEGINS.get(kind)
    if begins is None or not mark:
        expected = "PNG, JPEG, WebP or SVG, as data:image/png;base64,…"
        return [Problem(where, logo[:40], expected)]
    try:
        raw = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return [Problem(where, logo[:40], "base64 after the comma")]
    if len(raw) > _MOST_LOGO:
        given = f"{len(raw) / 1000:.0f} kB"
        return [Problem(where, given, "an image of 16 kB at most")]
    if not raw.lstrip().startswith(begins):
        expected = f"an image that is what it says ({kind.removeprefix('data:')})"
        return [Problem(where, logo[:40], expected)]
    return []


def contrast(accent: str) -> float:
    """How far a colour stands out from the page's white (WCAG 2.2, 1.4.3)."""
    parts = tuple(int(accent[at : at + 2], 16) for at in (1, 3, 5))
    lights = sorted((_luminance(parts), _luminance(_SURFACE)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(parts: Sequence[int]) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else float(((c + 0.055) / 1.055) ** 2.4)
        for c in (part / 255 for part in parts)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
