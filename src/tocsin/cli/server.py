"""Verbs that start a server or work on its database: serve, demo, migrate, links."""

import asyncio
from typing import Any

import click

from tocsin.cli.printing import json_option, print_json, stop

# core/people/permissions.Scope, which costs an import that no help needs.
_SCOPES = ("read", "send", "respond", "configure", "admin", "scim")


def checked_settings(**overrides: Any) -> Any:
    """The settings of this process; bad ones end it with exit code 2."""
    from tocsin.offline import BadSettings, read_settings

    try:
        return read_settings(**overrides)
    except BadSettings as bad:
        stop(bad.problems)


@click.command()
@click.option("--role", type=click.Choice(["all", "web", "engine"]), default="all",
              help="Which part of the program runs in this process.")  # fmt: skip
@click.option("--host", help="Address to listen on (TOCSIN_HOST).")
@click.option("--port", type=int, help="Port to listen on (TOCSIN_PORT).")
def serve(role: str, host: str | None, port: int | None) -> None:
    """Run the server: web, API and engine in one process.

    Example: TOCSIN_DATABASE_URL=sqlite:///var/tocsin.db tocsin serve --port 8080
    """
    from tocsin.serving import run

    settings = checked_settings(host=host, port=port)
    _run(lambda: run(settings, role=role))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address.")
@click.option("--port", type=int, default=8080, show_default=True, help="Port.")
@click.option(
    "--data", default="var/demo", show_default=True, help="Where its data is."
)
@click.option("--once", is_flag=True, help="End after the outage; exit 1 if it failed.")
def demo(host: str, port: int, data: str, *, once: bool) -> None:
    """Start a small company and play one outage on the real program.

    Example: tocsin demo --port 8080
    """
    from tocsin.demo import run

    _run(lambda: run(host=host, port=port, data=data, once=once))


@click.command()
@json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database to this release's schema.

    Example: tocsin migrate
    """
    from tocsin.offline import HEAD, open_database

    settings = checked_settings()
    database = _opened(lambda: open_database(settings))
    database.close()
    if as_json:
        print_json({"schema": HEAD})
    else:
        click.echo(f"The database is at schema {HEAD}.")


@click.command("sign-in-link")
@click.argument("person", required=False)
@json_option
def sign_in_link(person: str | None, *, as_json: bool) -> None:
    """Print a one-time link that signs PERSON (an admin by default) in.

    Example: tocsin sign-in-link alice
    """
    link = _with_doors(lambda doors: doors.link(person))
    print_json({"link": link}) if as_json else click.echo(link)


@click.command("break-glass")
@click.argument("person")
@json_option
def break_glass(person: str, *, as_json: bool) -> None:
    """Print ten one-time emergency codes of PERSON; the ones from before are void.

    Each signs PERSON in at /login/emergency as an admin for one hour, even when every
    other way of signing in is down. Keep them on paper, locked away.

    Example: tocsin break-glass alice > codes.txt
    """
    codes = _with_doors(lambda doors: doors.emergency_codes(person))
    print_json({"codes": codes}) if as_json else click.echo("\n".join(codes))


@click.command()
@click.argument("person")
@click.option("--label", default="cli", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(_SCOPES),
              help="What it may do; everything PERSON may when left out. Repeatable.")  # fmt: skip
@click.option("--team", default="", help="Elsewhere it only reads.")
@click.option("--days", type=click.IntRange(1, 731), help="How long it is good for.")
@json_option
def token(
    person: str,
    label: str,
    scopes: tuple[str, ...],
    team: str,
    days: int | None,
    *,
    as_json: bool,
) -> None:
    """Make an API token for PERSON and print it, once.

    Example: export TOCSIN_TOKEN=$(tocsin token alice --scope read --days 90)
    """
    made = _with_doors(
        lambda doors: doors.token(person, label, scopes=scopes, team=team, days=days)
    )
    print_json({"token": made}) if as_json else click.echo(made)


def _with_doors(work: Any) -> Any:
    from tocsin.offline import Doors

    settings = checked_settings()
    doors = _opened(lambda: Doors(settings))
    try:
        return work(doors)
    except LookupError as error:
        stop([str(error.args[0])])
    finally:
        doors.close()


def _opened(open_it: Any) -> Any:
    from tocsin.offline import StoreError

    try:
        return open_it()
    except StoreError as error:
        stop([f"the database cannot be used: {error}"], code=1)


def _run(main: Any) -> None:
    from tocsin.offline import StoreError

    try:
        with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
            code = runner.run(main())
    except StoreError as error:
        stop([f"the database cannot be used: {error}"], code=1)
    except OSError as error:
        stop([str(error)], code=1)
    if code:
        raise click.exceptions.Exit(code)


def _fastest_loop() -> Any:
    """uvloop where it has a wheel: a third more requests on the intake."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
