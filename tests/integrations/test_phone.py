"""Twilio and Plivo: our adapters and the vendors' own SDKs against the same fakes.

The fakes answer as twilio.com/docs and plivo.com/docs say. The SDKs judge our signatures
and our XML; Twilio's also sends to the fake, so that the fake is what it takes for Twilio.
"""

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from plivo import plivoxml
from plivo.utils import validate_v3_signature
from plivo.utils.signature_v3 import construct_post_url, get_signature_v3
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from tests.integrations.contracts import message
from tests.integrations.phones import PLIVO, TWILIO, FakePlivo, FakeTwilio
from tocsin.core.pages.receipts import Delivered
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations.phone import (
    PhonePager,
    PlivoDoor,
    PlivoPhone,
    TwilioDoor,
    TwilioPhone,
    plivo,
    twilio,
)
from tocsin.integrations.phone.requests import Way
from tocsin.integrations.phone.words import LONGEST_TEXT, text_message
from tocsin.interfaces.arrivals import Inbound, Unreadable
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import PageMessage, Rang

NOW = datetime(2024, 3, 4, tzinfo=UTC)
HERE = "https://tocsin.example/phone"
PHONE = "+4915112345678"
OUT = GuardedEgress(Allowed(any_=True))


@pytest.fixture
def one() -> Iterator[FakeTwilio]:
    made = FakeTwilio()
    yield made
    made.stop()


@pytest.fixture
def other() -> Iterator[FakePlivo]:
    made = FakePlivo()
    yield made
    made.stop()


def way(server: FakeTwilio | FakePlivo, account: tuple[str, str], name: str) -> Way:
    return Way(server.url, *account, "+15005550006", f"{HERE}/{name}")


class Time:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def both(one: FakeTwilio, other: FakePlivo, time: Time, channel: str) -> PhonePager:
    carriers = [
        TwilioPhone(way(one, TWILIO, "twilio"), OUT, channel=channel),
        PlivoPhone(way(other, PLIVO, "plivo"), OUT, channel=channel),
    ]
    return PhonePager(channel, carriers, monotonic=time, report_within_seconds=45)


def send(
    pager: PhonePager, shown: PageMessage | None = None, seconds: float = 2
) -> Any:
    text = shown or replace(message(), code=7, token="1-a-b")
    return pager.page(text, to=PHONE, key="tocsin-page-7", timeout_seconds=seconds)


def test_a_text_message_says_what_matters_and_how_to_answer(
    one: FakeTwilio, other: FakePlivo
) -> None:
    receipt = send(both(one, other, Time(), "sms"))
    [fields] = one.sent()
    assert fields == {
        "To": PHONE,
        "From": "+15005550006",
        "Body": "SEV2 checkout: Checkout error rate 31%\n"
        "Reply 7a ack, 7p pass, 7d declare\nhttp://tocsin.test/p/1-a-b",
        "StatusCallback": f"{HERE}/twilio/report",
    }
    basic = base64.b64encode(":".join(TWILIO).encode()).decode()
    assert one.asked[0][3]["authorization"] == f"Basic {basic}"
    assert receipt.provider_id == f"twilio:SM{1:032d}"
    assert receipt.report_within_seconds == 45
    assert not other.asked


def test_a_call_speaks_without_reaching_us_and_listens_for_a_key(
    one: FakeTwilio, other: FakePlivo
) -> None:
    send(both(one, other, Time(), "voice"))
    [fields] = one.sent()
    said = VoiceResponse()
    for _ in range(2):
        gather = Gather(
            num_digits=1, timeout=8, method="POST",
            action=f"{HERE}/twilio/voice/1-a-b",
        )  # fmt: skip
        gather.say(
            "This is Tocsin, for Alice. Severity 2 on checkout. Checkout error rate "
            "31%. bob is paged at 03:22 UTC unless you answer. Press 1 to acknowledge, "
            "2 to pass it on, 3 to hear it again."
        )
        said.append(gather)
    assert same_xml(fields["Twiml"], str(said))


