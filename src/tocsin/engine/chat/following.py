"""What happens in an incident becomes messages of its channels, in the same transaction.

Nothing is sent from here: the outbox does that, in order, however long a chat is down.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from tocsin.core.chat import chat as rules
from tocsin.core.chat.chat import Words
from tocsin.core.incidents.entries import Entry, EntryKind
from tocsin.core.incidents.incidents import OVER, Incident
from tocsin.core.incidents.roles import Role, holder
from tocsin.engine.incidents.scene import Happened
from tocsin.store import chat as stored
from tocsin.store import incidents as stored_incidents
from tocsin.store import outbox
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

LANE = "chat"


@dataclass(frozen=True)
class ChatFollower:
    """`providers` maps each chat to whether incidents have channels of their own there.

    `bridge` is the template of a call's address, or "".
    """

    providers: Mapping[str, bool]
    public_url: str
    secret: bytes
    bridge: str = ""

    def __call__(self, tx: Tx, happened: Happened) -> None:
        """Write what each chat is to do."""
        incident = happened.after
        if happened.before is None and self.bridge and not incident.bridge:
            tag = self._tag(f"call {incident.number}", 16)
            url = rules.bridge_of(incident, self.bridge, secret=tag)
            stored_incidents.set_bridge(tx, incident.number, url)
            happened = replace(happened, after=replace(incident, bridge=url))
        for provider, has_rooms in self.providers.items():
            if has_rooms:
                self._in_its_channel(tx, happened, provider)
            elif not incident.private:
                self._in_the_shared_place(tx, happened, provider)

    def url(self, incident: Incident) -> str:
        """The address of its room."""
        return f"{self.public_url}/incidents/{incident.number}"

    def _in_its_channel(self, tx: Tx, happened: Happened, provider: str) -> None:
        incident, send = happened.after, _Sender(tx, happened, provider)
        name = rules.channel_name(incident, self._tag("channel", 4))
        is_new = not self._is_past(happened) and stored.want(
            tx, incident.number, provider, name=name, now=happened.now
        )
        if is_new:
            self._open(send, incident, name)
        elif stored.get(tx, incident.number, provider) is None:
            return
        self._people(send, happened, is_new=is_new)
        for entry in happened.entries:
            if not (is_new and happened.before is None and _is_declaration(entry)):
                self._entry(send, entry, incident)
        if is_new or _topic_changed(happened, self._topic):
            send.topic(self._topic(happened))
        ended = happened.before is not None and happened.before.state not in OVER
        if incident.state in OVER and ended:
            send("archive", f"archive:{incident.version}")

    def _in_the_shared_place(self, tx: Tx, happened: Happened, provider: str) -> None:
        incident, send = happened.after, _Sender(tx, happened, provider)
        for entry in happened.entries:
            said = rules.words_of(entry, incident)
            if entry.kind in rules.SHARED and said is not None:
                text = f"{said.text}\n{self.url(incident)}"
                head = f"{incident.name} {incident.severity.name}: {said.head}"
                send.say(Words(head, text), f"entry:{entry.id}", entry=entry.id)

    def _open(self, send: "_Sender", incident: Incident, name: str) -> None:
        send(
            "open", "open", name=name, title=rules.title_of(incident),
            private=incident.private,
        )  # fmt: skip
        send.say(rules.first_words(incident, url=self.url(incident)), "first", pin=True)

    def _people(self, send: "_Sender", happened: Happened, *, is_new: bool) -> None:
        """Whoever declared, holds a role or is asked to; each is invited once."""
        wanted = [h.person for h in happened.holdings if h.state in ("held", "offered")]
        if is_new:
            wanted.append(happened.after.declared_by)
        for name in happened.directory.active(wanted):
            send("invite", f"invite:{name}", person=name)

    def _entry(self, send: "_Sender", entry: Entry, incident: Incident) -> None:
        said = rules.words_of(entry, incident)
        if said is None or entry.data.get("chat") == send.provider:
            return
        send.say(said, f"entry:{entry.id}", entry=entry.id)
        if entry.kind is EntryKind.CORRECTION and entry.supersedes:
            send(
                "edit", f"corrected:{entry.id}", entry=entry.supersedes,
                head="Corrected", text=entry.text, foot="",
            )  # fmt: skip

    def _topic(self, happened: Happened) -> str:
        commander = holder(happened.holdings, Role.IC)
        return rules.topic_of(happened.after, commander, url=self.url(happened.after))

    @staticmethod
    def _is_past(happened: Happened) -> bool:
        """What was over before chat was set up gets no channel any more."""
        return happened.before is not None and not happened.after.is_open

    def _tag(self, what: str, length: int) -> str:
        return hmac.new(self.secret, what.encode(), sha256).hexdigest()[:length]


class _Sender:
    """Writes messages of one incident to one chat."""

    def __init__(self, tx: Tx, happened: Happened, provider: str) -> None:
        self.provider = provider
        self._tx = tx
        self._incident = happened.after
        self._now = happened.now
        self._prefix = f"chat:{provider}:{self._incident.number}:"

    def __call__(self, do: str, key: str, **more: Any) -> None:
        message = Message(
            lane=LANE,
            channel=self.provider,
            target=self._incident.name,
            key=self._prefix + key,
            payload={"do": do, **more},
            incident=self._incident.number,
        )
        outbox.put(self._tx, [message], now=self._now)

    def say(self, said: Words, key: str, **more: Any) -> None:
        self(
            "say", key, head=said.head, text=said.text, foot=said.foot,
            zone=self._incident.zone, **more,
        )  # fmt: skip

    def topic(self, topic: str) -> None:
        """The newest topic is enough."""
        outbox.cancel(self._tx, f"{self._prefix}topic:", now=self._now)
        self("topic", f"topic:{self._incident.version}", topic=topic)


def _is_declaration(entry: Entry) -> bool:
    return entry.kind is EntryKind.STATE and entry.data.get("to") == "declared"


def _topic_changed(happened: Happened, topic: Callable[[Happened], str]) -> bool:
    """Roles are not known as they were, so a change of them counts as one."""
    if happened.before is None or any(
        entry.kind is EntryKind.ROLE for entry in happened.entries
    ):
        return True
    return topic(happened) != topic(replace(happened, after=happened.before))
