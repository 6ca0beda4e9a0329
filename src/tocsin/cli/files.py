"""Configuration as code: `apply` and `export`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tocsin.cli.printing import NEGATIVE, json_option, print_json, stop, table
from tocsin.cli.server import checked_settings


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--yes", is_flag=True, help="Apply without asking.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--prune", is_flag=True, help="Delete what no file names.")
@json_option
def apply(
    files: Sequence[str], *, yes: bool, dry_run: bool, prune: bool, as_json: bool
) -> None:
    """Bring the configuration to what FILES say; shows the plan first.

    Works on the database of the settings, or on a running server when TOCSIN_URL is
    set.

    Example: tocsin apply company.yaml --yes
    """
    texts = [(name, _text(name)) for name in files]
    send = _target()
    planned = send(texts, prune=prune, dry_run=True)
    if planned["problems"]:
        if as_json:
            print_json(planned)
        stop(planned["problems"])
    if not as_json:
        _show(planned)
    if dry_run or not _changes(planned):
        if as_json:
            print_json(planned)
        return
    if not yes and not click.confirm("Apply?", default=False):
        raise click.exceptions.Exit(NEGATIVE)
    applied = send(texts, prune=prune, dry_run=False)
    if applied["problems"]:
        stop(applied["problems"])
    if as_json:
        print_json(applied)
    else:
        click.echo("Applied.")


@click.command()
@click.option("--with-secrets", is_flag=True,
              help="Keys and addresses readable, not sealed; only on the server itself.")  # fmt: skip
@json_option
def export(*, with_secrets: bool, as_json: bool) -> None:
    """Print the configuration as YAML that `apply` brings to the same state.

    Credentials are sealed with the installation's key and mean nothing elsewhere.

    Example: tocsin export > company.yaml
    """
    from tocsin.cli.client import server_or_none
    from tocsin.offline import StoreError, exported

    server = server_or_none()
    if server is not None and with_secrets:
        stop(["--with-secrets reads the database itself: unset TOCSIN_URL, and run it "
              "where the database and its key are."])  # fmt: skip
    try:
        text = (
            server.text("/api/v1/config")
            if server is not None
            else exported(checked_settings(), with_secrets=with_secrets)
        )
    except StoreError as error:
        stop([f"the database cannot be used: {error}"], code=1)
    if as_json:
        import yaml

        print_json(yaml.safe_load(text) or {})
    else:
        click.echo(text, nl=False)


def _target() -> Any:
    from tocsin.cli.client import server_or_none

    server = server_or_none()
    if server is not None:
        return lambda texts, *, prune, dry_run: server.post(
            "/api/v1/config",
            {
                "files": [{"name": name, "text": text} for name, text in texts],
                "prune": prune,
                "dry_run": dry_run,
            },
            accept=(200, 422),
        )
    return _locally


def _locally(
    texts: Sequence[tuple[str, str]], *, prune: bool, dry_run: bool
) -> dict[str, Any]:
    from tocsin.offline import StoreError, apply_to

    try:
        return apply_to(checked_settings(), texts, prune=prune, dry_run=dry_run)
    except StoreError as error:
        stop([f"the database cannot be used: {error}"], code=1)


def _text(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read()
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        stop([f"{name}: {error}"])


def _show(planned: dict[str, Any]) -> None:
    rows = [
        (change["kind"], change["noun"], change["name"], "; ".join(change["notes"]))
        for change in planned["changes"]
    ]
    table(("", "what", "name", ""), rows, empty="The files name nothing.")
    for note in planned["notes"]:
        click.echo(f"note: {note}")


def _changes(planned: dict[str, Any]) -> bool:
    return any(change["kind"] != "unchanged" for change in planned["changes"])