def test_a_call_that_rings_for_nothing_is_ended(
    one: FakeTwilio, other: FakePlivo
) -> None:
    pager = both(one, other, Time(), "voice")
    by_one = send(pager).provider_id
    one.refusals = [(500, {}, {})]
    by_other = send(pager).provider_id
    assert one.ringing and other.ringing
    assert pager.recall(by_one, timeout_seconds=2) == "twilio: called off"
    assert pager.recall(by_other, timeout_seconds=2) == "plivo: called off"
    assert not one.ringing and not other.ringing
    for known in (by_one, by_other):
        again = pager.recall(known, timeout_seconds=2)
        assert again.endswith("it does not ring any more"), "twice is no failure"
    one.refusals = [(503, {}, {})]
    with pytest.raises(DeliveryFailed) as caught:
        pager.recall(by_one, timeout_seconds=2)
    assert not caught.value.permanent
    with pytest.raises(DeliveryFailed):
        both(one, other, Time(), "sms").recall(by_one, timeout_seconds=2)


def test_twilios_own_client_takes_the_fake_for_twilio(one: FakeTwilio) -> None:
    class Here(TwilioHttpClient):  # type: ignore[misc]
        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            url = url.replace("https://api.twilio.com", one.url)
            return super().request(method, url, *args, **kwargs)

    client = Client(*TWILIO, http_client=Here())
    made = client.messages.create(to=PHONE, from_="+15005550006", body="hello")
    call = client.calls.create(to=PHONE, from_="+15005550006", twiml="<Response/>")
    assert made.sid == f"SM{1:032d}"
    assert call.sid == f"CA{2:032d}"
    send(both(one, FakePlivo(), Time(), "sms"))
    theirs, ours = one.asked[0], one.asked[2]
    assert theirs[:2] == ours[:2]
    assert theirs[3]["authorization"] == ours[3]["authorization"]


def test_plivo_takes_messages_and_calls(one: FakeTwilio, other: FakePlivo) -> None:
    one.refusals = [(503, {}, {}), (503, {}, {})]
    receipt = send(both(one, other, Time(), "sms"))
    assert receipt.provider_id == "plivo:pm1"
    send(both(one, other, Time(), "voice"))
    text, call = other.sent()
    assert text["dst"] == call["to"] == "4915112345678"
    assert text["url"] == call["hangup_url"] == f"{HERE}/plivo/report"
    assert call["answer_url"] == f"{HERE}/plivo/voice/1-a-b"
    assert text["text"].startswith("SEV2 checkout: Checkout error rate 31%")


@pytest.mark.parametrize("status", [429, 500, 503, 401])
def test_the_next_provider_takes_over_at_once_and_stays_for_a_while(
    one: FakeTwilio, other: FakePlivo, status: int
) -> None:
    time = Time()
    pager = both(one, other, time, "sms")
    one.refusals = [(status, {"retry-after": "30"}, {"message": "busy"})]
    assert send(pager).provider_id == "plivo:pm1"
    assert send(pager).provider_id == "plivo:pm2"
    assert len(one.asked) == 1, "whoever failed is not asked first again so soon"
    time.at = 121.0
    assert send(pager).provider_id.startswith("twilio:")


@pytest.mark.slow  # a provider that hangs takes its share of the time
def test_a_provider_that_hangs_leaves_time_for_the_next(other: FakePlivo) -> None:
    release = threading.Event()

    class Hangs(FakeTwilio):
        def handle(self, *args: Any) -> Any:
            release.wait(5)
            return super().handle(*args)

    hangs = Hangs()
    try:
        carriers = [
            TwilioPhone(way(hangs, TWILIO, "twilio"), OUT, channel="sms"),
            PlivoPhone(way(other, PLIVO, "plivo"), OUT, channel="sms"),
        ]
        pager = PhonePager("sms", carriers, monotonic=Time(), report_within_seconds=45)
        assert send(pager, seconds=1).provider_id == "plivo:pm1"
    finally:
        release.set()
        hangs.stop()


