"""Verbs that ask a running server who is on call, now and if something broke."""

from urllib.parse import quote

import click

from tocsin.cli.client import SEVERITIES, the_server
from tocsin.cli.printing import NEGATIVE, json_option, print_json, table
from tocsin.cli.times import TIMES, Clock


@click.command()
@click.argument("service", required=False, default="")
@click.option(
    "--at", default=None, help=f"{TIMES[0].upper()}{TIMES[1:]}, on your clock."
)
@json_option
def who(service: str, at: str | None, *, as_json: bool) -> None:
    """Show who is on call, for a service or for everything.

    Exits 1 when nobody is. Example: tocsin who checkout --at 2026-11-28T03:00Z
    """
    server = the_server(at="--at")
    clock = Clock(server) if at or not as_json else None
    when = clock.instant("--at", at) if clock and at else None
    found = server.get("/api/v1/oncall", service=service, at=when)
    rows = found["on_call"]
    if as_json or clock is None:
        print_json(found)
    else:
        lines = [
            (
                f"{one['schedule']}/{one['rotation']}",
                ", ".join(one["people"]) or "nobody",
                clock.shown(one["until"]) if one["until"] else "always",
                ", ".join(one["then"]),
            )
            for one in rows
        ]
        columns = ("rotation", "on call", "until", "then")
        table(columns, lines, empty="No schedule is configured.", whole=1)
        if lines:
            click.echo(f"Times are in {clock.zone}.")
    if not any(one["people"] for one in rows):
        raise click.exceptions.Exit(NEGATIVE)


@click.group()
def policies() -> None:
    """Look into escalation policies."""


@policies.command()
@click.argument("name")
@click.option(
    "--at", default=None, help=f"{TIMES[0].upper()}{TIMES[1:]}, on your clock."
)
@click.option("--severity", type=SEVERITIES, default="SEV2", show_default=True)
@json_option
def test(name: str, at: str | None, severity: str, *, as_json: bool) -> None:
    """Who would be paged for a SERVICE or POLICY if nobody answered.

    Computed by the functions that page. Example: tocsin policies test checkout
    """
    path = f"/api/v1/policies/{quote(name, safe='')}/test"
    server = the_server(at="--at")
    clock = Clock(server) if at or not as_json else None
    when = clock.instant("--at", at) if clock and at else None
    found = server.get(path, at=when, severity=severity.upper())
    if as_json or clock is None:
        print_json(found)
        return
    rows = [
        (
            clock.shown(one["at"], seconds=True),
            one["person"],
            str(one["level"]),
            ", ".join(m["by"] for m in one["methods"]) or "CANNOT BE REACHED",
        )
        for one in found["pages"]
    ]
    columns = ("time", "who", "level", "how")
    table(columns, rows, empty="Nobody would be paged.", whole=1)
    if rows:
        click.echo(f"Times are in {clock.zone}.")
