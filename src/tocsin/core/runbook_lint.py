"""What makes a runbook hard to follow at night (domain 6, RB01 to RB08). Advice only.

RB07, never used or drilled, needs a history and is not here.
"""

import re
from collections import Counter
from collections.abc import Iterator

from tocsin.core.advice import Advice
from tocsin.core.runbook_steps import Command, Step
from tocsin.core.runbooks import Runbook

_MYSQL = re.compile(
    r"\bSHOW\s+(?:FULL\s+)?PROCESSLIST\b|\bSHOW\s+(?:ENGINE|(?:GLOBAL\s+)?(?:STATUS"
    r"|VARIABLES)|DATABASES|TABLES|SLAVE|REPLICA)\b|\bperformance_schema\b"
    r"|\binformation_schema\.(?:processlist|innodb_\w+)\b|`\w+`",
    re.IGNORECASE,
)
_POSTGRES = re.compile(r"\bpg_\w+|::\w+|\bnow\(\)\s*-\s*interval\b", re.IGNORECASE)
_SHOWS_QUERIES = re.compile(r"\bPROCESSLIST\b|\bpg_stat_activity\b", re.IGNORECASE)
_MACHINE = re.compile(r"\b(CPU|memory|disk|I/O|load)\b", re.IGNORECASE)
_IN_PROSE = re.compile(
    r"\b(?:kubectl\s+(?:get|describe|rollout|delete|logs|scale|exec|apply|top|drain)"
    r"|systemctl\s+(?:start|stop|restart|reload|status)"
    r"|docker\s+(?:ps|restart|logs|exec|stop|kill)|helm\s+(?:rollback|upgrade|history)"
    r"|git\s+(?:revert|push|checkout|reset|log)|curl\s+-?\S*/\S*|ssh\s+\S+@\S+"
    r"|rm\s+-r\w*|SELECT\s.+?\sFROM\s+\S+|SHOW\s+(?:FULL\s+)?PROCESSLIST)\b"
)
_IF_NEEDED = re.compile(
    r"\b(?:if|as|when|where) (?:it is )?(?:needed|necessary|required|appropriate)\b",
    re.IGNORECASE,
)
_DESTROYS = re.compile(
    r"\b(?:kill(?:s|ing|all)?|delet(?:e|es|ing)|drop(?:s|ping)? (?:the )?(?:table|index"
    r"|database|schema|column|volume)|truncat(?:e|es|ing)|purg(?:e|es|ing)"
    r"|wip(?:e|es|ing)|destroy(?:s|ing)?|terminat(?:e|es|ing)|eras(?:e|es|ing)"
    r"|rm -r\w*|reset --hard|pg_terminate_backend|flush(?:all|db))\b",
    re.IGNORECASE,
)
_APPROVED = re.compile(
    r"\b(?:approv(?:al|e|ed|es)|second person|two people|ask (?:the )?(?:IC|incident"
    r" commander|owner|lead|dba)|with (?:the )?(?:IC|incident commander))\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\A(?:please\s+)?(?:add|set(?: up)?|improve|create|write|update|check|verify|review"
    r"|look at|monitor|fix|restart|scale(?: up)?|increase|tune|do|make|have|get|ensure"
    r"|investigate|see)\b",
    re.IGNORECASE,
)
# Words that name no thing of one's own.
_NO_OBJECT = frozenset(
    [
        "a",
        "an",
        "the",
        "some",
        "more",
        "better",
        "good",
        "proper",
        "new",
        "all",
        "any",
        "it",
        "this",
        "that",
        "and",
        "or",
        "for",
        "of",
        "to",
        "monitoring",
        "monitor",
        "monitors",
        "alert",
        "alerts",
        "alerting",
        "test",
        "tests",
        "testing",
        "log",
        "logs",
        "logging",
        "metric",
        "metrics",
        "docs",
        "documentation",
        "dashboard",
        "dashboards",
        "things",
        "stuff",
        "issue",
        "issues",
        "problem",
        "problems",
        "process",
        "processes",
        "up",
        "system",
        "systems",
    ]
)


