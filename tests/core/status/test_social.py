"""How long a post is on each network, and that an update always fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.status.social import (
    NETWORKS,
    draft,
    drafts,
    graphemes,
    links,
    mastodon_length,
    weighted_length,
)

LINK = "https://status.example.com/incidents/7-a-very-long-address-of-a-page"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),  # counted as it is composed
        ("支払い", 6),
        ("🔔", 2),
        (f"see {LINK}", 4 + 23),
        ("“quoted” – …", 12 + 1),  # the ellipsis is heavy
    ],
)
def test_x_counts_by_weight(text: str, length: int) -> None:
    assert weighted_length(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("abc", 3),
        ("e\u0301", 1),
        ("👩‍💻", 1),
        ("👍🏽", 1),
        ("支払い", 3),
        ("", 0),
    ],
)
def test_bluesky_counts_what_a_reader_sees(text: str, length: int) -> None:
    assert graphemes(text) == length


def test_mastodon_counts_every_link_as_23() -> None:
    assert mastodon_length(f"see {LINK}") == 27


@given(st.text(max_size=900), st.sampled_from(["", LINK]))
def test_every_update_fits_everywhere_and_keeps_its_link(body: str, link: str) -> None:
    for one in drafts(body, link=link):
        assert one.length <= one.limit == NETWORKS[one.network]
        assert one.text.endswith(link)
        assert one.is_cut or one.text.replace("\u200b", "") == (
            " ".join(body.split()).replace("\u200b", "") + (f" {link}" if link else "")
        )


def test_what_fits_is_whole_and_what_does_not_ends_with_a_sentence() -> None:
    short = draft("x", "We are investigating failing card payments.", link=LINK)
    assert short.text == f"We are investigating failing card payments. {LINK}"
    assert (short.length, short.is_cut) == (43 + 1 + 23, False)
    long = "Card payments fail for shops in the EU. " * 6 + "Next update by 3:15 PM."
    cut = draft("x", long, link=LINK)
    assert cut.is_cut and cut.text.endswith(f"EU. … {LINK}")


def test_nobody_is_called_by_an_update() -> None:
    text = draft("mastodon", "Ask @help or mail a@example.com").text
    assert text == "Ask @\u200bhelp or mail a@example.com"


def test_links_are_found_by_their_bytes() -> None:
    text = "支払い https://a.example/x. (https://b.example)"
    assert [(text.encode()[a:b].decode(), uri) for a, b, uri in links(text)] == [
        ("https://a.example/x", "https://a.example/x"),
        ("https://b.example", "https://b.example"),
    ]
