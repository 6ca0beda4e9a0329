"""Roles for everything and for one team; tokens only ever take away."""

import itertools

import pytest

from tocsin.core.people.permissions import ROLES, Grant, Scope, scopes_of

LEADS_PAYMENTS = Grant("viewer", {"payments": "lead"})


def test_a_role_holds_what_every_weaker_role_holds() -> None:
    for held, asked in itertools.product(ROLES, ROLES):
        assert Grant(held).may(asked) is (ROLES.index(held) >= ROLES.index(asked))


def test_a_teams_lead_leads_that_team_only() -> None:
    assert LEADS_PAYMENTS.may("lead", "payments")
    assert not LEADS_PAYMENTS.may("lead", "search")
    assert not LEADS_PAYMENTS.may("lead")
    assert LEADS_PAYMENTS.may_somewhere("lead")
    assert LEADS_PAYMENTS.may("viewer", "search")


def test_the_stronger_of_both_roles_counts() -> None:
    assert Grant("admin", {"payments": "viewer"}).may("admin", "payments")
    assert Grant("viewer", {"payments": "responder"}).may("responder", "payments")


def test_private_services_are_known_to_their_team_and_admins() -> None:
    assert LEADS_PAYMENTS.sees_private_of("payments")
    assert not LEADS_PAYMENTS.sees_private_of("search")
    assert not Grant("lead").sees_private_of("payments")
    assert Grant("admin").sees_private_of("payments")
    assert not Grant("responder").sees_private_of("")


@pytest.mark.parametrize(
    ("scopes", "strongest"),
    [
        ("read", "viewer"),
        ("respond", "responder"),
        ("configure", "lead"),
        ("admin", "admin"),
        ("read configure", "lead"),
    ],
)
def test_a_token_of_an_admin_may_what_its_scopes_say(
    scopes: str, strongest: str
) -> None:
    grant = Grant("admin", scopes=scopes_of(scopes.split()))
    assert grant.role_in("payments") == strongest


def test_a_token_gives_nobody_more_than_they_have() -> None:
    grant = Grant("viewer", {"payments": "responder"}, scopes_of(["admin"]))
    assert grant.role_in("payments") == "responder"
    assert not grant.may("responder")


def test_a_sending_token_reads_nothing() -> None:
    grant = Grant("responder", scopes=frozenset({Scope.SEND}))
    assert grant.may_send("payments")
    assert not grant.may("viewer")
    assert not grant.may_somewhere("viewer")
    assert not grant.sees_private_of("payments")
    assert not Grant("viewer", scopes=frozenset({Scope.SEND})).may_send()


def test_a_directory_service_needs_its_scope_and_an_admin() -> None:
    assert Grant("admin", scopes=frozenset({Scope.SCIM})).may_provision()
    assert not Grant("lead", scopes=frozenset({Scope.SCIM})).may_provision()
    assert not Grant("admin", scopes=frozenset({Scope.ADMIN})).may_provision()
    assert not Grant("admin").may_provision()


def test_a_token_for_one_team_only_reads_elsewhere() -> None:
    grant = Grant("admin", scopes=frozenset({Scope.ADMIN}), only_team="payments")
    assert grant.may("admin", "payments")
    assert not grant.may("responder", "search")
    assert grant.may("viewer", "search")
    assert not grant.sees_private_of("search")


def test_words_that_are_no_scope_give_nothing() -> None:
    assert scopes_of(["root", "read"]) == {Scope.READ}
    assert not Grant("admin", scopes=scopes_of(["root"])).may("viewer")
