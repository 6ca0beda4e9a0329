"""Mail that came back: delivery reports of mail servers, and what four providers post.

The reports are in the form of RFC 3464's own examples; the providers' requests have the
fields that their documentation shows.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import MONDAY_9AM
from tocsin.integrations.mail_bounces import INTEGRATION
from tocsin.interfaces.arrivals import Bounce, Inbound, Reading, Unreadable

BACK = "bounces+someone-mac@mail.example.com"
REPORT = """From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={type}; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/{kind}

{fields}

--b
Content-Type: message/rfc822

From: status@example.com
To: gone@example.net
Subject: Cards fail

It is broken.
--b--
"""


def read(body: object) -> Reading:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return INTEGRATION.read(Inbound("POST", "", (), {}, raw), now=MONDAY_9AM)


def refused(body: object) -> str:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert caught.value.answer.status == 400
    return str(json.loads(caught.value.answer.body)["error"])


def report(*fields: str, kind: str = "delivery-status", to: str = BACK) -> Reading:
    text = REPORT.format(to=to, kind=kind, type=kind, fields="\n".join(fields)).replace(
        "\n", "\r\n"
    )
    return read(text.encode())


def recipient(action: str, status: str, said: str = "") -> str:
    return (
        f"\nFinal-Recipient: rfc822; gone@example.net\nAction: {action}\n"
        f"Status: {status}\nDiagnostic-Code: smtp; {said}"
    )


@pytest.mark.parametrize(
    ("status", "final"),
    [
        ("5.1.1", True), ("5.0.0", True), ("5.2.1", True),
        ("5.2.2", False), ("5.7.1", False), ("4.4.1", False),
    ],
)  # fmt: skip
def test_a_report_says_whether_it_is_for_ever(status: str, final: bool) -> None:
    reading = report(
        "Reporting-MTA: dns; mx.example.net",
        recipient("failed", status, "550 no such user here"),
    )
    assert reading.events == []
    said = f"{status} 550 no such user here"
    assert reading.bounces == [Bounce(final, said, returned_to=(BACK,))]


def test_a_delay_is_nothing_and_each_recipient_is_told() -> None:
    delayed = report("Reporting-MTA: dns; mx", recipient("delayed", "4.4.1"))
    assert (delayed.answer.status, delayed.bounces) == (202, [])
    two = report(
        "Reporting-MTA: dns; mx",
        recipient("failed", "5.1.1", "one"), recipient("failed", "5.1.2", "two"),
    )  # fmt: skip
    assert [one.answer for one in two.bounces] == ["5.1.1 one", "5.1.2 two"]


def test_whom_a_report_names_is_not_believed() -> None:
    told = report("Reporting-MTA: dns; mx", recipient("failed", "5.1.1"))
    assert told.bounces[0].address == ""


def test_who_calls_it_spam_is_not_written_to_again() -> None:
    told = report("Feedback-Type: abuse\nVersion: 1", kind="feedback-report")
    assert told.bounces == [Bounce(True, "They called it spam.", returned_to=(BACK,))]


def test_another_mail_says_what_it_is() -> None:
    assert refused(b"From: eve@example.com\r\nTo: bounces@example.com\r\n\r\nHi!") == (
        "it is text/plain, expected a delivery report (multipart/report)"
    )
    assert "no 'To'" in refused(b"Subject: hello\r\n\r\nHi!")
    assert "expected a mail with headers" in refused(b"")


def _ses(**more: Any) -> dict[str, Any]:
    gone = {"emailAddress": "Gone@Example.net", "diagnosticCode": "smtp; 550 5.1.1 no"}
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General",
            "bouncedRecipients": [gone], "timestamp": "2026-11-25T09:00:00.000Z",
        },
        "mail": {"destination": ["Gone@Example.net"]},
    } | more  # fmt: skip


GONE = [Bounce(True, "smtp; 550 5.1.1 no", "gone@example.net")]
PROVIDERS: dict[str, tuple[Any, list[Bounce]]] = {
    "SES": (_ses(), GONE),
    "SES by SNS": (
        {
            "Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:bounces",
            "MessageId": "1", "Message": json.dumps(_ses()),
        },
        GONE,
    ),
    "SES transient": (
        _ses(bounce={
            "bounceType": "Transient", "bouncedRecipients": [
                {"emailAddress": "full@example.net", "status": "5.2.2"}
            ],
        }),
        [Bounce(False, "5.2.2", "full@example.net")],
    ),
    "SES complaint": (
        {
            "eventType": "Complaint",
            "complaint": {"complainedRecipients": [{"emailAddress": "a@example.net"}]},
        },
        [Bounce(True, "They called it spam.", "a@example.net")],
    ),
    "SES delivery": ({"notificationType": "Delivery", "delivery": {}}, []),
    "Mailgun": (
        {
            "signature": {"timestamp": "1529006854", "token": "t", "signature": "s"},
            "event-data": {
                "event": "failed", "severity": "permanent",
                "recipient": "gone@example.net", "reason": "bounce",
                "delivery-status": {"code": 550, "message": "smtp; 550 5.1.1 no"},
            },
        },
        GONE,
    ),
    "Mailgun temporary": (
        {
            "event-data": {
                "event": "failed", "severity": "temporary",
                "recipient": "slow@example.net", "delivery-status": {},
            },
        },
        [Bounce(False, "failed", "slow@example.net")],
    ),
    "Mailgun delivered": ({"event-data": {"event": "delivered"}}, []),
    "SendGrid": (
        [
            {"event": "processed", "email": "a@example.net"},
            {
                "event": "bounce", "type": "bounce", "email": "gone@example.net",
                "reason": "smtp; 550 5.1.1 no", "status": "5.1.1",
            },
            {
                "event": "bounce", "type": "blocked", "email": "b@example.net",
                "reason": "blocked by policy",
            },
            {
                "event": "dropped", "email": "c@example.net",
                "reason": "Bounced Address",
            },
            {"event": "spamreport", "email": "d@example.net"},
        ],
        [
            *GONE,
            Bounce(False, "blocked by policy", "b@example.net"),
            Bounce(True, "Bounced Address", "c@example.net"),
            Bounce(True, "They called it spam.", "d@example.net"),
        ],
    ),
    "Postmark": (
        {
            "RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1,
            "Details": "smtp; 550 5.1.1 no", "Email": "gone@example.net",
        },
        GONE,
    ),
    "Postmark soft": (
        {
            "RecordType": "Bounce", "Type": "SoftBounce",
            "Description": "The mailbox is full.", "Email": "full@example.net",
        },
        [Bounce(False, "The mailbox is full.", "full@example.net")],
    ),
    "Postmark complaint": (
        {"RecordType": "SpamComplaint", "Email": "d@example.net"},
        [Bounce(True, "They called it spam.", "d@example.net")],
    ),
    "Postmark delivery": ({"RecordType": "Delivery"}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_tells_what_came_back(name: str) -> None:
    body, expected = PROVIDERS[name]
    reading = read(body)
    assert list(reading.bounces) == expected
    assert json.loads(reading.answer.body)["bounces"] == len(expected)


def test_sns_asks_to_be_confirmed_and_that_is_shown() -> None:
    link = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    body = {
        "Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:eu-west-1:1:b",
        "SubscribeURL": link,
    }  # fmt: skip
    reading = read(body)
    assert reading.answer.status == 202
    assert reading.problems == [
        f"Amazon SNS asks to confirm: open its SubscribeURL, {link}"
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"hello": 1}, "expected a notification of Amazon SES, Mailgun, Postmark"),
        ([1], "1: expected an object"),
        ({"RecordType": "Bounce", "Email": "nobody"}, "the recipient is 'nobody'"),
        ({"notificationType": "Bounce", "bounce": {}}, "the recipients are missing"),
        ({"Type": "Notification", "TopicArn": "a", "Message": "x"}, "is no JSON"),
        (b"{", "the body cannot be read, expected JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(body: object, said: str) -> None:
    assert said in refused(body)


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_break_it(body: bytes) -> None:
    for start in (b"", b"{", b"To: a@b\r\nContent-Type: multipart/report\r\n\r\n"):
        try:
            reading = read(start + body)
        except Unreadable:
            continue
        assert reading.answer.status == 202


_KEYS = st.sampled_from(
    ["Type", "TopicArn", "event-data", "RecordType", "bounce", "notificationType"]
)


@given(st.dictionaries(_KEYS, st.none() | st.text() | st.lists(st.integers())))
def test_no_json_breaks_it(body: dict[str, Any]) -> None:
    try:
        assert read(body).answer.status == 202
    except Unreadable as refusal:
        assert refusal.answer.status == 400
