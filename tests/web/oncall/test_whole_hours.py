"""Lists of shifts show when each really begins and ends, and forms take those hours."""

import re
from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM
from tests.stories.stage import Stage
from tests.web.signed_in import SignedIn

pytestmark = pytest.mark.slow  # a whole edge is started


def test_the_list_does_not_cut_shifts_at_the_edges_of_its_days(stage: Stage) -> None:
    stage.clock.at = MONDAY_9AM + timedelta(days=2, hours=3, minutes=19)
    shown = SignedIn(stage, stage.client, "alice")
    page = shown.get("/schedules/payments?view=list")
    assert ", 00:00" not in page
    assert "Mon 1 Apr, 09:00" in page  # the end of the last shift, after the four weeks
    forms = re.findall(
        r"cover\?rotation=\w+&amp;start=([^&]+)&amp;end=([^\"]+)\"", page
    )
    assert forms
    assert {end[-7:] for _, end in forms} == {"09%3A00"}
    assert {start[-7:] for start, _ in forms} <= {"09%3A00", "13%3A19"}, "or now"


def test_ones_own_page_and_a_swap_offer_whole_shifts(stage: Stage) -> None:
    stage.clock.at = MONDAY_9AM + timedelta(days=2, hours=3, minutes=19)
    shown = SignedIn(stage, stage.client, "alice")
    shifts = shown.get("/me").partition('id="shifts"')[2].partition("</ul>")[0]
    assert "13:19" not in shifts
    assert "Mon 29 Apr, 09:00" in shifts
    swaps = shown.get("/schedules/payments/cover?rotation=Primary")
    assert ">Bob: Mon" in swaps or ">bob: Mon" in swaps
    assert "13:19" not in swaps.partition('name="back"')[2].partition("</select>")[0]
