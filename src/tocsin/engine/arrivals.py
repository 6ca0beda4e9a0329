"""A sender's request between the edge and the intake, and what became of its events."""

from collections.abc import Mapping

from msgspec import Struct

from tocsin.core.alerts.absorbing import Outcome
from tocsin.core.directory import Integration
from tocsin.interfaces.arrivals import Reading


class Arrival(Struct, frozen=True, gc=False):
    """One request of one sender, read but not yet absorbed."""

    integration: Integration
    reading: Reading
    path: str
    headers: Mapping[str, str]
    body: bytes


class Absorption(Struct, frozen=True, gc=False):
    """What became of one event."""

    outcome: Outcome
    number: int  # 0: no alert
