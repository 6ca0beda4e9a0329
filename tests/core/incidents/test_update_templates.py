"""What an external update says, what it must not leave empty, and what it better omits."""

import pytest

from tocsin.core.incidents.update_lint import lint
from tocsin.core.incidents.update_templates import TEMPLATES, fields_of, fill

EXPECTED = {
    "investigating": "We are investigating {symptom} affecting {where} since {since}. Next update by {next}.",
    "identified": "We have found the cause of {symptom} and are working on {action}. {impact}. Next update by {next}.",
    "monitoring": "A fix is in place since {since}. We are watching recovery. {residual}. Next update by {next}.",
    "resolved": "From {start} to {end} {who} saw {symptom}. This is resolved. {data_loss}. {review}.",
    "long-running": "Work continues; we will now update every {interval}. {workaround}.",
    "third-party": "{provider} reports {report}; our {function} is affected. {workaround}.",
    "false-alarm": "The earlier notice of {time} was in error; no impact.",
}


def test_the_templates_are_those_of_the_specification() -> None:
    assert {name: one.text for name, one in TEMPLATES.items()} == EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_every_blank_of_a_text_has_a_label_and_an_example(name) -> None:
    template = TEMPLATES[name]
    assert fields_of(template) == tuple(blank.name for blank in template.blanks)
    assert all(blank.label and blank.example for blank in template.blanks)


def test_a_filled_template_reads_as_a_text() -> None:
    text = fill(
        TEMPLATES["identified"],
        {
            "symptom": "declined card payments",
            "action": "going back to the version of this morning",
            "impact": "One payment in six fails. ",
            "next": "3:15 PM PST",
        },
    )
    assert text == (
        "We have found the cause of declined card payments and are working on going "
        "back to the version of this morning. One payment in six fails. Next update "
        "by 3:15 PM PST."
    )


def test_an_example_filled_in_is_free_of_advice() -> None:
    for template in TEMPLATES.values():
        text = fill(template, {one.name: one.example for one in template.blanks})
        assert isinstance(text, str)
        assert lint(text, names=("Alice",), is_total=False) == ()


def test_an_empty_blank_is_named_and_nothing_is_sent() -> None:
    problems = fill(
        TEMPLATES["long-running"], {"interval": "60 minutes", "workaround": " "}
    )
    assert [str(one) for one in problems] == [
        "workaround: missing: expected What works meanwhile, such as 'Bank transfers work'"
    ]


def test_a_value_without_a_blank_is_a_problem_too() -> None:
    problems = fill(TEMPLATES["false-alarm"], {"time": "2 PM PST", "cause": "x"})
    assert [one.where for one in problems] == ["cause"]


def test_braces_in_a_value_are_no_blanks() -> None:
    text = fill(TEMPLATES["false-alarm"], {"time": "{symptom}"})
    assert text == "The earlier notice of {symptom} was in error; no impact."


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("We are investigating slow payments.", []),
        ("Alice is looking at payments.", ["UP1"]),
        ("alice@example.com is where to write.", []),
        # Two letters are a word more often than a name.
        ("Al dente.", []),
        ("@bob restarts payments-api.", ["UP1", "UP1"]),
        ("The node db-01 at 10.2.3.4 is down.", ["UP2", "UP2"]),
        ("pg.prod.internal:5432 refuses connections.", ["UP2"]),
        ("The pod checkout-7d9f8c6b54-x2x9z restarts.", ["UP2"]),
        ("We use example.com and version 2.5.1.", []),
        ("It is probably a bad deploy, we think.", ["UP3", "UP3"]),
        ("Payments may be slow.", ["UP3"]),
        ("We had an outage.", ["UP4"]),
        ("Our Outages page is at status.example.com.", ["UP4"]),
    ],
)
def test_a_text_for_customers_is_read_for_what_only_colleagues_know(
    text, codes
) -> None:
    found = lint(text, names=("Alice", "payments-api", "Al"), is_total=False)
    assert [one.code for one in found] == codes


def test_a_total_outage_may_be_called_so() -> None:
    assert lint("A full outage of all services.", is_total=True) == ()
