"""A small company, a mailbox and one outage, on the real program. Takes no shortcut."""

from importlib.resources import files
from pathlib import Path

import click

from tocsin import logs, serving, system
from tocsin.app import Installation
from tocsin.config import read_settings
from tocsin.demo.mailbox import Mail, Mailbox
from tocsin.demo.outage import Outage, Step
from tocsin.offline import apply_to
from tocsin.serving import Served

# Whom the link signs in: an admin, as only they see every page.
GUEST = "priya"


class Shown:
    """What the demo's pages show."""

    def __init__(self, outage: Outage, mailbox: Mailbox, link: str) -> None:
        self._outage = outage
        self._mailbox = mailbox
        self.link = link

    def steps(self) -> list[Step]:
        """What has happened, oldest first."""
        return list(self._outage.steps())

    def finished(self) -> bool:
        """Whether the outage is over."""
        return self._outage.finished.is_set()

    def mails(self) -> list[Mail]:
        """The newest first."""
        return list(self._mailbox.mails())

    def mail(self, number: int) -> Mail | None:
        """One mail."""
        return self._mailbox.mail(number)


# long because: the demo's wiring, in order.
async def run(*, host: str, port: int, data: str, once: bool) -> int:
    """Serve the demo until it is stopped; with `once`, until its outage is over."""
    logs.configure()
    mailbox = Mailbox(system.SteadyClock())
    smtp = mailbox.start()
    settings = read_settings(
        {},
        host=host,
        port=port,
        data_dir=data,
        database_url=f"sqlite:///{Path(data) / 'demo.db'}",
        smtp_url=smtp,
        smtp_from="Tocsin <tocsin@meridian.example>",
        ballast_mib=16,
        allow_private_targets=True,
    )
    company = (files("tocsin.demo") / "company.yaml").read_text("utf-8")
    applied = apply_to(
        settings, [("company.yaml", company)], prune=False, dry_run=False
    )
    assert not applied["problems"], applied["problems"]
    installation = Installation(settings)
    url = installation.public_url
    outage = Outage(
        url=url,
        key=_key_of(installation, "checkout-prometheus"),
        mailbox=mailbox,
        clock=installation.clock,
    )
    sign_in = installation.front_desk().sign_in
    link = f"{url}/sign-in/{sign_in.link_for(GUEST)}"
    installation.demo = Shown(outage, mailbox, link)

    def ready(served: Served) -> None:
        click.echo(
            f"\nTocsin's demo is running.\n\n  Watch the outage   {url}/demo\n"
            f"  Read the mails     {url}/demo/mail\n  Sign in (once)     {link}\n\n"
            "Stop with Ctrl-C.\n"
        )
        outage.start(ended=served.stop if once else None)

    try:
        await serving.serve(installation, ready=ready)
    finally:
        outage.stop()
        mailbox.stop()
    return 0 if outage.worked or not once else 1


def _key_of(installation: Installation, name: str) -> str:
    directory = installation.database.read(installation.directories.current)
    return next(one.key for one in directory.integrations if one.name == name)
