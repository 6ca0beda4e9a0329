"""The verb `update`: words about an incident, for inside and (once approved) outside."""

import sys
from typing import Any

import click

from tocsin.cli.incidents import posted, told
from tocsin.cli.printing import json_option, stop


@click.command()
@click.argument("incident")
@click.argument("text", required=False, default="")
@click.option("--external", is_flag=True, help="For customers; the commander approves.")
@click.option("--stage", default="update", show_default=True,
              type=click.Choice(["investigating", "identified", "monitoring", "resolved", "update"]))  # fmt: skip
@click.option("--impact", default="", help="What customers notice.")
@click.option("--team", default="", help="What we are doing.")
@click.option("--minutes", type=int, help="Until the next update.")
@click.option("--component", "components", multiple=True,
              help="page/component=state. Repeatable.")  # fmt: skip
@click.option("--approve", type=int, help="Let a proposed update out.")
@click.option("--reject", type=int, help="Do not let a proposed update out.")
@click.option("--reason", default="", help="Why not.")
@json_option
def update(
    incident: str,
    text: str,
    stage: str,
    impact: str,
    team: str,
    minutes: int | None,
    components: tuple[str, ...],
    approve: int | None,
    reject: int | None,
    reason: str,
    *,
    external: bool,
    as_json: bool,
) -> None:
    """Tell people how it stands. TEXT may be a whole [UPDATE] block; - reads it.

    Example: tocsin update INC-3 "We found it and roll back." --minutes 20
    """
    decided = approve if approve is not None else reject
    if decided is not None:
        answer = {"approve": approve is not None, "reason": reason}
        done = posted(incident, f"updates/{decided}", answer)
        said = "goes out" if approve is not None else "stays inside"
        told(done, f"The update {said}.", as_json=as_json)
        return
    body = {
        "audience": "external" if external else "internal",
        "stage": stage,
        "impact": impact,
        "team": team,
        "minutes": minutes,
        "components": dict(_pair(one) for one in components),
        **_words(text),
    }
    done = posted(incident, "updates", body)
    new: Any = next((u for u in done["updates"] if u["id"] == done["made"]), {})
    waits = new.get("state") == "proposed"
    said = "waits for the commander (--approve {made})" if waits else "is out"
    told(done, f"Update {{made}} of {{id}} {said}.", as_json=as_json)


def _words(text: str) -> dict[str, str]:
    """A whole [UPDATE] block, or the body alone; "-" reads it from standard input."""
    text = sys.stdin.read() if text == "-" else text
    if text.lstrip().upper().startswith("[UPDATE]"):
        return {"block": text}
    return {"body": text}


def _pair(text: str) -> tuple[str, str]:
    name, mark, state = text.partition("=")
    if not mark or not state:
        stop([f"--component {text!r}: expected page/component=state"])
    return name, state
