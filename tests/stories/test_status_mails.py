"""Mails of a status page: who asked and confirmed gets each update once, until they leave."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.stories.stage import Stage
from tests.stories.test_status import PAGES, PEOPLE, declared, told
from tocsin.core.status import subscribers as rules
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.pagers import Receipt
from tocsin.store import subscribers as stored
from tocsin.store.database import Tx


class Mailbox:
    """Takes every mail but of addresses that are not there."""

    channel = "mail"

    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, Any]]] = []

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Note it."""
        if to.startswith("gone"):
            no_user = "550 5.1.1 no such user"
            raise DeliveryFailed(no_user, permanent=True)
        self.got.append((to, payload))
        return Receipt(key, "250 ok")

    def to(self, address: str) -> list[str]:
        """The texts that an address got."""
        return [str(payload["text"]) for to, payload in self.got if to == address]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, PAGES, people=PEOPLE, status_dir=str(tmp_path / "site"))
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        made.pass_time(minutes=1)
        yield made
    made.installation.stop()


@pytest.fixture
def mailbox(stage: Stage) -> Mailbox:
    made, outbox = Mailbox(), stage.installation.outbox
    outbox.posters = {**outbox.posters, made.channel: made}
    return made


def asked(stage: Stage, address: str, *components: str) -> int:
    form = {"address": address, "component": list(components)}
    answer = stage.client.post("/status/meridian/mails", data=form)
    stage.post()
    return answer.status_code


def link_to(mailbox: Mailbox, address: str) -> str:
    found = re.search(r"https?://[^/]+(/status/\S+/mails/\S+)", mailbox.to(address)[-1])
    assert found
    return found[1]


def subscribed(stage: Stage, mailbox: Mailbox, address: str, *components: str) -> str:
    assert asked(stage, address, *components) == 200
    link = link_to(mailbox, address)
    form = {"do": "confirm", "component": list(components)}
    assert "Saved" in stage.client.post(link, data=form).text
    mailbox.got.clear()
    return link


def test_only_who_confirmed_gets_updates_and_a_link_alone_confirms_nothing(
    stage: Stage, mailbox: Mailbox
) -> None:
    assert asked(stage, "Eve@Example.com") == 200
    link = link_to(mailbox, "eve@example.com")
    assert "Confirm your mails" in stage.client.get(link).text
    number = declared(stage)
    told(stage, number, "Card payments fail.", "investigating")
    stage.post(minutes=1)
    assert len(mailbox.to("eve@example.com")) == 1
    stage.client.post(link, data={"do": "confirm"})
    told(stage, number, "All is well.", "resolved")
    stage.post(minutes=1)
    assert "Resolved\n\nAll is well." in mailbox.to("eve@example.com")[-1]
    assert len(mailbox.to("eve@example.com")) == 2


def test_an_update_of_other_components_is_not_mailed(
    stage: Stage, mailbox: Mailbox
) -> None:
    subscribed(stage, mailbox, "cards@example.com", "cards")
    subscribed(stage, mailbox, "transfers@example.com", "transfers")
    told(stage, declared(stage), "Card payments fail.", "investigating")
    stage.post(minutes=1)
    assert len(mailbox.to("cards@example.com")) == 1
    assert mailbox.to("transfers@example.com") == []


def test_a_mail_programs_button_unsubscribes_with_one_post(
    stage: Stage, mailbox: Mailbox
) -> None:
    subscribed(stage, mailbox, "ana@example.com")
    number = declared(stage)
    told(stage, number, "Card payments fail.", "investigating")
    stage.post(minutes=1)
    leave = str(mailbox.got[-1][1]["leave"])
    path = leave[leave.index("/status/") :]
    one_click = {"List-Unsubscribe": "One-Click"}
    assert stage.client.post(path, data=one_click).status_code == 200
    told(stage, number, "All is well.", "resolved")
    stage.post(minutes=1)
    assert len(mailbox.got) == 1
    # The old link does not bring them back; asking again does.
    assert "no more mails" in stage.client.post(path, data={"do": "confirm"}).text


def test_who_leaves_while_a_mailing_waits_is_left_out(
    stage: Stage, mailbox: Mailbox
) -> None:
    link = subscribed(stage, mailbox, "ana@example.com")
    told(stage, declared(stage), "Card payments fail.", "investigating")
    stage.installation.outbox.step()
    stage.client.post(link, data={"do": "leave"})
    stage.post(minutes=1)
    assert mailbox.got == []


