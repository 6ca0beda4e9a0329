"""The six questions of a first team as a form."""

from collections.abc import Mapping

from tocsin.engine.oncall.first_rota import Rota
from tocsin.web.filters import whole_number


def rota_of(given: Mapping[str, str]) -> tuple[Rota | None, dict[str, str]]:
    """The answers to the six questions, or a sentence per wrong one."""
    problems = {}
    for name, said in (
        ("team", "Enter the team's name, such as operations."),
        ("service", "Enter what can break, such as checkout."),
        ("primary", "Enter at least one person: a mail address a line."),
    ):
        if not given.get(name, "").strip():
            problems[name] = said
    delay, repeats = (
        whole_number(given.get(n, "").strip()) for n in ("delay", "repeats")
    )
    if delay is None or not 1 <= delay <= 1440:
        problems["delay"] = "Enter whole minutes from 1 to 1440."
    if repeats is None or repeats > 9:
        problems["repeats"] = "Enter a whole number from 0 to 9."
    if problems or delay is None or repeats is None:
        return None, problems
    lines = {
        name: [line.strip() for line in given.get(name, "").split("\n") if line.strip()]
        for name in ("primary", "secondary")
    }
    return (
        Rota(
            team=given["team"].strip(),
            service=given["service"].strip(),
            primary=lines["primary"],
            secondary=lines["secondary"],
            delay_minutes=delay,
            repeats=repeats,
            source=given.get("source", "prometheus"),
        ),
        {},
    )
