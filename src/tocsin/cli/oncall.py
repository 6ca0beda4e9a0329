"""Verbs that ask a running server who is on call, now and if something broke."""

import click

from tocsin.cli.client import SEVERITIES, the_server
from tocsin.cli.printing import NEGATIVE, json_option, print_json, table


@click.command()
@click.argument("service", required=False, default="")
@click.option("--at", default=None, help="A time, such as 2026-11-28T03:00Z.")
@json_option
def who(service: str, at: str | None, *, as_json: bool) -> None:
    """Show who is on call, for a service or for everything.

    Exits 1 when nobody is. Example: tocsin who checkout --at 2026-11-28T03:00Z
    """
    found = the_server().get("/api/v1/oncall", service=service, at=at)
    rows = found["on_call"]
    if as_json:
        print_json(found)
    else:
        lines = [
            (
                f"{one['schedule']}/{one['rotation']}",
                ", ".join(one["people"]) or "nobody",
                one["until"] or "always",
                ", ".join(one["then"]),
            )
            for one in rows
        ]
        columns = ("rotation", "on call", "until", "then")
        table(columns, lines, empty="No schedule is configured.")
    if not any(one["people"] for one in rows):
        raise click.exceptions.Exit(NEGATIVE)


@click.group()
def policies() -> None:
    """Look into escalation policies."""


@policies.command()
@click.argument("name")
@click.option("--at", default=None, help="A time, such as 2026-11-28T03:00Z.")
@click.option("--severity", type=SEVERITIES, default="SEV2", show_default=True)
@json_option
def test(name: str, at: str | None, severity: str, *, as_json: bool) -> None:
    """Who would be paged for a SERVICE or POLICY if nobody answered.

    Computed by the functions that page. Example: tocsin policies test checkout
    """
    path = f"/api/v1/policies/{name}/test"
    found = the_server().get(path, at=at, severity=severity.upper())
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["at"][:19].replace("T", " "),
            one["person"],
            str(one["level"]),
            ", ".join(m["by"] for m in one["methods"]) or "CANNOT BE REACHED",
        )
        for one in found["pages"]
    ]
    table(("time (UTC)", "who", "level", "how"), rows, empty="Nobody would be paged.")
