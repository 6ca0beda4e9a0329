"""Signing in elsewhere: there and back again, who it is here, what their groups give.

State, nonce and PKCE's verifier are kept here, bound to one browser, and used once. An
identity is (issuer, subject); a mail address links it once, if the provider vouches.
"""

# long because: one visit to a provider, from the redirect to the session.

import hmac
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.people import groups as rules
from tocsin.core.people.groups import Meaning, Plain
from tocsin.core.people.permissions import ADMIN
from tocsin.core.throttling import Path
from tocsin.engine.audit import Actor
from tocsin.engine.editing import record
from tocsin.engine.signing_in.sessions import RECENT, Sessions
from tocsin.engine.signing_in.sign_in import digest
from tocsin.engine.signing_in.visits import (
    Entry,
    Porter,
    Visit,
    left_with_address,
    whose_address,
)
from tocsin.engine.throttling import Throttle
from tocsin.interfaces.identities import (
    Identity,
    IdentityProvider,
    IdentityRefused,
    IdentityUnavailable,
)
from tocsin.store import directory as stored_directory
from tocsin.store import flows, identities
from tocsin.store.database import Tx

HOW = "single sign-on"
BACK = "/login/sso/callback"
VISIT_GOOD_FOR = timedelta(minutes=10)
_KIND = "sso"
_STALE = "That took too long, began in another browser, or was sent twice. Try again."
_DOWN = "{} cannot be reached at this moment. Choose another way to sign in."
_LEFT = "Your account was deactivated; an admin can activate it again."
_UNKNOWN = "{} knows you, but you have no account here. Ask an admin for one."
_UNVERIFIED = "{} does not vouch for your mail address, so nobody here can be told to be you. Ask an admin."
_TAKEN = (
    "The account with your mail address belongs to another account at {}. Ask an admin."
)
_NOT_PROVED = "{} did not ask you to prove who you are. Choose another way to confirm."
_ODD = re.compile(r"[^a-z0-9._-]+")


class SsoSettings(Struct, frozen=True):
    """What the settings say. `creates`: strangers become people with the least role."""

    name: str = "Single sign-on"
    mapping: tuple[Meaning, ...] = ()
    creates: bool = False
    trusts_email: bool = False


class Started(Struct, frozen=True):
    """Where to send the browser, and the secret that it keeps until it comes back."""

    address: str = ""
    secret: str = ""
    refused: str = ""
    wait: timedelta = timedelta(0)