def lint(runbook: Runbook, *, owner: str = "") -> tuple[Advice, ...]:
    """Remarks in the order of the text. `owner` is the team of its service, if any."""
    found = []
    if not (runbook.front.owner or owner):
        found.append(
            _advice("RB01", runbook.title, "", "nobody keeps it. Name an owner.")
        )
    for section in ("Diagnosis", "Resolution"):
        steps = runbook.diagnosis if section == "Diagnosis" else runbook.resolution
        if not steps:
            said = f"has no steps below '{section}'. List what to do, one item a step."
            found.append(_advice("RB02", runbook.title, section, said))
    dialect = _dialect_of(runbook)
    for step in _every(runbook.steps):
        found += _of_step(step, runbook, dialect)
    found += [
        _advice("RB08", text, "Prevention", _VAGUE)
        for text in runbook.prevention
        if _is_vague(text)
    ]
    return tuple(found)


_VAGUE = "names no object or target. Say what, on which system, and up to which limit."


def _of_step(step: Step, runbook: Runbook, dialect: str) -> Iterator[Advice]:
    prose = re.sub(r"`[^`]*`", " ", step.text)
    for one in step.commands:
        wrong = _wrong_dialect(one, step, runbook, dialect)
        if wrong:
            yield _advice("RB03", one.text, step.number, wrong)
    in_prose = _IN_PROSE.search(prose)
    if in_prose:
        said = "is a command in prose. Put it in backticks, so that it can be copied."
        yield _advice("RB04", in_prose.group(), step.number, said)
    needed = _IF_NEEDED.search(prose)
    if needed:
        said = "has no criterion. Say what must be seen before this is done."
        yield _advice("RB05", needed.group(), step.number, said)
    whole = " ".join([step.text, *(one.text for one in step.commands)])
    destroys = _DESTROYS.search(whole)
    if destroys and not _APPROVED.search(whole):
        said = "cannot be undone. Say who approves it, and what to check before."
        yield _advice("RB06", destroys.group(), step.number, said)
    if not step.commands and not step.steps and _is_vague(step.text):
        yield _advice("RB08", step.text, step.number, _VAGUE)


def _wrong_dialect(one: Command, step: Step, runbook: Runbook, dialect: str) -> str:
    """Why a query cannot answer its step; '' when it can."""
    if one.kind != "sql":
        return ""
    own = _dialect(one.text)
    wanted = _named(runbook.front.data_sources.get(one.source, "")) or dialect
    said = []
    asks = _MACHINE.search(step.text)
    if asks and _SHOWS_QUERIES.search(one.text):
        said.append(f"shows queries, not {asks.group()}")
    if own and wanted and own != wanted:
        said.append(f"is {own}, while the rest of the runbook asks {wanted}")
    return ", and ".join(said) + "." if said else ""


def _dialect_of(runbook: Runbook) -> str:
    """What the runbook's queries are written in: most of them, PostgreSQL in doubt."""
    counts = Counter(
        _dialect(one.text)
        for step in _every(runbook.steps)
        for one in step.commands
        if one.kind == "sql"
    )
    counts.pop("", None)
    if not counts:
        return ""
    return max(counts, key=lambda name: (counts[name], name == "PostgreSQL"))


def _dialect(sql: str) -> str:
    if _MYSQL.search(sql):
        return "MySQL"
    return "PostgreSQL" if _POSTGRES.search(sql) else ""


def _named(kind: str) -> str:
    kind = kind.lower()
    if kind in ("mysql", "mariadb"):
        return "MySQL"
    return "PostgreSQL" if kind.startswith(("postgres", "pg")) else ""


def _is_vague(text: str) -> bool:
    """Whether a sentence with a verb names nothing of one's own."""
    verb = _VERB.match(text)
    if verb is None:
        return False
    words = re.findall(r"[\w-]+", text[verb.end() :].lower())
    return all(word in _NO_OBJECT for word in words)


def _every(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _every(step.steps)


def _advice(code: str, given: str, where: str, said: str) -> Advice:
    return Advice(code, given, said, where=where)
