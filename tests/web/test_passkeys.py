"""Passkeys in a real browser, with Chromium's virtual authenticator, and under attack.

Slow: Chromium and a server are started once for the module.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.peers.programs import Mailserver, TocsinServer
from tests.web.browsing import COMPANY

pytestmark = pytest.mark.slow

SECURITY = "/me/security"


class Device:
    """A browser with an authenticator that says yes."""

    def __init__(self, browser: Browser, server: TocsinServer, **more: Any) -> None:
        self.server = server
        self.context: BrowserContext = browser.new_context(**more)
        self.page: Page = self.context.new_page()
        self.cdp: CDPSession = self.context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable")
        self.authenticator = self.cdp.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )["authenticatorId"]

    def sign_in_by_link(self, person: str) -> None:
        link = self.server.command("sign-in-link", person).strip()
        self.page.goto(link)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.server.url + "/")

    def add_passkey(self, label: str) -> None:
        self.page.goto(self.server.url + SECURITY)
        self.page.get_by_label("A name for a new one").fill(label)
        self.page.get_by_role("button", name="Add a passkey").click()
        self.page.get_by_text("The passkey was added").wait_for()

    def credentials(self) -> list[dict[str, Any]]:
        found = self.cdp.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.authenticator}
        )
        return list(found["credentials"])

    def press_sign_in(self) -> None:
        self.page.goto(self.server.url + "/login?next=/alerts")
        self.page.get_by_role("button", name="Sign in with a passkey").click()

    def ask(self, script: str) -> Any:
        return self.page.evaluate(script)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TocsinServer]:
    mail = Mailserver()
    home = tmp_path_factory.mktemp("passkeys")
    made = TocsinServer(home, mail=mail, company=COMPANY)
    # Browsers make passkeys for names; localhost is the one without https.
    made.url = made.env["TOCSIN_PUBLIC_URL"] = f"http://localhost:{made.port}"
    yield made.start()
    made.stop()
    mail.stop()


@pytest.fixture
def device(browser: Browser, server: TocsinServer) -> Iterator[Device]:
    made = Device(browser, server)
    yield made
    made.context.close()


def test_a_passkey_is_added_used_listed_and_removed(device: Device) -> None:
    device.sign_in_by_link("alice")
    device.add_passkey("Work laptop")
    expect(device.page.get_by_text("Work laptop").first).to_be_visible()
    expect(device.page.get_by_text("not used yet")).to_be_visible()
    (credential,) = device.credentials()
    assert credential["isResidentCredential"]
    device.context.clear_cookies()
    device.press_sign_in()
    device.page.wait_for_url(device.server.url + "/alerts")
    device.page.goto(device.server.url + SECURITY)
    expect(device.page.get_by_text("by passkey")).to_be_visible()
    expect(device.page.get_by_text("last used")).to_be_visible()
    device.page.get_by_role("button", name="Remove Work laptop").click()
    device.page.get_by_text("The passkey was removed").wait_for()
    device.context.clear_cookies()
    device.press_sign_in()
    device.page.get_by_text("That passkey was not accepted.").wait_for()


def test_two_people_on_one_device_choose_whom_they_are(device: Device) -> None:
    for person in ("alice", "bob"):
        device.context.clear_cookies()
        device.sign_in_by_link(person)
        device.add_passkey(f"{person}'s")
    assert len({one["userHandle"] for one in device.credentials()}) == 2
    assert all(
        b"alice" not in base64.b64decode(one["userHandle"])
        for one in device.credentials()
    )


def test_a_device_is_told_that_it_has_a_passkey_already(device: Device) -> None:
    device.sign_in_by_link("carol")
    device.add_passkey("One")
    device.page.get_by_label("A name for a new one").fill("Two")
    device.page.get_by_role("button", name="Add a passkey").click()
    device.page.get_by_text("This device has a passkey for you already.").wait_for()


def test_a_copied_passkey_is_refused(device: Device) -> None:
    device.sign_in_by_link("alice")
    device.add_passkey("Copied")
    (credential,) = device.credentials()
    copy = {**credential, "signCount": credential["signCount"]}
    for _ in range(2):
        device.context.clear_cookies()
        device.press_sign_in()
        device.page.wait_for_url(device.server.url + "/alerts")
    device.cdp.send(
        "WebAuthn.removeCredential",
        {"authenticatorId": device.authenticator, "credentialId": copy["credentialId"]},
    )
    device.cdp.send(
        "WebAuthn.addCredential",
        {"authenticatorId": device.authenticator, "credential": copy},
    )
    device.context.clear_cookies()
    device.press_sign_in()
    device.page.get_by_text("That passkey was not accepted.").wait_for()


def test_an_authenticator_that_does_not_check_who_holds_it_is_not_enough(
    device: Device,
) -> None:
    device.sign_in_by_link("bob")
    device.add_passkey("Unlocked")
    device.cdp.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": device.authenticator, "isUserVerified": False},
    )
    device.context.clear_cookies()
    device.press_sign_in()
    device.page.get_by_text("The browser was not given a passkey.").wait_for()


SIGN = """async ({flow, options, rp}) => {
  const b = (t) => Uint8Array.from(atob(t.replace(/-/g,'+').replace(/_/g,'/')), c => c.charCodeAt(0));
  const t = (x) => btoa(String.fromCharCode(...new Uint8Array(x))).replace(/\\+/g,'-').replace(/\\//g,'_').replace(/=+$/,'');
  const made = await navigator.credentials.get({publicKey: {...options, challenge: b(options.challenge), allowCredentials: []}});
  const r = made.response;
  return {flow, response: {id: made.id, rawId: t(made.rawId), type: made.type, response: {
    clientDataJSON: t(r.clientDataJSON), authenticatorData: t(r.authenticatorData),
    signature: t(r.signature), userHandle: t(r.userHandle)}}};
}"""


@pytest.fixture(scope="module")
def signer(browser: Browser, server: TocsinServer) -> Iterator[Device]:
    made = Device(browser, server)
    made.sign_in_by_link("carol")
    made.add_passkey("Signer")
    made.context.clear_cookies()
    made.page.goto(server.url + "/login")
    yield made
    made.context.close()


def asked(server: TocsinServer) -> dict[str, Any]:
    answer = httpx2.post(server.url + "/login/passkey/options")
    assert answer.status_code == 200
    return dict(answer.json())


def sent(server: TocsinServer, body: Any) -> httpx2.Response:
    return httpx2.post(server.url + "/login/passkey", json=body)


def signed(signer: Device) -> dict[str, Any]:
    return dict(signer.page.evaluate(SIGN, asked(signer.server)))


def test_an_answer_is_good_once(signer: Device) -> None:
    body = signed(signer)
    assert sent(signer.server, body).status_code == 200
    again = sent(signer.server, body)
    assert again.status_code == 403
    assert "set-cookie" not in again.headers


def test_an_answer_to_one_challenge_is_none_to_another(signer: Device) -> None:
    body = signed(signer)
    body["flow"] = asked(signer.server)["flow"]
    assert sent(signer.server, body).status_code == 403


def test_a_challenge_that_is_used_wrongly_is_used_up(signer: Device) -> None:
    body = signed(signer)
    wrong = {**body, "response": {**body["response"], "rawId": "AAAA", "id": "AAAA"}}
    assert sent(signer.server, wrong).status_code == 403
    assert sent(signer.server, body).status_code == 403


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature"])
def test_nothing_of_an_answer_can_be_changed(signer: Device, field: str) -> None:
    body = signed(signer)
    inner = body["response"]["response"]
    raw = bytearray(base64.urlsafe_b64decode(inner[field] + "=="))
    raw[len(raw) // 2] ^= 1
    inner[field] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert sent(signer.server, body).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost"},
        {"origin": "http://localhost:1"},
        {"type": "webauthn.create"},
        {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    ],
)
def test_an_answer_for_another_origin_kind_or_challenge_is_refused(
    signer: Device, change: dict[str, str]
) -> None:
    body = signed(signer)
    inner = body["response"]["response"]
    data = json.loads(base64.urlsafe_b64decode(inner["clientDataJSON"] + "=="))
    text = json.dumps({**data, **change}).encode()
    inner["clientDataJSON"] = base64.urlsafe_b64encode(text).decode().rstrip("=")
    assert sent(signer.server, body).status_code == 403


def test_adding_a_passkey_needs_a_recent_sign_in_and_the_same_browser(
    signer: Device,
) -> None:
    server = signer.server
    options = SECURITY + "/passkeys/options"
    assert httpx2.post(server.url + options).status_code == 401
    with httpx2.Client(base_url=server.url) as client:
        link = server.command("sign-in-link", "alice").strip()
        client.post(link)
        flow = client.post(options).json()["flow"]
    with httpx2.Client(base_url=server.url) as other:
        link = server.command("sign-in-link", "alice").strip()
        other.post(link)
        answer = other.post(SECURITY + "/passkeys", json={"flow": flow, "response": {}})
    assert answer.status_code == 403
    assert "too long, or was sent twice" in answer.json()["detail"]
