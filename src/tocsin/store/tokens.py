"""API tokens: whose, for what and until when. Only digests of secrets are stored."""

from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_STALE_AFTER = timedelta(minutes=1)
_COLUMNS = (
    "substr(digest, 1, 12), person, label, scopes, team, made_at, expires_at, "
    "last_used_at, last_address, made_by"
)
_IS_GOOD = "(expires_at is null or expires_at > :now)"


class Token(Struct, frozen=True):
    """One token; `id` is the beginning of its digest."""

    id: str
    person: str
    label: str
    scopes: str  # words of core/people/permissions.Scope, separated by spaces
    made_at: datetime
    team: str = ""
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_address: str = ""
    made_by: str = ""

    def is_stale(self, *, now: datetime) -> bool:
        """Whether its last use has to be written again."""
        return self.last_used_at is None or now - self.last_used_at > _STALE_AFTER


def add_token(tx: Tx, digest: str, token: Token) -> None:
    """A new token."""
    tx.run(
        "insert into api_tokens (digest, id, person, label, scopes, team, made_at, "
        "expires_at, made_by) values (:digest, :id, :person, :label, :scopes, :team, "
        ":made_at, :expires_at, :made_by)",
        digest=digest,
        id=token.id,
        person=token.person,
        label=token.label,
        scopes=token.scopes,
        team=token.team,
        made_at=to_micros(token.made_at),
        expires_at=to_micros_or_none(token.expires_at),
        made_by=token.made_by,
    )


def token(tx: Tx, digest: str, *, now: datetime) -> Token | None:
    """The token of a secret, None when there is none or it has expired."""
    row = tx.one(
        f"select {_COLUMNS} from api_tokens where digest = :digest and {_IS_GOOD}",
        digest=digest,
        now=to_micros(now),
    )
    return _token(row) if row else None


def by_id(tx: Tx, token_id: str) -> Token | None:
    """A token by the beginning of its digest."""
    row = tx.one(
        f"select {_COLUMNS} from api_tokens where substr(digest, 1, 12) = :id",
        id=token_id,
    )
    return _token(row) if row else None


def touch_token(tx: Tx, digest: str, *, now: datetime, address: str) -> None:
    """It was used now."""
    tx.run(
        "update api_tokens set last_used_at = :now, last_address = :address "
        "where digest = :digest",
        digest=digest,
        now=to_micros(now),
        address=address,
    )


def end_token(tx: Tx, token_id: str) -> bool:
    """Nobody can use it any more."""
    return bool(
        tx.run("delete from api_tokens where substr(digest, 1, 12) = :id", id=token_id)
    )


def end_tokens_of(tx: Tx, person: str) -> int:
    """Every token of a person ends."""
    return tx.run("delete from api_tokens where person = :person", person=person)


def listing(tx: Tx, *, person: str | None = None) -> list[Token]:
    """Tokens (of a person), newest first; expired ones too."""
    where = "where person = :person " if person is not None else ""
    rows = tx.all(
        f"select {_COLUMNS} from api_tokens {where}order by made_at desc, digest",
        **({"person": person} if person is not None else {}),
    )
    return [_token(row) for row in rows]


def _token(row: Row) -> Token:
    number, person, label, scopes, team, made, expires, used, address, by = row
    return Token(
        id=number,
        person=person,
        label=label,
        scopes=scopes,
        made_at=from_micros(made),
        team=team,
        expires_at=from_micros_or_none(expires),
        last_used_at=from_micros_or_none(used),
        last_address=address,
        made_by=by,
    )
