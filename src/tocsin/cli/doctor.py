"""`tocsin doctor`: what could lose a page, checked one by one."""

import click

from tocsin.cli.printing import NEGATIVE, json_option, print_json, table
from tocsin.cli.server import checked_settings


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check settings, database, disk and mail; exits 1 when something is wrong.

    Example: tocsin doctor
    """
    from tocsin.offline import examine

    found = examine(checked_settings())
    if as_json:
        print_json([{"check": n, "ok": ok, "says": says} for n, ok, says in found])
    else:
        rows = [("ok" if ok else "WRONG", name, says) for name, ok, says in found]
        table(("", "check", "found"), rows, empty="Nothing was checked.")
    if not all(ok for _, ok, _ in found):
        raise click.exceptions.Exit(NEGATIVE)
