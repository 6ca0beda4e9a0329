"""How verbs print: a table for people, JSON for programs; problems to stderr."""

import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

NEGATIVE, BAD_INPUT, UNREACHABLE = 1, 2, 3


def print_json(value: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    empty: str,
    whole: int = 0,
) -> None:
    """A table, or the sentence that stands for none.

    The first `whole` columns are never broken: the others give way.
    """
    if not rows:
        click.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        grid.add_column(column, overflow="fold", no_wrap=number < whole)
    for row in rows:
        grid.add_row(*row)
    Console(highlight=False, markup=False).print(grid)


def stop(problems: Sequence[str], *, code: int = BAD_INPUT) -> NoReturn:
    """Say what is wrong and end."""
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(code)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
