"""OpenID Connect, as the party that relies on a provider: the code flow with PKCE.

Sources: OpenID Connect Core 1.0 sections 3.1.2 and 3.1.3, Discovery 1.0, RFC 7636
(S256), RFC 9207 (issuer in the answer), RFC 9700 (current practice).
"""

import base64
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from msgspec import Struct

from tocsin.integrations.oidc.claims import Claims, check, instant, text
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.identities import Identity, IdentityRefused, IdentityUnavailable
from tocsin.interfaces.machine import Egress

# Signed by the provider's private key only: with a shared secret (HS256) or with
# none, whoever knows our client's secret, or nothing, could sign.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    "EdDSA", "Ed25519",
)  # fmt: skip
_TIMEOUT_SECONDS = 10
_KEPT = timedelta(hours=1)
# Keys that are not known are asked for again, but not by every forged token.
_KEYS_AGAIN = timedelta(seconds=30)
_WELL_KNOWN = "/.well-known/openid-configuration"


class OidcSettings(Struct, frozen=True):
    """What the provider knows us by, and what it is to tell us."""

    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: str = "openid profile email"
    groups_claim: str = "groups"


class OidcProvider:
    """One provider. Its documents are kept for an hour."""

    def __init__(
        self,
        settings: OidcSettings,
        egress: Egress,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, Claims]] = {}

    def address(
        self, *, back: str, state: str, nonce: str, verifier: str, again: bool
    ) -> str:
        """Where a browser is sent. Raises IdentityUnavailable."""
        digest = sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": self._settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        if again:
            query |= {"prompt": "login", "max_age": "0"}
        endpoint = self._endpoint("authorization_endpoint")
        joint = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{joint}{urlencode(query)}"

    def identity(
        self, *, back: str, code: str, issuer: str, nonce: str, verifier: str
    ) -> Identity:
        """Who came back. Raises IdentityRefused, IdentityUnavailable."""
        expected = self._document()["issuer"]
        if issuer and issuer != expected:
            message = "the answer names another issuer"
            raise IdentityRefused(message)
        tokens = self._exchange(back=back, code=code, verifier=verifier)
        claims = self._verified(text(tokens, "id_token"))
        check(
            claims,
            issuer=expected,
            client=self._settings.client_id,
            nonce=nonce,
            now=self._now(),
        )
        return self._identity(self._completed(claims, tokens))

    def _identity(self, claims: Claims) -> Identity:
        groups = claims.get(self._settings.groups_claim, ())
        if isinstance(groups, str):
            groups = groups.split()
        if not isinstance(groups, list | tuple):
            groups = ()
        proved = claims.get("auth_time")
        return Identity(
            issuer=text(claims, "iss"),
            subject=text(claims, "sub"),
            email=text(claims, "email"),
            # Some providers write it as a text.
            is_email_verified=claims.get("email_verified") in (True, "true"),
            handle=text(claims, "preferred_username"),
            full_name=text(claims, "name"),
            groups=tuple(one for one in groups if isinstance(one, str)),
            proved_at=instant(proved) if proved is not None else None,
        )

    def _exchange(self, *, back: str, code: str, verifier: str) -> Claims:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        settings, auth = self._settings, ""
        methods = self._document().get("token_endpoint_auth_methods_supported")
        if not settings.client_secret:
            form["client_id"] = settings.client_id
        elif isinstance(methods, list) and "client_secret_basic" not in methods:
            form |= {
                "client_id": settings.client_id,
                "client_secret": settings.client_secret,
            }
        else:
            auth = _basic(settings.client_id, settings.client_secret)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if auth:
            headers["authorization"] = auth
        status, found = self._asked(
            "POST",
            self._endpoint("token_endpoint"),
            headers=headers,
            body=urlencode(form).encode(),
        )
        if status >= 500:
            message = f"the provider answered {status} to the code"
            raise IdentityUnavailable(message)
        if status != 200:
            reason = text(found, "error") or str(status)
            message = f"the provider did not take the code ({reason[:60]})"
            raise IdentityRefused(message)
        return found

    def _verified(self, token: str) -> Claims:
        """The claims of a token that the provider signed."""
        # Imported when somebody signs in: fifty milliseconds.
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        error: Exception | None = None
        for again in (False, True):
            keys = self._keys(again=again)
            try:
                found = jwt.decode(
                    token, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS)
                )
            except (JoseError, ValueError, TypeError, KeyError) as problem:
                # It may be signed by a key that came after those we keep.
                error = problem
                continue
            return found.claims
        message = f"the ID token is not the provider's ({type(error).__name__})"
        raise IdentityRefused(message)

    def _completed(self, claims: Claims, tokens: Claims) -> Claims:
        """With what the provider tells only at its userinfo endpoint."""
        endpoint = self._document().get("userinfo_endpoint")
        wanted = ("email", self._settings.groups_claim)
        access = text(tokens, "access_token")
        if not isinstance(endpoint, str) or all(one in claims for one in wanted):
            return claims
        status, more = self._asked(
            "GET",
            self._endpoint("userinfo_endpoint"),
            headers={"authorization": f"Bearer {access}"},
        )
        if status != 200:
            return claims
        if more.get("sub") != claims["sub"]:
            message = "the provider's userinfo is about somebody else"
            raise IdentityRefused(message)
        return {**more, **claims}

    def _endpoint(self, name: str) -> str:
        found = text(self._document(), name)
        secure = urlsplit(self._settings.issuer).scheme
        if urlsplit(found).scheme not in ("https", secure):
            message = f"the provider's {name} is no https:// address"
            raise IdentityUnavailable(message)
        return found

    def _document(self) -> Claims:
        issuer = self._settings.issuer.rstrip("/")
        found = self._kept_document(issuer + _WELL_KNOWN, _KEPT)
        # The slash at its end is the one part that people copy differently.
        if text(found, "issuer").rstrip("/") != issuer:
            message = "the provider's discovery document is of another issuer"
            raise IdentityUnavailable(message)
        return found

    def _keys(self, *, again: bool) -> Any:
        return self._kept_document(
            self._endpoint("jwks_uri"), _KEYS_AGAIN if again else _KEPT
        )

    def _kept_document(self, url: str, longest: timedelta) -> Claims:
        now = self._now()
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and now - kept[0] < longest:
            return kept[1]
        status, found = self._asked("GET", url)
        if status != 200:
            message = f"the provider answered {status} at {url}"
            raise IdentityUnavailable(message)
        with self._lock:
            self._kept[url] = (now, found)
        return found

    def _asked(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> tuple[int, Claims]:
        try:
            answer = self._egress.request(
                method,
                url,
                headers={"accept": "application/json", **(headers or {})},
                body=body,
                timeout_seconds=_TIMEOUT_SECONDS,
            )
        except (DeliveryFailed, DeliveryUnknown) as error:
            message = f"the provider cannot be reached ({error.reason})"
            raise IdentityUnavailable(message) from error
        try:
            return answer.status, msgspec.json.decode(answer.body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            if answer.status == 200:
                message = "the provider's answer is not a JSON object"
                raise IdentityUnavailable(message) from None
            return answer.status, {}


def _basic(client_id: str, secret: str) -> str:
    # RFC 6749, section 2.3.1: both are form-encoded first.
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
