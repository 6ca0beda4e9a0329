"""The command line: `tocsin …`. Server verbs start things, client verbs ask a server.

Exit codes: 0 ok, 1 a negative answer, 2 usage or bad input, 3 server unreachable.
"""

import sys

import click

from tocsin import __version__

# Verb → (module, function): imported only when it is used, so that help is quick.
_VERBS = {
    "serve": "server",
    "demo": "server",
    "migrate": "server",
    "doctor": "doctor",
    "sign-in-link": "server",
    "break-glass": "server",
    "token": "server",
    "apply": "files",
    "export": "files",
    "schedules": "schedules",
    "policies": "oncall",
    "simulate": "simulate",
    "send": "client",
    "change": "changes",
    "changes": "changes",
    "alerts": "client",
    "ack": "client",
    "resolve": "client",
    "note": "client",
    "page": "client",
    "who": "oncall",
    "oncall": "duty",
    "log": "client",
    "declare": "incidents",
    "incidents": "incidents",
    "decide": "incidents",
    "task": "incidents",
    "update": "updates",
    "status": "incidents",
    "role": "incidents",
    "reviews": "reviews",
    "runbooks": "reviews",
    "actions": "reviews",
}


class Verbs(click.Group):
    """Loads a verb's module when the verb is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One verb."""
        module = _VERBS.get(cmd_name)
        if module is None:
            return None
        from importlib import import_module

        found = import_module(f"tocsin.cli.{module}")
        command: click.Command = getattr(found, cmd_name.replace("-", "_"))
        return command


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="tocsin")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def root(context: click.Context, *, as_json: bool) -> None:
    """Tocsin: an alert pages the person on call until someone answers.

    Without a verb it shows what is on fire. Client verbs talk to the server that
    TOCSIN_URL and TOCSIN_TOKEN (or ~/.config/tocsin/config.toml) name.
    """
    if context.invoked_subcommand is None:
        from tocsin.cli.client import alerts

        context.invoke(alerts, as_json=as_json)


def main() -> None:
    """The entry point of the `tocsin` command."""
    try:
        # Outside of its standalone mode click returns the code of an Exit.
        code = root(standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except click.Abort:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
