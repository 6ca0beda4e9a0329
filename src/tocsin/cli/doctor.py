"""`tocsin doctor`: what could lose a page, checked one by one."""

import click

from tocsin.cli.printing import NEGATIVE, json_option, print_json, table
from tocsin.cli.server import checked_settings

_WORDS = {"ok": "ok", "warn": "look", "bad": "WRONG", "off": "-"}


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check settings, database, disk and mail; exits 1 when something is wrong.

    Example: tocsin doctor
    """
    from tocsin.offline import as_json as json_of
    from tocsin.offline import examine

    found = examine(checked_settings())
    if as_json:
        print_json(json_of(found))
    else:
        rows = [(_WORDS[one.state], one.name, one.says, one.todo) for one in found]
        table(("", "check", "found", "to do"), rows, empty="Nothing was checked.")
    if any(one.state == "bad" for one in found):
        raise click.exceptions.Exit(NEGATIVE)
