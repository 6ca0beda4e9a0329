"""Signing in as people and attackers do it, over HTTP."""

import base64
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peers.databases import PostgresServer
from tests.web.doors import PASSWORD, House, house
from tocsin.engine.configuration import apply_files
from tocsin.engine.credentials import Ways
from tocsin.engine.signing_in.visits import Visit
from tocsin.store import directory, passkeys, passwords
from tocsin.store.passkeys import Passkey

COOKIE = "tocsin_session"
PLACE = "http://localhost:8080"
# A public key as it is stored: what it opens is of no matter here.
KEY = base64.urlsafe_b64encode(
    AttestedCredentialData.create(
        b"\0" * 16, b"\0" * 3, ES256.from_ctap1(b"\4" + b"\1" * 64)
    )
).decode()
WRONG = "do not belong together"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("doors"), public_url=PLACE) as made:
        made.set_password("alice")
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.set_password("alice")
        yield made


def test_a_password_signs_in_by_handle_and_by_mail_address(shared: House) -> None:
    for account in ("alice", "alice@example.com", "ALICE@example.com "):
        browser = shared.browser()
        answer = browser.post("/login", data={"account": account, "password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert browser.get("/").status_code == 200
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert "samesite=lax" in answer.headers["set-cookie"].lower()


def test_the_answer_to_a_wrong_name_is_that_to_a_wrong_password(shared: House) -> None:
    answers = [
        shared.browser(f"203.0.113.{100 + number}").post(
            "/login", data={"account": account, "password": "not the password"}
        )
        for number, account in enumerate(("bob", "nobody", "carol@example.com"))
    ]
    assert {one.status_code for one in answers} == {403}
    texts = {
        one.text.replace(account, "")
        for one, account in zip(answers, ("bob", "nobody", "carol@example.com"))
    }
    assert len(texts) == 1
    assert WRONG in texts.pop()


class Counting(PasswordHasher):
    """Counts how often it was asked to compare."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.compared: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.compared.append(str(hash).rsplit("$", 2)[0])
        return super().verify(hash, password)


def test_a_wrong_name_costs_the_same_work_as_a_wrong_password(tmp_path: Path) -> None:
    hasher = Counting()
    with house(tmp_path, hasher=hasher) as home:
        home.set_password("alice")
        for account in ("alice", "bob", "nobody"):
            before = len(hasher.compared)
            home.browser().post(
                "/login", data={"account": account, "password": "not the password"}
            )
            assert len(hasher.compared) == before + 1, account
    # The same parameters for each, so the same time.
    assert len(set(hasher.compared)) == 1


def test_a_password_is_hashed_anew_when_the_parameters_change(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.set_password("alice")
        old = home.installation.database.read(lambda tx: passwords.get(tx, "alice"))
    with house(tmp_path, hasher=PasswordHasher(2, 16, 1)) as home:
        answer = home.browser().post(
            "/login", data={"account": "alice", "password": PASSWORD}
        )
        new = home.installation.database.read(lambda tx: passwords.get(tx, "alice"))
        again = home.browser().post(
            "/login", data={"account": "alice", "password": PASSWORD}
        )
    assert answer.status_code == again.status_code == 303
    assert old is not None
    assert new is not None
    assert "m=8,t=1" in old
    assert "m=16,t=2" in new


def test_next_leads_to_own_paths_only(shared: House) -> None:
    for wanted, to in {
        "/alerts?tab=closed": "/alerts?tab=closed",
        "https://evil.example/": "/",
        "//evil.example/": "/",
        "/\\evil.example/": "/",
        "/\t/evil.example": "/",
        "\\\\evil.example": "/",
        "javascript:alert(1)": "/",
        "": "/",
    }.items():
        answer = shared.browser().post(
            "/login", data={"account": "alice", "password": PASSWORD, "next": wanted}
        )
        assert answer.headers["location"] == to, wanted


def test_a_page_that_needs_a_sign_in_comes_back_to_itself(shared: House) -> None:
    browser = shared.browser()
    first = browser.get("/alerts?tab=closed&service=checkout")
    page = browser.get(first.headers["location"])
    assert 'name="next" value="/alerts?tab=closed&amp;service=checkout"' in page.text


def test_a_session_is_never_the_one_the_browser_brought(own: House) -> None:
    planted = "planted-by-an-attacker"
    browser = own.browser(cookies={COOKIE: planted})
    browser.post("/login", data={"account": "alice", "password": PASSWORD})
    mine = [one.value for one in browser.cookies.jar if one.name == COOKIE]
    assert planted not in [mine[-1]]
    assert own.browser(cookies={COOKIE: planted}).get("/").status_code == 303


def test_signing_in_again_ends_the_session_before(own: House) -> None:
    browser = own.signed_in("alice")
    before = browser.cookies[COOKIE]
    browser.post("/login", data={"account": "alice", "password": PASSWORD})
    assert browser.cookies[COOKIE] != before
    assert own.browser(cookies={COOKIE: before}).get("/").status_code == 303


def test_signing_out_ends_the_session_on_the_server(own: House) -> None:
    browser = own.signed_in("alice")
    session = browser.cookies[COOKIE]
    browser.post("/sign-out")
    assert own.browser(cookies={COOKIE: session}).get("/").status_code == 303


def test_a_session_ends_after_seven_idle_days_and_after_fourteen_in_any_case(
    own: House,
) -> None:
    idle, busy = own.signed_in("alice"), own.signed_in("bob")
    for _ in range(13):
        own.clock.at += timedelta(days=1)
        assert busy.get("/").status_code == 200
        own.installation.database.write(lambda tx: None)
    assert idle.get("/").status_code == 303
    own.clock.at += timedelta(days=1, seconds=1)
    assert busy.get("/").status_code == 303


def test_under_https_no_other_host_can_set_the_cookie(tmp_path: Path) -> None:
    with house(tmp_path, public_url="https://tocsin.example") as safe:
        safe.set_password("alice")
        answer = safe.browser().post(
            "/login", data={"account": "alice", "password": PASSWORD}
        )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-tocsin_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "omain" not in cookie


def test_guessing_at_one_account_is_slowed_from_everywhere(own: House) -> None:
    statuses = [
        own.browser(f"198.51.100.{number}").post(
            "/login", data={"account": "alice", "password": f"guess number {number}"}
        )
        for number in range(40)
    ]
    refused = [one for one in statuses if one.status_code == 403]
    assert len(refused) == 5
    assert statuses[-1].status_code == 429
    assert int(statuses[-1].headers["retry-after"]) >= 1
    assert "Try again in" in statuses[-1].text
    right = own.browser("192.0.2.1").post(
        "/login", data={"account": "alice", "password": PASSWORD}
    )
    assert right.status_code == 429
    own.clock.at += timedelta(minutes=16)
    later = own.browser("192.0.2.1").post(
        "/login", data={"account": "alice", "password": PASSWORD}
    )
    assert later.status_code == 303


def test_being_slowed_down_does_not_tell_which_names_belong_together(
    own: House,
) -> None:
    for number in range(12):
        own.browser(f"198.51.100.{number}").post(
            "/login", data={"account": "alice", "password": "a guess"}
        )
    answers = [
        own.browser(f"192.0.2.{number}").post(
            "/login", data={"account": account, "password": "a guess"}
        )
        for number, account in enumerate(("alice@example.com", "eve@example.com"))
    ]
    assert [one.status_code for one in answers] == [403, 403]


def test_guessing_from_one_address_is_slowed_for_all_accounts(own: House) -> None:
    browser = own.browser("198.51.100.66")
    statuses = [
        browser.post(
            "/login", data={"account": f"person-{number}", "password": "Summer2024!"}
        ).status_code
        for number in range(60)
    ]
    assert statuses.count(403) == 20
    assert statuses[-1] == 429
    other = own.browser("192.0.2.9").post(
        "/login", data={"account": "alice", "password": PASSWORD}
    )
    assert other.status_code == 303


def test_page_links_work_for_an_address_that_is_slowed_down(own: House) -> None:
    browser = own.browser("198.51.100.67")
    for number in range(60):
        browser.post("/login", data={"account": f"p{number}", "password": "x"})
    assert (
        browser.post("/login", data={"account": "a", "password": "b"}).status_code
        == 429
    )
    # Known or not, the page link's own answer comes: nobody asked the throttle.
    assert browser.get("/p/1-zzzzzz-nonsense").status_code == 404
    assert browser.get("/sign-in").status_code == 200


def test_forwarded_addresses_count_only_behind_a_trusted_proxy(tmp_path: Path) -> None:
    with house(tmp_path, trusted_proxies="10.0.0.0/8") as behind:
        for number in range(60):
            behind.browser("10.1.1.1").post(
                "/login",
                data={"account": f"p{number}", "password": "x"},
                headers={"x-forwarded-for": "198.51.100.1, 10.9.9.9"},
            )
        for peer, forwarded, status in (
            ("10.1.1.1", "198.51.100.1", 429),
            ("10.1.1.1", "198.51.100.2", 403),
            # Who writes the header themselves comes from where they come from.
            ("10.1.1.1", "198.51.100.2, 198.51.100.1", 429),
            ("198.51.100.1", "203.0.113.1", 429),
            ("198.51.100.3", "198.51.100.1", 403),
        ):
            answer = behind.browser(peer).post(
                "/login",
                data={"account": "q", "password": "x"},
                headers={"x-forwarded-for": forwarded},
            )
            assert answer.status_code == status, (peer, forwarded)


def test_a_link_signs_in_once_and_looking_uses_nothing_up(own: House) -> None:
    token = own.desk.sign_in.link_for("alice")
    browser = own.browser()
    for _ in range(3):
        assert browser.get(f"/sign-in/{token}").status_code == 200
    assert browser.post(f"/sign-in/{token}").status_code == 303
    assert own.browser().post(f"/sign-in/{token}").status_code == 410
    assert own.browser().get(f"/sign-in/{token}").status_code == 410


def test_a_link_is_good_for_its_own_purpose_only(own: House) -> None:
    browser = own.browser()
    browser.post("/login/reset", data={"account": "alice"})
    token = own.link_of().rpartition("/")[2]
    for place in ("/sign-in", "/login/invitation", "/login/verify"):
        assert own.browser().post(f"{place}/{token}").status_code == 410, place
    sign_in = own.desk.sign_in.link_for("alice")
    answer = own.browser().post(
        f"/login/reset/{sign_in}", data={"password": "a long new password"}
    )
    assert answer.status_code == 410


def test_asking_for_a_link_tells_nobody_who_is_known(own: House) -> None:
    own.waits = True
    known = own.browser("192.0.2.1").post(
        "/sign-in", data={"email": "alice@example.com"}
    )
    unknown = own.browser("192.0.2.2").post(
        "/sign-in", data={"email": "eve@example.com"}
    )
    assert known.text == unknown.text
    assert known.status_code == unknown.status_code == 200
    # What differs happens after both have their answer.
    assert len(own.later) == 2
    assert own.mails == []


def test_links_are_mailed_three_times_and_then_less_often(own: House) -> None:
    asked = [
        own.browser(f"192.0.2.{number}")
        .post("/sign-in", data={"email": "bob@example.com"})
        .status_code
        for number in range(6)
    ]
    assert asked == [200, 200, 200, 429, 429, 429]
    assert len(own.mails) == 3


def test_a_reset_sets_the_password_and_ends_every_session(own: House) -> None:
    laptop, phone = own.signed_in("alice"), own.signed_in("alice")
    own.browser().post("/login/reset", data={"account": "alice"})
    path = own.link_of().removeprefix("http://testserver")
    browser = own.browser()
    assert "New password" in browser.get(path).text
    short = browser.post(path, data={"password": "short"})
    assert short.status_code == 422
    assert "12 or more are needed" in short.text
    done = browser.post(path, data={"password": "violet anchor trumpet"})
    assert done.headers["location"] == "/me/security"
    assert browser.get("/me/security").status_code == 200
    assert [one.get("/").status_code for one in (laptop, phone)] == [303, 303]
    assert (
        browser.post(path, data={"password": "violet anchor trumpet"}).status_code
        == 410
    )
    old = own.browser().post("/login", data={"account": "alice", "password": PASSWORD})
    new = own.browser().post(
        "/login", data={"account": "alice", "password": "violet anchor trumpet"}
    )
    assert (old.status_code, new.status_code) == (403, 303)
    assert own.mails[-1][1] == "Your password was changed"


def test_a_reset_voids_the_links_that_were_on_their_way(own: House) -> None:
    browser = own.browser()
    browser.post("/sign-in", data={"email": "alice@example.com"})
    sign_in = own.link_of().removeprefix("http://testserver")
    browser.post("/login/reset", data={"account": "alice"})
    reset = own.link_of().removeprefix("http://testserver")
    own.browser().post(reset, data={"password": "violet anchor trumpet"})
    assert own.browser().post(sign_in).status_code == 410


def test_a_password_changes_only_after_a_recent_sign_in(own: House) -> None:
    browser = own.signed_in("alice")
    own.clock.at += timedelta(minutes=11)
    late = browser.post(
        "/me/security/password", data={"password": "violet anchor tuba"}
    )
    assert late.headers["location"] == "/login/confirm?next=/me/security"
    before = browser.cookies[COOKIE]
    wrong = browser.post(
        "/login/confirm", data={"password": "no", "next": "/me/security"}
    )
    assert wrong.status_code == 403
    right = browser.post(
        "/login/confirm", data={"password": PASSWORD, "next": "/me/security"}
    )
    assert right.headers["location"] == "/me/security"
    assert browser.cookies[COOKIE] != before
    done = browser.post(
        "/me/security/password", data={"password": "violet anchor tuba"}
    )
    assert done.headers["location"] == "/me/security?did=password"
    assert browser.get("/me/security?did=password").status_code == 200


def test_browsers_are_listed_and_ended_one_by_one_or_all_others(own: House) -> None:
    mine = own.signed_in("alice")
    others = [own.signed_in("alice", address=f"192.0.2.{n}") for n in (1, 2, 3)]
    stranger = own.signed_in("bob")
    page = mine.get("/me/security").text
    assert "192.0.2.2" in page
    assert page.count("Firefox on Linux") >= 4
    session = next(
        one
        for one in own.credentials.sessions.of("alice")
        if one.address == "192.0.2.1"
    )
    stranger.post("/me/security/sessions/end", data={"id": session.id})
    assert others[0].get("/").status_code == 200
    mine.post("/me/security/sessions/end", data={"id": session.id})
    assert [one.get("/").status_code for one in others] == [303, 200, 200]
    mine.post("/me/security/sessions/end-others")
    assert [one.get("/").status_code for one in others] == [303, 303, 303]
    assert [mine.get("/").status_code, stranger.get("/").status_code] == [200, 200]


def test_whoever_leaves_leaves_no_key_to_a_namesake(own: House) -> None:
    browser = own.signed_in("alice")
    token, _ = own.desk.sign_in.make_token("alice", label="t")
    codes = own.credentials.emergency.make("alice", Visit(), by="carol")
    database = own.installation.database
    document = database.read(directory.documents)["people"]["alice"]
    database.write(lambda tx: directory.delete(tx, "people", "alice"))
    database.write(lambda tx: directory.save(tx, "people", "alice", document))
    assert browser.get("/").status_code == 303
    assert own.desk.sign_in.by_token(token) is None
    entry = own.browser().post(
        "/login/emergency", data={"account": "alice", "code": codes[0]}
    )
    assert entry.status_code == 403
    password = own.browser().post(
        "/login", data={"account": "alice", "password": PASSWORD}
    )
    assert password.status_code == 403


def test_an_emergency_code_makes_an_admin_for_an_hour_whatever_is_off(
    tmp_path: Path,
) -> None:
    ways = Ways(local_passwords=False, mail_links=False)
    with house(tmp_path, ways=ways) as shut:
        codes = shut.credentials.emergency.make("bob", Visit(), by="root")
        assert len(codes) == len(set(codes)) == 10
        browser = shut.browser("192.0.2.44")
        typed = codes[0].lower().replace("-", " ")
        answer = browser.post(
            "/login/emergency", data={"account": "bob", "code": typed}
        )
        assert answer.status_code == 303
        viewer = shut.desk.sign_in.by_session(browser.cookies[COOKIE])
        assert viewer is not None
        assert viewer.role == "admin"
        assert shut.mails[-1][0] == "carol@example.com"
        assert "192.0.2.44" in shut.mails[-1][2]
        assert "9 codes of bob are left" in shut.mails[-1][2]
        again = shut.browser().post(
            "/login/emergency", data={"account": "bob", "code": codes[0]}
        )
        assert again.status_code == 403
        assert ("bob", "sign in", "session", viewer.session) in shut.record()
        shut.clock.at += timedelta(minutes=61)
        assert browser.get("/").status_code == 303


def test_a_code_is_its_persons_only_and_new_ones_void_the_old(own: House) -> None:
    old = own.credentials.emergency.make("bob", Visit(), by="root")
    new = own.credentials.emergency.make("bob", Visit(), by="root")
    for account, code in (("bob", old[0]), ("alice", new[0]), ("nobody", new[0])):
        answer = own.browser().post(
            "/login/emergency", data={"account": account, "code": code}
        )
        assert answer.status_code == 403
    answer = own.browser().post(
        "/login/emergency", data={"account": "bob", "code": new[0]}
    )
    assert answer.status_code == 303


def test_ways_that_are_off_are_neither_shown_nor_open(tmp_path: Path) -> None:
    with house(tmp_path, ways=Ways(local_passwords=False, mail_links=False)) as shut:
        page = shut.browser().get("/login").text
        assert 'type="password"' not in page
        assert "Send me a link" not in page
        answer = shut.browser().post(
            "/login", data={"account": "alice", "password": "x"}
        )
        assert answer.status_code == 403
        assert "switched off" in answer.text
        for path, field in (("/sign-in", "email"), ("/login/reset", "account")):
            answer = shut.browser().post(path, data={field: "alice@example.com"})
            assert answer.status_code == 403
        assert shut.mails == []


def test_without_a_mail_server_the_page_says_so_to_everybody(tmp_path: Path) -> None:
    with house(tmp_path, mail=False) as mute:
        answers = [
            mute.browser().post("/sign-in", data={"email": email})
            for email in ("alice@example.com", "eve@example.com")
        ]
    assert [one.status_code for one in answers] == [503, 503]
    assert answers[0].text == answers[1].text


def test_an_invitation_signs_in_once_and_asks_for_a_way_back(own: House) -> None:
    admin = own.signed_in("carol")
    page = admin.post("/people/bob/invite")
    assert "A mail is on its way to bob@example.com" in page.text
    path = own.link_of().removeprefix("http://testserver")
    newcomer = own.browser()
    assert "You are <b>bob</b>" in newcomer.get(path).text
    answer = newcomer.post(path)
    assert answer.headers["location"] == "/me/security?did=welcome"
    assert (
        "choose a passkey or a password"
        in newcomer.get("/me/security?did=welcome").text.lower()
    )
    assert own.browser().post(path).status_code == 410


def test_only_admins_and_leads_invite(own: House) -> None:
    assert own.signed_in("alice").post("/people/bob/invite").status_code == 403
    assert own.signed_in("carol").post("/people/nobody/invite").status_code == 404


LED = """
people:
  - {name: lea, email: lea@example.com, team_roles: {payments: lead}}
  - {name: new, email: new@example.com, teams: [payments]}
  - {name: boss, email: boss@example.com, teams: [payments], role: admin}
  - {name: peer, email: peer@example.com, team_roles: {payments: lead, search: lead}}
  - {name: dan, email: dan@example.com, teams: [search]}
teams: [{name: search}]
"""


def test_a_lead_invites_newcomers_who_may_do_no_more_than_they(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        applied = apply_files(
            home.installation.database,
            [("led.yaml", LED)],
            now=home.clock.at,
            new_key=lambda: "f" * 32,
            recorder=lambda *_: None,
        )
        assert applied.done, applied.problems
        lead = home.signed_in("lea")
        answers = {
            name: lead.post(f"/people/{name}/invite")
            for name in ("new", "boss", "peer", "dan")
        }
        assert {name: one.status_code for name, one in answers.items()} == {
            "new": 200,
            "boss": 403,
            "peer": 403,
            "dan": 403,
        }
        assert "may do more than you" in answers["boss"].text
        assert "in no team that you lead" in answers["dan"].text
        home.signed_in("new")
        again = lead.post("/people/new/invite")
        assert "has been here already" in again.text


def test_an_admin_signs_somebody_else_out_everywhere(own: House) -> None:
    browsers = [own.signed_in("alice"), own.signed_in("alice")]
    bob, admin = own.signed_in("bob"), own.signed_in("carol")
    assert bob.post("/people/alice/sign-out").status_code == 403
    assert admin.post("/people/alice/sign-out").status_code == 303
    assert [one.get("/").status_code for one in browsers] == [303, 303]
    assert ("carol", "end all", "session", "alice") in own.record()


def test_a_form_of_another_site_signs_nobody_in(own: House) -> None:
    token = own.desk.sign_in.link_for("alice")
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for path, data in (
        ("/login", {"account": "alice", "password": PASSWORD}),
        (f"/sign-in/{token}", {}),
        ("/login/emergency", {"account": "alice", "code": "x"}),
        ("/sign-in", {"email": "alice@example.com"}),
        ("/login/reset", {"account": "alice"}),
        ("/login/passkey", {}),
    ):
        answer = own.browser().post(path, data=data, headers=foreign)
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers, path
    assert own.mails == []


def test_every_event_is_recorded_and_no_secret_with_it(own: House) -> None:
    browser = own.browser("192.0.2.5")
    browser.post("/login", data={"account": "alice", "password": "a wrong password"})
    browser.post("/login", data={"account": "a typed secret", "password": "x"})
    browser.post("/login", data={"account": "alice", "password": PASSWORD})
    session = own.credentials.sessions.of("alice")[0].id
    browser.post("/sign-out")
    assert own.record()[-4:] == [
        ("", "refuse", "password", "alice"),
        ("", "refuse", "password", ""),
        ("alice", "sign in", "session", session),
        ("alice", "sign out", "session", session),
    ]
    rows = own.installation.database.read(lambda tx: tx.all("select * from audit"))
    assert not [row for row in rows if "secret" in str(row) or PASSWORD in str(row)]
    assert own.desk.audit.broken(own.installation.database) == ""


def test_wrong_api_tokens_are_slowed_and_right_ones_never(own: House) -> None:
    token, _ = own.desk.sign_in.make_token("alice", label="t")
    browser = own.browser("198.51.100.70")
    statuses = [
        browser.get(
            "/api/v1/me", headers={"authorization": f"Bearer wrong-{n}"}
        ).status_code
        for n in range(80)
    ]
    assert statuses.count(401) == 60
    assert statuses[-1] == 429
    right = browser.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert right.status_code == 200


def test_a_mail_address_is_confirmed_by_a_link(own: House) -> None:
    browser = own.signed_in("alice")
    assert "not confirmed" in browser.get("/me/security").text
    browser.post("/me/security/email")
    path = own.link_of().removeprefix("http://testserver")
    assert browser.get(path).status_code == 200
    answer = browser.post(path)
    assert answer.headers["location"] == "/me/security?did=email-verified"
    assert "not confirmed" not in browser.get("/me/security").text


def test_odd_input_is_refused_and_never_breaks_a_door(own: House) -> None:
    odd = (
        "\0",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "x" * 100_000,
        "' or 1=1 --",
        "ａｌｉｃｅ",
        "\r\nSet-Cookie: x",
    )
    browser = own.browser()
    for number, text in enumerate(odd):
        browser = own.browser(f"192.0.2.{number}")
        for path, fields in (
            ("/login", ("account", "password", "next")),
            ("/sign-in", ("email",)),
            ("/login/reset", ("account",)),
            ("/login/emergency", ("account", "code")),
        ):
            answer = browser.post(path, data=dict.fromkeys(fields, text))
            assert answer.status_code in (200, 403, 422, 429), (path, text[:20])
        for place in ("/sign-in", "/login/reset", "/login/invitation", "/login/verify"):
            assert browser.get(f"{place}/{'x' * 500}").status_code == 410


ODD_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=12,
)
ODD_BYTES = st.binary(max_size=300).map(
    lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")
)


@settings(max_examples=150, deadline=None)
@given(
    fields=st.dictionaries(
        st.sampled_from(
            [
                "clientDataJSON",
                "authenticatorData",
                "signature",
                "userHandle",
                "attestationObject",
            ]
        ),
        ODD_BYTES | ODD_JSON,
    ),
    more=ODD_JSON,
)
def test_whatever_is_sent_as_a_passkey_is_refused_and_breaks_nothing(
    shared: House, fields: dict[str, object], more: object
) -> None:
    known = Passkey("AAAA", "alice", KEY, 0, "odd", shared.clock.at)
    shared.installation.database.write(lambda tx: passkeys.add(tx, known))
    engine = shared.credentials.passkeys
    visit = Visit(str(random.randint(0, 2**60)))
    for response in (
        {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": fields},
        {"id": "AAAA", "rawId": "AAAA", "response": more},
        more,
    ):
        flow = engine.ask_to_sign_in(visit).flow
        assert engine.sign_in(flow, response, visit).session == ""
        alice = shared.desk.directory().people["alice"]
        flow = engine.ask_to_add(alice, visit).flow
        assert engine.add(alice, flow, response, "x", visit) != ""


@pytest.mark.slow  # a PostgreSQL server
def test_the_doors_are_the_same_on_postgresql(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.create("doors", template="migrated")
    with house(tmp_path, database_url=url) as home:
        home.set_password("alice")
        browser = home.browser()
        login = {"account": "alice", "password": PASSWORD}
        wrong = browser.post("/login", data={**login, "password": "wrong"})
        right = browser.post("/login", data=login)
        assert (wrong.status_code, right.status_code) == (403, 303)
        home.clock.at += timedelta(minutes=5)
        assert browser.get("/me/security").status_code == 200
        other = home.signed_in("alice", address="192.0.2.9")
        browser.post("/me/security/sessions/end-others")
        assert other.get("/").status_code == 303
        codes = home.credentials.emergency.make("bob", Visit(), by="root")
        for status in (303, 403):
            code = {"account": "bob", "code": codes[0]}
            assert (
                home.browser().post("/login/emergency", data=code).status_code == status
            )
        home.browser().post("/login/reset", data={"account": "alice"})
        path = home.link_of().removeprefix("http://testserver")
        reset = home.browser().post(path, data={"password": "violet anchor tuba"})
        assert reset.headers["location"] == "/me/security"
        assert browser.get("/").status_code == 303
        assert home.signed_in("carol").post("/people/bob/invite").status_code == 200
        asked = home.browser().post("/login/passkey/options")
        assert asked.status_code == 409  # no https here
        home.clock.at += timedelta(days=15)
        home.credentials.sessions.forget()
        assert home.credentials.sessions.of("carol") == []
        home.installation.database.write(
            lambda tx: directory.delete(tx, "people", "alice")
        )
    postgres_server.drop("doors")
