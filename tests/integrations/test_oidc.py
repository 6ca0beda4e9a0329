"""What an OpenID Connect provider may answer, and what proves nothing.

The provider is a fake that signs real tokens; a real one is in tests/web/test_single_sign_on.py.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from tests.cast import MONDAY_9AM, SetClock
from tocsin.integrations.oidc import OidcProvider, OidcSettings
from tocsin.interfaces.failures import DeliveryUnknown
from tocsin.interfaces.identities import Identity, IdentityRefused, IdentityUnavailable
from tocsin.interfaces.machine import HttpAnswer

ISSUER = "https://id.example"
BACK = "https://tocsin.example/login/sso/callback"
NOW = int(MONDAY_9AM.timestamp())
RSA = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
CLAIMS = {
    "iss": ISSUER,
    "sub": "subject-1",
    "aud": "tocsin",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": "the-nonce",
    "email": "alice@example.com",
    "email_verified": True,
    "groups": ["platform", "sre"],
}


class Provider:
    """A provider that answers as a test wants it to."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.hangs = False
        self.keys: list[Any] = [RSA]
        self.token: Callable[[], str] = lambda: signed(CLAIMS)
        self.userinfo: dict[str, Any] | None = None
        self.document: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize?tenant=1",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
        }
        self.requests: list[httpx2.Request] = []
        self.answers: dict[str, httpx2.Response] = {}
        self.client = OidcProvider(
            OidcSettings(ISSUER, "tocsin", "s3cret/+"),
            self,
            now=self.clock.now,
        )

    def problems(self, url: str) -> tuple[str, ...]:
        return ()

    def addresses(self, host: str) -> tuple[str, ...]:
        return ()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float,
    ) -> HttpAnswer:
        """As the Egress that the client is handed."""
        asked = httpx2.Request(method, url, headers=dict(headers), content=body)
        said = self.answer(asked)
        return HttpAnswer(said.status_code, dict(said.headers), said.content)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.hangs:
            raise DeliveryUnknown("slow")
        path = request.url.path
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return httpx2.Response(200, json=self.document)
        if path == "/keys":
            public = KeySet([one for one in self.keys]).as_dict(private=False)
            return httpx2.Response(200, json=public)
        if path == "/userinfo":
            return httpx2.Response(200, json=self.userinfo)
        return httpx2.Response(
            200, json={"id_token": self.token(), "access_token": "a"}
        )

    def ask(self, issuer: str = "") -> Identity:
        return self.client.identity(
            back=BACK, code="c", issuer=issuer, nonce="the-nonce", verifier="v" * 43
        )

    def count(self, path: str) -> int:
        return sum(one.url.path == path for one in self.requests)


def signed(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256") -> str:
    return jwt.encode({"alg": alg, "kid": "one"}, claims, key, algorithms=[alg])


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
        for one in (header, claims)
    ]
    return ".".join([*parts, ""])


def shared_secret(key: bytes) -> str:
    """Signed with HS256 by a library that lets one."""
    text = unsigned({"alg": "HS256", "kid": "one"}, CLAIMS).rstrip(".")
    mac = hmac.digest(key, text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


@pytest.fixture
def provider() -> Provider:
    return Provider()


def test_a_browser_is_sent_with_everything_that_binds_the_answer(
    provider: Provider,
) -> None:
    address = provider.client.address(
        back=BACK, state="st", nonce="no", verifier="v" * 43, again=False
    )
    query = parse_qs(urlsplit(address).query)
    challenge = base64.urlsafe_b64encode(sha256(b"v" * 43).digest()).decode()
    assert query == {
        "tenant": ["1"],
        "response_type": ["code"],
        "client_id": ["tocsin"],
        "redirect_uri": [BACK],
        "scope": ["openid profile email"],
        "state": ["st"],
        "nonce": ["no"],
        "code_challenge": [challenge.rstrip("=")],
        "code_challenge_method": ["S256"],
    }


def test_a_genuine_answer_says_who_it_is(provider: Provider) -> None:
    assert provider.ask(issuer=ISSUER) == Identity(
        issuer=ISSUER,
        subject="subject-1",
        email="alice@example.com",
        is_email_verified=True,
        groups=("platform", "sre"),
    )
    (request,) = [one for one in provider.requests if one.url.path == "/token"]
    form = parse_qs(request.content.decode())
    assert form["code_verifier"] == ["v" * 43]
    basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
    assert basic == b"tocsin:s3cret%2F%2B"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "https://evil.example"}, "is of another issuer"),
        ({"iss": ISSUER + "/"}, "is of another issuer"),
        ({"aud": "another"}, "is for another client"),
        ({"aud": None}, "is for another client"),
        ({"aud": ["tocsin", "another"]}, "was asked for by another client"),
        ({"azp": "another"}, "was asked for by another client"),
        ({"exp": NOW - 61}, "has expired"),
        ({"exp": None}, "has expired"),
        ({"exp": "soon"}, "has expired"),
        ({"exp": True}, "has expired"),
        ({"exp": 1e300}, "has expired"),
        ({"iat": NOW + 120}, "is not valid yet"),
        ({"nonce": "another"}, "is not the answer to our question"),
        ({"nonce": None}, "is not the answer to our question"),
        ({"nonce": ["the-nonce"]}, "is not the answer to our question"),
        ({"sub": ""}, "names nobody"),
        ({"sub": 7}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
    ],
)
def test_a_token_that_is_not_for_this_question_proves_nothing(
    provider: Provider, change: dict[str, Any], why: str
) -> None:
    provider.token = lambda: signed({**CLAIMS, **change})
    with pytest.raises(IdentityRefused, match=why):
        provider.ask()


