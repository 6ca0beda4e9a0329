"""What groups of an identity provider mean here."""

import pytest

from tocsin.core.people.groups import BadMapping, Meaning, applied, read

MAPPING = read(
    "platform=team:payments:responder, pay-leads=team:payments:lead, sre=role:admin"
)
TEAMS = ("payments", "search")


def mapped(
    document: dict[str, object], *groups: str, keep_admin: bool = False
) -> object:
    return applied(document, MAPPING, groups, teams=TEAMS, keep_admin=keep_admin)


def test_a_mapping_is_read_as_it_is_written() -> None:
    assert MAPPING == (
        Meaning("platform", "responder", "payments"),
        Meaning("pay-leads", "lead", "payments"),
        Meaning("sre", "admin"),
    )
    assert read("") == ()


@pytest.mark.parametrize(
    "bad",
    ["platform", "a=b", "a=role:king", "=role:lead", "a=team:lead", "a=team::lead"],
)
def test_a_mapping_that_means_nothing_is_refused_with_its_text(bad: str) -> None:
    with pytest.raises(BadMapping, match="expected GROUP=role:ROLE"):
        read(bad)


def test_groups_give_a_team_and_the_strongest_role_in_it() -> None:
    assert mapped({"name": "a"}, "platform") == {"name": "a", "teams": ["payments"]}
    assert mapped({"name": "a"}, "platform", "pay-leads") == {
        "name": "a",
        "teams": ["payments"],
        "team_roles": {"payments": "lead"},
    }


def test_what_a_group_gave_goes_with_the_group() -> None:
    before = {
        "name": "a",
        "role": "admin",
        "teams": ["payments", "search"],
        "team_roles": {"payments": "lead", "search": "lead"},
    }
    assert mapped(before) == {
        "name": "a",
        "teams": ["search"],
        "team_roles": {"search": "lead"},
    }


def test_what_the_mapping_does_not_name_stays() -> None:
    document = {"name": "a", "role": "viewer", "teams": ["search"]}
    assert mapped(document, "unknown-group") == document


def test_the_last_admin_stays_admin() -> None:
    document = {"name": "a", "role": "admin"}
    assert mapped(document, keep_admin=True) == document


def test_a_team_that_does_not_exist_is_left_out() -> None:
    mapping = read("x=team:gone:lead")
    assert applied({"name": "a"}, mapping, ["x"], teams=TEAMS, keep_admin=False) == {
        "name": "a"
    }
