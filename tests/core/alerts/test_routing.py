"""From a source's own word to a severity."""

import pytest

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.alerts.routing import severity_of
from tocsin.core.pages.urgency import urgency_at_all_hours
from tocsin.core.severity import Severity, Urgency


def said(level: str, severity: Severity | None = None) -> AlertEvent:
    return AlertEvent(EventKind.TRIGGER, "errors", level=level, severity=severity)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.SEV2),
        ("P1", Severity.SEV2),
        ("fatal", Severity.SEV2),
        ("error", Severity.SEV3),
        ("high", Severity.SEV3),
        ("P2", Severity.SEV3),
        (" Warning ", Severity.SEV4),
        ("P3", Severity.SEV4),
        ("SEV1", Severity.SEV1),
        ("sev4", Severity.SEV4),
        ("info", None),
        ("P4", None),
        ("P5", None),
        ("ok", None),
    ],
)
def test_the_words_of_the_table(word: str, severity: Severity | None) -> None:
    assert severity_of(said(word), None) == (severity, True)


def test_an_unknown_word_is_sev3_and_a_finding() -> None:
    assert severity_of(said("spicy"), None) == (Severity.SEV3, False)


def test_no_word_at_all_is_the_worst_that_pages() -> None:
    assert severity_of(said(""), None) == (Severity.SEV2, True)


def test_critical_is_sev1_only_where_the_integration_may_declare_one() -> None:
    assert severity_of(said("critical"), None, may_declare_sev1=True) == (
        Severity.SEV1,
        True,
    )


def test_a_rules_own_severity_wins_over_its_word() -> None:
    event = said("info", Severity.SEV1)
    assert severity_of(event, {"info": "SEV4"}) == (Severity.SEV1, True)


def test_an_integrations_own_table_comes_first() -> None:
    table = {"Spicy": "SEV1", "critical": "none"}
    assert severity_of(said("spicy"), table) == (Severity.SEV1, True)
    assert severity_of(said("critical"), table) == (None, True)


def test_only_sev4_is_of_low_urgency() -> None:
    low = [one for one in Severity if urgency_at_all_hours(one) is Urgency.LOW]
    assert low == [Severity.SEV4]
    assert Severity.SEV1.worse_than(Severity.SEV2)
    assert not Severity.SEV2.worse_than(Severity.SEV2)
