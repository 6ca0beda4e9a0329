"""What people type in a chat or at a shell: one grammar. chat_lines.py writes it.

    INC-214 page payments needs somebody who knows the queue
    declare "Card payments fail in the EU" -s 1 --service checkout
    task @ana --within 10m ask the bank whether they see it too

Options stand behind the verb (or its first word) or at the end; quotes hold a text.
"""

# long because: one reader for each command of the grammar.

from collections.abc import Callable, Mapping
from datetime import timedelta

from msgspec import Struct

from tocsin.core.chat.command_words import BadCommand, Words
from tocsin.core.chat.cover_words import Cover
from tocsin.core.chat.cover_words import read as read_cover
from tocsin.core.incidents.incidents import STEPS, State
from tocsin.core.incidents.roles import Role
from tocsin.core.severity import Severity

MOST_LINES = 50
ROLE_ACTS = ("take", "offer", "accept", "decline", "release")
TASK_STATES = ("accepted", "done", "blocked", "dropped", "open")
# Those that somebody says: from investigating to closed, or a false alarm.
STATES = (*STEPS[2:7], State.CANCELLED)


class Declare(Struct, frozen=True):
    """A new incident."""

    title: str
    severity: Severity | None = None
    services: tuple[str, ...] = ()
    private: bool = False


class Who(Struct, frozen=True):
    """Who is on call, of a service, or for everything."""

    of: str = ""


class Page(Struct, frozen=True):
    """Page a person, rotation, schedule, team or service."""

    target: str
    why: str = ""


class Ack(Struct, frozen=True):
    """Take an alert; 0 is every alert of the incident."""

    alert: int = 0


class Tell(Struct, frozen=True):
    """An update, inside or (`public`) for customers."""

    text: str
    public: bool = False
    next_in: timedelta | None = None


class Status(Struct, frozen=True):
    """Say where the incident is, or (`state`) move it there."""

    state: State | None = None
    reason: str = ""


class Rate(Struct, frozen=True):
    """Another severity, with a reason."""

    severity: Severity
    reason: str


class Duty(Struct, frozen=True):
    """Take, offer (to `person`), accept, decline or release a role."""

    role: Role
    act: str
    person: str = ""
    reason: str = ""


class Ask(Struct, frozen=True):
    """A task for one person."""

    assignee: str
    text: str
    within: timedelta | None = None


class Move(Struct, frozen=True):
    """A task in another state."""

    task: int
    state: str


class Note(Struct, frozen=True):
    """A line of the log."""

    text: str


class Decide(Note, frozen=True):
    """A decision."""


class Log(Struct, frozen=True):
    """The last lines of the log."""

    lines: int = 10


class Help(Struct, frozen=True):
    """What can be typed, or how one verb is used."""

    about: str = ""


Command = (
    Declare | Who | Page | Ack | Tell | Status | Rate | Duty | Ask | Move | Decide
    | Note | Log | Cover | Help
)  # fmt: skip


class Line(Struct, frozen=True):
    """A command, and the incident that it names (0: the one of the place it came from)."""

    command: Command
    incident: int = 0


USAGE: Mapping[str, str] = {
    "declare": "declare TITLE [-s 1-4] [--service NAME[,NAME]] [--private]",
    "who": "who [SERVICE]",
    "page": "page PERSON|TEAM|SCHEDULE|SERVICE [WHY]",
    "ack": "ack [ALR-NUMBER]",
    "update": "update [--public] [--next 30m] TEXT",
    "status": "status [investigating|identified|monitoring|resolved|closed|cancelled [REASON]]",
    "severity": "severity 1-4 REASON",
    "role": "role IC|Lead|Comms|Scribe take|accept|decline|release|@PERSON [REASON]",
    "task": "task @PERSON [--within 15m] TEXT, or task NUMBER done|blocked|dropped",
    "decide": "decide TEXT",
    "note": "note TEXT",
    "log": "log [LINES]",
    "cover": "cover me [FROM TO] [WHY]",
    "help": "help [COMMAND]",
}
_SHORT = {"sev": "severity", "tell": "update", "?": "help", "decision": "decide"}


def parse(text: str) -> Line:
    """The command that `text` is. Raises BadCommand with a sentence for its writer."""
    words = Words(text)
    incident = words.numbered("INC-")
    verb = words.word().lower()
    if not verb:
        return Line(Help(), incident)
    verb = _SHORT.get(verb, verb)
    read = _READERS.get(verb)
    if read is None:
        known = ", ".join(USAGE)
        raise BadCommand(f"{verb[:40]!r} is not a command: expected one of {known}")
    try:
        return Line(read(words), incident)
    except BadCommand as bad:
        raise BadCommand(f"{bad}. Write: {USAGE[verb]}") from None


