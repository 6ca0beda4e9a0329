"""Verbs that ask a running server: send, alerts, ack, who, log and their kin."""

from collections.abc import Mapping, Sequence
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

SEVERITIES = click.Choice(["SEV1", "SEV2", "SEV3", "SEV4"], case_sensitive=False)


class Server:
    """The server of TOCSIN_URL. `named`: what was typed for a field of a request."""

    def __init__(self, url: str, token: str, /, **named: str) -> None:
        self._url, self._named = url, named
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
        answer = self._call("POST", path, json=body, accept=accept)
        return answer.json() if answer.content else {}

    def put(self, path: str, body: Any = None) -> Any:
        """JSON of a PUT, {} of an empty answer."""
        answer = self._call("PUT", path, json=body)
        return answer.json() if answer.content else {}

    def delete(self, path: str) -> Any:
        """JSON of a DELETE, {} of an empty answer."""
        answer = self._call("DELETE", path)
        return answer.json() if answer.content else {}

    def _call(
        self,
        method: str,
        path: str,
        *,
        accept: Sequence[int] = (),
        **more: Any,
    ) -> Any:
        import httpx2

        try:
            answer = httpx2.request(
                method,
                self._url + path,
                headers=self._headers,
                timeout=30,
                **more,
            )
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            stop([f"{self._url} cannot be reached: {reason}"], code=UNREACHABLE)
        if answer.status_code < 300 or answer.status_code in accept:
            return answer
        code = BAD_INPUT if answer.status_code in (400, 401, 403, 422) else NEGATIVE
        stop(
            _said(answer, self._named),
            code=UNREACHABLE if answer.status_code >= 500 else code,
        )


def server_or_none(**named: str) -> Server | None:
    """The server that is configured, if one is."""
    from tocsin.offline import client_settings

    url, token = client_settings()
    return Server(url, token, **named) if url else None


def the_server(**named: str) -> Server:
    """The server; ends the program when none is configured."""
    found = server_or_none(**named)
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
@click.option("--severity", type=SEVERITIES, default="SEV2", show_default=True)
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
@click.option("--severity", type=SEVERITIES, default="SEV2", show_default=True)
@click.option(
    "--incident", default="", help="About this incident; WHOM may be a person."
)
@json_option
def page(whom: str, title: str, severity: str, incident: str, *, as_json: bool) -> None:
    """Page the people on call for a service about something you saw.

    Examples: tocsin page checkout "Customers report failed payments";
    tocsin page bob "You know the bank" --incident INC-3
    """
    if incident:
        number = _number(incident.upper().removeprefix("INC-"))
        asked = {"target": whom.lstrip("@"), "why": title}
        done = the_server().post(f"/api/v1/incidents/{number}/page", asked)
        if as_json:
            print_json(done)
        else:
            click.echo(f"Paging {whom} for {done['id']}.")
        return
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
@click.argument("subject")
@click.argument("text")
@json_option
def note(subject: str, text: str, *, as_json: bool) -> None:
    """Add a line to the log of an incident (INC-3) or an alert (ALR-12).

    Example: tocsin note INC-3 "6 of 12 pods restart"
    """
    body = {"text": text}
    if is_incident(subject):
        path = f"/api/v1/incidents/{_number(subject[4:])}/entries"
        done = the_server().post(path, body)
        if as_json:
            print_json(done)
        else:
            click.echo(f"Noted in {done['id']}.")
        return
    _act(subject, "note", "Noted on {id}.", as_json=as_json, body=body)


@click.command()
@click.argument("subject")
@json_option
def log(subject: str, *, as_json: bool) -> None:
    """Print what happened in an incident (INC-3) or to an alert (ALR-12), oldest first.

    An incident's log is Markdown. Example: tocsin log INC-3 > INC-3.md
    """
    if is_incident(subject):
        path = f"/api/v1/incidents/{_number(subject[4:])}/log"
        if as_json:
            print_json(the_server().get(path)["log"])
        else:
            click.echo(the_server().text(f"{path}.md"), nl=False)
        return
    found = the_server().get(f"/api/v1/alerts/{_number(subject)}")
    if as_json:
        print_json(found["timeline"])
        return
    rows = [
        (one["at"][:19].replace("T", " "), one["actor"], one["text"])
        for one in reversed(found["timeline"])
    ]
    table(("time (UTC)", "who", "what"), rows, empty="Nothing yet.")


def is_incident(word: str) -> bool:
    """Whether a word names an incident (INC-3); a bare number is an alert's."""
    return word.upper().startswith("INC-")


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


def _said(answer: Any, named: Mapping[str, str]) -> list[str]:
    """The sentences of a problem document, or whatever came instead."""
    try:
        body = answer.json()
    except ValueError:
        return [f"{answer.status_code} {answer.text[:300]}"]
    wrong = [
        (named.get(e["field"].rpartition(".")[2], e["field"]), e["expected"])
        for e in body.get("errors", [])
    ]
    said = [f"{field}: {expected}" for field, expected in wrong]
    if said and all(field in named.values() for field, _ in wrong):
        return said
    return [str(body.get("detail") or body.get("title") or answer.status_code), *said]
