"""The small numbers that text messages carry, each phone's own: `1a` answers message 1."""

from datetime import datetime

from tocsin.core.pages.replies import next_code
from tocsin.store.database import Tx
from tocsin.store.instants import to_micros
from tocsin.store.sealing import seal_address

_CHANNEL = "sms"


def give(tx: Tx, *, address: str, page: int, person: str, now: datetime) -> int:
    """The number of the message of `page`; the same one when it goes out again."""
    sealed = seal_address(tx, _CHANNEL, address)
    row = tx.one(
        "select code from reply_codes where address = :address and page = :page",
        address=sealed,
        page=page,
    )
    if row is not None:
        return int(row[0])
    row = tx.one(
        "select code from reply_codes where address = :address "
        "order by made_at desc, page desc limit 1",
        address=sealed,
    )
    code = next_code(int(row[0]) if row is not None else 0)
    tx.run(
        "insert into reply_codes (address, code, page, person, made_at) "
        "values (:address, :code, :page, :person, :now) "
        "on conflict (address, code) do update set page = excluded.page, "
        "person = excluded.person, made_at = excluded.made_at",
        address=sealed,
        code=code,
        page=page,
        person=person,
        now=to_micros(now),
    )
    return code


def page_of(tx: Tx, *, address: str, code: int, since: datetime) -> int | None:
    """The page that `code` names on this phone; 0 names the newest since `since`."""
    which = "code = :code and " if code else ""
    row = tx.one(
        f"select page from reply_codes where {which}address = :address "
        "and made_at >= :since order by made_at desc, page desc limit 1",
        address=seal_address(tx, _CHANNEL, address),
        since=to_micros(since),
        **({"code": code} if code else {}),
    )
    return int(row[0]) if row is not None else None
