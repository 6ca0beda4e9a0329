"""People, teams, tokens and the audit log, as forms that need no script."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.doors import House, house

MORE = "payments lead"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.desk.set_membership("payments", "alice", "lead", _admin(made))
        yield made


def _admin(made: House):  # type: ignore[no-untyped-def]
    secret, _ = made.desk.sign_in.make_token("carol", label="test")
    return made.desk.sign_in.by_token(secret)


def test_the_list_says_who_is_reached_how_and_was_seen_when(home: House) -> None:
    text = home.signed_in("bob").get("/admin/people").text
    assert "carol" in text
    assert "has one verified contact, and two are needed" in text
    assert "never paged" in text
    assert "Invite" not in text


def test_who_is_on_call_is_green_only_where_two_ways_lead_to_them(home: House) -> None:
    text = home.signed_in("bob").get("/oncall").text
    assert "Not reachable" in text
    assert "alice has one verified contact, and two are needed." in text
    service = home.signed_in("bob").get("/services/checkout").text
    assert "alice has one verified contact, and two are needed." in service
    assert "Reachable</span>" not in text + service


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("q=CAROL@", "carol", "alice@"),
        ("role=admin", "carol", 'data-key="bob"'),
        ("team=payments", 'data-key="alice"', 'data-key="carol"'),
        ("reach=well", 'data-key="carol"', 'data-key="bob"'),
        ("reach=left", "Nobody matches", 'data-key="bob"'),
    ],
)
def test_the_list_is_narrowed_by_its_address(
    home: House, query: str, shown: str, hidden: str
) -> None:
    text = home.signed_in("carol").get(f"/admin/people?{query}").text
    assert shown in text
    assert hidden not in text


def test_an_admin_invites_and_the_link_signs_in_once(home: House) -> None:
    browser = home.signed_in("carol")
    form = {"name": "erin", "email": "erin@example.com", "role": "lead"}
    answer = browser.post("/admin/people/new", data={**form, "teams": ["payments"]})
    assert answer.status_code == 200
    assert "erin is invited" in answer.text
    assert home.mails[-1][0] == "erin@example.com"
    assert ("carol", "create", "people", "erin") in home.record()
    assert home.desk.directory().grant("erin").role == "lead"


def test_a_refused_invitation_keeps_what_was_typed(home: House) -> None:
    browser = home.signed_in("carol")
    form = {"name": "erin", "email": "nonsense", "full_name": "Erin Ek"}
    answer = browser.post("/admin/people/new", data=form)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert 'value="Erin Ek"' in answer.text
    assert 'href="#email"' in answer.text


def test_a_lead_invites_into_their_team_and_nowhere_else(home: House) -> None:
    browser = home.signed_in("alice")
    form = {"name": "erin", "email": "erin@example.com", "role": "responder"}
    assert browser.post("/admin/people/new", data=form).status_code == 403
    inside = {**form, "teams": ["payments"]}
    stronger = browser.post("/admin/people/new", data={**inside, "role": "admin"})
    assert stronger.status_code == 403
    assert browser.post("/admin/people/new", data=inside).status_code == 200
    assert home.desk.directory().grant("erin").team_roles == {"payments": "responder"}


def test_a_responder_changes_nobody(home: House) -> None:
    browser = home.signed_in("bob")
    assert browser.get("/admin/people/new").status_code == 403
    for do in ("save", "deactivate", "delete", "invite", "sign-out"):
        answer = browser.post("/admin/people/alice", data={"do": do})
        assert answer.status_code == 403, do


def test_a_lead_does_not_touch_people_themselves(home: House) -> None:
    browser = home.signed_in("alice")
    form = {"do": "save", "role": "admin"}
    assert browser.post("/admin/people/alice", data=form).status_code == 403
    assert home.desk.directory().roles["alice"] == "responder"


def test_deactivating_ends_every_way_in_at_once_and_shows_the_gap_first(
    home: House,
) -> None:
    admin, bob = home.signed_in("carol"), home.signed_in("bob")
    token, _ = home.desk.sign_in.make_token("bob", label="deploys")
    page = admin.get("/admin/people/bob").text
    assert "Nobody would be on call in payments/Primary" in page
    assert "1 browser is signed out at once" in page
    assert "takes turns in Secondary" in page
    answer = admin.post("/admin/people/bob", data={"do": "deactivate"})
    assert answer.status_code == 303
    assert bob.get("/").headers["location"] == "/sign-in?next=/"
    assert home.desk.sign_in.by_token(token) is None
    directory = home.desk.directory()
    assert all("bob" not in row.people for row in directory.who(now=home.clock.now()))
    assert directory.schedules  # nothing that names them broke
    again = home.browser()
    again.post(f"/sign-in/{home.desk.sign_in.link_for('bob')}")
    assert again.get("/").headers["location"] == "/sign-in?next=/"


def test_deleting_is_typed_and_refused_while_something_names_them(home: House) -> None:
    admin = home.signed_in("carol")
    admin.post("/admin/people/new", data={"name": "erin", "email": "e@example.com"})
    wrong = admin.post("/admin/people/erin", data={"do": "delete", "confirm": "er"})
    assert wrong.status_code == 422
    right = {"do": "delete", "confirm": "erin"}
    assert admin.post("/admin/people/erin", data=right).status_code == 303
    assert "erin" not in home.desk.directory().people
    named = admin.post("/admin/people/bob", data={"do": "delete", "confirm": "bob"})
    assert named.status_code == 422
    assert "bob" in home.desk.directory().people


def test_two_who_edit_one_person_do_not_overwrite_each_other(home: House) -> None:
    admin = home.signed_in("carol")
    page = admin.get("/admin/people/bob").text
    etag = page.split('name="etag" value="')[1].split('"')[0]
    form = {"email": "bob@example.com", "role": "responder", "etag": etag, "do": "save"}
    first = admin.post("/admin/people/bob", data={**form, "full_name": "Bob Brown"})
    assert first.status_code == 303
    second = admin.post("/admin/people/bob", data={**form, "full_name": "Bobby"})
    assert second.status_code == 409
    assert "changed meanwhile" in second.text
    assert 'value="Bobby"' in second.text


def test_only_an_admin_says_what_chats_call_somebody(home: House) -> None:
    admin = home.signed_in("carol")
    form = {"email": "bob@example.com", "role": "responder", "do": "save"}
    called = {
        "chat_matrix": " @bob:example.org ",
        "chat_slack": "",
        "chat_mattermost": "",
    }
    admin.post("/admin/people/bob", data={**form, **called})
    bob = home.desk.directory().of_chat("matrix", "@bob:example.org")
    assert bob is not None and bob.name == "bob"
    assert 'value="@bob:example.org"' in admin.get("/admin/people/bob").text
    # A form that does not ask for it keeps it; an empty field takes it away.
    admin.post("/admin/people/bob", data={**form, "full_name": "Bob Brown"})
    assert home.desk.directory().people["bob"].chat == {"matrix": "@bob:example.org"}
    own = home.signed_in("bob")
    assert own.post("/admin/people/bob", data={**form, **called}).status_code == 403
    answer = own.get("/admin/people/bob")
    assert "chat_matrix" not in answer.text
    admin.post("/admin/people/bob", data={**form, **called, "chat_matrix": ""})
    assert home.desk.directory().people["bob"].chat == {}


def test_a_lead_keeps_the_members_of_their_team(home: House) -> None:
    browser = home.signed_in("alice")
    form = {"do": "put", "person": "carol", "role": "lead"}
    assert browser.post("/admin/teams/payments", data=form).status_code == 303
    assert home.desk.directory().grant("carol").team_roles == {"payments": "lead"}
    gone = {"do": "remove", "person": "carol", "was": "lead"}
    assert browser.post("/admin/teams/payments", data=gone).status_code == 303
    assert home.desk.directory().grant("carol").team_roles == {}
    too_much = {**form, "role": "admin"}
    assert browser.post("/admin/teams/payments", data=too_much).status_code == 422


def test_only_a_lead_of_the_team_and_only_an_admin_for_the_rest(home: House) -> None:
    put = {"do": "put", "person": "bob", "role": "lead"}
    assert (
        home.signed_in("bob").post("/admin/teams/payments", data=put).status_code == 403
    )
    lead = home.signed_in("alice")
    assert lead.post("/admin/teams/new", data={"name": "search"}).status_code == 403
    admin = home.signed_in("carol")
    assert admin.post("/admin/teams/new", data={"name": "search"}).status_code == 303
    assert lead.post("/admin/teams/search", data=put).status_code == 403
    assert lead.get("/admin/teams/search").status_code == 200
    drop = {"do": "delete", "confirm": "search"}
    assert lead.post("/admin/teams/search", data=drop).status_code == 403
    assert admin.post("/admin/teams/search", data=drop).status_code == 303
    assert "search" not in home.desk.directory().teams


def test_a_token_is_shown_once_and_can_be_ended(home: House) -> None:
    browser = home.signed_in("bob")
    form = {"label": "deploys", "scopes": ["read", "send"], "days": "30"}
    made = browser.post("/admin/tokens", data=form)
    assert made.status_code == 200
    assert "is shown once" in made.text
    secret = made.text.split('<code tabindex="0">')[1].split("<")[0]
    viewer = home.desk.sign_in.by_token(secret)
    assert viewer is not None
    assert secret not in browser.get("/admin/tokens").text
    assert browser.post(f"/admin/tokens/{viewer.token}/end").status_code == 303
    assert home.desk.sign_in.by_token(secret) is None


def test_a_token_does_no_more_than_its_maker(home: House) -> None:
    browser = home.signed_in("bob")
    form = {"label": "x", "days": "30"}
    assert "admin: everything" not in browser.get("/admin/tokens").text
    many = {**form, "scopes": ["admin"]}
    assert browser.post("/admin/tokens", data=many).status_code == 403
    other = {**form, "scopes": ["read"], "person": "carol"}
    assert browser.post("/admin/tokens", data=other).status_code == 403
    none = browser.post("/admin/tokens", data=form)
    assert none.status_code == 422
    assert 'href="#scopes"' in none.text


def test_nobody_ends_the_token_of_another(home: House) -> None:
    _, held = home.desk.sign_in.make_token("carol", label="hers")
    answer = home.signed_in("bob").post(f"/admin/tokens/{held.id}/end")
    assert answer.status_code == 404
    assert "hers" not in home.signed_in("bob").get("/admin/tokens?person=carol").text
    assert "hers" in home.signed_in("carol").get("/admin/tokens").text


def test_the_audit_log_tells_field_by_field_and_is_narrowed(home: House) -> None:
    admin = home.signed_in("carol")
    admin.post("/admin/people/bob", data={
        "do": "save", "full_name": "Bob Brown", "email": "bob@example.com",
        "role": "viewer", "time_zone": "",
    })  # fmt: skip
    text = admin.get("/admin/audit?noun=people&name=bob&actor=carol").text
    assert "<ins>viewer</ins>" in text
    assert "<ins>Bob Brown</ins>" in text
    assert "203.0.113.7" in text
    day = f"{home.clock.now():%Y-%m-%d}"
    assert "Bob Brown" in admin.get(f"/admin/audit?from={day}&to={day}").text
    assert "Nothing matches" in admin.get("/admin/audit?to=2020-01-01").text
    assert admin.get("/admin/audit?from=0001-01-01&before=x").status_code == 200
    checked = admin.get("/admin/audit?check=1").text
    assert "Every entry is as it was written" in checked
    home.installation.database.write(
        lambda tx: tx.run("update audit set name = 'other' where id = 1")
    )
    assert "tampered" in admin.get("/admin/audit?check=1").text


def test_a_lead_sees_the_record_of_their_teams_only(home: House) -> None:
    home.signed_in("carol").post("/admin/teams/new", data={"name": "search"})
    text = home.signed_in("alice").get("/admin/audit").text
    assert "payments" in text
    assert ">search<" not in text
    other = home.signed_in("alice").get("/admin/audit?team=search").text
    assert "Nothing matches" in other
    assert home.signed_in("bob").get("/admin/audit").status_code == 403
