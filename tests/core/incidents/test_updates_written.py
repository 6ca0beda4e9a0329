"""An update as its block: the promise is in whole minutes, and never later than promised."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.incidents.updates_written import Update, as_block

MADE = datetime(2024, 3, 4, 9, 14, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(minutes=29, seconds=59), "29 minutes"),
        (timedelta(seconds=5), "1 minute"),
    ],
)
def test_what_is_promised_is_read_as_it_was_typed(left: timedelta, said: str) -> None:
    made = Update("internal", "update", "We look.", "alice", MADE, next_at=MADE + left)
    assert f"ETA: {said} to next update" in as_block(made, zone="UTC")
