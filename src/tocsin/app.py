"""The only place where real things are named and wired together."""

# long because: everything real meets here.

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import structlog

from tocsin import __version__, solving, system
from tocsin.api.front import Asgi
from tocsin.api.health import Health
from tocsin.api.inbound import InboundApp
from tocsin.api.knocking import Knocker
from tocsin.api.wire import Scope
from tocsin.at_rest import open_database, secret_key, tidying
from tocsin.config import Settings
from tocsin.core.pages.outbox import LANES
from tocsin.core.status.social import NETWORKS
from tocsin.engine import examination
from tocsin.engine.alerts import Intake
from tocsin.engine.audit import Auditor
from tocsin.engine.calendar_imports import CalendarImports
from tocsin.engine.chat.following import ChatFollower
from tocsin.engine.chat.hearing import Hearing
from tocsin.engine.chat.listening import Listener
from tocsin.engine.clockwork import Clockwork
from tocsin.engine.connections import Connections
from tocsin.engine.credentials import Credentials
from tocsin.engine.directories import Directories
from tocsin.engine.door import Door, Settled
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.heartbeats import Heartbeats
from tocsin.engine.incidents.desk import IncidentDesk
from tocsin.engine.incidents.transaction import Follower
from tocsin.engine.loop import Delivery, Engine
from tocsin.engine.oncall.shift_watch import ShiftWatch
from tocsin.engine.outbox import Outbox, Posting
from tocsin.engine.paging import Links
from tocsin.engine.people.contacts import Contacts
from tocsin.engine.preflight import Preflight, Seen
from tocsin.engine.preflight_paging import dead_man_heard
from tocsin.engine.pressing import Pressing
from tocsin.engine.reception import Reception
from tocsin.engine.repeating import Repeating
from tocsin.engine.reviews.desk import ReviewDesk
from tocsin.engine.reviews.drafting import Drafting
from tocsin.engine.signing_in.sign_in import SignIn
from tocsin.engine.signing_in.visits import Porter
from tocsin.engine.social.posting import SocialFollower
from tocsin.engine.status import following as status_following
from tocsin.engine.status.bounces import Returns
from tocsin.engine.telephone import Telephone
from tocsin.engine.upkeep import Upkeep
from tocsin.engine.watch import Watch
from tocsin.integrations import (
    catalogue,
    heartbeat,
    ical_feed,
    pagerduty_events,
    samples,
    smtp,
)
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import Pager
from tocsin.store import alerts as stored_alerts
from tocsin.wiring.channels import pagers
from tocsin.wiring.chats import chat_doors, chat_rooms, chat_sources
from tocsin.wiring.dialects import DIALECTS
from tocsin.wiring.inspection import preflight_of
from tocsin.wiring.messengers import here, push_public_key
from tocsin.wiring.outgoing import Outgoing
from tocsin.wiring.roads import calendar_egress, own_egress
from tocsin.wiring.sign_in import credentials_of
from tocsin.wiring.telephony import phone_doors

log = structlog.get_logger()


