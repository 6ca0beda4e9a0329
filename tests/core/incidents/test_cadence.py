"""How often an incident is told of, inside and outside: the table of domain 5.4."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.incidents.cadence import (
    cadence,
    first,
    following,
    is_late_promise,
    owed_by,
)
from tocsin.core.severity import Severity

MINUTE = timedelta(minutes=1)
START = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("severity", "external", "after", "first", "every", "announced"),
    [
        (Severity.SEV1, False, 0, 5, 20, False),
        (Severity.SEV1, True, 0, 5, 20, False),
        (Severity.SEV1, True, 119, 5, 20, False),
        (Severity.SEV1, True, 120, 5, 60, True),
        (Severity.SEV1, False, 120, 5, 20, False),
        (Severity.SEV2, False, 0, 15, 30, False),
        (Severity.SEV2, True, 0, 20, 30, False),
        (Severity.SEV2, True, 121, 20, 60, True),
        (Severity.SEV3, False, 0, 60, 60, False),
        (Severity.SEV3, True, 0, None, 60, False),
        (Severity.SEV4, False, 0, None, 240, False),
        (Severity.SEV4, True, 300, None, 240, False),
    ],
)
def test_the_cadence_is_the_tables(
    severity, external, after, first, every, announced
) -> None:
    owed = cadence(severity, START, START + after * MINUTE, external=external)
    assert owed.first_by == (None if first is None else START + first * MINUTE)
    assert (owed.every, owed.is_announced) == (every * MINUTE, announced)


def test_the_next_one_is_owed_by_the_interval_that_was_promised_last() -> None:
    def owed(severity, last, *, external):
        last_at = None if last is None else START + last * MINUTE
        due = owed_by(severity, START, last_at, external=external)
        return None if due is None else (due - START) / MINUTE

    assert owed(Severity.SEV1, None, external=True) == 5
    assert owed(Severity.SEV1, 4, external=True) == 24
    assert owed(Severity.SEV1, 110, external=True) == 130
    assert owed(Severity.SEV1, 130, external=True) == 190
    assert owed(Severity.SEV3, None, external=True) is None
    assert owed(Severity.SEV4, None, external=False) == 240


def test_a_promise_counts_before_the_table_and_a_late_one_is_noticed() -> None:
    assert first(Severity.SEV2, declared=START) == START + 15 * MINUTE
    assert first(Severity.SEV4, declared=START) == START + 240 * MINUTE
    promised = START + 45 * MINUTE
    assert following(Severity.SEV1, sent=START, promised=promised) == promised
    assert following(Severity.SEV1, sent=START, promised=START) == START + 20 * MINUTE
    assert is_late_promise(Severity.SEV1, sent=START, promised=promised)
    assert not is_late_promise(Severity.SEV3, sent=START, promised=promised)
