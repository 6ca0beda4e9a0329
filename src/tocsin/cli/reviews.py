"""`tocsin reviews …`, `tocsin actions …`, `tocsin runbooks lint`: what incidents teach.

`lint` reads a file and asks no server; it ends with 1 when it has something to say.
"""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from tocsin.cli.client import the_server
from tocsin.cli.printing import NEGATIVE, json_option, print_json, stop, table
from tocsin.core import runbook_lint
from tocsin.core import runbooks as runbook_rules
from tocsin.core.advice import Advice
from tocsin.core.reviews import action_items, blameless, postmortems
from tocsin.core.runbooks import BadRunbook

_FILE = click.argument("file", type=click.Path(allow_dash=True))
_STATES = ("open", "draft", "in_review", "reviewed", "closed", "waived", "all")


@click.group()
def reviews() -> None:
    """Reviews of incidents: list, export, check a text."""


@reviews.command("list")
@click.option("--state", default="open", show_default=True, type=click.Choice(_STATES))
@click.option("--person", default="", help="Owned or read by them.")
@json_option
def list_reviews(state: str, person: str, *, as_json: bool) -> None:
    """List reviews.

    Example: tocsin reviews list --state in_review
    """
    found = the_server().get("/api/v1/reviews", state=state, person=person)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            f"INC-{one['incident']}",
            one["severity"],
            one["state"].replace("_", " "),
            one["title"],
            one["owner"],
            one["reviewer"],
        )
        for one in found["reviews"]
    ]
    columns = ("incident", "severity", "state", "what", "owner", "reviewer")
    table(columns, rows, empty="No review is open.")


@reviews.command()
@click.argument("incident")
def export(incident: str) -> None:
    """Print a review as Markdown.

    Example: tocsin reviews export INC-7 > post-mortem.md
    """
    number = incident.upper().removeprefix("INC-")
    if not number.isdecimal():
        stop([f"{incident!r}: expected an incident such as INC-7"])
    click.echo(the_server().text(f"/api/v1/reviews/{number}/review.md"), nl=False)


@reviews.command()
@_FILE
@click.option("--person", "people", multiple=True, help="A name that may be blamed.")
@click.option("--date", "dated", default="", help="The document's day: 2026-01-12.")
@json_option
def lint(file: str, people: tuple[str, ...], dated: str, *, as_json: bool) -> None:
    """Check a post-mortem: sections, action items, blame.

    Example: tocsin reviews lint post-mortem.md --person Alice
    """
    try:
        document = postmortems.parse(_text(file))
        day = date.fromisoformat(dated) if dated else _day_of(document.opening)
    except (postmortems.BadPostmortem, ValueError) as error:
        stop([f"{file}: {error}"])
    found = [
        Advice("PM01", heading, "is required and empty.", where=heading)
        for heading in postmortems.missing(document)
    ]
    for section in document.sections:
        found += blameless.lint(section.heading, section.text, people=people)
    items = document.section("Action Items")
    for item in action_items.items_of(items.text if items else ""):
        found += action_items.lint(item, document_date=day)
    _say(file, found, as_json=as_json)


@click.group()
def runbooks() -> None:
    """Runbooks: check a text."""


@runbooks.command("lint")
@_FILE
@click.option("--owner", default="", help="The team that keeps it.")
@json_option
def lint_runbook(file: str, owner: str, *, as_json: bool) -> None:
    """Check a runbook for what makes it hard to follow at night.

    Example: tocsin runbooks lint database.md --owner payments
    """
    try:
        found = runbook_lint.lint(runbook_rules.parse(_text(file)), owner=owner)
    except BadRunbook as error:
        stop([f"{file}: {error}"])
    _say(file, found, as_json=as_json)


@click.group(invoke_without_command=True)
@click.option("--owner", default="", help="Only of this person.")
@click.option("--overdue", is_flag=True, help="Only what is late.")
@click.option(
    "--state", default="open", show_default=True,
    type=click.Choice(["open", "done", "all"]),
)  # fmt: skip
@json_option
@click.pass_context
def actions(
    context: click.Context, owner: str, state: str, *, overdue: bool, as_json: bool
) -> None:
    """List what reviews have promised, the next day first.

    Example: tocsin actions --owner alice --overdue
    """
    if context.invoked_subcommand is not None:
        return
    found = the_server().get(
        "/api/v1/actions", owner=owner, state=state, overdue=overdue or None
    )
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["id"],
            one["due_on"] or one["due"] or "no day",
            one["owner"] or "nobody",
            one["state"],
            one["text"],
            f"INC-{one['incident']}",
        )
        for one in found["actions"]
    ]
    columns = ("action", "due", "owner", "state", "what", "from")
    table(columns, rows, empty="Nothing is promised.")


@actions.command()
@click.argument("action")
@click.argument("proof")
def done(action: str, proof: str) -> None:
    """An action is done; PROOF is what shows it, or why nothing does.

    Example: tocsin actions done ACT-12 "the alert fired in a test"
    """
    body = {"proof": proof}
    found = the_server().post(f"/api/v1/actions/{action.upper()}/done", body)
    click.echo(f"{found['id']} is done: {found['text']}")


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        stop([f"{file}: {error}"])


def _day_of(opening: str) -> date:
    """The day that a draft carries, so that a day without a year is read as it was."""
    for word in opening.replace("(", " ").replace(")", " ").split():
        try:
            return date.fromisoformat(word)
        except ValueError:
            continue
    # Without one, "Jan 15" is any January: none of them is called late.
    return date(2000, 1, 1)


def _say(file: str, found: Sequence[Advice], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"code": a.code, "where": a.where, "given": a.given, "said": a.said}
            for a in found
        ]
        print_json(rows)
    else:
        for one in found:
            click.echo(f"{file}: {one}")
        if not found:
            click.echo(f"{file}: nothing to say.")
    if found:
        sys.exit(NEGATIVE)
