"""Signing in elsewhere: what we decide, and with a certified provider (oidc-provider)."""

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.peers.databases import free_port
from tests.peers.programs import Program, require
from tests.web.doors import House, house
from tocsin.core.people import groups
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.engine.single_sign_on import SsoSettings
from tocsin.integrations.oidc import OidcProvider, OidcSettings
from tocsin.interfaces.identities import Identity, IdentityRefused, IdentityUnavailable

BACK = "/login/sso/callback"
ISSUER = "https://id.example"
ALICE = Identity(ISSUER, "a1", "alice@example.com", is_email_verified=True)


class FakeProvider:
    """Says what the test wants; notes what it was asked."""

    def __init__(self) -> None:
        self.says: Identity | Exception = ALICE
        self.again = False
        self.asked: list[dict[str, str]] = []

    def address(
        self, *, back: str, state: str, nonce: str, verifier: str, again: bool
    ) -> str:
        if isinstance(self.says, IdentityUnavailable):
            raise self.says
        self.again = again
        return f"{ISSUER}/authorize?{urlencode({'state': state, 'back': back})}"

    def identity(
        self, *, back: str, code: str, issuer: str, nonce: str, verifier: str
    ) -> Identity:
        self.asked.append({"code": code, "nonce": nonce, "verifier": verifier})
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class Elsewhere:
    """A house with a fake provider."""

    def __init__(self, home: House, provider: FakeProvider) -> None:
        self.home, self.provider = home, provider

    def begin(self, browser: TestClient, path: str = "/login/sso") -> str:
        """The state that the browser takes along."""
        answer = browser.get(path)
        assert answer.status_code == 303, answer.text
        return parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]

    def finish(self, browser: TestClient, state: str, **more: str) -> Any:
        query = urlencode({"state": state, "code": "c", **more})
        return browser.get(f"{BACK}?{query}")

    def sign_in(self, says: Identity) -> tuple[TestClient, Any]:
        self.provider.says = says
        browser = self.home.browser()
        return browser, self.finish(browser, self.begin(browser))

    def person(self, browser: TestClient) -> str:
        found = self.home.desk.sign_in.by_session(browser.cookies["tocsin_session"])
        return found.person if found is not None else ""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    provider = FakeProvider()
    with house(tmp_path, provider=provider) as home:
        yield Elsewhere(home, provider)


@pytest.fixture
def mapped(tmp_path: Path) -> Iterator[Elsewhere]:
    provider = FakeProvider()
    settings = SsoSettings(
        name="Meridian ID",
        mapping=groups.read(
            "pay=team:payments:responder, pay-leads=team:payments:lead, ops=role:admin"
        ),
        creates=True,
    )
    with house(tmp_path, provider=provider, sso=settings) as home:
        yield Elsewhere(home, provider)


def test_a_verified_address_links_an_identity_once_and_for_all(
    elsewhere: Elsewhere,
) -> None:
    browser, answer = elsewhere.sign_in(ALICE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert elsewhere.person(browser) == "alice"
    # From now on the subject counts, whatever address it has.
    moved = Identity(ISSUER, "a1", "bob@example.com", is_email_verified=True)
    browser, _ = elsewhere.sign_in(moved)
    assert elsewhere.person(browser) == "alice"
    assert ("alice", "link", "identity", "alice") in elsewhere.home.record()


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (Identity(ISSUER, "a1", "alice@example.com"), "does not vouch"),
        (Identity(ISSUER, "a1", "", is_email_verified=True), "does not vouch"),
        (
            Identity(ISSUER, "e1", "eve@example.com", is_email_verified=True),
            "no account here",
        ),
    ],
)
def test_nobody_becomes_somebody_by_an_address_that_proves_nothing(
    elsewhere: Elsewhere, says: Identity, why: str
) -> None:
    browser, answer = elsewhere.sign_in(says)
    assert answer.status_code == 403
    assert why in answer.text
    assert "tocsin_session" not in browser.cookies


