"""Saying thanks: kept, and sent to whom it is for."""

from datetime import timedelta

from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.nudging import nudge
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import outbox
from tocsin.store import thanks as stored
from tocsin.store.database import Tx
from tocsin.store.thanks import Thanks

LONGEST = 500
_MOST_A_DAY = 30
_DAY = timedelta(days=1)


def newest(desk: FrontDesk, *, to: str = "", limit: int = 50) -> list[Thanks]:
    """What was said lately (to somebody)."""
    return desk.database.read(lambda tx: stored.newest(tx, to=to, limit=limit))


def say(desk: FrontDesk, viewer: Viewer, to: str, text: str) -> tuple[str, str]:
    """Say it; otherwise at which field what is wrong, ("", "") when it was said."""
    now, new_id = desk.clock.now(), desk.new_id()
    if not text:
        return "text", "Say in a few words what for."

    def work(tx: Tx) -> tuple[str, str]:
        directory = desk.directories.current(tx)
        if directory.person(to) is None or to not in directory.people:
            return "to", "Choose somebody who is here."
        if to == viewer.person:
            return "to", "Choose somebody else: these are thanks to another."
        if stored.count_since(tx, viewer.person, since=now - _DAY) >= _MOST_A_DAY:
            return "text", f"At most {_MOST_A_DAY} a day; keep some for tomorrow."
        stored.insert(tx, Thanks(new_id, to, viewer.person, text, now))
        known = directory.people.get(viewer.person)
        name = (known.full_name if known else "") or viewer.person
        word = nudge(
            to,
            key=f"thanks:{new_id}",
            subject=f"{name} says thanks",
            text=text,
            url=f"{desk.public_url}/thanks",
        )
        outbox.put(tx, [word], now=now)
        return "", ""

    answer = desk.database.write(work)
    desk.wake()
    return answer
