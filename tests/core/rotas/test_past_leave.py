"""Days away that have been stay, whoever takes them back or reads a calendar anew."""

from datetime import date

from tocsin.core.forms import Plain, Problem
from tocsin.core.rotas.past_leave import settled

TODAY = date(2026, 7, 15)


def _leave(*days: tuple[str, str], key: str = "leave") -> Plain:
    return {"name": "ana", key: [{"from": a, "to": b} for a, b in days]}


def _settled(document: Plain, held: Plain) -> tuple[Plain, list[str]]:
    problems: list[Problem] = []
    found = settled(document, held, "people[ana]", problems, today=TODAY)
    return found, [one.where for one in problems]


def test_days_that_have_begun_are_taken_back_from_today_on() -> None:
    held = _leave(("2026-07-10", "2026-07-20"), ("2026-08-01", "2026-08-02"))
    found, wrong = _settled({"name": "ana", "leave": []}, held)
    assert found["leave"] == [{"from": "2026-07-10", "to": "2026-07-14"}]
    assert wrong == []
    assert _settled(held, held) == (held, [])
    longer = _leave(("2026-07-10", "2026-07-25"))
    assert _settled(longer, held) == (longer, [])


def test_nobody_was_away_afterwards() -> None:
    _, wrong = _settled(_leave(("2026-07-01", "2026-07-20")), {"name": "ana"})
    assert wrong == ["people[ana].leave[0].from"]


def test_a_wish_can_be_taken_back_as_it_took_nobody_off() -> None:
    held = {"name": "ana", "leave": [{"from": "2026-07-01", "rather_not": True}]}
    assert _settled({"name": "ana"}, held) == ({"name": "ana"}, [])


def test_a_calendar_that_is_read_each_day_keeps_its_past_in_one_piece() -> None:
    key = "leave_imported"
    held = _leave(("2026-07-06", "2026-07-20"), key=key)
    ahead = _leave(("2026-07-15", "2026-07-20"), key=key)
    for document in (held, ahead):
        assert _settled(document, held)[0] == held
    found, _ = _settled({"name": "ana"}, held)
    assert found[key] == [{"from": "2026-07-06", "to": "2026-07-14"}]
    # What it says now of last month changes nothing that was.
    found, _ = _settled(_leave(("2026-06-01", "2026-07-16"), key=key), {"name": "ana"})
    assert found[key] == [{"from": "2026-07-15", "to": "2026-07-16"}]