def test_an_address_given_to_somebody_new_does_not_open_the_old_account(
    elsewhere: Elsewhere,
) -> None:
    elsewhere.sign_in(ALICE)
    heir = Identity(ISSUER, "a2", "alice@example.com", is_email_verified=True)
    _, answer = elsewhere.sign_in(heir)
    assert answer.status_code == 403
    assert "belongs to another account" in answer.text


def test_a_state_is_good_once_for_one_browser_and_ten_minutes(
    elsewhere: Elsewhere,
) -> None:
    browser = elsewhere.home.browser()
    state = elsewhere.begin(browser)
    stranger = elsewhere.home.browser()
    assert elsewhere.finish(stranger, state).status_code == 403
    # What was used wrongly is used up.
    assert elsewhere.finish(browser, state).status_code == 403
    state = elsewhere.begin(browser)
    assert elsewhere.finish(browser, state).status_code == 303
    elsewhere.begin(browser)
    assert elsewhere.finish(browser, state).status_code == 403
    state = elsewhere.begin(browser)
    elsewhere.home.clock.at += timedelta(minutes=10)
    assert elsewhere.finish(browser, state).status_code == 403
    assert elsewhere.finish(browser, "made up").status_code == 403
    assert len(elsewhere.provider.asked) == 1


def test_a_stranger_cannot_sign_others_in_to_their_own_account(
    elsewhere: Elsewhere,
) -> None:
    attacker, victim = elsewhere.home.browser(), elsewhere.home.browser()
    state = elsewhere.begin(attacker)
    elsewhere.begin(victim)
    answer = elsewhere.finish(victim, state)
    assert answer.status_code == 403
    assert "tocsin_session" not in victim.cookies


@pytest.mark.parametrize(
    ("says", "status", "why"),
    [
        (IdentityRefused("the ID token has expired"), 403, "cannot be trusted"),
        (IdentityUnavailable("hangs"), 403, "cannot be reached"),
    ],
)
def test_an_answer_that_proves_nothing_signs_nobody_in(
    elsewhere: Elsewhere, says: Exception, status: int, why: str
) -> None:
    browser = elsewhere.home.browser()
    state = elsewhere.begin(browser)
    elsewhere.provider.says = says
    answer = elsewhere.finish(browser, state)
    assert answer.status_code == status
    assert why in answer.text


def test_a_provider_that_is_down_is_said_and_other_ways_stay_open(
    elsewhere: Elsewhere,
) -> None:
    elsewhere.provider.says = IdentityUnavailable("hangs")
    answer = elsewhere.home.browser().get("/login/sso")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text
    assert 'type="password"' in answer.text
    assert "/login/emergency" in answer.text


def test_what_the_provider_says_in_an_error_is_text(elsewhere: Elsewhere) -> None:
    browser = elsewhere.home.browser()
    state = elsewhere.begin(browser)
    answer = elsewhere.finish(browser, state, error="<script>x</script>")
    assert answer.status_code == 403
    assert "<script>x" not in answer.text


def test_it_leads_back_to_own_paths_only(elsewhere: Elsewhere) -> None:
    for wanted, to in (("/alerts", "/alerts"), ("//evil.example", "/")):
        browser = elsewhere.home.browser()
        state = elsewhere.begin(browser, f"/login/sso?next={wanted}")
        assert elsewhere.finish(browser, state).headers["location"] == to


def test_callbacks_are_slowed_down(elsewhere: Elsewhere) -> None:
    browser = elsewhere.home.browser("198.51.100.80")
    statuses = [elsewhere.finish(browser, f"s{n}").status_code for n in range(50)]
    assert statuses.count(403) == 30
    assert statuses[-1] == 429


def test_groups_are_mapped_at_each_sign_in(mapped: Elsewhere) -> None:
    def role(*names: str) -> tuple[str, str]:
        browser, answer = mapped.sign_in(
            Identity(ISSUER, "b", "bob@example.com", True, groups=names)
        )
        assert answer.status_code == 303
        viewer = mapped.home.desk.sign_in.by_session(browser.cookies["tocsin_session"])
        assert viewer is not None
        return viewer.role, viewer.grant.role_in("payments")

    assert role("pay", "others") == ("responder", "responder")
    assert role("pay", "pay-leads") == ("responder", "lead")
    assert role("ops") == ("admin", "admin")
    assert role() == ("responder", "responder")
    assert "payments" not in mapped.home.desk.directory().team_roles["bob"]
    people = [one for one in mapped.home.record() if one[2] == "people"]
    assert ("bob", "update", "people", "bob") in people