def test_a_stranger_learns_nothing_and_can_neither_flood_nor_change(
    stage: Stage, mailbox: Mailbox
) -> None:
    subscribed(stage, mailbox, "ana@example.com", "cards")
    stage.clock.at += timedelta(hours=2)
    known, new = (
        stage.client.post("/status/meridian/mails", data={"address": one}).text
        for one in ("ana@example.com", "new@example.com")
    )
    assert _plain(known) == _plain(new)
    stage.post()
    assert "already" in mailbox.to("ana@example.com")[0]
    again = [asked(stage, "new@example.com") for _ in range(3)]
    assert again == [200, 200, 429]
    assert len(mailbox.to("new@example.com")) == 1
    one = stage.installation.database.read(
        lambda tx: stored.after(tx, "meridian", "", limit=9)
    )
    assert [(s.address, s.components) for s in one] == [("ana@example.com", ("cards",))]


def _plain(html: str) -> str:
    return re.sub(r'nonce="[^"]*"|Checked [^(]*', "", html)


def test_a_mailbox_that_is_not_there_is_never_written_to_again(
    stage: Stage, mailbox: Mailbox
) -> None:
    assert asked(stage, "gone@example.com") == 200
    stage.clock.at += timedelta(hours=2)
    before = len(stage.installation.database.read(_mails))
    assert asked(stage, "gone@example.com") == 200
    assert len(stage.installation.database.read(_mails)) == before
    assert mailbox.got == []


def _mails(tx: Tx) -> list[Any]:
    return list(tx.all("select id from outbox where channel = 'mail'"))


@pytest.mark.slow  # four hundred mails, each with its own transactions
def test_hundreds_get_an_update_once_each_some_at_a_time(
    stage: Stage, mailbox: Mailbox
) -> None:
    now, count = stage.clock.now(), 2 * rules.CHUNK + 7

    def many(tx: Tx) -> None:
        for n in range(count):
            made = stored.ask(
                tx, f"s{n:05}", page="meridian", address=f"s{n}@example.com",
                components=(), now=now,
            )  # fmt: skip
            stored.confirm(tx, made.id, components=(), now=now)

    stage.installation.database.write(many)
    told(stage, declared(stage), "Card payments fail.", "investigating")
    stage.installation.outbox.step()
    assert len(stage.installation.database.read(_mails)) <= rules.CHUNK
    stage.post(minutes=2)
    assert sorted(to for to, _ in mailbox.got) == sorted(
        f"s{n}@example.com" for n in range(count)
    )


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f", "x" * 300 + "@b.c"]
)
def test_what_is_no_address_is_said_and_mailed_nothing(
    stage: Stage, mailbox: Mailbox, address: str
) -> None:
    answer = stage.client.post("/status/meridian/mails", data={"address": address})
    assert answer.status_code == 422
    assert "Expected a mail address" in answer.text
    stage.post()
    assert mailbox.got == []


@pytest.mark.parametrize(
    "path",
    ["inside/mails", "nothing/mails", "meridian/mails/x.y", "meridian/mails/s.AAAA"],
)
def test_no_mails_of_private_pages_and_none_for_forged_links(
    stage: Stage, path: str
) -> None:
    assert stage.client.get(f"/status/{path}").status_code == 404
    assert stage.client.post(f"/status/{path}", data={"do": "leave"}).status_code == 404


def test_a_forged_link_of_somebody_who_is_subscribed_does_nothing(
    stage: Stage, mailbox: Mailbox
) -> None:
    link = subscribed(stage, mailbox, "ana@example.com")
    forged = link[:-1] + ("A" if link[-1] != "A" else "Q")
    elsewhere = link.replace("/meridian/", "/inside/")
    for path in (forged, elsewhere, f"{link}x", link.rpartition(".")[0] + "."):
        assert stage.client.get(path).status_code == 404
        assert stage.client.post(path, data={"do": "leave"}).status_code == 404
    assert "What you get" in stage.client.get(link).text


@pytest.mark.parametrize(
    ("answer", "is_hard"),
    [
        ("550 5.1.1 no such user", True),
        ("553 mailbox name not allowed", True),
        ("550 5.7.1 relaying denied", False),
        ("554 5.7.1 looks like spam", False),
        ("450 4.2.0 greylisted", False),
    ],
)
def test_only_an_answer_about_the_mailbox_suppresses_it(
    answer: str, *, is_hard: bool
) -> None:
    assert rules.is_hard_bounce(answer) is is_hard
