"""What every pager promises, whatever is at the other end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.core.severity import Severity, Urgency
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import PagedAlert, PageMessage

MONDAY_3AM = datetime(2024, 3, 4, 3, 7, tzinfo=UTC)


def message(title: str = "Checkout error rate 31%", *, alerts: int = 1) -> PageMessage:
    shown = tuple(
        PagedAlert(
            number,
            title,
            Severity.SEV2,
            "checkout",
            MONDAY_3AM,
            "Customers cannot pay.",
            f"http://tocsin.test/alerts/{number}",
        )
        for number in range(1, alerts + 1)
    )
    return PageMessage(
        "alice",
        "Alice",
        "Europe/Berlin",
        Urgency.HIGH,
        shown,
        "http://tocsin.test/p/1-a-b",
        "Level 1 of payments: you are paged first.",
        "bob is paged at 03:22 UTC unless you answer",
        MONDAY_3AM,
    )


def word() -> PageMessage:
    """What is no page: a code that proves a contact."""
    return PageMessage(
        "alice", "Alice", "Europe/Berlin", Urgency.LOW, (), "http://tocsin.test/me",
        "Enter it within 15 minutes.", "", MONDAY_3AM,
        subject="Your Tocsin code is 957953",
    )  # fmt: skip


class PagerContract:
    """Subclass with `pager`, `address` and `peer` (whose next answer can be set)."""

    secret = "s3cr3t-t0k3n"

    def send(self, pager: Any, address: str, shown: PageMessage | None = None) -> Any:
        return pager.page(
            shown or message(), to=address, key="tocsin-page-7", timeout_seconds=2
        )

    def test_an_accepted_page_gives_a_receipt(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        assert self.send(pager, address).answer
        assert peer.count() == 1

    def test_a_temporary_refusal_is_not_permanent(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        peer.refuse_for_now()
        with pytest.raises(DeliveryFailed) as caught:
            self.send(pager, address)
        assert not caught.value.permanent
        assert self.secret not in caught.value.reason

    def test_a_final_refusal_is_permanent(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        peer.refuse_for_good()
        with pytest.raises(DeliveryFailed) as caught:
            self.send(pager, address)
        assert caught.value.permanent
        assert self.secret not in caught.value.reason

    def test_nobody_listening_is_a_certain_failure(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        peer.stop()
        with pytest.raises(DeliveryFailed) as caught:
            self.send(pager, address)
        assert not caught.value.permanent

    def test_no_answer_after_the_message_is_doubt(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        peer.hang_after_the_message()
        with pytest.raises(DeliveryUnknown):
            self.send(pager, address)

    def test_long_and_foreign_text_arrives(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        self.send(
            pager,
            address,
            message("支払い失敗 🔔 " + "x" * 900 + "\r\nBcc: eve@example.com"),
        )
        assert peer.count() == 1
        assert "eve" not in peer.recipients()

    def test_many_alerts_in_one_message(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        self.send(pager, address, message(alerts=300))
        assert peer.count() == 1

    def test_what_is_no_page_arrives_too(
        self, pager: Any, address: str, peer: Any
    ) -> None:
        self.send(pager, address, word())
        assert peer.count() == 1
