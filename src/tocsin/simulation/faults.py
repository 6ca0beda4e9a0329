"""The faults that a seed may draw, and the named points where they strike.

Each seed draws its own subset and rates (a swarm), so that rare faults meet rare
faults. Every point that fires is counted: a run that never reached one says so.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What can go wrong."""

    CRASH = "process dies"
    CRASH_IN_DELIVERY = "process dies around a provider's call"
    FREEZE = "process freezes and wakes after its lease"
    PROVIDER_DOWN = "provider down"
    PROVIDER_SLOW = "provider slow"
    TIMEOUT_BEFORE = "provider times out before accepting"
    TIMEOUT_AFTER = "provider times out after accepting"
    RATE_LIMIT = "provider answers 429 with Retry-After"
    REFUSAL = "provider refuses an address for good"
    SWALLOWED = "provider accepts a message and never delivers it"
    RECEIPT_LOST = "provider's answer is lost on the way"
    DUPLICATE_EVENT = "sender repeats an event"
    OUT_OF_ORDER = "events arrive out of order"
    ANSWER_LOST = "sender loses our answer and asks again"
    CLOCK_STEP = "wall clock steps"
    CLOCK_SKEW = "clocks disagree"
    DATABASE_DOWN = "database down"
    DATABASE_LOCKED = "database locked for a moment"
    COMMIT_FAILS = "commit fails"
    COMMIT_AMBIGUOUS = "commit happens but looks failed"
    DST_NIGHT = "clocks change in the night of the outage"
    CONTACT_REMOVED = "a person loses every contact method"
    POLICY_EDITED = "the policy changes under a running escalation"
    LATE_ANSWERS = "people acknowledge late or the wrong alert"
    PHONE_OFF = "every contact of a person fails"
    POISON_RUN = "the stored run of an alert is damaged"
    STORM = "many alerts at once"
    WORKERS_BUSY = "deliveries wait for a worker"


# How often a fault strikes where it can, before a seed's own factor.
_RATES = {
    Fault.CRASH: 0.0025,
    Fault.CRASH_IN_DELIVERY: 0.012,
    Fault.FREEZE: 0.012,
    Fault.PROVIDER_DOWN: 1.0,
    Fault.PROVIDER_SLOW: 0.10,
    Fault.TIMEOUT_BEFORE: 0.06,
    Fault.TIMEOUT_AFTER: 0.06,
    Fault.RATE_LIMIT: 0.06,
    Fault.REFUSAL: 0.08,
    Fault.SWALLOWED: 0.12,
    Fault.RECEIPT_LOST: 0.06,
    Fault.DUPLICATE_EVENT: 0.15,
    Fault.OUT_OF_ORDER: 0.15,
    Fault.ANSWER_LOST: 0.10,
    Fault.CLOCK_STEP: 1.0,
    Fault.CLOCK_SKEW: 1.0,
    Fault.DATABASE_DOWN: 1.0,
    Fault.DATABASE_LOCKED: 0.01,
    Fault.COMMIT_FAILS: 0.008,
    Fault.COMMIT_AMBIGUOUS: 0.008,
    Fault.DST_NIGHT: 1.0,
    Fault.CONTACT_REMOVED: 1.0,
    Fault.POLICY_EDITED: 1.0,
    Fault.LATE_ANSWERS: 0.3,
    Fault.PHONE_OFF: 1.0,
    Fault.POISON_RUN: 1.0,
    Fault.STORM: 1.0,
    Fault.WORKERS_BUSY: 0.05,
}
# Storms cost the simulator most; one seed in nine is enough.
_STORMS = 0.25
# A seed without any fault is worth a little: nothing may be sent twice in it.
_CALM_SEEDS = 0.04


class Crash(BaseException):
    """The process is gone at this very instruction."""


class Faults:
    """This seed's swarm, its dice, and what has fired."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self.fired: Counter[str] = Counter()
        self.on = True
        calm = dice.random() < _CALM_SEEDS
        share = dice.choice((0.2, 0.4, 0.7))
        self.drawn = frozenset(
            fault
            for fault in Fault
            if not calm
            and dice.random() < share * (_STORMS if fault is Fault.STORM else 1)
        )
        self._rates = {
            fault: _RATES[fault] * dice.choice((0.5, 1.0, 2.0))
            # In the order of their names: a set has none that two processes share.
            for fault in Fault
            if fault in self.drawn
        }

    def has(self, fault: Fault) -> bool:
        """Whether this seed draws `fault` at all."""
        return fault in self.drawn

    def strikes(self, fault: Fault, point: str, *, bias: float = 1.0) -> bool:
        """Roll for `fault` at the named point; `bias` for the dangerous windows."""
        if not self.on or fault not in self._rates:
            return False
        if self._dice.random() >= self._rates[fault] * bias:
            return False
        self.fire(fault, point)
        return True

    def fire(self, fault: Fault, point: str = "") -> None:
        """Count that `fault` happened."""
        self.fired[
            f"{fault.name.lower()}: {point}" if point else fault.name.lower()
        ] += 1

    def pick(self, weighted: Sequence[tuple[Fault, str]]) -> tuple[Fault, str] | None:
        """The first of several faults that strikes."""
        for fault, point in weighted:
            if self.strikes(fault, point):
                return fault, point
        return None
