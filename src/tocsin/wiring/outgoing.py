"""Where the outbox sends to, and who looks after each of its lanes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tocsin.config import Settings
from tocsin.core.directory import Directory
from tocsin.core.status.status_pages import Snapshot, StatusPage
from tocsin.engine.chat.sending import ChatClerk, ChatPoster
from tocsin.engine.nudges import NudgeClerk, NudgePoster
from tocsin.engine.outbox import Clerk
from tocsin.engine.recalls import RecallPoster
from tocsin.engine.social.posting import SocialClerk
from tocsin.engine.status.exporting import StatusClerk
from tocsin.engine.status.hooks import HookClerk
from tocsin.engine.status.mailing import MailClerk, MailingPoster
from tocsin.integrations import bucket, folder, hooks, smtp
from tocsin.interfaces.chats import ChatRoom
from tocsin.interfaces.machine import Clock
from tocsin.interfaces.pagers import Pager, Poster
from tocsin.store.database import Tx
from tocsin.wiring.messengers import here
from tocsin.wiring.roads import own_egress, strangers_egress
from tocsin.wiring.social import social_posters


@dataclass(frozen=True)
class Outgoing:
    """What sending needs of the installation. `mail` sends one text; raises LookupError."""

    settings: Settings
    secret: bytes
    clock: Clock
    directory: Callable[[Tx], Directory]
    rooms: Mapping[str, ChatRoom]
    channels: Callable[[], Mapping[str, Pager]]
    mail: Callable[..., str]

    def posters(self) -> dict[str, Poster]:
        """What calls the outside, by channel."""
        found: list[Poster] = [
            NudgePoster(self.channels, self.mail, self.clock),
            RecallPoster(self.channels),
            *(ChatPoster(room) for room in self.rooms.values()),
            *social_posters(self.settings, now=self.clock.now),
            *self._exporters(),
            *self._mailers(),
        ]
        return {poster.channel: poster for poster in found}

    def clerks(self) -> dict[str, Clerk]:
        """What does the lanes' own work, by lane."""
        address, settings = here(self.settings), self.settings
        copies = bool(settings.status_bucket.get_secret_value())
        return {
            "nudge": NudgeClerk(self.directory, public_url=address),
            "chat": ChatClerk(self.rooms, self.directory),
            "social": SocialClerk(),
            "status": StatusClerk(self.directory, self._status_files, copies),
            "webhook": HookClerk(address, self.secret, self.directory, self._announced),
            "mail": MailClerk(address, self.secret, settings.bounce_address),
        }

    def _exporters(self) -> list[Poster]:
        """Where status pages are written to."""
        into: list[Poster] = [folder.FolderPoster(self.settings.status_dir)]
        url = self.settings.status_bucket.get_secret_value()
        if url:
            into.append(bucket.BucketPoster(url, own_egress(), now=self.clock.now))
        return into

    def _mailers(self) -> list[Poster]:
        """What mails subscribers, where a mail server is set up."""
        pager = self.channels().get("email")
        by_mail = [smtp.MailPoster(pager)] if isinstance(pager, smtp.SmtpPager) else []
        outside = strangers_egress(self.settings)
        readers = hooks.HookPoster(outside, now=self.clock.now)
        return [MailingPoster(), readers, *by_mail]

    def _announced(self, shot: Snapshot, incident: int) -> Mapping[str, object]:
        """What a reader's program is told."""
        from tocsin.web.status.statuspage import announced

        return announced(shot, incident, self._page_url(shot.page))

    def _status_files(self, shot: Snapshot) -> Mapping[str, str]:
        """The files of a status page, with links between them."""
        from tocsin.web.status.rendering import files

        mails = f"{here(self.settings)}/status/{shot.page.name}/mails"
        return files(shot, self._page_url(shot.page), mails=mails)

    def _page_url(self, page: StatusPage) -> str:
        own = f"{here(self.settings)}/status/{page.name}"
        return f"https://{page.domain}" if page.domain else own
