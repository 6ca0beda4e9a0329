"""Which earlier incidents are like one, strongest first."""

from tocsin.core.incidents.related import Likeness, Related, related

THIS = Likeness(
    9,
    "Card payments fail in the EU",
    ("checkout", "ledger"),
    frozenset({(1, "errors")}),
)


def test_the_same_alert_counts_most_then_words_then_the_service() -> None:
    others = [
        Likeness(1, "Something else", ("checkout",)),
        Likeness(2, "Card payments fail", ("search",)),
        Likeness(3, "Disk full", (), frozenset({(1, "errors"), (1, "disk")})),
        Likeness(4, "Ledger is slow", ("ledger", "checkout")),
        Likeness(5, "The search is slow", ("search",)),
    ]
    assert related(THIS, others) == [
        Related(3, ("the same alert",)),
        Related(2, ("similar words",)),
        Related(4, ("also checkout, ledger",)),
        Related(1, ("also checkout",)),
    ]


def test_a_key_is_the_same_only_of_the_same_integration() -> None:
    other = Likeness(1, "Disk full", (), frozenset({(2, "errors")}))
    assert related(THIS, [other]) == []


def test_small_words_and_one_word_alike_are_nothing() -> None:
    others = [
        Likeness(1, "What is this, and why are the pods off?"),
        Likeness(2, "Card readers of the shop are lost"),
    ]
    this = Likeness(9, "What is the card, and why are we off?")
    assert related(this, others) == []


def test_later_ones_never_count_and_five_at_most_are_told() -> None:
    others = [Likeness(n, "Card payments fail in the EU") for n in range(1, 20)]
    assert [one.number for one in related(THIS, others)] == [8, 7, 6, 5, 4]
