"""Who is on call, asked again and again of one directory, is what a fresh one says."""

from datetime import UTC, datetime, timedelta

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import COMPANY
from tocsin.core import configuration
from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.forms import Problem
from tocsin.engine.settling import settle

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)


def directory() -> Directory:
    documents, problems = configuration.read(yaml.safe_load(COMPANY), "company")
    found: list[Problem] = [*problems]
    for name in documents["schedules"]:
        settle(
            {}, documents, "schedules", name, found,
            now=MONDAY_9AM, new_key=lambda: "k" * 32,
        )  # fmt: skip
    built, more = build(documents, version=1, ids={})
    assert not [*found, *more]
    return built


@settings(max_examples=30)
@given(st.lists(st.integers(-20_000, 60_000), min_size=1, max_size=8))
def test_a_row_that_was_worked_out_before_is_given_only_while_it_holds(
    minutes: list[int],
) -> None:
    asked = directory()
    for minute in minutes:
        now = MONDAY_9AM + timedelta(minutes=minute)
        assert asked.who(now=now) == directory().who(now=now)