def test_what_took_a_message_that_never_came_is_asked_last(
    one: FakeTwilio, other: FakePlivo
) -> None:
    pager = both(one, other, Time(), "sms")
    pager.missed(send(pager).provider_id)
    assert send(pager).provider_id == "plivo:pm1"


def test_all_refusals_are_told_and_weighed(one: FakeTwilio, other: FakePlivo) -> None:
    time = Time()
    pager = both(one, other, time, "sms")
    gone = {"code": 21211, "message": "Invalid 'To' Phone Number"}
    one.refusals, other.refusals = [(400, {}, gone)], [(400, {}, {"error": "bad dst"})]
    with pytest.raises(DeliveryFailed) as caught:
        send(pager)
    assert caught.value.permanent
    assert "twilio: 400 21211 Invalid" in caught.value.reason
    assert "plivo: 400 bad dst" in caught.value.reason
    one.refusals, other.refusals = [(400, {}, gone)], [(500, {}, {})]
    with pytest.raises(DeliveryFailed) as caught:
        send(pager)
    assert not caught.value.permanent, "the second may take it later"
    one.refusals, other.lose_answers = [(500, {}, {})], 1
    with pytest.raises(DeliveryUnknown):
        send(pager)


@pytest.mark.parametrize(
    "address", ["", "015112345678", "+49", "+49x5112345678", "+0123456789", "ana"]
)
def test_what_is_no_number_is_refused(
    one: FakeTwilio, other: FakePlivo, address: str
) -> None:
    pager = both(one, other, Time(), "sms")
    assert "expected + and the country's code" in pager.problems(address)[0]
    with pytest.raises(DeliveryFailed) as caught:
        pager.page(message(), to=address, key="k", timeout_seconds=2)
    assert caught.value.permanent


@given(st.text(max_size=400), st.integers(0, 99), st.integers(1, 40))
def test_a_text_message_always_holds_the_answer_and_the_link(
    title: str, code: int, alerts: int
) -> None:
    shown = replace(message(title, alerts=alerts), code=code)
    text = text_message(shown)
    assert len(text) <= LONGEST_TEXT
    assert text.startswith("SEV2 checkout: ")
    assert text.endswith(shown.link)
    assert not code or f"{code}a ack" in text
    assert all(char.isprintable() or char == "\n" for char in text)


FIELDS = st.dictionaries(
    st.text("ABCdef", min_size=1, max_size=8), st.text(max_size=40), max_size=6
)


@given(FIELDS)
def test_signatures_are_what_the_vendors_sdks_expect(fields: dict[str, str]) -> None:
    address = f"{HERE}/twilio/sms"
    ours = twilio.signature(TWILIO[1], address, fields)
    assert ours == RequestValidator(TWILIO[1]).compute_signature(address, fields)
    address = f"{HERE}/plivo/sms"
    theirs = get_signature_v3(
        PLIVO[1].encode(), construct_post_url(address, fields).decode(), "n1"
    )
    assert plivo.signature(PLIVO[1], address, fields, "n1") == theirs.decode()
    assert validate_v3_signature(
        "POST", address, "n1", PLIVO[1], theirs.decode(), fields
    )


def knock(path: str, name: str, **fields: str) -> Inbound:
    """A request as its provider signs it."""
    body = urlencode(fields).encode()
    base = f"{HERE}/{name}"
    if name == "twilio":
        made = RequestValidator(TWILIO[1]).compute_signature(base + path, fields)
        headers = {"x-twilio-signature": made}
    else:
        made = get_signature_v3(
            PLIVO[1].encode(), construct_post_url(base + path, fields).decode(), "n1"
        ).decode()
        headers = {
            "x-plivo-signature-v3": f"old, {made}",
            "x-plivo-signature-v3-nonce": "n1",
        }
    return Inbound("POST", path, (), headers, body, base)


DOORS = {"twilio": TwilioDoor(TWILIO[1]), "plivo": PlivoDoor(PLIVO[1])}


