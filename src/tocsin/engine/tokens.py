"""API tokens: who may make and end which. The secret itself is made in sign_in.py."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.people.permissions import ADMIN, ROLE_FOR, Scope
from tocsin.engine.audit import Auditor
from tocsin.engine.signing_in.sign_in import SignIn, Viewer
from tocsin.store import tokens as stored
from tocsin.store.database import Tx
from tocsin.store.tokens import Token

KEEPS_NONE = "A token makes and ends no tokens unless its scope is admin."
LONGEST = timedelta(days=731)


class Made(Struct, frozen=True):
    """A token with its secret, or why there is none."""

    held: Token | None = None
    secret: str = ""
    refused: str = ""
    # Refused because of who asks, not because of what is asked.
    forbidden: bool = False


def make(
    sign_in: SignIn,
    directory: Directory,
    viewer: Viewer,
    auditor: Auditor,
    *,
    person: str,
    label: str,
    scopes: frozenset[Scope],
    team: str = "",
    good_for: timedelta | None = None,
) -> Made:
    """A token for `person`. It can do nothing that its maker may not do."""
    refused = _refusal(directory, viewer, person, label, scopes, team, good_for)
    if refused is not None:
        return refused
    secret, held = sign_in.make_token(
        person,
        label=label,
        scopes=scopes,
        team=team,
        good_for=good_for,
        made_by=viewer.person,
        recorder=lambda tx, one, now: auditor.write(
            tx, viewer.actor, "create", "token", one.id, after=told(one), now=now
        ),
    )
    return Made(held, secret)


def end(sign_in: SignIn, viewer: Viewer, auditor: Auditor, token_id: str) -> bool:
    """End one's own token, or as an admin anybody's; False when there is none."""
    now = sign_in.clock.now()

    def work(tx: Tx) -> bool:
        held = stored.by_id(tx, token_id)
        if held is None or not (viewer.may(ADMIN) or held.person == viewer.person):
            return False
        stored.end_token(tx, token_id)
        auditor.write(
            tx, viewer.actor, "delete", "token", held.id, before=told(held), now=now
        )
        return True

    return sign_in.database.write(work)


def may_keep(viewer: Viewer) -> bool:
    """Whether the caller may make and end tokens: a leaked weak one must not."""
    return viewer.grant.scopes is None or Scope.ADMIN in viewer.grant.scopes


def listing(tx: Tx, *, person: str | None = None) -> Sequence[Token]:
    """Tokens, newest first, of a person or of everybody."""
    return stored.listing(tx, person=person)


def _refusal(
    directory: Directory,
    viewer: Viewer,
    person: str,
    label: str,
    scopes: frozenset[Scope],
    team: str,
    good_for: timedelta | None,
) -> Made | None:
    if person != viewer.person and not viewer.may(ADMIN):
        return Made(refused="Only an admin makes tokens for others.", forbidden=True)
    if not may_keep(viewer):
        return Made(refused=KEEPS_NONE, forbidden=True)
    if person not in directory.people:
        return Made(refused=f"person: {person!r} is nobody who is configured")
    if not label.strip():
        return Made(
            refused="label: expected what the token is for, such as: deploy bot"
        )
    if not scopes:
        words = ", ".join(one.value for one in Scope)
        return Made(refused=f"scopes: expected at least one of {words}")
    if team and team not in directory.teams:
        known = ", ".join(directory.teams) or "none"
        return Made(refused=f"team: expected a known one ({known})")
    if good_for is not None and not timedelta(0) < good_for <= LONGEST:
        return Made(refused=f"days: expected 1 to {LONGEST.days}, or none for ever")
    return None if _is_within(viewer, scopes) else _too_much(viewer)


def _is_within(viewer: Viewer, scopes: frozenset[Scope]) -> bool:
    """Whether the maker holds, somewhere, what each scope lets one do."""
    return all(viewer.may_somewhere(ROLE_FOR[scope]) for scope in scopes)


def _too_much(viewer: Viewer) -> Made:
    said = f"A token can do no more than you; your role is {viewer.role}."
    return Made(refused=said, forbidden=True)


def told(held: Token) -> dict[str, object]:
    """A token as the audit log has it."""
    return {
        "person": held.person,
        "label": held.label,
        "scopes": held.scopes,
        "team": held.team,
        "expires_at": held.expires_at.isoformat() if held.expires_at else None,
    }
