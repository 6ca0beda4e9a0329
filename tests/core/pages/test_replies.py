"""What a phone sends back, and what a report or its absence means."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.pages.receipts import MOST_SENDINGS, Delivered, after_silence
from tocsin.core.pages.replies import HIGHEST, Reply, Verb, next_code, read

NOW = datetime(2024, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("1a", Reply(Verb.ACKNOWLEDGE, 1)),
        (" 12 P ", Reply(Verb.PASS, 12)),
        ("3d.", Reply(Verb.DECLARE, 3)),
        ("a", Reply(Verb.ACKNOWLEDGE)),
        ("Ack!", Reply(Verb.ACKNOWLEDGE)),
        ("7 pass", Reply(Verb.PASS, 7)),
        ("1a !", Reply(Verb.ACKNOWLEDGE, 1)),
        ("1a, thanks", Reply(Verb.ACKNOWLEDGE, 1)),
        ("1 ack - I'm on it", Reply(Verb.ACKNOWLEDGE, 1)),
        ("2p I am a pilot, and a passenger", None),
        ("1a, pass it to bob", None),
        ("1a and 2", None),
        ("a colleague called", None),
        ("0a", None),
        ("1", None),
        ("1a 2a", None),
        ("1x", None),
        ("1234a", None),
        ("١a", None),
        ("ok thanks", None),
        ("", None),
    ],
)
def test_replies(text: str, reply: Reply | None) -> None:
    assert read(text) == reply


@given(st.text(max_size=30))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    found = read(text)
    assert found is None or 0 <= found.code <= 999


def test_numbers_come_round() -> None:
    assert [next_code(one) for one in (0, 1, HIGHEST - 1, HIGHEST)] == [1, 2, 99, 1]


@given(st.sampled_from(Delivered), st.booleans(), st.booleans(), st.integers(1, 5))
def test_silence_never_stops_anything_and_ends(
    delivered: Delivered, wanted: bool, arrived: bool, sendings: int
) -> None:
    after = after_silence(
        delivered, is_wanted=wanted, has_arrived=arrived, sendings=sendings, now=NOW
    )
    is_lost = delivered is not Delivered.YES and not arrived
    assert after.pull_next == (is_lost and wanted)
    assert (after.again_at == NOW) == (after.pull_next and sendings < MOST_SENDINGS)
    assert after.reason
