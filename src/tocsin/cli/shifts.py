"""Verbs of the group `oncall` about shifts: hand over, ask for cover, be away, get ready."""

from urllib.parse import quote

import click

from tocsin.cli.client import Server, the_server
from tocsin.cli.printing import NEGATIVE, json_option, print_json, stop, table
from tocsin.cli.times import TIMES, Clock

_SHORT = 8  # of an id: enough to tell the open requests of a schedule apart


def _split(place: str) -> tuple[str, str]:
    """SCHEDULE/ROTATION as its two parts; ends the program otherwise."""
    schedule, _, rotation = place.partition("/")
    if not rotation:
        stop([f"ROTATION: {place!r}: expected schedule/rotation: payments/Primary"])
    return quote(schedule, safe=""), rotation


@click.command()
@click.argument("rotation")
@click.option("--note", default=None, help="Your words for whoever comes, Markdown.")
@json_option
def handoff(rotation: str, note: str | None, *, as_json: bool) -> None:
    """What is open at the next hand-over of a SCHEDULE/ROTATION; add words to it.

    Example: tocsin oncall handoff payments/Primary --note "The disk fills on Mondays."
    """
    schedule, name = _split(rotation)
    server = the_server()
    path = f"/api/v1/schedules/{schedule}/handoffs/coming"
    query = f"?rotation={quote(name, safe='')}"
    if note is not None:
        server.put(f"{path}/note{query}", {"note": note})
    found = server.get(path, rotation=name)
    if as_json:
        print_json(found)
        return
    outgoing = " and ".join(found["outgoing"]) or "nobody"
    incoming = " and ".join(found["incoming"]) or "nobody"
    clock, pages = Clock(server), found["pages"]
    click.echo(
        f"{clock.shown(found['at'])} ({clock.zone}): {outgoing} to {incoming}. "
        f"{pages} {'page' if pages == 1 else 'pages'} so far."
    )
    if found["note"]:
        click.echo(f"{found['noted_by']}: {found['note']}")
    rows = [(one["kind"], one["title"], one["said"]) for one in found["open"]]
    table(("what", "which", "how it stands"), rows, empty="Nothing is open.")


@click.command()
@click.argument("schedule")
@click.argument("number", required=False, default="")
@json_option
def accept(schedule: str, number: str, *, as_json: bool) -> None:
    """Accept what a SCHEDULE handed over to you: the newest, or the one with a NUMBER.

    Example: tocsin oncall accept payments
    """
    server = the_server()
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/handoffs"
    clock = Clock(server)
    if not number:
        me = clock.person
        waiting = [
            one["id"]
            for one in server.get(path)["handoffs"]
            if one["state"] == "made" and me in one["incoming"]
        ]
        if not waiting:
            click.echo("Nothing waits for you there.")
            return
        number = waiting[0]
    done = server.post(f"{path}/{number}/accept")
    if as_json:
        print_json(done)
    else:
        at = f"{clock.shown(done['at'])} ({clock.zone})"
        click.echo(f"Accepted: {done['rotation']}, {at}. {done['note']}".rstrip())


@click.command()
@click.argument("schedule")
@json_option
def requests(schedule: str, *, as_json: bool) -> None:
    """Who asks for cover in a SCHEDULE, and for which hours.

    Example: tocsin oncall requests payments
    """
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/cover-requests"
    server = the_server()
    found = server.get(path)
    if as_json:
        print_json(found)
        return
    clock = Clock(server)
    rows = [
        (
            one["id"][:_SHORT],
            one["person"],
            one["rotation"],
            clock.shown(one["start"]),
            clock.shown(one["end"]),
            one["why"],
        )
        for one in found["requests"]
    ]
    columns = ("request", "who", "rotation", "from", "to", "why")
    table(columns, rows, empty="Nobody asks for cover.", whole=5)
    if rows:
        click.echo(f"Times are in {clock.zone}.")


@click.command()
@click.argument("rotation")
@click.option("--from", "start", required=True, help=f"On your clock: {TIMES}.")
@click.option("--to", "end", required=True, help="Likewise.")
@click.option("--why", default="", help="What you would say to a colleague.")
@json_option
def ask(rotation: str, start: str, end: str, why: str, *, as_json: bool) -> None:
    """Ask others to take hours of yours in a SCHEDULE/ROTATION.

    Example: tocsin oncall ask payments/Primary --from "tomorrow 18:00" --to "fri 9:00"
    """
    schedule, name = _split(rotation)
    server = the_server(start="--from", end="--to", why="--why", rotation="ROTATION")
    clock = Clock(server)
    begins = clock.instant("--from", start)
    hours = {"start": begins, "end": clock.instant("--to", end, after=begins)}
    body = {"rotation": name, **hours, "why": why}
    done = server.post(f"/api/v1/schedules/{schedule}/cover-requests", body)
    if as_json:
        print_json(done)
        return
    start, end = clock.shown(done["start"]), clock.shown(done["end"])
    click.echo(f"Asked as {done['id'][:_SHORT]}: {start} to {end} ({clock.zone}).")
    click.echo("Until somebody takes them they are yours.")