def test_a_mapping_never_takes_the_last_admin_away(mapped: Elsewhere) -> None:
    carol = Identity(ISSUER, "c", "carol@example.com", is_email_verified=True)
    mapped.sign_in(carol)
    assert mapped.home.desk.directory().roles["carol"] == "admin"


def test_somebody_new_becomes_a_person_when_the_settings_say_so(
    mapped: Elsewhere,
) -> None:
    for subject, handle, name in (
        ("n1", "Nora.New", "nora.new"),
        ("n2", "nora.new", "nora.new-2"),
        ("n3", "../../etc/<b>", "etc-b"),
        ("n4", "日本", "person"),
    ):
        says = Identity(
            ISSUER, subject, f"{subject}@example.com", True, handle, f"New {subject}"
        )
        browser, answer = mapped.sign_in(says)
        assert answer.status_code == 303
        assert mapped.person(browser) == name
    person = mapped.home.desk.directory().people["nora.new"]
    assert (person.email, person.full_name) == ("n1@example.com", "New n1")
    assert ("nora.new", "create", "people", "nora.new") in mapped.home.record()


def test_confirming_needs_a_proof_that_is_new(elsewhere: Elsewhere) -> None:
    browser, _ = elsewhere.sign_in(ALICE)
    home = elsewhere.home
    home.clock.at += timedelta(minutes=20)
    path = "/login/sso/confirm?next=/me/security"
    state = elsewhere.begin(browser, path)
    assert elsewhere.provider.again
    stale = elsewhere.finish(browser, state)
    assert "did not ask you to prove" in stale.text
    elsewhere.provider.says = Identity(
        ISSUER, "a1", "alice@example.com", True, proved_at=home.clock.at
    )
    state = elsewhere.begin(browser, path)
    assert elsewhere.finish(browser, state).headers["location"] == "/me/security"
    assert home.credentials.sessions.is_recent(browser.cookies["tocsin_session"])


def test_an_old_proof_at_the_provider_does_not_count_as_recent(
    elsewhere: Elsewhere,
) -> None:
    at = elsewhere.home.clock.at - timedelta(hours=3)
    browser, _ = elsewhere.sign_in(
        Identity(ISSUER, "a1", "alice@example.com", True, proved_at=at)
    )
    sessions = elsewhere.home.credentials.sessions
    assert not sessions.is_recent(browser.cookies["tocsin_session"])


# --- a certified provider -------------------------------------------------------------

PEOPLE = {
    "sub-alice": {
        "email": "alice@example.com",
        "email_verified": True,
        "groups": ["pay-leads"],
    },
    "sub-eve": {"email": "carol@example.com", "email_verified": False},
}
SCRIPT = Path(__file__).parent.parent / "peers" / "provider.mjs"


class Real:
    """`oidc-provider` in node, and a house that relies on it."""

    def __init__(self, folder: Path, run: Path) -> None:
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        self.program = Program(
            [
                require("env"),
                f"PEOPLE={json.dumps(PEOPLE)}",
                require("node"),
                str(SCRIPT),
                self.issuer,
                str(port),
                f"http://testserver{BACK}",
            ],
            run,
            ready=f"{self.issuer}/.well-known/openid-configuration",
        )
        settings = OidcSettings(
            self.issuer,
            "tocsin",
            "a secret: of + the tests",
            "openid email profile groups",
        )
        self.now = lambda: datetime.now(UTC)
        self.provider = OidcProvider(
            settings, GuardedEgress(Allowed(any_=True)), now=self.now
        )
        self.folder = folder

    def agree(self, address: str, login: str) -> str:
        """The address that the provider sends a browser back to, after its forms."""
        with httpx2.Client() as browser:
            answer = browser.get(address, follow_redirects=False)
            for _ in range(12):
                if answer.is_redirect:
                    to = str(answer.next_request.url)  # type: ignore[union-attr]
                    if to.startswith("http://testserver"):
                        return to
                    answer = browser.get(to, follow_redirects=False)
                    continue
                action = re.search(r'action="([^"]+)" method="post"', answer.text)
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
                assert action, answer.text
                assert prompt, answer.text
                form = {"prompt": prompt.group(1), "login": login, "password": "x"}
                answer = browser.post(
                    action.group(1), data=form, follow_redirects=False
                )
        raise AssertionError(answer.text)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    if not (SCRIPT.parent / "node_modules").exists() and not os.environ.get("CI"):
        pytest.skip("the provider is not installed (sh tests/peers/install.sh)")
    made = Real(tmp_path_factory.mktemp("house"), tmp_path_factory.mktemp("op"))
    yield made
    made.program.stop()


