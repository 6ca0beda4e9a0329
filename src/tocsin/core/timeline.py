"""What happened, one line each, never edited: the vocabulary of facts.

A fact is stored with the state it explains, in the same transaction. Machines'
facts carry a `reason` in the engine's own words, so that "why was I paged?" is
answered by what was decided and not by a guess made later.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class FactKind(StrEnum):
    """The standard kinds of timeline entry (domain 5.5, the part the spine needs)."""

    ALERT = "alert"  # opened, repeated worse, reopened, resolved by its source
    PAGE = "page"  # someone is to be paged, with the reason
    DELIVERY = "delivery"  # an attempt and what the provider answered
    ACK = "ack"
    STATE = "state"  # snoozed, paused, resumed, exhausted, resolved by a person
    ESCALATION = "escalation"
    NOTE = "note"
    SYSTEM = "system"  # quarantine, auditor, canary


class Fact(Struct, frozen=True, gc=False):
    """One entry. `actor` is a person's name, `source:NAME`, or `engine`."""

    at: datetime
    kind: FactKind
    text: str
    actor: str = "engine"
    reason: str = ""
    data: Mapping[str, str] = {}
