"""Verbs of an incident: declare, decide, task, status, role. They ask a server."""

from typing import Any

import click

from tocsin.cli.client import SEVERITIES, the_server
from tocsin.cli.printing import json_option, print_json, stop, table

_ROLES = click.Choice(["ic", "lead", "comms", "scribe"], case_sensitive=False)
_STATES = (
    "investigating", "identified", "monitoring", "resolved", "closed", "cancelled",
)  # fmt: skip
_TASK_STATES = ("accepted", "done", "blocked", "dropped", "moved")


@click.command()
@click.argument("title")
@click.option("--severity", type=SEVERITIES, help="Not sure? Pick the worse.")
@click.option("--service", "services", multiple=True, help="Repeatable.")
@click.option("--alert", "alerts", multiple=True, help="Such as ALR-12. Repeatable.")
@click.option("--private", is_flag=True, help="Only its team and who is called in.")
@click.option("--drill", is_flag=True, help="Practise: nobody is paged.")
@click.option("--page/--no-page", default=True, help="Page who is on call.")
@json_option
def declare(
    title: str,
    severity: str | None,
    services: tuple[str, ...],
    alerts: tuple[str, ...],
    *,
    private: bool,
    drill: bool,
    page: bool,
    as_json: bool,
) -> None:
    """Declare an incident; a title is enough.

    Example: tocsin declare "Card payments fail" --service checkout --severity SEV1
    """
    body = {
        "title": title,
        "severity": severity.upper() if severity else None,
        "services": list(services),
        "alerts": [numbered(one, "ALR-") for one in alerts],
        "private": private,
        "drill": drill,
        "page": page,
    }
    done = the_server().post("/api/v1/incidents", body)
    if as_json:
        print_json(done)
    else:
        click.echo(f"{done['id']} {done['severity']}: {done['title']}")
        click.echo(f"Take command: tocsin role {done['id']} ic --take")


@click.command()
@click.option("--state", default="open", show_default=True,
              type=click.Choice(["open", "resolved", "closed", "all"]))  # fmt: skip
@click.option("--service", default="", help="Only of this service.")
@json_option
def incidents(state: str = "open", service: str = "", *, as_json: bool = False) -> None:
    """List incidents.

    Example: tocsin incidents --state all
    """
    found = the_server().get("/api/v1/incidents", state=state, service=service)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["id"],
            one["severity"],
            one["state"],
            one["title"],
            ", ".join(one["services"]),
            _clock(one["next_update_at"]),
        )
        for one in found["incidents"]
    ]
    columns = ("incident", "severity", "state", "what", "services", "next update")
    table(columns, rows, empty="No incident is open.")


@click.command()
@click.argument("incident")
@click.argument("text")
@click.option("--options", default="", help="What else was possible.")
@click.option("--dissent", default="", help="Who objected, and why.")
@json_option
def decide(
    incident: str, text: str, options: str, dissent: str, *, as_json: bool
) -> None:
    """Write a decision into an incident's log.

    Example: tocsin decide INC-3 "Roll back checkout" --dissent "bob: the flag first"
    """
    body = {"text": text, "options": options, "dissent": dissent}
    done = posted(incident, "decisions", body)
    told(done, "Decided in {id}.", as_json=as_json)