class Installation:
    """One running process: the database, the engine, and what the edge asks of them."""

    def __init__(
        self,
        settings: Settings,
        *,
        role: str = "all",
        clock: system.SteadyClock | None = None,
    ) -> None:
        self.settings = settings
        self.role = role
        self.clock = clock or system.SteadyClock()
        self.started_at = self.clock.now()
        self.secret = secret_key(settings)
        self.audit = Auditor(self.secret)
        self.public_url = here(settings)
        self.database = open_database(settings, exclusive=role == "all")
        self.directories = Directories()
        self.intake = Intake(self.database, returned=Returns(self.secret))
        self._settle: Callable[[list[Settled]], None] = lambda results: None
        self.door = Door(
            self.database,
            self.intake,
            self.directories,
            self.clock,
            settled=lambda results: self._settle(results),
        )
        # Write what goes out of an incident, in the transaction of what happened.
        self.followers: list[Follower] = self._follow()
        self._egress = own_egress()
        self._workers = ThreadPoolExecutor(settings.workers, "tocsin-pager")
        self.engine = self._engine()
        self.intake.due = lambda at: self.engine.wake_by(at)
        self.clockwork = Clockwork(self.engine)
        self.outbox = self._outbox()
        self.outbox_clockwork = Clockwork(self.outbox, name="tocsin-outbox-loop")
        self.credentials = self._credentials()
        self.connections = self._connections()
        self.demo: object | None = None
        self.imports = self._imports()
        self.upkeep, self.readings = self._upkeep(), self._readings()

    def _readings(self) -> Repeating:
        # Apart from the upkeep: a slow calendar must not hold up the tidying.
        return Repeating("tocsin-calendars", self.imports.refresh, every_seconds=60)

    def _imports(self) -> CalendarImports:
        reader = ical_feed.IcalReader(calendar_egress(self.settings))
        return CalendarImports(
            self.database, self.directories, self.clock, self.audit,
            reader, new_key=system.new_key, wake=self.wake,
        )  # fmt: skip

    def _follow(self) -> list[Follower]:
        self._rooms = chat_rooms(self.settings)
        self._listeners: list[Listener] = []
        chats = ChatFollower(
            {name: room.has_rooms for name, room in self._rooms.items()},
            self.public_url,
            self.secret,
            self.settings.bridge_url,
        )
        posts = SocialFollower(self.settings.social_link)
        return [chats, posts, Drafting(self.public_url), status_following.follow]

    def _listen(self) -> None:
        """Chats are heard by whoever sends: each once, whichever engine hears it."""
        desk = self.front_desk()
        for source, prefix in chat_sources(self.settings):
            listener = Listener(source, Hearing(desk), desk, prefix=prefix)
            self._listeners.append(listener)
            listener.start()

    def _upkeep(self) -> Upkeep:
        return Upkeep(
            self.database,
            self.clock,
            tidy_files=tidying(self.settings, self.database),
            forget=self.credentials.sessions.forget,
            look_ahead=ShiftWatch(
                self.database,
                self.directories,
                self.clock,
                channels=lambda: self.engine.pagers,
                public_url=self.public_url,
            ).look,
        )

    def _connections(self) -> Connections:
        return Connections(
            dialects=DIALECTS,
            senders=catalogue.SENDERS,
            channels=catalogue.CHANNELS,
            ready=frozenset(self.engine.pagers),
            sample=samples.sample,
            public_url=self.public_url,
            mail=self.send_mail,
        )

    def _engine(self) -> Engine:
        watch = Watch(
            self.database,
            self.intake,
            dead_man=self._dead_man
            if self.settings.dead_man_url.get_secret_value()
            else None,
            canary=self.settings.canary,
        )
        return Engine(
            self.database,
            directories=self.directories,
            intake=self.intake,
            pagers=self._pagers(),
            clock=self.clock,
            dice=system.dice(),
            links=Links(self.public_url, self.secret),
            incarnation=system.new_incarnation(),
            version=__version__,
            dispatch=self._dispatch,
            capacity=4 * self.settings.workers,
            watch=watch,
            followers=self.followers,
        )

    def _pagers(self) -> dict[str, Pager]:
        return pagers(self.settings, now=self.clock.now, monotonic=self.clock.monotonic)

    def _outbox(self) -> Outbox:
        """Its loop, its workers and its ways out are its own: no page waits for it."""
        self._posting = ThreadPoolExecutor(
            sum(lane.at_once for lane in LANES.values()), "tocsin-outbox"
        )
        outgoing = Outgoing(
            settings=self.settings,
            secret=self.secret,
            clock=self.clock,
            directory=self.directories.current,
            rooms=self._rooms,
            channels=lambda: self.engine.pagers,
            mail=self.send_mail,
        )
        return Outbox(
            self.database,
            posters=outgoing.posters(),
            clerks=outgoing.clerks(),
            clock=self.clock,
            dice=system.dice(),
            incarnation=self.engine.incarnation,
            dispatch=lambda posting: self._hand_out(posting),
            per_minute={"mail": self.settings.mail_per_minute},
        )

    def _hand_out(self, posting: Posting) -> None:
        self._posting.submit(posting)

    def inbound(self, settle: Callable[[list[Settled]], None]) -> InboundApp:
        """The application that answers senders; `settle` tells who waits."""
        self._settle = settle
        reception = Reception(
            self.database,
            self.directories,
            self.clock,
            public_url=self.public_url,
            new_id=system.new_uuid,
            wake=self.wake,
            started_at=self.started_at,
        )
        heartbeats = Heartbeats(
            self.database,
            self.directories,
            self.intake,
            self.clock,
            dialect=heartbeat.INTEGRATION,
            due_at=lambda now, one: heartbeat.overdue_at(now, one.settings),
            wake=self.wake,
        )
        inbound = InboundApp(
            dialects=DIALECTS,
            routing_key_of=pagerduty_events.routing_key,
            door=self.door,
            reception=reception,
            heartbeats=heartbeats,
        )
        self.connections.knock = Knocker(inbound, asyncio.get_running_loop())
        return inbound

    def front_desk(self) -> FrontDesk:
        """What the API and the web need of the engine."""
        incidents = self._incidents()
        return FrontDesk(
            database=self.database,
            directories=self.directories,
            intake=self.intake,
            sign_in=SignIn(
                self.database, self.directories, self.clock, new_token=system.new_token
            ),
            credentials=self.credentials,
            connections=self.connections,
            contacts=self._contacts(),
            audit=self.audit,
            clock=self.clock,
            secret=self.secret,
            public_url=self.public_url,
            new_key=system.new_key,
            new_id=system.new_uuid,
            wake=self.wake,
            problems=self.problems,
            preflight=self._preflight(),
            incidents=incidents,
            reviews=ReviewDesk(incidents, Drafting(self.public_url)),
            started_at=self.started_at,
            solve=solving.solve,
            imports=self.imports,
            push_key=push_public_key(self.settings),
            social_link=self.settings.social_link,
            social_networks=tuple(n for n in NETWORKS if n in self.outbox.posters),
        )

    def _incidents(self) -> IncidentDesk:
        return IncidentDesk(
            self.database,
            self.directories,
            self.intake,
            self.audit,
            self.clock,
            wake=self.wake,
            followers=self.followers,
        )

    def _contacts(self) -> Contacts:
        return Contacts(
            self.database,
            self.clock,
            self.audit,
            pagers=lambda: self.engine.pagers,
            secret=self.secret,
            public_url=self.public_url,
            new_code=system.new_code,
            new_key=system.new_key,
        )

    def _credentials(self) -> Credentials:
        self._post = ThreadPoolExecutor(2, "tocsin-post")
        porter = Porter(
            database=self.database,
            directories=self.directories,
            clock=self.clock,
            audit=self.audit,
            new_token=system.new_token,
            public_url=self.public_url,
            mail=self.mail_link if self.settings.smtp_url else None,
            later=self._post.submit,
        )
        return credentials_of(self.settings, porter)

    def edge(self, stopping: "asyncio.Event") -> tuple[Asgi, dict[str, Asgi]]:
        """The pages, and the applications of the other prefixes."""
        from tocsin.api import chat_doors as doors
        from tocsin.api import phone_doors as phones
        from tocsin.api import v1
        from tocsin.api.scim import scim
        from tocsin.web import site

        desk = self.front_desk()
        health = Health(problems=self.problems, figures=self.figures)
        pages = site.build(desk, stopping=stopping, demo=self.demo)
        paths = dict.fromkeys(("/healthz", "/readyz", "/metrics"), health)
        return pages, {
            v1.PREFIX: v1.build(desk),
            scim.PREFIX: scim.build(desk),
            phones.PREFIX: phones.PhoneDoors(
                phone_doors(self.settings),
                Telephone(desk),
                public_url=self.public_url,
            ),
            doors.PREFIX: doors.ChatDoors(
                chat_doors(self.settings), Hearing(desk), Pressing(desk), self.clock
            ),
            **paths,
        }

    def hosted(self) -> Callable[[Scope], Scope | None]:
        """What finds the status page of a host name."""
        from tocsin.web.status.hosts import OwnHosts

        own = urlsplit(self.public_url).hostname or ""
        return OwnHosts(self.directories.seen, app=own)

    def mail_link(self, to: str, subject: str, text: str) -> None:
        """Send a mail of the doors. Raises DeliveryFailed, DeliveryUnknown, LookupError."""
        self.send_mail(to, subject, text)

    def send_mail(self, to: str, subject: str, text: str, *, key: str = "") -> str:
        """What the mail server said. Raises as `mail_link` does."""
        pager = self.engine.pagers.get("email")
        if pager is None:
            message = "no mail server is set up (TOCSIN_SMTP_URL)"
            raise LookupError(message)
        assert isinstance(pager, smtp.SmtpPager)
        sent_at = self.clock.now()
        return pager.send_text(
            to=to, subject=subject, text=text, sent_at=sent_at, key=key
        ).answer

    def problems(self) -> list[str]:
        """What keeps this process from doing its work, in sentences."""
        return examination.of_running(
            self.database,
            stepped_at=self.engine.stepped_at,
            started_at=self.started_at,
            pages_here=self.role != "web",
            health=self.engine.watch.health if self.engine.watch else None,
            now=self.clock.now(),
        )

    def _preflight(self) -> Preflight:
        return preflight_of(
            self.settings, self.database, self.directories, seen=self._seen
        )

    def _seen(self) -> Seen:
        health = self.engine.watch.health if self.engine.watch else None
        return Seen(
            stepped_at=self.engine.stepped_at,
            posted_at=self.outbox.stepped_at,
            started_at=self.started_at,
            pages_here=self.role != "web",
            clock_steps=self.clock.steps,
            problems=health.problems if health is not None else (),
        )

    def figures(self) -> dict[str, tuple[str, float]]:
        """For /metrics."""
        return examination.figures(
            self.database, clock_steps=self.clock.steps, now=self.clock.now()
        )

    def start(self) -> None:
        """Begin to page."""
        if self.database.exclusive:
            self.database.write(
                lambda tx: stored_alerts.remember_all(tx, self.database)
            )
        if self.role != "web":
            self.clockwork.start()
            self.outbox_clockwork.start()
            self._listen()
            self.upkeep.start()
            self.readings.start()

    def stop(self) -> None:
        """Finish what is being done; what is due stays due in the database."""
        for listener in self._listeners:
            listener.stop()
        if self.role != "web":
            self.clockwork.stop()
            self.outbox_clockwork.stop()
            self.upkeep.stop()
            self.readings.stop()
        self._post.shutdown(wait=True, cancel_futures=True)
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._posting.shutdown(wait=True, cancel_futures=True)
        self.database.close()

    def wake(self) -> None:
        """Something is due now."""
        self.engine.wake()
        self.outbox.wake()

    def _dispatch(self, delivery: Delivery) -> None:
        self._workers.submit(delivery)

    def _dead_man(self) -> None:
        url = self.settings.dead_man_url.get_secret_value()

        def ping() -> None:
            try:
                self._egress.request("GET", url, headers={}, timeout_seconds=10)
            except (DeliveryFailed, DeliveryUnknown) as error:
                # Its silence is what the other side acts upon.
                log.warning("dead_man_not_reached", reason=error.reason)
            else:
                dead_man_heard(self.database, now=self.clock.now())

        self._workers.submit(ping)
