"""Commands as the lines that people would type; chat_commands.py reads them back."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tocsin.core.chat import chat_commands as chat
from tocsin.core.chat import cover_words
from tocsin.core.chat.chat_commands import Line
from tocsin.core.chat.command_words import written
from tocsin.core.chat.cover_words import Cover
from tocsin.core.durations import spelled


def shown(line: Line) -> str:
    """The line that `parse` reads back as this one."""
    parts = _PRINTERS[type(line.command)](line.command)
    prefix = f"INC-{line.incident}" if line.incident else ""
    return " ".join(part for part in (prefix, *parts) if part)


def _declare(one: chat.Declare) -> tuple[str, ...]:
    return (
        "declare",
        f"-s {int(one.severity)}" if one.severity else "",
        f"--service {','.join(one.services)}" if one.services else "",
        "--private" if one.private else "",
        written(one.title),
    )


def _tell(one: chat.Tell) -> tuple[str, ...]:
    public = "--public" if one.public else ""
    return "update", public, _box("--next", one.next_in), written(one.text)


def _duty(one: chat.Duty) -> tuple[str, ...]:
    if one.act == "offer":
        return "role", one.role.value, "@" + written(one.person, word=True)
    return "role", one.role.value, one.act, written(one.reason)


def _ask(one: chat.Ask) -> tuple[str, ...]:
    to = "@" + written(one.assignee, word=True)
    return "task", to, _box("--within", one.within), written(one.text)


def _box(option: str, time: timedelta | None) -> str:
    return f'{option} "{spelled(time)}"' if time else ""


_PRINTERS: Mapping[type, Callable[[Any], tuple[str, ...]]] = {
    chat.Declare: _declare,
    chat.Who: lambda one: ("who", written(one.of)),
    chat.Page: lambda one: ("page", written(one.target, word=True), written(one.why)),
    chat.Ack: lambda one: ("ack", f"ALR-{one.alert}" if one.alert else ""),
    chat.Tell: _tell,
    chat.Status: lambda one: ("status", one.state or "", written(one.reason)),
    chat.Rate: lambda one: ("severity", str(int(one.severity)), written(one.reason)),
    chat.Duty: _duty,
    chat.Ask: _ask,
    chat.Move: lambda one: ("task", str(one.task), one.state),
    chat.Decide: lambda one: ("decide", written(one.text)),
    chat.Note: lambda one: ("note", written(one.text)),
    chat.Log: lambda one: ("log", str(one.lines)),
    Cover: cover_words.shown,
    chat.Help: lambda one: ("help", one.about),
}
