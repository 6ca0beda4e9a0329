"""What a signed-in person does about an alert: whether they may, done, and recorded.

The acts themselves are in answering.py; page links come past this door, because who
was paged may answer whatever their role is.
"""

from collections.abc import Callable
from datetime import datetime

from tocsin.core.alerts.alerts import Alert, shown_state
from tocsin.core.directory import Directory
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine.answering import Acted
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alerts as stored_alerts
from tocsin.store.database import Tx

Act = Callable[[Tx, Directory, datetime], Acted]
_UNKNOWN = Acted(None, "There is no alert with this number.")


def visible(
    tx: Tx, number: int, *, viewer: Viewer, directory: Directory
) -> Alert | None:
    """The alert, None also where it is of a service that the viewer may not know."""
    alert = stored_alerts.get_many(tx, [number]).get(number)
    if alert is None or alert.service in directory.hidden_from(viewer.grant):
        return None
    return alert


def refusal(viewer: Viewer, alert: Alert, directory: Directory) -> str:
    """Why the viewer may not act on an alert, "" when they may."""
    team = directory.team_of(alert.service)
    if viewer.may(RESPONDER, team):
        return ""
    whose = f" in the team {team}" if team else ""
    return f"You may look, but not act; this needs the role responder{whose}."


def respond(
    tx: Tx,
    number: int,
    act: Act,
    *,
    action: str,
    viewer: Viewer,
    auditor: Auditor,
    directory: Directory,
    now: datetime,
) -> Acted:
    """One act of a viewer on one alert."""
    alert = visible(tx, number, viewer=viewer, directory=directory)
    if alert is None:
        return _UNKNOWN
    forbidden = refusal(viewer, alert, directory)
    if forbidden:
        return Acted(alert, forbidden, forbidden=True)
    return recorded(
        tx, number, act, action=action, actor=viewer.actor,
        auditor=auditor, directory=directory, now=now,
    )  # fmt: skip


def recorded(
    tx: Tx,
    number: int,
    act: Act,
    *,
    action: str,
    actor: Actor,
    auditor: Auditor,
    directory: Directory,
    now: datetime,
) -> Acted:
    """One act on one alert, with its entry in the audit log when it was done."""
    before = stored_alerts.get_many(tx, [number]).get(number)
    acted = act(tx, directory, now)
    if acted.done and before is not None and acted.alert is not None:
        auditor.write(
            tx,
            actor,
            action,
            "alert",
            str(number),
            before=_state(before, now),
            after=_state(acted.alert, now),
            team=directory.team_of(before.service),
            now=now,
        )
    return acted


def _state(alert: Alert, now: datetime) -> dict[str, str]:
    return {"state": shown_state(alert, now=now), "held_by": alert.acked_by}
