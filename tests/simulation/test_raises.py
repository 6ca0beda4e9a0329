"""What an outside observer knows of an alert that gets worse, and by when it matters."""

from datetime import timedelta

from tocsin.core.alerts.alerts import EventKind
from tocsin.core.pages.escalation import Policy
from tocsin.core.severity import Severity
from tocsin.simulation.duties import target_of
from tocsin.simulation.history import MINUTE
from tocsin.simulation.ledger import Episode, Ledger, Report

ANY_POLICY = Policy("fast", (), ())


def episode(severity: Severity, *raises: tuple[int, Severity]) -> Episode:
    return Episode("a", "search", severity, ANY_POLICY, MINUTE, raises=[*raises])


class Company:
    def policy_of(self, service: str) -> Policy:
        return ANY_POLICY


def test_only_what_is_worse_than_all_before_is_a_raise() -> None:
    ledger = Ledger()
    for at, severity in enumerate((3, 4, 2, 3, 2, 1)):
        report = Report(
            "a", 3, "search", EventKind.TRIGGER, Severity(severity), f"a/{at}", None
        )
        ledger.took(report, Company(), at=at, told=True)  # type: ignore[arg-type]
    (only,) = ledger.keys["a"].episodes
    assert only.raises == [(2, Severity.SEV2), (5, Severity.SEV1)]


def test_a_raise_asks_for_an_answer_sooner_counted_from_the_raise() -> None:
    worse = episode(Severity.SEV3, (11 * MINUTE, Severity.SEV1))
    assert target_of(worse) == timedelta(minutes=15)


def test_a_raise_never_gives_more_time() -> None:
    late = episode(Severity.SEV2, (15 * MINUTE, Severity.SEV1))
    assert target_of(late) == timedelta(minutes=15)