@pytest.fixture(scope="module")
def relying(real: Real) -> Iterator[House]:
    settings = SsoSettings(mapping=groups.read("pay-leads=team:payments:lead"))
    with house(real.folder, provider=real.provider, sso=settings) as made:
        made.clock.at = real.now()
        yield made


def gone(browser: TestClient, path: str = "/login/sso?next=/alerts") -> str:
    answer = browser.get(path)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def changed(address: str, **more: str) -> str:
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query)) | more
    return f"{parts.path}?{urlencode(query)}"


@pytest.mark.slow  # starts node once
def test_a_certified_provider_signs_somebody_in(real: Real, relying: House) -> None:
    browser = relying.browser()
    back = real.agree(gone(browser), "sub-alice")
    answer = browser.get(changed(back))
    assert answer.headers["location"] == "/alerts"
    viewer = relying.desk.sign_in.by_session(browser.cookies["tocsin_session"])
    assert viewer is not None
    assert (viewer.person, viewer.grant.role_in("payments")) == ("alice", "lead")
    again = relying.browser()
    assert again.get(changed(back)).status_code == 403


@pytest.mark.slow  # starts node once
def test_its_code_is_good_once_and_only_with_our_verifier(
    real: Real, relying: House
) -> None:
    first, second = relying.browser(), relying.browser()
    one = real.agree(gone(first), "sub-alice")
    two = real.agree(gone(second), "sub-alice")
    code = dict(parse_qsl(urlsplit(one).query))["code"]
    # A code that was caught elsewhere, put into a visit of one's own.
    answer = second.get(changed(two, code=code))
    assert answer.status_code == 403
    assert "did not take the code (invalid_grant)" in answer.text


@pytest.mark.slow  # starts node once
@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"iss": "https://evil.example"}, "names another issuer"),
        ({"code": "made-up"}, "did not take the code"),
        ({"state": "made-up"}, "sent twice"),
    ],
)
def test_what_is_changed_on_the_way_back_is_refused(
    real: Real, relying: House, more: dict[str, str], why: str
) -> None:
    browser = relying.browser()
    back = real.agree(gone(browser), "sub-alice")
    answer = browser.get(changed(back, **more))
    assert answer.status_code == 403
    assert why in answer.text


@pytest.mark.slow  # starts node once
def test_it_does_not_vouch_for_an_address_it_did_not_check(
    real: Real, relying: House
) -> None:
    browser = relying.browser()
    answer = browser.get(changed(real.agree(gone(browser), "sub-eve")))
    assert answer.status_code == 403
    assert "does not vouch" in answer.text


@pytest.mark.slow  # starts node once
def test_it_is_asked_to_prove_anew_for_what_needs_it(
    real: Real, relying: House
) -> None:
    browser = relying.browser()
    relying.clock.at = real.now()
    browser.get(changed(real.agree(gone(browser), "sub-alice")))
    away = gone(browser, "/login/sso/confirm?next=/me/security")
    assert dict(parse_qsl(urlsplit(away).query))["prompt"] == "login"
    relying.clock.at = real.now() + timedelta(seconds=5)
    answer = browser.get(changed(real.agree(away, "sub-alice")))
    assert answer.headers["location"] == "/me/security"
