"""Verbs of changes: what was deployed, switched and set. They ask a server."""

import click

from tocsin.cli.client import the_server
from tocsin.cli.printing import json_option, print_json, table

_KINDS = click.Choice(["deploy", "flag", "config", "infra", "data"])


@click.command()
@click.argument("summary")
@click.option("--service", "services", multiple=True, required=True, help="Repeatable.")
@click.option("--kind", type=_KINDS, help="By its words if it is not said.")
@click.option(
    "--at", default=None, help="When, such as 2026-11-25T09:30:00Z. Now if not said."
)
@click.option("--link", default="", help="Where more is to be read.")
@click.option(
    "--id", "id_", default="", help="What is sent twice with one id is kept once."
)
@click.option("--environment", default="", help="Such as production.")
@click.option("--ref", default="", help="A version, a branch, a flag.")
@click.option("--rollback", default="", help="How it is undone.")
@json_option
def change(
    summary: str,
    services: tuple[str, ...],
    kind: str | None,
    at: str | None,
    id_: str,
    *,
    as_json: bool,
    **fields: str,
) -> None:
    """Tell what was changed: an incident lists it as worth checking.

    Example: tocsin change "checkout 1.24 to production" --service checkout --kind deploy
    """
    body = {
        "summary": summary, "services": list(services), "kind": kind or "", "at": at,
        "id": id_, **fields,
    }  # fmt: skip
    done = the_server().post("/api/v1/changes", body)
    if as_json:
        print_json(done)
    else:
        click.echo(f"On record for {', '.join(done['services'])}: {done['summary']}")


@click.command()
@click.option("--service", default="", help="Only of this service.")
@json_option
def changes(service: str = "", *, as_json: bool = False) -> None:
    """List what was changed, the newest first.

    Example: tocsin changes --service checkout
    """
    found = the_server().get("/api/v1/changes", service=service)
    if as_json:
        print_json(found)
        return
    rows = [
        (one["at"], one["kind"], one["service"], one["summary"], one["source"])
        for one in found["changes"]
    ]
    columns = ("at", "kind", "service", "what", "source")
    table(columns, rows, empty="No change was reported.")