def test_replies_keys_and_reports_are_read() -> None:
    def read(name: str, path: str, **fields: str) -> Rang:
        return DOORS[name].read(knock(path, name, **fields), now=NOW)

    said = read("twilio", "/sms", From=PHONE, Body="1a", MessageSid="SM9", To="+1500")
    assert said == Rang("reply", PHONE, "1a", message="twilio:SM9")
    said = read("plivo", "/sms", From=PHONE[1:], Text="1a", MessageUUID="m", To="1500")
    assert said == Rang("reply", PHONE, "1a", "+1500", "plivo:m")
    for name, word in (("twilio", "CallSid"), ("plivo", "CallUUID")):
        call = {word: "c", "To": PHONE, "Digits": "1"}
        said = read(name, "/voice/1-a-b", **call)
        assert said == Rang("key", PHONE, "1", "1-a-b", f"{name}:c")
        del call["Digits"]
        assert read(name, "/voice/1-a-b", **call).kind == "answered"
    known = read("twilio", "/report", MessageSid="S", MessageStatus="undelivered")
    assert known == Rang("report", message="twilio:S", delivered=Delivered.NO)
    known = read("twilio", "/report", CallSid="C", CallStatus="no-answer")
    assert known.delivered is Delivered.UNANSWERED
    known = read("twilio", "/report", MessageSid="S", MessageStatus="sent")
    assert known.delivered is Delivered.UNKNOWN, "sent is no delivery"
    known = read("plivo", "/report", RequestUUID="R", CallUUID="C", CallStatus="busy")
    assert known == Rang("report", message="plivo:R", delivered=Delivered.UNANSWERED)


@pytest.mark.parametrize("name", DOORS)
def test_what_is_not_signed_by_the_provider_is_refused(name: str) -> None:
    good = knock("/sms", name, From=PHONE, Body="1a", Text="1a")
    assert DOORS[name].read(good, now=NOW)
    for forged in (
        replace(good, body=good.body + b"&Extra=1"),
        replace(good, path="/voice/1-a-b"),
        replace(good, base_url="https://other.example/phone"),
        replace(good, headers={}),
        replace(good, headers={k: "é" for k in good.headers}),
    ):
        with pytest.raises(Unreadable) as caught:
            DOORS[name].read(forged, now=NOW)
        assert caught.value.answer.status == 403


def test_answers_are_the_vendors_own_xml() -> None:
    rang = Rang("reply", PHONE, token="+1500")
    answer = MessagingResponse()
    answer.message("<ALR-1> & acknowledged")
    ours = DOORS["twilio"].reply(rang, "<ALR-1> & acknowledged").body.decode()
    assert same_xml(ours, str(answer))
    spoken = plivoxml.ResponseElement()
    for _ in range(2):
        listen = plivoxml.GetInputElement(
            action="https://h/x", method="POST", input_type="dtmf", num_digits="1",
            execution_timeout="15",
        )  # fmt: skip
        listen.add_speak("Press 1 & wait")
        spoken.add(listen)
    ours = DOORS["plivo"].speak("Press 1 & wait", again="https://h/x").body.decode()
    assert same_xml(ours, spoken.to_string())
    text = plivoxml.ResponseElement().add(
        plivoxml.MessageElement("done", src="1500", dst=PHONE[1:])
    )
    ours = DOORS["plivo"].reply(rang, "done").body.decode()
    assert same_xml(ours, text.to_string())
    assert b"<Hangup" in DOORS["plivo"].speak("Goodbye", again="").body
    assert b"<Hangup" in DOORS["twilio"].speak("Goodbye", again="").body
    assert DOORS["twilio"].reply(rang, "").body == b"<Response></Response>"


def same_xml(ours: str, theirs: str) -> bool:
    """Equal but for the order of attributes and empty space."""
    from xml.etree import ElementTree

    def told(text: str) -> object:
        def of(node: Any) -> object:
            return (
                node.tag,
                sorted(node.attrib.items()),
                (node.text or "").strip(),
                [of(child) for child in node],
            )

        return of(ElementTree.fromstring(text))

    assert told(ours) == told(theirs)
    return True
