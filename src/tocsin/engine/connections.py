"""What can be connected to this installation, and the door that its senders knock at.

Made by app.py; the edge asks this, and knows no integration.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tocsin.core.directory import Integration
from tocsin.interfaces.arrivals import (
    Answer,
    Channel,
    Dialect,
    Outbound,
    SampleRequest,
    Sender,
    Snippet,
)

HIDDEN_KEY = "•" * 8


class Sampler(Protocol):
    """Makes a request of a dialect for a test."""

    def __call__(
        self, kind: str, *, key: str, mark: str, resolved: bool, now: datetime
    ) -> SampleRequest: ...


def closed_door(request: Outbound) -> Answer:
    """Stands where no senders are served by this process."""
    return Answer(503, b"this process takes no events", "text/plain")


@dataclass
class Connections:
    """`knock` is put in when the door of the senders is open."""

    dialects: Mapping[str, Dialect]
    senders: Sequence[Sender]
    channels: Sequence[Channel]
    ready: frozenset[str]  # the channels that are set up
    sample: Sampler
    public_url: str
    # A mail that is no page; what the server said. Raises DeliveryFailed and its like.
    mail: Callable[[str, str, str], str]
    knock: Callable[[Outbound], Answer] = closed_door

    def sender(self, key: str) -> Sender | None:
        """One entry of the catalogue."""
        return next((one for one in self.senders if one.key == key), None)

    def address(self, integration: Integration, *, key: str = "") -> str:
        """Where its sender sends."""
        way = "ping" if integration.type == "heartbeat" else "in"
        return f"{self.public_url}/{way}/{key or integration.key}"

    def snippets(
        self, integration: Integration, *, with_key: bool
    ) -> list[tuple[Sender, tuple[Snippet, ...]]]:
        """What to paste into each sender of its dialect; the key only for its keepers."""
        key = integration.key if with_key else HIDDEN_KEY
        return [
            (one, self.filled(one, key=key, name=integration.name))
            for one in self.senders
            if one.type == integration.type
        ]

    def filled(self, sender: Sender, *, key: str, name: str) -> tuple[Snippet, ...]:
        """The snippets of `sender` with our address in them."""
        scheme, _, rest = self.public_url.partition("://")
        values = {
            "address": f"{self.public_url}/in/{key}",
            "ping": f"{self.public_url}/ping/{key}",
            "base": self.public_url,
            "host": _with_port(rest.partition("/")[0], scheme),
            "scheme": scheme,
            "key": key,
            "name": name,
        }
        return tuple(
            Snippet(one.title, _fill(one.text, values), _fill(one.about, values))
            for one in sender.snippets
        )


def _with_port(host: str, scheme: str) -> str:
    """Prometheus wants the port in its targets."""
    has_port = ":" in host.rpartition("]")[2]
    return host if has_port else f"{host}:{443 if scheme == 'https' else 80}"


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"«{name}»", value)
    return text
