"""`tocsin schedules render`: who is on call when, from a file, without a server."""

import json
import sys
from pathlib import Path

import click

from tocsin.cli.printing import stop


@click.group()
def schedules() -> None:
    """Look into schedules."""


@schedules.command()
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--from", "start", required=True, help="A UTC instant: 2024-01-01T08:00Z."
)
@click.option("--to", "end", required=True, help="A UTC instant.")
@click.option("--json", "as_json", is_flag=True, help="JSON, which it always prints.")
def render(file: str, start: str, end: str, *, as_json: bool) -> None:
    """Print the final timeline of one schedule object as JSON.

    Example: tocsin schedules render payments.json --from 2024-01-01T08:00Z --to 2024-01-22T08:00Z
    """
    from tocsin.core.rotas.schedule_files import BadSchedule, instant
    from tocsin.core.rotas.schedule_files import render as rendered

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        document = json.loads(text)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        stop([f"{file}: {error}"])
    try:
        shown = rendered(document, instant(start, "--from"), instant(end, "--to"))
    except BadSchedule as bad:
        stop(bad.problems)
    click.echo(json.dumps(shown))
