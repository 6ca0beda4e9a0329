"""What a list of alerts is narrowed to by its address, on the page and in its download."""

from collections.abc import Mapping

from msgspec import Struct

from tocsin.core.excerpts import clean

# Each tab's states, and whether what is silenced counts (None: it does not matter).
TABS: dict[str, tuple[tuple[str, ...], bool | None]] = {
    "firing": (("triggered",), False),
    "acknowledged": (("acknowledged",), False),
    "quiet": (("triggered", "acknowledged"), True),
    "closed": (("resolved",), None),
}


class Wanted(Struct, frozen=True):
    """Which alerts a list shows; `before` is the number that it goes on from."""

    tab: str
    statuses: tuple[str, ...]
    suppressed: bool | None
    service: str
    before: int | None


def wanted(query: Mapping[str, str]) -> Wanted:
    """Read from an address; what makes no sense counts as not given."""
    tab = query.get("tab", "firing")
    if tab not in TABS:
        tab = "firing"
    statuses, suppressed = TABS[tab]
    service = clean(query.get("service", ""), longest=100)
    return Wanted(tab, statuses, suppressed, service, whole_number(query.get("before")))


def whole_number(text: str | None) -> int | None:
    """A whole number that a database takes."""
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and len(text) < 18
        else None
    )
