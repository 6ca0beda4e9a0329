"""Earlier incidents that are like one, as somebody may know of them."""

from msgspec import Struct

from tocsin.core.incidents import related as rules
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.related import LOOK_BACK
from tocsin.engine.incidents.desk import may_see
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import incidents as stored
from tocsin.store import related as compared
from tocsin.store.database import Tx

_MOST_COMPARED = 300


class Earlier(Struct, frozen=True):
    """One of them; `unfinished` counts the actions of its review that are open."""

    incident: Incident
    why: tuple[str, ...]
    unfinished: int


def earlier(tx: Tx, incident: Incident, viewer: Viewer) -> list[Earlier]:
    """At most five, of the 90 days before it; to drills only drills."""
    others = compared.before(
        tx, incident, since=incident.made_at - LOOK_BACK, limit=_MOST_COMPARED
    )
    seen = [
        other
        for other, private in others
        if not private or _may_see(tx, other.number, viewer)
    ]
    found = rules.related(compared.likeness(tx, incident), seen)
    left = compared.unfinished(tx, [one.number for one in found])
    shown = []
    for one in found:
        other = stored.get(tx, one.number)
        if other is not None:
            shown.append(Earlier(other, one.why, left.get(one.number, 0)))
    return shown


def _may_see(tx: Tx, number: int, viewer: Viewer) -> bool:
    other = stored.get(tx, number)
    return other is not None and may_see(tx, other, viewer)
