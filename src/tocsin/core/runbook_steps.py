"""The steps of a section of a runbook: list items with their code (domain 6).

Knows no document: `runbooks.py` finds the sections.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from markdown_it.tree import SyntaxTreeNode
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.outline import tokens

_LAST_CODE = re.compile(r"`([^`]+)`[.\s]*\Z")
_PREFIX = re.compile(r"(sql|shell|link):(\S+)\s+(\S.*)\Z", re.DOTALL)
_KINDS = {
    "sql": "sql", "psql": "sql", "mysql": "sql", "postgresql": "sql",
    "sh": "shell", "bash": "shell", "shell": "shell", "zsh": "shell",
    "console": "shell", "powershell": "shell",
    "text": "text", "txt": "text",
}  # fmt: skip
_SQL_WORDS = frozenset({"SELECT", "SHOW", "EXPLAIN"})
_SHELL_WORDS = frozenset(
    [
        "kubectl",
        "systemctl",
        "journalctl",
        "git",
        "curl",
        "wget",
        "docker",
        "podman",
        "helm",
        "terraform",
        "ssh",
        "psql",
        "mysql",
        "redis-cli",
        "aws",
        "gcloud",
        "az",
        "ping",
        "dig",
        "nslookup",
        "openssl",
        "top",
        "ps",
        "df",
        "free",
        "tail",
        "grep",
        "cat",
        "less",
        "vmstat",
        "iostat",
        "netstat",
        "ss",
        "service",
        "sudo",
        "ansible",
        "ansible-playbook",
        "nomad",
        "consul",
        "vault",
        "make",
        "npm",
        "python",
        "python3",
        "rabbitmqctl",
        "kafka-topics.sh",
        "tocsin",
    ]
)


class Command(Struct, frozen=True):
    """A piece of code in a step. `source` names where it is to be asked, if it says."""

    text: str
    kind: str
    source: str = ""


class Step(Struct, frozen=True):
    """One thing to do. `number` is for display; `id` stays when steps move."""

    id: str
    section: str
    number: str
    text: str
    commands: tuple[Command, ...] = ()
    steps: "tuple[Step, ...]" = ()

    @property
    def words(self) -> str:
        """The text without a command at its end, which pages show apart."""
        found = _LAST_CODE.search(self.text)
        if found is None or command(found.group(1)).kind == "text":
            return self.text
        return self.text[: found.start()].rstrip(" :") or self.text

    @property
    def kind(self) -> str:
        """sql, shell or link after its first such command; else manual."""
        known = (one.kind for one in self.commands if one.kind != "text")
        return next(known, "manual")


RESULTS = ("done", "skipped", "failed")


class Tick(Struct, frozen=True):
    """What became of a step in an incident: done, skipped or failed."""

    by: str
    at: datetime
    result: str


def bullets_of(text: str) -> Iterator[str]:
    """The items of the lists in a section, as they are worded."""
    for item, _ in _items(SyntaxTreeNode(tokens(text))):
        yield _said(item)


def steps_of(text: str, section: str, before: int) -> list[Step]:
    """The steps of a section. Code below a list belongs to the step above it."""
    found: list[Step] = []
    count = before
    for item, loose in _items(SyntaxTreeNode(tokens(text))):
        count += 1
        number = f"{section[0]}{count}"
        commands = (*_commands(item), *(_fenced(one) for one in loose))
        found.append(_step(item, section, number, commands, ""))
    return found


def command(text: str) -> Command:
    """What a piece of code is, by its prefix or its first word."""
    text = text.strip()
    prefixed = _PREFIX.match(text)
    if prefixed:
        return Command(prefixed.group(3), prefixed.group(1), prefixed.group(2))
    first = (text.split() or [""])[0]
    if first.upper() in _SQL_WORDS and len(text.split()) > 1:
        return Command(text, "sql")
    if first.startswith(("http://", "https://")):
        return Command(text, "link")
    if first in _SHELL_WORDS and len(text.split()) > 1:
        return Command(text, "shell")
    return Command(text, "text")


def unlike(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with ids of their own, where two have the same words."""
    seen: dict[str, int] = {}
    found = []
    for step in steps:
        count = seen[step.id] = seen.get(step.id, 0) + 1
        if count > 1:
            step = replace(step, id=f"{step.id}-{count}")
        found.append(step)
    return tuple(found)


def _step(
    item: SyntaxTreeNode,
    section: str,
    number: str,
    commands: tuple[Command, ...],
    above: str,
) -> Step:
    text = _said(item)
    normal = " ".join(text.lower().split())
    key = f"{section}\0{above}\0{normal}".encode()
    identity = hashlib.sha256(key).hexdigest()[:12]
    nested = [
        _step(one, section, f"{number}.{place}", tuple(_commands(one)), normal)
        for place, (one, _) in enumerate(_items(item), 1)
    ]
    return Step(identity, section, number, text, commands, unlike(nested))


def _items(
    node: SyntaxTreeNode,
) -> Iterator[tuple[SyntaxTreeNode, list[SyntaxTreeNode]]]:
    """The items of the lists in a node, each with the fences that follow its list."""
    children = list(node.children)
    for place, child in enumerate(children):
        if child.type not in ("bullet_list", "ordered_list"):
            continue
        loose = []
        for follower in children[place + 1 :]:
            if follower.type != "fence":
                break
            loose.append(follower)
        last = len(child.children) - 1
        for index, item in enumerate(child.children):
            yield item, loose if index == last else []


def _said(item: SyntaxTreeNode) -> str:
    """The words of an item as they were written, without its code blocks and lists."""
    return "\n\n".join(
        " ".join(child.children[0].content.split())
        for child in item.children
        if child.type == "paragraph" and child.children
    )


def _commands(item: SyntaxTreeNode) -> Iterator[Command]:
    for child in item.children:
        if child.type == "paragraph":
            for inline in child.walk():
                if inline.type == "code_inline":
                    yield command(inline.content)
        elif child.type in ("fence", "code_block"):
            yield _fenced(child)


def _fenced(node: SyntaxTreeNode) -> Command:
    language, _, rest = node.info.strip().partition(" ") if node.info else ("", "", "")
    kind, _, source = language.partition(":")
    text = node.content.rstrip("\n")
    known = _KINDS.get(kind.lower())
    if known is None:
        return command(text)
    return Command(text, known, source or rest.strip())
