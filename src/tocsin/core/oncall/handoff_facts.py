"""What one shift leaves to the next, as lines: open alerts, silences, changes, … Pure."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.alerts.alerts import Alert, Status
from tocsin.core.severity import Severity

# An alert that comes back as often in its life has become a noise worth a word.
FLAPS_FROM = 3
KINDS = {
    "alert": "Open alerts",
    "incident": "Open incidents",
    "silence": "Kept quiet",
    "change": "Changes of the last day",
    "action": "Unfinished actions",
}


class Item(Struct, frozen=True):
    """One line. `service` "" is for everybody who sees the schedule."""

    kind: str
    title: str
    said: str
    path: str = ""
    service: str = ""
    severity: str = ""


class Facts(Struct, frozen=True):
    """`pages` of the outgoing in their shift, `nights` of those broke somebody's sleep."""

    items: tuple[Item, ...] = ()
    pages: int = 0
    nights: int = 0

    def seen_by(self, hidden: Collection[str]) -> "Facts":
        """Without the services that somebody may not know of."""
        kept = tuple(one for one in self.items if one.service not in hidden)
        return replace(self, items=kept)

    def groups(self) -> list[tuple[str, list[Item]]]:
        """The lines under their headings, the pressing first."""
        return [
            (heading, found)
            for kind, heading in KINDS.items()
            if (found := [one for one in self.items if one.kind == kind])
        ]


def of_alert(alert: Alert, *, zone_words: str) -> Item:
    """Who has it, and until when it sleeps; `zone_words` is that instant in words."""
    if alert.status is Status.ACKNOWLEDGED:
        said = f"{alert.acked_by} has it"
    elif alert.snoozed_until is not None:
        said = f"snoozed until {zone_words}"
    elif alert.suppressed_by:
        said = "kept quiet"
    else:
        said = "nobody has it"
    if alert.episode >= FLAPS_FROM:
        said += f"; it came back {alert.episode - 1} times"
    return Item(
        "alert", alert.title, said, f"/alerts/{alert.number}", alert.service,
        Severity(alert.severity).name,
    )  # fmt: skip


def ends(at: datetime, said: str) -> str:
    """When something ends, in words."""
    return f"until {at:%a %-d %b, %H:%M} UTC{': ' + said if said else ''}"


def frozen(facts: Facts) -> str:
    """As it is kept."""
    return msgspec.json.encode(facts).decode()


def thawed(text: str) -> Facts:
    """What was kept; nothing where it cannot be read."""
    try:
        return msgspec.json.decode(text, type=Facts)
    except msgspec.DecodeError:
        return Facts()