class SingleSignOn:
    """One identity provider."""

    def __init__(
        self,
        porter: Porter,
        sessions: Sessions,
        throttle: Throttle,
        provider: IdentityProvider,
        settings: SsoSettings,
    ) -> None:
        self._porter = porter
        self._sessions = sessions
        self._throttle = throttle
        self._provider = provider
        self._settings = settings
        self.name = settings.name

    def begin(self, visit: Visit, *, wanted: str, confirms: str = "") -> Started:
        """Off to the provider. `confirms` names who has to prove it anew."""
        wait = self._throttle.take(Path.SSO, address=visit.address)
        if wait:
            return Started(wait=wait)
        state, secret, nonce, verifier = (self._porter.new_token() for _ in range(4))
        try:
            address = self._provider.address(
                back=self._back,
                state=state,
                nonce=nonce,
                verifier=verifier,
                again=bool(confirms),
            )
        except IdentityUnavailable as error:
            self._porter.record_alone(visit, "refuse", HOW, "", why=str(error))
            return Started(refused=_DOWN.format(self.name))
        now = self._porter.clock.now()
        data = {
            "browser": digest(secret),
            "nonce": nonce,
            "verifier": verifier,
            "wanted": wanted,
        }
        self._porter.database.write(
            lambda tx: flows.begin(
                tx,
                digest(state),
                _KIND,
                person=confirms,
                data=data,
                expires_at=now + VISIT_GOOD_FOR,
                now=now,
            )
        )
        return Started(address, secret)

    def finish(
        self,
        visit: Visit,
        *,
        state: str,
        code: str,
        issuer: str,
        error: str,
        secret: str,
    ) -> tuple[Entry, str]:
        """Back from the provider: what became of it, and where they wanted to go."""
        wait = self._throttle.take(Path.SSO, address=visit.address)
        if wait:
            return Entry(wait=wait), ""
        now = self._porter.clock.now()
        flow = self._porter.database.write(
            lambda tx: flows.finish(tx, digest(state), _KIND, now=now)
        )
        if flow is None or not _is_browser(flow[1], secret):
            return self._refused(visit, _STALE, "no such visit from this browser"), ""
        confirms, data = flow
        wanted = str(data["wanted"])
        if error or not code:
            said = f"{self.name} did not sign you in ({clean(error, longest=60)})."
            return self._refused(visit, said, f"the provider said {error}"), wanted
        try:
            identity = self._provider.identity(
                back=self._back,
                code=code,
                issuer=issuer,
                nonce=str(data["nonce"]),
                verifier=str(data["verifier"]),
            )
        except IdentityRefused as problem:
            said = f"The answer of {self.name} cannot be trusted: {problem}."
            return self._refused(visit, said, str(problem)), wanted
        except IdentityUnavailable as problem:
            return self._refused(visit, _DOWN.format(self.name), str(problem)), wanted
        return self._entered(identity, confirms, visit), wanted

    def _entered(self, identity: Identity, confirms: str, visit: Visit) -> Entry:
        now, secret = self._porter.clock.now(), self._porter.new_token()
        proved = min(identity.proved_at or now, now)
        if confirms and (identity.proved_at is None or now - proved >= RECENT):
            said = _NOT_PROVED.format(self.name)
            return self._refused(visit, said, "was not proved anew")

        def work(tx: Tx) -> Entry:
            person, refused = self._who(tx, identity, visit, now=now)
            if refused:
                return Entry(refused=refused)
            self._regroup(tx, person, identity, visit, now=now)
            return self._sessions.enter(
                tx,
                secret,
                person,
                how=HOW,
                visit=visit,
                confirmed_at=proved,
                now=now,
            )

        entry = self._porter.database.write(work)
        if entry.refused:
            return self._refused(visit, entry.refused, entry.refused)
        self._throttle.succeeded(Path.SSO, address=visit.address)
        return entry

    def _who(
        self, tx: Tx, identity: Identity, visit: Visit, *, now: datetime
    ) -> tuple[str, str]:
        """(person, why not)."""
        directory = self._porter.directories.current(tx)
        issuer, subject = identity.issuer, identity.subject
        known = identities.person_of(tx, issuer, subject)
        if known is not None and known in directory.people:
            if directory.person(known) is None:
                return "", _LEFT
            identities.used(tx, issuer, subject, now=now)
            return known, ""
        vouched = identity.is_email_verified or self._settings.trusts_email
        if "@" not in identity.email or not vouched:
            return "", _UNVERIFIED.format(self.name)
        if left_with_address(directory, identity.email):
            return "", _LEFT
        person = whose_address(directory, identity.email)
        if person is None and not self._settings.creates:
            return "", _UNKNOWN.format(self.name)
        name = (
            person.name
            if person is not None
            else self._create(tx, identity, directory, visit, now=now)
        )
        held = identities.of_person(tx, name)
        # An address that was given to somebody new does not open the old account.
        if any(one == issuer for one, _ in held):
            return "", _TAKEN.format(self.name)
        identities.link(tx, issuer, subject, name, now=now)
        after = {"issuer": issuer, "subject": subject}
        self._porter.record(
            tx, visit, "link", "identity", name, person=name, after=after, now=now
        )
        return name, ""

    def _create(
        self,
        tx: Tx,
        identity: Identity,
        directory: Directory,
        visit: Visit,
        *,
        now: datetime,
    ) -> str:
        wanted = identity.handle or identity.email
        name = _free(wanted.partition("@")[0], directory.people)
        document = {"name": name, "email": identity.email}
        full_name = clean(" ".join(identity.full_name.split()), longest=200)
        if full_name:
            document["full_name"] = full_name
        self._save(tx, name, None, document, visit, now=now)
        return name

    def _regroup(
        self, tx: Tx, name: str, identity: Identity, visit: Visit, *, now: datetime
    ) -> None:
        if not self._settings.mapping:
            return
        directory = self._porter.directories.current(tx)
        before = stored_directory.documents(tx)["people"][name]
        admins = [one for one, role in directory.roles.items() if role == ADMIN]
        after = rules.applied(
            before,
            self._settings.mapping,
            identity.groups,
            teams=directory.teams,
            keep_admin=admins == [name],
        )
        if after != before:
            self._save(tx, name, before, after, visit, now=now)

    def _save(
        self,
        tx: Tx,
        name: str,
        before: Plain | None,
        after: Plain,
        visit: Visit,
        *,
        now: datetime,
    ) -> None:
        stored_directory.save(tx, "people", name, after)
        actor = Actor(name, HOW, visit.address)
        record(
            tx, self._porter.audit, actor, "people", name, before, after, {}, now=now
        )

    def _refused(self, visit: Visit, said: str, why: str) -> Entry:
        self._throttle.failed(Path.SSO, address=visit.address)
        self._porter.record_alone(visit, "refuse", HOW, "", why=clean(why, longest=200))
        return Entry(refused=said)

    @property
    def _back(self) -> str:
        return self._porter.public_url + BACK


def _is_browser(data: dict[str, Any], secret: str) -> bool:
    """Whether the visit began in this browser: else a link could sign others in."""
    return hmac.compare_digest(str(data["browser"]), digest(secret))


def _free(wanted: str, taken: Collection[str]) -> str:
    """A handle that nobody has."""
    base = _ODD.sub("-", wanted.casefold()).strip("-._")[:60] or "person"
    if base not in taken:
        return base
    return next(name for name in (f"{base}-{n}" for n in count(2)) if name not in taken)