@click.command()
@click.argument("incident")
@click.argument("who", required=False, default="")
@click.argument("text", required=False, default="")
@click.option("--minutes", default=15, show_default=True, help="The time-box.")
@click.option("--id", "task", type=int, help="A task that is there already.")
@click.option("--state", type=click.Choice(_TASK_STATES), help="How far it is.")
@json_option
def task(
    incident: str,
    who: str,
    text: str,
    minutes: int,
    task: int | None,
    state: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask one person for one thing, or say how far it is.

    Examples: tocsin task INC-3 bob "Roll back checkout" --minutes 10;
    tocsin task INC-3 --id 7 --state done
    """
    if task is not None:
        body: dict[str, Any] = {"state": state or "open", "assignee": who.lstrip("@")}
        done = posted(incident, f"tasks/{task}", body)
        told(done, "Task {made} of {id} is noted.", as_json=as_json)
        return
    if not who or not text:
        stop(['expected who and what, such as: tocsin task INC-3 bob "Roll back"'])
    body = {"text": text, "assignee": who.lstrip("@"), "minutes": minutes}
    done = posted(incident, "tasks", body)
    told(done, "Task {made} of {id}.", as_json=as_json)


@click.command()
@click.argument("incident", required=False, default="")
@click.argument("state", required=False, type=click.Choice(_STATES))
@click.option("--severity", type=SEVERITIES, help="Another severity; say why.")
@click.option("--reason", default="", help="Why.")
@click.option("--review", default="", help="At the close: yes, or why there is none.")
@json_option
def status(
    incident: str,
    state: str | None,
    severity: str | None,
    reason: str,
    review: str,
    *,
    as_json: bool,
) -> None:
    """Show where an incident stands, or move it on.

    Examples: tocsin status INC-3; tocsin status INC-3 monitoring;
    tocsin status INC-3 --severity SEV2 --reason "half of the users"
    """
    if not incident:
        click.get_current_context().invoke(incidents, as_json=as_json)
        return
    if severity:
        done = posted(
            incident, "severity", {"severity": severity.upper(), "reason": reason}
        )
    if state:
        done = posted(
            incident, "state", {"state": state, "reason": reason, "review": review}
        )
    if not state and not severity:
        done = the_server().get(f"/api/v1/incidents/{numbered(incident, 'INC-')}")
    if as_json:
        print_json(done)
    else:
        click.echo("\n".join(_standing(done)))


@click.command()
@click.argument("incident")
@click.argument("role", type=_ROLES)
@click.option("--take", "do", flag_value="take", default="take", hidden=True)
@click.option("--offer", "to", help="Ask somebody to take it.")
@click.option("--accept", "do", flag_value="accept", help="You were asked.")
@click.option("--decline", "do", flag_value="decline", help="You cannot.")
@click.option("--release", "do", flag_value="release", help="Lay it down.")
@click.option("--reason", default="", help="Why you take a role that somebody holds.")
@json_option
def role(
    incident: str, role: str, do: str, to: str | None, reason: str, *, as_json: bool
) -> None:
    """Take a role in an incident, or hand it on.

    Examples: tocsin role INC-3 ic; tocsin role INC-3 lead --offer bob
    """
    word = "offer" if to else do
    body = {"do": word, "to": (to or "").lstrip("@"), "reason": reason}
    done = posted(incident, f"roles/{role.lower()}", body)
    told(done, "{id}: " + _held(done), as_json=as_json)


def numbered(word: str, prefix: str) -> int:
    """The number of INC-3, ALR-3 or 3; ends the program otherwise."""
    digits = word.upper().removeprefix(prefix)
    if not digits.isdigit() or len(digits) > 18:
        stop([f"{word!r}: expected a number such as {prefix}12 or 12"])
    return int(digits)


def posted(incident: str, path: str, body: Any) -> Any:
    """The room after a POST below an incident."""
    number = numbered(incident, "INC-")
    return the_server().post(f"/api/v1/incidents/{number}/{path}", body)


def told(done: Any, words: str, *, as_json: bool) -> None:
    """Say what was done, or print the room."""
    if as_json:
        print_json(done)
    else:
        click.echo(words.format(**done))


def _standing(room: Any) -> list[str]:
    lines = [
        f"{room['id']} {room['severity']} {room['state']}: {room['title']}",
        _held(room),
        f"Next update: {_clock(room['next_update_at']) or 'none promised'}",
    ]
    standing = room["standing"]
    for word, title in (
        ("know", "We know"), ("doing", "We are doing"), ("otherwise", "If that fails"),
    ):  # fmt: skip
        if standing[word]:
            lines.append(f"{title}: {standing[word]}")
    lines += [
        f"Task {one['id']} ({one['state']}) {one['assignee']}: {one['text']}"
        for one in room["tasks"]
        if one["state"] in ("open", "accepted", "blocked")
    ]
    lines += [
        f"Update {one['id']} waits for the commander: {one['body']}"
        for one in room["updates"]
        if one["state"] == "proposed"
    ]
    return lines


def _held(room: Any) -> str:
    held = [
        f"{one['role']} {one['person']}"
        for one in room["roles"]
        if one["state"] == "held"
    ]
    empty = [f"{role} nobody" for role in room["empty_roles"]]
    return ", ".join([*held, *empty]) or "nobody holds a role"


def _clock(at: str | None) -> str:
    return f"{at[11:16]}Z" if at else ""
