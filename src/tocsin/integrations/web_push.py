"""Pages as notifications of a browser, by its maker's push service and no relay of ours.

Sources: RFC 8030 (TTL, Urgency, Topic), RFC 8188 and 8291 (aes128gcm under a key that
only the browser and we have), RFC 8292 (VAPID: who sends). An address is the browser's
subscription on one line: ENDPOINT#P256DH.AUTH.
"""

import base64
import struct
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from tocsin.core.severity import Urgency
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.judging import refuse_unless_taken
from tocsin.wording import body, heading

# A service keeps it so long for a device that is off; then it is no news any more.
TTL_SECONDS = 3600
_TOKEN_GOOD_FOR = timedelta(hours=12)
_RECORD = 4096
_LONGEST = 2500  # with its padding and header well below what services take, 4096
_POINT, _SECRET = 65, 16
_LOST = (404, 410)


class Subscription(Struct, frozen=True):
    """A browser's: where to send, and what to encrypt for."""

    endpoint: str
    public: bytes  # 65 bytes, an uncompressed point of P-256
    auth: bytes  # 16 bytes


def read(address: str) -> Subscription | None:
    """The subscription of an address; None where it is none."""
    endpoint, _, keys = address.partition("#")
    public, _, auth = keys.partition(".")
    try:
        found = Subscription(endpoint, _bytes(public), _bytes(auth))
        if len(found.auth) != _SECRET or len(found.public) != _POINT:
            return None
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), found.public)
    except ValueError:
        return None
    return found


class PushPager:
    """The channel `push`. `key` is who we are; `subject` how a service reaches us."""

    channel = "push"

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        egress: Egress,
        *,
        subject: str,
        now: Callable[[], datetime],
        random: Callable[[int], bytes],
    ) -> None:
        self._key = key
        self._egress = egress
        self._subject = subject
        self._now = now
        self._random = random

    @property
    def public_key(self) -> str:
        """What a browser subscribes with."""
        return public_key(self._key)

    def problems(self, address: str) -> Sequence[str]:
        """Whether it is a subscription that pages may go to."""
        found = read(address)
        if found is None:
            return [
                "the subscription: expected one that the button on your page makes, in that browser"
            ]
        return self._egress.problems(found.endpoint)

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send. Raises DeliveryFailed, DeliveryUnknown."""
        found = read(to)
        if found is None:
            raise DeliveryFailed(self.problems(to)[0], permanent=True)
        shown = {
            "title": heading(message),
            "body": body(message),
            "url": message.link,
            "tag": key,
            "urgent": message.urgency is Urgency.HIGH,
        }
        answer = self._egress.request(
            "POST",
            found.endpoint,
            headers={
                "authorization": self._authorization(found.endpoint),
                "content-encoding": "aes128gcm",
                "content-type": "application/octet-stream",
                "ttl": str(TTL_SECONDS),
                "urgency": "high" if message.urgency is Urgency.HIGH else "normal",
                # What was not delivered yet and comes again takes its own place.
                "topic": _text(sha256(key.encode()).digest()[:24]),
                "user-agent": "Tocsin",
            },
            body=encrypt(
                _fitting(shown),
                found,
                key=ec.generate_private_key(ec.SECP256R1()),
                salt=self._random(16),
            ),
            timeout_seconds=timeout_seconds,
        )
        if answer.status in _LOST:
            reason = f"{answer.status}: this browser has no subscription any more"
            raise DeliveryFailed(reason, permanent=True)
        refuse_unless_taken(answer, to)
        return Receipt(answer.headers.get("location", "")[-100:], "taken")

    def _authorization(self, endpoint: str) -> str:
        """RFC 8292: a token for this service, and the key that it is signed with."""
        parts = urlsplit(endpoint)
        expires = int((self._now() + _TOKEN_GOOD_FOR).timestamp())
        head = {"typ": "JWT", "alg": "ES256"}
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": expires,
            "sub": self._subject,
        }
        signed = ".".join(_text(msgspec.json.encode(one)) for one in (head, claims))
        made = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        numbers = decode_dss_signature(made)
        signature = b"".join(one.to_bytes(32, "big") for one in numbers)
        return f"vapid t={signed}.{_text(signature)}, k={self.public_key}"


def encrypt(
    text: bytes,
    to: Subscription,
    *,
    key: ec.EllipticCurvePrivateKey,
    salt: bytes,
) -> bytes:
    """RFC 8291: one record of aes128gcm. `key` is used for this message only."""
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to.public)
    ours = _point(key.public_key())
    shared = key.exchange(ec.ECDH(), theirs)
    info = b"WebPush: info\0" + to.public + ours
    secret = _derived(shared, to.auth, info, 32)
    content = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack("!LB", _RECORD, len(ours)) + ours
    # The delimiter of the last record; no more padding.
    return header + AESGCM(content).encrypt(nonce, text + b"\x02", None)


def new_key() -> str:
    """A key of ours as it is kept: 32 bytes in base64url."""
    made = ec.generate_private_key(ec.SECP256R1())
    return _text(made.private_numbers().private_value.to_bytes(32, "big"))


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """What a browser subscribes with."""
    return _text(_point(key.public_key()))


def key_of(text: str) -> ec.EllipticCurvePrivateKey:
    """The key that `new_key` made. Raises ValueError."""
    return ec.derive_private_key(int.from_bytes(_bytes(text), "big"), ec.SECP256R1())


def _fitting(shown: dict[str, object]) -> bytes:
    """As JSON, with a body that is cut to what services take."""
    text = msgspec.json.encode(shown)
    words = str(shown["body"])
    while len(text) > _LONGEST and words:
        words = words[: len(words) * 3 // 4]
        text = msgspec.json.encode({**shown, "body": f"{words}…"})
    return text


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(
        text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
    )
