"""Verbs of being on call: stand in, turns, load, proof, a calendar. They ask a server."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import click

from tocsin.cli import shifts
from tocsin.cli.client import the_server
from tocsin.cli.printing import NEGATIVE, json_option, print_json, stop, table
from tocsin.cli.times import TIMES, Clock

_AHEAD = timedelta(days=14)


@click.group()
def oncall() -> None:
    """Stand in, ask for cover, hand over, be away, see the load, prove a schedule."""


for _command in shifts.COMMANDS:
    oncall.add_command(_command)


@oncall.command()
@click.argument("rotation")
@click.option("--from", "start", required=True, help=f"On your clock: {TIMES}.")
@click.option("--to", "end", required=True, help="Likewise.")
@click.option("--person", default="", help="Who is on call then. You if not said.")
@click.option("--instead-of", "leaving", default="", help="Only where they are on.")
@click.option("--preview", is_flag=True, help="Show what changes; save nothing.")
@json_option
def cover(
    rotation: str,
    start: str,
    end: str,
    person: str,
    leaving: str,
    *,
    preview: bool,
    as_json: bool,
) -> None:
    """Take the hours of a SCHEDULE/ROTATION, or hand them to somebody.

    Example: tocsin oncall cover payments/Primary --from "tomorrow 18:00" --to "fri 9:00"
    """
    schedule, _, name = rotation.partition("/")
    if not name:
        stop([f"ROTATION: {rotation!r}: expected schedule/rotation: payments/Primary"])
    server = the_server(
        start="--from", end="--to", person="--person", leaving="--instead-of"
    )
    clock = Clock(server)
    begins = clock.instant("--from", start)
    body = {
        "rotation": name,
        "start": begins,
        "end": clock.instant("--to", end, after=begins),
        "leaving": leaving,
        "person": person or clock.person,
    }
    path = f"/api/v1/schedules/{schedule}/overrides"
    done = server.post(f"{path}/preview" if preview else path, body)
    if as_json:
        print_json(done)
        return
    for sentence in done["effect"]["said"]:
        click.echo(sentence)
    if not preview:
        click.echo(f"Saved as {done['override']['id']}.")


@oncall.command()
@click.argument("schedule")
@click.option("--from", "start", default="now", help=f"On your clock: {TIMES}.")
@click.option("--to", "end", default="", help="Likewise; two weeks later if not said.")
@json_option
def turns(schedule: str, start: str, end: str, *, as_json: bool) -> None:
    """Who is on call when in a SCHEDULE, and when nobody is.

    Example: tocsin oncall turns payments --from "mon 9:00"
    """
    server = the_server()
    clock = Clock(server)
    begins = clock.instant("--from", start)
    first = datetime.fromisoformat(begins)
    ends = (
        clock.instant("--to", end, after=begins)
        if end
        else (first + _AHEAD).isoformat()
    )
    if datetime.fromisoformat(ends) <= first:
        stop(["--to: expected a time after --from"])
    window = {"from": begins, "to": ends}
    found = server.get(f"/api/v1/schedules/{quote(schedule, safe='')}/final", **window)
    if as_json:
        print_json(found)
        return
    rows = [
        (clock.shown(start), clock.shown(end), rotation, who, kind)
        for start, end, rotation, who, kind in _turns(found["rotations"])
    ]
    columns = ("from", "to", "rotation", "on call", "kind")
    table(columns, rows, empty="Nobody is on call then.", whole=2)
    if rows:
        click.echo(f"Times are in {clock.zone}.")


def _turns(rotations: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Shifts and gaps of all rotations, by time; the API's instants sort as text."""
    found = [
        (one["start"], one["end"], name, one["user"], one["kind"])
        for name, final in rotations.items()
        for one in final["shifts"]
    ]
    gaps = [
        (one["start"], one["end"], name, "nobody", "gap")
        for name, final in rotations.items()
        for one in final["gaps"]
    ]
    return sorted(found + gaps)


@oncall.command()
@click.argument("schedule")
@click.option("--days", default=28, show_default=True, help="How far back.")
@json_option
def load(schedule: str, days: int, *, as_json: bool) -> None:
    """Who carried what in a SCHEDULE, how evenly, and what to mend.

    Example: tocsin oncall load payments --days 91
    """
    found = the_server().get(f"/api/v1/schedules/{schedule}/load", days=days)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["person"],
            f"{one['hours']:.0f}",
            f"{one['night_hours']:.0f}",
            f"{one['weekend_hours']:.0f}",
            str(one["pages"]),
            str(one["sleep_interruptions"]),
            f"{one['weighted']:.0f}",
        )
        for one in found["loads"]
    ]
    columns = ("person", "hours", "night", "weekend", "pages", "sleep broken", "load")
    table(columns, rows, empty="Nobody takes turns in this schedule.")
    fair = found["fairness"]
    click.echo(f"Gini {fair['gini']:.2f}{', uneven' if fair['uneven'] else ''}")
    for one in found["findings"]:
        click.echo(f"{one['weight']}: {one['said']} ({one['source']})")


@oncall.command()
@click.argument("schedule")
@click.option("--nights", default=7, show_default=True, help="In a row at most.")
@click.option("--rest", default=11, show_default=True, help="Hours at least.")
@json_option
def proof(schedule: str, nights: int, rest: int, *, as_json: bool) -> None:
    """What holds of a SCHEDULE for 13 months. Exits 1 when a claim does not.

    Example: tocsin oncall proof payments --nights 7 --rest 11
    """
    path = f"/api/v1/schedules/{schedule}/proof"
    server = the_server(nights="--nights", rest_hours="--rest")
    found = server.get(path, nights=nights, rest_hours=rest)
    if as_json:
        print_json(found)
    else:
        clock = Clock(server)
        for one in found["claims"]:
            held = "holds"
            if not one["holds"]:
                held = f"broken at {clock.shown(one['broken_at'])} ({clock.zone}):"
            click.echo(f"{one['claim']}: {held} {one['said']}".rstrip())
    if not all(one["holds"] for one in found["claims"]):
        raise click.exceptions.Exit(NEGATIVE)


@oncall.command()
@click.argument("kind", type=click.Choice(["person", "schedule", "team"]))
@click.argument("name", required=False, default="")
@json_option
def calendar(kind: str, name: str, *, as_json: bool) -> None:
    """Make a secret calendar address of your shifts, a schedule or a team.

    Example: tocsin oncall calendar schedule payments
    """
    made = the_server().post("/api/v1/me/calendars", {"kind": kind, "name": name})
    if as_json:
        print_json(made)
    else:
        click.echo(made["url"])