@pytest.mark.parametrize(
    "forge",
    [
        lambda: unsigned({"alg": "none"}, CLAIMS),
        lambda: unsigned({"alg": "None", "kid": "one"}, CLAIMS),
        lambda: signed(CLAIMS, OTHER),
        # The public key as if it were a shared secret.
        lambda: shared_secret(RSA.as_pem(private=False)),
        lambda: shared_secret(b"s3cret/+"),
        lambda: signed(CLAIMS)[:-8] + "AAAAAAAA",
        lambda: "not.a.token",
        lambda: "",
        lambda: "a.b.c.d.e",
        lambda: signed(CLAIMS).replace(".", ".e30.", 1),
    ],
)
def test_a_token_that_the_provider_did_not_sign_proves_nothing(
    provider: Provider, forge: Callable[[], str]
) -> None:
    provider.token = forge
    with pytest.raises(IdentityRefused, match="is not the provider's"):
        provider.ask()


def test_a_key_in_the_token_itself_counts_for_nothing(provider: Provider) -> None:
    header = {"alg": "RS256", "kid": "one", "jwk": OTHER.as_dict(private=False)}
    provider.token = lambda: jwt.encode(header, CLAIMS, OTHER)
    with pytest.raises(IdentityRefused, match="is not the provider's"):
        provider.ask()


def test_an_answer_of_another_issuer_is_not_taken_to_the_token_endpoint(
    provider: Provider,
) -> None:
    with pytest.raises(IdentityRefused, match="names another issuer"):
        provider.ask(issuer="https://evil.example")
    assert provider.count("/token") == 0


def test_new_keys_are_asked_for_once_they_are_needed(provider: Provider) -> None:
    provider.ask()
    new = ECKey.generate_key("P-256", {"kid": "two"})
    provider.keys = [new]
    provider.token = lambda: jwt.encode({"alg": "ES256", "kid": "two"}, CLAIMS, new)
    provider.clock.at += timedelta(seconds=31)
    assert provider.ask().subject == "subject-1"
    assert provider.count("/keys") == 2


def test_forged_tokens_do_not_make_us_ask_for_keys_again_and_again(
    provider: Provider,
) -> None:
    provider.token = lambda: signed(CLAIMS, OTHER)
    for _ in range(20):
        with pytest.raises(IdentityRefused):
            provider.ask()
    assert provider.count("/keys") == 1


def test_what_the_token_leaves_out_is_asked_for(provider: Provider) -> None:
    provider.token = lambda: signed(
        {k: v for k, v in CLAIMS.items() if k not in ("email", "groups")}
    )
    provider.userinfo = {"sub": "subject-1", "email": "a@example.com", "groups": "x y"}
    found = provider.ask()
    assert (found.email, found.groups) == ("a@example.com", ("x", "y"))
    provider.userinfo = {"sub": "subject-2", "email": "eve@example.com"}
    with pytest.raises(IdentityRefused, match="about somebody else"):
        provider.ask()


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        (
            "/token",
            httpx2.Response(400, json={"error": "invalid_grant"}),
            IdentityRefused,
        ),
        ("/token", httpx2.Response(401, content=b"<html>"), IdentityRefused),
        ("/token", httpx2.Response(503), IdentityUnavailable),
        ("/token", httpx2.Response(200, content=b"{" * 5000), IdentityUnavailable),
        ("/token", httpx2.Response(200, json=[1]), IdentityUnavailable),
        ("/token", httpx2.Response(200, json={"id_token": 5}), IdentityRefused),
        ("/keys", httpx2.Response(500), IdentityUnavailable),
        ("/keys", httpx2.Response(200, json={"keys": "x"}), IdentityRefused),
        ("/keys", httpx2.Response(200, json={"keys": [{"kty": "?"}]}), IdentityRefused),
        ("/keys", httpx2.Response(302, headers={"location": "/"}), IdentityUnavailable),
    ],
)
def test_whatever_the_provider_answers_is_one_of_two_errors(
    provider: Provider, path: str, answer: httpx2.Response, error: type[Exception]
) -> None:
    provider.answers[path] = answer
    with pytest.raises(error):
        provider.ask()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://id.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_endpoint": None},
    ],
)
def test_a_discovery_document_that_leads_elsewhere_is_not_followed(
    provider: Provider, change: dict[str, Any]
) -> None:
    provider.document |= change
    with pytest.raises(IdentityUnavailable):
        provider.ask()


def test_a_provider_that_hangs_is_unavailable(provider: Provider) -> None:
    provider.hangs = True
    with pytest.raises(IdentityUnavailable, match="cannot be reached"):
        provider.ask()
