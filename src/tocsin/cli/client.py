"""Verbs that ask a running server: send, alerts, ack, who, log and their kin."""

from collections.abc import Sequence
from typing import Any

import click

from tocsin.cli.printing import (
    BAD_INPUT,
    NEGATIVE,
    UNREACHABLE,
    json_option,
    print_json,
    stop,
    table,
)  # fmt: skip

_SEVERITIES = click.Choice(["SEV1", "SEV2", "SEV3", "SEV4"], case_sensitive=False)


class Server:
    """The server of TOCSIN_URL."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> Any:
        """JSON of a GET."""
        params = {key: value for key, value in query.items() if value not in (None, "")}
        return self._call("GET", path, params=params).json()

    def text(self, path: str) -> str:
        """The text of a GET."""
        text: str = self._call("GET", path).text
        return text

    def post(self, path: str, body: Any = None, *, accept: Sequence[int] = ()) -> Any:
        """JSON of a POST; an answer above 299 ends the program unless accepted."""
        return self._call("POST", path, json=body, accept=accept).json()

    def _call(
        self, method: str, path: str, *, accept: Sequence[int] = (), **more: Any
    ) -> Any:
        import httpx2

        try:
            answer = httpx2.request(
                method, self._url + path, headers=self._headers, timeout=30, **more
            )
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            stop([f"{self._url} cannot be reached: {reason}"], code=UNREACHABLE)
        if answer.status_code < 300 or answer.status_code in accept:
            return answer
        code = BAD_INPUT if answer.status_code in (400, 401, 403, 422) else NEGATIVE
        stop(_said(answer), code=UNREACHABLE if answer.status_code >= 500 else code)


def server_or_none() -> Server | None:
    """The server that is configured, if one is."""
    from tocsin.offline import client_settings

    url, token = client_settings()
    return Server(url, token) if url else None


def the_server() -> Server:
    """The server; ends the program when none is configured."""
    found = server_or_none()
    if found is None:
        stop(
            ["Set TOCSIN_URL to the server's address and TOCSIN_TOKEN to a token "
             "(`tocsin token NAME` on the server makes one)."]
        )  # fmt: skip
    return found


@click.command()
@click.option("--status", default="open", show_default=True,
              type=click.Choice(["open", "triggered", "acknowledged", "resolved", "all"]))  # fmt: skip
@click.option("--service", default="", help="Only of this service.")
@json_option
def alerts(status: str = "open", service: str = "", *, as_json: bool = False) -> None:
    """List alerts; without a verb, `tocsin` shows the open ones.

    Example: tocsin alerts --status all --service checkout
    """
    found = the_server().get("/api/v1/alerts", status=status, service=service)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["id"],
            one["severity"],
            one["state"],
            one["service"],
            one["title"],
            one["acknowledged_by"] or _next(one["next"]),
        )
        for one in found["alerts"]
    ]
    columns = ("alert", "severity", "state", "service", "what", "who")
    table(columns, rows, empty="Quiet. Nothing is firing.")


@click.command()
@click.argument("title", required=False, default="")
@click.option("--service", default="", help="The service that is in trouble.")
@click.option("--integration", default="", help="Or the integration it comes through.")
@click.option("--severity", type=_SEVERITIES, default="SEV2", show_default=True)
@click.option(
    "--key", default="", help="The dedup key; made from the title if missing."
)
@click.option("--description", default="", help="More about it.")
@click.option("--resolve", "action", flag_value="resolve", help="It is over.")
@click.option("--ack", "action", flag_value="acknowledge", help="Somebody has it.")
@click.option(
    "--trigger", "action", flag_value="trigger", default="trigger", hidden=True
)
@json_option
def send(title: str, action: str | None, *, as_json: bool, **fields: str) -> None:
    """Raise, acknowledge or resolve an alert. Stored before this returns.

    Example: tocsin send --service checkout "Card payments fail" --severity SEV1
    """
    fields["severity"] = fields["severity"].upper()
    body = {"title": title, "action": action or "trigger", **fields}
    done = the_server().post("/api/v1/alerts", body)
    if as_json:
        print_json(done)
    else:
        number = f"ALR-{done['number']}" if done["number"] else "no alert"
        click.echo(f"{done['outcome']}: {number} (key {done['key']})")


@click.command()
@click.argument("whom")
@click.argument("title")
@click.option("--severity", type=_SEVERITIES, default="SEV2", show_default=True)
@json_option
def page(whom: str, title: str, severity: str, *, as_json: bool) -> None:
    """Page the people on call for a service about something you saw.

    Example: tocsin page checkout "Customers report failed payments"
    """
    body = {"title": title, "service": whom, "severity": severity.upper()}
    done = the_server().post("/api/v1/alerts", body)
    if as_json:
        print_json(done)
    else:
        click.echo(f"Paging for {whom}: ALR-{done['number']}.")


@click.command()
@click.argument("alert")
@json_option
def ack(alert: str, *, as_json: bool) -> None:
    """Say that you have an alert: nobody else is paged.

    Example: tocsin ack ALR-12
    """
    _act(alert, "acknowledge", "You have {id}: {title}", as_json=as_json)


@click.command()
@click.argument("alert")
@json_option
def resolve(alert: str, *, as_json: bool) -> None:
    """Say that an alert is over.

    Example: tocsin resolve ALR-12
    """
    _act(alert, "resolve", "Resolved {id}: {title}", as_json=as_json)


@click.command()
@click.argument("alert")
@click.argument("text")
@json_option
def note(alert: str, text: str, *, as_json: bool) -> None:
    """Add a line to an alert's timeline.

    Example: tocsin note ALR-12 "The deploy of 14:02 is suspect"
    """
    _act(alert, "note", "Noted on {id}.", as_json=as_json, body={"text": text})


@click.command()
@click.argument("alert")
@json_option
def log(alert: str, *, as_json: bool) -> None:
    """Print the timeline of an alert, oldest first.

    Example: tocsin log ALR-12
    """
    found = the_server().get(f"/api/v1/alerts/{_number(alert)}")
    if as_json:
        print_json(found["timeline"])
        return
    rows = [
        (one["at"][:19].replace("T", " "), one["actor"], one["text"])
        for one in reversed(found["timeline"])
    ]
    table(("time (UTC)", "who", "what"), rows, empty="Nothing yet.")


@click.command()
@click.argument("service", required=False, default="")
@click.option("--at", default=None, help="A time, such as 2026-11-28T03:00Z.")
@json_option
def who(service: str, at: str | None, *, as_json: bool) -> None:
    """Show who is on call, for a service or for everything.

    Exits 1 when nobody is. Example: tocsin who checkout --at 2026-11-28T03:00Z
    """
    found = the_server().get("/api/v1/oncall", service=service, at=at)
    rows = found["on_call"]
    if as_json:
        print_json(found)
    else:
        lines = [
            (
                f"{one['schedule']}/{one['rotation']}",
                ", ".join(one["people"]) or "nobody",
                one["until"] or "always",
                ", ".join(one["then"]),
            )
            for one in rows
        ]
        columns = ("rotation", "on call", "until", "then")
        table(columns, lines, empty="No schedule is configured.")
    if not any(one["people"] for one in rows):
        raise click.exceptions.Exit(NEGATIVE)


@click.group()
def policies() -> None:
    """Look into escalation policies."""


@policies.command()
@click.argument("name")
@click.option("--at", default=None, help="A time, such as 2026-11-28T03:00Z.")
@click.option("--severity", type=_SEVERITIES, default="SEV2", show_default=True)
@json_option
def test(name: str, at: str | None, severity: str, *, as_json: bool) -> None:
    """Who would be paged for a SERVICE or POLICY if nobody answered.

    Computed by the functions that page. Example: tocsin policies test checkout
    """
    path = f"/api/v1/policies/{name}/test"
    found = the_server().get(path, at=at, severity=severity.upper())
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["at"][:19].replace("T", " "),
            one["person"],
            str(one["level"]),
            ", ".join(m["by"] for m in one["methods"]) or "CANNOT BE REACHED",
        )
        for one in found["pages"]
    ]
    table(("time (UTC)", "who", "level", "how"), rows, empty="Nobody would be paged.")


def _act(alert: str, verb: str, words: str, *, as_json: bool, body: Any = None) -> None:
    done = the_server().post(f"/api/v1/alerts/{_number(alert)}/{verb}", body)
    if as_json:
        print_json(done)
    else:
        click.echo(words.format(**done))


def _number(alert: str) -> int:
    digits = alert.upper().removeprefix("ALR-")
    if not digits.isdigit() or len(digits) > 18:
        stop([f"{alert!r}: expected an alert's number such as ALR-12 or 12"])
    return int(digits)


def _next(coming: Any) -> str:
    if not coming:
        return ""
    return f"next {', '.join(coming['people'])} {coming['at'][11:16]}Z"


def _said(answer: Any) -> list[str]:
    """The sentences of a problem document, or whatever came instead."""
    try:
        body = answer.json()
    except ValueError:
        return [f"{answer.status_code} {answer.text[:300]}"]
    lines = [str(body.get("detail") or body.get("title") or answer.status_code)]
    lines += [f"{e['field']}: {e['expected']}" for e in body.get("errors", [])]
    return lines
