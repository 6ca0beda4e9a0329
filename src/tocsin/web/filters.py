"""What a list of alerts is narrowed to by its address, on the page and in its download."""

from collections.abc import Mapping
from urllib.parse import urlencode

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.severity import Severity
from tocsin.store.alert_lists import Narrowed

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
    severity: str = ""
    team: str = ""
    text: str = ""
    mine: bool = False

    def address(self, path: str = "/alerts", **changes: str) -> str:
        """The same list with changes; an empty value takes a filter away."""
        fields = {
            "tab": self.tab,
            "service": self.service,
            "team": self.team,
            "severity": self.severity,
            "q": self.text,
            "mine": "on" if self.mine else "",
            **changes,
        }
        query = urlencode({key: value for key, value in fields.items() if value})
        return f"{path}?{query}"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the tab is chosen."""
        return bool(
            self.service or self.team or self.severity or self.text or self.mine
        )

    def narrowed(self, directory: Directory, person: str) -> Narrowed:
        """The filters as the store takes them; `person` is who looks."""
        services = None
        if self.team:
            known = directory.services.values()
            services = [one.name for one in known if one.team == self.team]
        return Narrowed(
            int(Severity[self.severity]) if self.severity else 0,
            self.text,
            person if self.mine else "",
            services,
        )


def wanted(query: Mapping[str, str]) -> Wanted:
    """Read from an address; what makes no sense counts as not given."""
    tab = query.get("tab", "firing")
    if tab not in TABS:
        tab = "firing"
    statuses, suppressed = TABS[tab]
    service = clean(query.get("service", ""), longest=100)
    severity = query.get("severity", "")
    return Wanted(
        tab,
        statuses,
        suppressed,
        service,
        whole_number(query.get("before")),
        severity if severity in Severity.__members__ else "",
        clean(query.get("team", ""), longest=100),
        clean(query.get("q", ""), longest=200).strip(),
        query.get("mine") == "on",
    )


def whole_number(text: str | None) -> int | None:
    """A whole number that a database takes."""
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and len(text) < 18
        else None
    )
