"""Links that are good once: to sign in, to accept an invitation, to verify an address,
to set a new password (`engine/signing_in/passwords.py` uses those up).

GET with a link only shows; only a POST uses it up, since mail scanners open links.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.people.people import Person
from tocsin.core.people.permissions import ADMIN, LEAD, ROLES
from tocsin.core.throttling import Path
from tocsin.engine.signing_in.sessions import Sessions
from tocsin.engine.signing_in.sign_in import MAILED_LINK_GOOD_FOR, Viewer, digest
from tocsin.engine.signing_in.visits import Entry, Porter, Visit, known_as
from tocsin.engine.throttling import Throttle
from tocsin.store import links as stored
from tocsin.store import sessions as stored_sessions
from tocsin.store.database import Tx
from tocsin.store.links import Link

SIGN_IN, RESET, INVITE, VERIFY = "sign-in", "reset", "invite", "verify"
INVITATION_GOOD_FOR = timedelta(days=7)
RESET_GOOD_FOR = timedelta(hours=1)
_VERIFY_GOOD_FOR = timedelta(days=1)
_PLACES = {
    SIGN_IN: "/sign-in",
    RESET: "/login/reset",
    INVITE: "/login/invitation",
    VERIFY: "/login/verify",
}


class Invited(Struct, frozen=True):
    """What became of an invitation: its address to hand on, or why there is none."""

    link: str = ""
    mailed_to: str = ""
    refused: str = ""


class Links:
    """Makes, mails and uses links."""

    def __init__(
        self, porter: Porter, sessions: Sessions, throttle: Throttle, *, are_on: bool
    ) -> None:
        self._porter = porter
        self._sessions = sessions
        self._throttle = throttle
        # Whether a link to sign in may be asked for by mail.
        self.are_on = are_on

    @property
    def can_mail(self) -> bool:
        """Whether there is a mail server."""
        return self._porter.mail is not None

    def ask(self, account: str, purpose: str, visit: Visit) -> Entry:
        """Mail a link to whom `account` means, if it is anybody; the answer is one."""
        person = known_as(self._porter.directory(), account)
        tried = {"account": account, "address": visit.address}
        wait = self._throttle.take(Path.LINK_REQUEST, **tried)
        if wait:
            return Entry(wait=wait)

        def work() -> None:
            if person is None:
                name, why = "", "nobody is known by that name"
                self._porter.record_alone(visit, "refuse", "link", name, why=why)
            elif purpose == RESET:
                self._mail_reset(person, visit)
            else:
                self._mail_sign_in(person, visit)

        self._porter.afterwards(work)
        return Entry()

    def verify(self, person: Person, visit: Visit) -> Entry:
        """Mail a person a link that proves their address."""
        tried = {"account": person.name, "address": visit.address}
        wait = self._throttle.take(Path.LINK_REQUEST, **tried)
        if wait:
            return Entry(wait=wait)
        link = self._make(person, VERIFY, visit, good_for=_VERIFY_GOOD_FOR)
        text = f"Confirm that this is your address at Tocsin:\n\n{link}\n\nGood for a day, once.\n"
        self._porter.send(person, "Confirm your mail address", text)
        return Entry()

    def invite(self, name: str, viewer: Viewer, visit: Visit) -> Invited:
        """A link by which somebody who was never here gets in, for who may invite.

        It is shown to who invites, so it must not give them more than they have: a
        lead invites whoever may do no more than themselves, in a team of theirs.
        """
        directory = self._porter.directory()
        person = directory.people.get(name)
        if person is None:
            return Invited(refused=f"There is nobody with the handle {name!r}.")
        refused = (
            self._may_not_invite(name, viewer)
            if person.active
            else f"{name} is not active; activate them first."
        )
        if refused:
            return Invited(refused=refused)
        link = self._make(
            person, INVITE, visit, good_for=INVITATION_GOOD_FOR, by=viewer.person
        )
        text = (
            f"{viewer.full_name or viewer.person} invites you to Tocsin, which pages "
            f"people on call:\n\n{link}\n\nThe link is good for seven days, once. After "
            "it, choose a passkey or a password.\n"
        )
        can_mail = self.can_mail and "@" in person.email
        self._porter.send(person, "You are invited to Tocsin", text)
        return Invited(link, person.email if can_mail else "")

    def look(self, token: str) -> Link | None:
        """What a link is for, while it can be used."""
        now = self._porter.clock.now()
        return self._porter.database.read(
            lambda tx: stored.look(tx, digest(token), now=now)
        )

    def enter(self, token: str, purpose: str, visit: Visit) -> Entry:
        """Use a link up and sign in; an empty entry when it is no good (any more)."""
        wait = self._throttle.take(Path.LINK, address=visit.address)
        if wait:
            return Entry(wait=wait)
        now, secret = self._porter.clock.now(), self._porter.new_token()
        people = self._porter.directory().people

        def work(tx: Tx) -> Entry:
            link = stored.use(tx, digest(token), purpose, now=now)
            if link is None or link.person not in people:
                return Entry()
            _prove(tx, link, now=now)
            how = "invitation" if purpose == INVITE else "link"
            return self._sessions.enter(
                tx, secret, link.person, how=how, visit=visit, now=now
            )

        entry = self._porter.database.write(work)
        if entry.session:
            self._throttle.succeeded(Path.LINK, address=visit.address)
        else:
            self._refuse(visit)
        return entry

    def prove(self, token: str, visit: Visit) -> str:
        """Use a link up that verifies an address; whose, "" when it is no good."""
        if self._throttle.take(Path.LINK, address=visit.address):
            return ""
        now = self._porter.clock.now()

        def work(tx: Tx) -> str:
            link = stored.use(tx, digest(token), VERIFY, now=now)
            if link is None:
                return ""
            _prove(tx, link, now=now)
            self._porter.record(
                tx, visit, "verify", "email", link.person, person=link.person, now=now
            )
            return link.person

        proved = self._porter.database.write(work)
        if not proved:
            self._refuse(visit)
        return proved

    def _refuse(self, visit: Visit) -> None:
        self._throttle.failed(Path.LINK, address=visit.address)
        why = "used, too old or made up"
        self._porter.record_alone(visit, "refuse", "link", "", why=why)

    def _may_not_invite(self, name: str, viewer: Viewer) -> str:
        if viewer.may(ADMIN):
            return ""
        directory = self._porter.directory()
        theirs = directory.grant(name)
        seen = self._porter.database.read(
            lambda tx: stored_sessions.has_been_seen(tx, name)
        )
        if seen:
            return f"{name} has been here already; an admin can make another link."
        teams = [team for team in theirs.team_roles if viewer.may(LEAD, team)]
        if not teams:
            return f"{name} is in no team that you lead."
        stronger = _rank(theirs.role) > _rank(viewer.grant.role_in("")) or any(
            _rank(role) > _rank(viewer.grant.role_in(team))
            for team, role in theirs.team_roles.items()
        )
        if stronger:
            return f"{name} may do more than you; an admin has to invite them."
        return ""

    def _mail_sign_in(self, person: Person, visit: Visit) -> None:
        link = self._make(person, SIGN_IN, visit, good_for=MAILED_LINK_GOOD_FOR)
        text = f"Sign in to Tocsin:\n\n{link}\n\nGood for 20 minutes, once.\n"
        self._porter.send(person, "Sign in to Tocsin", text)

    def _mail_reset(self, person: Person, visit: Visit) -> None:
        link = self._make(person, RESET, visit, good_for=RESET_GOOD_FOR)
        text = (
            f"Choose a new password for Tocsin:\n\n{link}\n\nGood for an hour, once. If "
            "you did not ask for it, nothing has changed and nothing needs doing.\n"
        )
        self._porter.send(person, "Choose a new password", text)

    def _make(
        self,
        person: Person,
        purpose: str,
        visit: Visit,
        *,
        good_for: timedelta,
        by: str = "",
    ) -> str:
        """The address of a new link, which its mail will prove."""
        token, now = self._porter.new_token(), self._porter.clock.now()
        # Whoever invites sees the link too, so that it proves nothing.
        data = {"email": person.email} if purpose != INVITE and person.email else {}

        def work(tx: Tx) -> None:
            stored.add(
                tx,
                digest(token),
                person.name,
                purpose=purpose,
                data=data,
                expires_at=now + good_for,
            )
            self._porter.record(
                tx, visit, "make", f"{purpose} link", person.name, person=by, now=now
            )

        self._porter.database.write(work)
        return f"{self._porter.public_url}{_PLACES[purpose]}/{token}"


def _prove(tx: Tx, link: Link, *, now: datetime) -> None:
    """Whoever had a link from a mail reads that mail."""
    email = str(link.data.get("email", ""))
    if email:
        stored.verify_email(tx, link.person, email, now=now)


def _rank(role: str) -> int:
    return ROLES.index(role)