@click.command()
@click.argument("schedule")
@click.argument("request")
@click.option("--withdraw", is_flag=True, help="Take your own request back instead.")
@json_option
def take(schedule: str, request: str, *, withdraw: bool, as_json: bool) -> None:
    """Take the hours of a REQUEST for cover in a SCHEDULE; its beginning is enough.

    Example: tocsin oncall take payments 0190d0c2
    """
    server = the_server()
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/cover-requests"
    path += f"/{quote(_whole(server.get(path)['requests'], request), safe='')}"
    done = server.delete(path) if withdraw else server.post(f"{path}/take")
    if as_json:
        print_json(done)
    else:
        click.echo("Withdrawn." if withdraw else "They are yours now.")


def _whole(requests: list[dict[str, str]], begins: str) -> str:
    """The id of the one request that begins so; ends the program otherwise.

    A whole id that is not open any more is left to the server, which says why.
    """
    found = [one["id"] for one in requests if one["id"].startswith(begins)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        stop([f"REQUEST: {begins!r} begins {len(found)} requests; type more of it"])
    if len(begins) < len("01234567-0123-0123-0123-0123456789ab"):
        stop([f"REQUEST: no open request begins with {begins!r}"], code=NEGATIVE)
    return begins


_OWN_LEAVE = "/api/v1/me/leave"


@click.command()
@click.argument("first")
@click.argument("last", required=False, default="")
@click.option(
    "--rather-not", is_flag=True, help="A wish: you can be on call if need be."
)
@click.option("--take-back", is_flag=True, help="Not away then after all.")
@click.option("--person", default="", help="Somebody of a team that you lead.")
@json_option
def away(
    first: str,
    last: str,
    *,
    rather_not: bool,
    take_back: bool,
    person: str,
    as_json: bool,
) -> None:
    """Say when you are away, from the FIRST to the LAST day.

    Example: tocsin oncall away 2026-12-24 2027-01-01
    """
    server = the_server(**{"from": "FIRST", "to": "LAST"})
    clock = Clock(server)
    first = clock.day("FIRST", first)
    last = clock.day("LAST", last) if last else first
    path = f"/api/v1/people/{quote(person, safe='')}/leave" if person else _OWN_LEAVE
    if take_back:
        server.delete(f"{path}/{quote(first, safe='')}/{quote(last, safe='')}")
    else:
        server.post(path, {"from": first, "to": last, "rather_not": rather_not})
    if as_json:
        print_json(server.get(path))
    else:
        click.echo(f"{'Taken back' if take_back else 'Kept'}: {first} to {last}.")


@click.command()
@click.argument("schedule")
@click.argument("person", required=False, default="")
@click.argument("item", required=False, default="")
@json_option
def ready(schedule: str, person: str, item: str, *, as_json: bool) -> None:
    """Checklists of a SCHEDULE; tick an ITEM of a PERSON ("signed off" closes the list).

    Example: tocsin oncall ready payments eve "Access tested"
    """
    server = the_server()
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/readiness"
    if item:
        server.put(f"{path}/{quote(person, safe='')}/{quote(item, safe='')}")
    found = server.get(path)
    shown = [one for one in found["people"] if person in ("", one["person"])]
    if as_json:
        print_json({"people": shown})
        return
    rows = [
        (one["person"], "x" if item["done"] else "", item["item"], item["said"] or "")
        for one in shown
        for item in [
            *one["items"],
            {"item": "signed off", "done": one["signed_off_by"],
             "said": one["signed_off_by"]},
        ]
    ]  # fmt: skip
    table(("who", "done", "what", "said"), rows, empty="Nobody takes turns here.")


@click.command()
@click.argument("rotation")
@click.argument("url", required=False, default="")
@click.option("--end", is_flag=True, help="Read it no more.")
@json_option
def read(rotation: str, url: str, *, end: bool, as_json: bool) -> None:
    """Read the shifts of a SCHEDULE/ROTATION from the calendar at URL; or how that went.

    Example: tocsin oncall read payments/Primary https://calendar.example.com/basic.ics
    """
    schedule, name = _split(rotation)
    path = f"/api/v1/schedules/{schedule}/calendar/{quote(name, safe='')}"
    server: Server = the_server(url="URL")
    if end:
        server.delete(path)
    found = server.put(path, {"url": url}) if url else server.get(path)
    if as_json:
        print_json(found)
    elif not found["subscribed"]:
        click.echo("It is read from no calendar.")
    else:
        clock = Clock(server)
        good, zone = clock.shown(found["good_at"]), clock.zone
        click.echo(f"{found['found']} shifts, read at {good} ({zone}).")
        if found["error"]:
            tried = clock.shown(found["tried_at"])
            click.echo(f"Not read at {tried} ({zone}): {found['error']}.")
        for title in found["unknown"]:
            click.echo(f"Names nobody: {title}")


@click.command()
@click.argument("person")
@click.argument("text")
@json_option
def thanks(person: str, text: str, *, as_json: bool) -> None:
    """Say thanks to a PERSON.

    Example: tocsin oncall thanks bob "For the night of Sunday."
    """
    server = the_server(to="PERSON", text="TEXT")
    done = server.post("/api/v1/thanks", {"to": person, "text": text})
    if as_json:
        print_json(done)
    else:
        click.echo("Said.")


COMMANDS = (handoff, accept, requests, ask, take, away, ready, read, thanks)