def help_text(about: str, *, prefix: str = "") -> str:
    """What can be typed: every command, or one."""
    verb = _SHORT.get(about.lower(), about.lower())
    if verb in USAGE:
        return f"{prefix}{USAGE[verb]}"
    return "\n".join(f"{prefix}{usage}" for usage in USAGE.values())


def _declare(words: Words) -> Command:
    options = words.options({"-s": "severity", "--severity": "severity",
                             "--service": "service", "--private": ""})  # fmt: skip
    title = words.text("a sentence that says what is wrong")
    given = options.get("severity")
    services = tuple(s for s in options.get("service", "").split(",") if s)
    return Declare(
        title, severity_of(given) if given else None, services, "--private" in options
    )


def _page(words: Words) -> Command:
    target = words.name("whom to page")
    return Page(target, words.rest())


def _ack(words: Words) -> Command:
    word = words.word()
    if not word:
        return Ack()
    digits = word.upper().removeprefix("ALR-").removeprefix("#")
    if not _is_number(digits):
        raise BadCommand(f"expected an alert such as ALR-9031, not {word[:40]!r}")
    words.nothing()
    return Ack(int(digits))


def _tell(words: Words) -> Command:
    options = words.options({"--public": "", "--next": "next"})
    within = words.duration(options.get("next"), "--next")
    text = words.text("what people should know now")
    return Tell(text, "--public" in options, within)


def _status(words: Words) -> Command:
    word = words.word().lower()
    if not word:
        return Status()
    word = {"mitigated": "monitoring", "mitigating": "identified"}.get(word, word)
    state = next((one for one in STATES if one.value == word), None)
    if state is None:
        known = ", ".join(one.value for one in STATES)
        raise BadCommand(f"expected a state ({known}), not {word[:40]!r}")
    return Status(state, words.rest())


def _rate(words: Words) -> Command:
    severity = severity_of(words.word())
    return Rate(severity, words.text("the reason"))


def _duty(words: Words) -> Command:
    word = words.word()
    spoken = {"commander": "ic", "incident-commander": "ic", "communications": "comms"}
    wanted = spoken.get(word.lower(), word.lower())
    role = next((one for one in Role if one.value.lower() == wanted), None)
    if role is None:
        raise BadCommand(
            f"expected a role (IC, Lead, Comms, Scribe), not {word[:40]!r}"
        )
    act = words.name("take, accept, decline, release or a person")
    lowered = act.lower()
    if lowered in ROLE_ACTS and lowered != "offer":
        return Duty(role, lowered, reason=words.rest())
    words.nothing()
    return Duty(role, "offer", act)


def _task(words: Words) -> Command:
    first = words.name("a person, or the number of a task")
    if _is_number(first.removeprefix("#")):
        state = words.word().lower()
        if state not in TASK_STATES:
            known = ", ".join(TASK_STATES)
            raise BadCommand(f"expected a state ({known}), not {state[:40]!r}")
        words.nothing()
        return Move(int(first.removeprefix("#")), state)
    options = words.options({"--within": "within"})
    within = words.duration(options.get("within"), "--within")
    return Ask(first, words.text("what is to be done"), within)


def _log(words: Words) -> Command:
    word = words.word()
    if not word:
        return Log()
    if not _is_number(word) or not 0 < int(word) <= MOST_LINES:
        raise BadCommand(
            f"expected a number of lines up to {MOST_LINES}, not {word[:40]!r}"
        )
    words.nothing()
    return Log(int(word))


_READERS: Mapping[str, Callable[[Words], Command]] = {
    "declare": _declare,
    "who": lambda words: Who(words.rest()),
    "page": _page,
    "ack": _ack,
    "update": _tell,
    "status": _status,
    "severity": _rate,
    "role": _duty,
    "task": _task,
    "decide": lambda words: Decide(words.text("what was decided")),
    "note": lambda words: Note(words.text("what you saw, heard or did")),
    "log": _log,
    "cover": read_cover,
    "help": lambda words: Help(words.word()),
}


def severity_of(word: str) -> Severity:
    """`1`, `sev1` or `SEV1`. Raises BadCommand."""
    digit = word.lower().removeprefix("sev")
    if digit not in ("1", "2", "3", "4"):
        raise BadCommand(f"expected a severity from 1 to 4, not {word[:40]!r}")
    return Severity[f"SEV{digit}"]


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 18
