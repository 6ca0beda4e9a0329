"""What the configuration would be after a change that is not made. Writes nothing."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.forms import Problem
from tocsin.engine.editing import Change, documents_after, new_problems, read
from tocsin.engine.settling import settle
from tocsin.store import directory as stored
from tocsin.store.database import Tx


class Preview(Struct, frozen=True):
    """`after` is what would count, even where problems stop the change."""

    before: Directory
    after: Directory
    problems: tuple[Problem, ...]


def preview(
    tx: Tx, change: Change, *, new_key: Callable[[], str], now: datetime
) -> Preview:
    """What `change` would lead to, and what is wrong with it."""
    before = stored.documents(tx)
    problems: list[Problem] = []
    document = read(change, tx.sealer, problems)
    after = documents_after(before, change, document)
    settle(before, after, change.noun, change.name, problems, now=now, new_key=new_key)
    version, ids = stored.version(tx), stored.ids(tx)
    if not problems:
        problems += new_problems(tx, before, after)
    # What could not be read has a hole that nothing can be built from.
    usable = before if problems else after
    return Preview(
        build(before, version=version, ids=ids)[0],
        build(usable, version=version, ids=ids)[0],
        tuple(problems),
    )
