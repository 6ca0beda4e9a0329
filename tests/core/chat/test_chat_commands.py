"""What people type is read as they meant it, and written as it is read."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.chat import chat_commands as chat
from tocsin.core.chat.chat_commands import Line, parse
from tocsin.core.chat.chat_lines import shown
from tocsin.core.chat.command_words import BadCommand
from tocsin.core.chat.cover_words import Cover
from tocsin.core.incidents.incidents import State
from tocsin.core.incidents.roles import Role
from tocsin.core.severity import Severity

TEXTS = (
    st.text(
        alphabet=st.one_of(
            st.sampled_from('-—"“”\\@ \n#s'),
            st.characters(exclude_categories=["Cs", "Cc"]),
        ),
        min_size=1,
        max_size=40,
    )
    .map(str.strip)
    .filter(lambda text: bool(text))
)
WORDS = TEXTS.map(lambda text: "".join(text.split())).filter(
    lambda word: bool(word) and word.lower() not in chat.ROLE_ACTS
)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True).filter(
    lambda name: name not in chat.ROLE_ACTS
)
NUMBERS = st.integers(1, 10**12)
TIMES = st.one_of(
    st.times().map(lambda at: f"{at:%H:%M}"),
    st.datetimes(datetime(1980, 1, 1), datetime(2199, 12, 31)).map(
        lambda at: f"{at:%Y-%m-%dT%H:%M}"
    ),
)
MINUTES = st.integers(1, 600).map(lambda count: timedelta(minutes=count))
SEVERITIES = st.sampled_from(list(Severity))
COMMANDS = st.one_of(
    st.builds(
        chat.Declare,
        TEXTS,
        st.none() | SEVERITIES,
        st.lists(NAMES, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(chat.Who, TEXTS | st.just("")),
    st.builds(chat.Page, WORDS, TEXTS | st.just("")),
    st.builds(chat.Ack, NUMBERS | st.just(0)),
    st.builds(chat.Tell, TEXTS, st.booleans(), st.none() | MINUTES),
    st.builds(chat.Status, st.sampled_from(chat.STATES), TEXTS | st.just("")),
    st.just(chat.Status()),
    st.builds(chat.Rate, SEVERITIES, TEXTS),
    st.builds(
        chat.Duty,
        st.sampled_from(list(Role)),
        st.sampled_from([one for one in chat.ROLE_ACTS if one != "offer"]),
        st.just(""),
        TEXTS | st.just(""),
    ),
    st.builds(chat.Duty, st.sampled_from(list(Role)), st.just("offer"), NAMES),
    st.builds(chat.Ask, NAMES, TEXTS, st.none() | MINUTES),
    st.builds(chat.Move, NUMBERS, st.sampled_from(chat.TASK_STATES)),
    st.builds(chat.Decide, TEXTS),
    st.builds(chat.Note, TEXTS),
    st.builds(chat.Log, st.integers(1, chat.MOST_LINES)),
    st.builds(Cover, why=TEXTS | st.just("") | st.just("18:00 is the dentist")),
    st.builds(Cover, TIMES, TIMES, TEXTS | st.just("")),
    st.builds(chat.Help, st.sampled_from([*chat.USAGE, ""])),
)


@given(st.builds(Line, COMMANDS, NUMBERS | st.just(0)))
def test_every_command_is_read_back_as_it_was_written(line: Line) -> None:
    assert parse(shown(line)) == line


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_command_or_a_sentence(text: str) -> None:
    try:
        parse(text)
    except BadCommand as bad:
        assert "expected" in str(bad) or "did not expect" in str(bad)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("declare Cards fail", chat.Declare("Cards fail")),
        (
            'declare "Cards fail" -s 1 --service checkout,search --private',
            chat.Declare("Cards fail", Severity.SEV1, ("checkout", "search"), True),
        ),
        ("declare -s sev2 Cards fail", chat.Declare("Cards fail", Severity.SEV2)),
        # As a phone types it.
        (
            "Declare “Cards fail” —private -s 3",
            chat.Declare("Cards fail", Severity.SEV3, (), True),
        ),
        ("declare Cards fail -s 1", chat.Declare("Cards fail", Severity.SEV1)),
        ("who", chat.Who()),
        ("who checkout", chat.Who("checkout")),
        ("page @ana", chat.Page("ana")),
        ("page ana knows the queue", chat.Page("ana", "knows the queue")),
        ('page "payments/Night shift" help', chat.Page("payments/Night shift", "help")),
        ("ack", chat.Ack()),
        ("ack ALR-9031", chat.Ack(9031)),
        ("ack 9031", chat.Ack(9031)),
        (
            "update --public --next 30m We are on it",
            chat.Tell("We are on it", True, timedelta(minutes=30)),
        ),
        ("update it is --public", chat.Tell("it is", True)),
        ("status", chat.Status()),
        ("status mitigated", chat.Status(State.MONITORING)),
        (
            "status investigating came back",
            chat.Status(State.INVESTIGATING, "came back"),
        ),
        ("sev 1 data is lost", chat.Rate(Severity.SEV1, "data is lost")),
        ("role ic take", chat.Duty(Role.IC, "take")),
        ("role Commander @ana", chat.Duty(Role.IC, "offer", "ana")),
        ("role comms release", chat.Duty(Role.COMMS, "release")),
        ("task @ana ask the bank", chat.Ask("ana", "ask the bank")),
        (
            "task ana --within 10m ask the bank",
            chat.Ask("ana", "ask the bank", timedelta(minutes=10)),
        ),
        ("task 12 done", chat.Move(12, "done")),
        ("note errors - mostly EU -s", chat.Note("errors - mostly EU -s")),
        ('note "a" is not "b"', chat.Note('"a" is not "b"')),
        ("decide roll back", chat.Decide("roll back")),
        ("log 5", chat.Log(5)),
        ("cover me", Cover()),
        ("Cover Me 2 kids are ill", Cover(why="2 kids are ill")),
        ('cover me "18:00 is the dentist"', Cover(why="18:00 is the dentist")),
        ("cover me 18:00 22:00 dentist", Cover("18:00", "22:00", "dentist")),
        (
            "cover me 2026-12-24T08:00 2026-12-26T08:00",
            Cover("2026-12-24T08:00", "2026-12-26T08:00"),
        ),
        ("", chat.Help()),
        ("help page", chat.Help("page")),
    ],
)
def test_it_is_read_as_it_was_meant(typed: str, meant: chat.Command) -> None:
    assert parse(typed) == Line(meant)


def test_a_line_may_name_its_incident() -> None:
    assert parse("INC-214 note errors are down") == Line(
        chat.Note("errors are down"), 214
    )
    assert parse("inc-7: who") == Line(chat.Who(), 7)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "severity high",
            "expected a severity from 1 to 4, not 'high'. Write: severity 1-4 REASON",
        ),
        ("severity 2", "expected the reason. Write: severity 1-4 REASON"),
        ("note", "expected what you saw, heard or did. Write: note TEXT"),
        ("ack everything", "expected an alert such as ALR-9031, not 'everything'"),
        ("role boss take", "expected a role (IC, Lead, Comms, Scribe), not 'boss'"),
        ("task @ana", "expected what is to be done"),
        ("task 12 finished", "expected a state (accepted, done,"),
        ("update --next soon x", "--next: expected a time such as 15m, not 'soon'"),
        ("status broken", "expected a state (investigating,"),
        ('note "open', "expected a quote at the end"),
        ("restart everything", "'restart' is not a command: expected one of declare,"),
        (
            "cover",
            "expected me, as everybody asks for themselves, not ''. Write: cover me "
            "[FROM TO] [WHY]",
        ),
        ("cover @ana", "expected me, as everybody asks for themselves, not '@ana'"),
        (
            "cover me 18:00 dentist",
            "expected the end behind 18:00, a time such as 18:00 or 2026-12-24T18:00",
        ),
        ("cover me 18:00 25:00", "expected a time such as 18:00 or 2026-12-24T18:00,"),
        ("cover me 2026-12-24 2026-12-26", "not '2026-12-24'. Write: cover me"),
        ("cover me 2026-02-30T08:00 18:00", "not '2026-02-30T08:00'"),
        ("log 5000", "expected a number of lines up to 50, not '5000'"),
    ],
)
def test_what_cannot_be_read_is_answered_with_what_was_expected(
    typed: str, sentence: str
) -> None:
    with pytest.raises(BadCommand) as caught:
        parse(typed)
    assert sentence in str(caught.value)
