"""What was said in a chat: whose word it is, which incident it means, and the answer."""

from datetime import datetime

from tocsin.core.chat import chat_commands as chat
from tocsin.core.chat.command_words import BadCommand
from tocsin.core.excerpts import clean
from tocsin.core.incidents.entries import LONGEST_TEXT, EntryKind
from tocsin.core.incidents.incidents import entry
from tocsin.core.people.people import Person
from tocsin.engine.chat.acting import Commands, Reply
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.scene import Outcome, Scene, refused
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.chats import Heard
from tocsin.store import chat as stored
from tocsin.store.chat import Channel
from tocsin.store.database import Tx

_NOTHING = Reply("", is_shown=True)


class Hearing:
    """Thread-safe. `prefix` of an answer is what a command begins with in that chat."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk
        self._commands = Commands(desk)

    def knows(self, heard: Heard) -> bool:
        """Whether whoever said it is somebody here."""
        return self._person(heard) is not None

    def hear(self, heard: Heard, *, prefix: str) -> Reply:
        """Do what is asked, once, and say what became of it."""
        if heard.kind == "star":
            return self._star(heard)
        person = self._person(heard)
        if person is None:
            return Reply(_stranger(heard))
        place = self._place(heard)
        incident = place.incident if place is not None else 0
        if not self._is_new(heard, incident):
            return _NOTHING
        try:
            line = chat.parse(clean(heard.text, longest=LONGEST_TEXT))
        except BadCommand as bad:
            return Reply(str(bad))
        if isinstance(line.command, chat.Help):
            return Reply(chat.help_text(line.command.about, prefix=prefix))
        wanted = line.incident or incident
        key = f"chat:{heard.provider}:{heard.channel}:{heard.message}"[:255]
        command = self._named(line.command, heard.provider)
        reply = self._commands.run(
            command,
            wanted,
            self._viewer(person, heard),
            key=key,
            at=_then(heard.at, self._desk.clock.now()),
        )
        if reply.is_shown and wanted != incident:
            # Its channel says it; whoever asked sits somewhere else.
            return Reply(reply.text)
        return reply

    def _star(self, heard: Heard) -> Reply:
        person, place = self._person(heard), self._place(heard)
        if person is None or place is None:
            return _NOTHING
        author = self._desk.directory().of_chat(heard.provider, heard.author)
        wrote = author.name if author is not None else heard.author

        def act(scene: Scene) -> Outcome:
            text = clean(heard.text, longest=LONGEST_TEXT).strip()
            if not text:
                return refused(scene, "text: expected a message with words")
            made = entry(
                EntryKind.CHAT,
                text if wrote == scene.by.person else f"{wrote}: {text}",
                scene.by,
                now=scene.now,
                occurred_at=_then(heard.at, scene.now),
                key=f"chat:{heard.provider}:{heard.channel}:{heard.message}",
                data={"chat": heard.provider, "author": wrote},
            )
            return Outcome(scene.incident, (made,))

        done = self._desk.incidents.act(
            place.incident, self._viewer(person, heard), "note", act
        )
        return Reply(done.refused, is_shown=not done.refused)

    def _person(self, heard: Heard) -> Person | None:
        directory = self._desk.directory()
        return directory.of_chat(heard.provider, heard.sender, email=heard.email)

    def _viewer(self, person: Person, heard: Heard) -> Viewer:
        grant = self._desk.directory().grant(person.name)
        return Viewer(
            person.name,
            grant,
            zone=person.zone,
            full_name=person.full_name,
            via=heard.provider,
        )

    def _place(self, heard: Heard) -> Channel | None:
        return self._desk.database.read(
            lambda tx: stored.of_place(tx, heard.provider, heard.channel)
        )

    def _is_new(self, heard: Heard, incident: int) -> bool:
        """Noted before it is done: a crash between loses a command, never doubles it."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> bool:
            return stored.keep(
                tx, heard.provider, heard.channel, heard.message,
                incident=incident, entry=0, now=now,
            )  # fmt: skip

        return self._desk.database.write(work)

    def _named(self, command: chat.Command, provider: str) -> chat.Command:
        """With people of this chat by the names that they have here."""
        directory = self._desk.directory()

        def known(word: str) -> str:
            if word in directory.people:
                return word
            for shape in (word, word.strip("<>@").partition("|")[0], f"@{word}"):
                person = directory.of_chat(provider, shape)
                if person is not None:
                    return person.name
            return word

        match command:
            case chat.Page(target, why):
                return chat.Page(known(target), why)
            case chat.Ask(assignee, text, within):
                return chat.Ask(known(assignee), text, within)
            case chat.Duty(role, act, person, reason) if person:
                return chat.Duty(role, act, known(person), reason)
        return command


def _stranger(heard: Heard) -> str:
    return (
        f"Nobody in Tocsin is {heard.sender} here. An admin can enter that name under "
        f"{heard.provider} in your entry (People), and then ask again."
    )


def _then(at: datetime | None, now: datetime) -> datetime:
    return now if at is None or at > now else at
